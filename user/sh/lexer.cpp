#include "user/sh/lexer.h"

namespace quire::shell {
namespace {

constexpr std::string_view kEndsWord = " \t\n;&|<>()";

bool is_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

struct Operator {
    std::string_view text;
    TokenKind kind;
};

// The longer ones first.
constexpr Operator kOperators[] = {
    {"&&", TokenKind::AndIf},     {"||", TokenKind::OrIf},      {">>", TokenKind::Append},
    {">&", TokenKind::Duplicate}, {"<&", TokenKind::Duplicate}, {"<>", TokenKind::ReadWrite},
    {"|", TokenKind::Pipe},       {"&", TokenKind::Background}, {";", TokenKind::Separator},
    {"\n", TokenKind::Separator}, {"(", TokenKind::Open},       {")", TokenKind::Close},
    {"<", TokenKind::Read},       {">", TokenKind::Write},
};

}  // namespace

std::size_t skip_quoted(std::string_view text, std::size_t start) {
    const char quote = text[start];
    if (quote == '\\') return start + 1 < text.size() ? start + 2 : std::string_view::npos;
    for (std::size_t at = start + 1; at < text.size(); ++at) {
        if (text[at] == quote) return at + 1;
        if (quote == '"' && text[at] == '\\') ++at;
    }
    return std::string_view::npos;
}

void Lexer::skip_blanks() {
    while (next_ < text_.size() && (text_[next_] == ' ' || text_[next_] == '\t'))
        ++next_;
    if (next_ < text_.size() && text_[next_] == '#')
        while (next_ < text_.size() && text_[next_] != '\n')
            ++next_;
}

Token Lexer::take(TokenKind kind, std::size_t bytes) {
    const Token token{kind, text_.substr(next_, bytes)};
    next_ += bytes;
    return token;
}

Token Lexer::read_operator() {
    for (const Operator& one : kOperators)
        if (text_.substr(next_).starts_with(one.text)) return take(one.kind, one.text.size());
    return {};
}

Token Lexer::read_word() {
    std::size_t end = next_;
    while (end < text_.size() && kEndsWord.find(text_[end]) == std::string_view::npos) {
        const char c = text_[end];
        end = c == '\\' || c == '\'' || c == '"' ? skip_quoted(text_, end) : end + 1;
        if (end == std::string_view::npos) return {TokenKind::Incomplete, text_.substr(next_)};
    }
    const std::string_view word = text_.substr(next_, end - next_);
    const bool before_arrow = end < text_.size() && (text_[end] == '<' || text_[end] == '>');
    return take(before_arrow && is_digits(word) ? TokenKind::Number : TokenKind::Word, word.size());
}

void Lexer::advance() {
    skip_blanks();
    start_ = next_;
    if (next_ >= text_.size())
        token_ = {};
    else if (kEndsWord.find(text_[next_]) != std::string_view::npos)
        token_ = read_operator();
    else
        token_ = read_word();
}

}  // namespace quire::shell
