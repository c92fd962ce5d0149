// Cuts a line into words and operators.
//
// A word goes on through quotes: a"b c"d is one. Whoever looks for the end of a quoted part asks
// skip_quoted(), so that the lexer and the expansion agree on where it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quire::shell {

enum class TokenKind : std::uint8_t {
    Word,
    Number,      // digits right before < or >
    Pipe,        // |
    AndIf,       // &&
    OrIf,        // ||
    Background,  // &
    Separator,   // ; or the end of a line
    Open,        // (
    Close,       // )
    Read,        // <
    Write,       // >
    Append,      // >>
    ReadWrite,   // <>
    Duplicate,   // >& or <&
    End,
    Incomplete,  // an open quote, or a backslash at the very end
};

struct Token {
    TokenKind kind = TokenKind::End;
    std::string_view text;
};

/// From the opening quote, or backslash, at `start`: the offset behind the part it quotes; npos
/// when that is not closed.
[[nodiscard]] std::size_t skip_quoted(std::string_view text, std::size_t start);

class Lexer {
  public:
    explicit Lexer(std::string_view text) : text_(text) { advance(); }

    [[nodiscard]] const Token& current() const { return token_; }
    /// Where the current token begins.
    [[nodiscard]] std::size_t offset() const { return start_; }
    void advance();

  private:
    void skip_blanks();
    Token take(TokenKind kind, std::size_t bytes);
    Token read_operator();
    Token read_word();

    std::string_view text_;
    std::size_t start_ = 0;
    std::size_t next_ = 0;
    Token token_;
};

}  // namespace quire::shell
