// The monitor: the prompt `quire> ` on serial line and keyboard, while there are no processes, and
// after Ctrl-], when there are.
//
// Commands are a table in the section .monitor_commands; any file of kernel/ adds its own:
//
//     void run_ticks(System& system, Arguments arguments) { ... }
//     MONITOR_COMMAND(ticks, "", "time since boot", run_ticks);
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/system.h"

namespace quire::kernel {

/// The words of a command line, the command's own name first.
using Arguments = std::span<const std::string_view>;

struct MonitorCommand {
    const char* name;
    const char* arguments;  // "ADDR [COUNT]"
    const char* help;
    void (*run)(System& system, Arguments arguments);
};
static_assert(sizeof(MonitorCommand) == 16, "the linker lays these out as an array");

#define MONITOR_COMMAND(name, arguments, help, function)                                     \
    [[gnu::section(".monitor_commands"),                                                     \
      gnu::used]] constinit const ::quire::kernel::MonitorCommand monitor_command_##name = { \
        #name, arguments, help, function}

/// All commands, in the order the linker found them.
std::span<const MonitorCommand> monitor_commands();

/// Reads and runs commands as long as the monitor has the input (kernel/console_input.h).
void run_monitor(System& system);

/// Runs one line. Says so if there is no such command.
void run_command(System& system, std::string_view line);

/// An address as a person gives it: hexadecimal with or without 0x, or the name of a function.
std::optional<std::uint32_t> parse_address(std::string_view word);

}  // namespace quire::kernel
