#include "kernel/monitor.h"

#include "cpu/tsc.h"
#include "kernel/backtrace.h"
#include "kernel/line_editor.h"

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

std::optional<std::uint32_t> digit_value(char digit, std::uint32_t base) {
    std::uint32_t value = 0;
    if (digit >= '0' && digit <= '9') {
        value = static_cast<std::uint32_t>(digit - '0');
    } else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f') {
        value = static_cast<std::uint32_t>((digit | 0x20) - 'a' + 10);
    } else {
        return std::nullopt;
    }
    return value < base ? std::optional(value) : std::nullopt;
}

std::optional<std::uint32_t> parse_in_base(std::string_view word, std::uint32_t base) {
    if (word.empty()) return std::nullopt;
    std::uint32_t number = 0;
    for (const char digit : word) {
        const auto value = digit_value(digit, base);
        if (!value.has_value() || number > (0xFFFFFFFF - *value) / base) return std::nullopt;
        number = number * base + *value;
    }
    return number;
}

bool has_hex_prefix(std::string_view word) {
    return word.size() > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
}

void write_to_console(void* console, std::string_view text) {
    static_cast<Console*>(console)->write(text.data(), text.size());
}

// Tab: the rest of the only command that begins like this.
std::string_view complete_command(void*, std::string_view before_cursor) {
    std::string_view rest;
    for (const MonitorCommand& command : monitor_commands()) {
        const std::string_view name = command.name;
        if (!name.starts_with(before_cursor)) continue;
        if (!rest.empty()) return {};
        rest = name.substr(before_cursor.size());
    }
    return rest;
}

}  // namespace

std::span<const MonitorCommand> monitor_commands() {
    return {monitor_commands_start, monitor_commands_end};
}

std::optional<std::uint32_t> parse_number(std::string_view word) {
    if (has_hex_prefix(word)) return parse_in_base(word.substr(2), 16);
    return parse_in_base(word, 10);
}

std::optional<std::uint32_t> parse_address(std::string_view word) {
    const auto number = parse_in_base(has_hex_prefix(word) ? word.substr(2) : word, 16);
    if (number.has_value()) return number;
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
        while (event == LineEvent::None) event = editor.feed(system.console.wait_for_byte());
        if (event == LineEvent::Line) run_command(system, editor.line());
    }
}

}  // namespace quire::kernel
