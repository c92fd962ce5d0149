// nice, getpriority, setpriority; and the sched_ calls, which know one policy: SCHED_OTHER.
//
// A program that asks for real time is answered as one that may not have it (EPERM).
#include "kernel/abi/errno.h"
#include "kernel/abi/resource.h"
#include "kernel/abi/sched.h"
#include "kernel/process/identity.h"
#include "kernel/process/time_values.h"
#include "kernel/process/user_copy.h"
#include "kernel/processes.h"
#include "kernel/system_call.h"

namespace quire::kernel {
namespace {

constexpr std::int32_t kLeastNice = -20;
constexpr std::int32_t kMostNice = 19;

std::int32_t clamp(std::int32_t value, std::int32_t least, std::int32_t most) {
    return value < least ? least : value > most ? most : value;
}

// Lower than it is only for root, or down to RLIMIT_NICE, which counts from 20 downwards.
bool may_have(const Process& caller, std::int32_t nice) {
    return caller.credentials.is_root() ||
           static_cast<std::uint64_t>(20 - nice) <= caller.limits[abi::kLimitNice].soft;
}

Result<std::uint32_t> call_nice(SystemCall& call) {
    Process& self = call.process();
    const std::int32_t step = clamp(call.signed_argument(0), -40, 40);
    const std::int32_t nice = clamp(self.nice + step, kLeastNice, kMostNice);
    if (step < 0 && !may_have(self, nice)) return Error::NotPermitted;
    self.nice = nice;
    return 0U;
}
SYSTEM_CALL(34, nice, call_nice, CallTraits::plain());

// Calls visit(process) for each that `which` and `who` of getpriority mean.
// Errors: InvalidArgument (which).
template <typename Visitor>
Result<void> for_each_meant(SystemCall& call, Visitor visit) {
    const std::uint32_t which = call.argument(0);
    std::uint32_t who = call.argument(1);
    ProcessTable& table = call.processes().table();
    Process& self = call.process();
    if (which == abi::kPriorityProcess) {
        Process* const process = who == 0 ? &self : table.find_by_thread(who);
        if (process != nullptr) visit(*process);
        return {};
    }
    if (which > abi::kPriorityUser) return Error::InvalidArgument;
    const bool by_group = which == abi::kPriorityGroup;
    if (who == 0) who = by_group ? self.group : self.credentials.real_user;
    table.for_each([&](Process& process) {
        if ((by_group ? process.group : process.credentials.real_user) == who) visit(process);
    });
    return {};
}

// 20 - nice, so that it is never negative, of the most favoured one.
Result<std::uint32_t> call_getpriority(SystemCall& call) {
    std::int32_t best = 0;
    TRY(for_each_meant(call, [&](const Process& process) {
        if (20 - process.nice > best) best = 20 - process.nice;
    }));
    if (best == 0) return Error::NoSuchProcess;
    return static_cast<std::uint32_t>(best);
}
SYSTEM_CALL(96, getpriority, call_getpriority, CallTraits::plain());

// Each is tried; the last refusal is told.
Result<std::uint32_t> call_setpriority(SystemCall& call) {
    const std::int32_t nice = clamp(call.signed_argument(2), kLeastNice, kMostNice);
    const Process& caller = call.process();
    bool found = false;
    Result<void> outcome;
    TRY(for_each_meant(call, [&](Process& process) {
        found = true;
        if (!is_own(caller, process)) {
            outcome = Error::NotPermitted;
        } else if (nice < process.nice && !may_have(caller, nice)) {
            outcome = Error::AccessDenied;
        } else {
            process.nice = nice;
        }
    }));
    if (!found) return Error::NoSuchProcess;
    TRY(outcome);
    return 0U;
}
SYSTEM_CALL(97, setpriority, call_setpriority, CallTraits::plain());

Result<std::uint32_t> call_sched_yield(SystemCall& call) {
    call.processes().scheduler().yield();
    return 0U;
}
SYSTEM_CALL(158, sched_yield, call_sched_yield, CallTraits::lock_free());

// --- Policies ---

// The process that argument 0 means; 0: the caller. Errors: NoSuchProcess.
Result<Process*> find_meant(SystemCall& call) {
    if (call.argument(0) == 0) return &call.process();
    Process* const found = call.processes().table().find_by_thread(call.argument(0));
    if (found == nullptr) return Error::NoSuchProcess;
    return found;
}

// Errors: InvalidArgument (negative), NoSuchProcess.
Result<Process*> process_meant(SystemCall& call) {
    if (call.signed_argument(0) < 0) return Error::InvalidArgument;
    return find_meant(call);
}

bool is_real_time(std::uint32_t policy) {
    return policy == abi::kSchedFifo || policy == abi::kSchedRoundRobin;
}

Result<std::uint32_t> call_sched_getscheduler(SystemCall& call) {
    TRY(process_meant(call));
    return abi::kSchedOther;
}
SYSTEM_CALL(157, sched_getscheduler, call_sched_getscheduler, CallTraits::plain());

Result<std::uint32_t> set_policy(SystemCall& call, std::uint32_t policy, mm::VirtAddr parameters) {
    if (parameters.raw() == 0 || call.signed_argument(0) < 0) return Error::InvalidArgument;
    const auto wanted = TRY(user::read<abi::SchedParameters>(parameters));
    const Process& process = *TRY(process_meant(call));
    if (is_real_time(policy)) {
        if (wanted.priority < 1 || wanted.priority > abi::kMostRealTimePriority)
            return Error::InvalidArgument;
        return Error::NotPermitted;
    }
    if (policy != abi::kSchedOther || wanted.priority != 0) return Error::InvalidArgument;
    if (!is_own(call.process(), process)) return Error::NotPermitted;
    return 0U;
}

Result<std::uint32_t> call_sched_setscheduler(SystemCall& call) {
    return set_policy(call, call.argument(1), call.pointer(2));
}
SYSTEM_CALL(156, sched_setscheduler, call_sched_setscheduler, CallTraits::plain());

Result<std::uint32_t> call_sched_setparam(SystemCall& call) {
    return set_policy(call, abi::kSchedOther, call.pointer(1));
}
SYSTEM_CALL(154, sched_setparam, call_sched_setparam, CallTraits::plain());

Result<std::uint32_t> call_sched_getparam(SystemCall& call) {
    if (call.argument(1) == 0) return Error::InvalidArgument;
    TRY(process_meant(call));
    TRY(user::write(call.pointer(1), abi::SchedParameters{0}));
    return 0U;
}
SYSTEM_CALL(155, sched_getparam, call_sched_getparam, CallTraits::plain());

template <std::int32_t kOfRealTime>
Result<std::uint32_t> call_priority_bound(SystemCall& call) {
    const std::uint32_t policy = call.argument(0);
    if (is_real_time(policy)) return static_cast<std::uint32_t>(kOfRealTime);
    if (policy != abi::kSchedOther && policy != abi::kSchedBatch && policy != abi::kSchedIdle &&
        policy != abi::kSchedDeadline)
        return Error::InvalidArgument;
    return 0U;
}
SYSTEM_CALL(159, sched_get_priority_max, call_priority_bound<abi::kMostRealTimePriority>,
            CallTraits::lock_free());
SYSTEM_CALL(160, sched_get_priority_min, call_priority_bound<1>, CallTraits::lock_free());

// The slice of the process.
Result<std::uint64_t> interval(SystemCall& call) {
    const Process& process = *TRY(process_meant(call));
    const std::uint64_t tick = call.processes().system().clock.tick_length();
    return Scheduler::slice_of(process.nice) * tick;
}

Result<std::uint32_t> call_rr_interval(SystemCall& call) {
    const std::uint64_t slice = TRY(interval(call));
    TRY(user::write(call.pointer(1), time_spec(slice)));
    return 0U;
}
SYSTEM_CALL(161, sched_rr_get_interval, call_rr_interval, CallTraits::plain());

Result<std::uint32_t> call_rr_interval64(SystemCall& call) {
    const std::uint64_t slice = TRY(interval(call));
    TRY(user::write(call.pointer(1), time_spec64(slice)));
    return 0U;
}
SYSTEM_CALL(423, sched_rr_get_interval_time64, call_rr_interval64, CallTraits::plain());

// --- CPUs: there is one, number 0 ---

constexpr std::uint32_t kMaskBytes = sizeof(std::uint32_t);

Result<std::uint32_t> call_sched_getaffinity(SystemCall& call) {
    if (call.argument(1) == 0 || call.argument(1) % kMaskBytes != 0) return Error::InvalidArgument;
    TRY(find_meant(call));
    TRY(user::write(call.pointer(2), std::uint32_t{1}));
    return kMaskBytes;
}
SYSTEM_CALL(242, sched_getaffinity, call_sched_getaffinity, CallTraits::plain());

Result<std::uint32_t> call_sched_setaffinity(SystemCall& call) {
    std::uint32_t mask = 0;
    const std::uint32_t bytes = call.argument(1) < kMaskBytes ? call.argument(1) : kMaskBytes;
    TRY(user::copy_from(&mask, call.pointer(2), bytes));
    const Process& process = *TRY(find_meant(call));
    if (!is_own(call.process(), process)) return Error::NotPermitted;
    if ((mask & 1) == 0) return Error::InvalidArgument;
    return 0U;
}
SYSTEM_CALL(241, sched_setaffinity, call_sched_setaffinity, CallTraits::plain());

Result<std::uint32_t> call_getcpu(SystemCall& call) {
    for (const unsigned where : {0U, 1U})
        if (call.argument(where) != 0) TRY(user::write(call.pointer(where), std::uint32_t{0}));
    return 0U;
}
SYSTEM_CALL(318, getcpu, call_getcpu, CallTraits::plain());

}  // namespace
}  // namespace quire::kernel
