// futex(2): waiting for a word, waking who waits, letting them wait for another.
//
// FUTEX_PRIVATE_FLAG only saves Linux work; here every word has one key, found by its region. What
// works on the words themselves (FUTEX_WAKE_OP) and the kind with priorities are not known: ENOSYS.
#include "kernel/abi/errno.h"
#include "kernel/abi/futex.h"
#include "kernel/process/user_time.h"
#include "kernel/processes.h"
#include "kernel/system_call.h"

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
        return deadline_after(processes.now(), time);
    if ((operation & abi::kFutexClockRealTime) != 0)
        return since_boot(time, processes.wall_clock(), processes.now());
    return time;
}

// Nobody can change the word between the look and the sleep, as both are under the lock.
Result<std::uint32_t> wait(SystemCall& call, const FutexKey& key, std::uint32_t bits,
                           std::uint64_t deadline) {
    if (bits == 0) return Error::InvalidArgument;
    if (TRY(user::read<std::uint32_t>(call.pointer(0))) != call.argument(2)) return Error::TryAgain;
    Processes& processes = call.processes();
    FutexWaiter waiter(key, bits);
    processes.futexes().add(waiter);
    Result<void> slept;
    while (slept.ok() && !waiter.was_woken())
        slept = processes.sleep_on(waiter.queue, deadline);
    if (waiter.was_woken()) return 0U;
    processes.futexes().remove(waiter);
    if (slept.error() == Error::TimedOut) return call.fail_with(abi::kEtimedout);
    if (deadline != Processes::kNever) return call.fail_with(abi::kEintr);
    return slept.error();
}

Result<std::uint32_t> requeue(SystemCall& call, const FutexKey& from, bool compare) {
    const std::int32_t wakes = call.signed_argument(2);
    const std::int32_t moves = call.signed_argument(3);
    if (wakes < 0 || moves < 0) return Error::InvalidArgument;
    const FutexKey to = TRY(futex_key(call.process().memory->space, call.pointer(4)));
    if (compare && TRY(user::read<std::uint32_t>(call.pointer(0))) != call.argument(5))
        return Error::TryAgain;
    FutexTable& futexes = call.processes().futexes();
    const std::uint32_t woken = futexes.wake(from, static_cast<std::uint32_t>(wakes));
    const std::uint32_t moved = futexes.move(from, to, static_cast<std::uint32_t>(moves));
    return compare ? woken + moved : woken;
}

// Linux wakes one where it is asked to wake none.
std::uint32_t most_to_wake(const SystemCall& call) {
    const std::int32_t most = call.signed_argument(2);
    return most < 1 ? 1 : static_cast<std::uint32_t>(most);
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
    const bool is_known = waits || what == abi::kFutexWake || what == abi::kFutexWakeBits ||
                          what == abi::kFutexRequeue || what == abi::kFutexCompareRequeue;
    if (!is_known) return call.fail_with(abi::kEnosys);
    const FutexKey key = TRY(futex_key(call.process().memory->space, call.pointer(0)));
    FutexTable& futexes = call.processes().futexes();
    switch (what) {
    case abi::kFutexWait:
        return wait(call, key, FutexTable::kAllBits, deadline);
    case abi::kFutexWaitBits:
        return wait(call, key, call.argument(5), deadline);
    case abi::kFutexWake:
        return futexes.wake(key, most_to_wake(call));
    case abi::kFutexWakeBits:
        if (call.argument(5) == 0) return Error::InvalidArgument;
        return futexes.wake(key, most_to_wake(call), call.argument(5));
    default:
        return requeue(call, key, what == abi::kFutexCompareRequeue);
    }
}
SYSTEM_CALL(240, futex, call_futex<abi::TimeSpec>, CallTraits::restarting());
SYSTEM_CALL(422, futex_time64, call_futex<abi::TimeSpec64>, CallTraits::restarting());

}  // namespace
}  // namespace quire::kernel
