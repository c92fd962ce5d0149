// Requests of ioctl(2) that every file knows; those of terminals are kernel/abi/termios.h's.
// And those of disks. (Linux: asm-generic/ioctls.h, linux/fs.h.)
#pragma once

#include <cstdint>

namespace quire::abi {

inline constexpr std::uint32_t kIoctlBytesToRead = 0x541B;  // FIONREAD
inline constexpr std::uint32_t kIoctlNonBlock = 0x5421;     // FIONBIO
inline constexpr std::uint32_t kIoctlKeepOnExec = 0x5450;   // FIONCLEX
inline constexpr std::uint32_t kIoctlCloseOnExec = 0x5451;  // FIOCLEX

inline constexpr std::uint32_t kIoctlDiskSectors = 0x1260;    // BLKGETSIZE: of 512 bytes
inline constexpr std::uint32_t kIoctlSectorBytes = 0x1268;    // BLKSSZGET
inline constexpr std::uint32_t kIoctlDiskBytes = 0x80041272;  // BLKGETSIZE64

}  // namespace quire::abi
