#include "mm/evict.h"

#include "mm/address_space.h"

namespace quire::mm {

namespace {

// Puts `entry` at `at`, in whoever's page table that is, and makes the CPU forget what was there.
void replace(UserMemory& memory, PteLocation at, Pte entry) {
    const Pte before = exchange_entry(memory.records(), at, entry);
    if (before.is_present()) memory.flush_entry(at);
}

// Spaces that are asked for each look at an entry, in the mean, and entries of a page that are
// looked at. Both are samples where there are more, so that a page which a thousand programs share
// costs no more than others.
constexpr std::uint32_t kSpacesPerLook = 32;
constexpr std::uint32_t kMostEntries = 32;

// A look at an entry is one at a page of each space whose directory names its page table.
void tell_working_sets(UserMemory& memory, PteLocation at, bool used) {
    if (memory.skips_look()) return;
    const PageNumber page(memory.records().tag(at.table) * kEntriesPerTable);
    std::uint32_t spaces = 0;
    for (SpaceNode& node : memory.spaces()) {
        ++spaces;
        const Pde pde = node.space.pages().directory().directory_entry(page);
        if (pde.is_table() && pde.table() == at.table) node.space.working_set().saw(used);
    }
    memory.skip_looks(spaces / kSpacesPerLook);
}

class AccessHarvest final : public MappingVisitor {
  public:
    explicit AccessHarvest(UserMemory& memory) : memory_(memory) {}

    bool visit(PteLocation at, Pte pte) override {
        ++seen;
        tell_working_sets(memory_, at, pte.is_accessed());
        if (pte.is_accessed()) {
            used = true;
            replace(memory_, at, pte.without_accessed());
        }
        return seen < kMostEntries;
    }

    std::uint32_t seen = 0;
    bool used = false;

  private:
    UserMemory& memory_;
};

class SlotPutter final : public MappingVisitor {
  public:
    SlotPutter(UserMemory& memory, SwapSlot slot) : memory_(memory), slot_(slot) {}

    // The frame stays as long as the swap cache refers to it.
    bool visit(PteLocation at, Pte pte) override {
        replace(memory_, at, Pte::for_slot(slot_));
        memory_.pages().swap().add_name(slot_);
        memory_.frames().drop_reference(pte.frame());
        return true;
    }

  private:
    UserMemory& memory_;
    SwapSlot slot_;
};

class Unmapper final : public MappingVisitor {
  public:
    explicit Unmapper(UserMemory& memory) : memory_(memory) {}

    // The frame stays as long as the object refers to it.
    bool visit(PteLocation at, Pte pte) override {
        ASSERT(!pte.is_locked());
        if (pte.is_dirty()) was_dirty = true;
        replace(memory_, at, Pte());
        memory_.frames().drop_reference(pte.frame());
        return true;
    }

    bool was_dirty = false;

