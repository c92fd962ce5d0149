#include "kernel/clock.h"

#include "cpu/irq.h"
#include "cpu/tsc.h"
#include "kernel/base/log.h"

namespace quire::kernel {
namespace {

// The first tick may come late after the PIT is programmed; measuring starts at the second.
constexpr std::uint64_t kFirstTick = 2;
constexpr std::uint64_t kRoughTicks = 10;
constexpr std::uint64_t kFineTicks = 100;

}  // namespace

void Clock::start(std::uint64_t unix_time) {
    wall_at_boot_ = unix_time * kNanosecondsPerSecond;
    pit_.set_tick_hook([](void* clock) { static_cast<Clock*>(clock)->on_tick(); }, this);
}

void Clock::on_tick() {
    tick_tsc_ = cpu::read_tsc();
    if (hook_ != nullptr) hook_(hook_context_);
    const std::uint64_t tick = pit_.ticks();
    if (tick < kFirstTick || tick > kFirstTick + kFineTicks) return;
    const std::uint64_t now = cpu::read_tsc();
    if (tick == kFirstTick) first_tsc_ = now;
    const std::uint64_t elapsed_ticks = tick - kFirstTick;
    if (elapsed_ticks != kRoughTicks && elapsed_ticks != kFineTicks) return;
    const std::uint64_t elapsed_ms = elapsed_ticks * 1000 / pit_.hz();
    tsc_khz_ = static_cast<std::uint32_t>((now - first_tsc_) / elapsed_ms);
    log(LogLevel::Debug, "clock", "the TSC runs at %u kHz (over %u ticks)", tsc_khz_,
        static_cast<unsigned>(elapsed_ticks));
}

// A tick that comes late must not be overtaken: what the TSC adds stays below a tick.
std::uint64_t Clock::nanoseconds() const {
    const cpu::InterruptGuard guard;
    const std::uint64_t ticks = pit_.ticks() * tick_length();
    if (tsc_khz_ == 0) return ticks;
    const std::uint64_t since = (cpu::read_tsc() - tick_tsc_) * 1'000'000 / tsc_khz_;
    return ticks + (since < tick_length() ? since : tick_length() - 1);
}

std::uint64_t Clock::unix_time() const {
    return wall_at_boot_ == 0 ? 0 : wall_clock_at_tick() / kNanosecondsPerSecond;
}

}  // namespace quire::kernel
