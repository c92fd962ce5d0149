// What this CPU is and can do, as CPUID tells (SDM 2A CPUID).
#pragma once

#include <cstdint>

namespace quire::cpu {

struct Features {
    char vendor[13];  // "GenuineIntel"
    char brand[49];   // "Intel Core Processor ...", or empty
    std::uint8_t family, model, stepping;
    std::uint32_t edx;  // leaf 1
    std::uint32_t ecx;

    [[nodiscard]] bool fpu() const { return (edx & 1U << 0) != 0; }
    [[nodiscard]] bool page_size_extensions() const { return (edx & 1U << 3) != 0; }
    [[nodiscard]] bool machine_check() const { return (edx & 1U << 7) != 0; }
    [[nodiscard]] bool page_global_enable() const { return (edx & 1U << 13) != 0; }
    [[nodiscard]] bool fxsave() const { return (edx & 1U << 24) != 0; }
    [[nodiscard]] bool sse() const { return (edx & 1U << 25) != 0; }
    [[nodiscard]] bool hypervisor() const { return (ecx & 1U << 31) != 0; }
};

/// Asks the CPU. Stage 2 has made sure that CPUID exists.
Features read_features();

struct FeatureName {
    bool in_ecx;
    std::uint8_t bit;
    const char* name;
};
inline constexpr std::uint32_t kFeatureNames = 40;
/// The bits of leaf 1 that a reader of the feature report may know, by SDM name.
const FeatureName& feature_name(std::uint32_t index);

}  // namespace quire::cpu
