// Who am I, who is my parent, of which group and session: getpid and its kin.
#include "kernel/processes.h"
#include "kernel/system_call.h"

namespace quire::kernel {
namespace {

Result<std::uint32_t> call_getpid(SystemCall& call) {
    return call.process().pid;
}
SYSTEM_CALL(20, getpid, call_getpid, CallTraits::lock_free());

Result<std::uint32_t> call_gettid(SystemCall& call) {
    return call.thread().tid;
}
SYSTEM_CALL(224, gettid, call_gettid, CallTraits::lock_free());

Result<std::uint32_t> call_getppid(SystemCall& call) {
    const Process* parent = call.process().parent;
    return parent == nullptr ? 0 : parent->pid;
}
SYSTEM_CALL(64, getppid, call_getppid, CallTraits::lock_free());

// The process that a call means by a number; 0: the caller.
Result<Process*> process_of(SystemCall& call, std::uint32_t id) {
    if (id == 0) return &call.process();
    Process* const found = call.processes().table().find_by_thread(id);
    if (found == nullptr) return Error::NoSuchProcess;
    return found;
}

Result<std::uint32_t> call_getpgid(SystemCall& call) {
    return TRY(process_of(call, call.argument(0)))->group;
}
SYSTEM_CALL(132, getpgid, call_getpgid, CallTraits::lock_free());

Result<std::uint32_t> call_getpgrp(SystemCall& call) {
    return call.process().group;
}
SYSTEM_CALL(65, getpgrp, call_getpgrp, CallTraits::lock_free());

Result<std::uint32_t> call_getsid(SystemCall& call) {
    return TRY(process_of(call, call.argument(0)))->session;
}
SYSTEM_CALL(147, getsid, call_getsid, CallTraits::lock_free());

Result<std::uint32_t> call_setpgid(SystemCall& call) {
    if (call.signed_argument(1) < 0) return Error::InvalidArgument;
    TRY(call.processes().table().set_group(call.process(), call.argument(0), call.argument(1)));
    return 0U;
}
SYSTEM_CALL(57, setpgid, call_setpgid, CallTraits::plain());

Result<std::uint32_t> call_setsid(SystemCall& call) {
    return call.processes().table().start_session(call.process());
}
SYSTEM_CALL(66, setsid, call_setsid, CallTraits::plain());

// When the thread ends, 0 is written there and who waits for that is woken: pthread_join.
Result<std::uint32_t> call_set_tid_address(SystemCall& call) {
    call.thread().clear_child_tid = call.argument(0);
    return call.thread().tid;
}
SYSTEM_CALL(258, set_tid_address, call_set_tid_address, CallTraits::lock_free());

}  // namespace
}  // namespace quire::kernel
