#include "kernel/process/fpu_frame.h"

#include "libc/string.h"

namespace quire::kernel {
namespace {

// Where FXSAVE has what (SDM 1 table 10-2).
constexpr std::uint32_t kFcw = 0, kFsw = 2, kFtw = 4, kFop = 6, kFip = 8, kFcs = 12, kFdp = 16;
constexpr std::uint32_t kFds = 20, kMxcsr = 24, kMxcsrMask = 28, kSt0 = 32;
constexpr std::uint32_t kUpperOnes = 0xFFFF0000;  // FSAVE's words fill 32 bits with ones

template <typename T>
T get(const FpuState& state, std::uint32_t offset) {
    T value;
    memcpy(&value, state.bytes.data() + offset, sizeof(T));
    return value;
}
template <typename T>
void put(FpuState& state, std::uint32_t offset, T value) {
    memcpy(state.bytes.data() + offset, &value, sizeof(T));
}

// Tags of FSAVE (SDM 1 8.1.7).
enum Tag : std::uint32_t { kValid = 0, kZero = 1, kSpecial = 2, kEmpty = 3 };

// What FSAVE would find in ten bytes: significand (8), sign and exponent (2).
Tag tag_of(const FpuState& state, std::uint32_t offset) {
    const auto significand = get<std::uint64_t>(state, offset);
    const auto exponent = get<std::uint16_t>(state, offset + 8) & 0x7FFFU;
    if (exponent == 0x7FFF) return kSpecial;
    if (exponent == 0) return significand == 0 ? kZero : kSpecial;
    return significand >> 63 != 0 ? kValid : kSpecial;
}

// FXSAVE has a bit for each register that is not empty, by physical number; the images are stored
// by distance from the top of stack.
std::uint32_t full_tags(const FpuState& state) {
    const std::uint32_t top = get<std::uint16_t>(state, kFsw) >> 11 & 7U;
    const std::uint32_t used = get<std::uint8_t>(state, kFtw);
    std::uint32_t tags = kUpperOnes;
    for (std::uint32_t i = 0; i < 8; ++i) {
        const std::uint32_t image = kSt0 + ((i - top) & 7U) * 16;
        tags |= ((used >> i & 1U) != 0 ? tag_of(state, image) : kEmpty) << 2 * i;
    }
    return tags;
}

std::uint8_t short_tags(std::uint32_t tags) {
    std::uint32_t used = 0;
    for (std::uint32_t i = 0; i < 8; ++i)
        if ((tags >> 2 * i & 3U) != kEmpty) used |= 1U << i;
    return static_cast<std::uint8_t>(used);
}

}  // namespace

FpuFrameHead head_of(const FpuState& state, FpuFormat format) {
    FpuFrameHead head;
    if (format == FpuFormat::Fsave) {
        memcpy(&head, state.bytes.data(), offsetof(FpuFrameHead, status_word));
        head.status_word = static_cast<std::uint16_t>(head.status);
        head.magic = abi::FpuFrame::kFsaveOnly;
        return head;
    }
    head.control = get<std::uint16_t>(state, kFcw) | kUpperOnes;
    head.status = get<std::uint16_t>(state, kFsw) | kUpperOnes;
    head.tag = full_tags(state);
    head.eip = get<std::uint32_t>(state, kFip);
    head.cs = get<std::uint16_t>(state, kFcs) |
              static_cast<std::uint32_t>(get<std::uint16_t>(state, kFop)) << 16;
    head.data_offset = get<std::uint32_t>(state, kFdp);
    head.data_selector = get<std::uint16_t>(state, kFds);
    for (std::uint32_t i = 0; i < 8; ++i)
        memcpy(head.registers[i], state.bytes.data() + kSt0 + 16 * i, sizeof(head.registers[i]));
    head.status_word = get<std::uint16_t>(state, kFsw);
    head.magic = abi::FpuFrame::kWithFxsave;
    return head;
}

void restore_from(FpuState& state, const FpuFrameHead& head, FpuFormat format,
                  std::uint32_t mxcsr_mask) {
    if (format == FpuFormat::Fsave) {
        memcpy(state.bytes.data(), &head, offsetof(FpuFrameHead, status_word));
        return;
    }
    put(state, kFcw, static_cast<std::uint16_t>(head.control));
    put(state, kFsw, static_cast<std::uint16_t>(head.status));
    put(state, kFtw, short_tags(head.tag));
    put(state, kFop, static_cast<std::uint16_t>(head.cs >> 16));
    put(state, kFip, head.eip);
    put(state, kFcs, static_cast<std::uint16_t>(head.cs));
    put(state, kFdp, head.data_offset);
    put(state, kFds, static_cast<std::uint16_t>(head.data_selector));
    for (std::uint32_t i = 0; i < 8; ++i)
        memcpy(state.bytes.data() + kSt0 + 16 * i, head.registers[i], sizeof(head.registers[i]));
    put(state, kMxcsr, get<std::uint32_t>(state, kMxcsr) & mxcsr_mask);
    put(state, kMxcsrMask, mxcsr_mask);
}

std::uint32_t mxcsr_mask_of(const FpuState& state) {
    constexpr std::uint32_t kWhereNoneIsStored = 0xFFBF;
    const auto mask = get<std::uint32_t>(state, kMxcsrMask);
    return mask != 0 ? mask : kWhereNoneIsStored;
}

FpuStatus status_of(const FpuState& state, FpuFormat format) {
    constexpr std::uint32_t kMxcsrAtReset = 0x1F80;
    if (format == FpuFormat::Fsave)
        return {get<std::uint16_t>(state, 0), get<std::uint16_t>(state, 4), kMxcsrAtReset};
    return {get<std::uint16_t>(state, kFcw), get<std::uint16_t>(state, kFsw),
            get<std::uint32_t>(state, kMxcsr)};
}

void reset(FpuState& state, FpuFormat format, std::uint32_t mxcsr_mask) {
    constexpr std::uint16_t kAllMasked = 0x037F;
    if (format == FpuFormat::Fsave) {
        state.bytes = {};
        put(state, 0, kUpperOnes | kAllMasked);
        put(state, 4, kUpperOnes);
        put(state, 8, 0xFFFFFFFFU);  // all empty
        return;
    }
    state.bytes = {};
    put(state, kFcw, kAllMasked);
    put(state, kMxcsr, 0x1F80U);
    put(state, kMxcsrMask, mxcsr_mask);
}

}  // namespace quire::kernel