  private:
    UserMemory& memory_;
};

// Frees the page table for `page`, if nobody shares it and it has no entry left.
void retire_if_empty(UserMemory& memory, UserPages& pages, PageNumber page) {
    const TableUse use = pages.table_use(page);
    if (use != TableUse::Own && use != TableUse::Last) return;
    if (memory.records().place(pages.location(page).table) != 0) return;
    SpaceFlush flush(pages);
    pages.directory().retire_table(page, *flush);
}

void retire_empty_tables(UserMemory& memory, MemoryObject& object, std::uint32_t index) {
    for (Region& region : object.regions()) {
        if (!region.shows(index)) continue;
        retire_if_empty(memory, region.space().pages(), region.page_that_shows(index));
    }
}

void evict_private(UserMemory& memory, FrameNumber frame, Shadow shadow) {
    MappedPages& pages = memory.pages();
    const SwapSlot slot = pages.swap_copy(frame);
    ASSERT(slot != SwapSlot());
    SlotPutter putter(memory, slot);
    pages.for_each_mapping(frame, putter);
    pages.swap().set_shadow(slot, shadow);
    pages.forget_swap_copy(frame);  // the last reference
}

void set_entry(MemoryObject& object, std::uint32_t index, ObjectEntry entry) {
    // There is an entry to put this one over.
    if (!object.set_entry(index, entry).ok()) ASSERT_UNREACHABLE();
}

void evict_object_page(UserMemory& memory, FrameNumber frame, Shadow shadow) {
    MemoryObject& object = memory.pages().object_of(frame);
    const std::uint32_t index = memory.records().object_of(frame).page_index;
    unmap_object_page(memory, frame);
    ASSERT(!memory.records().has(frame, FrameFlag::Dirty));
    set_entry(object, index, ObjectEntry::for_shadow(shadow));
    memory.frames().drop_reference(frame);
}

// Takes out the entries of `range`, which all lie under one page table; also in a shared one, for
// its sharers have the same region there. Flushed one by one: whoever is loaded may be another
// sharer than `pages`.
void drop_entries(UserMemory& memory, UserPages& pages, PageRange range) {
    SpaceFlush flush(pages);
    pages.for_each(range, [&](PageNumber, PteLocation at, Pte pte) {
        replace(memory, at, Pte());
        memory.pages().remove(at, pte, *flush);
    });
}

void drop_mappings(UserMemory& memory, Region& region, PageRange range) {
    UserPages& pages = region.space().pages();
    for (PageNumber page = range.first; page < range.end;) {
        const PageNumber table_end((directory_index(page) + 1) * kEntriesPerTable);
        const PageNumber end = range.end < table_end ? range.end : table_end;
        if (pages.table_use(page) != TableUse::None) {
            drop_entries(memory, pages, {page, end});
            retire_if_empty(memory, pages, page);
        }
        page = end;
    }
}

// Nothing maps the page any more.
void drop_frame(UserMemory& memory, FrameNumber frame) {
    FrameTable& records = memory.records();
    ASSERT(records.references(frame) == 1 && !records.has(frame, FrameFlag::Busy));
    if (records.has(frame, FrameFlag::Listed)) memory.pages().policy().forget(frame);
    memory.frames().drop_reference(frame);
}

}  // namespace

bool MappedAccess::harvest(FrameNumber frame) {
    AccessHarvest harvest(memory_);
    memory_.pages().for_each_mapping(frame, harvest);
    entries_seen_ += harvest.seen;
    const bool read_or_written = memory_.records().has(frame, FrameFlag::Young);
    memory_.records().clear(frame, FrameFlag::Young);
    return harvest.used || read_or_written;
}

void evict(UserMemory& memory, FrameNumber frame, Shadow shadow) {
    const FrameTable& records = memory.records();
    ASSERT(!records.has(frame, FrameFlag::Locked) && !records.has(frame, FrameFlag::Busy) &&
           !records.has(frame, FrameFlag::Listed) && !memory.pages().pins().holds(frame));
    if (records.state(frame) == FrameState::Private) return evict_private(memory, frame, shadow);
    ASSERT(records.state(frame) == FrameState::Object);
    evict_object_page(memory, frame, shadow);
}

void give_up_copy(UserMemory& memory, FrameNumber frame) {
    MappedPages& pages = memory.pages();
    const FrameTable& records = memory.records();
    ASSERT(pages.swap().names(pages.swap_copy(frame)) == 0);
    ASSERT(!records.has(frame, FrameFlag::Busy));
    if (pages.mappings(frame) == 0 && records.has(frame, FrameFlag::Listed))
        pages.policy().forget(frame);
    pages.forget_swap_copy(frame);
}

void unmap_object_page(UserMemory& memory, FrameNumber frame) {
    Unmapper unmapper(memory);
    memory.pages().for_each_mapping(frame, unmapper);
    MemoryObject& object = memory.pages().object_of(frame);
    const std::uint32_t index = memory.records().object_of(frame).page_index;
    if (unmapper.was_dirty) object.set_dirty(memory.records(), index);
    retire_empty_tables(memory, object, index);
}

PageRange pages_that_show(const Region& region, std::uint32_t first, std::uint32_t end) {
    // In 64 bits, as the last page of an object may have the last index there is.
    const std::uint64_t shown = region.object_page();
    const std::uint64_t shown_end = shown + region.range().count().raw();
    const std::uint64_t from = first < shown ? shown : first;
    const std::uint64_t to = shown_end < end ? shown_end : end;
    if (from >= to) return {};
    return PageRange::of(region.range().first + PageCount(static_cast<std::uint32_t>(from - shown)),
                         PageCount(static_cast<std::uint32_t>(to - from)));
}

void drop_pages(UserMemory& memory, MemoryObject& object, std::uint32_t first, std::uint32_t end) {
    for (Region& region : object.regions())
        drop_mappings(memory, region, pages_that_show(region, first, end));
    for (auto page = object.next_entry(first); page.has_value() && page->index < end;
         page = object.next_entry(page->index + 1)) {
        set_entry(object, page->index, ObjectEntry());
        if (page->entry.is_frame()) drop_frame(memory, page->entry.frame());
        if (page->entry.is_slot()) memory.pages().drop_slot(page->entry.slot());
    }
}

}  // namespace quire::mm
