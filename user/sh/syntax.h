// What a line of the shell means, as the parser finds it and the interpreter does it.
//
//     make && ./run < "$in" | sort > out &
//     list: [ and-or: pipeline(make) && pipeline(./run < .., sort > ..), in background ]
//     "$in": [ Parameter in, quoted ]
//
// All of it lives in the arena of the line, or, for the body of a function, in a block of its own
// (functions.h). POSIX 2.9 and 2.10.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quire::shell {

struct AndOr;

/// A piece of a word. abc"d $x"`ls` is Text abc, Text "d ", Parameter x (quoted), Command ls.
struct Part {
    enum class Kind : std::uint8_t { Text, Parameter, Command, Arithmetic };
    enum class Operation : std::uint8_t {
        Value,        // $x ${x}
        Length,       // ${#x}
        Default,      // ${x-w}
        Assign,       // ${x=w}
        Require,      // ${x?w}
        Alternative,  // ${x+w}
        ShortPrefix,  // ${x#w}
        LongPrefix,   // ${x##w}
        ShortSuffix,  // ${x%w}
        LongSuffix,   // ${x%%w}
        Bad,          // ${x!w}: an error when it is done
    };
    Kind kind = Kind::Text;
    bool quoted = false;  // neither cut into fields nor taken for a pattern
    Operation operation = Operation::Value;
    bool null_too = false;      // there was a colon: ${x:-w}
    std::string_view text{};    // the characters without quotes; the name of the parameter
    Part* operand = nullptr;    // w; the expression
    AndOr* commands = nullptr;  // of a Command; nullptr: none
    Part* next = nullptr;
};

struct Word {
    Part* parts = nullptr;
    Word* next = nullptr;
};

struct Assignment {
    std::string_view name{};
    Part* value = nullptr;
    Assignment* next = nullptr;
};

struct Redirection {
    enum class Kind : std::uint8_t {
        Read,
        Write,
        Clobber,
        Append,
        ReadWrite,
        Duplicate,
        HereDocument
    };
    Kind kind;
    int file;      // which descriptor of the command
    Part* target;  // a path; for Duplicate a number or "-"; the text of a here-document
    Redirection* next = nullptr;
};

struct Simple;
struct If;
struct Loop;
struct For;
struct Case;
struct Function;

struct Command {
    enum class Kind : std::uint8_t { Simple, Subshell, Group, If, Loop, For, Case, Function };
    Kind kind = Kind::Simple;
    union {
        Simple* simple = nullptr;
        AndOr* list;  // of ( ) and { }
        If* branches;
        Loop* loop;
        For* each;
        Case* choice;
        Function* function;
    };
    Redirection* redirections = nullptr;
    Command* next = nullptr;  // of the pipeline
    std::size_t line = 0;     // of its text, from 1
};

struct Simple {
    Assignment* assignments = nullptr;  // NAME=value before the first word
    Word* words = nullptr;
};

struct If {
    AndOr* condition = nullptr;
    AndOr* then = nullptr;
    If* otherwise = nullptr;  // elif; for else one without a condition
};

struct Loop {
    bool until = false;
    AndOr* condition = nullptr;
    AndOr* body = nullptr;
};

struct For {
    std::string_view name{};
    bool over_arguments = false;  // there was no "in"
    Word* words = nullptr;
    AndOr* body = nullptr;
};

struct CaseItem {
    Word* patterns = nullptr;
    AndOr* body = nullptr;
    CaseItem* next = nullptr;
};

struct Case {
    Part* subject = nullptr;
    CaseItem* items = nullptr;
};

struct Function {
    std::string_view name{};
    Command* body = nullptr;
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
    std::string_view text{};  // as typed, for `jobs`
    AndOr* next = nullptr;
};

/// Adds elements at the end of a singly linked list.
template <typename T>
class ListEnd {
  public:
    explicit ListEnd(T*& list) : end_(&list) {}
    void append(T* element) {
        *end_ = element;
        end_ = &element->next;
    }

  private:
    T** end_;
};

}  // namespace quire::shell
