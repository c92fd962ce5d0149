// Cuts a text into words and operators, and words into the parts of syntax.h. POSIX 2.3.
//
//     echo "a $x" >f  -->  Word[Text echo]  Word[Text "a ", Parameter x]  Write  Word[Text f]
//
// The text may come line by line: where it ends before its last quote, parenthesis or here-document
// does, the Source is asked for more, which goes behind what is there, in place. What is inside
// $( ) is parsed where it stands, by the parser that this is the lower half of; so the end of it is
// found as a parser finds it. After a failure the only token is Error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "user/arena.h"
#include "user/sh/syntax.h"
#include "user/sh/text_builder.h"

namespace quire::shell {

enum class TokenKind : std::uint8_t {
    Word,
    Number,           // a digit right before < or >
    NewLine,          //
    Semicolon,        // ;
    DoubleSemicolon,  // ;;
    Pipe,             // |
    AndIf,            // &&
    OrIf,             // ||
    Background,       // &
    Open,             // (
    Close,            // )
    Read,             // <
    Write,            // >
    Clobber,          // >|
    Append,           // >>
    ReadWrite,        // <>
    DuplicateIn,      // <&
    DuplicateOut,     // >&
    Here,             // <<
    HereWithoutTabs,  // <<-
    End,
    Error,
};

struct Token {
    TokenKind kind = TokenKind::End;
    std::string_view text;  // as typed, with its quotes
    Part* parts = nullptr;  // of a Word
};

/// Where text comes from.
class Source {
  public:
    /// Makes `text` longer by a line, without moving it. False: there is no more.
    virtual bool more(std::string_view& text) = 0;

  protected:
    ~Source() = default;
};

class Lexer {
  public:
    /// `source` may be nullptr: the text is all there is.
    Lexer(std::string_view text, Source* source, Arena& arena)
        : text_(text), source_(source), arena_(arena) {}

    /// Why it failed; empty: it did not.
    [[nodiscard]] std::string_view error() const { return error_; }
    /// What of the text is behind the current token.
    [[nodiscard]] std::size_t consumed() const { return next_; }
    /// Where the current token begins.
    [[nodiscard]] std::size_t offset() const { return start_; }

  protected:
    static constexpr int kMostNested = 100;

    /// A part of the program that is inside another; too many of them would need too much stack.
    class Nested {
      public:
        explicit Nested(Lexer& lexer) : lexer_(lexer) {
            if (++lexer.nested_ > kMostNested) lexer.fail("nested too deeply");
        }
        ~Nested() { --lexer_.nested_; }
        Nested(const Nested&) = delete;
        Nested& operator=(const Nested&) = delete;

      private:
        Lexer& lexer_;
    };

    ~Lexer() = default;
    [[nodiscard]] const Token& current() const { return token_; }
    [[nodiscard]] bool is(TokenKind kind) const { return token_.kind == kind; }
    [[nodiscard]] std::string_view text_from(std::size_t start) const;
    void advance();
    /// The first reason is the one that counts.
    void fail(std::string_view message);
    [[nodiscard]] bool has_failed() const { return !error_.empty(); }
    [[nodiscard]] Arena& arena() { return arena_; }

    /// The parts of the text, which is that of a here-document: no quotes, all else as in "".
    Part* parts_of_text(std::string_view text);
    /// The next line end is followed by the text of the here-document.
    void expect_here_document(Redirection& redirection, std::string_view delimiter, bool quoted,
                              bool without_tabs);

  private:
    enum class Mode : std::uint8_t {
        Word,     // ends before a blank or an operator
        Operand,  // of ${ }: ends before }
        OperandInQuotes,
        DoubleQuotes,  // ends before "
        Arithmetic,    // ends before ))
        Text,          // of a here-document: ends at its end
    };
    struct HereDocument {
        Redirection* redirection;
        std::string_view delimiter;
        bool quoted;
        bool without_tabs;
        HereDocument* next = nullptr;
    };
    /// Where we are in which text.
    struct Position {
        std::string_view text{};
        Source* source = nullptr;
        std::size_t start = 0;
        std::size_t next = 0;
        Token token{};
        HereDocument* expected = nullptr;
    };
    class Parts;

    /// The parser: commands up to what ends them; token is that.
    virtual AndOr* parse_inside() = 0;

    // lexer.cpp
    [[nodiscard]] int peek(std::size_t ahead = 0);
    bool accept(std::string_view characters);
    void skip_blanks();
    Token read_operator();
    Token read_word();
    void read_here_documents();
    void read_here_document(const HereDocument& here);
    std::string_view read_line();
    [[nodiscard]] Position position() const;
    void go_to(const Position& position);

    // words.cpp
    Part* parts_in(Mode mode);
    void read_parts(Mode mode, Parts& parts);
    bool ends(Mode mode, int c, int& open);
    void read_backslash(Mode mode, Parts& parts);
    void read_single_quoted(Parts& parts);
    void read_double_quoted(Parts& parts);
    void read_dollar(Mode mode, Parts& parts);
    void read_braced(bool quoted, Parts& parts);
    std::string_view read_parameter_name();
    void read_operation(Part& part);
    void read_substitution(bool quoted, Parts& parts);
    void read_backquoted(bool quoted, Parts& parts);

    std::string_view text_;
    Source* source_;
    Arena& arena_;
    std::size_t start_ = 0;
    std::size_t next_ = 0;
    Token token_;
    HereDocument* expected_ = nullptr;
    std::string_view error_;
    int nested_ = 0;
};

}  // namespace quire::shell
