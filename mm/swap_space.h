// The slots of all swap areas in one numbering: who names each, and which frame caches it.
//
//      31            20 19                     0
//     +----------------+------------------------+
//     | shadow, low 12 | names                  |  names    how many page tables (or objects)
//     +----------------+------------------------+           have this slot in an entry
//     | shadow, high 12| cached frame, or 0     |  cache    the frame that holds the same page now
//     +----------------+------------------------+
//
//     numbering   0          4096       8192                            2^20
//                 |h.........|....      |h........  |                     |      h = header
//                  area 0 (5,000 pages)  area 1
//
// The one idea: a slot is in use as long as anybody names it or a frame caches it, and free when
// neither is so. The swap cache is therefore no structure of its own but one field here: from a
// PTE's slot it leads to the frame in which sharers meet again. The way back, from a frame to its
// slot, is the tag in the frame's record (FrameTable::set_tag), which SwapSpace never touches.
//
// Who holds what: a slot's content stays as long as the slot is in use, so whoever put the slot
// into an entry owns one name and gives it back with drop_name(). The cached frame is named here
// without a reference: whoever frees that frame, or lets its content differ from the slot's, calls
// clear_cached() first.
//
// Invariants: a slot is in its area's map of free slots exactly when its record is all zero and it
// is not the header; used and cached counts are right; areas begin at multiples of 4,096 and do not
// overlap. The header, page 0 of each area, is never used, and slot 0 is always one. Locking is the
// caller's. What a header looks like is not our business: mkswap(8), swapon(2).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "kernel/base/result.h"
#include "mm/backing_store.h"
#include "mm/page_entry.h"
#include "mm/replacement_policy.h"
#include "mm/slot_map.h"
#include "mm/types.h"

namespace quire::mm {

using SlotRange = Range<SwapSlot>;

/// What is known of one slot (the picture above). Made of plain words: all zero is free.
struct SlotRecord {
    std::uint32_t names = 0;
    std::uint32_t cache = 0;
};
static_assert(sizeof(SlotRecord) == 8 && std::is_trivially_copyable_v<SlotRecord>);

/// One of the areas, from add_area() to remove_area().
enum class AreaId : std::uint8_t {};

struct SwapStatistics {
    PageCount total;      // slots, headers left out
    PageCount used;       // of them named or cached
    PageCount cached;     // of them cached
    PageCount available;  // free ones in areas that allocate
};

class SwapSpace {
  public:
    static constexpr std::uint32_t kMaxAreas = 8;
    static constexpr std::uint32_t kMaxNames = (1U << 20) - 1;
    static constexpr PageCount kBlock{4096};  // areas begin at multiples of this
    static constexpr PageCount kMaxSlots{1U << 20};

    struct Area {
        BackingStore* store = nullptr;  // nullptr: there is no such area
        SlotRange slots;                // the first one is the header
        int priority = 0;
        PageCount used;
        bool allocating = false;

      private:
        friend class SwapSpace;
        SlotRecord* records_ = nullptr;
        SlotMap map_;
    };

    /// How many records of memory an area of `size` pages needs: one a page, and for its map of
    /// free slots one for each 60 or so pages more.
    static constexpr std::uint32_t records_needed(PageCount size) {
        return size.raw() + divide_up(SlotMap::words_needed(size.raw()), 2U);
    }

    /// A swap space without areas: everything is refused for want of room.
    SwapSpace() { owner_.fill(kNoArea); }
    SwapSpace(const SwapSpace&) = delete;
    SwapSpace& operator=(const SwapSpace&) = delete;

    // --- Areas: swapon and swapoff ---

    /// Adds the pages 1 to size - 1 of `store`; page 0 is its header. Slots come from the area of
    /// the highest `priority`, among equals from the one that began to allocate first. `records`
    /// and `store` are the caller's and must stay until remove_area(). O(size). Preconditions: size
    /// <= kMaxSlots; records has records_needed(size) elements. Errors: InvalidArgument (fewer than
    /// two pages); LimitReached (kMaxAreas areas, or the numbering has no room left); nothing has
    /// changed then.
    Result<AreaId> add_area(BackingStore& store, PageCount size, int priority,
                            std::span<SlotRecord> records);

