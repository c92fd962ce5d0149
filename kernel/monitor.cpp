#include "kernel/monitor.h"

#include "cpu/tsc.h"
#include "kernel/backtrace.h"
#include "kernel/console_input.h"
#include "kernel/line_editor.h"
#include "kernel/processes.h"

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

// Commands look at memory and files: nobody else changes them meanwhile.
void run_monitor(System& system) {
    static LineEditor editor({&system.console, write_to_console, complete_command});
    while (system.input->monitor_has_it()) {
        editor.begin(kPrompt);
        if (system.prompt_tsc == 0) system.prompt_tsc = cpu::read_tsc();
        LineEvent event = LineEvent::None;
        while (event == LineEvent::None)
            event = editor.feed(system.input->read_for_monitor());
        if (event != LineEvent::Line) continue;
        const KernelLockGuard guard(system.processes->lock());
        run_command(system, editor.line());
    }
}

namespace {

void leave_monitor(System& system, Arguments) {
    if (system.input->has_receiver()) {
        system.input->leave_monitor();
    } else {
        system.console.print("There are no programs to go back to.\n");
    }
}
MONITOR_COMMAND(exit, "", "back to the programs; Ctrl-] comes here again", leave_monitor);

}  // namespace
}  // namespace quire::kernel
