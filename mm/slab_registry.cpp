#include "mm/slab_registry.h"

namespace quire::mm {

// The numbers go round, and those that are in use are passed over: a file system that is mounted
// makes caches, so in time there may be more of them than numbers.
std::uint32_t SlabRegistry::enter(SlabCache& cache) {
    std::uint32_t mark = 0;
    do {
        mark = kMarkPrefix | next_number_;
        next_number_ = (next_number_ + 1) % kMarkNumbers;
    } while (cache_with(mark) != nullptr);
    caches_.push_back(cache);
    return mark;
}

SlabCache* SlabRegistry::cache_with(std::uint32_t mark) {
    for (SlabCache& cache : caches_) {
        if (cache.mark() == mark) return &cache;
    }
    return nullptr;
}

PageCount SlabRegistry::reclaim() {
    PageCount given_back;
    for (SlabCache& cache : caches_)
        given_back += cache.reclaim();
    return given_back;
}

// The cache whose slab starts at frame `first`, or nullptr.
SlabCache* SlabRegistry::cache_of(FrameNumber first) {
    FrameTable& table = frames_.table();
    return table.state(first) == FrameState::KernelHeap ? cache_with(table.place(first)) : nullptr;
}

// The frames inside a run have no record of their own, so each order's start is tried in turn.
Result<SlabObject> SlabRegistry::find(const void* address) {
    const std::uintptr_t offset =
        reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(phys_window);
    if (offset >> kPageShift >= frames_.table().end().raw()) return Error::NotFound;
    for (std::uint32_t order = 0; order <= SlabLayout::kMaxOrder; ++order) {
        const std::uintptr_t start = align_down(offset, std::uintptr_t{kPageSize} << order);
        SlabCache* cache = cache_of(FrameNumber(static_cast<std::uint32_t>(start >> kPageShift)));
        if (cache == nullptr || cache->layout().order != order) continue;
        const auto from_first =
            static_cast<std::uint32_t>(offset - start) - cache->layout().first_object;
        const std::uint32_t index = cache->layout().index_at(from_first);
        if (index >= cache->layout().capacity) return Error::NotFound;
        if (from_first - index * cache->layout().stride >= cache->object_size())
            return Error::NotFound;
        Slab& slab = *reinterpret_cast<Slab*>(phys_window + start);
        return SlabObject{.cache = cache,
                          .start = cache->object_at(slab, index),
                          .live = SlabCache::links_of(slab)[index] == SlabCache::kLive,
                          .site = cache->site_of(slab, index)};
    }
    return Error::NotFound;
}

void SlabRegistry::check_invariants() {
    caches_.check_invariants();
    std::uint32_t slabs = 0;
    for (SlabCache& cache : caches_) {
        cache.check_invariants();
        slabs += cache.statistics().slabs;
    }
    FrameTable& table = frames_.table();
    std::uint32_t marked = 0;
    for (FrameNumber frame; frame < table.end(); ++frame) {
        if (table.state(frame) != FrameState::KernelHeap || !is_mark(table.place(frame))) continue;
        ASSERT(cache_of(frame) != nullptr);
        ++marked;
    }
    ASSERT(marked == slabs);
}

}  // namespace quire::mm
