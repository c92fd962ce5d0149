// getrlimit, setrlimit, prlimit64: limits; getrusage, times: what was used.
//
// What a call answers is written before anything is set: a bad pointer changes nothing.
#include "kernel/abi/resource.h"
#include "kernel/process/identity.h"
#include "kernel/process/limits.h"
#include "kernel/process/time_values.h"
#include "kernel/process/usage_record.h"
#include "kernel/process/user_copy.h"
#include "kernel/processes.h"
#include "kernel/system_call.h"

namespace quire::kernel {
namespace {

using mm::VirtAddr;

// A limit as the calls with 32 bits tell it; `most` stands for everything above.
std::uint32_t narrow(std::uint64_t value, std::uint32_t most) {
    return value < most ? static_cast<std::uint32_t>(value) : most;
}
std::uint64_t widen(std::uint32_t value) {
    return value == abi::kNoLimit ? abi::kNoLimit64 : value;
}

template <std::uint32_t kMost>
Result<std::uint32_t> call_getrlimit(SystemCall& call) {
    const Limit limit = TRY(limit_of(call.process(), call.argument(0)));
    TRY(user::write(call.pointer(1),
                    abi::ResourceLimit{narrow(limit.soft, kMost), narrow(limit.hard, kMost)}));
    return 0U;
}
SYSTEM_CALL(191, ugetrlimit, call_getrlimit<abi::kNoLimit>, CallTraits::plain());
SYSTEM_CALL(76, getrlimit, call_getrlimit<abi::kNoLimitOld>, CallTraits::plain());

Result<std::uint32_t> call_setrlimit(SystemCall& call) {
    Process& process = call.process();
    const auto wanted = TRY(user::read<abi::ResourceLimit>(call.pointer(1)));
    const Limit limit{widen(wanted.soft), widen(wanted.hard)};
    TRY(check_limit(process, process, call.argument(0), limit));
    set_limit(process, call.argument(0), limit);
    return 0U;
}
SYSTEM_CALL(75, setrlimit, call_setrlimit, CallTraits::plain());

// Whether the limits of `whom` are the caller's business. (Linux: check_prlimit_permission.)
bool may_look_at(const Process& caller, const Process& whom) {
    const std::uint32_t user = caller.credentials.real_user;
    const std::uint32_t group = caller.credentials.real_group;
    return &caller == &whom || caller.credentials.is_root() ||
           (user_ids(whom) == IdSet{user, user, user} &&
            group_ids(whom) == IdSet{group, group, group});
}

Result<std::uint32_t> call_prlimit64(SystemCall& call) {
    const VirtAddr wanted = call.pointer(2), old = call.pointer(3);
    const std::uint32_t kind = call.argument(1);
    Process& caller = call.process();
    Limit limit;
    if (wanted.raw() != 0) {
        const auto given = TRY(user::read<abi::ResourceLimit64>(wanted));
        limit = {given.soft, given.hard};
    }
    Process* const process =
        call.argument(0) == 0 ? &caller : call.processes().table().find_by_thread(call.argument(0));
    if (process == nullptr) return Error::NoSuchProcess;
    if (!may_look_at(caller, *process)) return Error::NotPermitted;
    const Limit before = TRY(limit_of(*process, kind));
    if (wanted.raw() != 0) TRY(check_limit(caller, *process, kind, limit));
    if (old.raw() != 0) TRY(user::write(old, abi::ResourceLimit64{before.soft, before.hard}));
    if (wanted.raw() != 0) set_limit(*process, kind, limit);
    return 0U;
}
SYSTEM_CALL(340, prlimit64, call_prlimit64, CallTraits::plain());

// The figures of a process that runs, with the peak of its memory as far as it is known now.
Usage usage_now(Process& process) {
    Usage usage = usage_of(process);
    const std::uint32_t resident = process.memory->space.figures().resident.raw();
    if (usage.most_resident < resident) usage.most_resident = resident;
    process.usage.most_resident = usage.most_resident;
    return usage;
}

Result<std::uint32_t> call_getrusage(SystemCall& call) {
    Usage usage;
    switch (call.signed_argument(0)) {
    case abi::kUsageSelf:
        usage = usage_now(call.process());
        break;
    case abi::kUsageChildren:
        usage = call.process().children_usage;
        break;
    case abi::kUsageThread:
        usage = call.thread().usage;
        usage.most_resident = usage_now(call.process()).most_resident;
        break;
    default:
        return Error::InvalidArgument;
    }
    TRY(user::write(call.pointer(1), usage_record(usage)));
    return 0U;
}
SYSTEM_CALL(77, getrusage, call_getrusage, CallTraits::plain());

Result<std::uint32_t> call_times(SystemCall& call) {
    Process& process = call.process();
    if (call.argument(0) != 0) {
        TRY(user::write(call.pointer(0), times_record(usage_of(process), process.children_usage)));
    }
    return static_cast<std::uint32_t>(ticks_of(call.processes().now()));
}
SYSTEM_CALL(43, times, call_times, CallTraits::plain());

}  // namespace
}  // namespace quire::kernel
