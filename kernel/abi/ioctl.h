// Requests of ioctl(2) that every file knows; those of terminals are kernel/abi/termios.h's.
// (Linux: asm-generic/ioctls.h.)
#pragma once

#include <cstdint>

namespace quire::abi {

inline constexpr std::uint32_t kIoctlBytesToRead = 0x541B;  // FIONREAD
inline constexpr std::uint32_t kIoctlNonBlock = 0x5421;     // FIONBIO
inline constexpr std::uint32_t kIoctlKeepOnExec = 0x5450;   // FIONCLEX
inline constexpr std::uint32_t kIoctlCloseOnExec = 0x5451;  // FIOCLEX

}  // namespace quire::abi
