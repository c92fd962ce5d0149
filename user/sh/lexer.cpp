#include "user/sh/lexer.h"

#include <algorithm>

#include "user/sh/characters.h"

namespace quire::shell {
namespace {

struct Operator {
    std::string_view text;
    TokenKind kind;
};

// The longer ones first.
constexpr Operator kOperators[] = {
    {"<<-", TokenKind::HereWithoutTabs},
    {"<<", TokenKind::Here},
    {"&&", TokenKind::AndIf},
    {"||", TokenKind::OrIf},
    {";;", TokenKind::DoubleSemicolon},
    {">>", TokenKind::Append},
    {">|", TokenKind::Clobber},
    {">&", TokenKind::DuplicateOut},
    {"<&", TokenKind::DuplicateIn},
    {"<>", TokenKind::ReadWrite},
    {"|", TokenKind::Pipe},
    {"&", TokenKind::Background},
    {";", TokenKind::Semicolon},
    {"(", TokenKind::Open},
    {")", TokenKind::Close},
    {"<", TokenKind::Read},
    {">", TokenKind::Write},
};

/// Whether the line ends with a backslash that no other one quotes.
bool is_continued(std::string_view line) {
    line = line.substr(0, line.find('\n'));
    const std::size_t last = line.find_last_not_of('\\');
    const std::size_t backslashes = line.size() - (last == std::string_view::npos ? 0 : last + 1);
    return backslashes % 2 != 0;
}

}  // namespace

/// A line more behind the text. Where that is a copy, or the line lies elsewhere, it is copied;
/// what refers to the text as it was stays valid. False: there is no more.
bool Lexer::read_more() {
    const std::string_view line = at_.source == nullptr ? "" : at_.source->next_line();
    if (line.empty()) return false;
    if (at_.text.empty()) at_.text = {line.data(), 0};
    if (at_.copy == nullptr && at_.text.data() + at_.text.size() == line.data()) {
        at_.text = {at_.text.data(), at_.text.size() + line.size()};
        return true;
    }
    if (at_.copy == nullptr) {
        at_.copy = arena_.make<TextBuilder>(arena_);
        at_.copy->put(at_.text);
    }
    at_.copy->put(line);
    at_.text = at_.copy->view();
    return true;
}

/// The character so many after the next one; -1: there is none.
int Lexer::peek(std::size_t ahead) {
    while (at_.next + ahead >= at_.text.size())
        if (!read_more()) return -1;
    return static_cast<unsigned char>(at_.text[at_.next + ahead]);
}

bool Lexer::accept(std::string_view characters) {
    for (std::size_t i = 0; i < characters.size(); ++i)
        if (peek(i) != static_cast<unsigned char>(characters[i])) return false;
    at_.next += characters.size();
    return true;
}

void Lexer::fail(std::string_view message) {
    if (!has_failed()) error_ = message;
    at_.token = {TokenKind::Error, {}, nullptr};
}

std::string_view Lexer::text_from(std::size_t start) const {
    const std::string_view text = at_.text.substr(start, at_.start - start);
    return text.substr(0, text.find_last_not_of(" \t\n") + 1);
}

/// Unlike a place to go on at, an error stays.
void Lexer::go_to(const Position& position) {
    const Token error = at_.token;
    at_ = position;
    if (has_failed()) at_.token = error;
}

/// Another text, inside this one.
void Lexer::go_into(std::string_view text) {
    Position inside;
    inside.text = text;
    inside.line = at_.line;
    for (const Expansion* one = at_.expansions; one != nullptr; one = one->next)
        inside.expansions = arena_.make<Expansion>(one->name, kOutside, false, inside.expansions);
    at_ = inside;
}

void Lexer::skip_blanks() {
    while (peek() == ' ' || peek() == '\t' || accept("\\\n"))
        if (peek() == ' ' || peek() == '\t') ++at_.next;
    if (peek() == '#')
        while (peek() >= 0 && peek() != '\n')
            ++at_.next;
}

void Lexer::begin_token() {
    const std::string_view skipped = at_.text.substr(at_.start, at_.next - at_.start);
    at_.line += static_cast<std::size_t>(std::count(skipped.begin(), skipped.end(), '\n'));
    at_.start = at_.next;
    at_.follows_alias = false;
    for (; at_.expansions != nullptr && at_.expansions->end <= at_.start;
         at_.expansions = at_.expansions->next)
        at_.follows_alias |= at_.expansions->ends_with_blank;
}

void Lexer::advance() {
    if (has_failed()) return;
    skip_blanks();
    begin_token();
    const int c = peek();
    if (c < 0) {
        at_.token = {};
        read_here_documents();
    } else if (c == '\n') {
        ++at_.next;
        at_.token = {TokenKind::NewLine, "newline", nullptr};
        read_here_documents();
    } else {
        const Token token =
            std::string_view("&|;<>()").find(static_cast<char>(c)) != std::string_view::npos
                ? read_operator()
                : read_word();
        if (!has_failed()) at_.token = token;
    }
}

bool Lexer::replace_alias() {
    if (aliases_ == nullptr || !is(TokenKind::Word)) return false;
    const std::string_view name = at_.token.text;
    for (const Expansion* one = at_.expansions; one != nullptr; one = one->next)
        if (one->name == name) return false;
    const auto value = aliases_->alias(name);
    if (!value) return false;
    for (Expansion* one = at_.expansions; one != nullptr; one = one->next)
        if (one->end != kOutside) one->end += value->size() - name.size();
    const bool ends_with_blank = value->ends_with(' ') || value->ends_with('\t');
    at_.expansions =
        arena_.make<Expansion>(name, at_.start + value->size(), ends_with_blank, at_.expansions);
    auto* const copy = arena_.make<TextBuilder>(arena_);
    copy->put(at_.text.substr(0, at_.start));
    copy->put(*value);
    copy->put(at_.text.substr(at_.next));
    at_.copy = copy;
    at_.text = copy->view();
    at_.next = at_.start;
    advance();
    return true;
}

Token Lexer::read_operator() {
    for (const Operator& one : kOperators)
        if (accept(one.text)) return {one.kind, one.text, nullptr};
    return {};
}

Token Lexer::read_word() {
    Token token{TokenKind::Word, {}, nullptr};
    token.parts = parts_in(Mode::Word);
    token.text = at_.text.substr(at_.start, at_.next - at_.start);
    if ((peek() == '<' || peek() == '>') && token.text.size() == 1 && is_digit(token.text[0]))
        token.kind = TokenKind::Number;
    return token;
}

void Lexer::expect_here_document(Redirection& redirection, std::string_view delimiter, bool quoted,
                                 bool without_tabs) {
    HereDocument** end = &at_.expected;
    while (*end != nullptr)
        end = &(*end)->next;
    *end = arena_.make<HereDocument>(&redirection, delimiter, quoted, without_tabs);
}

void Lexer::read_here_documents() {
    while (at_.expected != nullptr && !has_failed()) {
        const HereDocument here = *at_.expected;
        at_.expected = here.next;
        read_here_document(here);
    }
}

/// A line with its end; empty: there is none.
std::string_view Lexer::read_line() {
    const std::size_t start = at_.next;
    while (peek() >= 0)
        if (at_.text[at_.next++] == '\n') break;
    return at_.text.substr(start, at_.next - start);
}

/// The end of the text ends a here-document, too.
void Lexer::read_here_document(const HereDocument& here) {
    TextBuilder body(arena_);
    for (bool goes_on = false;;) {
        std::string_view line = read_line();
        if (line.empty()) break;
        if (here.without_tabs && !goes_on)
            line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
        if (line.substr(0, line.find('\n')) == here.delimiter && !goes_on) break;
        body.put(line);
        goes_on = !here.quoted && is_continued(line);
    }
    if (here.quoted)
        here.redirection->target = arena_.make<Part>(Part::Kind::Text, true);
    else
        here.redirection->target = parts_of_text(body.view());
    if (here.quoted) here.redirection->target->text = body.view();
}

Part* Lexer::parts_of_text(std::string_view text) {
    const Position outside = at_;
    go_into(text);
    Part* const parts = parts_in(Mode::Text);
    go_to(outside);
    return parts;
}

}  // namespace quire::shell
