#include "user/sh/parser.h"

#include "user/sh/characters.h"
#include "user/sh/reserved_words.h"

namespace quire::shell {
Command* Parser::make(Command::Kind kind) {
    auto* const command = arena().make<Command>();
    command->kind = kind;
    command->line = line();
    return command;
}

bool Parser::is_word(std::string_view word) const {
    return is(TokenKind::Word) && current().text == word;
}
bool Parser::accept_word(std::string_view word) {
    if (!is_word(word)) return false;
    advance();
    return true;
}
bool Parser::expect_word(std::string_view word) {
    if (accept_word(word)) return true;
    unexpected();
    return false;
}
bool Parser::accept_token(TokenKind kind) {
    if (!is(kind)) return false;
    advance();
    return true;
}

void Parser::skip_lines() {
    while (accept_token(TokenKind::NewLine)) {
    }
}

bool Parser::ends_list() const {
    switch (current().kind) {
    case TokenKind::Close:
    case TokenKind::DoubleSemicolon:
    case TokenKind::End:
    case TokenKind::Error:
        return true;
    case TokenKind::Word:
        return shell::ends_list(current().text);
    default:
        return false;
    }
}

void Parser::unexpected() {
    if (has_failed()) return;
    TextBuilder message(arena());
    if (is(TokenKind::End)) return fail("unexpected end of file");
    message.put("'");
    message.put(current().text);
    message.put("' unexpected");
    fail(message.take());
}

Parser::Outcome Parser::parse_line() {
    advance();
    if (is(TokenKind::End)) return Outcome::End;
    list_ = parse_list(true);
    if (!has_failed() && !is(TokenKind::NewLine) && !is(TokenKind::End)) unexpected();
    return has_failed() ? Outcome::Wrong : Outcome::Parsed;
}

AndOr* Parser::parse_inside() {
    return parse_list(false);
}

/// An empty list is nullptr, too.
AndOr* Parser::parse_list(bool ends_with_line) {
    const Nested nested(*this);
    AndOr* list = nullptr;
    ListEnd end(list);
    for (;;) {
        do {
            if (!ends_with_line) skip_lines();
        } while (replace_alias_here());
        if (ends_list() || is(TokenKind::NewLine)) break;
        AndOr* const element = parse_and_or();
        if (element == nullptr) return nullptr;
        end.append(element);
        element->background = is(TokenKind::Background);
        const bool goes_on =
            accept_token(TokenKind::Background) || accept_token(TokenKind::Semicolon);
        if (!goes_on && (ends_with_line || !is(TokenKind::NewLine))) break;
    }
    return has_failed() ? nullptr : list;
}

AndOr* Parser::parse_and_or() {
    auto* const result = arena().make<AndOr>();
    ListEnd end(result->first);
    const std::size_t start = offset();
    Join join = Join::Always;
    for (;;) {
        Pipeline* const pipeline = parse_pipeline();
        if (pipeline == nullptr) return nullptr;
        pipeline->join = join;
        end.append(pipeline);
        if (!is(TokenKind::AndIf) && !is(TokenKind::OrIf)) break;
        join = is(TokenKind::AndIf) ? Join::IfTrue : Join::IfFalse;
        advance();
        skip_lines();
    }
    result->text = text_from(start);
    return result;
}

Pipeline* Parser::parse_pipeline() {
    auto* const pipeline = arena().make<Pipeline>();
    ListEnd end(pipeline->first);
    while (accept_word("!"))
        pipeline->negated = !pipeline->negated;
    for (;;) {
        Command* const command = parse_command();
        if (command == nullptr) return nullptr;
        end.append(command);
        if (!accept_token(TokenKind::Pipe)) return pipeline;
        skip_lines();
    }
}

/// Where a command may begin a reserved word is no alias.
bool Parser::replace_alias_here() {
    return is(TokenKind::Word) && !is_reserved(current().text) && replace_alias();
}

Command* Parser::parse_command() {
    const Nested nested(*this);
    while (replace_alias_here()) {
    }
    if (ends_list()) return unexpected(), nullptr;
    Command* const compound = parse_compound();
    if (has_failed()) return nullptr;
    if (compound == nullptr) return parse_simple();
    return parse_redirections(*compound) ? compound : nullptr;
}

Command* Parser::parse_simple() {
    Command* const command = make(Command::Kind::Simple);
    auto* const simple = command->simple = arena().make<Simple>();
    ListEnd assignments(simple->assignments);
    ListEnd words(simple->words);
    ListEnd redirections(command->redirections);
    for (;;) {
        if (simple->words == nullptr || follows_alias())
            while (replace_alias()) {
            }
        if (is(TokenKind::Word)) {
            const std::string_view text = current().text;
            if (!add_word(*simple, assignments, words)) return nullptr;
            const bool is_first = simple->words != nullptr && simple->words->next == nullptr &&
                                  simple->assignments == nullptr;
            if (is(TokenKind::Open) && is_first && command->redirections == nullptr &&
                is_name(text))
                return parse_function(text);
        } else if (Redirection* const redirection = parse_redirection()) {
            redirections.append(redirection);
        } else {
            break;
        }
    }
    const bool is_empty = simple->words == nullptr && simple->assignments == nullptr &&
                          command->redirections == nullptr;
    if (is_empty || is(TokenKind::Open)) unexpected();
    return has_failed() ? nullptr : command;
}

bool Parser::add_word(Simple& simple, ListEnd<Assignment>& assignments, ListEnd<Word>& words) {
    Part* const first = current().parts;
    const bool could_assign = simple.words == nullptr && first != nullptr &&
                              first->kind == Part::Kind::Text && !first->quoted;
    const std::size_t length = could_assign ? name_length(first->text) : 0;
    if (length > 0 && length < first->text.size() && first->text[length] == '=') {
        auto* const assignment = arena().make<Assignment>(first->text.substr(0, length));
        assignment->value = first->next;
        if (length + 1 < first->text.size()) {
            assignment->value = first;
            first->text.remove_prefix(length + 1);
        }
        assignments.append(assignment);
    } else {
        words.append(arena().make<Word>(first));
    }
    advance();
    return !has_failed();
}

bool Parser::parse_redirections(Command& command) {
    ListEnd end(command.redirections);
    while (Redirection* const redirection = parse_redirection())
        end.append(redirection);
    return !has_failed();
}

/// nullptr: none is here, or it is wrong.
Redirection* Parser::parse_redirection() {
    using Kind = Redirection::Kind;
    int file = -1;
    if (is(TokenKind::Number)) {
        file = to_number(current().text);
        advance();
    }
    const TokenKind arrow = current().kind;
    auto kind = Kind::Duplicate;
    if (arrow < TokenKind::Read || arrow > TokenKind::HereWithoutTabs) return nullptr;
    if (arrow == TokenKind::Read) kind = Kind::Read;
    if (arrow == TokenKind::Write) kind = Kind::Write;
    if (arrow == TokenKind::Clobber) kind = Kind::Clobber;
    if (arrow == TokenKind::Append) kind = Kind::Append;
    if (arrow == TokenKind::ReadWrite) kind = Kind::ReadWrite;
    if (arrow >= TokenKind::Here) kind = Kind::HereDocument;
    const bool writes = arrow == TokenKind::Write || arrow == TokenKind::Clobber ||
                        arrow == TokenKind::Append || arrow == TokenKind::DuplicateOut;
    if (file < 0) file = writes ? 1 : 0;
    advance();
    // A number may stand right before the next arrow: 2>&1 >file.
    if (!is(TokenKind::Word) && !is(TokenKind::Number)) return unexpected(), nullptr;
    auto* const redirection = arena().make<Redirection>(kind, file, current().parts);
    if (kind == Kind::HereDocument)
        set_here_document(*redirection, arrow == TokenKind::HereWithoutTabs);
    advance();
    return has_failed() ? nullptr : redirection;
}

/// The delimiter is what was typed without its quotes; nothing in it is expanded.
void Parser::set_here_document(Redirection& redirection, bool without_tabs) {
    TextBuilder delimiter(arena());
    bool quoted = false;
    for (const Part* part = redirection.target; part != nullptr; part = part->next) {
        quoted |= part->quoted;
        if (part->kind != Part::Kind::Text) return fail("a here-document ends at plain text");
        delimiter.put(part->text);
    }
    redirection.target = nullptr;
    expect_here_document(redirection, delimiter.take(), quoted, without_tabs);
}

}  // namespace quire::shell
