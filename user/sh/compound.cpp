// The part of the parser that knows the reserved words: commands that contain others.
#include "user/sh/characters.h"
#include "user/sh/parser.h"

namespace quire::shell {

/// nullptr: no such command begins here, or it is wrong.
Command* Parser::parse_compound() {
    if (is(TokenKind::Open)) return parse_group(Command::Kind::Subshell);
    if (is_word("{")) return parse_group(Command::Kind::Group);
    Command* command = nullptr;
    if (is_word("if")) {
        command = make(Command::Kind::If);
        command->branches = parse_if();
    } else if (is_word("while") || is_word("until")) {
        command = make(Command::Kind::Loop);
        command->loop = parse_loop(is_word("until"));
    } else if (is_word("for")) {
        command = make(Command::Kind::For);
        command->each = parse_for();
    } else if (is_word("case")) {
        command = make(Command::Kind::Case);
        command->choice = parse_case();
    }
    return command;
}

Command* Parser::parse_group(Command::Kind kind) {
    Command* const command = make(kind);
    advance();
    command->list = parse_block();
    if (has_failed()) return nullptr;
    if (kind == Command::Kind::Subshell ? !accept_token(TokenKind::Close) : !accept_word("}"))
        return unexpected(), nullptr;
    return command;
}

/// A list that is not empty.
AndOr* Parser::parse_block() {
    AndOr* const list = parse_list(false);
    if (list == nullptr) unexpected();
    return list;
}

AndOr* Parser::parse_body(std::string_view opening, std::string_view closing) {
    if (!expect_word(opening)) return nullptr;
    AndOr* const list = parse_block();
    if (list == nullptr || !expect_word(closing)) return nullptr;
    return list;
}

/// Behind "if" and each "elif" stands the same.
If* Parser::parse_if() {
    auto* const first = arena().make<If>();
    If* branch = first;
    for (;;) {
        advance();
        branch->condition = parse_block();
        if (has_failed() || !expect_word("then")) return nullptr;
        branch->then = parse_block();
        if (has_failed()) return nullptr;
        if (!is_word("elif")) break;
        branch = branch->otherwise = arena().make<If>();
    }
    if (is_word("else")) {
        branch->otherwise = arena().make<If>();
        branch->otherwise->then = parse_body("else", "fi");
        return first;
    }
    return expect_word("fi") ? first : nullptr;
}

Loop* Parser::parse_loop(bool until) {
    auto* const loop = arena().make<Loop>(until);
    advance();
    loop->condition = parse_block();
    if (!has_failed()) loop->body = parse_body("do", "done");
    return loop;
}

For* Parser::parse_for() {
    auto* const each = arena().make<For>();
    advance();
    each->name = current().text;
    if (!is(TokenKind::Word) || !is_name(each->name)) return unexpected(), nullptr;
    advance();
    ListEnd words(each->words);
    each->over_arguments = true;
    if (!accept_token(TokenKind::Semicolon)) {
        skip_lines();
        each->over_arguments = !accept_word("in");
        for (; !each->over_arguments && is(TokenKind::Word); advance())
            words.append(arena().make<Word>(current().parts));
        if (!each->over_arguments && !accept_token(TokenKind::Semicolon) && !is(TokenKind::NewLine))
            return unexpected(), nullptr;
    }
    skip_lines();
    each->body = parse_body("do", "done");
    return each;
}

Case* Parser::parse_case() {
    auto* const choice = arena().make<Case>();
    advance();
    if (!is(TokenKind::Word)) return unexpected(), nullptr;
    choice->subject = current().parts;
    advance();
    skip_lines();
    if (!expect_word("in")) return nullptr;
    skip_lines();
    ListEnd items(choice->items);
    while (!is_word("esac")) {
        CaseItem* const item = parse_case_item();
        if (item == nullptr) return nullptr;
        items.append(item);
        if (!accept_token(TokenKind::DoubleSemicolon)) break;
        skip_lines();
    }
    return expect_word("esac") ? choice : nullptr;
}

CaseItem* Parser::parse_case_item() {
    auto* const item = arena().make<CaseItem>();
    ListEnd patterns(item->patterns);
    accept_token(TokenKind::Open);
    do {
        if (!is(TokenKind::Word)) return unexpected(), nullptr;
        patterns.append(arena().make<Word>(current().parts));
        advance();
    } while (accept_token(TokenKind::Pipe));
    if (!accept_token(TokenKind::Close)) return unexpected(), nullptr;
    item->body = parse_list(false);
    return has_failed() ? nullptr : item;
}

/// The name was read; the body may be any command that contains others.
Command* Parser::parse_function(std::string_view name) {
    Command* const command = make(Command::Kind::Function);
    command->function = arena().make<Function>(name);
    advance();
    if (!accept_token(TokenKind::Close)) return unexpected(), nullptr;
    skip_lines();
    Command* const body = parse_compound();
    if (body == nullptr) return unexpected(), nullptr;
    command->function->body = body;
    return parse_redirections(*body) ? command : nullptr;
}

}  // namespace quire::shell
