// The kernel's objects, built once by kernel_main() and handed to whoever needs them.
//
// Monitor commands and self-tests get a System&; log() and panic(), which anyone may call at any
// time, reach it through the pointer that kernel_main() gives to attach_log().
#pragma once

#include <array>
#include <optional>

#include "boot/boot_info.h"
#include "cpu/features.h"
#include "drivers/keyboard.h"
#include "drivers/pit.h"
#include "drivers/serial.h"
#include "drivers/vga_text.h"
#include "kernel/abi/time.h"
#include "kernel/clock.h"
#include "kernel/command_line.h"
#include "kernel/console.h"
#include "kernel/cpu_hardware.h"
#include "kernel/log_ring.h"
#include "kernel/process/machine_load.h"

namespace quire::kernel {

class ConsoleInput;
class Disks;
class Files;
class Processes;
class Memory;
class MemoryTrace;
class Threads;
class VirtualMemory;

/// How far readers of the log are, in record numbers: syslog(2).
struct LogReaders {
    std::uint32_t cleared = 0;             // what is older is not shown any more
    std::uint32_t read = 0;                // the next one for who takes lines out
    std::uint32_t taken_of_line = 0;       // characters of that one which have been taken
    std::optional<LogLevel> level_before;  // of the console, while it is silenced
};

/// Names the machine is known by: uname(2), sethostname(2), setdomainname(2).
struct HostNames {
    std::array<char, 65> node = {"quire"};
    std::array<char, 65> domain = {"(none)"};
};

struct System {
    System(const boot::BootInfo& from_loader, std::uint16_t* screen_cells);

    static constexpr std::size_t kLogBytes = 16384;
    static constexpr std::size_t kCommandLineBytes = 512;

    boot::BootInfo boot;
    CpuHardware hardware;
    drivers::Pit pit;
    drivers::SerialPort com1;
    drivers::VgaText screen;
    drivers::Keyboard keyboard;
    Console console;
    Clock clock;
    abi::TimeZone time_zone{};  // settimeofday(2); nothing here looks at it
    MachineLoad load;
    cpu::Features features;
    std::byte log_storage[kLogBytes];
    LogRing log;
    LogReaders log_readers;
    HostNames names;
    LogLevel console_level = LogLevel::Info;  // what log() also prints
    char command_line_text[kCommandLineBytes] = {};
    CommandLine command_line;
    Memory* memory = nullptr;  // once it is set up
    Disks* disks = nullptr;    // once they have been looked for
    VirtualMemory* virtual_memory = nullptr;
    Files* files = nullptr;  // once something is mounted
    ConsoleInput* input = nullptr;
    Threads* threads = nullptr;  // once the boot is one
    Processes* processes = nullptr;
    MemoryTrace* trace = nullptr;
    bool under_test = false;       // a panic ends the emulator
    std::uint64_t prompt_tsc = 0;  // at the first prompt
};

/// From here on log() keeps its lines in `system` and panic() prints on its console.
void attach_log(System& system);

}  // namespace quire::kernel
