// One record a frame, kept outside the frame: what it is for, who refers to it, where it is linked.
//
//      31      25 24   21 20                           0
//     +----------+-------+------------------------------+
//     |  flags   | state |       reference count        |  use
//     +----------+-------+------------------------------+
//     |  tag, low 12     |   next frame in its list     |  next
//     +------------------+------------------------------+
//     |  tag, high 12    |   previous frame in the list |  previous
//     +------------------+------------------------------+
//     |  Private: page-table frame 20 | index 10        |  place
//     |  Object:  page index in the object              |
//     +-------------------------------------------------+
//      31              20 19                           0
//
// A link needs 20 bits, so two links leave 24 for a tag: the swap slot of a private frame, the
// object of a file page, the order of a run, what the owner likes for others. That is how sixteen
// bytes carry it all. `place` is the reverse mapping (docs/design.md): a private frame
// names the one PTE that maps it, a page of a file or of shared memory its object and page index;
// page tables that are copies of each other use the links as their ring of siblings.
//
// The table covers every frame from 0 to its end; a hole in RAM has state Absent. Frame 0 is never
// handed out, so in a link it means "none". Fields have a meaning only in the states that name
// them: those of a frame just handed out are what its last owner left. Locking is the caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/base/result.h"
#include "mm/types.h"

namespace quire::mm {

/// What a frame is for. From Used on it belongs to somebody and its references count.
enum class FrameState : std::uint8_t {
    Absent = 0,    // no RAM here, or RAM that is not managed
    Reserved = 1,  // firmware, kernel image, boot data: never handed out
    Free = 2,      // in the allocator; also every frame of a run but its first
    Zeroed = 3,    // in the allocator's pool of frames cleared ahead
    Used = 8,      // handed out, purpose not told
    PageDirectory = 9,
    PageTable = 10,  // the reference count is the number of PDEs that name it
    Private = 11,    // a process's own memory, file or none behind it
    Object = 12,     // a page of a file or of shared memory
    KernelHeap = 13,
    KernelStack = 14,
    Device = 15,  // a buffer that a device reads or writes
};
inline constexpr std::uint32_t kFrameStates = 16;

/// The state's own name, for tables and the monitor.
const char* frame_state_name(FrameState state);

enum class FrameFlag : std::uint32_t {
    Watched = 1U << 25,  // poison is on: goes back by the slow way
    Listed = 1U << 26,   // the links are those of a FrameList
    Busy = 1U << 27,     // under I/O: wait before touching it
    Dirty = 1U << 28,    // differs from what its backing store holds
    Locked = 1U << 29,   // never a victim of reclaim
    Young = 1U << 30,    // used by a system call since the policy looked
    Run = 1U << 31,      // the first frame of a run of two or more
};

/// A PTE, named by where it is stored: page-table frame and index in it. Index below 1,024.
struct PteLocation {
    FrameNumber table;
    std::uint32_t index;
    constexpr bool operator==(const PteLocation&) const = default;
};

/// A page of something with a name: a file, a piece of shared memory. Object below 2^24.
struct ObjectPage {
    std::uint32_t object;
    std::uint32_t page_index;
    constexpr bool operator==(const ObjectPage&) const = default;
};

/// The record itself. Made of plain words: all zero is Absent, unreferenced, unlinked.
struct FrameInfo {
    std::uint32_t use = 0;
    std::uint32_t next = 0;
    std::uint32_t previous = 0;
    std::uint32_t place = 0;
};
static_assert(sizeof(FrameInfo) == 16 && std::is_trivially_copyable_v<FrameInfo>);

class FrameTable {
  public:
    /// One more reference than this is refused.
    static constexpr std::uint32_t kMaxReferences = (1U << 21) - 1;

    /// A table over `records`, one for each frame from 0 on. The memory is the caller's and must
    /// stay. Every record becomes Absent. Precondition: at most 2^20 records.
    explicit FrameTable(std::span<FrameInfo> records);
    FrameTable(const FrameTable&) = delete;
    FrameTable& operator=(const FrameTable&) = delete;

    /// How many bytes of records `frames` frames need.
    static constexpr std::uint32_t bytes_needed(PageCount frames) {
        return frames.raw() * static_cast<std::uint32_t>(sizeof(FrameInfo));
    }

    /// The first frame number that has no record.
    [[nodiscard]] FrameNumber end() const { return FrameNumber(count_); }
    [[nodiscard]] bool covers(FrameNumber frame) const { return frame < end(); }

    [[nodiscard]] FrameState state(FrameNumber frame) const {
        return static_cast<FrameState>(info(frame).use >> kStateShift & 0xFU);
    }
    /// Says what `frame` is for; references, flags and links stay.
    void set_state(FrameNumber frame, FrameState state);

