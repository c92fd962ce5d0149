#include "mm/slab.h"

#include <new>

#include "kernel/base/log.h"
#include "mm/slab_registry.h"

namespace quire::mm {

SlabCache::SlabCache(SlabRegistry& registry, const Options& options)
    : injector_(registry.frames().injector()),
      table_(registry.frames().table()),
      debug_(options.debug || registry.options_.debug),
      layout_(SlabLayout::of(options.size, options.alignment, debug_)),
      keep_empty_(options.keep_empty),
      size_(options.size),
      name_(options.name),
      constructor_(options.constructor),
      destructor_(options.destructor),
      frames_(registry.frames()),
      registry_(registry) {
    slab_mask_ = layout_.bytes() - 1;
    mark_ = registry.enter(*this);
    quick_mark_ = debug_ ? ~0U : mark_;
}

SlabCache::~SlabCache() {
    walk_live([this](const void* object, const void* site) {
        log(LogLevel::Error, "slab", "%s: object %p leaked; allocated at %p", name_, object, site);
    });
    ASSERT(live_ == 0);
    (void)reclaim();  // how many frames that were does not matter here
    registry_.leave(*this);
}

// --- Handing out ---

// No partial slab, debugging, or a failure to be injected. Not inlined: its return address is the
// call site. nullptr if there is no object.
[[gnu::noinline]] void* SlabCache::take_slowly(const void* site) {
    Slab* slab = slab_with_room();
    if (slab == nullptr) {
        ++failures_;
        return nullptr;
    }
    if (debug_) {
        reveal(*slab, slab->first_free, site != nullptr ? site : __builtin_return_address(0));
    }
    return take(*slab);
}

[[gnu::noinline]] void SlabCache::move_to_full(Slab& slab) {
    partial_.remove(slab);
    full_.push_front(slab);
}

// The first partial slab, an empty one, or a new one; nullptr if memory or the injector says no.
Slab* SlabCache::slab_with_room() {
    if (injector_.should_fail()) return nullptr;
    if (!partial_.empty()) return partial_.front();
    Slab* slab = empty_.pop_front();
    if (slab != nullptr) {
        --empty_slabs_;
    } else {
        slab = make_slab();
    }
    if (slab != nullptr) partial_.push_front(*slab);
    return slab;
}

Slab* SlabCache::make_slab() {
    const Result<FrameNumber> run =
        layout_.order == 0 ? frames_.take_frame() : frames_.take_run(layout_.order);
    if (!run.ok()) return nullptr;
    table_.set_state(run.value(), FrameState::KernelHeap);
    table_.set_place(run.value(), mark_);
    // A frame is aligned to 4,096. NOLINTNEXTLINE(clang-analyzer-cplusplus.PlacementNew)
    Slab* slab = new (frame_bytes(run.value())) Slab;
    slab->first_free = 0;
    slab->live = 0;
    for (std::uint32_t index = 0; index < layout_.capacity; ++index) {
        const bool last = index + 1 == layout_.capacity;
        links_of(*slab)[index] = last ? kEnd : static_cast<std::uint8_t>(index + 1);
        if (debug_) {
            set_site(*slab, index, nullptr);
            poison(object_at(*slab, index));
        } else if (constructor_ != nullptr) {
            constructor_(object_at(*slab, index));
        }
    }
    ++slabs_;
    return slab;
}

// --- Taking back ---

// Debugging, or a broken contract.
SlabCache::Location SlabCache::find_live_slowly(const void* object) const {
    const Location place = locate(object);
    if (links_of(*place.slab)[place.index] != kLive)
        misuse("double free", object, site_of(*place.slab, place.index));
    return place;
}

// Not inlined: its return address is the call site.
[[gnu::noinline]] void SlabCache::hide_released(Location at, const void* site) {
    hide(*at.slab, at.index, site != nullptr ? site : __builtin_return_address(0));
}

// Where the object at `object` is, or the end: the way of find_live(), step by step.
SlabCache::Location SlabCache::locate(const void* object) const {
    const std::uintptr_t offset =
        reinterpret_cast<std::uintptr_t>(object) - reinterpret_cast<std::uintptr_t>(phys_window);
    const std::uintptr_t start = offset & ~std::uintptr_t{slab_mask_};
    const std::uintptr_t frame = start >> kPageShift;
    if (frame >= table_.end().raw() ||
        table_.place(FrameNumber(static_cast<std::uint32_t>(frame))) != mark_) {
        misuse("freed an address that is in none of its slabs", object, nullptr);
    }
    const std::uint32_t from_first =
        (static_cast<std::uint32_t>(offset) & slab_mask_) - layout_.first_object;
    const std::uint32_t index = layout_.index_at(from_first);
    if (index >= layout_.capacity || !layout_.is_start(from_first)) {
        misuse("freed an address that is not the start of an object", object, nullptr);
    }
    return {reinterpret_cast<Slab*>(phys_window + start), index};
}

// A slab that was full has room again, one whose last object was freed is empty.
[[gnu::noinline]] void SlabCache::settle(Slab& slab, bool was_full) {
    (was_full ? full_ : partial_).remove(slab);
    if (slab.live != 0) {
        partial_.push_front(slab);
    } else if (empty_slabs_ < keep_empty_) {
        empty_.push_front(slab);
        ++empty_slabs_;
    } else {
        release_slab(slab);
    }
}

void SlabCache::release_slab(Slab& slab) {
    for (std::uint32_t index = 0; index < layout_.capacity; ++index) {
        if (debug_) {
            check_red_zones(slab, index);
            check_poison(slab, index);
        } else if (destructor_ != nullptr) {
            destructor_(object_at(slab, index));
        }
    }
    const auto offset = reinterpret_cast<std::byte*>(&slab) - phys_window;
    const FrameNumber first(static_cast<std::uint32_t>(offset >> kPageShift));
    slab.~Slab();
    table_.set_place(first, 0);
    frames_.drop_reference(first);
    --slabs_;
}

PageCount SlabCache::reclaim() {
    PageCount given_back;
    while (Slab* slab = empty_.pop_front()) {
        release_slab(*slab);
        --empty_slabs_;
        given_back += PageCount(1U << layout_.order);
    }
    return given_back;
}

SlabStatistics SlabCache::statistics() const {
    return {.live = live_,
            .peak = peak_,
            .capacity = slabs_ * layout_.capacity,
            .allocations = live_ + frees_,
            .failures = failures_,
            .slabs = slabs_,
            .empty_slabs = empty_slabs_,
            .frames = PageCount(slabs_ << layout_.order)};
}

}  // namespace quire::mm
