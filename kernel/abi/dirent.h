// What getdents64(2) of Linux writes, one entry after the other:
//
//     0        8        16      18    19
//     +--------+--------+-------+-----+-------------+-------+
//     | number | offset | bytes | kind| name, NUL   | zeros |   `bytes` in all, a multiple of 8
//     +--------+--------+-------+-----+-------------+-------+
//
// `offset` is where lseek(2) must go for the entry after this one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace quire::abi {

struct [[gnu::packed]] DirectoryEntry64 {
    std::uint64_t number;
    std::uint64_t offset;
    std::uint16_t bytes;
    std::uint8_t kind;  // the kind of st_mode, >> 12: DT_REG is 8, DT_DIR 4
};
static_assert(sizeof(DirectoryEntry64) == 19);
static_assert(offsetof(DirectoryEntry64, bytes) == 16 && offsetof(DirectoryEntry64, kind) == 18);

inline constexpr std::uint32_t kDirectoryEntryAlignment = 8;

}  // namespace quire::abi
