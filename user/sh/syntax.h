// What a line of the shell means, as the parser finds it and the runner does it.
//
//     make && ./run < in | sort > out &
//     ^list:  [ and-or: pipeline(make) && pipeline(./run < in, sort > out), in background ]
//
// Words are as they were typed, with their quotes; expansion.h takes those off. All of it lives in
// the arena of the line. POSIX 2.9, without its reserved words.
#pragma once

#include <cstdint>
#include <string_view>

namespace quire::shell {

struct Word {
    std::string_view text;
    Word* next = nullptr;
};

struct Redirection {
    enum class Kind : std::uint8_t { Read, Write, Append, ReadWrite, Duplicate };
    Kind kind;
    int file;      // which descriptor of the command
    Word* target;  // a path, or for Duplicate a number or "-"
    Redirection* next = nullptr;
};

struct AndOr;

struct Command {
    Word* assignments = nullptr;  // NAME=value before the first word
    Word* words = nullptr;
    AndOr* subshell = nullptr;  // ( list ), instead of words
    Redirection* redirections = nullptr;
    Command* next = nullptr;  // of the pipeline
};

enum class Join : std::uint8_t { Always, IfTrue, IfFalse };  // ;  &&  ||

struct Pipeline {
    Command* first = nullptr;
    bool negated = false;      // !
    Join join = Join::Always;  // with the pipeline before it
    Pipeline* next = nullptr;
};

struct AndOr {
    Pipeline* first = nullptr;
    bool background = false;
    std::string_view text;  // as typed, for `jobs`
    AndOr* next = nullptr;
};

}  // namespace quire::shell
