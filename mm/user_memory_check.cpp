#include "mm/user_memory_check.h"

#include "mm/address_space.h"

namespace quire::mm {

UserMemoryCheck::UserMemoryCheck(UserMemory& memory, std::span<std::uint32_t> frames,
                                 std::span<std::uint32_t> slots)
    : memory_(memory), records_(memory.records()), frames_(frames), slots_(slots) {
    ASSERT(frames.size() >= records_.end().raw());
}

void UserMemoryCheck::run() {
    for (std::uint32_t& count : frames_)
        count = 0;
    for (std::uint32_t& count : slots_)
        count = 0;
    PageCount charged;
    for (SpaceNode& node : memory_.spaces()) {
        node.space.check_invariants();
        count_space(node.space);
        charged += node.space.figures().charged;
    }
    ASSERT(charged <= memory_.commit().committed());  // shared memory is charged by its object
    count_objects();
    for (FrameNumber frame; frame < records_.end(); ++frame)
        check_frame(frame);
    check_slots();
    memory_.pages().swap().check_invariants();
    memory_.pages().policy().check_invariants();
    memory_.pages().thrashing_signal().check_invariants();
}

void UserMemoryCheck::count_space(AddressSpace& space) {
    for (std::uint32_t i = 0; i < kFirstKernelIndex; ++i) {
        const Pde pde = space.pages().directory().directory_entry(PageNumber(i * kEntriesPerTable));
        if (!pde.is_table()) continue;
        // The entries of a page table count once, however many directories name it.
        if (frames_[pde.table().raw()]++ == 0) count_table(pde.table());
    }
}

void UserMemoryCheck::count_table(FrameNumber table) {
    ASSERT(records_.state(table) == FrameState::PageTable);
    for (std::uint32_t i = 0; i < kEntriesPerTable; ++i)
        count_entry({table, i}, entry_at({table, i}));
}

void UserMemoryCheck::count_entry(PteLocation at, Pte pte) {
    if (pte.is_swapped()) ++slots_[pte.slot().raw()];
    if (!pte.is_resident() || memory_.pages().is_zero(pte)) return;
    ++frames_[pte.frame().raw()];
    if (records_.state(pte.frame()) == FrameState::Private) check_home(at, pte.frame());
    ASSERT(!pte.is_locked() || records_.references(at.table) == 1);
}

// A private page is at the same index in siblings only, and its record names one of the PTEs.
void UserMemoryCheck::check_home(PteLocation at, FrameNumber frame) const {
    const PteLocation home = records_.pte_of(frame);
    ASSERT(home.index == at.index);
    const Pte pte = entry_at(home);
    ASSERT(pte.is_resident() && pte.frame() == frame);
    FrameNumber sibling = home.table;
    while (sibling != at.table) {
        sibling = records_.ring_next(sibling);
        ASSERT(sibling != home.table);
    }
}

void UserMemoryCheck::count_objects() {
    memory_.pages().objects().walk([this](MemoryObject& object) {
        object.check_invariants(records_);
        for (auto page = object.next_entry(0); page.has_value();
             page = object.next_entry(page->index + 1)) {
            if (page->entry.is_frame()) ++frames_[page->entry.frame().raw()];
            if (page->entry.is_slot()) ++slots_[page->entry.slot().raw()];
        }
    });
}

void UserMemoryCheck::check_frame(FrameNumber frame) const {
    const std::uint32_t counted = frames_[frame.raw()];
    switch (records_.state(frame)) {
    case FrameState::PageTable:
        // The kernel's own tables are in no user directory.
        ASSERT(counted == 0 || counted == records_.references(frame));
        return;
    case FrameState::Private: {
        const SwapSlot copy = memory_.pages().swap_copy(frame);
        ASSERT(memory_.pages().mappings(frame) == counted);
        ASSERT(copy == SwapSlot() || memory_.pages().swap().cached(copy) == frame);
        return check_lock(frame);
    }
    case FrameState::Object:
        ASSERT(records_.references(frame) == counted);
        return check_lock(frame);
    default:
        ASSERT(counted == 0);
    }
}

// A locked page is in nobody's list of victims, every other one is.
void UserMemoryCheck::check_lock(FrameNumber frame) const {
    class Finder final : public MappingVisitor {
      public:
        bool visit(PteLocation, Pte pte) override {
            locked |= pte.is_locked();
            return true;
        }
        bool locked = false;
    } finder;
    memory_.pages().for_each_mapping(frame, finder);
    ASSERT(finder.locked == records_.has(frame, FrameFlag::Locked));
    ASSERT(finder.locked != records_.has(frame, FrameFlag::Listed));
}

void UserMemoryCheck::check_slots() const {
    const SwapSpace& swap = memory_.pages().swap();
    swap.walk_areas([&](AreaId, const SwapSpace::Area& area) {
        for (SwapSlot slot = area.slots.first + PageCount(1); slot < area.slots.end; ++slot) {
            ASSERT(swap.names(slot) == slots_[slot.raw()]);
            const std::optional<FrameNumber> frame = swap.cached(slot);
            if (!frame.has_value()) continue;
            ASSERT(records_.state(*frame) == FrameState::Private &&
                   memory_.pages().swap_copy(*frame) == slot);
        }
    });
}

}  // namespace quire::mm
