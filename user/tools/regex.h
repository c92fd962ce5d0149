// Regular expressions as POSIX has them (regex(7)), for grep: basic and extended ones, and fixed
// texts.
//
// A pattern becomes a program of a small machine (Thompson, 1968). The machine is in several places
// of the program at once, one for each way in which the text may still match:
//
//      a(b|c)*     0 Character a           places after "a":   1, 2, 3, 4, 6, 7
//                  1 Split +1 +6           after "ab":         the same, from 5 on
//                  2 Split +1 +3
//                  3 Character b
//                  4 Jump +2               Splits and jumps lead relative to themselves, so a piece
//                  of 5 Character c           program can be moved and repeated as it is 6 Jump -5
//                  7 Match
//
// So a character costs at most as many steps as the program is long, whatever the pattern; there is
// no going back. What matches is the leftmost and, from there, the longest text. Not here:
// references back (\1), classes of a locale ([=a=]).
#pragma once

#include <stddef.h>

namespace quire::tools {

class Regex {
  public:
    enum class Syntax { Fixed, Basic, Extended };
    /// Where a match may begin and end: anywhere, at the edges of words, of the line.
    enum class Bounds { None, Word, Line };
    struct Match {
        size_t start;
        size_t end;
    };

    /// nullptr, or what is wrong with the pattern.
    const char* compile(const char* pattern, Syntax syntax, bool ignores_case);
    /// The first match in `text` that begins at `from` or behind it.
    bool find(const char* text, size_t length, size_t from, Bounds bounds, Match& match) const;

  private:
    friend class RegexCompiler;
    friend class RegexRun;

    enum class Kind : unsigned char {
        Character,
        Any,
        Set,
        LineStart,
        LineEnd,
        WordStart,
        WordEnd,
        WordEdge,
        Split,
        Jump,
        Match
    };
    struct Step {
        Kind kind;
        unsigned char value;  // the character, or the number of the set
        short first, second;  // where splits and jumps lead
    };
    static constexpr size_t kMostSteps = 4000;
    static constexpr size_t kMostSets = 64;
    using Set = unsigned char[256 / 8];

    Step steps_[kMostSteps];
    size_t count_ = 0;
    Set sets_[kMostSets];
    size_t set_count_ = 0;
    bool ignores_case_ = false;
};

}  // namespace quire::tools