    /// No more slots come from the area; those in use stay and can be read and written. So swapoff
    /// can drain it: bring in each page that is in_use(), then remove_area().
    void stop_allocating(AreaId id);
    /// Takes stop_allocating() back, for a swapoff that did not get to its end.
    void start_allocating(AreaId id);

    /// Forgets the area; store and records are the caller's again.
    /// Errors: Busy (a slot is in use); nothing has changed then.
    Result<void> remove_area(AreaId id);

    /// Precondition: `id` is an area.
    [[nodiscard]] const Area& area(AreaId id) const {
        ASSERT(areas_[index_of(id)].store != nullptr);
        return areas_[index_of(id)];
    }

    /// Calls visit(id, area) for each area, in order of id.
    template <typename Visitor>
    void walk_areas(Visitor visit) const {
        for (std::uint8_t i = 0; i < kMaxAreas; ++i)
            if (areas_[i].store != nullptr) visit(AreaId{i}, areas_[i]);
    }

    // --- Slots ---

    /// A free slot that becomes the content's place of `cached_frame`: it is named by nobody and
    /// caches that frame. Consecutive calls answer consecutive slots when possible. The caller does
    /// three things next: sets the frame's tag, writes the frame, names the slot where it belongs;
    /// or gives the slot back with clear_cached(). O(1). Precondition: cached_frame is not frame 0.
    /// Errors: OutOfMemory (swap is full); nothing has changed then.
    Result<SwapSlot> allocate(FrameNumber cached_frame);

    /// Slots for as many of `cached_frames` as find room in a row, at least one: the i-th slot
    /// caches the i-th frame, all else as for allocate(). What is left over takes another call.
    /// Precondition: cached_frames is not empty. Errors: OutOfMemory, as above.
    Result<SlotRange> allocate_run(std::span<const FrameNumber> cached_frames);

    /// Whether anybody names `slot` or a frame caches it. False for headers.
    [[nodiscard]] bool in_use(SwapSlot slot) const { return is_used(record(slot)); }

    /// Whether slots of the area that `slot` lies in are handed out: not while swapoff drains it.
    [[nodiscard]] bool allocates_beside(SwapSlot slot) const { return area_of(slot).allocating; }

    // The slots of all that follows are in use (precondition). A slot that stops being so is free
    // at once, its shadow is forgotten, and it may be handed out again.

    /// One more page-table entry, or object, names `slot`. Cannot fail: page tables are fewer than
    /// frames, and those fewer than kMaxNames.
    void add_name(SwapSlot slot);
    /// One less does. The last name of an uncached slot frees it. Precondition: names(slot) != 0.
    void drop_name(SwapSlot slot);
    [[nodiscard]] std::uint32_t names(SwapSlot slot) const { return record(slot).names & kLow; }

    /// The frame that holds the slot's page, or is being filled with it (FrameFlag::Busy).
    [[nodiscard]] std::optional<FrameNumber> cached(SwapSlot slot) const {
        const std::uint32_t frame = record(slot).cache & kLow;
        return frame == 0 ? std::nullopt : std::optional(FrameNumber(frame));
    }
    /// `frame`, not frame 0, caches the slot from now on. Precondition: nothing caches it.
    void set_cached(SwapSlot slot, FrameNumber frame);
    /// Nothing caches the slot any more; if nobody names it, it is free. Precondition: cached.
    void clear_cached(SwapSlot slot);

    [[nodiscard]] Shadow shadow(SwapSlot slot) const {
        const SlotRecord& slot_record = record(slot);
        return slot_record.names >> kShift | (slot_record.cache & ~kLow) >> (kShift - kShadowHalf);
    }
    /// Precondition: shadow <= kMaxShadow.
    void set_shadow(SwapSlot slot, Shadow shadow);

