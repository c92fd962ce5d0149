// Where pages come from and go to while they are not in RAM: a file, or a swap area.
//
// A store counts in pages from 0 and moves whole frames, several in one call, because a disk is
// asked for a run of pages at about the price of one. It is slow, may sleep and may fail, and it
// knows nothing of page tables, objects or slots.
//
// Frames are lent for the length of the call: the caller holds a reference to each and has marked
// them Busy if others could come by meanwhile. A store changes no frame's record.
#pragma once

#include <cstdint>
#include <span>

#include "kernel/base/result.h"
#include "mm/types.h"

namespace quire::mm {

class BackingStore {
  public:
    /// Reads the pages from `first_page` on into `frames`, one page a frame; what lies past the end
    /// of the store is zero-filled. May sleep. Precondition: frames is not empty.
    /// Errors: IoError (the pages are lost); OutOfMemory (what the store needs to find them; later
    /// it may work); the contents of all of `frames` are undefined then.
    virtual Result<void> read(std::uint32_t first_page, std::span<const FrameNumber> frames) = 0;

    /// Writes `frames` to the pages from `first_page` on. May sleep. Precondition: frames is not
    /// empty. Errors: IoError (what the store holds in these pages is undefined then); NotPermitted
    /// (the store may not be written), OutOfMemory (the device is full), Busy (it cannot be done
    /// now, but perhaps later): nothing is written then.
    virtual Result<void> write(std::uint32_t first_page, std::span<const FrameNumber> frames) = 0;

  protected:
    ~BackingStore() = default;
};

}  // namespace quire::mm
