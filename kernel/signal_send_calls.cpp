// System calls that send signals: kill(2), tkill(2), tgkill(2), rt_sigqueueinfo(2).
#include "kernel/abi/resource.h"
#include "kernel/abi/signal.h"
#include "kernel/call_support.h"
#include "kernel/process/signal_delivery.h"
#include "kernel/process/signal_info.h"
#include "kernel/process/user_copy.h"
#include "kernel/signals.h"
#include "kernel/system_call.h"

namespace quire::kernel {
namespace {

// Whether as many signals wait for the user of `to` as its limit allows. (Linux: sigqueue_alloc.)
bool is_full_of_signals(Processes& processes, const Process& to) {
    const std::uint64_t most = to.limits[abi::kLimitPendingSignals].soft;
    std::uint64_t there = 0;
    processes.table().for_each([&](Process& process) {
        if (process.credentials.real_user != to.credentials.real_user) return;
        there += process.pending.count();
        for (const Thread& thread : process.threads)
            there += thread.pending.count();
    });
    return there >= most;
}

Result<void> check_sending(SystemCall& call, const Process& to, const SignalInfo& info) {
    if (info.signal > kSignals) return Error::InvalidArgument;
    if (!may_send(call.process(), to, info.signal)) return Error::NotPermitted;
    return {};
}

// Signal 0 is sent to nobody: it asks whether one could be.
Result<void> send_checked(SystemCall& call, Process& to, Thread* only, const SignalInfo& info) {
    TRY(check_sending(call, to, info));
    if (info.signal == 0) return {};
    const bool must_queue = info.signal >= abi::kSigFirstRealTime && info.code != abi::kSiUser;
    if (must_queue && is_full_of_signals(call.processes(), to)) return Error::TryAgain;
    return send_signal(call.processes(), to, only, info);
}

// --- To processes --------------------------------------------------------------------------------

// One that got it is enough; of failures the last is told.
Result<void> send_to_group(SystemCall& call, ProcessId group, const SignalInfo& info) {
    bool has_sent = false;
    Error error = Error::NoSuchProcess;
    call.processes().table().for_each([&](Process& process) {
        if (process.group != group) return;
        const Result<void> sent = send_checked(call, process, nullptr, info);
        if (sent.ok()) has_sent = true;
        if (!sent.ok()) error = sent.error();
    });
    if (!has_sent) return error;
    return {};
}

// All but init and the caller; that some may not be sent one is no error.
Result<void> send_to_all(SystemCall& call, const SignalInfo& info) {
    constexpr ProcessId kInit = 1;
    Error error = Error::NoSuchProcess;
    bool is_fine = false;
    call.processes().table().for_each([&](Process& process) {
        if (process.pid == kInit || &process == &call.process()) return;
        const Result<void> sent = send_checked(call, process, nullptr, info);
        if (!sent.ok() && sent.error() != Error::NotPermitted) {
            error = sent.error();
            is_fine = false;
        } else {
            is_fine = true;
        }
    });
    if (!is_fine) return error;
    return {};
}

// The number of any of its threads stands for a process, as on Linux.
Result<void> send_to_one(SystemCall& call, ProcessId pid, const SignalInfo& info) {
    Process* const process = call.processes().table().find_by_thread(pid);
    if (process == nullptr) return Error::NoSuchProcess;
    return send_checked(call, *process, nullptr, info);
}

Result<std::uint32_t> call_kill(SystemCall& call) {
    const std::int32_t pid = call.signed_argument(0);
    const SignalInfo info = from_caller(call, call.argument(1), abi::kSiUser);
    if (pid > 0) {
        TRY(send_to_one(call, call.argument(0), info));
    } else if (pid == -1) {
        TRY(send_to_all(call, info));
    } else {
        const ProcessId group = pid == 0 ? call.process().group : 0 - call.argument(0);
        TRY(send_to_group(call, group, info));
    }
    return 0;
}

// --- To threads ----------------------------------------------------------------------------------

struct Target {
    Process* process = nullptr;
    Thread* thread = nullptr;  // nullptr: it has ended, and its number is still the process's
};

// `pid` 0: of any process. Errors: NoSuchProcess.
Result<Target> find_thread(ProcessTable& table, ProcessId pid, ProcessId tid) {
    Thread* const thread = table.find_thread(tid);
    Process* const process = thread == nullptr ? table.find(tid) : thread->process;
    if (process == nullptr || (pid != 0 && process->pid != pid)) return Error::NoSuchProcess;
    return Target{process, thread};
}

Result<std::uint32_t> send_to_thread(SystemCall& call, ProcessId pid, ProcessId tid,
                                     const SignalInfo& info) {
    const Target target = TRY(find_thread(call.processes().table(), pid, tid));
    if (target.thread == nullptr) {
        TRY(check_sending(call, *target.process, info));
    } else {
        TRY(send_checked(call, *target.process, target.thread, info));
    }
    return 0;
}

Result<std::uint32_t> call_tkill(SystemCall& call) {
    if (call.signed_argument(0) <= 0) return Error::InvalidArgument;
    return send_to_thread(call, 0, call.argument(0),
                          from_caller(call, call.argument(1), abi::kSiTkill));
}

Result<std::uint32_t> call_tgkill(SystemCall& call) {
    if (call.signed_argument(0) <= 0 || call.signed_argument(1) <= 0) return Error::InvalidArgument;
    return send_to_thread(call, call.argument(0), call.argument(1),
                          from_caller(call, call.argument(2), abi::kSiTkill));
}

// --- With a value --------------------------------------------------------------------------------

Result<SignalInfo> read_info(std::uint32_t signal, mm::VirtAddr from) {
    SignalInfo info = from_program(TRY(user::read<abi::SigInfo>(from)));
    info.signal = signal;
    return info;
}

// What looks as if it came from the kernel or from kill may be sent to oneself only.
Result<void> check_code(SystemCall& call, const SignalInfo& info, ProcessId to) {
    const bool pretends = info.code >= abi::kSiUser || info.code == abi::kSiTkill;
    if (pretends && to != call.thread().tid) return Error::NotPermitted;
    return {};
}

Result<std::uint32_t> call_rt_sigqueueinfo(SystemCall& call) {
    const ProcessId pid = call.argument(0);
    const SignalInfo info = TRY(read_info(call.argument(1), call.pointer(2)));
    TRY(check_code(call, info, pid));
    TRY(send_to_one(call, pid, info));
    return 0;
}

Result<std::uint32_t> call_rt_tgsigqueueinfo(SystemCall& call) {
    const ProcessId tid = call.argument(1);
    const SignalInfo info = TRY(read_info(call.argument(2), call.pointer(3)));
    if (call.signed_argument(0) <= 0 || call.signed_argument(1) <= 0) return Error::InvalidArgument;
    TRY(check_code(call, info, tid));
    return send_to_thread(call, call.argument(0), tid, info);
}

SYSTEM_CALL(37, kill, call_kill, CallTraits::plain());
SYSTEM_CALL(178, rt_sigqueueinfo, call_rt_sigqueueinfo, CallTraits::plain());
SYSTEM_CALL(238, tkill, call_tkill, CallTraits::plain());
SYSTEM_CALL(270, tgkill, call_tgkill, CallTraits::plain());
SYSTEM_CALL(335, rt_tgsigqueueinfo, call_rt_tgsigqueueinfo, CallTraits::plain());

}  // namespace
}  // namespace quire::kernel
