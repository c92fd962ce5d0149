// poll(2) as Linux i386 has it. (Linux: asm-generic/poll.h.)
#pragma once

#include <cstddef>
#include <cstdint>

namespace quire::abi {

inline constexpr std::uint16_t kPollIn = 0x0001;
inline constexpr std::uint16_t kPollPriority = 0x0002;
inline constexpr std::uint16_t kPollOut = 0x0004;
inline constexpr std::uint16_t kPollError = 0x0008;
inline constexpr std::uint16_t kPollHangUp = 0x0010;
inline constexpr std::uint16_t kPollInvalid = 0x0020;
inline constexpr std::uint16_t kPollReadNormal = 0x0040;
inline constexpr std::uint16_t kPollWriteNormal = 0x0100;

struct PollDescriptor {
    std::int32_t descriptor;
    std::uint16_t wanted;
    std::uint16_t found;
};
static_assert(sizeof(PollDescriptor) == 8 && offsetof(PollDescriptor, found) == 6);

}  // namespace quire::abi
