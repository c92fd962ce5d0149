// One page fault on its way from the facts to an access that can succeed: what
// AddressSpace::handle() and populate() are made of. Nobody else includes this.
//
//     make_room --> look --> decide --> act --+--> done
//                    ^                        |
//                    +------------------------+   bounded: kMostSteps
//
// look() gathers the facts anew for each step, so that nothing is believed across a read from a
// disk, or across anything else that may change page tables (docs/faults.md).
#pragma once

#include "mm/address_space.h"
#include "mm/fault_decision.h"
#include "mm/fetch.h"
#include "mm/memory_event.h"

namespace quire::mm {

class AddressSpace::PageFault {
  public:
    PageFault(AddressSpace& space, const Fault& fault)
        : space_(space), memory_(space.memory_), page_(page_of(fault.address)), fault_(fault) {}

    /// Takes steps until the access can succeed, or cannot. May sleep.
    FaultOutcome resolve() { return take_steps(nullptr); }
    /// Resolves `fault` and tells the observer about it as a `kind` of event.
    static FaultOutcome resolve_and_tell(AddressSpace& space, const Fault& fault, EventKind kind);
    /// The step that resolve() would take now.
    [[nodiscard]] FaultAction next_step();

  private:
    // `steps`: where they are noted, a FaultSteps*; or nullptr, in a copy of the code without that:
    // a fault that nobody watches pays nothing for it.
    template <typename Steps>
    FaultOutcome take_steps(Steps steps);
    void make_room();
    void make_room_to_read();
    // Whether there is room for `frames`. What this program's instruction needs as well stays.
    bool find_room(PageCount frames) {
        return __builtin_expect(memory_.room().has_room(frames), 1) || evict_for(frames);
    }
    bool evict_for(PageCount frames);
    [[nodiscard]] FaultOutcome success() const {
        return was_read_ ? FaultOutcome::ResolvedByRead : FaultOutcome::Resolved;
    }

    // What every fault needs is inlined, and what few need answers by value: so the facts of the
    // many stay in registers.
    struct OfFrame {
        FaultFacts::Page page;
        bool swap_copy;
    };
    struct OfAbsent {
        bool past_end, in_ram;
    };
    [[gnu::always_inline]] inline FaultFacts look();
    [[gnu::always_inline]] inline void look_at_entry(FaultFacts& facts);
    [[gnu::always_inline]] inline void look_at_absent(FaultFacts& facts);
    FaultFacts::Place look_outside();
    [[nodiscard]] OfFrame look_at_frame() const;
    [[nodiscard]] OfAbsent look_at_object() const;
    bool ask_sharers();
    [[nodiscard]] Region* stack_that_reaches() const;
    [[nodiscard]] bool may_grow(Region& region) const;
    [[nodiscard]] PageRange same_for_all() const;

    [[gnu::always_inline]] inline Result<void> act(FaultAction action);
    [[gnu::always_inline]] inline Result<void> fill_with_zeros();
    // Sees to it that there is a place for the entry: at_.
    Result<void> place_entry() {
        if (table_ != TableUse::None) return {};
        return make_table();
    }
    Result<void> make_table();

    // mm/fault_steps.cpp
    Result<void> map_zero_frame();
    Result<void> map_object_page();
    void map_around();
    Result<void> map_cached_slot();
    Result<void> copy_page();
    void make_writable();
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
    PageCount window_{1};

    Region* region_ = nullptr;  // in which the page is, or which may grow down to it
    TableUse table_ = TableUse::None;
    PteLocation at_{};    // of the entry, unless there is no page table
    Pte pte_;             // the entry; empty if there is no page table
    PageRange agreed_{};  // around an absent page under a shared table: where it is same_for_all
};

}  // namespace quire::mm
