#include "user/sh/file_names.h"

#include <algorithm>

namespace quire::shell {
namespace {

bool has_pattern(std::string_view part) {
    for (std::size_t at = 0; at < part.size(); ++at) {
        if (part[at] == '\\')
            ++at;
        else if (part[at] == '*' || part[at] == '?' || part[at] == '[')
            return true;
    }
    return false;
}

/// One folder's search: the entries that fit a part of the pattern, in order.
struct Search {
    Arena& arena;
    std::string_view folder;  // with its slash
    std::string_view part;
    std::string_view rest;  // of the pattern, behind the part's slash
    Field* found = nullptr;

    static void on_name(void* context, std::string_view name) {
        static_cast<Search*>(context)->consider(name);
    }
    void consider(std::string_view name) {
        if (name.starts_with('.') && !part.starts_with('.')) return;
        if (!matches(part, name)) return;
        const std::span<char> path = arena.make_array<char>(folder.size() + name.size() + 1);
        std::copy(folder.begin(), folder.end(), path.begin());
        std::copy(name.begin(), name.end(),
                  path.begin() + static_cast<std::ptrdiff_t>(folder.size()));
        path.back() = '\0';
        insert(arena.make<Field>(path.data()));
    }
    void insert(Field* field) {
        Field** place = &found;
        while (*place != nullptr && std::string_view((*place)->text) < field->text)
            place = &(*place)->next;
        field->next = *place;
        *place = field;
    }
};

class Walk {
  public:
    Walk(Arena& arena, Names& names) : arena_(arena), names_(names) {}

    /// `folder` has its slash, or is empty.
    void enter(std::string_view folder, std::string_view pattern) {
        const std::size_t slash = pattern.find('/');
        const bool is_last = slash == std::string_view::npos;
        const std::string_view part = pattern.substr(0, slash);
        const std::string_view rest = is_last ? std::string_view() : pattern.substr(slash + 1);
        if (!has_pattern(part) && !is_last) {
            enter(join(folder, part), rest);
            return;
        }
        Search search{arena_, folder, part, rest};
        names_.list(folder.empty() ? "." : arena_.copy(folder), Search::on_name, &search);
        for (Field *field = search.found, *next = nullptr; field != nullptr; field = next) {
            next = field->next;
            field->next = nullptr;
            if (is_last)
                append(field);
            else
                enter(join(field->text, ""), rest);
        }
    }
    [[nodiscard]] Field* found() const { return first_; }

  private:
    std::string_view join(std::string_view folder, std::string_view part) {
        const std::span<char> path = arena_.make_array<char>(folder.size() + part.size() + 1);
        auto end = std::copy(folder.begin(), folder.end(), path.begin());
        for (const char c : part)
            if (c != '\\') *end++ = c;
        *end++ = '/';
        return {path.data(), static_cast<std::size_t>(end - path.begin())};
    }
    void append(Field* field) {
        *end_ = field;
        end_ = &field->next;
    }

    Arena& arena_;
    Names& names_;
    Field* first_ = nullptr;
    Field** end_ = &first_;
};

/// Whether `c` is in the set that starts behind '['; `pattern` loses it. A set that is never closed
/// fits nothing.
bool take_set(std::string_view& pattern, char c) {
    const bool inverted = pattern.starts_with('!');
    if (inverted) pattern.remove_prefix(1);
    bool found = false;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (pattern[at] == ']' && at > 0) {
            pattern.remove_prefix(at + 1);
            return found != inverted;
        }
        const char low = pattern[at];
        const bool range =
            at + 2 < pattern.size() && pattern[at + 1] == '-' && pattern[at + 2] != ']';
        const char high = range ? pattern[at + 2] : low;
        found |= c >= low && c <= high;
        if (range) at += 2;
    }
    pattern = {};
    return false;
}

}  // namespace

bool matches(std::string_view pattern, std::string_view name) {
    while (!pattern.empty()) {
        const char c = pattern[0];
        pattern.remove_prefix(1);
        if (c == '*') {
            for (std::size_t skipped = 0; skipped <= name.size(); ++skipped)
                if (matches(pattern, name.substr(skipped))) return true;
            return false;
        }
        if (name.empty()) return false;
        if (c == '[') {
            if (!take_set(pattern, name[0])) return false;
        } else if (c == '\\' && !pattern.empty()) {
            if (pattern[0] != name[0]) return false;
            pattern.remove_prefix(1);
        } else if (c != '?' && c != name[0]) {
            return false;
        }
        name.remove_prefix(1);
    }
    return name.empty();
}

Field* files_like(std::string_view pattern, Arena& arena, Names& names) {
    Walk walk(arena, names);
    walk.enter("", pattern);
    return walk.found();
}

}  // namespace quire::shell