    // --- Content. May sleep; the caller keeps each slot in use meanwhile. Errors: the store's. ---

    Result<void> read(SwapSlot slot, FrameNumber frame) { return read_run(slot, {&frame, 1}); }
    Result<void> write(SwapSlot slot, FrameNumber frame) { return write_run(slot, {&frame, 1}); }
    /// The slots from `first` on, one for each frame, in one call of the store.
    /// Preconditions: frames is not empty; all slots lie in one area.
    Result<void> read_run(SwapSlot first, std::span<const FrameNumber> frames);
    Result<void> write_run(SwapSlot first, std::span<const FrameNumber> frames);

    /// What is worth reading together with `slot`: the slots around it without a gap that are in
    /// use and not cached, of the same area and the same aligned group of `window` slots.
    /// Preconditions: slot is not cached; window is a power of two up to kBlock.
    [[nodiscard]] SlotRange neighbours(SwapSlot slot, PageCount window) const;

    // --- Figures and checks ---

    [[nodiscard]] SwapStatistics statistics() const;

    /// Checks every record against the maps, the counts and the areas. O(slots).
    void check_invariants() const;

  private:
    static constexpr std::uint32_t kShift = 20;
    static constexpr std::uint32_t kLow = (1U << kShift) - 1;
    static constexpr std::uint32_t kShadowHalf = 12;
    static constexpr std::uint32_t kBlocks = kMaxSlots.raw() / kBlock.raw();
    static constexpr std::uint8_t kNoArea = kMaxAreas;
    static_assert(kMaxSwapSlot.raw() == kMaxSlots.raw() - 1 && kMaxNames == kLow);
    static_assert(kMaxShadow >> kShadowHalf < 1U << kShadowHalf);

    static constexpr std::uint32_t index_of(AreaId id) {
        ASSERT(static_cast<std::uint32_t>(id) < kMaxAreas);
        return static_cast<std::uint32_t>(id);
    }
    static constexpr bool is_used(const SlotRecord& record) {
        return ((record.names | record.cache) & kLow) != 0;
    }

    // Numbers that no area owns lead to areas_[kNoArea], whose size is 0.
    [[nodiscard]] Area& area_of(SwapSlot slot) {
        ASSERT(slot <= kMaxSwapSlot);
        Area& area = areas_[owner_[slot.raw() / kBlock.raw()]];
        ASSERT(area.slots.contains(slot));
        return area;
    }
    [[nodiscard]] const Area& area_of(SwapSlot slot) const {
        return const_cast<SwapSpace*>(this)->area_of(slot);
    }
    [[nodiscard]] const SlotRecord& record(SwapSlot slot) const {
        const Area& area = area_of(slot);
        return area.records_[(slot - area.slots.first).raw()];
    }
    [[nodiscard]] SlotRecord& used_record(Area& area, SwapSlot slot) {
        SlotRecord& record = area.records_[(slot - area.slots.first).raw()];
        ASSERT(is_used(record));
        return record;
    }

    [[nodiscard]] std::optional<std::uint32_t> room_for(PageCount size) const;
    SwapSlot hand_out(Area& area, std::uint32_t page, FrameNumber cached_frame);
    static void free_if_unused(Area& area, SwapSlot slot, SlotRecord& record);
    std::uint32_t page_of_run(const Area& area, SwapSlot first, std::size_t count);
    void check_area(const Area& area) const;

    std::array<Area, kMaxAreas + 1> areas_;
    std::array<std::uint8_t, kBlocks> owner_;    // which area each block of the numbering is in
    std::array<std::uint8_t, kMaxAreas> order_;  // the areas that allocate, best one first
    std::uint32_t allocating_ = 0;               // how many those are
    PageCount cached_;
};

}  // namespace quire::mm
