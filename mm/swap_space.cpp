#include "mm/swap_space.h"

namespace quire::mm {

std::optional<std::uint32_t> SwapSpace::room_for(PageCount size) const {
    const std::uint32_t wanted = divide_up(size.raw(), kBlock.raw());
    std::uint32_t free = 0;
    for (std::uint32_t block = 0; block < kBlocks; ++block) {
        free = owner_[block] == kNoArea ? free + 1 : 0;
        if (free == wanted) return block + 1 - wanted;
    }
    return std::nullopt;
}

Result<AreaId> SwapSpace::add_area(BackingStore& store, PageCount size, int priority,
                                   std::span<SlotRecord> records) {
    if (size < PageCount(2)) return Error::InvalidArgument;
    ASSERT(size <= kMaxSlots && records.size() >= records_needed(size));
    const std::optional<std::uint32_t> block = room_for(size);
    std::uint8_t index = 0;
    while (index < kMaxAreas && areas_[index].store != nullptr)
        ++index;
    if (!block.has_value() || index == kMaxAreas) return Error::LimitReached;

    for (SlotRecord& record : records.first(size.raw()))
        record = SlotRecord();
    Area& area = areas_[index];
    area.store = &store;
    area.slots = SlotRange::of(SwapSlot(*block * kBlock.raw()), size);
    area.priority = priority;
    area.records_ = records.data();
    // The map is made of the words of the records behind those of the pages.
    static_assert(sizeof(SlotRecord) == 2 * sizeof(std::uint32_t));
    const std::span<SlotRecord> rest = records.subspan(size.raw());
    area.map_ = SlotMap(size.raw(), {&rest.data()->names, rest.size() * 2});
    area.map_.release_all();
    [[maybe_unused]] const std::uint32_t header = area.map_.take();
    ASSERT(header == 0);
    for (std::uint32_t i = 0; i < divide_up(size.raw(), kBlock.raw()); ++i)
        owner_[*block + i] = index;
    start_allocating(AreaId{index});
    return AreaId{index};
}

void SwapSpace::start_allocating(AreaId id) {
    const std::uint32_t index = index_of(id);
    if (area(id).allocating) return;
    std::uint32_t place = allocating_++;
    for (; place > 0 && areas_[order_[place - 1]].priority < area(id).priority; --place)
        order_[place] = order_[place - 1];
    order_[place] = static_cast<std::uint8_t>(index);
    areas_[index].allocating = true;
}

void SwapSpace::stop_allocating(AreaId id) {
    if (!area(id).allocating) return;
    areas_[index_of(id)].allocating = false;
    std::uint32_t kept = 0;
    for (std::uint32_t place = 0; place < allocating_; ++place) {
        if (areas_[order_[place]].allocating) order_[kept++] = order_[place];
    }
    allocating_ = kept;
}

Result<void> SwapSpace::remove_area(AreaId id) {
    if (area(id).used != PageCount()) return Error::Busy;
    stop_allocating(id);
    for (std::uint8_t& owner : owner_)
        if (owner == index_of(id)) owner = kNoArea;
    areas_[index_of(id)] = Area();
    return {};
}

SwapSlot SwapSpace::hand_out(Area& area, std::uint32_t page, FrameNumber cached_frame) {
    ASSERT(cached_frame.raw() != 0 && cached_frame.raw() <= kLow);
    area.records_[page] = {.names = 0, .cache = cached_frame.raw()};
    ++area.used;
    ++cached_;
    return area.slots.first + PageCount(page);
}

Result<SwapSlot> SwapSpace::allocate(FrameNumber cached_frame) {
    for (std::uint32_t place = 0; place < allocating_; ++place) {
        Area& area = areas_[order_[place]];
        const std::uint32_t page = area.map_.take();
        if (page != SlotMap::kNone) return hand_out(area, page, cached_frame);
    }
    return Error::OutOfMemory;
}

Result<SlotRange> SwapSpace::allocate_run(std::span<const FrameNumber> cached_frames) {
    ASSERT(!cached_frames.empty());
    for (std::uint32_t place = 0; place < allocating_; ++place) {
        Area& area = areas_[order_[place]];
        const SlotMap::Run run =
            area.map_.take_run(static_cast<std::uint32_t>(cached_frames.size()));
        if (run.count == 0) continue;
        for (std::uint32_t i = 0; i < run.count; ++i)
            hand_out(area, run.first + i, cached_frames[i]);
        return SlotRange::of(area.slots.first + PageCount(run.first), PageCount(run.count));
    }
    return Error::OutOfMemory;
}

void SwapSpace::free_if_unused(Area& area, SwapSlot slot, SlotRecord& record) {
    if (is_used(record)) return;
    record = SlotRecord();
    area.map_.release((slot - area.slots.first).raw());
    --area.used;
}

void SwapSpace::add_name(SwapSlot slot) {
    SlotRecord& record = used_record(area_of(slot), slot);
    ASSERT((record.names & kLow) != kMaxNames);
    ++record.names;
}

void SwapSpace::drop_name(SwapSlot slot) {
    Area& area = area_of(slot);
    SlotRecord& record = used_record(area, slot);
    ASSERT((record.names & kLow) != 0);
    --record.names;
    free_if_unused(area, slot, record);
}

void SwapSpace::set_cached(SwapSlot slot, FrameNumber frame) {
    SlotRecord& record = used_record(area_of(slot), slot);
    ASSERT((record.cache & kLow) == 0);
    ASSERT(frame.raw() != 0 && frame.raw() <= kLow);
    record.cache |= frame.raw();
    ++cached_;
}

void SwapSpace::clear_cached(SwapSlot slot) {
    Area& area = area_of(slot);
    SlotRecord& record = used_record(area, slot);
    ASSERT((record.cache & kLow) != 0);
    record.cache &= ~kLow;
    --cached_;
    free_if_unused(area, slot, record);
}

void SwapSpace::set_shadow(SwapSlot slot, Shadow shadow) {
    ASSERT(shadow <= kMaxShadow);
    SlotRecord& record = used_record(area_of(slot), slot);
    record.names = (record.names & kLow) | shadow << kShift;
    record.cache = (record.cache & kLow) | shadow >> kShadowHalf << kShift;
}

std::uint32_t SwapSpace::page_of_run(const Area& area, SwapSlot first, std::size_t count) {
    ASSERT(count != 0 && count <= (area.slots.end - first).raw());
    for (std::uint32_t i = 0; i < count; ++i)
        ASSERT(in_use(first + PageCount(i)));
    return (first - area.slots.first).raw();
}

Result<void> SwapSpace::read_run(SwapSlot first, std::span<const FrameNumber> frames) {
    const Area& area = area_of(first);
    return area.store->read(page_of_run(area, first, frames.size()), frames);
}

Result<void> SwapSpace::write_run(SwapSlot first, std::span<const FrameNumber> frames) {
    const Area& area = area_of(first);
    return area.store->write(page_of_run(area, first, frames.size()), frames);
}

SlotRange SwapSpace::neighbours(SwapSlot slot, PageCount window) const {
    ASSERT(is_power_of_two(window.raw()) && window <= kBlock);
    ASSERT(in_use(slot) && !cached(slot).has_value());
    const SwapSlot group(align_down(slot.raw(), window.raw()));
    const SlotRange limits = area_of(slot).slots.intersection(SlotRange::of(group, window));
    const auto worth_reading = [this](SwapSlot other) {
        return in_use(other) && !cached(other).has_value();
    };
    SlotRange run = SlotRange::of(slot, PageCount(1));
    while (run.first > limits.first && worth_reading(run.first - PageCount(1)))
        run.first -= PageCount(1);
    while (run.end < limits.end && worth_reading(run.end))
        ++run.end;
    return run;
}

SwapStatistics SwapSpace::statistics() const {
    SwapStatistics all{.total = {}, .used = {}, .cached = cached_, .available = {}};
    walk_areas([&all](AreaId, const Area& area) {
        const PageCount slots = area.slots.count() - PageCount(1);
        all.total += slots;
        all.used += area.used;
        if (area.allocating) all.available += slots - area.used;
    });
    return all;
}

void SwapSpace::check_area(const Area& area) const {
    area.map_.check_invariants();
    ASSERT(!area.slots.empty() && area.slots.first.raw() % kBlock.raw() == 0);
    ASSERT(!is_used(area.records_[0]) && !area.map_.is_free(0));
    PageCount used;
    for (std::uint32_t page = 1; page < area.slots.count().raw(); ++page) {
        const SlotRecord& record = area.records_[page];
        ASSERT(is_used(record) != area.map_.is_free(page));
        ASSERT(is_used(record) || (record.names | record.cache) == 0);
        if (is_used(record)) ++used;
    }
    ASSERT(used == area.used);
}

void SwapSpace::check_invariants() const {
    PageCount cached_slots;
    std::uint32_t allocating = 0;
    std::uint32_t blocks = 0;
    walk_areas([&](AreaId id, const Area& area) {
        check_area(area);
        if (area.allocating) ++allocating;
        for (SwapSlot slot = area.slots.first; slot < area.slots.end; ++slot) {
            ASSERT(owner_[slot.raw() / kBlock.raw()] == index_of(id));
            if (cached(slot).has_value()) ++cached_slots;
        }
        blocks += divide_up(area.slots.count().raw(), kBlock.raw());
    });
    ASSERT(cached_slots == cached_);
    for (const std::uint8_t owner : owner_)
        if (owner != kNoArea) --blocks;
    ASSERT(blocks == 0);
    ASSERT(allocating == allocating_ && areas_[kNoArea].slots.empty());
    for (std::uint32_t place = 0; place < allocating_; ++place) {
        const Area& area = areas_[order_[place]];
        ASSERT(area.allocating && area.store != nullptr);
        ASSERT(place == 0 || areas_[order_[place - 1]].priority >= area.priority);
    }
}

}  // namespace quire::mm
