// What BootMemory must answer, worked out byte by byte for the frames where it could go wrong.
//
// Between two edges of the map nothing changes, so the frames at and beside every edge decide.
// Shared by the host test and the fuzz target.
#pragma once

#include <bitset>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include "mm/boot_memory.h"

namespace quire::test {

inline bool entry_counts(std::span<const mm::MemoryMapEntry> entries,
                         const mm::MemoryMapEntry& entry) {
    bool known = false;
    for (const mm::MemoryMapEntry& other : entries)
        known = known || (other.attributes & 1) != 0;
    if (known && (entry.attributes & 1) == 0) return false;
    return entry.type != 1 || entry.base + entry.length >= entry.base;
}

/// Whether all 4,096 bytes of `frame` are RAM and none is anything else.
inline bool oracle_usable(std::span<const mm::MemoryMapEntry> entries, std::uint32_t frame) {
    if (frame == 0 || (frame >= 0xA0 && frame < 0x100)) return false;
    const std::uint64_t start = std::uint64_t{frame} * mm::kPageSize;
    std::bitset<mm::kPageSize> ram;
    std::bitset<mm::kPageSize> other;
    for (const mm::MemoryMapEntry& entry : entries) {
        if (!entry_counts(entries, entry) || entry.length == 0) continue;
        std::uint64_t last = entry.base + entry.length - 1;
        if (last < entry.base) last = ~std::uint64_t{0};
        if (last < start || entry.base > start + mm::kPageSize - 1) continue;
        const std::uint64_t from = entry.base > start ? entry.base - start : 0;
        const std::uint64_t to = last - start < mm::kPageSize ? last - start : mm::kPageSize - 1;
        for (auto i = static_cast<std::size_t>(from); i <= to; ++i)
            (entry.type == 1 ? ram : other).set(i);
    }
    return ram.all() && other.none();
}

/// The frames below `limit` at which the answer may change, with their neighbours.
inline std::set<std::uint32_t> interesting_frames(std::span<const mm::MemoryMapEntry> entries,
                                                  std::uint32_t limit) {
    std::set<std::uint32_t> frames;
    auto add = [&](std::uint64_t address) {
        for (std::uint64_t frame = address / mm::kPageSize, i = 0; i < 3; ++i) {
            if (frame + i >= 1 && frame + i - 1 < limit) {
                frames.insert(static_cast<std::uint32_t>(frame + i - 1));
            }
        }
    };
    for (const mm::MemoryMapEntry& entry : entries) {
        add(entry.base);
        add(entry.base + entry.length);
    }
    add(0);
    add(0xA0000);
    add(0x100000);
    add(std::uint64_t{limit} * mm::kPageSize);
    return frames;
}

/// The first frame at which `memory` and the oracle disagree, or -1. Only for maps during which no
/// list overflowed and nothing was reserved.
inline std::int64_t first_disagreement(std::span<const mm::MemoryMapEntry> entries,
                                       std::uint32_t limit, const mm::BootMemory& memory) {
    for (std::uint32_t frame : interesting_frames(entries, limit)) {
        bool usable = false;
        for (const mm::FrameRange& range : memory.usable()) {
            usable = usable || range.contains(mm::FrameNumber(frame));
        }
        if (usable != oracle_usable(entries, frame)) return frame;
    }
    return -1;
}

}  // namespace quire::test
