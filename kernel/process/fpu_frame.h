// The FPU's registers as a signal handler finds them: FSAVE's image first, as programs since the
// 386 know it, and FXSAVE's behind it.
//
//     FXSAVE (SDM 1 10.5)                       FSAVE (SDM 1 8.1.10)
//     FCW FSW FTW(8 bits) FOP FIP FCS FDP FDS   the same, 32 bits each, FTW with 2 bits a register
//     MXCSR   ST0-7 each in 16 bytes            ST0-7 each in 10 bytes
//     XMM0-7
//
// On the way back both count, as Linux has it: x87 registers come from the first, MXCSR and XMM
// from the second. Bits of MXCSR that this CPU does not have are dropped, as FXRSTOR would fault.
#pragma once

#include "kernel/abi/signal.h"
#include "kernel/process/process.h"

namespace quire::kernel {

enum class FpuFormat : std::uint8_t { Fsave, Fxsave };

/// The part of abi::FpuFrame before `fxsave`.
inline constexpr std::uint32_t kFpuFrameHead = offsetof(abi::FpuFrame, fxsave);

/// Bytes that the frame takes on a program's stack.
constexpr std::uint32_t fpu_frame_bytes(FpuFormat format) {
    return format == FpuFormat::Fxsave ? std::uint32_t{sizeof(abi::FpuFrame)} : kFpuFrameHead;
}

/// The head of abi::FpuFrame; `fxsave` is left out.
struct FpuFrameHead {
    std::uint32_t control, status, tag, eip, cs, data_offset, data_selector;
    std::uint8_t registers[8][10];
    std::uint16_t status_word;
    std::uint16_t magic;
};
static_assert(sizeof(FpuFrameHead) == kFpuFrameHead);

[[nodiscard]] FpuFrameHead head_of(const FpuState& state, FpuFormat format);

/// Puts the x87 registers of `head` into `state`, which holds what the program had in `fxsave`
/// where there is one. `mxcsr_mask`: as FXSAVE stored it on this CPU.
void restore_from(FpuState& state, const FpuFrameHead& head, FpuFormat format,
                  std::uint32_t mxcsr_mask);
/// MXCSR_MASK of an image that this CPU has made (SDM 1 11.6.6).
[[nodiscard]] std::uint32_t mxcsr_mask_of(const FpuState& state);

/// Control and status word of the x87, and MXCSR (the reset value without SSE).
struct FpuStatus {
    std::uint16_t control, status;
    std::uint32_t mxcsr;
};
[[nodiscard]] FpuStatus status_of(const FpuState& state, FpuFormat format);

/// As after FNINIT: what a program starts with, and a handler.
void reset(FpuState& state, FpuFormat format, std::uint32_t mxcsr_mask);

}  // namespace quire::kernel
