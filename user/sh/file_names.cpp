#include "user/sh/file_names.h"

#include <algorithm>

#include "user/sh/pattern.h"
#include "user/sh/syntax.h"
#include "user/sh/text_builder.h"

namespace quire::shell {
namespace {

/// One folder's search: the entries that fit a part of the pattern.
struct Search {
    Arena& arena;
    std::string_view folder;  // with its slash
    std::string_view part;
    Field* found = nullptr;
    std::size_t count = 0;

    static void on_name(void* context, std::string_view name) {
        static_cast<Search*>(context)->consider(name);
    }
    void consider(std::string_view name) {
        if (name.starts_with('.') && !part.starts_with('.') && !part.starts_with("\\.")) return;
        if (!matches(part, name)) return;
        TextBuilder path(arena);
        path.put(folder);
        path.put(name);
        found = arena.make<Field>(path.take_string(), found);
        ++count;
    }
    std::span<Field*> in_order() {
        const std::span<Field*> fields = arena.make_array<Field*>(count);
        for (Field*& place : fields) {
            place = found;
            found = found->next;
        }
        std::sort(fields.begin(), fields.end(), [](const Field* left, const Field* right) {
            return std::string_view(left->text) < std::string_view(right->text);
        });
        return fields;
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
        if (!has_wildcards(part)) {
            take(join(folder, without_backslashes(part, arena_)), is_last, rest);
            return;
        }
        Search search{arena_, folder, part};
        names_.list(folder.empty() ? "." : arena_.copy(folder), Search::on_name, &search);
        for (Field* const field : search.in_order())
            take(field->text, is_last, rest);
    }
    [[nodiscard]] Field* found() const { return first_; }

  private:
    void take(char* path, bool is_last, std::string_view rest) {
        if (!is_last)
            enter(join(path, "/"), rest);
        else if (names_.exists(path))
            end_.append(arena_.make<Field>(path));
    }
    char* join(std::string_view folder, std::string_view part) {
        TextBuilder path(arena_);
        path.put(folder);
        path.put(part);
        return path.take_string();
    }

    Arena& arena_;
    Names& names_;
    Field* first_ = nullptr;
    ListEnd<Field> end_{first_};
};

}  // namespace

char* without_backslashes(std::string_view pattern, Arena& arena) {
    char* const copy = arena.copy(pattern);
    char* to = copy;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
        *to++ = pattern[at];
    }
    *to = '\0';
    return copy;
}

Field* files_like(std::string_view pattern, Arena& arena, Names& names) {
    Walk walk(arena, names);
    walk.enter("", pattern);
    return walk.found();
}

}  // namespace quire::shell
