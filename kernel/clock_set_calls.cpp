// The wall clock is set: stime, settimeofday, clock_settime. Only root may, and not to a time at
// which the machine would have been switched on before 1970. Who sleeps until a time of the wall
// clock began so by the old one and is not woken earlier. (Linux: kernel/time/time.c,
// timekeeping.c.)
#include "kernel/abi/time.h"
#include "kernel/process/user_time.h"
#include "kernel/processes.h"
#include "kernel/system_call.h"

namespace quire::kernel {
namespace {

constexpr std::int32_t kMostMinutesWest = 15 * 60;

// Errors: NotPermitted, InvalidArgument (too early).
Result<void> set_wall_clock(SystemCall& call, std::uint64_t time) {
    if (!call.process().credentials.is_root()) return Error::NotPermitted;
    Processes& processes = call.processes();
    if (time < processes.now()) return Error::InvalidArgument;
    processes.system().clock.set_wall_clock(time);
    return {};
}

Result<std::uint32_t> call_stime(SystemCall& call) {
    const auto seconds = TRY(user::read<std::int32_t>(call.pointer(0)));
    const Result<std::uint64_t> time = nanoseconds_of(seconds, 0);
    if (!time.ok()) return time.error();
    TRY(set_wall_clock(call, time.value()));
    return 0U;
}
SYSTEM_CALL(25, stime, call_stime, CallTraits::plain());

Result<std::uint32_t> call_settimeofday(SystemCall& call) {
    abi::TimeValue value{};
    abi::TimeZone zone{};
    if (call.argument(0) != 0) value = TRY(user::read<abi::TimeValue>(call.pointer(0)));
    const std::uint64_t time = TRY(nanoseconds_of(value));
    if (call.argument(1) != 0) zone = TRY(user::read<abi::TimeZone>(call.pointer(1)));
    if (!call.process().credentials.is_root()) return Error::NotPermitted;
    if (call.argument(1) != 0) {
        if (zone.minutes_west > kMostMinutesWest || zone.minutes_west < -kMostMinutesWest)
            return Error::InvalidArgument;
        call.processes().system().time_zone = zone;
    }
    if (call.argument(0) != 0) TRY(set_wall_clock(call, time));
    return 0U;
}
SYSTEM_CALL(79, settimeofday, call_settimeofday, CallTraits::plain());

template <typename Spec>
Result<std::uint32_t> call_clock_settime(SystemCall& call) {
    if (call.argument(0) != abi::kClockRealTime) return Error::InvalidArgument;
    const std::uint64_t time = TRY(read_time<Spec>(call.pointer(1)));
    TRY(set_wall_clock(call, time));
    return 0U;
}
SYSTEM_CALL(264, clock_settime, call_clock_settime<abi::TimeSpec>, CallTraits::plain());
SYSTEM_CALL(404, clock_settime64, call_clock_settime<abi::TimeSpec64>, CallTraits::plain());

}  // namespace
}  // namespace quire::kernel
