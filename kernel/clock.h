// Time: how long the machine has been up, how fast its TSC runs, and what the wall clock says.
//
// The tick counts time; the TSC is measured against it in passing, over the first ten whole ticks
// and again over the first hundred, so that booting waits for nothing. The wall clock is what it
// was at boot, by the RTC or by who has set it since, plus the time since. The RTC is never
// written.
#pragma once

#include <cstdint>

#include "drivers/pit.h"
#include "kernel/process/time_values.h"

namespace quire::kernel {

class Clock {
  public:
    constexpr explicit Clock(drivers::Pit& pit) : pit_(pit) {}

    /// Takes over the tick hook. `unix_time` is the wall clock now, or 0 if there is none.
    void start(std::uint64_t unix_time);

    [[nodiscard]] std::uint64_t milliseconds() const { return pit_.milliseconds(); }
    /// Nanoseconds since the first tick; between two ticks as the TSC says. Never goes back.
    [[nodiscard]] std::uint64_t nanoseconds() const;
    /// The wall clock, in nanoseconds since 1970; since boot if nobody knows it. And as it was at
    /// the last tick, which costs less.
    [[nodiscard]] std::uint64_t wall_clock() const { return wall_at_boot_ + nanoseconds(); }
    [[nodiscard]] std::uint64_t wall_clock_at_tick() const {
        return wall_at_boot_ + pit_.ticks() * tick_length();
    }
    /// Sets it. Precondition: `time` >= nanoseconds(), so that the boot was not before 1970.
    void set_wall_clock(std::uint64_t time) { wall_at_boot_ = time - nanoseconds(); }
    /// The wall clock at boot: seconds since 1970, or 0.
    [[nodiscard]] std::uint64_t boot_time() const { return wall_at_boot_ / kNanosecondsPerSecond; }
    /// `hook(context)` is called at every tick from now on, from the interrupt handler.
    void set_tick_hook(drivers::Pit::TickHook hook, void* context) {
        hook_context_ = context;
        hook_ = hook;
    }
    /// Nanoseconds from tick to tick.
    [[nodiscard]] std::uint32_t tick_length() const { return kNanosecondsPerSecond / pit_.hz(); }
    /// TSC clocks per millisecond; 0 until measured.
    [[nodiscard]] std::uint32_t tsc_khz() const { return tsc_khz_; }
    /// Seconds since 1970, or 0 if the RTC did not say.
    [[nodiscard]] std::uint64_t unix_time() const;

  private:
    void on_tick();

    drivers::Pit& pit_;
    std::uint64_t wall_at_boot_ = 0;  // nanoseconds since 1970; 0: not known
    std::uint64_t first_tsc_ = 0;
    std::uint64_t tick_tsc_ = 0;  // at the last tick
    drivers::Pit::TickHook hook_ = nullptr;
    void* hook_context_ = nullptr;
    std::uint32_t tsc_khz_ = 0;
};

}  // namespace quire::kernel
