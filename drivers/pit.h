// The 8254 programmable interval timer: the tick (IRQ 0), and the clock for bounded waits.
//
// One idea: channel 0 in mode 2 is both. Its interrupt counts ticks, and its counter, which falls
// from `divisor` to 1 and starts over, measures short times even with interrupts off. Device waits
// are bounded by this clock and never by iterations, which mean nothing on a loaded host.
// (Intel 8254 data sheet: control word, counter latch command.)
#pragma once

#include <cstdint>

#include "drivers/hardware.h"

namespace quire::drivers {

inline constexpr std::uint32_t kPitHz = 1'193'182;

/// Adds up the counts that have gone by between samples of a counter that falls from `divisor`
/// to 1 and wraps. Right as long as samples are closer than one period; a missed period only
/// makes the sum too small, so a wait built on it is never cut short.
class PitElapsed {
  public:
    constexpr PitElapsed(std::uint32_t divisor, std::uint32_t first_sample)
        : divisor_(divisor), last_sample_(first_sample % divisor) {}

    /// Takes a sample and returns the counts since the first one. A value above the divisor is a
    /// counter not loaded yet: no time has passed. Stops at the largest number.
    constexpr std::uint32_t advance(std::uint32_t sample) {
        if (sample > divisor_) return counts_;
        const std::uint32_t place = sample % divisor_;
        const std::uint32_t step = (last_sample_ + divisor_ - place) % divisor_;
        last_sample_ = place;
        counts_ = counts_ + step < counts_ ? ~0U : counts_ + step;
        return counts_;
    }

  private:
    std::uint32_t divisor_;
    std::uint32_t last_sample_;
    std::uint32_t counts_ = 0;
};

class Pit {
  public:
    using TickHook = void (*)(void* context);

    /// IRQ 0 of the first 8259.
    static constexpr std::uint8_t kIrq = 0;

    constexpr explicit Pit(Hardware& hardware) : hardware_(hardware) {}

    /// Programs channel 0 to tick `hz` times a second (19 to 10,000). Interrupts need not be set
    /// up yet: waits work from here on, ticks once IRQ 0 is registered with interrupt() below.
    void start(std::uint32_t hz);

    /// The handler for IRQ 0; `context` is the Pit. Interrupts are off.
    static void interrupt(void* context) { static_cast<Pit*>(context)->on_tick(); }
    void on_tick();

    /// `hook(context)` is called at every tick, from the interrupt handler; nullptr removes it.
    void set_tick_hook(TickHook hook, void* context);

    [[nodiscard]] std::uint64_t ticks() const;
    /// Time since the first tick, in steps of one tick.
    [[nodiscard]] std::uint64_t milliseconds() const { return ticks() * 1000 / hz_; }
    [[nodiscard]] std::uint32_t hz() const { return hz_; }

    /// What channel 0 counts down from: 65,536 as the BIOS leaves it, until start().
    [[nodiscard]] std::uint32_t divisor() const { return divisor_; }

    /// The counter's value now: divisor() down to 1 (0 stands for 65,536).
    [[nodiscard]] std::uint16_t read_counter() const;

    void check_invariants() const;

  private:
    Hardware& hardware_;
    std::uint32_t hz_ = 18;
    std::uint32_t divisor_ = 65'536;
    std::uint64_t ticks_ = 0;
    TickHook hook_ = nullptr;
    void* hook_context_ = nullptr;
};

/// The end of a bounded wait. Works with interrupts on or off, before and after the tick runs:
///
///     PollDeadline deadline(pit, 5'000);
///     while (!device_ready()) {
///         if (deadline.expired()) return Error::TimedOut;
///     }
///
/// Before start() the BIOS's mode 3 counts twice as fast, so waits last half as long.
class PollDeadline {
  public:
    PollDeadline(const Pit& pit, std::uint32_t microseconds);

    /// Must be asked more often than once a period of the tick, else it expires late. A counter
    /// that never moves (no PIT at all) counts as expired after kStuckPolls questions.
    [[nodiscard]] bool expired();

  private:
    static constexpr std::uint32_t kStuckPolls = 100'000;

    const Pit& pit_;
    PitElapsed elapsed_;
    std::uint32_t limit_;
    std::uint32_t last_counts_ = 0;
    std::uint32_t polls_without_progress_ = 0;
};

}  // namespace quire::drivers
