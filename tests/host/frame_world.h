// Frame records, bitmap and allocator over an imaginary machine of any size, for tests.
//
// Frames below kHostFrames exist in phys_window and may be poisoned and cleared; the others are
// only accounted for, so 768 MiB and more cost a test nothing but their bookkeeping.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "mm/frame_allocator.h"
#include "tests/host/machine_host.h"

namespace quire::test {

struct FrameWorld {
    /// Frames 1 .. frames-1 are free RAM, frame 0 is reserved.
    explicit FrameWorld(std::uint32_t frames, bool poison = false) : FrameWorld(frames, poison, 0) {
        table.reserve({mm::FrameNumber(0), mm::FrameNumber(1)});
        allocator.add_memory({mm::FrameNumber(1), mm::FrameNumber(frames)});
    }

    /// A world whose RAM the test adds itself.
    static FrameWorld without_memory(std::uint32_t frames) { return FrameWorld(frames, false, 0); }

    std::vector<mm::FrameInfo> records;
    std::vector<std::uint32_t> memory;
    mm::FrameTable table;
    mm::FailureInjector injector;
    mm::FrameAllocator allocator;

  private:
    FrameWorld(std::uint32_t frames, bool poison, int)
        : records(frames),
          memory(mm::FrameAllocator::words_needed(mm::PageCount(frames))),
          table(records),
          allocator(table, memory, injector, {.poison = poison, .reachable = kHostFrames}) {}
};

/// The seed of a random test: QUIRE_SEED if set, else `standard`. Tests print it when they fail.
inline std::uint32_t random_seed(std::uint32_t standard) {
    const char* text = std::getenv("QUIRE_SEED");
    return text == nullptr ? standard : static_cast<std::uint32_t>(std::strtoul(text, nullptr, 0));
}

}  // namespace quire::test
