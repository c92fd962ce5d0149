// The numbers of the memory calls of Linux i386: mmap2(2), mprotect(2), mremap(2) and their kin.
//
// They are part of the interface with programs and never change. Their meaning is told in the man
// pages, and by mm/memory_calls.h as far as Quire knows them. (Linux: asm-generic/mman-common.h,
// asm-generic/mman.h.)
#pragma once

#include <cstdint>

namespace quire::abi {

// prot of mmap2 and mprotect
inline constexpr std::uint32_t kProtNone = 0x0;
inline constexpr std::uint32_t kProtRead = 0x1;
inline constexpr std::uint32_t kProtWrite = 0x2;
inline constexpr std::uint32_t kProtExec = 0x4;
inline constexpr std::uint32_t kProtSem = 0x8;
inline constexpr std::uint32_t kProtGrowsDown = 0x01000000;
inline constexpr std::uint32_t kProtGrowsUp = 0x02000000;

// flags of mmap2: one of the types, and any of the others
inline constexpr std::uint32_t kMapShared = 0x01;
inline constexpr std::uint32_t kMapPrivate = 0x02;
inline constexpr std::uint32_t kMapSharedValidate = 0x03;
inline constexpr std::uint32_t kMapType = 0x0F;  // the bits of the type
inline constexpr std::uint32_t kMapFixed = 0x10;
inline constexpr std::uint32_t kMapAnonymous = 0x20;
inline constexpr std::uint32_t kMap32Bit = 0x40;
inline constexpr std::uint32_t kMapGrowsDown = 0x0100;
inline constexpr std::uint32_t kMapDenyWrite = 0x0800;
inline constexpr std::uint32_t kMapExecutable = 0x1000;
inline constexpr std::uint32_t kMapLocked = 0x2000;
inline constexpr std::uint32_t kMapNoReserve = 0x4000;
inline constexpr std::uint32_t kMapPopulate = 0x8000;
inline constexpr std::uint32_t kMapNonBlock = 0x10000;
inline constexpr std::uint32_t kMapStack = 0x20000;
inline constexpr std::uint32_t kMapHugeTlb = 0x40000;
inline constexpr std::uint32_t kMapSync = 0x80000;
inline constexpr std::uint32_t kMapFixedNoReplace = 0x100000;
inline constexpr std::uint32_t kMapHugeShift = 26;  // log2 of the size of a huge page
inline constexpr std::uint32_t kMapHuge2Mb = 21U << kMapHugeShift;
inline constexpr std::uint32_t kMapHuge1Gb = 30U << kMapHugeShift;

/// What the one argument of old mmap (call 90) points at.
struct OldMmapArguments {
    std::uint32_t address;
    std::uint32_t length;
    std::uint32_t prot;
    std::uint32_t flags;
    std::uint32_t descriptor;
    std::uint32_t offset;  // in bytes
};
static_assert(sizeof(OldMmapArguments) == 24);

// flags of mremap
inline constexpr std::uint32_t kMremapMayMove = 1;
inline constexpr std::uint32_t kMremapFixed = 2;
inline constexpr std::uint32_t kMremapDontUnmap = 4;

// advice of madvise
inline constexpr std::uint32_t kMadvNormal = 0;
inline constexpr std::uint32_t kMadvRandom = 1;
inline constexpr std::uint32_t kMadvSequential = 2;
inline constexpr std::uint32_t kMadvWillNeed = 3;
inline constexpr std::uint32_t kMadvDontNeed = 4;
inline constexpr std::uint32_t kMadvFree = 8;
inline constexpr std::uint32_t kMadvRemove = 9;
inline constexpr std::uint32_t kMadvDontFork = 10;
inline constexpr std::uint32_t kMadvDoFork = 11;
inline constexpr std::uint32_t kMadvMergeable = 12;
inline constexpr std::uint32_t kMadvUnmergeable = 13;
inline constexpr std::uint32_t kMadvHugePage = 14;
inline constexpr std::uint32_t kMadvNoHugePage = 15;
inline constexpr std::uint32_t kMadvDontDump = 16;
inline constexpr std::uint32_t kMadvDoDump = 17;
inline constexpr std::uint32_t kMadvWipeOnFork = 18;
inline constexpr std::uint32_t kMadvKeepOnFork = 19;
inline constexpr std::uint32_t kMadvCold = 20;
inline constexpr std::uint32_t kMadvPageOut = 21;
inline constexpr std::uint32_t kMadvPopulateRead = 22;
inline constexpr std::uint32_t kMadvPopulateWrite = 23;
inline constexpr std::uint32_t kMadvDontNeedLocked = 24;

// flags of msync, mlock2, mlockall
inline constexpr std::uint32_t kMsAsync = 1;
inline constexpr std::uint32_t kMsInvalidate = 2;
inline constexpr std::uint32_t kMsSync = 4;
inline constexpr std::uint32_t kMlockOnFault = 1;
inline constexpr std::uint32_t kMclCurrent = 1;
inline constexpr std::uint32_t kMclFuture = 2;
inline constexpr std::uint32_t kMclOnFault = 4;

}  // namespace quire::abi