    /// Marks every frame of `range` Reserved. Precondition: each is Absent or Reserved.
    void reserve(FrameRange range);

    /// Whether the frame belongs to somebody.
    [[nodiscard]] bool in_use(FrameNumber frame) const {
        return (info(frame).use & kInUseBit) != 0;
    }

    [[nodiscard]] std::uint32_t references(FrameNumber frame) const {
        return info(frame).use & kMaxReferences;
    }
    /// One more PDE, PTE or kernel object refers to `frame`. Precondition: in use.
    /// Errors: LimitReached (the count is full); nothing has changed then.
    Result<void> add_reference(FrameNumber frame) {
        ASSERT(in_use(frame));
        if (references(frame) == kMaxReferences) return Error::LimitReached;
        ++info(frame).use;
        return {};
    }
    /// One more PTE names `frame`, if it is Private; says whether it is. The count is not full:
    /// each of these PTEs is in a page table of its own, and there are fewer frames than counts.
    bool add_reference_if_private(FrameNumber frame) {
        FrameInfo& record = info(frame);
        const std::uint32_t use = record.use + 1;
        if (((use ^ use_word(FrameState::Private, 0)) & kStateMask) != 0) return false;
        record.use = use;
        return true;
    }
    /// One more for a page table, whose count cannot be full: a PDE is in a frame of its own kind,
    /// at one index, and there are fewer frames than counts.
    void add_reference_to_table(FrameNumber frame) { ++info(frame).use; }
    /// Takes one away. Precondition: it is not the last.
    void drop_reference_to_table(FrameNumber frame) {
        ASSERT(references(frame) > 1);
        --info(frame).use;
    }

    /// One fewer, and others remain.
    void drop_reference_of_several(FrameNumber frame) {
        ASSERT(references(frame) > 1);
        --info(frame).use;
    }

    [[nodiscard]] bool has(FrameNumber frame, FrameFlag flag) const {
        return (info(frame).use & static_cast<std::uint32_t>(flag)) != 0;
    }
    void set(FrameNumber frame, FrameFlag flag) {
        info(frame).use |= static_cast<std::uint32_t>(flag);
    }
    void clear(FrameNumber frame, FrameFlag flag) {
        info(frame).use &= ~static_cast<std::uint32_t>(flag);
    }

    /// Whether the frame is Private and has one reference.
    [[nodiscard]] bool is_sole_private(FrameNumber frame) const {
        return (info(frame).use & (kStateMask | kMaxReferences)) ==
               use_word(FrameState::Private, 1);
    }
    /// Whether the frame is Private, named by one PTE and nothing else, and a victim like others:
    /// in a list, neither locked nor busy.
    [[nodiscard]] bool is_plain_private(FrameNumber frame) const {
        return info(frame).use ==
               (use_word(FrameState::Private, 1) | static_cast<std::uint32_t>(FrameFlag::Listed));
    }

    /// The frame is Private, named by one PTE from now on. One that was not Private before has no
    /// swap slot (tag 0); one that was keeps its own.
    void set_private(FrameNumber frame, PteLocation pte) {
        ASSERT(pte.index < kEntriesPerTable);
        FrameInfo& record = info(frame);
        if ((record.use & kStateMask) != use_word(FrameState::Private, 0)) {
            ASSERT((record.use & static_cast<std::uint32_t>(FrameFlag::Run)) == 0);
            record.next &= kLinkMask;
            record.previous &= kLinkMask;
            record.use = (record.use & ~kStateMask) | use_word(FrameState::Private, 0);
        }
        record.place = place_of(pte);
    }
    /// If `frame` is Private, its record says `to` from now on; returns whether it is.
    /// Precondition: the record says `from` then.
    bool move_if_private(FrameNumber frame, PteLocation from, PteLocation to) {
        FrameInfo& record = info(frame);
        if ((record.use & kStateMask) != use_word(FrameState::Private, 0)) return false;
        ASSERT(record.place == place_of(from));
        record.place = place_of(to);
        return true;
    }
    /// Precondition: state Private.
    [[nodiscard]] PteLocation pte_of(FrameNumber frame) const {
        ASSERT(state(frame) == FrameState::Private);
        return {FrameNumber(place(frame) >> 10), place(frame) % kEntriesPerTable};
    }

    /// The frame becomes a page of an object.
    void set_object(FrameNumber frame, ObjectPage page);
    /// Precondition: state Object.
    [[nodiscard]] ObjectPage object_of(FrameNumber frame) const;

    /// Twenty-four bits whose meaning depends on the state (see the head of this file).
    [[nodiscard]] std::uint32_t tag(FrameNumber frame) const {
        const FrameInfo& record = info(frame);
        return (record.previous & ~kLinkMask) >> (20 - kTagHalf) | record.next >> 20;
    }
    /// Precondition: tag < 2^24, and no run starts here: its tag is its order.
    void set_tag(FrameNumber frame, std::uint32_t tag);

