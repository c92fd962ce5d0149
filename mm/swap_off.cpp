#include "mm/swap_off.h"

#include "mm/address_space.h"
#include "mm/evict.h"
#include "mm/object_pages.h"
#include "mm/swap_in.h"

namespace quire::mm {

namespace {

class SwapDrain {
  public:
    SwapDrain(UserMemory& memory, SlotRange slots) : memory_(memory), slots_(slots) {}

    Result<void> run() {
        give_up_copies();
        for (SpaceNode& node : memory_.spaces())
            TRY(drain_space(node.space));
        Result<void> answer;
        memory_.pages().objects().walk([&](MemoryObject& object) {
            if (answer.ok()) answer = drain_object(object);
        });
        return answer;
    }

  private:
    [[nodiscard]] SwapSpace& swap() const { return memory_.pages().swap(); }
    [[nodiscard]] bool is_ours(Pte pte) const {
        return pte.is_swapped() && slots_.contains(pte.slot());
    }

    void give_up_copies();
    Result<PageCount> make_room_to_read();
    Result<void> drain_space(AddressSpace& space);
    Result<void> drain_table(AddressSpace& space, PageNumber first);
    Result<void> bring_in(AddressSpace& space, PageNumber page);
    void put_everywhere(std::uint32_t index, SwapSlot slot, FrameNumber frame);
    void put_frame(AddressSpace& space, PageNumber page, SwapSlot slot, FrameNumber frame);
    Result<void> drain_object(MemoryObject& object);

    UserMemory& memory_;
    SlotRange slots_;
};

// Those of pages in RAM; the others are in the way of nobody, and are brought in later.
void SwapDrain::give_up_copies() {
    for (SwapSlot slot = slots_.first + PageCount(1); slot < slots_.end; ++slot) {
        const std::optional<FrameNumber> frame = swap().cached(slot);
        if (frame.has_value() && swap().names(slot) == 0) give_up_copy(memory_, *frame);
    }
}

// How many slots to read at once.
Result<PageCount> SwapDrain::make_room_to_read() {
    if (memory_.room().make_room(frames_to_fetch(kReadAhead)).ok()) return kReadAhead;
    TRY(memory_.room().make_room(frames_to_fetch(PageCount(1))));
    return PageCount(1);
}

Result<void> SwapDrain::drain_space(AddressSpace& space) {
    for (std::uint32_t i = 0; i < kFirstKernelIndex; ++i)
        TRY(drain_table(space, PageNumber(i * kEntriesPerTable)));
    return {};
}

// Making room may take the page table away: it is looked up for each page.
Result<void> SwapDrain::drain_table(AddressSpace& space, PageNumber first) {
    for (std::uint32_t i = 0; i < kEntriesPerTable; ++i) {
        const PageNumber page = first + PageCount(i);
        if (space.pages().table_use(page) == TableUse::None) return {};
        if (is_ours(space.pages().entry(page))) TRY(bring_in(space, page));
    }
    return {};
}

Result<void> SwapDrain::bring_in(AddressSpace& space, PageNumber page) {
    const SwapSlot slot = space.pages().entry(page).slot();
    const PageCount window = TRY(make_room_to_read());
    const FrameNumber frame = TRY(fetch_slot(memory_, slot, window)).frame;
    for (SpaceNode& node : memory_.spaces())
        put_frame(node.space, page, slot, frame);
    if (swap().names(slot) != 0) put_everywhere(table_index(page), slot, frame);
    give_up_copy(memory_, frame);
    return {};
}

// All entries that name a slot are at the same index of sibling tables. These are at the same page
// of their spaces, unless mremap has moved one as a whole: then it may be anywhere.
void SwapDrain::put_everywhere(std::uint32_t index, SwapSlot slot, FrameNumber frame) {
    for (SpaceNode& node : memory_.spaces()) {
        for (std::uint32_t i = 0; i < kFirstKernelIndex && swap().names(slot) != 0; ++i)
            put_frame(node.space, PageNumber(i * kEntriesPerTable + index), slot, frame);
    }
}

// As a fault for reading would; the region says whether the page may be seen and whether it stays.
void SwapDrain::put_frame(AddressSpace& space, PageNumber page, SwapSlot slot, FrameNumber frame) {
    if (space.pages().entry(page) != Pte::for_slot(slot)) return;
    const PteLocation at = space.pages().location(page);
    const RegionTraits& traits = space.regions().find(page)->traits();
    const bool lock = traits.locked && space.pages().table_use(page) != TableUse::Shared;
    const Pte shown = Pte::for_frame(frame, Protection::UserReadOnly).with_lock(lock);
    const Pte pte = traits.rights.empty() ? shown.hidden() : shown;
    exchange_entry(memory_.records(), at, pte);
    // Fewer page tables than frames name it.
    if (!memory_.pages().add_mapping(at, pte).ok()) ASSERT_UNREACHABLE();
    swap().drop_name(slot);
}

Result<void> SwapDrain::drain_object(MemoryObject& object) {
    for (auto page = object.next_entry(0); page.has_value();
         page = object.next_entry(page->index + 1)) {
        if (!page->entry.is_slot() || !slots_.contains(page->entry.slot())) continue;
        const PageCount window = TRY(make_room_to_read());
        TRY(fetch_page(memory_, object, page->index, window));
    }
    return {};
}

}  // namespace

Result<void> swap_off(UserMemory& memory, AreaId id) {
    SwapSpace& swap = memory.pages().swap();
    swap.stop_allocating(id);
    const Result<void> drained = SwapDrain(memory, swap.area(id).slots).run();
    if (!drained.ok()) {
        swap.start_allocating(id);
        return drained;
    }
    return swap.remove_area(id);
}

}  // namespace quire::mm
