// ls [-l] [PATH...]: what is in a folder, in order; -l: kind, permissions, links, owner, size too.
#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "kernel/abi/errno.h"
#include "kernel/abi/stat.h"
#include "libc/format.h"
#include "libc/string.h"
#include "user/arena.h"
#include "user/directory.h"
#include "user/output.h"
#include "user/system.h"

namespace {

using namespace quire;
using Stat = abi::Stat64;

struct Options {
    bool is_long = false;
};

long look_at(const char* path, Stat& stat) {
    return system_call(SYS_lstat64, path, &stat);
}

char kind_letter(std::uint32_t mode) {
    switch (mode & abi::kModeKind) {
    case abi::kModeDirectory:
        return 'd';
    case abi::kModeLink:
        return 'l';
    case abi::kModeCharacter:
        return 'c';
    case abi::kModeBlock:
        return 'b';
    case abi::kModePipe:
        return 'p';
    case abi::kModeSocket:
        return 's';
    default:
        return '-';
    }
}

std::array<char, 11> mode_text(std::uint32_t mode) {
    std::array<char, 11> text{};
    text[0] = kind_letter(mode);
    constexpr std::string_view kLetters = "rwxrwxrwx";
    for (unsigned i = 0; i < kLetters.size(); ++i)
        text[i + 1] = (mode >> (8 - i) & 1) != 0 ? kLetters[i] : '-';
    if ((mode & abi::kModeSticky) != 0) text[9] = text[9] == 'x' ? 't' : 'T';
    return text;
}

void show_long(Output& output, const char* path, const char* name, const Stat& stat) {
    output.print("%s %3u %4u %4u %10llu %s", mode_text(stat.mode).data(), +stat.links, +stat.user,
                 +stat.group, static_cast<unsigned long long>(stat.bytes), name);
    if ((stat.mode & abi::kModeKind) == abi::kModeLink) {
        std::array<char, 1024> target;
        const long length = system_call(SYS_readlink, path, target.data(), target.size() - 1);
        target[length > 0 ? static_cast<unsigned>(length) : 0] = '\0';
        output.print(" -> %s", target.data());
    }
    output.print("\n");
}

int show(Output& output, Arena& arena, const char* folder, const char* name,
         const Options& options) {
    if (!options.is_long) {
        output.print("%s\n", name);
        return 0;
    }
    const std::size_t room = strlen(folder) + strlen(name) + 2;
    char* const path = static_cast<char*>(arena.take(room));
    snprintf(path, room, "%s%s%s", folder, *folder != '\0' ? "/" : "", name);
    Stat stat;
    const long error = look_at(path, stat);
    if (error < 0) {
        output.flush();
        complain("ls: %s: %s\n", path, error_text(error));
        return 1;
    }
    show_long(output, path, name, stat);
    return 0;
}

struct Name {
    const char* text;
    Name* next;
};

/// All names of the folder, sorted; `error` is set when they cannot be read.
std::span<const char*> names_of(Arena& arena, const char* folder, long& error) {
    Directory directory(folder);
    Name* first = nullptr;
    std::size_t count = 0;
    while (const char* const name = directory.next()) {
        first = arena.make<Name>(arena.copy(name), first);
        ++count;
    }
    error = directory.error();
    const std::span<const char*> names = arena.make_array<const char*>(count);
    for (Name* name = first; name != nullptr; name = name->next)
        names[--count] = name->text;
    std::sort(names.begin(), names.end(),
              [](const char* left, const char* right) { return strcmp(left, right) < 0; });
    return names;
}

int list(const char* path, bool with_title, const Options& options) {
    Arena arena;
    Output output(sys::kOutput);
    long error = 0;
    const std::span<const char*> names = names_of(arena, path, error);
    if (error == -abi::kEnotdir) return show(output, arena, "", path, options);
    if (error < 0) {
        complain("ls: %s: %s\n", path, error_text(error));
        return 1;
    }
    int result = 0;
    if (with_title) output.print("%s:\n", path);
    for (const char* name : names)
        result |= show(output, arena, path, name, options);
    return output.flush() ? result : 1;
}

}  // namespace

int main(int argc, char** argv, char**) {
    Options options;
    int first = 1;
    if (argc > 1 && strcmp(argv[1], "-l") == 0) {
        options.is_long = true;
        first = 2;
    }
    if (first == argc) return list(".", false, options);
    int result = 0;
    for (int i = first; i < argc; ++i)
        result |= list(argv[i], argc - first > 1, options);
    return result;
}
