// What to do about a page fault: facts in, one step out. A pure function, and the heart of the
// memory manager: demand paging, copy-on-write, swapping and stacks that grow are its rows.
//
//     facts ---> decide() ---> action ---> the page tables change ---> facts ---> ... ---> Retry
//
// The one idea: an action is a single step that either happens as a whole or fails without a trace.
// Where one fault needs several (unshare the page table, read the page, copy it), the facts are
// gathered again after each, and decide() is asked again. So no action has to know what came before
// it, and whatever happened during a read from a disk is seen. docs/faults.md has the whole table,
// tests/host/fault_decision_test.cpp asks for every combination of facts.
//
// What the CPU can enforce decides what is asked (SDM 3A 4.6): a page that may be used in any way
// may be read and fetched from; only writing is a right of its own.
#pragma once

#include <cstdint>

#include "mm/protection.h"
#include "mm/user_pages.h"

namespace quire::mm {

/// Everything that the answer to a fault depends on.
struct FaultFacts {
    /// Where the address is.
    enum class Place : std::uint8_t {
        KernelHalf,
        Hole,        // no region there, and none that could grow to there
        BelowStack,  // no region there, but one above grows down and may grow as far as this
        InRegion,
    };
    /// What the region allows.
    enum class Allows : std::uint8_t { Nothing, Reading, Writing };
    /// What is behind the region's pages.
    enum class Backing : std::uint8_t { Anonymous, PrivateObject, SharedObject };
    /// What the page-table entry says; Empty also if there is no page table.
    enum class Page : std::uint8_t {
        Empty,    // nothing yet, or thrown away clean
        Zero,     // the zero frame, read-only
        Sole,     // a private frame that no other entry names
        Several,  // a private frame that other entries name too
        Object,   // the object's own frame
        Swapped,  // a swap slot
        Hidden,   // a frame out of everybody's reach
    };

