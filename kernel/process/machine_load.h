// What the CPU has done since boot, tick by tick, and how many wanted it on average: /proc/stat,
// /proc/loadavg, sysinfo(2); uptime(1) and top(1) read them.
//
//     tick --> user | nice | system | idle         every 500 ticks: sample(how many want the CPU)
//                                                      |
//     load = load * e + active * (1 - e),   e = exp(-5 s / 1, 5, 15 minutes),   11 bits of fraction
//
// The averages are Linux's to the bit: rounded up while they rise, so that a machine that is always
// busy comes to 1.00. (Linux: include/linux/sched/loadavg.h, kernel/sched/loadavg.c.)
#pragma once

#include <array>
#include <cstdint>

namespace quire::kernel {

class MachineLoad {
  public:
    static constexpr std::uint32_t kTicksPerSample = 500;  // 5 s
    static constexpr std::uint32_t kFractionBits = 11;
    static constexpr std::size_t kAverages = 3;

    enum class Kind : std::uint8_t { User, Nice, System, Idle };
    static constexpr std::size_t kKinds = 4;

    /// A tick has gone by. For the timer's interrupt handler.
    void tick(Kind kind);

    /// Whether kTicksPerSample ticks have passed since the last sample.
    [[nodiscard]] bool sample_is_due() const { return since_sample_ >= kTicksPerSample; }
    /// `active` threads run, wait for the CPU, or wait for a disk. Precondition: sample_is_due().
    void sample(std::uint32_t active);

    [[nodiscard]] std::uint64_t ticks(Kind kind) const {
        return ticks_[static_cast<std::size_t>(kind)];
    }
    /// Over 1, 5 and 15 minutes, in units of 1 / 2^kFractionBits.
    [[nodiscard]] const std::array<std::uint32_t, kAverages>& averages() const { return averages_; }

  private:
    std::array<std::uint64_t, kKinds> ticks_{};
    std::array<std::uint32_t, kAverages> averages_{};
    std::uint32_t since_sample_ = 0;
};

}  // namespace quire::kernel
