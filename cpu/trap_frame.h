// What the CPU and cpu/isr_stubs.asm leave on the stack when an exception or interrupt arrives.
//
//     higher addresses
//     | ss, esp        |  only when the trap came from ring 3
//     | eflags, cs, eip|  pushed by the CPU
//     | error code     |  by the CPU for some vectors, else 0 by the stub; a call's number
//     | vector         |  by the stub
//     | eax ... edi    |  PUSHAD
//     | ds, es, fs, gs |
//     lower addresses  <- TrapFrame*
#pragma once

#include <cstddef>
#include <cstdint>

#include "cpu/shared_constants.h"

namespace quire::cpu {

struct TrapFrame {
    std::uint32_t gs, fs, es, ds;
    std::uint32_t edi, esi, ebp, pushad_esp, ebx, edx, ecx, eax;
    std::uint32_t vector, error_code;
    std::uint32_t eip, cs, eflags;
    std::uint32_t user_esp, user_ss;  // valid only if from_user()

    [[nodiscard]] bool from_user() const { return (cs & 3) == 3; }
    /// The number of the system call that has brought us here: EAX holds its result in the end.
    [[nodiscard]] std::uint32_t call_number() const { return error_code; }
    /// ESP as it was when the trap arrived. A trap in ring 0 pushes no ESP: it goes on below.
    [[nodiscard]] std::uint32_t interrupted_esp() const;
};

static_assert(offsetof(TrapFrame, vector) == 48);
static_assert(offsetof(TrapFrame, eip) == kFrameEip);
static_assert(offsetof(TrapFrame, user_esp) == 68);

// PUSHAD stored ESP as it was behind vector, error code and the three words of the CPU.
inline std::uint32_t TrapFrame::interrupted_esp() const {
    return from_user() ? user_esp : pushad_esp + 5 * sizeof(std::uint32_t);
}

}  // namespace quire::cpu
