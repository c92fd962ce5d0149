#include "mm/address_walk.h"

#include "mm/fault.h"
#include "mm/page_table.h"

namespace quire::mm {

namespace {

// Bits 21 to 13 of a 4 MiB entry; bit 12 selects a PAT entry (SDM 3A table 4-4).
constexpr std::uint32_t kLargeReserved = 0x003FE000;

bool is_large(Pde pde, PagingMode mode) {
    return mode.large_pages && pde.is_large();
}

}  // namespace

// Written for any table a debugger may meet, also a corrupt one, and for a CPU without PSE, where
// bit 7 means nothing: so it masks raw bits where Pde would assert.
AddressWalk walk_address(FrameNumber directory, VirtAddr address, PagingMode mode,
                         FrameNumber reachable) {
    const PageNumber page = page_of(address);
    AddressWalk walk;
    walk.address = address;
    walk.directory = directory;
    walk.mode = mode;
    walk.pde_index = directory_index(page);
    walk.pte_index = table_index(page);
    const EntryTable<Pde> entries(directory);
    walk.pde_address = entries.address_of(walk.pde_index);
    walk.pde = entries.get(walk.pde_index);
    if (!walk.pde.is_present()) return walk;
    walk.large = is_large(walk.pde, mode);
    if (walk.large) {
        if ((walk.pde.raw() & kLargeReserved) != 0) return walk;
        walk.physical = start_of(walk.pde.large_frame()) + address.raw() % kLargePageSize;
        return walk;
    }
    const PageTable table(FrameNumber(walk.pde.raw() >> kPageShift));
    walk.pte_address = table.address_of(walk.pte_index);
    walk.has_pte = table.frame() < reachable;
    walk.out_of_reach = !walk.has_pte;
    if (walk.has_pte) walk.pte = table.get(walk.pte_index);
    if (walk.pte.is_present()) walk.physical = start_of(walk.pte.frame()) + offset_in_page(address);
    return walk;
}

namespace {

// The first thing that stops every access alike, or Works.
Reason presence(const AddressWalk& walk) {
    if (!walk.pde.is_present()) return Reason::NoTable;
    if (walk.out_of_reach) return Reason::TableOutOfReach;
    if (walk.large) return walk.physical.has_value() ? Reason::Works : Reason::ReservedBitSet;
    if (walk.pte.is_present()) return Reason::Works;
    if (walk.pte.is_hidden()) return Reason::PageIsHidden;
    return walk.pte.is_swapped() ? Reason::PageIsSwapped : Reason::NoPage;
}

// SDM 3A 4.6.1: the outer entry is named first where both forbid.
Reason rights(const AddressWalk& walk, Access access, Ring ring) {
    if (ring == Ring::User) {
        if (!walk.pde.is_user()) return Reason::PdeForKernelOnly;
        if (!walk.large && !walk.pte.is_user()) return Reason::PteForKernelOnly;
    }
    if (access != Access::Write) return Reason::Works;
    const bool pde_stops = !walk.pde.is_writable();
    const bool pte_stops = !walk.large && !walk.pte.is_writable();
    if (!pde_stops && !pte_stops) return Reason::Works;
    if (ring == Ring::Kernel && !walk.mode.write_protect) return Reason::WorksWithoutWp;
    return pde_stops ? Reason::PdeReadOnly : Reason::PteReadOnly;
}

}  // namespace

Verdict verdict(const AddressWalk& walk, Access access, Ring ring) {
    Verdict verdict{presence(walk)};
    FaultCause cause = FaultCause::NotPresent;
    if (verdict.reason == Reason::ReservedBitSet) cause = FaultCause::ReservedBit;
    if (verdict.reason == Reason::Works) {
        verdict.reason = rights(walk, access, ring);
        cause = FaultCause::Protection;
    }
    if (!verdict.works()) {
        verdict.error_code = Fault{walk.address, access, ring, cause}.error_code();
    }
    return verdict;
}

const char* reason_text(Reason reason) {
    switch (reason) {
    case Reason::Works:
        return "works";
    case Reason::WorksWithoutWp:
        return "works although read-only, because CR0.WP is 0";
    case Reason::NoTable:
        return "P is 0 in the PDE: no page table";
    case Reason::NoPage:
        return "P is 0 in the PTE: nothing is there";
    case Reason::PageIsSwapped:
        return "P is 0 in the PTE: the page is in swap space";
    case Reason::PageIsHidden:
        return "the page may not be touched at all";
    case Reason::ReservedBitSet:
        return "a reserved bit is 1 in the PDE";
    case Reason::TableOutOfReach:
        return "the PDE names a page table outside of RAM";
    case Reason::PdeForKernelOnly:
        return "U/S is 0 in the PDE: ring 0 only";
    case Reason::PteForKernelOnly:
        return "U/S is 0 in the PTE: ring 0 only";
    case Reason::PdeReadOnly:
        return "R/W is 0 in the PDE: read-only";
    case Reason::PteReadOnly:
        return "R/W is 0 in the PTE: read-only";
    }
    return "?";
}

namespace {

// Adds fields from the highest bit down.
class FieldList {
  public:
    explicit FieldList(std::uint32_t raw) : raw_(raw), fields_() {}

    void field(std::uint8_t high, std::uint8_t low, const char* name, const char* meaning) {
        ASSERT(fields_.count < EntryFields::kMost);
        const std::uint32_t width = high - low + 1U;
        const std::uint32_t mask = width == 32 ? ~0U : (1U << width) - 1;
        fields_.field[fields_.count++] = {high, low, name, raw_ >> low & mask, meaning};
    }
    void bit(std::uint8_t at, const char* name, const char* if_0, const char* if_1) {
        field(at, at, name, (raw_ >> at & 1) != 0 ? if_1 : if_0);
    }
    [[nodiscard]] EntryFields take() const { return fields_; }

