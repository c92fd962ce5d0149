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

/// The character so many after the next one; -1: there is none.
int Lexer::peek(std::size_t ahead) {
    while (next_ + ahead >= text_.size())
        if (source_ == nullptr || !source_->more(text_)) return -1;
    return static_cast<unsigned char>(text_[next_ + ahead]);
}

bool Lexer::accept(std::string_view characters) {
    for (std::size_t i = 0; i < characters.size(); ++i)
        if (peek(i) != static_cast<unsigned char>(characters[i])) return false;
    next_ += characters.size();
    return true;
}

void Lexer::fail(std::string_view message) {
    if (!has_failed()) error_ = message;
    token_ = {TokenKind::Error, {}, nullptr};
}

std::string_view Lexer::text_from(std::size_t start) const {
    const std::string_view text = text_.substr(start, start_ - start);
    return text.substr(0, text.find_last_not_of(" \t\n") + 1);
}

Lexer::Position Lexer::position() const {
    return {text_, source_, start_, next_, token_, expected_};
}

/// Unlike a place to go on at, an error stays.
void Lexer::go_to(const Position& position) {
    text_ = position.text;
    source_ = position.source;
    start_ = position.start;
    next_ = position.next;
    token_ = has_failed() ? token_ : position.token;
    expected_ = position.expected;
}

void Lexer::skip_blanks() {
    while (peek() == ' ' || peek() == '\t' || accept("\\\n"))
        if (peek() == ' ' || peek() == '\t') ++next_;
    if (peek() == '#')
        while (peek() >= 0 && peek() != '\n')
            ++next_;
}

void Lexer::advance() {
    if (has_failed()) return;
    skip_blanks();
    start_ = next_;
    const int c = peek();
    if (c < 0) {
        token_ = {};
        read_here_documents();
    } else if (c == '\n') {
        ++next_;
        token_ = {TokenKind::NewLine, "newline", nullptr};
        read_here_documents();
    } else {
        const Token token =
            std::string_view("&|;<>()").find(static_cast<char>(c)) != std::string_view::npos
                ? read_operator()
                : read_word();
        if (!has_failed()) token_ = token;
    }
}

Token Lexer::read_operator() {
    for (const Operator& one : kOperators)
        if (accept(one.text)) return {one.kind, one.text, nullptr};
    return {};
}

Token Lexer::read_word() {
    Token token{TokenKind::Word, {}, nullptr};
    token.parts = parts_in(Mode::Word);
    token.text = text_.substr(start_, next_ - start_);
    if ((peek() == '<' || peek() == '>') && token.text.size() == 1 && is_digit(token.text[0]))
        token.kind = TokenKind::Number;
    return token;
}

void Lexer::expect_here_document(Redirection& redirection, std::string_view delimiter, bool quoted,
                                 bool without_tabs) {
    HereDocument** end = &expected_;
    while (*end != nullptr)
        end = &(*end)->next;
    *end = arena_.make<HereDocument>(&redirection, delimiter, quoted, without_tabs);
}

void Lexer::read_here_documents() {
    while (expected_ != nullptr && !has_failed()) {
        const HereDocument here = *expected_;
        expected_ = here.next;
        read_here_document(here);
    }
}

/// A line with its end; empty: there is none.
std::string_view Lexer::read_line() {
    const std::size_t start = next_;
    while (peek() >= 0)
        if (text_[next_++] == '\n') break;
    return text_.substr(start, next_ - start);
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
    const Position outside = position();
    go_to({text, nullptr});
    Part* const parts = parts_in(Mode::Text);
    go_to(outside);
    return parts;
}

}  // namespace quire::shell
