#include "user/sh/field_builder.h"

#include "user/sh/characters.h"

namespace quire::shell {
namespace {

constexpr bool is_wildcard(char c) {
    return c == '*' || c == '?' || c == '[';
}

/// What could mean something in a pattern.
constexpr bool needs_backslash(char c) {
    return std::string_view("*?[]!-\\").find(c) != std::string_view::npos;
}

}  // namespace

void FieldBuilder::put(char c, bool quoted) {
    has_wildcard_ |= !quoted && is_wildcard(c);
    if (quoted ? needs_backslash(c) : c == '\\' && !keeps_backslashes_) text_.put('\\');
    text_.put(c);
    mark();
}

void FieldBuilder::put_value(std::string_view value, bool quoted) {
    for (const char c : value)
        if (!quoted && cuts_ && separators_.find(c) != std::string_view::npos)
            separate(c);
        else
            put(c, quoted);
}

void FieldBuilder::separate(char c) {
    if (c == ' ' || c == '\t' || c == '\n') {
        const bool ended = is_field_;
        end_field();
        after_blank_ |= ended;
        return;
    }
    if (after_blank_) {
        after_blank_ = false;
        return;
    }
    is_field_ = true;
    end_field();
}

void FieldBuilder::end_field() {
    if (!is_field_) return;
    const std::string_view pattern = text_.take();
    Field* found =
        names_ != nullptr && has_wildcard_ ? files_like(pattern, arena_, *names_) : nullptr;
    if (found == nullptr) found = arena_.make<Field>(without_backslashes(pattern, arena_));
    while (found != nullptr) {
        Field* const next = found->next;
        end_.append(found);
        found = next;
    }
    is_field_ = has_wildcard_ = after_blank_ = false;
}

}  // namespace quire::shell
