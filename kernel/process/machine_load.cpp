#include "kernel/process/machine_load.h"

#include "kernel/base/assert.h"

namespace quire::kernel {
namespace {

constexpr std::uint64_t kOne = 1U << MachineLoad::kFractionBits;
// exp(-5/60), exp(-5/300), exp(-5/900)
constexpr std::array<std::uint32_t, MachineLoad::kAverages> kDecay = {1884, 2014, 2037};

std::uint32_t moved(std::uint64_t average, std::uint64_t decay, std::uint64_t active) {
    std::uint64_t sum = average * decay + active * (kOne - decay);
    if (active >= average) sum += kOne - 1;
    return static_cast<std::uint32_t>(sum >> MachineLoad::kFractionBits);
}

}  // namespace

void MachineLoad::tick(Kind kind) {
    ++ticks_[static_cast<std::size_t>(kind)];
    ++since_sample_;
}

void MachineLoad::sample(std::uint32_t active) {
    ASSERT(sample_is_due());
    since_sample_ -= kTicksPerSample;
    for (std::size_t i = 0; i < kAverages; ++i)
        averages_[i] = moved(averages_[i], kDecay[i], active * kOne);
}

}  // namespace quire::kernel
