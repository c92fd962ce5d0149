// kernel_main(): builds the kernel's objects, brings the machine up step by step, and hands over to
// the self-tests or the monitor. The only place where real objects are wired together.
#include "cpu/control.h"
#include "cpu/descriptor_tables.h"
#include "cpu/idt.h"
#include "cpu/irq.h"
#include "cpu/pic.h"
#include "drivers/fw_cfg.h"
#include "drivers/rtc.h"
#include "kernel/base/log.h"
#include "kernel/console_input.h"
#include "kernel/daemons.h"
#include "kernel/disks.h"
#include "kernel/emulator.h"
#include "kernel/files.h"
#include "kernel/init.h"
#include "kernel/kernel_heap.h"
#include "kernel/memory.h"
#include "kernel/memory_report.h"
#include "kernel/memory_trace.h"
#include "kernel/monitor.h"
#include "kernel/panic.h"
#include "kernel/proc_files.h"
#include "kernel/processes.h"
#include "kernel/selftest.h"
#include "kernel/shared_memory_calls.h"
#include "kernel/signals.h"
#include "kernel/system.h"
#include "kernel/system_calls.h"
#include "kernel/threads.h"
#include "kernel/user_faults.h"
#include "kernel/virtual_memory.h"
#include "libc/string.h"
#include "mm/machine.h"
#include "mm/physical_window.h"

#include <new>

extern "C" std::uint32_t boot_page_directory[];
extern "C" [[noreturn]] void kernel_main(const quire::boot::BootInfo* from_loader);

