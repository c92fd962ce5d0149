// The monitor's own commands: what the machine is, and what it is doing.
#include "cpu/fault_fixup.h"
#include "cpu/idt.h"
#include "cpu/irq.h"
#include "cpu/pic.h"
#include "cpu/tsc.h"
#include "kernel/backtrace.h"
#include "kernel/emulator.h"
#include "kernel/files.h"
#include "kernel/monitor.h"
#include "kernel/panic.h"

namespace quire::kernel {
namespace {

// The command whose name follows `name` in the alphabet, or nullptr after the last.
const MonitorCommand* next_command(std::string_view name) {
    const MonitorCommand* next = nullptr;
    for (const MonitorCommand& command : monitor_commands()) {
        if (name < command.name &&
            (next == nullptr || std::string_view(command.name) < next->name)) {
            next = &command;
        }
    }
    return next;
}

void help(System& system, Arguments) {
    for (const MonitorCommand* command = next_command(""); command != nullptr;
         command = next_command(command->name)) {
        char usage[40];
        (void)snprintf(usage, sizeof(usage), "%s %s", command->name, command->arguments);
        system.console.print("  %-24s %s\n", usage, command->help);
    }
}
MONITOR_COMMAND(help, "", "this list", help);

void regs(System& system, Arguments) {
    print_registers(system.console, snapshot_registers());
}
MONITOR_COMMAND(regs, "", "registers at this moment", regs);

void bt(System& system, Arguments) {
    print_backtrace(system.console, reinterpret_cast<std::uint32_t>(&bt),
                    reinterpret_cast<std::uint32_t>(__builtin_frame_address(0)));
}
MONITOR_COMMAND(bt, "", "who called whom, down to the boot", bt);

void irq(System& system, Arguments) {
    for (std::uint8_t line = 0; line < cpu::kIrqLines; ++line) {
        const cpu::IrqStatistics statistics = cpu::irq_statistics(line);
        if (statistics.handled == 0 && statistics.unclaimed == 0) continue;
        system.console.print("  IRQ %-2u  vector %u  %8u handled  %u unclaimed\n", line,
                             static_cast<unsigned>(cpu::kFirstIrqVector + line), statistics.handled,
                             statistics.unclaimed);
    }
    system.console.print("  %u spurious\n", cpu::spurious_irqs());
}
MONITOR_COMMAND(irq, "", "interrupts so far, by line", irq);

void ticks(System& system, Arguments) {
    system.console.print("  %llu ticks at %u Hz, up %llu ms, unix time %llu\n",
                         static_cast<unsigned long long>(system.pit.ticks()), system.pit.hz(),
                         static_cast<unsigned long long>(system.clock.milliseconds()),
                         static_cast<unsigned long long>(system.clock.unix_time()));
    system.console.print("  TSC %llu, running at %u kHz (0: not measured yet)\n",
                         static_cast<unsigned long long>(cpu::read_tsc()), system.clock.tsc_khz());
    system.console.print(
        "  TSC at stage 2 %llu, at the first prompt %llu, of which %llu in the "
        "BIOS\n",
        static_cast<unsigned long long>(system.boot.tsc_stage2),
        static_cast<unsigned long long>(system.prompt_tsc),
        static_cast<unsigned long long>(system.boot.tsc_disk));
}
MONITOR_COMMAND(ticks, "", "time since boot, and what the boot cost", ticks);

void cpuid(System& system, Arguments) {
    const cpu::Features& features = system.features;
    system.console.print("  %s %s\n  family %u, model %u, stepping %u\n ", features.vendor,
                         features.brand, features.family, features.model, features.stepping);
    for (std::uint32_t i = 0; i < cpu::kFeatureNames; ++i) {
        const cpu::FeatureName& name = cpu::feature_name(i);
        const std::uint32_t bits = name.in_ecx ? features.ecx : features.edx;
        if ((bits & 1U << name.bit) != 0) system.console.print(" %s", name.name);
    }
    system.console.print("\n");
}
MONITOR_COMMAND(cpuid, "", "what this CPU is and can do", cpuid);

void dmesg(System& system, Arguments) {
    LogRing::Line line;
    std::uint32_t number = 0;
    for (;;) {
        {
            cpu::InterruptGuard guard;
            if (!system.log.read_next(number, line)) return;
        }
        const LogRing::Record& record = line.record;
        system.console.print("[%5u.%03u] %-7s %.*s: %.*s\n", record.milliseconds / 1000,
                             record.milliseconds % 1000, log_level_name(record.level),
                             static_cast<int>(record.room.size()), record.room.data(),
                             static_cast<int>(record.text.size()), record.text.data());
    }
}
MONITOR_COMMAND(dmesg, "", "the kernel log", dmesg);

// The number that stands at `index`; `missing` if there are not so many words, nothing if it is
// none.
std::optional<std::uint32_t> number_at(Arguments arguments, std::size_t index,
                                       std::optional<std::uint32_t> missing) {
    if (arguments.size() <= index) return missing;
    auto number = parse_number(arguments[index]);
    return number.ok() ? std::optional(number.take()) : std::nullopt;
}

constexpr std::uint32_t kWordsPerLine = 4;
constexpr std::uint32_t kMaxPeekWords = 1024;

void peek(System& system, Arguments arguments) {
    const auto address = arguments.size() > 1 ? parse_address(arguments[1]) : std::nullopt;
    const auto count = number_at(arguments, 2, 4);
    if (!address.has_value() || !count.has_value() || *count > kMaxPeekWords) {
        system.console.print(
            "usage: peek ADDR [WORDS up to %u]; ADDR is hexadecimal or a "
            "function's name\n",
            kMaxPeekWords);
        return;
    }
    for (std::uint32_t i = 0; i < *count; ++i) {
        const std::uint32_t at = *address + 4 * i;
        if (i % kWordsPerLine == 0) system.console.print("%s  %08X:", i == 0 ? "" : "\n", at);
        const auto word = cpu::try_read(at, 4);
        if (!word.has_value()) {
            system.console.print(" page fault\n");
            return;
        }
        system.console.print(" %08X", *word);
    }
    system.console.print("\n");
}
MONITOR_COMMAND(peek, "ADDR [WORDS]", "read memory", peek);

void poke(System& system, Arguments arguments) {
    const auto address = arguments.size() > 2 ? parse_address(arguments[1]) : std::nullopt;
    const auto value = number_at(arguments, 2, std::nullopt);
    const auto bytes = number_at(arguments, 3, 4);
    const std::uint32_t size = bytes.value_or(0);
    const bool size_is_good = size == 1 || size == 2 || size == 4;
    if (!address.has_value() || !value.has_value() || !size_is_good) {
        system.console.print("usage: poke ADDR VALUE [BYTES: 1, 2 or 4]\n");
        return;
    }
    if (!cpu::try_write(*address, *value, size)) system.console.print("  page fault\n");
}
MONITOR_COMMAND(poke, "ADDR VALUE [BYTES]", "write memory", poke);

void reboot(System& system, Arguments) {
    if (!system.files->sync()) system.console.print("  some of it could not be written\n");
    system.console.flush();
    reset_machine();
}
MONITOR_COMMAND(reboot, "", "write what is dirty, and reset the machine", reboot);

}  // namespace
}  // namespace quire::kernel
