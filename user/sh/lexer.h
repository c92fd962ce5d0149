// Cuts a text into words and operators, and words into the parts of syntax.h. POSIX 2.3.
//
//     echo "a $x" >f  -->  Word[Text echo]  Word[Text "a ", Parameter x]  Write  Word[Text f]
//
// The text may come line by line: where it ends before its last quote, parenthesis or here-document
// does, the Source is asked for more, which goes behind what is there. What is inside $( ) is
// parsed where it stands, by the parser that this is the lower half of; so the end of it is found
// as a parser finds it. An alias is replaced in the text itself, a copy of which goes on from
// there:
//
//     alias ll='ls -l '     ll /bin; x  -->  ls -l  /bin; x
//                                           |------| what is not taken for ll again
//
// After a failure the only token is Error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
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
    /// The next line with its end, which stays where it is as long as what was parsed is of use.
    /// Empty: there is no more.
    virtual std::string_view next_line() = 0;

  protected:
    ~Source() = default;
};

/// Texts that stand for others where a command begins.
class AliasLookup {
  public:
    [[nodiscard]] virtual std::optional<std::string_view> alias(std::string_view name) const = 0;

  protected:
    ~AliasLookup() = default;
};

class Lexer {
  public:
    /// The text is all there is.
    Lexer(std::string_view text, Arena& arena) : arena_(arena) { at_.text = text; }
    /// The first line has that number. `aliases` may be nullptr.
    Lexer(Source& source, std::size_t line, const AliasLookup* aliases, Arena& arena)
        : arena_(arena), aliases_(aliases) {
        at_.source = &source;
        at_.line = line;
    }

    /// Why it failed; empty: it did not.
    [[nodiscard]] std::string_view error() const { return error_; }
    /// In which line the current token begins.
    [[nodiscard]] std::size_t line() const { return at_.line; }

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
    [[nodiscard]] const Token& current() const { return at_.token; }
    [[nodiscard]] bool is(TokenKind kind) const { return at_.token.kind == kind; }
    /// Where the current token begins.
    [[nodiscard]] std::size_t offset() const { return at_.start; }
    [[nodiscard]] std::string_view text_from(std::size_t start) const;
    void advance();
    /// Replaces the current word if it is an alias, and not one of what the same alias stands for.
    /// The current token is what begins there then. False: it is none.
    bool replace_alias();
    /// Whether the current token is the first behind an alias that ends with a blank: it may be
    /// one, too.
    [[nodiscard]] bool follows_alias() const { return at_.follows_alias; }
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
    /// What an alias stands for, and where in the text that ends.
    struct Expansion {
        std::string_view name;
        std::size_t end;  // kOutside: it is around the whole text
        bool ends_with_blank;
        Expansion* next = nullptr;
    };
    static constexpr std::size_t kOutside = std::string_view::npos;
    /// Where we are in which text.
    struct Position {
        std::string_view text{};
        Source* source = nullptr;
        TextBuilder* copy = nullptr;  // that `text` is the content of; nullptr: it stays in place
        std::size_t start = 0;
        std::size_t next = 0;
        std::size_t line = 1;  // in which `start` is
        Token token{};
        HereDocument* expected = nullptr;
        Expansion* expansions = nullptr;  // that have not ended, the innermost first
        bool follows_alias = false;
    };
    class Parts;

    /// The parser: commands up to what ends them; token is that.
    virtual AndOr* parse_inside() = 0;

    // lexer.cpp
    bool read_more();
    void begin_token();
    [[nodiscard]] int peek(std::size_t ahead = 0);
    bool accept(std::string_view characters);
    void skip_blanks();
    Token read_operator();
    Token read_word();
    void read_here_documents();
    void read_here_document(const HereDocument& here);
    std::string_view read_line();
    void go_to(const Position& position);
    void go_into(std::string_view text);

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

    Arena& arena_;
    const AliasLookup* aliases_ = nullptr;
    Position at_;
    std::string_view error_;
    int nested_ = 0;
};

}  // namespace quire::shell
