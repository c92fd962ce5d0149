// Control registers, EFLAGS, segment registers: read and written here only (SDM 3A 2.3, 2.5).
#pragma once

#include <cstdint>

namespace quire::cpu {

inline constexpr std::uint32_t kCr0MonitorCoprocessor = 1U << 1;
inline constexpr std::uint32_t kCr0Emulation = 1U << 2;
inline constexpr std::uint32_t kCr0TaskSwitched = 1U << 3;
inline constexpr std::uint32_t kCr0NumericError = 1U << 5;
inline constexpr std::uint32_t kCr0WriteProtect = 1U << 16;
inline constexpr std::uint32_t kCr0AlignmentMask = 1U << 18;
inline constexpr std::uint32_t kCr4PageSizeExtensions = 1U << 4;
inline constexpr std::uint32_t kCr4PageGlobalEnable = 1U << 7;
inline constexpr std::uint32_t kCr4OsFxsr = 1U << 9;
inline constexpr std::uint32_t kCr4OsXmmExceptions = 1U << 10;

inline constexpr std::uint32_t kEflagsAlwaysSet = 1U << 1;  // reads 1
inline constexpr std::uint32_t kEflagsTrap = 1U << 8;
inline constexpr std::uint32_t kEflagsInterrupt = 1U << 9;
inline constexpr std::uint32_t kEflagsNestedTask = 1U << 14;
inline constexpr std::uint32_t kEflagsAlignmentCheck = 1U << 18;

#define QUIRE_CONTROL_REGISTER(number)                                   \
    inline std::uint32_t read_cr##number() {                             \
        std::uint32_t value;                                             \
        asm volatile("movl %%cr" #number ", %0" : "=r"(value));          \
        return value;                                                    \
    }                                                                    \
    inline void write_cr##number(std::uint32_t value) {                  \
        asm volatile("movl %0, %%cr" #number : : "r"(value) : "memory"); \
    }
QUIRE_CONTROL_REGISTER(0)
QUIRE_CONTROL_REGISTER(2)
QUIRE_CONTROL_REGISTER(3)
QUIRE_CONTROL_REGISTER(4)
#undef QUIRE_CONTROL_REGISTER

inline std::uint32_t read_eflags() {
    std::uint32_t flags;
    asm volatile("pushfl; popl %0" : "=r"(flags));
    return flags;
}

/// The debug status register: which debug condition a #DB reports (SDM 3B 17.2.3).
inline std::uint32_t read_dr6() {
    std::uint32_t value;
    asm volatile("movl %%dr6, %0" : "=r"(value));
    return value;
}
inline void write_dr6(std::uint32_t value) {
    asm volatile("movl %0, %%dr6" : : "r"(value));
}

inline void enable_interrupts() {
    asm volatile("sti" : : : "memory");
}
inline void disable_interrupts() {
    asm volatile("cli" : : : "memory");
}

/// Waits for the next interrupt with interrupts on. STI holds them off for one more instruction, so
/// none can slip in between and be slept through (SDM 2B STI).
inline void enable_interrupts_and_halt() {
    asm volatile("sti; hlt" : : : "memory");
}

/// Stops the CPU for good.
[[noreturn]] inline void halt_forever() {
    for (;;)
        asm volatile("cli; hlt" : : : "memory");
}

}  // namespace quire::cpu
