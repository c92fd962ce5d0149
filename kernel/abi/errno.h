// The error numbers of Linux i386, errno(3): what a system call answers, negated, when it fails.
//
// (Linux: asm-generic/errno-base.h, asm-generic/errno.h.) Causes are told in our own words by
// quire::Error; kernel/errno_of.h has the way from there to here.
#pragma once

#include <cstdint>

namespace quire::abi {

inline constexpr std::int32_t kEperm = 1;
inline constexpr std::int32_t kEnoent = 2;
inline constexpr std::int32_t kEsrch = 3;
inline constexpr std::int32_t kEintr = 4;
inline constexpr std::int32_t kEio = 5;
inline constexpr std::int32_t kEnxio = 6;
inline constexpr std::int32_t kE2big = 7;
inline constexpr std::int32_t kEnoexec = 8;
inline constexpr std::int32_t kEbadf = 9;
inline constexpr std::int32_t kEchild = 10;
inline constexpr std::int32_t kEagain = 11;
inline constexpr std::int32_t kEnomem = 12;
inline constexpr std::int32_t kEacces = 13;
inline constexpr std::int32_t kEfault = 14;
inline constexpr std::int32_t kEnotblk = 15;
inline constexpr std::int32_t kEbusy = 16;
inline constexpr std::int32_t kEexist = 17;
inline constexpr std::int32_t kExdev = 18;
inline constexpr std::int32_t kEnodev = 19;
inline constexpr std::int32_t kEnotdir = 20;
inline constexpr std::int32_t kEisdir = 21;
inline constexpr std::int32_t kEinval = 22;
inline constexpr std::int32_t kEnfile = 23;
inline constexpr std::int32_t kEmfile = 24;
inline constexpr std::int32_t kEnotty = 25;
inline constexpr std::int32_t kEtxtbsy = 26;
inline constexpr std::int32_t kEfbig = 27;
inline constexpr std::int32_t kEnospc = 28;
inline constexpr std::int32_t kEspipe = 29;
inline constexpr std::int32_t kErofs = 30;
inline constexpr std::int32_t kEmlink = 31;
inline constexpr std::int32_t kEpipe = 32;
inline constexpr std::int32_t kEdom = 33;
inline constexpr std::int32_t kErange = 34;
inline constexpr std::int32_t kEdeadlk = 35;
inline constexpr std::int32_t kEnametoolong = 36;
inline constexpr std::int32_t kEnosys = 38;
inline constexpr std::int32_t kEnotempty = 39;
inline constexpr std::int32_t kEloop = 40;
inline constexpr std::int32_t kEoverflow = 75;
inline constexpr std::int32_t kEidrm = 43;
inline constexpr std::int32_t kElibbad = 80;
inline constexpr std::int32_t kEopnotsupp = 95;
inline constexpr std::int32_t kEtimedout = 110;
inline constexpr std::int32_t kEuclean = 117;

}  // namespace quire::abi
