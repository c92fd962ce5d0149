// One page fault on its way from the facts to an access that can succeed: what
// AddressSpace::handle() and populate() are made of. Nobody else includes this.
//
//     look --> decide --> room? --> act --+--> done
//      ^                   |              |
//      +---- evict <-------+--------------+   bounded: kMostSteps
//
// The facts are gathered anew for each step, so that nothing is believed across a read from a disk,
// an eviction, or anything else that may change page tables (docs/faults.md).
#pragma once

#include "mm/address_space.h"
#include "mm/fault_decision.h"
#include "mm/fetch.h"
#include "mm/memory_event.h"

namespace quire::mm {

class AddressSpace::PageFault {
  public:
    // cppcheck-suppress uninitMemberVar ; region_ and at_ are found with the facts
    PageFault(AddressSpace& space, const Fault& fault)
        : space_(space), memory_(space.memory_), page_(page_of(fault.address)), fault_(fault) {}

    /// Takes steps until the access can succeed, or cannot; if there is an observer, tells it about
    /// `fault` as a `kind` of event. May sleep.
    [[gnu::always_inline]] static inline FaultOutcome resolve(AddressSpace& space,
                                                              const Fault& fault, EventKind kind);
    /// Gathers the facts and says which step resolve() would take now.
    [[nodiscard, gnu::always_inline]] inline FaultAction look_and_decide();

  private:
    // `steps`: where they are noted, a FaultSteps*; or nullptr, in a copy of the code without that:
    // a fault that nobody watches pays nothing for it.
    template <typename Steps>
    [[gnu::always_inline]] inline FaultOutcome take_steps(Steps steps);
    static FaultOutcome resolve_and_tell(AddressSpace& space, const Fault& fault, EventKind kind);

    // Made: only after something was evicted.
    enum class Room : std::uint8_t { Enough, Made, None };
    Room room_for(FaultAction action) {
        if (may_read(action)) return room_to_read();
        return has_room_ ? Room::Enough : make_room(kFewFrames, has_room_);
    }
    Room room_to_read();
    Room make_room(PageCount frames, bool& has_it) {
        has_it = memory_.frames().has_room(frames);
        if (__builtin_expect(has_it, 1)) return Room::Enough;
        has_it = evict_for(frames);
        return has_it ? Room::Made : Room::None;
    }
    bool evict_for(PageCount frames);
    // The pages that the same instruction needs beside this one stay while there are these pins.
    using NeededPins = std::array<PagePin, NeededPages::kMost>;
    NeededPins pin_needed();
    [[nodiscard]] FaultOutcome success() const {
        return was_read_ ? FaultOutcome::ResolvedByRead : FaultOutcome::Resolved;
    }

    // What every fault needs is inlined, so that the facts stay in registers.
    [[gnu::always_inline]] inline FaultAction step_for_resident(FaultFacts& facts, Pte pte);
    [[gnu::always_inline]] inline FaultAction step_for_absent(FaultFacts& facts, Pte pte);
    FaultFacts::Place look_outside();
    [[nodiscard]] Region* stack_that_reaches() const;
    [[nodiscard]] bool may_grow(Region& region) const;
    [[nodiscard]] PageRange same_for_all() const;

    [[gnu::always_inline]] inline Result<void> act(FaultAction action);
    [[gnu::always_inline]] inline Result<void> map_zero_frame();
    [[gnu::always_inline]] inline Result<void> fill_with_zeros();
    [[gnu::always_inline]] inline void make_writable();
    // Sees to it that there is a place for the entry: at_.
    Result<void> place_entry() {
        if (table_ != TableUse::None) return {};
        return make_table();
    }
    Result<void> make_table();
    // The same for an entry that is to name `frame`, which is given back if there is no place.
    Result<void> place_entry_for(FrameNumber frame) {
        if (table_ != TableUse::None) return {};
        return make_table_for(frame);
    }
    Result<void> make_table_for(FrameNumber frame);
    void forget_translation();

    // mm/fault_steps.cpp
    Result<void> map_object_page();
    void map_around();
    Result<void> map_cached_slot();
    Result<void> copy_page();
    Result<void> fetch_object_page();
    Result<void> swap_in();
    Result<void> own_table();
    Result<void> grow_stack();

    Result<void> put_shared(PteLocation at, Pte entry);
    [[nodiscard]] Protection shared_protection() const;

    AddressSpace& space_;
    UserMemory& memory_;
    const PageNumber page_;
    const Fault& fault_;
    bool was_read_ = false;
    bool has_room_ = false;          // for a step that takes no more than kFewFrames
    bool has_room_to_read_ = false;  // for one that reads `window_` pages
    PageCount window_;

    // As the last look saw it.
    Region* region_;  // in which the page is, or which may grow down to it
    TableUse table_;
    PteLocation at_;  // of the entry, unless there is no page table
    Pte pte_;         // the entry; empty if there is no page table
};

}  // namespace quire::mm
