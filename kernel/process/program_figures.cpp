#include "kernel/process/program_figures.h"

#include "mm/layout.h"
#include "mm/memory_object.h"

namespace quire::kernel {

namespace {

using mm::FrameFlag;
using mm::FrameState;
using mm::PageCount;
using mm::PteLocation;

void count_region(ProgramFigures& figures, const mm::Region& region) {
    const mm::RegionTraits& traits = region.traits();
    const PageCount size = region.range().count();
    const bool writable = traits.rights.has(mm::Rights::write());
    figures.size += size;
    if (traits.locked) figures.locked += size;
    if (traits.grows_down) {
        figures.stack += size;
    } else if (writable && !traits.shared) {
        figures.data += size;
    } else if (traits.rights.has(mm::Rights::execute()) && !writable) {
        figures.executable += size;
    }
}

// How many page-table entries show the page that this one shows, those of shared tables counted
// for each who shares them. The object of a page holds a reference that is no mapping.
std::uint32_t mappings(mm::UserMemory& memory, PteLocation at, mm::FrameNumber frame) {
    const bool is_private = memory.records().state(frame) == FrameState::Private;
    const std::uint32_t entries =
        is_private ? memory.pages().mappings(frame) : memory.records().references(frame) - 1;
    return entries - 1 + memory.records().references(at.table);
}

// Whether the page would have to be written before its frame could be used otherwise: a private one
// if it has no copy in swap (mm/mapped_pages.h).
bool is_dirty(mm::UserMemory& memory, mm::Pte pte) {
    const mm::FrameNumber frame = pte.frame();
    if (memory.records().state(frame) == FrameState::Private)
        return memory.pages().swap_copy(frame) == mm::SwapSlot();
    return pte.is_dirty() || memory.records().has(frame, FrameFlag::Dirty);
}

void count_page(RegionFigures& figures, mm::UserMemory& memory, PteLocation at, mm::Pte pte) {
    const mm::FrameTable& records = memory.records();
    const mm::FrameNumber frame = pte.frame();
    const std::uint32_t sharers = mappings(memory, at, frame);
    const bool dirty = is_dirty(memory, pte);
    figures.resident += mm::kPageSize;
    figures.proportional += mm::kPageSize / sharers;
    if (dirty) figures.proportional_dirty += mm::kPageSize / sharers;
    std::uint64_t& kind = sharers > 1 ? dirty ? figures.shared_dirty : figures.shared_clean
                          : dirty     ? figures.private_dirty
                                      : figures.private_clean;
    kind += mm::kPageSize;
    if (pte.is_accessed() || records.has(frame, FrameFlag::Young))
        figures.referenced += mm::kPageSize;
    if (records.state(frame) == FrameState::Private) figures.anonymous += mm::kPageSize;
}

}  // namespace

ProgramFigures figures_of(mm::AddressSpace& space) {
    mm::UserMemory& memory = space.memory();
    ProgramFigures figures;
    figures.tables = space.pages().directory().tables();
    mm::RegionMap& regions = space.regions();
    for (mm::Region* region = regions.first(); region != nullptr; region = regions.next(*region)) {
        count_region(figures, *region);
        const bool is_file =
            region->object() != nullptr && region->object()->kind() == mm::MemoryObject::Kind::File;
        space.pages().for_each(region->range(), [&](mm::PageNumber, PteLocation, mm::Pte pte) {
            if (pte.is_swapped()) {
                ++figures.swapped;
            } else if (memory.pages().is_zero(pte)) {
                return;
            } else if (memory.records().state(pte.frame()) == FrameState::Private) {
                ++figures.anonymous;
            } else {
                ++(is_file ? figures.file : figures.shared);
            }
        });
    }
    return figures;
}

RegionFigures figures_of(mm::AddressSpace& space, const mm::Region& region) {
    mm::UserMemory& memory = space.memory();
    const mm::FrameTable& records = memory.records();
    RegionFigures figures;
    space.pages().for_each(region.range(), [&](mm::PageNumber, PteLocation at, mm::Pte pte) {
        if (pte.is_swapped()) {
            figures.swapped += mm::kPageSize;
            figures.swapped_proportional += mm::kPageSize / records.references(at.table);
        } else if (!memory.pages().is_zero(pte)) {
            count_page(figures, memory, at, pte);
        }
    });
    if (region.traits().locked) figures.locked = figures.proportional;
    return figures;
}

}  // namespace quire::kernel
