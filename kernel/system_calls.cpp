#include "kernel/system_calls.h"

#include <array>
#include <span>

#include "cpu/idt.h"
#include "cpu/registers.h"
#include "kernel/base/panic.h"
#include "kernel/errno_of.h"
#include "kernel/monitor.h"
#include "kernel/process/time_values.h"
#include "kernel/processes.h"

extern "C" const quire::kernel::SystemCallRow system_calls_start[];
extern "C" const quire::kernel::SystemCallRow system_calls_end[];

namespace quire::kernel {
namespace {

constexpr std::uint32_t kNumbers = 512;

constinit Processes* the_processes = nullptr;
constinit std::array<const SystemCallRow*, kNumbers> rows{};

constinit bool is_traced = false;

// A line for each call, as strace(1) has it but for names of flags.
void print_call(const SystemCallRow& row, const SystemCall& call) {
    const Process& process = call.process();
    the_processes->system().console.print("[%u %s] %s(%X, %X, %X, %X, %X, %X)\n", process.pid,
                                          process.name.data(), row.name, call.argument(0),
                                          call.argument(1), call.argument(2), call.argument(3),
                                          call.argument(4), call.argument(5));
}

void print_result(const SystemCallRow& row, const SystemCall& call) {
    the_processes->system().console.print("[%u] %s = %d\n", call.process().pid, row.name,
                                          static_cast<int>(call.frame().eax));
}

std::uint32_t negative(std::int32_t error_number) {
    return static_cast<std::uint32_t>(-error_number);
}

// What EAX is to be after a call that failed. A call that a signal has ended may be started again
// (kernel/signals.cpp).
std::uint32_t failure(SystemCall& call, Error error) {
    if (call.error_number() != 0) return negative(call.error_number());
    call.thread().is_interrupted = error == Error::Interrupted;
    return negative(errno_of(error));
}

void run(const SystemCallRow& row, SystemCall& call) {
    call.thread().call = static_cast<std::int32_t>(row.number);
    call.thread().after_signal = AfterSignal::ByRow;
    if (is_traced) print_call(row, call);
    const Result<std::uint32_t> result = row.handler(call);
    if (call.keeps_registers()) return;
    call.frame().eax = result.ok() ? result.value() : failure(call, result.error());
    if (!call.thread().is_interrupted) call.thread().call_deadline.reset();
    if (is_traced) print_result(row, call);
}

cpu::Trap on_system_call(cpu::TrapFrame& frame) {
    cpu::enable_interrupts();
    const std::uint32_t number = frame.eax;
    const SystemCallRow* row = find_system_call(number);
    if (row == nullptr) {
        if (is_traced) the_processes->system().console.print("system call %u: ENOSYS\n", number);
        frame.eax = negative(abi::kEnosys);
        return cpu::Trap::Handled;
    }
    SystemCall call(*the_processes, the_processes->threads().current(), frame);
    if (row->traits.needs_lock) {
        const KernelLockGuard guard(the_processes->lock());
        run(*row, call);
    } else {
        run(*row, call);
    }
    return cpu::Trap::Handled;
}

void strace(System& system, Arguments arguments) {
    if (arguments.size() > 1) is_traced = arguments[1] == "on";
    system.console.print("  system calls are %s\n", is_traced ? "printed" : "not printed");
}
MONITOR_COMMAND(strace, "[on|off]", "print each system call of programs", strace);

}  // namespace

std::uint32_t SystemCall::argument(unsigned index) const {
    const std::uint32_t registers[] = {frame_.ebx, frame_.ecx, frame_.edx,
                                       frame_.esi, frame_.edi, frame_.ebp};
    ASSERT(index < std::size(registers));
    return registers[index];
}

std::uint64_t SystemCall::deadline_in(std::uint64_t span) const {
    return deadline_from(processes_.now(), span);
}

std::uint64_t SystemCall::deadline_from(std::uint64_t now, std::uint64_t span) const {
    if (!thread_.call_deadline.has_value()) thread_.call_deadline = deadline_after(now, span);
    return *thread_.call_deadline;
}

const SystemCallRow* find_system_call(std::uint32_t number) {
    return number < kNumbers ? rows[number] : nullptr;
}

void start_system_calls(Processes& processes) {
    the_processes = &processes;
    is_traced = processes.system().command_line.has("strace");
    for (const SystemCallRow& row : std::span(system_calls_start, system_calls_end)) {
        if (row.number >= kNumbers || rows[row.number] != nullptr)
            panic("system call %u (%s) stands twice in the table", row.number, row.name);
        rows[row.number] = &row;
    }
    cpu::set_trap_handler(cpu::kSystemCallVector, on_system_call);
}

}  // namespace quire::kernel
