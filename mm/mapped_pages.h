// What page-table entries name, and how often: the counts that say when a page may be written in
// place, when it may go, and where all its mappings are (docs/fork.md).
//
//     private frame   references = PTEs that name it (each in its own page table)
//                                + 1 if it has a copy in swap (its record's tag is that slot)
//     object frame    references = PTEs that name it + 1 of the object that caches it
//     swap slot       names      = PTEs that name it
//     zero frame      not counted: every untouched page that was only read is this one frame
//
// Reverse mapping without chains: the record of a private frame names one PTE. All others are at
// the same index in the siblings of that page table, tables that began as copies of each other and
// are linked in a ring. A frame of an object is found through the object's regions.
//
// Invariant: a PTE that may be written names a private frame only if it is the only one to do so
// and the frame has no copy in swap. So a frame with a copy is clean, and one without must be
// written before it may go: no dirty bit is needed for private memory. Locking is the caller's.
#pragma once

#include <cstdint>

#include "mm/flush_duty.h"
#include "mm/frame_allocator.h"
#include "mm/frame_buffer.h"
#include "mm/memory_object.h"
#include "mm/object_registry.h"
#include "mm/owned_frame.h"
#include "mm/page_entry.h"
#include "mm/page_pin.h"
#include "mm/page_table.h"
#include "mm/replacement_policy.h"
#include "mm/swap_space.h"
#include "mm/working_set.h"

namespace quire::mm {

/// What for_each_mapping() calls.
class MappingVisitor {
  public:
    /// `pte`, at `at`, names the frame. Going on is the answer true. The visitor may change the
    /// entry, but not take frames or page tables away.
    virtual bool visit(PteLocation at, Pte pte) = 0;

  protected:
    ~MappingVisitor() = default;
};

class MappedPages {
  public:
    /// Everything handed in must stay. `zero` is a frame of zeros, nobody's but this object's.
    MappedPages(FrameAllocator& frames, SwapSpace& swap, ObjectRegistry& objects,
                ReplacementPolicy& policy, OwnedFrame zero);
    MappedPages(const MappedPages&) = delete;
    MappedPages& operator=(const MappedPages&) = delete;
    ~MappedPages() = default;

    [[nodiscard]] FrameNumber zero_frame() const { return zero_.number(); }
    [[nodiscard]] bool is_zero(Pte pte) const {
        return pte.is_resident() && pte.frame() == zero_.number();
    }

    /// The copy in swap of a private frame; slot 0: it has none.
    [[nodiscard]] SwapSlot swap_copy(FrameNumber frame) const {
        return SwapSlot(records_.tag(frame));
    }
    /// How many PTEs name a private frame.
    [[nodiscard]] std::uint32_t mappings(FrameNumber frame) const {
        return records_.references(frame) - (swap_copy(frame) == SwapSlot() ? 0U : 1U);
    }

    /// `frame`, with one reference, holds a new private page that only the PTE at `at` names; the
    /// reference is the PTE's. The page may be evicted from now on, unless it is locked.
    void add_private(FrameNumber frame, PteLocation at, Pte pte) {
        records_.set_private(frame, at);
        if (pte.is_locked()) {
            records_.set(frame, FrameFlag::Locked);
        } else {
            policy_->admit(frame, Arrival::Demand, 0);
        }
    }

    /// One PTE more, at `at`, names `pte`'s frame: a page of an object, or a private one in the
    /// swap cache. Errors: LimitReached; nothing has changed then.
    Result<void> add_mapping(PteLocation at, Pte pte);

    /// Copies the entries of `from` from `first` on, up to the first that maps no private page or
    /// up to `end`, to the same places in `to`, and returns how many those are. Their pages are
    /// read-only in both tables then: the flush is the caller's duty, as is the count of the
    /// entries of `to`. Preconditions: first <= end <= 1,024; the tables are siblings.
    std::uint32_t copy_private(PageTable from, PageTable to, std::uint32_t first,
                               std::uint32_t end) const;
    /// The same for one entry that maps no private page: it is counted, and what the copy shall
    /// hold is returned. That is nothing if an object's page has too many mappings to count one
    /// more.
    [[nodiscard]] Pte copied(Pte pte);

    /// The PTE at `at`, which held `before`, names it no more. A frame that nobody needs any more
    /// is freed when `batch` is flushed. The flush of the page itself is the caller's duty.
    void remove(PteLocation at, Pte before, FlushBatch& batch);

