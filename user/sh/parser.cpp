#include "user/sh/parser.h"

namespace quire::shell {
namespace {

/// Adds an element at the end of a singly linked list.
template <typename T>
void append(T*& list, T* element) {
    T** place = &list;
    while (*place != nullptr)
        place = &(*place)->next;
    *place = element;
}

int to_number(std::string_view digits) {
    int number = 0;
    for (const char digit : digits)
        number = number < 10000 ? number * 10 + (digit - '0') : number;
    return number;
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

}  // namespace

std::size_t name_length(std::string_view text) {
    std::size_t length = 0;
    while (length < text.size() &&
           (is_letter(text[length]) || (length > 0 && text[length] >= '0' && text[length] <= '9')))
        ++length;
    return length;
}

bool is_assignment(std::string_view text) {
    const std::size_t length = name_length(text);
    return length > 0 && length < text.size() && text[length] == '=';
}

bool Parser::accept(TokenKind kind) {
    if (!is(kind)) return false;
    lexer_.advance();
    return true;
}

void Parser::skip_separators() {
    while (accept(TokenKind::Separator)) {
    }
}

void Parser::fail() {
    const bool at_end = is(TokenKind::End) || is(TokenKind::Incomplete);
    outcome_ = at_end ? Outcome::Incomplete : Outcome::Wrong;
}

Parser::Outcome Parser::parse() {
    skip_separators();
    if (is(TokenKind::End)) return Outcome::Parsed;
    list_ = parse_list();
    if (outcome_ == Outcome::Parsed && !is(TokenKind::End)) fail();
    return outcome_;
}

AndOr* Parser::parse_list() {
    AndOr* list = nullptr;
    do {
        AndOr* const element = parse_and_or();
        if (element == nullptr) return nullptr;
        append(list, element);
        element->background = is(TokenKind::Background);
        if (!accept(TokenKind::Background) && !is(TokenKind::Separator)) break;
        skip_separators();
    } while (!is(TokenKind::End) && !is(TokenKind::Close));
    return list;
}

AndOr* Parser::parse_and_or() {
    auto* const result = arena_.make<AndOr>();
    const std::size_t start = lexer_.offset();
    Join join = Join::Always;
    for (;;) {
        Pipeline* const pipeline = parse_pipeline();
        if (pipeline == nullptr) return nullptr;
        pipeline->join = join;
        append(result->first, pipeline);
        if (is(TokenKind::AndIf))
            join = Join::IfTrue;
        else if (is(TokenKind::OrIf))
            join = Join::IfFalse;
        else
            break;
        lexer_.advance();
        skip_separators();
    }
    const std::string_view text = text_.substr(start, lexer_.offset() - start);
    result->text = text.substr(0, text.find_last_not_of(" \t\n") + 1);
    return result;
}

Pipeline* Parser::parse_pipeline() {
    auto* const pipeline = arena_.make<Pipeline>();
    if (is(TokenKind::Word) && lexer_.current().text == "!") {
        pipeline->negated = true;
        lexer_.advance();
    }
    do {
        Command* const command = parse_command();
        if (command == nullptr) return nullptr;
        append(pipeline->first, command);
        if (!accept(TokenKind::Pipe)) return pipeline;
        skip_separators();
    } while (true);
}

Command* Parser::parse_command() {
    auto* const command = arena_.make<Command>();
    bool empty = true;
    if (is(TokenKind::Open)) {
        if (!parse_subshell(*command)) return nullptr;
        empty = false;
    }
    for (;; empty = false) {
        const Token token = lexer_.current();
        if (token.kind == TokenKind::Word && command->subshell == nullptr) {
            const bool assigns = command->words == nullptr && is_assignment(token.text);
            append(assigns ? command->assignments : command->words, arena_.make<Word>(token.text));
            lexer_.advance();
        } else if (token.kind == TokenKind::Number ||
                   (token.kind >= TokenKind::Read && token.kind <= TokenKind::Duplicate)) {
            if (!parse_redirection(*command)) return nullptr;
        } else {
            break;
        }
    }
    if (empty || is(TokenKind::Incomplete) || is(TokenKind::Open)) return fail(), nullptr;
    return command;
}

bool Parser::parse_subshell(Command& command) {
    lexer_.advance();
    skip_separators();
    command.subshell = parse_list();
    if (command.subshell == nullptr) return false;
    if (accept(TokenKind::Close)) return true;
    fail();
    return false;
}

bool Parser::parse_redirection(Command& command) {
    int file = -1;
    if (is(TokenKind::Number)) {
        file = to_number(lexer_.current().text);
        lexer_.advance();
    }
    const Token arrow = lexer_.current();
    const bool reads = arrow.text[0] == '<';
    auto kind = Redirection::Kind::Duplicate;
    if (arrow.kind == TokenKind::Read) kind = Redirection::Kind::Read;
    if (arrow.kind == TokenKind::Write) kind = Redirection::Kind::Write;
    if (arrow.kind == TokenKind::Append) kind = Redirection::Kind::Append;
    if (arrow.kind == TokenKind::ReadWrite) kind = Redirection::Kind::ReadWrite;
    lexer_.advance();
    // A number may stand right before the next arrow: 2>&1 >file.
    if (!is(TokenKind::Word) && !is(TokenKind::Number)) {
        fail();
        return false;
    }
    auto* const target = arena_.make<Word>(lexer_.current().text);
    if (file < 0) file = reads ? 0 : 1;
    append(command.redirections, arena_.make<Redirection>(kind, file, target));
    lexer_.advance();
    return true;
}

}  // namespace quire::shell
