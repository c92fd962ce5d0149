// From text to syntax.h.
#pragma once

#include <cstdint>
#include <string_view>

#include "user/arena.h"
#include "user/sh/lexer.h"
#include "user/sh/syntax.h"

namespace quire::shell {

class Parser {
  public:
    enum class Outcome : std::uint8_t {
        Parsed,      // list(); nullptr if there is nothing to do
        Incomplete,  // an open quote or parenthesis, or nothing behind | && ||: read on
        Wrong,       // unexpected() is where it makes no sense
    };

    /// `text` and `arena` must outlive what is parsed.
    Parser(std::string_view text, Arena& arena) : text_(text), lexer_(text), arena_(arena) {}

    Outcome parse();
    [[nodiscard]] AndOr* list() const { return list_; }
    [[nodiscard]] std::string_view unexpected() const { return lexer_.current().text; }

  private:
    // Each returns nullptr after setting outcome_, when there is no such thing here.
    AndOr* parse_list();
    AndOr* parse_and_or();
    Pipeline* parse_pipeline();
    Command* parse_command();
    bool parse_subshell(Command& command);
    bool parse_redirection(Command& command);

    [[nodiscard]] bool is(TokenKind kind) const { return lexer_.current().kind == kind; }
    bool accept(TokenKind kind);
    void skip_separators();
    void fail();

    std::string_view text_;
    Lexer lexer_;
    Arena& arena_;
    AndOr* list_ = nullptr;
    Outcome outcome_ = Outcome::Parsed;
};

/// Whether `text` begins with NAME=.
[[nodiscard]] bool is_assignment(std::string_view text);
/// The length of the name at the start of `text`; 0: none is there.
[[nodiscard]] std::size_t name_length(std::string_view text);

}  // namespace quire::shell
