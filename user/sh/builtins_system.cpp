// Built-in commands about what the kernel keeps for the shell: its folder, its mask, its time.
#include <array>

#include "libc/string.h"
#include "user/output.h"
#include "user/sh/builtins.h"
#include "user/sh/calls.h"

namespace quire::shell {
namespace {

void note_folder(Shell& shell) {
    std::array<char, abi::kPathMax> path;
    if (sys::current_directory(path.data(), path.size()) < 0) return;
    shell.set_variable("OLDPWD", shell.variables().find("PWD").value_or(""));
    shell.set_variable("PWD", path.data());
}

}  // namespace

/// `cd -` goes back, and says where that is.
int do_change_directory(Shell& shell, Arguments arguments) {
    const std::string_view argument = arguments.size() > 1 ? arguments[1] : "";
    const bool goes_back = argument == "-";
    const char* folder = arguments.size() > 1 ? arguments[1] : nullptr;
    if (folder == nullptr || goes_back) {
        const auto value = shell.variables().find(goes_back ? "OLDPWD" : "HOME");
        if (!value) return misused(shell, arguments, goes_back ? "no OLDPWD" : "no HOME");
        folder = shell.arena().copy(*value);
    }
    const long error = sys::change_directory(folder);
    if (error < 0) {
        failed(shell, arguments, folder, error);
        return 2;
    }
    note_folder(shell);
    if (goes_back) say("%s\n", folder);
    return 0;
}

int do_print_directory(Shell& shell, Arguments arguments) {
    std::array<char, abi::kPathMax> path;
    const long error = sys::current_directory(path.data(), path.size());
    if (error < 0) return failed(shell, arguments, ".", error);
    say("%s\n", path.data());
    return 0;
}

int do_mask(Shell& shell, Arguments arguments) {
    if (arguments.size() > 1) {
        char* end = nullptr;
        const unsigned long mask = strtoul(arguments[1], &end, 8);
        if (end == arguments[1] || *end != '\0' || mask > 0777)
            return misused(shell, arguments, "a mask is an octal number up to 777");
        system_call(SYS_umask, mask);
        return 0;
    }
    const long mask = system_call(SYS_umask, 0);
    system_call(SYS_umask, mask);
    say("%04lo\n", static_cast<unsigned long>(mask));
    return 0;
}

/// In user mode and in the kernel: of the shell, and below of its children.
int do_times(Shell&, Arguments) {
    constexpr long kTicks = 100;  // a second, for times(2) of i386
    std::array<long, 4> ticks{};
    system_call(SYS_times, ticks.data());
    for (std::size_t i = 0; i < ticks.size(); ++i) {
        const long seconds = ticks[i] / kTicks;
        say("%ldm%ld.%02ld0000s%s", seconds / 60, seconds % 60, ticks[i] % kTicks,
            i % 2 == 0 ? " " : "\n");
    }
    return 0;
}

}  // namespace quire::shell
