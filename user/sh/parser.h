// From text to syntax.h, a line at a time. POSIX 2.10.
//
//     line     --> and_or ((; | &) and_or)*        until the end of the line
//     and_or   --> pipeline ((&& | ||) pipeline)*
//     pipeline --> [!] command (| command)*
//     command  --> words | ( list ) | { list } | if | while | until | for | case | name() command
//
// A line that goes on in the next one, because something in it is open, is read as a whole. Each
// parse_ function returns nullptr after fail().
#pragma once

#include <cstdint>
#include <string_view>

#include "user/arena.h"
#include "user/sh/lexer.h"
#include "user/sh/syntax.h"

namespace quire::shell {

class Parser final : public Lexer {
  public:
    using Lexer::Lexer;

    enum class Outcome : std::uint8_t {
        Parsed,  // list(); nullptr if the line is empty
        End,     // there is no line any more
        Wrong,   // error() says why
    };

    /// The next line. What was parsed lives as long as the arena and the text.
    Outcome parse_line();
    [[nodiscard]] AndOr* list() const { return list_; }

    /// The text of a prompt, or what else is to be expanded as if it stood in double quotes.
    /// nullptr: it is empty, or wrong.
    Part* parse_text(std::string_view text) { return parts_of_text(text); }

  private:
    AndOr* parse_inside() override;

    // parser.cpp
    bool replace_alias_here();
    AndOr* parse_list(bool ends_with_line);
    AndOr* parse_and_or();
    Pipeline* parse_pipeline();
    Command* parse_command();
    Command* parse_simple();
    bool add_word(Simple& simple, ListEnd<Assignment>& assignments, ListEnd<Word>& words);
    bool parse_redirections(Command& command);
    Redirection* parse_redirection();
    void set_here_document(Redirection& redirection, bool without_tabs);

    // compound.cpp
    Command* parse_compound();
    Command* parse_group(Command::Kind kind);
    If* parse_if();
    Loop* parse_loop(bool until);
    For* parse_for();
    Case* parse_case();
    CaseItem* parse_case_item();
    Command* parse_function(std::string_view name);
    AndOr* parse_body(std::string_view opening, std::string_view closing);
    AndOr* parse_block();

    [[nodiscard]] bool is_word(std::string_view word) const;
    bool accept_word(std::string_view word);
    bool expect_word(std::string_view word);
    bool accept_token(TokenKind kind);
    void skip_lines();
    [[nodiscard]] bool ends_list() const;
    void unexpected();
    Command* make(Command::Kind kind);

    AndOr* list_ = nullptr;
};

}  // namespace quire::shell