namespace quire::kernel {

System::System(const boot::BootInfo& from_loader, std::uint16_t* screen_cells)
    : boot(from_loader),
      pit(hardware),
      com1(hardware, pit, drivers::SerialPort::kCom1),
      screen(hardware, screen_cells),
      keyboard(hardware, pit),
      console(com1, screen, keyboard),
      clock(pit),
      features(cpu::read_features()),
      log(log_storage),
      command_line(std::string_view()) {}

namespace {

constexpr std::uint32_t kTickHz = 100;
constexpr std::uint32_t kLeastTickHz = 19, kMostTickHz = 10'000;  // what the PIT can do
constexpr const char* kCommandLineItem = "opt/quire/cmdline";

// From the emulator where it has one for us, else from the image.
void find_command_line(System& system) {
    drivers::FirmwareConfig firmware(system.hardware);
    char* text = system.command_line_text;
    const auto size = firmware.read_file(kCommandLineItem, text, System::kCommandLineBytes - 1);
    const bool from_firmware = size.ok();
    if (!from_firmware) strlcpy(text, system.boot.command_line, System::kCommandLineBytes);
    system.command_line = CommandLine(text);
    system.under_test = system.command_line.has("test") || system.command_line.has("selftest");
    if (*text == '\0') return;
    quire::log(LogLevel::Info, "boot", "command line from %s: %s",
               from_firmware ? "fw_cfg" : "the image", text);
}

// The first linear 4 MiB were there for the jump to the high half. Null pointers fault from now on.
void drop_identity_map() {
    boot_page_directory[0] = 0;
    mm::machine::flush_all();
}

// Memory has to stay where it is and is never destroyed: it lives in storage of its own.
void start_memory(System& system) {
    alignas(Memory) static std::byte storage[sizeof(Memory)];
    system.memory = new (storage) Memory(system.boot, system.features,
                                         {.debug_slabs = system.command_line.has("slabdebug"),
                                          .poison_frames = system.command_line.has("poison")});
    start_kernel_heap(system.memory->dynamic_area(),
                      system.command_line.has("heapdebug") ? HeapMode::Debug : HeapMode::Plain);
    const mm::FrameStatistics statistics = system.memory->frames().statistics();
    quire::log(LogLevel::Info, "mm", "%u KiB in %u frames, %u KiB free; window up to %08X",
               statistics.managed.raw() * 4, statistics.managed.raw(), statistics.free.raw() * 4,
               mm::start_of(system.memory->window_end()).raw());
}

// Both inputs leave a note: somebody may wait for what was typed.
void note_input(System& system) {
    if (system.threads != nullptr) system.threads->note(Note::Input);
}

void on_serial_line(void* context) {
    System& system = *static_cast<System*>(context);
    system.com1.on_interrupt();
    note_input(system);
}

void on_keyboard(void* context) {
    System& system = *static_cast<System*>(context);
    drivers::Keyboard::interrupt(&system.keyboard);
    note_input(system);
}

// `hz=N`: ticks a second. More of them switch programs more often, which shakes out what depends on
// who comes first.
std::uint32_t tick_rate(const CommandLine& words) {
    if (!words.has("hz")) return kTickHz;
    auto wanted = words.number("hz");
    if (wanted.ok() && wanted.value() >= kLeastTickHz && wanted.value() <= kMostTickHz)
        return wanted.value();
    quire::log(LogLevel::Warning, "boot", "hz= is a number from %u to %u: it stays %u",
               kLeastTickHz, kMostTickHz, kTickHz);
    return kTickHz;
}

void start_devices(System& system) {
    system.pit.start(tick_rate(system.command_line));
    cpu::irq_register(drivers::Pit::kIrq, drivers::Pit::interrupt, &system.pit);
    if (system.com1.present()) {
        cpu::irq_register(drivers::SerialPort::kCom1Irq, on_serial_line, &system);
        system.com1.enable_interrupts();
    }
    if (system.keyboard.init().ok()) {
        cpu::irq_register(drivers::Keyboard::kIrq, on_keyboard, &system);
        system.keyboard.enable_interrupts();
    }
    drivers::Rtc rtc(system.hardware, system.pit);
    auto now = rtc.read_unix_time();
    if (!now.ok()) quire::log(LogLevel::Warning, "rtc", "no clock: %s", error_name(now.error()));
    system.clock.start(now.ok() ? now.take() : 0);
    cpu::enable_interrupts();
}

// The tick runs: time-outs of drives that do not answer end.
void start_disks(System& system) {
    alignas(Disks) static std::byte storage[sizeof(Disks)];
    const CommandLine& words = system.command_line;
    auto ram_disk = words.number("ramdisk");
    system.disks =
        new (storage) Disks(system.hardware, system.pit, system.memory->frames(),
                            {.use_dma = !words.has("nodma"),
                             .read_only = words.find("disks") == std::string_view("readonly"),
                             .ram_disk_bytes = ram_disk.ok() ? ram_disk.take() : 0});
    system.disks->find();
}

void choose_policy(VirtualMemory& memory, std::string_view name) {
    const auto kind = memory.policies().find(name);
    if (kind.has_value()) return memory.change_policy(*kind);
    quire::log(LogLevel::Warning, "mm", "there is no policy \"%.*s\"",
               static_cast<int>(name.size()), name.data());
}

void start_files(System& system) {
    alignas(VirtualMemory) static std::byte memory_storage[sizeof(VirtualMemory)];
    alignas(Files) static std::byte storage[sizeof(Files)];
    const CommandLine& words = system.command_line;
    system.virtual_memory = new (memory_storage) VirtualMemory(*system.memory, mm::kDefaultPolicy);
    if (const auto policy = words.find("policy")) choose_policy(*system.virtual_memory, *policy);
    system.files = new (storage) Files(system, *system.virtual_memory, *system.disks);
    system.files->start({.root = words.find("root").value_or(std::string_view()),
                         .read_only = words.has("ro"),
                         .swap = !words.has("noswap")});
}

MachineLoad::Kind kind_of_tick(Threads& threads, bool in_program) {
    if (threads.is_idle()) return MachineLoad::Kind::Idle;
    if (!in_program) return MachineLoad::Kind::System;
    const Process* process = threads.current().process;
    return process != nullptr && process->nice > 0 ? MachineLoad::Kind::Nice
                                                   : MachineLoad::Kind::User;
}

// Whose time a tick is, and that one has gone by.
void on_tick(void* context) {
    System& system = *static_cast<System*>(context);
    Threads& threads = *system.threads;
    system.load.tick(kind_of_tick(threads, cpu::interrupt_came_from_user()));
    if (!threads.is_idle()) {
        const std::uint32_t tick_length = system.clock.tick_length();
        Usage& usage = threads.current().usage;
        (cpu::interrupt_came_from_user() ? usage.user_time : usage.system_time) += tick_length;
    }
    threads.scheduler().tick();
    threads.note(Note::Tick);
    if (system.trace != nullptr) system.trace->on_tick();
}

// What runs now becomes a thread beside others.
void start_threads(System& system) {
    alignas(Threads) static std::byte threads_storage[sizeof(Threads)];
    alignas(ConsoleInput) static std::byte input_storage[sizeof(ConsoleInput)];
    alignas(Processes) static std::byte storage[sizeof(Processes)];
    system.threads =
        new (threads_storage) Threads(*system.memory, *system.virtual_memory, system.features);
    system.input = new (input_storage) ConsoleInput(system.console, *system.threads);
    system.clock.set_tick_hook(on_tick, &system);
    system.disks->waiter().use(*system.threads);
    system.processes =
        new (storage) Processes(system, *system.virtual_memory, *system.files, *system.threads);
    start_system_calls(*system.processes);
    start_user_faults(*system.processes);
    start_exception_signals(*system.processes);
    start_proc_files(*system.processes);
    start_shared_memory(*system.processes);
}

// `failevery=N`: from here on every N-th allocation fails. What the boot itself needs it gets.
void start_failures(System& system) {
    auto every = system.command_line.number("failevery");
    if (every.ok()) system.memory->frames().injector().fail_every(every.take());
}

void report_boot(const System& system) {
    static constexpr const char* kA20Methods[] = {"was open", "opened by the BIOS",
                                                  "opened by the keyboard controller",
                                                  "opened by port 92h"};
    static constexpr const char* kMapSources[] = {"E820", "E801", "88h"};
    const boot::BootInfo& boot = system.boot;
    quire::log(LogLevel::Info, "boot", "A20 %s; memory map by %s; disk %02Xh read by %s",
               kA20Methods[static_cast<int>(boot.a20_method)],
               kMapSources[static_cast<int>(boot.memory_map_source)], boot.boot_drive,
               boot.disk_method == boot::DiskMethod::Lba ? "LBA" : "CHS");
    quire::log(LogLevel::Info, "boot", "%u KiB of RAM usable",
               static_cast<unsigned>(usable_bytes(boot) / 1024));
    quire::log(LogLevel::Info, "boot", "kernel %u bytes on disk, in RAM at %08X-%08X",
               boot.kernel_file_bytes, boot.kernel_start, boot.kernel_end);
    quire::log(LogLevel::Info, "cpu", "%s, family %u model %u%s%s%s", system.features.vendor,
               system.features.family, system.features.model,
               system.features.page_size_extensions() ? ", PSE" : ", no PSE",
               system.features.page_global_enable() ? ", PGE" : ", no PGE",
               system.features.sse() ? ", SSE" : "");
}

}  // namespace
}  // namespace quire::kernel

