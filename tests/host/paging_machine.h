// A whole small machine for the tests of page tables: RAM, frames and an MMU.
#pragma once

#include <cstdlib>
#include <random>
#include <vector>

#include "mm/frame_allocator.h"
#include "tests/host/machine_host.h"
#include "tests/host/simulated_mmu.h"

namespace quire::test {

class PagingMachine {
  public:
    /// Frames 16 to `end` are free; free frames are poisoned, so that a walk through a freed page
    /// table stops the test.
    explicit PagingMachine(mm::PagingMode mode = {}, mm::FrameNumber end = mm::FrameNumber(1024))
        : records_((reset_host_ram(), kHostFrames.raw())),
          table(records_),
          words_(mm::FrameAllocator::words_needed(kHostFrames)),
          frames(table, words_, injector, {.poison = true}),
          mmu(mode) {
        frames.add_memory({mm::FrameNumber(16), end});
    }
    ~PagingMachine() { reset_host_ram(); }

    /// Frames in use, whoever has them.
    [[nodiscard]] std::uint32_t used_frames() const {
        return (frames.statistics().managed - frames.free_frames()).raw();
    }

  private:
    std::vector<mm::FrameInfo> records_;

  public:
    mm::FrameTable table;

  private:
    std::vector<std::uint32_t> words_;

  public:
    mm::FailureInjector injector;
    mm::FrameAllocator frames;
    SimulatedMmu mmu;
};

/// The seed of a random test: QUIRE_SEED, else one that differs from run to run. Printed by
/// callers.
inline std::uint64_t random_seed() {
    if (const char* given = std::getenv("QUIRE_SEED")) return std::strtoull(given, nullptr, 0);
    return std::random_device{}();
}

}  // namespace quire::test
