// How much memory a program has, and of which kind: what /proc/PID/status, statm and smaps tell.
//
//     region, page by page:   anonymous | of a file | of shared memory | swapped | not there
//                             x shared with others or not x dirty or not x used lately or not
//
// All is counted when it is asked, from the regions and the page tables; nothing is kept up to date
// meanwhile. The frame of zeroes counts as not there, as on Linux. O(mapped).
#pragma once

#include <cstdint>

#include "mm/address_space.h"

namespace quire::kernel {

/// A whole address space.
struct ProgramFigures {
    mm::PageCount size;        // all regions
    mm::PageCount anonymous;   // in RAM: private pages
    mm::PageCount file;        // in RAM: pages of files
    mm::PageCount shared;      // in RAM: pages of shared memory
    mm::PageCount swapped;     // private pages
    mm::PageCount locked;      // regions that are locked
    mm::PageCount data;        // regions: private, writable, not growing
    mm::PageCount stack;       // regions that grow down
    mm::PageCount executable;  // regions: executable, not writable, not growing
    mm::PageCount tables;
    [[nodiscard]] mm::PageCount resident() const { return anonymous + file + shared; }
};
[[nodiscard]] ProgramFigures figures_of(mm::AddressSpace& space);

/// One region, in bytes, as /proc/PID/smaps has them.
struct RegionFigures {
    std::uint64_t resident = 0;
    std::uint64_t proportional = 0;  // each page divided by those who map it
    std::uint64_t proportional_dirty = 0;
    std::uint64_t shared_clean = 0, shared_dirty = 0;
    std::uint64_t private_clean = 0, private_dirty = 0;
    std::uint64_t referenced = 0;
    std::uint64_t anonymous = 0;
    std::uint64_t swapped = 0;
    std::uint64_t swapped_proportional = 0;
    std::uint64_t locked = 0;
};
[[nodiscard]] RegionFigures figures_of(mm::AddressSpace& space, const mm::Region& region);

}  // namespace quire::kernel
