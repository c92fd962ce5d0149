// Sinks and sources that are plain memory.
#include "fs/bytes.h"

#include "libc/string.h"

namespace quire::fs {

Result<void> MemorySink::take(std::span<const std::byte> piece) {
    ASSERT(piece.size() <= room_.size());
    memcpy(room_.data(), piece.data(), piece.size());
    room_ = room_.subspan(piece.size());
    return {};
}

Result<void> MemorySource::give(std::span<std::byte> piece) {
    ASSERT(piece.size() <= bytes_.size());
    memcpy(piece.data(), bytes_.data(), piece.size());
    bytes_ = bytes_.subspan(piece.size());
    return {};
}

}  // namespace quire::fs
