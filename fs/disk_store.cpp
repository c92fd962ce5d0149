#include "fs/disk_store.h"

#include <array>

#include "libc/string.h"
#include "mm/physical_window.h"

namespace quire::fs {

using drivers::BlockBuffer;
using drivers::BlockRequest;
using drivers::SectorNumber;

namespace {

constexpr std::uint32_t kSectorsPerPage = mm::kPageSize / drivers::kSectorSize;

// As many frames as one request of ours has buffers.
constexpr std::size_t kMostBuffers = 16;

}  // namespace

// How much of a page lies on the disk.
std::uint32_t DiskStore::bytes_on_disk(std::uint32_t page) const {
    const std::uint64_t start = std::uint64_t{page} << mm::kPageShift;
    const std::uint64_t end = bytes();
    if (start >= end) return 0;
    return end - start < mm::kPageSize ? static_cast<std::uint32_t>(end - start) : mm::kPageSize;
}

Result<void> DiskStore::read(std::uint32_t first_page, std::span<const mm::FrameNumber> frames) {
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const std::uint32_t bytes = bytes_on_disk(first_page + static_cast<std::uint32_t>(i));
        memset(mm::frame_bytes(frames[i]) + bytes, 0, mm::kPageSize - bytes);
    }
    return transfer(BlockRequest::Kind::Read, first_page, frames);
}

Result<void> DiskStore::write(std::uint32_t first_page, std::span<const mm::FrameNumber> frames) {
    return transfer(BlockRequest::Kind::Write, first_page, frames);
}

// Moves what lies on the disk of the pages, a request for so many frames.
Result<void> DiskStore::transfer(BlockRequest::Kind kind, std::uint32_t first_page,
                                 std::span<const mm::FrameNumber> frames) {
    while (!frames.empty()) {
        std::array<BlockBuffer, kMostBuffers> buffers;
        const std::size_t most = frames.size() < kMostBuffers ? frames.size() : kMostBuffers;
        std::size_t count = 0;
        for (; count < most; ++count) {
            const auto page = first_page + static_cast<std::uint32_t>(count);
            buffers[count] = {mm::start_of(frames[count]), bytes_on_disk(page)};
            if (buffers[count].bytes == 0) break;
        }
        if (count == 0) return {};
        const SectorNumber first(first_page * kSectorsPerPage);
        const std::span<const BlockBuffer> pieces = std::span(buffers).first(count);
        if (kind == BlockRequest::Kind::Read) {
            TRY(disk_.read(first, pieces));
        } else {
            TRY(disk_.write(first, pieces));
        }
        first_page += static_cast<std::uint32_t>(count);
        frames = frames.subspan(count);
    }
    return {};
}

}  // namespace quire::fs
