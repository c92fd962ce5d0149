// What files are told to programs as: the structures of Linux i386 (kernel/abi/), made of our
// values.
#pragma once

#include <cstdint>

#include "fs/file_calls.h"
#include "kernel/abi/stat.h"

namespace quire::fs {

/// stat64, lstat64, fstat64, fstatat64.
abi::Stat64 stat64_of(const Status& status);
/// stat, lstat, fstat. Errors: Overflow (a file of 2 GiB and more).
Result<abi::Stat> stat_of(const Status& status);
/// statx.
abi::Statx statx_of(const Status& status);
/// statfs, fstatfs. Errors: Overflow (2^32 blocks and more).
Result<abi::Statfs> statfs_of(const FileCalls::MountFigures& mount);
/// statfs64, fstatfs64.
abi::Statfs64 statfs64_of(const FileCalls::MountFigures& mount);
/// The bits of poll(2) for what can be done without waiting.
std::uint16_t poll_bits(const Readiness& ready);

}  // namespace quire::fs
