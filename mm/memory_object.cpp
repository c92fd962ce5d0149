#include "mm/memory_object.h"

#include "mm/object_registry.h"

namespace quire::mm {

MemoryObject::MemoryObject(ObjectRegistry& registry, Kind kind, BackingStore* store,
                           std::uint64_t bytes)
    : pages_(registry.nodes()), bytes_(bytes), registry_(registry), store_(store), kind_(kind) {
    ASSERT(bytes <= kMaxBytes);
    ASSERT((store != nullptr) == (kind == Kind::File));
    id_ = registry_.enter(*this);
}

MemoryObject::~MemoryObject() {
    ASSERT(users_ == 0 && resident_ == 0 && swapped_ == 0);
    registry_.leave(*this);
}

void MemoryObject::set_bytes(std::uint64_t bytes) {
    ASSERT(bytes <= kMaxBytes);
    bytes_ = bytes;
    while (const std::optional<IndexedEntry> past = next_entry(pages())) {
        ASSERT(past->entry.is_shadow());
        if (!pages_.set(past->index, 0).ok()) ASSERT_UNREACHABLE();
    }
}

Result<void> MemoryObject::set_entry(std::uint32_t page_index, ObjectEntry entry) {
    ASSERT(page_index < pages() || entry.is_empty());
    ASSERT(!entry.is_slot() || kind_ == Kind::SharedMemory);
    const ObjectEntry before = this->entry(page_index);
    ASSERT(entry == before || !entry.is_frame() || !before.is_frame());
    ASSERT(entry == before || !entry.is_slot() || !before.is_slot());
    if (dirty_ != 0 && before.is_frame() && !entry.is_frame() && pages_.is_marked(page_index)) {
        pages_.set_mark(page_index, false);
        count_dirty(false);
    }
    // Cannot fail where the mark was changed: there is a word to put another one over.
    TRY(pages_.set(page_index, entry.raw()));
    resident_ = resident_ - (before.is_frame() ? 1 : 0) + (entry.is_frame() ? 1 : 0);
    swapped_ = swapped_ - (before.is_slot() ? 1 : 0) + (entry.is_slot() ? 1 : 0);
    return {};
}

Result<void> MemoryObject::reserve(std::uint32_t page_index) {
    ASSERT(page_index < pages());
    return pages_.reserve(page_index);
}

std::optional<MemoryObject::IndexedEntry> MemoryObject::next_entry(std::uint32_t from) const {
    const std::optional<PageTree::Entry> found = pages_.next_used(from);
    if (!found.has_value()) return std::nullopt;
    return IndexedEntry{found->index, ObjectEntry::from_raw(found->word)};
}

bool MemoryObject::is_mapped_by_writer() {
    for (const Region& region : regions_)
        if (region.traits().of_writer) return true;
    return false;
}

bool MemoryObject::is_mapped_for_stores() {
    for (const Region& region : regions_)
        if (region.traits().shared && region.traits().most.has(Rights::write())) return true;
    return false;
}

std::optional<MemoryObject::ResidentPage> MemoryObject::next_resident(std::uint32_t from) const {
    // No index can follow the last one, as pages() is at most that.
    std::optional<IndexedEntry> found = next_entry(from);
    while (found.has_value() && !found->entry.is_frame())
        found = next_entry(found->index + 1);
    if (!found.has_value()) return std::nullopt;
    return ResidentPage{found->index, found->entry.frame()};
}

std::optional<MemoryObject::ResidentPage> MemoryObject::next_dirty(std::uint32_t from) const {
    const std::optional<PageTree::Entry> found = pages_.next_marked(from);
    if (!found.has_value()) return std::nullopt;
    return ResidentPage{found->index, ObjectEntry::from_raw(found->word).frame()};
}

void MemoryObject::change_dirty(FrameTable& frames, std::uint32_t page_index, bool dirty) {
    const FrameNumber frame = entry(page_index).frame();
    if (dirty) {
        frames.set(frame, FrameFlag::Dirty);
    } else {
        frames.clear(frame, FrameFlag::Dirty);
    }
    if (pages_.set_mark(page_index, dirty)) count_dirty(dirty);
}

void MemoryObject::count_dirty(bool dirty) {
    dirty_ = dirty ? dirty_ + 1 : dirty_ - 1;
    if (kind_ != Kind::File) return;
    std::uint32_t& all = registry_.dirty_file_pages_;
    all = dirty ? all + 1 : all - 1;
}

void MemoryObject::drop_user() {
    ASSERT(users_ != 0);
    if (--users_ == 0) last_user_gone();
}

void MemoryObject::attach(Region& region) {
    ASSERT(region.object() == this);
    regions_.push_back(region);
    add_user();
    mapped();
}

void MemoryObject::detach(Region& region) {
    ASSERT(region.object() == this);
    regions_.remove(region);
    unmapped();
    drop_user();
}

void MemoryObject::check_invariants(const FrameTable& frames) {
    pages_.check_invariants();
    regions_.check_invariants();
    ASSERT(registry_.find(id_) == this);
    std::uint32_t resident = 0;
    std::uint32_t swapped = 0;
    std::uint32_t dirty = 0;
    for (auto found = next_entry(0); found.has_value(); found = next_entry(found->index + 1)) {
        ASSERT(found->index < pages());
        const bool marked = pages_.is_marked(found->index);
        if (marked) ++dirty;
        ASSERT(!marked || found->entry.is_frame());
        if (found->entry.is_slot()) ++swapped;
        if (!found->entry.is_frame()) continue;
        ++resident;
        const FrameNumber frame = found->entry.frame();
        ASSERT(frames.object_of(frame) == (ObjectPage{id_, found->index}));
        ASSERT(frames.references(frame) != 0);
        ASSERT(frames.has(frame, FrameFlag::Dirty) == marked);
    }
    ASSERT(resident == resident_ && swapped == swapped_ && dirty == dirty_);
    ASSERT(swapped == 0 || kind_ == Kind::SharedMemory);
    std::uint32_t regions = 0;
    for (Region& region : regions_) {
        ASSERT(region.object() == this);
        ++regions;
    }
    ASSERT(regions <= users_);
}

}  // namespace quire::mm
