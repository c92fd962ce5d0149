// wait4, waitpid, waitid: a parent learns what became of its children.
//
// A child is looked at, told of, and only then taken: a bad pointer leaves it to be waited for
// again. (Linux: kernel/exit.c; there it is gone.) The kernel lock is held from look to taking, so
// the child cannot end between; but a terminal stops and continues children without it.
#include "kernel/abi/errno.h"
#include "kernel/abi/wait.h"
#include "kernel/process/usage_record.h"
#include "kernel/process/user_copy.h"
#include "kernel/processes.h"
#include "kernel/system_call.h"

namespace quire::kernel {
namespace {

using mm::VirtAddr;

constexpr std::uint32_t kCommonOptions = abi::kWaitNoHang | abi::kWaitStopped |
                                         abi::kWaitContinued | abi::kWaitOwnThread |
                                         abi::kWaitAllKinds | abi::kWaitOnlyClones;

WaitRequest request_for(const Thread& caller, std::uint32_t options) {
    WaitRequest request;
    if ((options & abi::kWaitOwnThread) != 0) request.of_thread = &caller;
    request.exited = (options & abi::kWaitExited) != 0;
    request.stopped = (options & abi::kWaitStopped) != 0;
    request.continued = (options & abi::kWaitContinued) != 0;
    request.leave = (options & abi::kWaitLeave) != 0;
    if ((options & abi::kWaitOnlyClones) != 0) request.kind = WaitRequest::Kind::Clones;
    if ((options & abi::kWaitAllKinds) != 0) request.kind = WaitRequest::Kind::All;
    return request;
}

// Waits for news of a child; `tell` writes them where the program wants them. pid 0: there are
// none, and the caller does not want to wait.
template <typename Tell>
Result<WaitResult> wait_for_child(SystemCall& call, const WaitRequest& request, bool may_sleep,
                                  Tell tell) {
    Process& parent = call.process();
    ProcessTable& table = call.processes().table();
    WaitRequest look = request;
    look.leave = true;
    for (;;) {
        const WaitResult found = TRY(table.collect(parent, look));
        if (found.pid != 0) {
            TRY(tell(found));
            if (!request.leave) table.take(parent, found);
            return found;
        }
        if (!may_sleep) return found;
        TRY(call.processes().sleep_on(parent.child_changes));
    }
}

Result<void> tell_usage(VirtAddr to, const Usage& usage) {
    if (to.raw() == 0) return {};
    return user::write(to, usage_record(usage));
}

// The process ids of wait4: -1 any, 0 the own group, below another group, above a process.
void name_whom(WaitRequest& request, std::int32_t pid, const Process& caller) {
    if (pid == -1) return;
    request.whom = pid > 0 ? WaitRequest::Whom::Process : WaitRequest::Whom::Group;
    request.id = pid == 0 ? caller.group : static_cast<ProcessId>(pid > 0 ? pid : -pid);
}

Result<std::uint32_t> wait_as_wait4(SystemCall& call, VirtAddr usage) {
    const std::int32_t pid = call.signed_argument(0);
    const VirtAddr status = call.pointer(1);
    const std::uint32_t options = call.argument(2);
    if ((options & ~kCommonOptions) != 0) return Error::InvalidArgument;
    if (pid == INT32_MIN) return Error::NoSuchProcess;
    WaitRequest request = request_for(call.thread(), options | abi::kWaitExited);
    name_whom(request, pid, call.process());
    const WaitResult found = TRY(wait_for_child(
        call, request, (options & abi::kWaitNoHang) == 0, [&](const WaitResult& news) {
            Result<void> told;
            if (status.raw() != 0) told = user::write(status, news.status);
            return told.ok() ? tell_usage(usage, news.usage) : told;
        }));
    return found.pid;
}

Result<std::uint32_t> call_wait4(SystemCall& call) {
    return wait_as_wait4(call, call.pointer(3));
}
SYSTEM_CALL(114, wait4, call_wait4, CallTraits::restarting());

Result<std::uint32_t> call_waitpid(SystemCall& call) {
    return wait_as_wait4(call, VirtAddr(0));
}
SYSTEM_CALL(7, waitpid, call_waitpid, CallTraits::restarting());

Result<void> name_whom(WaitRequest& request, std::uint32_t which, std::int32_t id,
                       const Process& caller) {
    if (which == abi::kWaitForAny) return {};
    if (which == abi::kWaitForProcess && id > 0) {
        request.whom = WaitRequest::Whom::Process;
    } else if (which == abi::kWaitForGroup && id >= 0) {
        request.whom = WaitRequest::Whom::Group;
    } else {
        return Error::InvalidArgument;
    }
    request.id = id == 0 ? caller.group : static_cast<ProcessId>(id);
    return {};
}

Result<std::uint32_t> call_waitid(SystemCall& call) {
    const VirtAddr info = call.pointer(2);
    const VirtAddr usage = call.pointer(4);
    const std::uint32_t options = call.argument(3);
    constexpr std::uint32_t kEvents = abi::kWaitExited | abi::kWaitStopped | abi::kWaitContinued;
    if ((options & ~(kCommonOptions | abi::kWaitExited | abi::kWaitLeave)) != 0 ||
        (options & kEvents) == 0)
        return Error::InvalidArgument;
    WaitRequest request = request_for(call.thread(), options);
    TRY(name_whom(request, call.argument(0), call.signed_argument(1), call.process()));
    const auto tell_info = [&](const WaitResult& news) -> Result<void> {
        if (info.raw() == 0) return {};
        return user::write(info, wait_info(news));
    };
    const WaitResult found = TRY(wait_for_child(
        call, request, (options & abi::kWaitNoHang) == 0, [&](const WaitResult& news) {
            const Result<void> told = tell_usage(usage, news.usage);
            return told.ok() ? tell_info(news) : told;
        }));
    if (found.pid == 0) TRY(tell_info(found));
    return 0U;
}
SYSTEM_CALL(284, waitid, call_waitid, CallTraits::restarting());

}  // namespace
}  // namespace quire::kernel
