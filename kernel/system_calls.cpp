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

// The row of each number that has none of its own.
constexpr SystemCallRow kNoCall{.number = kNumbers,
                                .name = "no such call",
                                .handler = [](SystemCall& call) -> Result<std::uint32_t> {
                                    return call.fail_with(abi::kEnosys);
                                },
                                .traits = CallTraits::lock_free()};

constinit auto rows = [] {
    std::array<const SystemCallRow*, kNumbers> none{};
    none.fill(&kNoCall);
    return none;
}();
constinit bool is_traced = false;

const SystemCallRow& row_of(std::uint32_t number) {
    if (number >= kNumbers) [[unlikely]]
        return kNoCall;
    return *rows[number];
}

// --- What is printed -----------------------------------------------------------------------------

Console& console() {
    return SystemCall::processes().system().console;
}

// A line for each call, as strace(1) has it but for names of flags.
void print_call(const SystemCallRow& row, const SystemCall& call) {
    const Process& process = call.process();
    if (row.number == kNumbers) console().print("system call %u: ", call.frame().call_number());
    console().print("[%u %s] %s(%X, %X, %X, %X, %X, %X)\n", process.pid, process.name.data(),
                    row.name, call.argument(0), call.argument(1), call.argument(2),
                    call.argument(3), call.argument(4), call.argument(5));
}

void print_result(const SystemCallRow& row, const SystemCall& call) {
    console().print("[%u] %s = %d\n", call.process().pid, row.name,
                    static_cast<int>(call.frame().eax));
}

// --- The way of a call ---------------------------------------------------------------------------

std::uint32_t negative(std::int32_t error_number) {
    return static_cast<std::uint32_t>(-error_number);
}

// What EAX is to be after a call that failed.
std::uint32_t failure(Error error, Thread& self) {
    if (self.call_notes.error_number != 0) return negative(self.call_notes.error_number);
    if (error == Error::Interrupted) {
        self.call_notes.is_interrupted = true;
        self.must_look = true;
    }
    return negative(errno_of(error));
}

[[gnu::noinline]] Result<std::uint32_t> run_locked(const SystemCallRow& row, SystemCall& call) {
    const KernelLockGuard guard(SystemCall::processes().lock());
    return row.handler(call);
}

// There is a second one that prints, so that the first need not ask whether to.
template <bool kIsTraced>
void on_system_call(cpu::TrapFrame& frame) {
    Thread& self = Threads::current();
    const SystemCallRow& row = row_of(frame.eax);
    SystemCall call(self, frame);
    if constexpr (kIsTraced) print_call(row, call);
    const Result<std::uint32_t> result =
        row.traits.needs_lock ? run_locked(row, call) : row.handler(call);
    if (result.ok()) [[likely]] {
        frame.eax = result.value();
    } else {
        frame.eax = failure(result.error(), self);
    }
    if constexpr (kIsTraced) print_result(row, call);
    leave_kernel(self, frame);
}

void trace_calls(bool traced) {
    is_traced = traced;
    cpu::set_system_call_handler(traced ? on_system_call<true> : on_system_call<false>);
}

void strace(System& system, Arguments arguments) {
    if (arguments.size() > 1) trace_calls(arguments[1] == "on");
    system.console.print("  system calls are %s\n", is_traced ? "printed" : "not printed");
}
MONITOR_COMMAND(strace, "[on|off]", "print each system call of programs", strace);

}  // namespace

std::uint64_t SystemCall::deadline_in(std::uint64_t span) const {
    return deadline_from(processes().now(), span);
}

std::uint64_t SystemCall::deadline_from(std::uint64_t now, std::uint64_t span) const {
    CallNotes& notes = thread_.call_notes;
    if (!notes.has_deadline) thread_.call_deadline = deadline_after(now, span);
    notes.has_deadline = true;
    thread_.must_look = true;
    return thread_.call_deadline;
}

const SystemCallRow* find_system_call(std::uint32_t number) {
    const SystemCallRow& row = row_of(number);
    return &row == &kNoCall ? nullptr : &row;
}

void start_system_calls(Processes& processes) {
    SystemCall::serve(processes);
    for (const SystemCallRow& row : std::span(system_calls_start, system_calls_end)) {
        if (row.number >= kNumbers || rows[row.number] != &kNoCall)
            panic("system call %u (%s) stands twice in the table", row.number, row.name);
        rows[row.number] = &row;
    }
    trace_calls(processes.system().command_line.has("strace"));
}

}  // namespace quire::kernel