  private:
    std::uint32_t raw_;
    EntryFields fields_;
};

// Bits 5 to 0 mean the same in every present entry.
void add_common(FieldList& list) {
    list.bit(5, "A", "not used since the bit was cleared", "used for a translation");
    list.bit(4, "PCD", "cached", "not cached");
    list.bit(3, "PWT", "write-back", "write-through");
    list.bit(2, "U/S", "ring 0 only", "ring 3 too");
    list.bit(1, "R/W", "read-only", "may be written");
    list.bit(0, "P", "not present", "present");
}

// Bits 11 to 8 of an entry that maps a page; bits 11 to 9 are left to software.
void add_page_bits(FieldList& list, PagingMode mode) {
    list.field(11, 10, "avl", "unused, 0");
    list.bit(9, "L", "may be evicted", "locked in RAM");
    list.bit(8, "G", "forgotten when CR3 is loaded",
             mode.global_pages ? "global: kept when CR3 is loaded" : "ignored: CR4.PGE is 0");
}

}  // namespace

EntryFields fields_of(Pde entry, PagingMode mode) {
    FieldList list(entry.raw());
    if (!entry.is_present()) {
        list.field(31, 1, "", entry.is_empty() ? "empty" : "ignored by the CPU");
        list.bit(0, "P", "not present", "");
    } else if (is_large(entry, mode)) {
        list.field(31, 22, "frame", "4 MiB frame");
        list.field(21, 13, "", "reserved, must be 0");
        list.field(12, 12, "PAT", "memory type, with PCD and PWT");
        add_page_bits(list, mode);
        list.bit(7, "PS", "", "a 4 MiB page");
        list.bit(6, "D", "not written since the bit was cleared", "written");
        add_common(list);
    } else {
        list.field(31, 12, "table", "frame of the page table");
        list.field(11, 8, "avl", "left to software, unused");
        list.bit(7, "PS", "a page table follows", "ignored: CR4.PSE is 0");
        list.field(6, 6, "", "ignored");
        add_common(list);
    }
    return list.take();
}

EntryFields fields_of(Pte entry, PagingMode mode) {
    FieldList list(entry.raw());
    if (entry.is_present()) {
        list.field(31, 12, "frame", "frame of the page");
        add_page_bits(list, mode);
        list.field(7, 7, "PAT", "memory type, with PCD and PWT");
        list.bit(6, "D", "not written since the bit was cleared", "written");
        add_common(list);
        return list.take();
    }
    if (entry.is_hidden()) {
        list.field(31, 12, "frame", "frame of the page");
        list.field(11, 11, "avl", "unused, 0");
        list.field(10, 10, "H", "hidden: cached, but nobody may touch it");
        list.bit(9, "L", "may be evicted", "locked in RAM");
        list.field(8, 7, "", "unused, 0");
        list.bit(6, "D", "not written since the bit was cleared", "written");
        list.field(5, 1, "", "kept for when it is shown again");
    } else if (entry.is_swapped()) {
        list.field(31, 12, "slot", "swap slot that holds the page");
        list.field(11, 1, "", "unused");
    } else {
        list.field(31, 1, "", "empty");
    }
    list.bit(0, "P", "not present", "");
    return list.take();
}

namespace {

void print_fields(const EntryFields& fields, TextWriter out) {
    for (std::uint32_t i = 0; i < fields.count; ++i) {
        const BitField& field = fields.field[i];
        if (field.high == field.low) {
            out.print("       %2u  %-5s %8X  %s\n", field.low, field.name, field.value,
                      field.meaning);
        } else {
            out.print("    %2u-%2u  %-5s %8X  %s\n", field.high, field.low, field.name, field.value,
                      field.meaning);
        }
    }
}

void print_verdict(const AddressWalk& walk, Access access, Ring ring, TextWriter out) {
    static constexpr const char* kNames[] = {"read", "write", "fetch"};
    const Verdict result = verdict(walk, access, ring);
    out.print("  ring %u %-5s  ", ring == Ring::User ? 3U : 0U,
              kNames[static_cast<std::uint32_t>(access)]);
    if (!result.works()) out.print("page fault, error code %X: ", result.error_code);
    out.print("%s\n", reason_text(result.reason));
}

}  // namespace

void explain(const AddressWalk& walk, TextWriter out) {
    out.print("linear %08X = directory index %u, table index %u, byte %03X\n", walk.address.raw(),
              walk.pde_index, walk.pte_index, offset_in_page(walk.address));
    out.print("CR3 %08X: PDE %u is at %08X and holds %08X\n", start_of(walk.directory).raw(),
              walk.pde_index, walk.pde_address.raw(), walk.pde.raw());
    print_fields(fields_of(walk.pde, walk.mode), out);
    if (walk.has_pte) {
        out.print("page table %08X: PTE %u is at %08X and holds %08X\n",
                  walk.pde.raw() & Pde::kFrame, walk.pte_index, walk.pte_address.raw(),
                  walk.pte.raw());
        print_fields(fields_of(walk.pte, walk.mode), out);
    }
    if (walk.physical.has_value()) {
        out.print("physical %08X: frame %05X, byte %03X\n", walk.physical->raw(),
                  frame_of(*walk.physical).raw(), offset_in_page(walk.address));
    } else {
        out.print("no physical address\n");
    }
    for (Ring ring : {Ring::Kernel, Ring::User}) {
        for (Access access : {Access::Read, Access::Write, Access::Fetch}) {
            print_verdict(walk, access, ring, out);
        }
    }
}

}  // namespace quire::mm
