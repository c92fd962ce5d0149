#include "mm/region_map.h"

namespace quire::mm {

bool RegionMap::is_free(PageRange range) const {
    const Region* candidate = first_ending_after(range.first);
    return candidate == nullptr || !candidate->range().overlaps(range);
}

std::optional<PageNumber> RegionMap::find_gap_from_top(PageRange within, PageCount count) const {
    return tree_.find_room(within.intersection(kUserPages), count, RegionTree::Right);
}

std::optional<PageNumber> RegionMap::find_gap_from_bottom(PageRange within, PageCount count) const {
    return tree_.find_room(within.intersection(kUserPages), count, RegionTree::Left);
}

Result<Region*> RegionMap::create(AddressSpace& space, PageRange range, const RegionTraits& traits,
                                  MemoryObject* object, std::uint32_t object_page) {
    Region* created = TRY(cache_.allocate(space, range, traits, object, object_page));
    insert(*created);
    return created;
}

void RegionMap::destroy(Region& region) {
    remove(region);
    cache_.release(&region);
}

Result<void> RegionMap::copy_from(const RegionMap& parent, AddressSpace& space) {
    const bool done = tree_.copy_from(parent.tree_, [&](const RegionNode& of) -> RegionNode* {
        const auto copy = cache_.allocate(static_cast<const Region&>(of), space);
        return copy.ok() ? copy.value() : nullptr;
    });
    if (!done) {
        clear();
        return Error::OutOfMemory;
    }
    size_ = parent.size_;
    add_pages(parent.total_pages_);
    return {};
}

void RegionMap::clear() {
    tree_.take_apart([this](RegionNode& node) { cache_.release(region(&node)); });
    size_ = 0;
    total_pages_ = {};
}

void RegionMap::insert(Region& region) {
    ASSERT(kUserPages.contains(region.range()));
    tree_.insert(region);
    ++size_;
    add_pages(region.range().count());
}

void RegionMap::remove(Region& region) {
    tree_.remove(region);
    --size_;
    total_pages_ -= region.range().count();
}

void RegionMap::resize(Region& region, PageRange range, std::uint32_t object_page) {
    ASSERT(kUserPages.contains(range));
    total_pages_ -= region.range().count();
    add_pages(range.count());
    tree_.resize(region, range);
    region.set_object_page(object_page);
}

Result<Region*> RegionMap::split(Region& region, PageNumber at) {
    const PageRange whole = region.range();
    ASSERT(whole.first < at && at < whole.end);
    Region* high = TRY(cache_.allocate(region.space(), PageRange{at, whole.end}, region.traits(),
                                       region.object(), region.object_page_of(at)));
    resize(region, {whole.first, at}, region.object_page());
    insert(*high);
    return high;
}

Region& RegionMap::merge(Region& region) {
    Region* low = previous(region);
    Region& survivor = low != nullptr && continues(*low, region) ? *low : region;
    PageNumber end = region.range().end;
    Region* high = next(region);
    if (high != nullptr && continues(region, *high)) {
        end = high->range().end;
        destroy(*high);
    }
    if (&survivor != &region) destroy(region);
    if (end != survivor.range().end)
        resize(survivor, {survivor.range().first, end}, survivor.object_page());
    return survivor;
}

bool RegionMap::continues(const Region& low, const Region& high) {
    return low.range().end == high.range().first && low.traits() == high.traits() &&
           low.object() == high.object() &&
           low.object_page_of(low.range().end) == high.object_page();
}

void RegionMap::check_invariants() const {
    tree_.check_invariants();
    std::uint32_t count = 0;
    PageCount pages;
    for (Region* region = first(); region != nullptr; region = next(*region)) {
        region->check_invariants();
        ASSERT(kUserPages.contains(region->range()));
        ++count;
        pages += region->range().count();
    }
    ASSERT(count == size_ && pages == total_pages_ && pages <= peak_pages_);
}

}  // namespace quire::mm