using namespace quire;

void kernel_main(const boot::BootInfo* from_loader) {
    cpu::load_descriptor_tables();
    cpu::load_idt(kernel::handle_unexpected_trap);
    cpu::initialise_pic();
    auto* cells = reinterpret_cast<std::uint16_t*>(
        mm::frame_bytes(mm::frame_of(mm::PhysAddr(drivers::VgaText::kPhysicalAddress))));
    static kernel::System system(*from_loader, cells);
    kernel::attach_log(system);
    kernel::drop_identity_map();
    cpu::enable_features(system.features);

    system.screen.init();
    const bool has_serial = system.com1.init().ok();
    system.console.print("Quire, a kernel about memory\n");
    if (!has_serial) log(LogLevel::Info, "serial", "there is no COM1");
    kernel::find_command_line(system);
    kernel::report_boot(system);
    kernel::start_memory(system);
    kernel::start_devices(system);
    kernel::start_disks(system);
    kernel::start_files(system);
    kernel::start_threads(system);
    kernel::start_trace(system);

    if (const auto pattern = system.command_line.find("selftest")) {
        const bool passed = kernel::run_selftests(system, *pattern);
        system.console.flush();
        kernel::end_emulation(passed ? kernel::Verdict::Passed : kernel::Verdict::Failed);
    }
    system.console_level = LogLevel::Warning;
    kernel::start_daemons(*system.processes);
    kernel::start_failures(system);
    if (!system.command_line.has("monitor") && kernel::has_init(*system.processes)) {
        kernel::start_init(*system.processes);
        system.files->tty().take_input();
    } else {
        system.console.print("Type help for the list of commands.\n");
    }
    for (;;) {
        kernel::run_monitor(system);
        system.input->wait_for_monitor_key();
    }
}
