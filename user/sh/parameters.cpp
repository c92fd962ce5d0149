// The part of the shell that expansions and the parser ask: what names stand for.
#include <algorithm>

#include "user/sh/number.h"
#include "user/sh/parser.h"
#include "user/sh/read_file.h"
#include "user/sh/shell.h"

namespace quire::shell {

std::string_view Shell::expand_prompt(std::string_view text) {
    Parser parser(text, arena_);
    const Part* const parts = parser.parse_text(text);
    if (!parser.error().empty()) return text;
    const int status = status_;
    const std::string_view result = expander().text(parts);
    if (is_stopping()) take_up_flow();
    status_ = status;
    return result;
}

/// Who sets LINENO makes it a variable like any other.
std::optional<std::string_view> Shell::value(std::string_view name) {
    const auto value = variables_.find(name);
    if (!value && name == "LINENO") return to_text(static_cast<long long>(line_), arena_);
    return value;
}

std::optional<std::string_view> Shell::alias(std::string_view name) const {
    return aliases_.find(name);
}

bool Shell::assign(std::string_view name, std::string_view value) {
    return set_variable(name, value);
}

bool Shell::set_variable(std::string_view name, std::string_view value) {
    if (!variables_.set(name, value)) {
        fail(name, "is read only");
        return false;
    }
    if (options_.is_on('a')) variables_.set_exported(name);
    return true;
}

std::optional<std::string_view> Shell::special(char name) {
    switch (name) {
    case '?':
        return to_text(status_, arena_);
    case '#':
        return to_text(static_cast<long long>(arguments_.size()), arena_);
    case '$':
        return to_text(process_, arena_);
    case '!':
        if (last_background_ == 0) return std::nullopt;
        return to_text(last_background_, arena_);
    case '0':
        return name_;
    case '-': {
        TextBuilder letters(arena_);
        for (const Options::Row& row : Options::kAll)
            if (options_.is_on(row.letter)) letters.put(row.letter);
        if (interactive_) letters.put("im");
        return letters.take();
    }
    default:
        return std::nullopt;
    }
}

/// A line is name:password:user:group:comment:home:shell.
std::optional<std::string_view> Shell::home_of(std::string_view user) {
    constexpr int kHome = 5;
    TextBuilder text(arena_);
    if (read_file("/etc/passwd", text) < 0) return std::nullopt;
    for (std::string_view rest = text.view(); !rest.empty();) {
        std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        if (line.substr(0, line.find(':')) != user) continue;
        for (int field = 0; field < kHome; ++field)
            line.remove_prefix(line.find(':') + 1);  // without one: nothing
        return line.substr(0, line.find(':'));
    }
    return std::nullopt;
}

}  // namespace quire::shell
