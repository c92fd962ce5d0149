// From a pattern to the steps of a Regex: a parser that calls itself for what stands in
// parentheses.
//
//      alternatives := branch { "|" branch }      branch := { piece }      piece := atom { "*" ...
//      }
//
// In a basic expression the special characters | ( ) { } + ? are written with a backslash.
#pragma once

#include "user/tools/regex.h"

namespace quire::tools {

class RegexCompiler {
  public:
    RegexCompiler(Regex& to, const char* pattern, Regex::Syntax syntax)
        : to_(to), next_(pattern), is_basic_(syntax == Regex::Syntax::Basic) {}

    /// nullptr, or what is wrong.
    const char* compile();
    const char* compile_fixed();

  private:
    using Kind = Regex::Kind;

    void parse_alternatives(int depth);
    void parse_branch(int depth);
    void parse_atom(int depth, bool is_first);
    void parse_escape();
    void parse_set();
    void parse_set_items(Regex::Set& set);
    int parse_class(Regex::Set& set);
    void parse_repeats(size_t start);
    bool parse_counts(int& least, int& most);
    void repeat(size_t start, int least, int most);

    [[nodiscard]] bool sees(char special) const;
    bool take(char special);
    [[nodiscard]] bool ends_branch() const;

    void emit(Kind kind, unsigned char value = 0, long first = 0, long second = 0);
    void insert(size_t place, Kind kind, long first, long second);
    void append_copy(size_t start, size_t count);
    /// What a letter like \\s means.
    void add_class_set(int (*has)(int), bool is_negated);
    void finish_set(Regex::Set& set, bool is_negated);
    void fail(const char* error) {
        if (error_ == nullptr) error_ = error;
    }

    Regex& to_;
    const char* next_;
    bool is_basic_;
    const char* error_ = nullptr;
};

}  // namespace quire::tools
