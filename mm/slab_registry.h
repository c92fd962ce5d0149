// All slab caches over one frame allocator: what `slabs` shows, `mmck` checks, reclaim empties.
//
// The registry gives each cache a mark of its own, which stands in the frame records of its slabs;
// so for any address it can say which cache's object it lies in. It owns nothing: a cache enters
// itself when it is made and leaves when it is destroyed. Locking is the caller's.
#pragma once

#include <cstdint>

#include "kernel/base/intrusive_list.h"
#include "mm/frame_allocator.h"
#include "mm/slab.h"

namespace quire::mm {

/// The object that an address lies in, for `explain` and for reports of misuse.
struct SlabObject {
    const SlabCache* cache;
    const void* start;  // of the object, red zone left out
    bool live;
    const void* site;  // where it was last allocated or freed; nullptr without debugging
};

class SlabRegistry {
  public:
    struct Options {
        bool debug = false;  // for every cache, whatever its own options say
    };

    /// Precondition: this is the only registry over `frames`, which stays.
    explicit SlabRegistry(FrameAllocator& frames) : SlabRegistry(frames, Options{}) {}
    SlabRegistry(FrameAllocator& frames, Options options) : frames_(frames), options_(options) {}
    SlabRegistry(const SlabRegistry&) = delete;
    SlabRegistry& operator=(const SlabRegistry&) = delete;
    /// Precondition: every cache is destroyed.
    ~SlabRegistry() = default;

    /// Calls visit(cache) for each SlabCache, oldest first.
    template <typename Visitor>
    void walk(Visitor visit) {
        for (SlabCache& cache : caches_)
            visit(cache);
    }

    /// Gives back the empty slabs of every cache; says how many frames that were.
    PageCount reclaim();

    /// The object at `address`, which may be any byte of it.
    /// Errors: NotFound (the address is in no slab, or in a slab but in no object).
    Result<SlabObject> find(const void* address);

    [[nodiscard]] FrameAllocator& frames() { return frames_; }

    /// Checks every cache, and that each frame with the mark of a slab belongs to one. O(frames).
    void check_invariants();

  private:
    friend class SlabCache;

    // A mark in a frame record's `place`: the prefix and a number. The place of a Private frame is
    // below 2^30, so that what such a frame leaves behind never looks like a mark.
    static constexpr std::uint32_t kMarkPrefix = 0x5AB00000U;
    static constexpr std::uint32_t kMarkNumbers = 1U << 20;

    static constexpr bool is_mark(std::uint32_t place) {
        return (place & ~(kMarkNumbers - 1)) == kMarkPrefix;
    }

    std::uint32_t enter(SlabCache& cache);
    void leave(SlabCache& cache) { caches_.remove(cache); }
    SlabCache* cache_with(std::uint32_t mark);
    SlabCache* cache_of(FrameNumber first);

    FrameAllocator& frames_;
    Options options_;
    std::uint32_t next_number_ = 0;
    IntrusiveList<SlabCache, &SlabCache::registry_hook_> caches_;
};

}  // namespace quire::mm
