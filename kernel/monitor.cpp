#include "kernel/monitor.h"

#include "cpu/tsc.h"
#include "kernel/backtrace.h"
#include "kernel/files.h"
#include "kernel/line_editor.h"
#include "kernel/memory.h"
#include "kernel/virtual_memory.h"

extern "C" const quire::kernel::MonitorCommand monitor_commands_start[];
extern "C" const quire::kernel::MonitorCommand monitor_commands_end[];

namespace quire::kernel {
namespace {

constexpr std::size_t kMaxWords = 16;
constexpr const char* kPrompt = "quire> ";

// Splits at spaces; words beyond the last place are dropped.
std::size_t split(std::string_view line, std::span<std::string_view> words) {
    std::size_t count = 0;
    while (count < words.size()) {
        const std::size_t start = line.find_first_not_of(" \t");
        if (start == std::string_view::npos) break;
        line.remove_prefix(start);
        const std::size_t length = line.find_first_of(" \t");
        words[count++] = line.substr(0, length);
        if (length == std::string_view::npos) break;
        line.remove_prefix(length);
    }
    return count;
}

void write_to_console(void* console, std::string_view text) {
    static_cast<Console*>(console)->write(text.data(), text.size());
}

// While nobody types: frames are cleared for those who will ask for zeroed ones, frames are made
// free where they are few, and what is dirty goes to the disks.
bool work_while_idle(void* context) {
    System& system = *static_cast<System*>(context);
    const std::uint64_t now = system.clock.milliseconds() / 1000;
    return system.memory->frames().zero_one_ahead() || system.virtual_memory->idle_step(now) ||
           system.files->idle_step(now);
}

// Tab: the rest of the only command that begins like this.
std::string_view complete_command(void*, std::string_view before_cursor) {
    const MonitorCommand* match = nullptr;
    for (const MonitorCommand& command : monitor_commands()) {
        if (!std::string_view(command.name).starts_with(before_cursor)) continue;
        if (match != nullptr) return {};
        match = &command;
    }
    if (match == nullptr) return {};
    std::string_view rest = match->name;
    rest.remove_prefix(before_cursor.size());
    return rest;
}

}  // namespace

std::span<const MonitorCommand> monitor_commands() {
    return {monitor_commands_start, monitor_commands_end};
}

std::optional<std::uint32_t> parse_address(std::string_view word) {
    std::string_view digits = word;
    if (digits.starts_with("0x") || digits.starts_with("0X")) digits.remove_prefix(2);
    auto number = parse_digits(digits, 16);
    if (number.ok()) return number.take();
    const SymbolTable* symbols = kernel_symbols();
    return symbols == nullptr ? std::nullopt : symbols->address_of(word);
}

void run_command(System& system, std::string_view line) {
    std::string_view words[kMaxWords];
    const std::size_t count = split(line, words);
    if (count == 0) return;
    for (const MonitorCommand& command : monitor_commands()) {
        if (words[0] != command.name) continue;
        command.run(system, {words, count});
        return;
    }
    system.console.print("There is no command \"%.*s\"; try help.\n",
                         static_cast<int>(words[0].size()), words[0].data());
}

void run_monitor(System& system) {
    static LineEditor editor({&system.console, write_to_console, complete_command});
    for (;;) {
        editor.begin(kPrompt);
        if (system.prompt_tsc == 0) system.prompt_tsc = cpu::read_tsc();
        LineEvent event = LineEvent::None;
        while (event == LineEvent::None) {
            event = editor.feed(system.console.wait_for_byte(work_while_idle, &system));
        }
        if (event == LineEvent::Line) run_command(system, editor.line());
    }
}

}  // namespace quire::kernel
