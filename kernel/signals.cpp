#include "kernel/signals.h"

#include "cpu/exceptions.h"
#include "cpu/fpu.h"
#include "cpu/idt.h"
#include "cpu/registers.h"
#include "kernel/abi/signal.h"
#include "kernel/base/log.h"
#include "kernel/process/exception_signals.h"
#include "kernel/process/signal_frame.h"
#include "kernel/signal_report.h"
#include "kernel/system_calls.h"

namespace quire::kernel {
namespace {

namespace exception = cpu::exception;

constinit Processes* the_processes = nullptr;

// --- Stops ---------------------------------------------------------------------------------------

void tell_parent(Processes& processes, Process& child, std::int32_t code, SignalNumber signal) {
    if (child.parent == nullptr) return;
    const auto news = news_of(child, code, static_cast<std::int32_t>(signal));
    if (news.has_value()) processes.send(*child.parent, *news);
    child.parent->child_changes.wake_all();
}

void go_on(Processes& processes, Process& process, bool is_continue) {
    if (!end_stop(process, is_continue)) return;
    for (Thread& thread : process.threads)
        processes.scheduler().resume(thread);
    if (is_continue) tell_parent(processes, process, abi::kChildContinued, abi::kSigContinue);
}

void stop(Processes& processes, Process& process, SignalNumber signal) {
    if (!may_stop(signal, processes.table().is_orphaned(process.group))) return;
    begin_stop(process, signal);
    for (Thread& thread : process.threads)
        processes.scheduler().interrupt(thread);
}

void tell_if_stopped(Processes& processes, Process& process, const Thread* self) {
    if (has_stopped_now(process, self))
        tell_parent(processes, process, abi::kChildStopped, process.stop_signal);
}

// The parent is told of a stop when the last thread has come here: so the others must see this one
// as stopped already when it is the last.
void stay_stopped(Processes& processes, Thread& self) {
    Process& process = *self.process;
    while (process.state == ProcessState::Stopped && !must_end(self)) {
        tell_if_stopped(processes, process, &self);
        processes.sleep_stopped();
    }
}

void hang_up(Processes& processes, ProcessId group) {
    processes.table().for_each([&processes, group](Process& process) {
        if (process.group != group) return;
        for (const SignalNumber signal : {abi::kSigHup, abi::kSigContinue})
            processes.send(process, {.signal = signal, .code = abi::kSiKernel});
    });
}

// --- Handlers ------------------------------------------------------------------------------------

bool call_begins_again(AfterSignal after_signal, std::uint32_t number,
                       const SignalAction* handler) {
    const CallTraits traits = find_system_call(number)->traits;
    switch (after_signal) {
    case AfterSignal::ByRow:
        return begins_again(traits.restarts, traits.resumes, handler);
    case AfterSignal::Resumes:
        return begins_again(false, true, handler);
    case AfterSignal::Again:
        return true;
    }
    ASSERT_UNREACHABLE();
}

// INT 80h is two bytes long: it is executed again, with the number of the call in EAX again.
void finish_call(Thread& thread, cpu::TrapFrame& frame, const SignalAction* handler) {
    constexpr std::uint32_t kInstruction = 2;
    if (!thread.call_notes.is_interrupted) return;
    const CallNotes notes = std::exchange(thread.call_notes, {});
    const std::uint32_t number = frame.call_number();
    if (!call_begins_again(notes.after_signal, number, handler)) return;
    frame.eax = number;
    frame.eip -= kInstruction;
    thread.call_notes.has_deadline = notes.has_deadline;
}

// A handler that finds no room on its stack is a segmentation fault; if it was to handle just that,
// nobody can.
void fail_delivery(Thread& thread, SignalNumber signal) {
    if (signal == abi::kSigSegv) {
        const Result<void> reset = set_action(*thread.process, signal, {});
        ASSERT(reset.ok());
    }
    post_fault(thread, {.signal = abi::kSigSegv, .code = abi::kSiKernel});
}

void start_handler(Processes& processes, Thread& thread, cpu::TrapFrame& frame,
                   const Delivery& delivery) {
    finish_call(thread, frame, &delivery.action);
    thread.call_notes = {};  // the handler's calls are others
    processes.threads().save_fpu(thread);
    const FpuFormat format = cpu::has_fxsave() ? FpuFormat::Fxsave : FpuFormat::Fsave;
    if (!push_signal_frame(thread, frame, delivery, format).ok()) {
        fail_delivery(thread, delivery.info.signal);
        return;
    }
    block_for_handler(thread, delivery);
    processes.threads().load_fpu(thread);
}

// --- Exceptions ----------------------------------------------------------------------------------

ExceptionFacts facts_of(Thread& self, const cpu::TrapFrame& frame) {
    the_processes->threads().save_fpu(self);
    const FpuFormat format = cpu::has_fxsave() ? FpuFormat::Fxsave : FpuFormat::Fsave;
    const FpuStatus fpu = status_of(self.fpu, format);
    ExceptionFacts facts{.vector = frame.vector,
                         .error_code = frame.error_code,
                         .eip = frame.eip,
                         .x87_control = fpu.control,
                         .x87_status = fpu.status,
                         .mxcsr = fpu.mxcsr};
    if (frame.vector == exception::kDebug) {
        facts.debug_status = cpu::read_dr6();
        cpu::write_dr6(0);  // the CPU only ever sets bits (SDM 3B 17.2.3)
    }
    return facts;
}

cpu::Trap on_exception(cpu::TrapFrame& frame) {
    Thread& self = the_processes->threads().current();
    if (!frame.from_user() || self.process == nullptr) return cpu::Trap::NotHandled;
    const auto info = signal_of(facts_of(self, frame));
    cpu::enable_interrupts();
    if (info.has_value()) the_processes->force_signal(self, *info);
    return cpu::Trap::Handled;
}

constexpr std::uint8_t kVectors[] = {
    exception::kDivideError,       exception::kDebug,
    exception::kBreakpoint,        exception::kOverflow,
    exception::kBoundRange,        exception::kInvalidOpcode,
    exception::kInvalidTss,        exception::kSegmentNotPresent,
    exception::kStackFault,        exception::kGeneralProtection,
    exception::kFloatingPoint,     exception::kAlignmentCheck,
    exception::kSimdFloatingPoint,
};

}  // namespace

void start_exception_signals(Processes& processes) {
    the_processes = &processes;
    for (const std::uint8_t vector : kVectors)
        cpu::set_trap_handler(vector, on_exception);
}

Result<void> send_signal(Processes& processes, Process& process, Thread* only,
                         const SignalInfo& info) {
    const Posted posted = TRY(post_signal(process, only, info));
    if (posted.resumes) go_on(processes, process, info.signal == abi::kSigContinue);
    if (posted.wakes != nullptr) processes.scheduler().interrupt(*posted.wakes);
    if (posted.ends) {
        for (Thread& thread : process.threads)
            processes.scheduler().wake(thread);
    }
    return {};
}

void tell_if_others_stopped(Processes& processes, Process& process) {
    tell_if_stopped(processes, process, nullptr);
}

void hang_up_stranded(Processes& processes, Process& leaving) {
    ProcessTable& table = processes.table();
    if (table.strands(leaving, leaving, *leaving.parent)) hang_up(processes, leaving.group);
    table.for_each_child(leaving, [&](Process& child) {
        if (table.strands(leaving, child, leaving)) hang_up(processes, child.group);
    });
}

// Only real-time signals can fail, and whoever sends those wants to know.
void Processes::send(Process& process, const SignalInfo& info) {
    (void)send_signal(*this, process, nullptr, info).ok();
}

void Processes::send_to_thread(Thread& thread, const SignalInfo& info) {
    (void)send_signal(*this, *thread.process, &thread, info).ok();
}

void Processes::force_signal(Thread& thread, const SignalInfo& info) {
    post_fault(thread, info);
}

void Processes::deliver_signals(Thread& thread, cpu::TrapFrame& frame) {
    Process& process = *thread.process;
    for (;;) {
        stay_stopped(*this, thread);
        if (must_end(thread)) end_thread(0);
        const Delivery delivery = take_delivery(thread);
        switch (delivery.what) {
        case Delivery::What::Nothing:
            finish_call(thread, frame, nullptr);
            end_without_handler(thread);
            return;
        case Delivery::What::Handler:
            start_handler(*this, thread, frame, delivery);
            break;
        case Delivery::What::Stop:
            stop(*this, process, delivery.info.signal);
            break;
        case Delivery::What::End:
            if (is_fault(delivery.info)) tell_of_fault(process, frame, delivery.info);
            exit(delivery.info.signal);
        }
    }
}

}  // namespace quire::kernel
