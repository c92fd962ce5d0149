// What happens to memory, as values: what the memory manager tells whoever wants to watch.
//
//     fault, fork, mmap, reclaim ... --> observer? --no--> go on (a load, a test, a branch)
//                                           | yes
//                                           '--> MemoryEvent --> EventObserver
//                                           (kernel/memory_trace.h)
//
// The one idea: an event is a small value without pointers, told after the thing was done, so that
// an observer can keep it as long as it likes and can change nothing. Who the processes are, and
// what time it is, mm does not know: that is the observer's to add. docs/trace.md.
#pragma once

#include <cstdint>

#include "kernel/base/assert.h"
#include "mm/fault_decision.h"
#include "mm/fault_outcome.h"
#include "mm/page_entry.h"
#include "mm/protection.h"
#include "mm/rights.h"
#include "mm/types.h"

namespace quire::mm {

class AddressSpace;

enum class EventKind : std::uint8_t {
    Fault,      // a page fault was answered
    Prefault,   // a page was brought in unasked: MAP_POPULATE, mlock, madvise
    SwapIn,     // a run of slots was read
    SwapOut,    // a run of slots was written
    FileRead,   // a run of pages of a file was read
    FileWrite,  // a run of dirty pages of a file was written
    Choose,     // the replacement policy gave a page up
    SetAside,   // a page that was chosen could not leave
    Evict,      // a page left RAM
    Map,        // mmap(2)
    Unmap,      // munmap(2)
    Protect,    // mprotect(2)
    Break,      // brk(2)
    Remap,      // mremap(2)
    Fork,       // an address space was made as a copy of another one
    Exec,       // a program began in a new address space
    Release,    // an address space was emptied: exit, exec, or out of memory
    OomKill,    // a process was ended, as nothing more could be evicted
    Thrashing,  // more than half of the pages brought in had left lately; or no longer so
};
inline constexpr std::uint32_t kEventKinds = 19;

/// Why pages are made to leave.
enum class EvictionCause : std::uint8_t {
    Direct,      // somebody needs frames now
    Background,  // the idle loop refills the free frames
    Drop,        // drop_clean(): somebody asked for it
};

/// What is to become of a page that the policy gave up.
enum class VictimFate : std::uint8_t {
    Leave,      // it is clean
    WriteSwap,  // it is written to swap first
    WriteFile,  // it is written to its file first
    Stay,       // it is pinned, or needed by the very access that waits for a frame
};

/// The steps of a fault, in order: FaultActions of five bits each, the first one lowest.
class FaultSteps {
  public:
    static constexpr std::uint32_t kMost = 12;

    /// What does not fit is left out.
    constexpr void add(FaultAction action) {
        const std::uint32_t count = size();
        if (count == kMost) return;
        const auto code = static_cast<std::uint64_t>(action) + 1;
        bits_ |= code << count * kBits;
    }
    [[nodiscard]] constexpr std::uint32_t size() const {
        std::uint32_t count = 0;
        while (count < kMost && (bits_ >> count * kBits & kMask) != 0)
            ++count;
        return count;
    }
    /// Precondition: index < size().
    [[nodiscard]] constexpr FaultAction operator[](std::uint32_t index) const {
        ASSERT(index < size());
        return static_cast<FaultAction>((bits_ >> index * kBits & kMask) - 1);
    }
    constexpr bool operator==(const FaultSteps&) const = default;

  private:
    static constexpr std::uint32_t kBits = 5;
    static constexpr std::uint64_t kMask = (1U << kBits) - 1;
    static_assert(static_cast<std::uint64_t>(FaultAction::KernelBug) + 1 <= kMask);
    static_assert(kMost * kBits <= 64);

    std::uint64_t bits_ = 0;
};

/// One event. A field that is not named for the kind is 0.
///
///     Fault, Prefault  address, access, ring, outcome, steps, cost; frame: what is mapped now
///     SwapIn           slot and pages: the run; wanted: the slot that somebody waits for; frame
///     SwapOut          slot and pages: the run; failed: pages of it that could not be written
///     FileRead         object, index and pages: the run; wanted: the index; frame
///     FileWrite        object, index and pages; failed
///     Choose           frame and what is in it (*), fate, cause, looks: entries the policy looked
///     at SetAside, Evict  frame and what is in it (*), cause; slot: of a private page's copy Map,
///     Protect     address, pages, rights; Map of an object: object, index Unmap address, pages
///     Break            address: the new break; pages of the heap
///     Remap            address, pages: where they are now; from: where they were
///     Fork             pages mapped, tables shared, copied
///     Release          pages mapped, resident, swapped
///     OomKill          resident
///     Thrashing        percent; on
///
/// (*) mappings: how many page-table entries name it; address: one of the pages, if any; of an
///     object's page: object and index.
struct MemoryEvent {
    EventKind kind = EventKind::Fault;
    Access access = Access::Read;
    Ring ring = Ring::User;
    FaultOutcome outcome = FaultOutcome::Resolved;
    Rights rights{};
    EvictionCause cause = EvictionCause::Direct;
    VictimFate fate = VictimFate::Leave;
    bool on = false;
    VirtAddr address{};
    PageCount pages{};
    FrameNumber frame{};
    std::uint32_t object = 0;
    std::uint32_t index = 0;
    SwapSlot slot{};
    std::uint32_t wanted = 0;
    std::uint32_t failed = 0;
    std::uint32_t mappings = 0;
    std::uint32_t looks = 0;
    VirtAddr from{};
    std::uint32_t tables = 0;
    std::uint32_t copied = 0;
    PageCount resident{};
    PageCount swapped{};
    std::uint32_t percent = 0;
    FaultSteps steps{};
    std::uint64_t cost = 0;  // in units of the observer's now()
};

/// Who watches. Called with whatever locks memory is changed under, in the middle of faults and of
/// reclaim: it takes no memory, does not sleep, and changes nothing that mm knows of.
class EventObserver {
  public:
    /// A clock; only differences count.
    virtual std::uint64_t now() = 0;

    /// `event` has just happened. `space`: whose memory it is about; nullptr: nobody's, or not
    /// only one's.
    virtual void tell(const AddressSpace* space, const MemoryEvent& event) = 0;

  protected:
    ~EventObserver() = default;
};

}  // namespace quire::mm