    // Of the access.
    Access access = Access::Read;
    Ring ring = Ring::User;
    bool reserved_bit = false;
    Place place = Place::InRegion;
    // Of the region; count only in one.
    Allows allows = Allows::Nothing;
    Backing backing = Backing::Anonymous;
    bool past_end = false;  // the object has no such page; counts while the entry is empty
    // Of the page; count only in a region.
    Page page = Page::Empty;
    bool writable = false;   // the entry allows writing
    bool swap_copy = false;  // Sole, Several: the same content is in a swap slot, too
    bool in_ram = false;     // Empty: the object's page, Swapped: the slot's page is in a frame
    TableUse table = TableUse::None;
    bool same_for_all = false;  // Shared: the page means the same to everybody who shares the table
};

/// The steps. In brackets: what textbooks call it.
enum class FaultAction : std::uint8_t {
    // The access can succeed.
    Retry,  // nothing is to be done [spurious fault]
    // Steps after which it can, unless it is a write and the step maps read-only.
    MapZeroFrame,   // map the frame of zeros that all share, read-only [zero page]
    FillWithZeros,  // give the page a zeroed frame of its own [demand-zero]
    MapObjectPage,  // map the object's frame [minor fault, page-cache hit]
    MapCachedSlot,  // map the frame that holds the slot's content, read-only [swap-cache hit]
    CopyPage,       // give the page a frame of its own with the same content [copy-on-write]
    TakeOverPage,   // the last owner of a private frame may write it [copy-on-write, reuse]
    MakeWritable,   // allow writing to the object's frame in a shared map [write-notify]
    // Steps on the way.
    FetchObjectPage,  // bring the object's page into RAM [demand paging, major fault]
    SwapIn,           // bring the slot's page into RAM [swap-in, major fault]
    ForgetSwapCopy,   // give up the copy in swap, which is about to differ [swap slot freed]
    UnshareTable,     // copy a page table that others use, too [copy-on-write of a page table]
    TakeOverTable,    // the last user of a page table may write through it [the same, reuse]
    GrowStack,        // extend the region above down to the page [stack growth]
    // It cannot.
    SegvMapErr,  // SIGSEGV, SEGV_MAPERR: nothing is mapped there [segmentation fault]
    SegvAccErr,  // SIGSEGV, SEGV_ACCERR: not with these rights [protection fault]
    BusError,    // SIGBUS, BUS_ADRERR: past the end of the object [bus error]
    KernelBug,   // no fault that a program can cause [panic, oops]
};

/// The action's own name, for tables and traces.
const char* fault_action_name(FaultAction action);

/// Whether a fault ends with `action`: no further step is needed.
constexpr bool is_last_step(FaultAction action, Access access) {
    if (action == FaultAction::MapCachedSlot) return access != Access::Write;
    return action <= FaultAction::MakeWritable;
}

/// Whether the access cannot succeed.
constexpr bool is_refusal(FaultAction action) {
    return action >= FaultAction::SegvMapErr;
}

/// Whether `action` may wait for a disk.
constexpr bool may_read(FaultAction action) {
    return action == FaultAction::FetchObjectPage || action == FaultAction::SwapIn;
}

/// Whether such a page can be in such a region.
[[gnu::always_inline]] constexpr bool fits(FaultFacts::Page page, FaultFacts::Backing backing) {
    using Page = FaultFacts::Page;
    switch (page) {
    case Page::Empty:
        return true;
    case Page::Zero:
        return backing == FaultFacts::Backing::Anonymous;
    case Page::Sole:
    case Page::Several:
    case Page::Swapped:
        return backing != FaultFacts::Backing::SharedObject;
    case Page::Object:
        return backing != FaultFacts::Backing::Anonymous;
    case Page::Hidden:
        return false;  // the region would allow nothing
    }
    return false;
}

// What to do for a page of an object that no entry names: have it in RAM first.
[[gnu::always_inline]] constexpr FaultAction step_to_object(const FaultFacts& facts,
                                                            FaultAction once_in_ram) {
    if (facts.past_end) return FaultAction::BusError;
    return facts.in_ram ? once_in_ram : FaultAction::FetchObjectPage;
}

// The step for a read that the region allows, whoever shares the page table.
[[gnu::always_inline]] constexpr FaultAction read_step(const FaultFacts& facts) {
    if (facts.page == FaultFacts::Page::Empty) {
        if (facts.backing == FaultFacts::Backing::Anonymous) return FaultAction::MapZeroFrame;
        return step_to_object(facts, FaultAction::MapObjectPage);
    }
    if (facts.page != FaultFacts::Page::Swapped) return FaultAction::Retry;
    return facts.in_ram ? FaultAction::MapCachedSlot : FaultAction::SwapIn;
}

// The step for a write that the region allows, as if the page table were the space's own. Whether
// the entry may be written is believed only where it may be so.
[[gnu::always_inline]] constexpr FaultAction write_step(const FaultFacts& facts) {
    const bool shared = facts.backing == FaultFacts::Backing::SharedObject;
    switch (facts.page) {
    case FaultFacts::Page::Empty:
        if (facts.backing == FaultFacts::Backing::Anonymous) return FaultAction::FillWithZeros;
        return step_to_object(facts, shared ? FaultAction::MapObjectPage : FaultAction::CopyPage);
    case FaultFacts::Page::Zero:
        return FaultAction::FillWithZeros;
    case FaultFacts::Page::Sole:
        if (facts.swap_copy) return FaultAction::ForgetSwapCopy;
        return facts.writable ? FaultAction::Retry : FaultAction::TakeOverPage;
    case FaultFacts::Page::Several:
        return FaultAction::CopyPage;
    case FaultFacts::Page::Object:
        if (!shared) return FaultAction::CopyPage;
        return facts.writable ? FaultAction::Retry : FaultAction::MakeWritable;
    case FaultFacts::Page::Swapped:
        return facts.in_ram ? FaultAction::MapCachedSlot : FaultAction::SwapIn;
    case FaultFacts::Page::Hidden:
        break;
    }
    return FaultAction::KernelBug;
}

// What is done in a page table is done in one of the space's own, but for what is the same for all
// who share it and lets nobody write. What must be read comes first, as it may fail.
[[gnu::always_inline]] constexpr FaultAction step_to_table(const FaultFacts& facts,
                                                           FaultAction step) {
    if (may_read(step) || is_refusal(step)) return step;
    const bool write = facts.access == Access::Write;
    if (facts.table == TableUse::Shared) {
        const bool stays = step == FaultAction::Retry || facts.same_for_all;
        return write || !stays ? FaultAction::UnshareTable : step;
    }
    return write && facts.table == TableUse::Last ? FaultAction::TakeOverTable : step;
}

/// Whether the region allows the access.
constexpr bool is_allowed(const FaultFacts& facts) {
    if (facts.access == Access::Write) return facts.allows == FaultFacts::Allows::Writing;
    return facts.allows != FaultFacts::Allows::Nothing;
}

/// The next step for these facts. Facts that cannot be together, as an invariant would be broken,
/// are a KernelBug.
[[gnu::always_inline]] constexpr FaultAction decide(const FaultFacts& facts) {
    if (facts.reserved_bit) return FaultAction::KernelBug;
    switch (facts.place) {
    case FaultFacts::Place::KernelHalf:
        return facts.ring == Ring::Kernel ? FaultAction::KernelBug : FaultAction::SegvMapErr;
    case FaultFacts::Place::Hole:
        return FaultAction::SegvMapErr;
    case FaultFacts::Place::BelowStack:
        return FaultAction::GrowStack;
    case FaultFacts::Place::InRegion:
        break;
    }
    if (!is_allowed(facts)) return FaultAction::SegvAccErr;
    if (!fits(facts.page, facts.backing)) return FaultAction::KernelBug;
    if (facts.table == TableUse::None && facts.page != FaultFacts::Page::Empty)
        return FaultAction::KernelBug;
    const bool write = facts.access == Access::Write;
    return step_to_table(facts, write ? write_step(facts) : read_step(facts));
}

}  // namespace quire::mm
