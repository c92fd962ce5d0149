#include "kernel/process/program_explain.h"

#include "mm/fault_decision.h"
#include "mm/layout.h"
#include "mm/memory_object.h"

namespace quire::kernel {

namespace {

using mm::Access;
using mm::Pte;
using mm::Region;
using mm::Rights;
using mm::TextWriter;
using mm::VirtAddr;

unsigned long hex(mm::PageNumber page) {
    return start_of(page).raw();
}
unsigned long number(std::uint32_t value) {
    return value;
}

void write_range(const Region& region, const TextWriter& out) {
    const mm::RegionTraits& traits = region.traits();
    const auto letter = [&](Rights right, char name) {
        return traits.rights.has(right) ? name : '-';
    };
    out.print("%08lx-%08lx %c%c%c%c", hex(region.range().first), hex(region.range().end),
              letter(Rights::read(), 'r'), letter(Rights::write(), 'w'),
              letter(Rights::execute(), 'x'), traits.shared ? 's' : 'p');
}

void write_backing(ProgramMemory& memory, NodeNames& names, const Region& region,
                   mm::PageNumber page, const TextWriter& out) {
    if (region.object() != nullptr) out.print(", page %lu of", number(region.object_page_of(page)));
    const std::string_view name = region_name(memory, names, region);
    if (!name.empty()) {
        out.print(" %.*s", static_cast<int>(name.size()), name.data());
    } else {
        out.print(region.object() != nullptr ? " an object without a name" : ", anonymous");
    }
}

void write_neighbours(mm::RegionMap& regions, mm::PageNumber page, const TextWriter& out) {
    Region* const above = regions.first_ending_after(page);
    Region* const below = above == nullptr ? regions.last() : regions.previous(*above);
    out.print("in no region");
    if (below != nullptr) {
        out.print("; below it ");
        write_range(*below, out);
    }
    if (above != nullptr) {
        out.print("; above it ");
        write_range(*above, out);
    }
}

void write_page(mm::AddressSpace& space, Pte pte, const TextWriter& out) {
    mm::UserMemory& memory = space.memory();
    if (pte.is_empty()) {
        out.print("nothing there yet");
    } else if (pte.is_swapped()) {
        out.print("in swap slot %lu", number(pte.slot().raw()));
    } else if (memory.pages().is_zero(pte)) {
        out.print("the frame of zeroes");
    } else {
        const mm::FrameNumber frame = pte.frame();
        out.print("frame %05lx, %s, references: %lu", number(frame.raw()),
                  mm::frame_state_name(memory.records().state(frame)),
                  number(memory.records().references(frame)));
    }
    if (pte.is_hidden()) out.print(", hidden");
    if (pte.is_resident() && pte.is_locked()) out.print(", locked");
}

void write_access(mm::AddressSpace& space, const char* name, VirtAddr address, Access access,
                  const TextWriter& out) {
    const mm::FaultAction step =
        space.first_step({.address = address, .access = access, .ring = mm::Ring::User});
    if (step == mm::FaultAction::Retry) return out.print("  %-6s works\n", name);
    out.print("  %-6s faults: %s\n", name, mm::fault_action_name(step));
}

const char* use_name(mm::TableUse use) {
    switch (use) {
    case mm::TableUse::None:
        return "none";
    case mm::TableUse::Own:
        return "own";
    case mm::TableUse::Last:
        return "last";
    case mm::TableUse::Shared:
        return "shared";
    }
    ASSERT_UNREACHABLE();
}

// What the entries of one page table are.
struct EntryCounts {
    std::uint32_t present = 0, zero = 0, hidden = 0, swapped = 0, accessed = 0, dirty = 0;
    void add(const mm::MappedPages& pages, Pte pte) {
        if (pte.is_swapped()) {
            ++swapped;
        } else if (pages.is_zero(pte)) {
            ++zero;
        } else if (pte.is_hidden()) {
            ++hidden;
        } else {
            ++present;
            if (pte.is_accessed()) ++accessed;
            if (pte.is_dirty()) ++dirty;
        }
    }
};

mm::PageRange covered_by_table(mm::PageNumber page) {
    const mm::PageNumber first(page.raw() - mm::table_index(page));
    return mm::PageRange::of(first, mm::PageCount(mm::kEntriesPerTable));
}

}  // namespace

void explain_in_program(ProgramMemory& memory, NodeNames& names, VirtAddr address,
                        const TextWriter& out) {
    mm::AddressSpace& space = memory.space;
    const mm::PageNumber page = page_of(address);
    if (page >= mm::kFirstKernelPage) return out.print("in the kernel's half\n");
    if (Region* const region = space.regions().find(page)) {
        out.print("in ");
        write_range(*region, out);
        write_backing(memory, names, *region, page, out);
        out.print("; ");
        write_page(space, space.pages().entry(page), out);
    } else {
        write_neighbours(space.regions(), page, out);
    }
    out.print("\n  page table: %s\n", use_name(space.pages().table_use(page)));
    write_access(space, "read", address, Access::Read, out);
    write_access(space, "write", address, Access::Write, out);
}

void write_page_tables(mm::AddressSpace& space, const TextWriter& out) {
    const mm::PageDirectory& directory = space.pages().directory();
    mm::UserMemory& memory = space.memory();
    out.print("page directory in frame %05lx\n", number(directory.frame().raw()));
    out.print("  covers             frame  use     present  zero hidden swapped accessed dirty\n");
    for (mm::PageNumber page = directory.next_with_table(mm::kFirstUserPage);
         page < mm::kFirstKernelPage;) {
        const mm::PageRange range = covered_by_table(page);
        const mm::FrameNumber table = directory.directory_entry(page).table();
        EntryCounts counts;
        space.pages().for_each(range, [&](mm::PageNumber, mm::PteLocation, Pte pte) {
            counts.add(memory.pages(), pte);
        });
        out.print("  %08lx-%08lx  %05lx  %-6s%2lu  %6lu %5lu %6lu %7lu %8lu %5lu\n",
                  hex(range.first), hex(range.end), number(table.raw()),
                  use_name(space.pages().table_use(page)),
                  number(memory.records().references(table)), number(counts.present),
                  number(counts.zero), number(counts.hidden), number(counts.swapped),
                  number(counts.accessed), number(counts.dirty));
        page = directory.next_with_table(range.end);
    }
}

void write_page_table(mm::AddressSpace& space, VirtAddr address, const TextWriter& out) {
    const mm::PageNumber page = page_of(address);
    if (page >= mm::kFirstKernelPage) return out.print("in the kernel's half\n");
    if (space.pages().table_use(page) == mm::TableUse::None)
        return out.print("no page table there\n");
    space.pages().for_each(
        covered_by_table(page), [&](mm::PageNumber each, mm::PteLocation at, Pte pte) {
            out.print("  %4lu  %08lx  %08lx  %c%c%c  ", number(at.index), hex(each),
                      number(pte.raw()), pte.is_present() && pte.is_writable() ? 'w' : '-',
                      pte.is_present() && pte.is_accessed() ? 'a' : '-',
                      pte.is_present() && pte.is_dirty() ? 'd' : '-');
            write_page(space, pte, out);
            out.print("\n");
        });
}

}  // namespace quire::kernel
