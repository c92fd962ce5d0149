// Crashes on purpose, one for each way the kernel can end: for students to watch and for the tests.
#pragma once

#include <cstdint>
#include <span>

namespace quire::kernel {

/// What the general registers hold when a crash of this file happens, but for those its instruction
/// needs: so that a report can be checked against them.
inline constexpr std::uint32_t kCrashEbx = 0xB2B2B2B2;
inline constexpr std::uint32_t kCrashEsi = 0x51515151;
inline constexpr std::uint32_t kCrashEdi = 0xD1D1D1D1;

inline constexpr std::uint8_t kNoVector = 0xFF;

struct CrashKind {
    const char* name;
    const char* description;
    std::uint8_t vector;       // kNoVector: not an exception
    std::uint32_t error_code;  // what the CPU pushes, 0 if nothing
    /// Returns only if the machine did not raise the exception.
    void (*run)();
};

std::span<const CrashKind> crash_kinds();

}  // namespace quire::kernel
