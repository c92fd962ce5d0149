// The numbers of open(2), fcntl(2), lseek(2), access(2) and the calls with `at` in their names, as
// Linux i386 has them. (Linux: asm-generic/fcntl.h, linux/fs.h.)
#pragma once

#include <cstdint>

namespace quire::abi {

// flags of open: one of the access modes, and any of the others
inline constexpr std::uint32_t kOpenReadOnly = 0;
inline constexpr std::uint32_t kOpenWriteOnly = 01;
inline constexpr std::uint32_t kOpenReadWrite = 02;
inline constexpr std::uint32_t kOpenAccessMode = 03;  // the bits of the access mode
inline constexpr std::uint32_t kOpenCreate = 0100;
inline constexpr std::uint32_t kOpenExclusive = 0200;
inline constexpr std::uint32_t kOpenNoTty = 0400;
inline constexpr std::uint32_t kOpenTruncate = 01000;
inline constexpr std::uint32_t kOpenAppend = 02000;
inline constexpr std::uint32_t kOpenNonBlock = 04000;
inline constexpr std::uint32_t kOpenDataSync = 010000;
inline constexpr std::uint32_t kOpenAsync = 020000;
inline constexpr std::uint32_t kOpenDirect = 040000;
inline constexpr std::uint32_t kOpenLargeFile = 0100000;
inline constexpr std::uint32_t kOpenDirectory = 0200000;
inline constexpr std::uint32_t kOpenNoFollow = 0400000;
inline constexpr std::uint32_t kOpenNoAccessTime = 01000000;
inline constexpr std::uint32_t kOpenCloseOnExec = 02000000;
inline constexpr std::uint32_t kOpenSync = 04010000;
inline constexpr std::uint32_t kOpenPath = 010000000;

// commands of fcntl, and the one descriptor flag
inline constexpr std::uint32_t kFcntlDuplicate = 0;
inline constexpr std::uint32_t kFcntlGetDescriptorFlags = 1;
inline constexpr std::uint32_t kFcntlSetDescriptorFlags = 2;
inline constexpr std::uint32_t kFcntlGetStatusFlags = 3;
inline constexpr std::uint32_t kFcntlSetStatusFlags = 4;
inline constexpr std::uint32_t kFcntlDuplicateCloseOnExec = 1030;
inline constexpr std::uint32_t kDescriptorCloseOnExec = 1;

// whence of lseek
inline constexpr std::uint32_t kSeekSet = 0;
inline constexpr std::uint32_t kSeekCurrent = 1;
inline constexpr std::uint32_t kSeekEnd = 2;
inline constexpr std::uint32_t kSeekData = 3;
inline constexpr std::uint32_t kSeekHole = 4;

// advice of fadvise64
inline constexpr std::uint32_t kAdviceNormal = 0;
inline constexpr std::uint32_t kAdviceRandom = 1;
inline constexpr std::uint32_t kAdviceSequential = 2;
inline constexpr std::uint32_t kAdviceWillNeed = 3;
inline constexpr std::uint32_t kAdviceDontNeed = 4;
inline constexpr std::uint32_t kAdviceNoReuse = 5;

// modes of access
inline constexpr std::uint32_t kAccessExists = 0;
inline constexpr std::uint32_t kAccessExecute = 1;
inline constexpr std::uint32_t kAccessWrite = 2;
inline constexpr std::uint32_t kAccessRead = 4;

// the calls with `at`: "relative to the working directory", and flags
inline constexpr std::int32_t kAtWorkingDirectory = -100;
inline constexpr std::uint32_t kAtNoFollow = 0x100;
inline constexpr std::uint32_t kAtEffectiveIds = 0x200;     // of faccessat2
inline constexpr std::uint32_t kAtRemoveDirectory = 0x200;  // of unlinkat
inline constexpr std::uint32_t kAtFollow = 0x400;           // of linkat
inline constexpr std::uint32_t kAtNoAutomount = 0x800;      // of fstatat64, statx
inline constexpr std::uint32_t kAtEmptyPath = 0x1000;
inline constexpr std::uint32_t kAtSyncType = 0x6000;  // of fstatat64, statx

// flags of renameat2
inline constexpr std::uint32_t kRenameNoReplace = 1;
inline constexpr std::uint32_t kRenameExchange = 2;
inline constexpr std::uint32_t kRenameWhiteout = 4;

// limits (linux/limits.h), the NUL at the end of a path counted
inline constexpr std::uint32_t kLongestName = 255;
inline constexpr std::uint32_t kPathMax = 4096;
inline constexpr std::uint32_t kPipeAtomic = 4096;  // PIPE_BUF

}  // namespace quire::abi
