// futex(2): waiting for a word, waking who waits, letting them wait for another; and robust lists.
//
// FUTEX_PRIVATE_FLAG only saves Linux work; here every word has one key, found by its region. The
// kinds with priorities are not known: ENOSYS. (Linux: kernel/futex/.)
#include "kernel/abi/errno.h"
#include "kernel/abi/futex.h"
#include "kernel/process/identity.h"
#include "kernel/process/user_time.h"
#include "kernel/processes.h"
#include "kernel/system_call.h"
#include "mm/layout.h"

namespace quire::kernel {
namespace {

// The time at which a wait is given up: FUTEX_WAIT has a span, FUTEX_WAIT_BITSET an absolute time.
template <typename Spec>
Result<std::uint64_t> deadline_of(SystemCall& call, std::uint32_t operation) {
    const mm::VirtAddr place = call.pointer(3);
    if (place.raw() == 0) return Processes::kNever;
    const std::uint64_t time = TRY(read_time<Spec>(place));
    Processes& processes = call.processes();
    if ((operation & ~(abi::kFutexPrivate | abi::kFutexClockRealTime)) == abi::kFutexWait)
        return call.deadline_in(time);
    if ((operation & abi::kFutexClockRealTime) != 0)
        return since_boot(time, processes.wall_clock(), processes.now());
    return time;
}

// Where nothing is mapped a private word has a key all the same: nobody waits there.
Result<FutexKey> key_at(const SystemCall& call, unsigned argument) {
    mm::AddressSpace& space = call.process().memory->space;
    const mm::VirtAddr word = call.pointer(argument);
    const Result<FutexKey> key = futex_key(space, word);
    const bool is_private = (call.argument(1) & abi::kFutexPrivate) != 0;
    const bool is_user = mm::page_of(word) < mm::kFirstKernelPage;
    if (!key.ok() && key.error() == Error::BadAddress && is_private && is_user)
        return FutexKey{&space, 0, word.raw()};
    return key;
}

// Nobody can change the word between the look and the sleep, as both are under the lock. With a
// time limit a handler makes it EINTR, whatever SA_RESTART says.
Result<std::uint32_t> wait(SystemCall& call, std::uint32_t bits, std::uint64_t deadline) {
    if (bits == 0) return Error::InvalidArgument;
    const FutexKey key = TRY(key_at(call, 0));
    if (TRY(user::read<std::uint32_t>(call.pointer(0))) != call.argument(2)) return Error::TryAgain;
    Processes& processes = call.processes();
    if (deadline != Processes::kNever) call.set_after_signal(AfterSignal::Resumes);
    FutexWaiter waiter(key, bits);
    processes.futexes().add(waiter);
    Result<void> slept;
    while (slept.ok() && !waiter.was_woken())
        slept = processes.sleep_on(waiter.queue, deadline);
    if (waiter.was_woken()) return 0U;
    processes.futexes().remove(waiter);
    if (slept.error() == Error::TimedOut) return call.fail_with(abi::kEtimedout);
    return slept.error();
}

// Answers how many were woken or moved, of both kinds, as Linux does.
Result<std::uint32_t> requeue(SystemCall& call, bool compare) {
    const std::int32_t wakes = call.signed_argument(2);
    const std::int32_t moves = call.signed_argument(3);
    if (wakes < 0 || moves < 0) return Error::InvalidArgument;
    const FutexKey from = TRY(key_at(call, 0));
    const FutexKey to = TRY(key_at(call, 4));
    if (compare && TRY(user::read<std::uint32_t>(call.pointer(0))) != call.argument(5))
        return Error::TryAgain;
    FutexTable& futexes = call.processes().futexes();
    const std::uint32_t woken = futexes.wake(from, static_cast<std::uint32_t>(wakes));
    return woken + futexes.move(from, to, static_cast<std::uint32_t>(moves));
}

// Linux wakes one where it is asked to wake none.
std::uint32_t most_to_wake(const SystemCall& call, unsigned argument) {
    const std::int32_t most = call.signed_argument(argument);
    return most < 1 ? 1 : static_cast<std::uint32_t>(most);
}

Result<std::uint32_t> wake(SystemCall& call, std::uint32_t bits) {
    if (bits == 0) return Error::InvalidArgument;
    const FutexKey key = TRY(key_at(call, 0));
    return call.processes().futexes().wake(key, most_to_wake(call, 2), bits);
}

// Changes a word in one step; answers what it was.
Result<std::uint32_t> change(mm::VirtAddr word, const FutexOperation& operation) {
    std::uint32_t before = TRY(user::read<std::uint32_t>(word));
    for (;;) {
        const std::uint32_t found =
            TRY(user::compare_exchange(word, before, operation.result(before)));
        if (found == before) return before;
        before = found;
    }
}

// A second word is changed, and those who wait for it are woken, too, if it was what is asked for.
Result<std::uint32_t> wake_operation(SystemCall& call) {
    const FutexKey first = TRY(key_at(call, 0));
    const FutexKey second = TRY(key_at(call, 4));
    const Result<FutexOperation> operation = FutexOperation::decode(call.argument(5));
    if (!operation.ok()) return call.fail_with(abi::kEnosys);
    const std::uint32_t before = TRY(change(call.pointer(4), operation.value()));
    const Result<bool> also = operation.value().asks(before);
    if (!also.ok()) return call.fail_with(abi::kEnosys);
    FutexTable& futexes = call.processes().futexes();
    const std::uint32_t woken = futexes.wake(first, most_to_wake(call, 2));
    return also.value() ? woken + futexes.wake(second, most_to_wake(call, 3)) : woken;
}

template <typename Spec>
Result<std::uint32_t> call_futex(SystemCall& call) {
    const std::uint32_t operation = call.argument(1);
    const std::uint32_t what = operation & ~(abi::kFutexPrivate | abi::kFutexClockRealTime);
    const bool waits = what == abi::kFutexWait || what == abi::kFutexWaitBits;
    const std::uint64_t deadline =
        waits ? TRY(deadline_of<Spec>(call, operation)) : Processes::kNever;
    if ((operation & abi::kFutexClockRealTime) != 0 && what != abi::kFutexWaitBits)
        return call.fail_with(abi::kEnosys);
    switch (what) {
    case abi::kFutexWait:
        return wait(call, FutexTable::kAllBits, deadline);
    case abi::kFutexWaitBits:
        return wait(call, call.argument(5), deadline);
    case abi::kFutexWake:
        return wake(call, FutexTable::kAllBits);
    case abi::kFutexWakeBits:
        return wake(call, call.argument(5));
    case abi::kFutexRequeue:
        return requeue(call, false);
    case abi::kFutexCompareRequeue:
        return requeue(call, true);
    case abi::kFutexWakeOperation:
        return wake_operation(call);
    default:
        return call.fail_with(abi::kEnosys);
    }
}
SYSTEM_CALL(240, futex, call_futex<abi::TimeSpec>, CallTraits::restarting());
SYSTEM_CALL(422, futex_time64, call_futex<abi::TimeSpec64>, CallTraits::restarting());

// --- Robust lists --------------------------------------------------------------------------------

Result<std::uint32_t> call_set_robust_list(SystemCall& call) {
    if (call.argument(1) != sizeof(abi::RobustListHead)) return Error::InvalidArgument;
    call.thread().robust_list = call.argument(0);
    return 0U;
}
SYSTEM_CALL(311, set_robust_list, call_set_robust_list, CallTraits::lock_free());

Result<std::uint32_t> call_get_robust_list(SystemCall& call) {
    const Thread* thread = &call.thread();
    if (call.argument(0) != 0) thread = call.processes().table().find_thread(call.argument(0));
    if (thread == nullptr) return Error::NoSuchProcess;
    // Here it is the real ids that count.
    const fs::Credentials& who = call.process().credentials;
    if (!may_trace(call.process(), who.real_user, who.real_group, *thread->process))
        return Error::NotPermitted;
    const std::uint32_t list = thread->robust_list;
    TRY(user::write(call.pointer(2), std::uint32_t{sizeof(abi::RobustListHead)}));
    TRY(user::write(call.pointer(1), list));
    return 0U;
}
SYSTEM_CALL(312, get_robust_list, call_get_robust_list, CallTraits::plain());

}  // namespace
}  // namespace quire::kernel
