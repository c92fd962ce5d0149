// The swap areas in use: which disks pages go to. swapon(2), swapoff(2).
//
//     /dev/hda2  --claim-->  SwapArea (its header, its store)  --records-->  mm::SwapSpace
//     /dev/hdb1              ...                                             one numbering of slots
//
// An area is a disk or a part of one; files are refused. Its slot records are 8 bytes a page of the
// kernel heap, from add() to remove(). Invariant: a place of the table has an area exactly if
// SwapSpace knows it, and then its disk is claimed. Locking: the kernel lock.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "fs/disk_device.h"
#include "fs/swap_area.h"
#include "kernel/memory.h"
#include "kernel/virtual_memory.h"

namespace quire::kernel {

class SwapAreas {
  public:
    /// An area in use, with the path it is known by.
    struct Area {
        std::optional<fs::SwapArea> area;  // nothing: this place is free
        std::array<char, 16> path{};       // "/dev/hda2"
        fs::DiskDevice* device = nullptr;
        mm::AreaId id{};
        void* records = nullptr;
    };

    /// Everything handed in must stay.
    SwapAreas(Memory& kernel_memory, VirtualMemory& memory)
        : kernel_memory_(kernel_memory), memory_(memory) {}
    SwapAreas(const SwapAreas&) = delete;
    SwapAreas& operator=(const SwapAreas&) = delete;

    /// Pages may go to the disk from now on. Nothing for `priority`: behind all that are there, as
    /// on Linux from -2 downwards. Reads the header: may sleep.
    /// Errors: Busy (mounted, swapped to, open for writing); ReadOnly; InvalidArgument (no swap
    /// area), or what else SwapArea::read_header() says; NotPermitted (the table is full, as Linux
    /// has it), LimitReached (the numbering is), OutOfMemory.
    Result<const Area*> add(fs::DiskDevice& disk, std::optional<int> priority = {});

    /// Brings all pages back to RAM, or to other areas, and forgets the disk. Sleeps long.
    /// Errors: InvalidArgument (not swapped to); OutOfMemory (no room for its pages, or too much is
    /// promised), IoError. Pages may have come back then; the area is in use as before.
    Result<void> remove(const fs::DiskDevice& disk);

    [[nodiscard]] std::span<const Area> all() const { return areas_; }
    void check_invariants() const;

  private:
    Result<void> start(Area& area, std::optional<int> priority);
    [[nodiscard]] int lowest_priority() const;
    void release(Area& area);
    void tell_size();

    Memory& kernel_memory_;
    VirtualMemory& memory_;
    std::array<Area, mm::SwapSpace::kMaxAreas> areas_;
};

}  // namespace quire::kernel
