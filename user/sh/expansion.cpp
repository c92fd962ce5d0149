#include "user/sh/expansion.h"

#include <algorithm>

#include "libc/format.h"
#include "user/sh/file_names.h"
#include "user/sh/lexer.h"
#include "user/sh/parser.h"

namespace quire::shell {
namespace {

constexpr bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n';
}
constexpr bool is_special(char c) {
    return c == '*' || c == '?' || c == '[' || c == '\\';
}

}  // namespace

/// A field that grows. Kept as a pattern: what was quoted has a backslash where that matters.
class Expander::Builder {
  public:
    Builder(Arena& arena, Names& names, bool splits)
        : arena_(arena), names_(names), splits_(splits) {}

    void put(char c, bool quoted) {
        if (used_ + 2 > room_.size()) grow();
        has_pattern_ |= !quoted && is_special(c) && c != '\\';
        if (is_special(c) && (quoted || c == '\\')) room_[used_++] = '\\';
        room_[used_++] = c;
        is_field_ = true;
    }
    void put_value(std::string_view value, bool quoted) {
        for (const char c : value)
            if (!quoted && splits_ && is_blank(c))
                finish();
            else
                put(c, quoted);
    }
    /// "" was there: a field even without a character.
    void mark() { is_field_ = true; }

    /// The field is complete.
    void finish() {
        if (!is_field_) return;
        const std::string_view pattern(room_.data(), used_);
        Field* found = splits_ && has_pattern_ ? files_like(pattern, arena_, names_) : nullptr;
        if (found == nullptr) found = arena_.make<Field>(without_backslashes(pattern));
        *end_ = found;
        while (*end_ != nullptr)
            end_ = &(*end_)->next;
        used_ = 0;
        is_field_ = has_pattern_ = false;
    }
    [[nodiscard]] Field* fields() const { return first_; }

  private:
    void grow() {
        const std::span<char> larger = arena_.make_array<char>(room_.size() * 2 + 64);
        std::copy_n(room_.begin(), used_, larger.begin());
        room_ = larger;
    }
    char* without_backslashes(std::string_view pattern) {
        char* const copy = arena_.copy(pattern);
        char* to = copy;
        for (const char* from = copy; *from != '\0'; ++from) {
            if (*from == '\\') ++from;
            *to++ = *from;
        }
        *to = '\0';
        return copy;
    }

    Arena& arena_;
    Names& names_;
    bool splits_;
    std::span<char> room_;
    std::size_t used_ = 0;
    bool is_field_ = false;
    bool has_pattern_ = false;
    Field* first_ = nullptr;
    Field** end_ = &first_;
};

std::string_view Expander::number(long value) {
    const std::span<char> room = arena_.make_array<char>(12);
    return {room.data(),
            static_cast<std::size_t>(snprintf(room.data(), room.size(), "%ld", value))};
}

std::string_view Expander::value_of(std::string_view name) {
    const std::span<char* const> arguments = parameters_.arguments;
    if (name == "?") return number(parameters_.status);
    if (name == "$") return number(parameters_.shell);
    if (name == "!")
        return parameters_.last_background != 0 ? number(parameters_.last_background) : "";
    if (name == "#") return number(arguments.empty() ? 0 : static_cast<long>(arguments.size()) - 1);
    if (name[0] >= '0' && name[0] <= '9') {
        const auto index = static_cast<std::size_t>(name[0] - '0');
        return index < arguments.size() ? arguments[index] : std::string_view();
    }
    return variables_.find(name).value_or(std::string_view());
}

/// `text` begins behind the dollar; returns how much of it was the name.
std::size_t Expander::expand_variable(std::string_view text, bool quoted, Builder& to) {
    if (text.starts_with('{')) {
        const std::size_t end = text.find('}');
        if (end != std::string_view::npos && end > 1) {
            to.put_value(value_of(text.substr(1, end - 1)), quoted);
            return end + 1;
        }
    }
    std::size_t length = name_length(text);
    if (length == 0 && !text.empty() &&
        std::string_view("?$!#0123456789@*").find(text[0]) != std::string_view::npos)
        length = 1;
    if (length == 0) {
        to.put('$', quoted);
    } else if (text[0] == '@' || text[0] == '*') {
        for (std::size_t i = 1; i < parameters_.arguments.size(); ++i) {
            if (i > 1 && quoted && text[0] == '*') to.put(' ', true);
            if (i > 1 && !(quoted && text[0] == '*')) to.finish();
            to.put_value(parameters_.arguments[i], quoted);
            if (quoted) to.mark();
        }
    } else {
        to.put_value(value_of(text.substr(0, length)), quoted);
    }
    return length;
}

void Expander::expand_double_quoted(std::string_view text, Builder& to) {
    if (text != "$@") to.mark();
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool escapes =
            text[at] == '\\' && at + 1 < text.size() &&
            std::string_view("$`\"\\\n").find(text[at + 1]) != std::string_view::npos;
        if (escapes)
            to.put(text[++at], true);
        else if (text[at] == '$')
            at += expand_variable(text.substr(at + 1), true, to);
        else
            to.put(text[at], true);
    }
}

void Expander::expand(std::string_view word, Builder& to) {
    std::size_t at = 0;
    if (word == "~" || word.starts_with("~/")) {
        to.put_value(value_of("HOME"), true);
        at = 1;
    }
    while (at < word.size()) {
        const char c = word[at];
        if (c == '\\' || c == '\'' || c == '"') {
            const std::size_t end = std::min(skip_quoted(word, at), word.size());
            const std::string_view inside = word.substr(at + 1, end - at - (c == '\\' ? 1 : 2));
            if (c == '"') {
                expand_double_quoted(inside, to);
            } else if (inside != "\n" ||
                       c == '\'') {  // a line that goes on has no character for it
                to.mark();
                to.put_value(inside, true);
            }
            at = end;
        } else if (c == '$') {
            at += 1 + expand_variable(word.substr(at + 1), false, to);
        } else {
            to.put(c, false);
            ++at;
        }
    }
}

Field* Expander::fields(const Word* words) {
    Builder builder(arena_, names_, true);
    for (const Word* word = words; word != nullptr; word = word->next) {
        expand(word->text, builder);
        builder.finish();
    }
    return builder.fields();
}

char* Expander::text(std::string_view word) {
    Builder builder(arena_, names_, false);
    expand(word, builder);
    builder.mark();
    builder.finish();
    return builder.fields()->text;
}

}  // namespace quire::shell