    /// The rest of the record that the state gives a meaning to, as one word.
    [[nodiscard]] std::uint32_t place(FrameNumber frame) const { return info(frame).place; }
    void set_place(FrameNumber frame, std::uint32_t place) { info(frame).place = place; }

    /// How many frames a run that starts at `frame` has: 2^order; order 0 unless flagged Run.
    [[nodiscard]] std::uint32_t order_of(FrameNumber frame) const {
        return has(frame, FrameFlag::Run) ? info(frame).next >> 20 : 0;
    }

    // Rings: a frame is in none until it is made one of its own. FrameList and the siblings of a
    // page table are made of these.

    /// Makes `frame` a ring of its own. Its links are overwritten, not unlinked.
    void ring_alone(FrameNumber frame);
    /// Puts `frame`, alone until now, into the ring of `position`, in front of it.
    void ring_insert_before(FrameNumber position, FrameNumber frame);
    /// Takes `frame` out of its ring; it is alone afterwards.
    void ring_remove(FrameNumber frame);
    /// Takes all from `first` to the one before `next` out of their ring; if that is all of it,
    /// `next` is `first`. Their links stay as they are.
    void ring_close(FrameNumber first, FrameNumber next) {
        const FrameNumber before = ring_previous(first);
        ASSERT(ring_next(before) == first);
        set_link(info(before).next, next);
        set_link(info(next).previous, before);
    }
    /// Puts `frame`, which is in no ring and must not be Listed, into the ring of `position`, in
    /// front of it, and flags it; if they are the same, it is a ring of its own.
    void enter_list(FrameNumber frame, FrameNumber position) {
        FrameInfo& entering = info(frame);
        ASSERT((entering.use & static_cast<std::uint32_t>(FrameFlag::Listed)) == 0);
        entering.use |= static_cast<std::uint32_t>(FrameFlag::Listed);
        FrameInfo& after = records_[position.raw()];
        if (&after == &entering) return ring_alone(frame);
        const FrameNumber before(after.previous & kLinkMask);
        set_link(entering.next, position);
        set_link(entering.previous, before);
        set_link(records_[before.raw()].next, frame);
        set_link(after.previous, frame);
    }
    /// Clears Listed, which must be set, and returns the next frame of the ring.
    FrameNumber leave_list(FrameNumber frame) {
        FrameInfo& record = info(frame);
        ASSERT((record.use & static_cast<std::uint32_t>(FrameFlag::Listed)) != 0);
        record.use &= ~static_cast<std::uint32_t>(FrameFlag::Listed);
        return FrameNumber(record.next & kLinkMask);
    }
    [[nodiscard]] FrameNumber ring_next(FrameNumber frame) const {
        return FrameNumber(info(frame).next & kLinkMask);
    }
    [[nodiscard]] FrameNumber ring_previous(FrameNumber frame) const {
        return FrameNumber(info(frame).previous & kLinkMask);
    }

    // Chains: frames in no ring, each naming the next one; for a moment only.

    void set_chain(FrameNumber frame, FrameNumber next) { set_link(info(frame).next, next); }
    [[nodiscard]] FrameNumber chain_next(FrameNumber frame) const { return ring_next(frame); }

    /// How many frames are in each state. O(frames).
    void count_states(std::span<PageCount, kFrameStates> counts) const;

    /// Checks each record by itself: only frames in use have references, links point at records.
    void check_invariants() const;

  private:
    friend class FrameAllocator;

    static constexpr std::uint32_t kStateShift = 21;
    static constexpr std::uint32_t kStateMask = 0xFU << kStateShift;
    static constexpr std::uint32_t kInUseBit = 8U << kStateShift;
    static constexpr std::uint32_t kFlagMask = 0x7FU << 25;
    static constexpr std::uint32_t kLinkMask = (1U << 20) - 1;
    static constexpr std::uint32_t kTagHalf = 12;

    static constexpr std::uint32_t use_word(FrameState state, std::uint32_t references) {
        return static_cast<std::uint32_t>(state) << kStateShift | references;
    }

    static constexpr std::uint32_t place_of(PteLocation pte) {
        return pte.table.raw() << 10 | pte.index;
    }

    [[nodiscard]] FrameInfo& info(FrameNumber frame) {
        ASSERT(covers(frame));
        return records_[frame.raw()];
    }
    [[nodiscard]] const FrameInfo& info(FrameNumber frame) const {
        ASSERT(covers(frame));
        return records_[frame.raw()];
    }
    void set_link(std::uint32_t& link, FrameNumber frame) {
        link = (link & ~kLinkMask) | frame.raw();
    }

    FrameInfo* records_;
    std::uint32_t count_;
};

}  // namespace quire::mm
