// What all address spaces share: where frames, slots and regions come from, which directory the CPU
// has loaded, how much was promised to programs, and what happened so far.
//
//     AddressSpace A --+
//     AddressSpace B --+--> UserMemory --> MappedPages --> FrameAllocator, SwapSpace, policy
//     AddressSpace C --+         |
//                                +-------> RoomMaker (reclaim), CommitAccount, Region cache
//
// Room is made first: an operation asks make_room() for the frames it may need before it looks at a
// page table, and from then on takes frames without reclaiming. So reclaim, which changes page
// tables, never runs in the middle of an operation that has looked at them.
#pragma once

#include <cstdint>

#include "kernel/base/intrusive_list.h"
#include "kernel/base/result.h"
#include "mm/commit_account.h"
#include "mm/mapped_pages.h"
#include "mm/object_cache.h"
#include "mm/region.h"

namespace quire::mm {

class AddressSpace;
class EventObserver;
class PageDirectory;

/// What an address space has of the list of all spaces.
struct SpaceNode {
    explicit SpaceNode(AddressSpace& its_space) : space(its_space) {}
    AddressSpace& space;
    ListHook hook;
};
using SpaceList = IntrusiveList<SpaceNode, &SpaceNode::hook>;

/// Makes frames free by taking them from somebody; reclaim does, tests may do otherwise. Where
/// FrameAllocator::has_room() is true there is no need to ask.
class RoomMaker {
  public:
    /// Sees to it that at least `frames` frames, and the reserve, are free. May evict any page that
    /// is neither locked nor pinned, so nobody may hold a page-table entry across the call.
    /// Errors: OutOfMemory (nothing more can be evicted).
    virtual Result<void> make_room(PageCount frames) = 0;

  protected:
    ~RoomMaker() = default;
};

/// How often things happened since boot; wraps.
struct UserMemoryStatistics {
    std::uint32_t faults = 0;         // handled, whatever came of them
    std::uint32_t major_faults = 0;   // needed a read from a disk
    std::uint32_t zero_mapped = 0;    // the zero frame was mapped for a read
    std::uint32_t zero_filled = 0;    // a frame of zeros was given out
    std::uint32_t copied = 0;         // a private page was copied on write
    std::uint32_t taken_over = 0;     // the last owner of a page went on with it
    std::uint32_t mapped_cached = 0;  // a page of an object was in RAM already
    std::uint32_t mapped_around = 0;  // pages mapped beside one that faulted
    std::uint32_t swapped_in = 0;
    std::uint32_t found_in_swap_cache = 0;
    std::uint32_t tables_shared = 0;  // at fork
    std::uint32_t tables_copied = 0;  // at a write after fork, or at fork itself
    std::uint32_t tables_taken_over = 0;
    std::uint32_t segmentation_faults = 0;
    std::uint32_t bus_errors = 0;
};

class UserMemory {
  public:
    struct Parts {
        MappedPages& pages;
        PageDirectory& kernel;  // whose kernel half every space shares
        ObjectCache<Region>& regions;
        CommitAccount& commit;
        RoomMaker& room;
    };

    /// Everything handed in must stay.
    explicit UserMemory(const Parts& parts) : parts_(parts) {}
    UserMemory(const UserMemory&) = delete;
    UserMemory& operator=(const UserMemory&) = delete;
    ~UserMemory() = default;

    [[nodiscard]] MappedPages& pages() const { return parts_.pages; }
    [[nodiscard]] FrameAllocator& frames() const { return parts_.pages.frames(); }
    [[nodiscard]] FrameTable& records() const { return parts_.pages.records(); }
    [[nodiscard]] PageDirectory& kernel() const { return parts_.kernel; }
    [[nodiscard]] ObjectCache<Region>& regions() const { return parts_.regions; }
    [[nodiscard]] CommitAccount& commit() const { return parts_.commit; }
    [[nodiscard]] RoomMaker& room() const { return parts_.room; }
    [[nodiscard]] UserMemoryStatistics& statistics() { return statistics_; }

    /// The CPU's page directory.
    [[nodiscard]] bool is_loaded(FrameNumber directory) const { return directory == loaded_; }
    /// Loads `directory`, unless it is loaded. Everything that is not global is forgotten.
    void load(FrameNumber directory);

    /// Makes the CPU forget the page whose entry is stored at `at`, if the loaded directory names
    /// that page table; no other translation can be cached.
    void flush_entry(PteLocation at) const;

    /// The next `looks` looks at entries are not told to working sets.
    void skip_looks(std::uint32_t looks) { looks_to_skip_ = looks; }
    /// Whether this look is one of those.
    [[nodiscard]] bool skips_look() {
        if (looks_to_skip_ == 0) return false;
        --looks_to_skip_;
        return true;
    }

    /// Who is told what happens (mm/memory_event.h); nullptr, as a rule: nobody. It must stay.
    [[nodiscard]] EventObserver* observer() const { return observer_; }
    void watch(EventObserver* observer) { observer_ = observer; }
    /// Whether observers were told otherwise the last time; from now on they were told `thrashing`.
    [[nodiscard]] bool thrashing_is_news(bool thrashing) {
        const bool news = thrashing != told_thrashing_;
        told_thrashing_ = thrashing;
        return news;
    }

    /// Every address space there is, the oldest first: for reclaim, OOM and checks. A space enters
    /// and leaves by itself.
    [[nodiscard]] SpaceList& spaces() { return spaces_; }

  private:
    Parts parts_;
    FrameNumber loaded_;
    UserMemoryStatistics statistics_;
    SpaceList spaces_;
    EventObserver* observer_ = nullptr;
    std::uint32_t looks_to_skip_ = 0;
    bool told_thrashing_ = false;
};

}  // namespace quire::mm
