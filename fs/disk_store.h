// The sectors of a disk as pages, one page after the other: what a swap area and /dev/hda are
// backed by.
//
//     page 0     | 1          | 2     ...     last page, perhaps cut
//     8 sectors    8 sectors                  what is past the end reads as zeroes
#pragma once

#include <cstdint>
#include <span>

#include "drivers/block_device.h"
#include "mm/backing_store.h"

namespace quire::fs {

class DiskStore final : public mm::BackingStore {
  public:
    /// `disk` must stay.
    explicit DiskStore(drivers::BlockDevice& disk) : disk_(disk) {}

    [[nodiscard]] std::uint64_t bytes() const {
        return std::uint64_t{disk_.sectors().raw()} * drivers::kSectorSize;
    }

    Result<void> read(std::uint32_t first_page, std::span<const mm::FrameNumber> frames) override;
    /// What lies past the end is not written, and no error.
    Result<void> write(std::uint32_t first_page, std::span<const mm::FrameNumber> frames) override;

  private:
    [[nodiscard]] std::uint32_t bytes_on_disk(std::uint32_t page) const;
    Result<void> transfer(drivers::BlockRequest::Kind kind, std::uint32_t first_page,
                          std::span<const mm::FrameNumber> frames);

    drivers::BlockDevice& disk_;
};

}  // namespace quire::fs
