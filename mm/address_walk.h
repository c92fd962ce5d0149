// One address, walked by hand: what `explain ADDR` shows.
//
// walk_address() does in software what the CPU does on a TLB miss (SDM 3A 4.3), changes nothing,
// and keeps every step. verdict() then says of each access whether it works and why. Both are
// values, so that tests compare them with what the simulated MMU does, and explain() makes the
// text.
//
// Precondition for what it shows to be true: nobody forgot a flush. The TLB cannot be read.
#pragma once

#include <cstdint>
#include <optional>

#include "mm/page_entry.h"
#include "mm/protection.h"
#include "mm/text_writer.h"
#include "mm/types.h"

namespace quire::mm {

/// Why an access works, or which rule stops it first.
enum class Reason : std::uint8_t {
    Works,
    WorksWithoutWp,    // a write to a read-only page from ring 0, as CR0.WP is off
    NoTable,           // P is 0 in the PDE
    NoPage,            // P is 0 in the PTE, which is empty
    PageIsSwapped,     // P is 0 in the PTE, which names a swap slot
    PageIsHidden,      // P is 0 in the PTE, which names a frame nobody may touch (PROT_NONE)
    ReservedBitSet,    // in the PDE of a 4 MiB page
    TableOutOfReach,   // the PDE names a frame that is no RAM of ours: the tables are corrupt
    PdeForKernelOnly,  // U/S is 0
    PteForKernelOnly,
    PdeReadOnly,  // R/W is 0
    PteReadOnly,
};

/// The reason as half a sentence.
const char* reason_text(Reason reason);

struct Verdict {
    Reason reason = Reason::Works;
    std::uint32_t error_code = 0;  // what the fault would push, if it is one

    [[nodiscard]] constexpr bool works() const {
        return reason == Reason::Works || reason == Reason::WorksWithoutWp;
    }
};

struct AddressWalk {
    VirtAddr address;
    FrameNumber directory;
    PagingMode mode;

    std::uint32_t pde_index = 0;
    PhysAddr pde_address;
    Pde pde;

    bool has_pte = false;  // the PDE names a page table within reach
    bool out_of_reach = false;
    std::uint32_t pte_index = 0;
    PhysAddr pte_address;
    Pte pte;

    std::optional<PhysAddr> physical;  // where the address leads, if it does
    bool large = false;
};

/// Walks `address` from the directory in `directory` under `mode`. Frames from `reachable` on are
/// not looked at. Precondition: directory < reachable, and the window shows `reachable` frames.
AddressWalk walk_address(FrameNumber directory, VirtAddr address, PagingMode mode,
                         FrameNumber reachable);

/// What the access would do.
Verdict verdict(const AddressWalk& walk, Access access, Ring ring);

/// One bit or field of an entry, in words.
struct BitField {
    std::uint8_t high, low;
    const char* name;
    std::uint32_t value;
    const char* meaning;
};

/// The fields of an entry from the highest to the lowest; together they are all 32 bits.
struct EntryFields {
    static constexpr std::uint32_t kMost = 14;
    BitField field[kMost];
    std::uint32_t count = 0;
};
EntryFields fields_of(Pde entry, PagingMode mode);
EntryFields fields_of(Pte entry, PagingMode mode);

/// Writes the walk, both entries bit by bit, and the six verdicts.
void explain(const AddressWalk& walk, TextWriter out);

}  // namespace quire::mm
