// Built-in commands about the folder we are in: cd and pwd.
//
//     /tmp/link -> /data/deep        cd /tmp/link; cd ..    leads to /tmp, and with -P to /data
//
// $PWD is the way that was gone, with its symbolic links; `..` takes the last step of it back.
// POSIX cd(1) calls that logical.
#include <array>

#include "libc/string.h"
#include "user/output.h"
#include "user/sh/builtins.h"
#include "user/sh/calls.h"
#include "user/sh/option_letters.h"

namespace quire::shell {

bool is_current_folder(const char* path) {
    abi::Stat64 named{};
    abi::Stat64 current{};
    return *path == '/' && sys::file_status(path, named) >= 0 &&
           sys::file_status(".", current) >= 0 && named.device == current.device &&
           named.number == current.number;
}

namespace {

bool is_folder(const char* path) {
    abi::Stat64 status{};
    return sys::file_status(path, status) >= 0 &&
           (status.mode & abi::kModeKind) == abi::kModeDirectory;
}

/// -L or -P, of which the last counts. False: another option.
bool take_options(OptionLetters& letters, bool& physical) {
    while (const char letter = letters.next()) {
        if (letter != 'L' && letter != 'P') return false;
        physical = letter == 'P';
    }
    return true;
}

/// The way to `path` from `from`, without . and .. and empty steps.
char* logical_path(Arena& arena, std::string_view from, std::string_view path) {
    TextBuilder way(arena);
    const auto go = [&](std::string_view steps) {
        while (!steps.empty()) {
            const std::size_t slash = steps.find('/');
            const std::string_view step = steps.substr(0, slash);
            steps.remove_prefix(slash == std::string_view::npos ? steps.size() : slash + 1);
            if (step == "..") {
                const std::size_t last = way.view().rfind('/');
                way.cut(last == std::string_view::npos ? 0 : last);
            } else if (!step.empty() && step != ".") {
                way.put('/');
                way.put(step);
            }
        }
    };
    if (!path.starts_with('/')) go(from);
    go(path);
    if (way.size() == 0) way.put('/');
    return way.take_string();
}

/// A folder of that name in one of $CDPATH's, "" in which is here; nullptr: there is none.
const char* find_in_path(Shell& shell, std::string_view name) {
    const std::string_view first = name.substr(0, name.find('/'));
    std::string_view folders = shell.variables().find("CDPATH").value_or("");
    if (first.empty() || first == "." || first == "..") return nullptr;
    while (!folders.empty()) {
        const std::size_t colon = folders.find(':');
        const std::string_view folder = folders.substr(0, colon);
        folders.remove_prefix(colon == std::string_view::npos ? folders.size() : colon + 1);
        if (folder.empty() && is_folder(shell.arena().copy(name))) return nullptr;
        if (folder.empty()) continue;
        TextBuilder candidate(shell.arena());
        candidate.put(folder);
        candidate.put('/');
        candidate.put(name);
        const char* const path = candidate.take_string();
        if (is_folder(path)) return path;
    }
    return nullptr;
}

/// `logical`: how we came here; nullptr: what the kernel says.
void note_folder(Shell& shell, const char* logical) {
    std::array<char, abi::kPathMax> path;
    if (logical == nullptr && sys::current_directory(path.data(), path.size()) < 0) return;
    Variables& variables = shell.variables();
    shell.set_variable("OLDPWD", variables.find("PWD").value_or(""));
    shell.set_variable("PWD", logical != nullptr ? logical : path.data());
    variables.set_exported("OLDPWD");
    variables.set_exported("PWD");
}

}  // namespace

/// `cd -` goes back. It, and who finds the folder through $CDPATH, says where that is.
int do_change_directory(Shell& shell, Arguments arguments) {
    bool physical = false;
    OptionLetters letters(arguments);
    if (!take_options(letters, physical))
        return misused(shell, arguments, "only -L and -P are options");
    const char* folder = letters.operands().empty() ? nullptr : letters.operands()[0];
    const bool goes_back = folder != nullptr && strcmp(folder, "-") == 0;
    if (folder == nullptr || goes_back) {
        const auto value = shell.variables().find(goes_back ? "OLDPWD" : "HOME");
        if (!value) return misused(shell, arguments, goes_back ? "no OLDPWD" : "no HOME");
        folder = shell.arena().copy(*value);
    }
    const char* const found = find_in_path(shell, folder);
    if (found != nullptr) folder = found;
    const auto here = shell.variables().find("PWD");
    const bool knows_way = here && here->starts_with('/');
    const char* const logical =
        physical || !knows_way ? nullptr : logical_path(shell.arena(), *here, folder);
    const long error = sys::change_directory(logical != nullptr ? logical : folder);
    if (error < 0) {
        failed(shell, arguments, folder, error);
        return 2;
    }
    note_folder(shell, logical);
    if (goes_back || found != nullptr)
        say("%s\n", shell.arena().copy(shell.variables().find("PWD").value_or("")));
    return 0;
}

int do_print_directory(Shell& shell, Arguments arguments) {
    bool physical = false;
    OptionLetters letters(arguments);
    if (!take_options(letters, physical))
        return misused(shell, arguments, "only -L and -P are options");
    const char* const logical = shell.arena().copy(shell.variables().find("PWD").value_or(""));
    std::array<char, abi::kPathMax> path;
    const long error = sys::current_directory(path.data(), path.size());
    const bool is_logical =
        !physical && *logical == '/' && (error < 0 || is_current_folder(logical));
    if (error < 0 && !is_logical) return failed(shell, arguments, ".", error);
    say("%s\n", is_logical ? logical : path.data());
    return 0;
}

}  // namespace quire::shell
