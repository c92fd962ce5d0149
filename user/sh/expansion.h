// What the words of a command become: quotes go, variables get their values, patterns the names of
// files.
//
//     "$HOME"/*.txt  -->  /root/a.txt  /root/b.txt
//
// Values outside quotes are cut into fields at blanks; a word that is nothing but empty values is
// no field at all, "" is one. While it is being put together each character of a field says in a
// second array whether it was quoted, for then a star is only a star.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "user/arena.h"
#include "user/sh/syntax.h"
#include "user/sh/variables.h"

namespace quire::shell {

/// What $?, $$, $! and $0 $1 ... are.
struct Parameters {
    int status = 0;
    long shell = 0;
    long last_background = 0;
    std::span<char* const> arguments;  // $0 first
};

struct Field {
    char* text = nullptr;
    Field* next = nullptr;
};

/// Where names of files come from: the kernel, or a test.
class Names {
  public:
    /// Calls `found` with the name of each entry of `folder` but . and ..; nothing if it cannot.
    virtual void list(const char* folder, void (*found)(void* context, std::string_view name),
                      void* context) = 0;

  protected:
    ~Names() = default;
};

class Expander {
  public:
    Expander(Arena& arena, const Variables& variables, const Parameters& parameters, Names& names)
        : arena_(arena), variables_(variables), parameters_(parameters), names_(names) {}

    /// The fields of all words, in order.
    [[nodiscard]] Field* fields(const Word* words);
    /// One word as one text, neither cut nor taken for a pattern: of an assignment or redirection.
    [[nodiscard]] char* text(std::string_view word);

  private:
    class Builder;
    void expand(std::string_view word, Builder& to);
    std::size_t expand_variable(std::string_view text, bool quoted, Builder& to);
    void expand_double_quoted(std::string_view text, Builder& to);
    [[nodiscard]] std::string_view value_of(std::string_view name);
    [[nodiscard]] std::string_view number(long value);

    Arena& arena_;
    const Variables& variables_;
    const Parameters& parameters_;
    Names& names_;
};

/// Whether the name fits the pattern: * ? [a-z] [!a-z]; a backslash takes what follows literally.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view name);

}  // namespace quire::shell
