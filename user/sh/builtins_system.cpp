// Built-in commands about what the kernel keeps for the shell: its mask and its time.
#include <array>

#include "user/mode_change.h"
#include "user/output.h"
#include "user/sh/builtins.h"
#include "user/sh/calls.h"
#include "user/sh/characters.h"
#include "user/sh/option_letters.h"

namespace quire::shell {
namespace {

/// The mask as who may do what: u=rwx,g=rx,o=rx.
void say_mask(unsigned mask) {
    constexpr std::string_view kWho = "ugo";
    constexpr std::string_view kRights = "rwx";
    for (unsigned who = 0; who < 3; ++who) {
        say("%s%c=", who == 0 ? "" : ",", kWho[who]);
        for (unsigned right = 0; right < 3; ++right)
            if ((mask >> (8 - 3 * who - right) & 1) == 0) say("%c", kRights[right]);
    }
    say("\n");
}

}  // namespace

/// Symbols say what is allowed (u=rwx,go=rx), numbers what is not.
int do_mask(Shell& shell, Arguments arguments) {
    const auto mask = static_cast<unsigned>(system_call(SYS_umask, 0));
    system_call(SYS_umask, mask);
    bool as_symbols = false;
    OptionLetters letters(arguments);
    while (const char letter = letters.next()) {
        if (letter != 'S') return misused(shell, arguments, "only -S is an option");
        as_symbols = true;
    }
    const Arguments operands = letters.operands();
    if (operands.empty()) return as_symbols ? say_mask(mask) : say("%04o\n", mask), 0;
    const bool is_number = is_digit(operands[0][0]);
    const int rights = changed_mode(operands[0], is_number ? 0 : ~mask & 0777, 0);
    if (rights < 0 || rights > 0777)
        return misused(shell, arguments, "a mask is 022, or like u=rwx,go=rx");
    system_call(SYS_umask, is_number ? rights : ~rights & 0777);
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