    /// remove() for a frame that somebody else names, too: it stays, and `batch` is not needed.
    void leave(PteLocation at, Pte before);

    /// Whether `pte` maps a plain page: a private one that nobody else names, in RAM only, and a
    /// victim like others. Nearly all are.
    [[nodiscard]] bool is_plain(Pte pte) const {
        return pte.is_resident() && records_.is_plain_private(pte.frame());
    }
    /// Empties the PTEs of `pages`, under `table`, as long as they are empty or map plain pages,
    /// until `frames`, not full yet, has no room for their frames. Returns the first page that was
    /// not looked at, or is of another kind. The flush joins `batch`; what is left to do is
    /// remove_plain(). The count of the table's entries is the caller's to change.
    PageNumber take_plain(PageTable table, PageRange pages, FrameBuffer& frames,
                          FlushBatch& batch) const;
    /// remove() for pages that take_plain() took.
    void remove_plain(const FrameBuffer& frames, FlushBatch& batch);

    /// Moves the entries from `from` on, up to the first that maps no private page, at most
    /// `count`, to the empty ones from `to` on, and the records of their pages with them. Returns
    /// how many those are. The flush is the caller's duty, as is the count of the tables' entries.
    /// Preconditions: `count` entries from either place lie in its table; nobody else names a page
    /// that moves. Every entry of another kind may just be moved.
    std::uint32_t move_private(PteLocation from, PteLocation to, std::uint32_t count) const;

    /// Gives up the copy in swap of a private frame, which must have one: the frame is about to be
    /// changed. A slot that nobody names is free afterwards.
    void forget_swap_copy(FrameNumber frame);

    /// An entry that named the slot does so no more. If no other one does, and nobody maps the
    /// frame that caches the slot, that frame is freed: nobody can ask for it again.
    void drop_slot(SwapSlot slot);

    /// The PTE that named `frame` with a lock does so no more, or one has begun to: the frame is a
    /// victim or none accordingly.
    void lock_changed(FrameNumber frame);

    /// Visits every PTE that names `frame`, a private frame or an object's; one that several
    /// regions share a page table for, perhaps more than once.
    void for_each_mapping(FrameNumber frame, MappingVisitor& visitor);

    /// The object whose page `frame` is. Precondition: state Object.
    [[nodiscard]] MemoryObject& object_of(FrameNumber frame) const;

    // Replacement: who leaves next, and whether those who left come back too soon.

    [[nodiscard]] ReplacementPolicy& policy() const { return *policy_; }
    /// `policy` is the one from now on, and has every page that the one before has: hand_over().
    void change_policy(ReplacementPolicy& policy);
    /// The pages that reclaim must leave alone for now.
    [[nodiscard]] PagePins& pins() { return pins_; }

    /// `frame`, which the policy chose, is on its way out. Returns what to keep of its page, for
    /// brought_in(); never 0.
    [[nodiscard]] Shadow leaving(FrameNumber frame) {
        return thrashing_.stamp(policy_->evicted(frame));
    }
    /// `frame` holds a page that came from a disk, or is new and belongs to an object. It may be
    /// evicted from now on. `kept` is what leaving() answered when the page left, 0 if it never
    /// did.
    void brought_in(FrameNumber frame, Arrival arrival, Shadow kept);

    /// Is told of what leaves and of what is brought in; of its memory's size by reclaim, and of
    /// the time, once a second, by whoever has a clock.
    [[nodiscard]] ThrashingSignal& thrashing_signal() { return thrashing_; }

    [[nodiscard]] FrameAllocator& frames() const { return frames_; }
    [[nodiscard]] FrameTable& records() const { return records_; }
    [[nodiscard]] SwapSpace& swap() const { return swap_; }
    [[nodiscard]] ObjectRegistry& objects() const { return objects_; }

  private:
    void find_new_home(FrameNumber frame, PteLocation old);
    void visit_private(FrameNumber frame, MappingVisitor& visitor);
    void visit_object(FrameNumber frame, MappingVisitor& visitor);

    FrameAllocator& frames_;
    FrameTable& records_;
    SwapSpace& swap_;
    ObjectRegistry& objects_;
    ReplacementPolicy* policy_;
    ThrashingSignal thrashing_{PageCount()};
    OwnedFrame zero_;
    PagePins pins_;
};

}  // namespace quire::mm
