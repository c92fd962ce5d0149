#include "drivers/pit.h"

#include "kernel/base/assert.h"

namespace quire::drivers {

namespace {

constexpr std::uint16_t kChannel0 = 0x40;
constexpr std::uint16_t kControl = 0x43;
constexpr std::uint8_t kRateGenerator = 0x34;  // channel 0, low then high byte, mode 2, binary
// The plain latch command, not the 8254's read-back: every emulator and the 8253 know it.
constexpr std::uint8_t kLatchChannel0 = 0x00;

// 1,193,182 counts a second is 1.193 a microsecond; 1.2 never waits too short.
constexpr std::uint32_t counts_for(std::uint32_t microseconds) {
    const std::uint32_t counts = microseconds + microseconds / 5 + 1;
    return counts < microseconds ? ~0U : counts;
}

}  // namespace

void Pit::start(std::uint32_t hz) {
    ASSERT(hz >= 19 && hz <= 10'000);
    const InterruptsOff guard(hardware_);
    hz_ = hz;
    divisor_ = (kPitHz + hz / 2) / hz;
    hardware_.out8(kControl, kRateGenerator);
    hardware_.out8(kChannel0, static_cast<std::uint8_t>(divisor_ & 0xFF));
    hardware_.out8(kChannel0, static_cast<std::uint8_t>(divisor_ >> 8));
}

void Pit::on_tick() {
    ++ticks_;
    if (hook_ != nullptr) hook_(hook_context_);
}

void Pit::set_tick_hook(TickHook hook, void* context) {
    const InterruptsOff guard(hardware_);
    hook_ = hook;
    hook_context_ = context;
}

std::uint64_t Pit::ticks() const {
    // Two loads on a 32-bit machine: a tick between them would tear the number.
    const InterruptsOff guard(hardware_);
    return ticks_;
}

std::uint16_t Pit::read_counter() const {
    // A handler that latches between our two reads would mix the bytes of two samples.
    const InterruptsOff guard(hardware_);
    hardware_.out8(kControl, kLatchChannel0);
    const std::uint32_t low = hardware_.in8(kChannel0);
    const std::uint32_t high = hardware_.in8(kChannel0);
    return static_cast<std::uint16_t>(high << 8 | low);
}

void Pit::check_invariants() const {
    ASSERT(divisor_ >= 1 && divisor_ <= 65'536);
    ASSERT(hz_ >= 18);
}

PollDeadline::PollDeadline(const Pit& pit, std::uint32_t microseconds)
    : pit_(pit), elapsed_(pit.divisor(), pit.read_counter()), limit_(counts_for(microseconds)) {}

bool PollDeadline::expired() {
    const std::uint32_t counts = elapsed_.advance(pit_.read_counter());
    polls_without_progress_ = counts == last_counts_ ? polls_without_progress_ + 1 : 0;
    last_counts_ = counts;
    return counts >= limit_ || polls_without_progress_ >= kStuckPolls;
}

}  // namespace quire::drivers
