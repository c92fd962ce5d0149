// Reclaim: who makes frames free when they become few (docs/reclaim.md).
//
//     free frames
//        |      ...
//        +-- high   the background stops here
//        |
//        +-- low    the background starts here; a caller who had to reclaim leaves this much
//        |
//        +-- min    the reserve: make_room() leaves this much to whoever must not wait
//        0
//
// The policy says which page leaves next, Reclaim makes it leave: a clean page at once, a dirty one
// when it was written (mm/write_back.h, mm/evict.h). Victims are taken a few at a time, so that
// those that go to swap go in one write.
//
// Making room takes no frame: slot records are there since swapon, an object's entry is put over
// another one, page tables are only ever given back. What a disk driver or a file system takes
// while it writes comes out of the reserve, and make_room() says yes to it while reclaim runs.
//
// Invariant: whatever fails, no page is lost. One reclaim runs at a time; locking is the caller's.
#pragma once

#include <cstdint>

#include "mm/evict.h"
#include "mm/frame_list.h"
#include "mm/memory_event.h"
#include "mm/slab_registry.h"
#include "mm/user_memory.h"
#include "mm/write_back.h"

namespace quire::mm {

/// How many free frames are few.
struct Watermarks {
    PageCount min;
    PageCount low;
    PageCount high;

    /// The usual ones: min is, as in Linux, 4 times the root of RAM in KiB, in KiB (16 MiB: 128
    /// frames, 768 MiB: 886), but no more than a sixteenth of RAM; low and high are a quarter and a
    /// half above.
    static Watermarks for_ram(PageCount ram);
};

/// What reclaim did since boot; wraps.
struct ReclaimStatistics {
    std::uint32_t direct = 0;           // calls of make_room() that had to reclaim
    std::uint32_t background = 0;       // steps of run_background() that did something
    std::uint32_t failures = 0;         // calls of make_room() that failed
    std::uint32_t chosen = 0;           // pages that the policy gave up
    std::uint32_t put_back = 0;         // of them back, as they could not leave
    std::uint32_t evicted_private = 0;  // pages that became slots in page tables
    std::uint32_t evicted_unmapped =
        0;                             // swap cache without a mapping; shared memory, once written
    std::uint32_t evicted_object = 0;  // clean pages of files and of shared memory
    std::uint32_t slots_taken_back = 0;  // from copies of pages in RAM, when swap was full
    std::uint32_t slab_frames = 0;       // from empty slabs
    WriteCount to_swap;
    WriteCount to_files;

    [[nodiscard]] std::uint32_t evicted() const {
        return evicted_private + evicted_unmapped + evicted_object;
    }
};

/// Why the last make_room() that failed did: what there was when nothing more could be evicted.
struct Shortage {
    PageCount wanted;      // beside the reserve
    PageCount free;        // frames
    PageCount candidates;  // pages in the policy's lists, none of which could leave
    PageCount slots;       // free in swap
    std::uint32_t write_errors = 0;
    bool leaves_swap_alone = false;  // it took nothing, and was not asked
};

class Reclaim final : public RoomMaker {
  public:
    /// `memory` may be made later, as it is told its RoomMaker, but before the first call that
    /// finds frames short. Everything must stay. Precondition: min <= low <= high.
    Reclaim(UserMemory& memory, SlabRegistry& slabs, const Watermarks& marks);
    Reclaim(const Reclaim&) = delete;
    Reclaim& operator=(const Reclaim&) = delete;
    ~Reclaim() = default;

    /// As RoomMaker says; the reserve is marks().min. When it must reclaim it goes on to
    /// marks().low, so that the next callers need not. Where nothing is short this is one addition
    /// and one comparison. Errors: OutOfMemory (last_shortage() says why; what could be evicted
    /// is). For calls from below reclaim itself, the store's, there is no reserve.
    Result<void> make_room(PageCount frames) override {
        if (__builtin_expect(frames_.has_room(frames), 1)) return {};
        return make_room_slowly(frames);
    }

    /// One bounded step for the idle loop: when fewer than low frames are free, and until high are,
    /// evicts a few pages, at most kMostInRun. Says whether another step is useful now.
    bool run_background();

    /// Evicts every page that is clean and not locked, and gives empty slabs back, however much is
    /// free: Linux's drop_caches, for private pages too. No I/O. Returns the frames gained.
    PageCount drop_clean();

    [[nodiscard]] const Watermarks& marks() const { return marks_; }
    void set_marks(const Watermarks& marks);
    [[nodiscard]] const ReclaimStatistics& statistics() const { return statistics_; }
    [[nodiscard]] const Shortage& last_shortage() const { return shortage_; }
    /// Whether swap is left alone, as its last kMostSwapFailures writes failed: each page would be
    /// tried, with all that a disk driver does before it gives up. make_room() tries again, less
    /// and less often.
    [[nodiscard]] bool leaves_swap_alone() const { return swap_failures_ >= kMostSwapFailures; }
    /// PTEs that policies had looked at.
    [[nodiscard]] std::uint32_t entries_seen() const { return access_.entries_seen(); }

  private:
    static constexpr std::uint32_t kMostSwapFailures = 32;
    static constexpr std::uint32_t kMostCallsWithoutSwap = 1024;
    struct Round {
        std::uint32_t chosen = 0;
        std::uint32_t evicted = 0;
    };

    Result<void> make_room_slowly(PageCount frames);
    void try_failing_swap();
    void reclaim_until(PageCount target);
    void reclaim_slabs();
    Round evict_some(std::uint32_t most);
    bool evict_or_set_aside(FrameNumber frame);
    VictimFate fate_of(FrameNumber frame);
    void tell_choice(FrameNumber frame, VictimFate fate, std::uint32_t looks);
    void put_back_stuck();
    void evict_now(FrameNumber frame, Shadow shadow);
    void write_file_page(FrameNumber frame);
    std::uint32_t send_to_swap(SwapCluster& cluster);
    PageCount take_slots_back(PageCount wanted);

    UserMemory& memory_;
    FrameAllocator& frames_;
    SlabRegistry& slabs_;
    Watermarks marks_;
    MappedAccess access_;
    FrameList stuck_;  // chosen in this call, and could not leave
    ReclaimStatistics statistics_;
    Shortage shortage_;
    std::uint32_t swap_failures_ = 0;              // of writes to swap, since one went well
    std::uint32_t calls_without_swap_ = 0;         // to come, as it fails
    std::uint32_t last_pause_ = 0;                 // as many they were the last time
    FrameNumber hand_;                             // where take_slots_back() goes on
    EvictionCause cause_ = EvictionCause::Direct;  // of what runs, or ran last
    bool running_ = false;                         // whoever calls now is called by reclaim
    bool in_background_ = false;                   // on the way from low to high
};

}  // namespace quire::mm
