// A swap area on a disk, in Linux's format, so that mkswap(8) makes it and swapon(8) could use it.
//
//     page 0    0     1024           1536                              4086     4096
//               +-----+--------------+--------------------------------+--------+
//               |     | SwapHeader   | bad pages (numbers, 32 bits)    |SWAPSPA-|
//               +-----+--------------+--------------------------------+CE2-----+
//     page 1 to last_page: the slots
//
// The header is read once and never written. Areas with bad pages are refused: disks replace bad
// sectors by themselves today. (Linux: union swap_header; mkswap(8).)
#pragma once

#include <cstdint>

#include "drivers/block_device.h"
#include "fs/disk_store.h"
#include "mm/swap_space.h"

namespace quire::fs {

/// What lies at byte 1024 of the first page.
struct SwapHeader {
    static constexpr std::uint32_t kOffset = 1024;
    static constexpr std::uint32_t kVersion = 1;

    std::uint32_t version;
    std::uint32_t last_page;  // the area has last_page + 1 pages, this one among them
    std::uint32_t bad_pages;  // how many numbers follow the header
    std::uint8_t uuid[16];
    char label[16];
    std::uint32_t padding[117];
};
static_assert(sizeof(SwapHeader) == 512);

class SwapArea {
  public:
    /// Nothing is read yet. `disk` must stay.
    explicit SwapArea(drivers::BlockDevice& disk) : disk_(disk), store_(disk) {}
    SwapArea(const SwapArea&) = delete;
    SwapArea& operator=(const SwapArea&) = delete;

    /// Reads the header into `frame`, whose contents are lost, and believes it if it can be right.
    /// Errors: IoError; InvalidArgument (no signature: not a swap area), NotSupported (another
    /// version, pages that are bad: not for us), Corrupted (larger than the disk, or too small).
    Result<void> read_header(mm::FrameNumber frame);

    /// Pages of the area, the header among them, no more than SwapSpace can number.
    /// Precondition: read_header() succeeded.
    [[nodiscard]] mm::PageCount size() const { return size_; }
    [[nodiscard]] mm::BackingStore& store() { return store_; }
    [[nodiscard]] drivers::BlockDevice& disk() const { return disk_; }

  private:
    drivers::BlockDevice& disk_;
    DiskStore store_;
    mm::PageCount size_;
};

}  // namespace quire::fs
