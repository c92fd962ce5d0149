// A cache of objects of one size: hands them out of slabs, a slab being a run of frames.
//
//     partial   slabs with free and live objects     allocate() takes from the first
//     full      slabs without a free object
//     empty     slabs without a live object          keep_empty of them stay, the others go back
//
// The one idea: release() finds an object's slab by the bits of its address, and knows it by the
// frame record: `place` of a slab's first frame holds the cache's mark. So a foreign pointer is
// refused before a byte of it is read, objects carry no header, and a free object is left as it is:
// a cache with a constructor hands out objects that were constructed when their slab was made (J.
// Bonwick, "The Slab Allocator", USENIX 1994).
//
// Invariant: a slab's links say which of its objects are live; every free object is on its free
// list once. Freeing what is not a live object of this cache is a broken contract and stops the
// machine. Locking is the caller's, as for the frame allocator.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/base/intrusive_list.h"
#include "kernel/base/result.h"
#include "mm/frame_allocator.h"
#include "mm/slab_layout.h"

namespace quire::mm {

class SlabRegistry;

struct SlabStatistics {
    std::uint32_t live;         // objects handed out
    std::uint32_t peak;         // the most there ever were
    std::uint32_t capacity;     // objects in all slabs, live or not
    std::uint32_t allocations;  // so far, modulo 2^32
    std::uint32_t failures;     // requests that got nothing, injected failures included
    std::uint32_t slabs;
    std::uint32_t empty_slabs;
    PageCount frames;
};

class SlabCache {
  public:
    using Function = void (*)(void* object);

    struct Options {
        const char* name;                // must stay
        std::uint32_t size;              // of an object, in bytes; up to SlabLayout::kLargestObject
        std::uint32_t alignment;         // a power of two up to kPageSize
        Function constructor = nullptr;  // makes an object of raw bytes; cannot fail
        Function destructor = nullptr;   // before the bytes go back to the frame allocator
        std::uint32_t keep_empty = 1;    // how many empty slabs stay when objects are freed
        bool debug = false;              // red zones, poison, call sites; or as the registry says
    };

    /// A cache without slabs, listed in `registry`. Takes no memory; precondition: registry stays.
    ///
    /// With debugging on, free objects are poison and not constructed: the constructor runs at
    /// each allocate() and the destructor at each release(). The user sees no difference, as long
    /// as objects are freed in the state in which they were handed out.
    SlabCache(SlabRegistry& registry, const Options& options);
    SlabCache(const SlabCache&) = delete;
    SlabCache& operator=(const SlabCache&) = delete;
    /// Gives all slabs back. Precondition: no object is live.
    ~SlabCache();

    /// An object, as the constructor left it or as it was when released; without a constructor its
    /// bytes are undefined. With debugging on, `site` is remembered, or else the call itself: that
    /// is why both functions are always inlined, their rare ways not.
    /// Errors: OutOfMemory; nothing has changed then.
    Result<void*> allocate(const void* site = nullptr);

    /// Takes `object` back, in the state in which the next user may find it. `site` as above.
    /// Precondition: a live object of this cache.
    void release(void* object, const void* site = nullptr);

    /// release() in two steps, for who destroys the object between them: where a live object is,
    /// and taking back what is there. What is not a live object of this cache stops the machine.
    struct Location {
        Slab* slab;
        std::uint32_t index;
    };
    [[nodiscard]] Location find_live(const void* object) const;
    void give_back(Location at, const void* site = nullptr);

    /// Gives every empty slab back; says how many frames that were.
    PageCount reclaim();

    [[nodiscard]] const char* name() const { return name_; }
    [[nodiscard]] std::uint32_t object_size() const { return size_; }
    [[nodiscard]] const SlabLayout& layout() const { return layout_; }
    [[nodiscard]] bool debug() const { return debug_; }
    [[nodiscard]] SlabStatistics statistics() const;

    /// What `place` holds in the record of the first frame of each of this cache's slabs.
    [[nodiscard]] std::uint32_t mark() const { return mark_; }

    /// Calls visit(object, site) for each live object; site is nullptr without debugging. The
    /// visitor must not allocate from the cache or free to it. O(capacity).
    template <typename Visitor>
    void walk_live(Visitor visit) {
        for (Slab& slab : full_)
            walk_slab(slab, visit);
        for (Slab& slab : partial_)
            walk_slab(slab, visit);
    }

    /// Checks each slab, its frame record, its free list and, with debugging on, the red zones of
    /// all and the poison of free objects. O(capacity).
    void check_invariants();

  private:
    friend class SlabRegistry;

    using SlabList = IntrusiveList<Slab, &Slab::hook>;

    static constexpr std::uint8_t kLive = 255;
    static constexpr std::uint8_t kEnd = 254;
    static_assert(SlabLayout::kMostObjects <= kEnd);

    void* take(Slab& slab);
    void put(Slab& slab, std::uint32_t index);
    void* take_slowly(const void* site);
    [[nodiscard]] Location find_live_slowly(const void* object) const;
    void hide_released(Location at, const void* site);
    void move_to_full(Slab& slab);
    [[nodiscard]] Location locate(const void* object) const;
    Slab* slab_with_room();
    Slab* make_slab();
    void release_slab(Slab& slab);
    void settle(Slab& slab, bool was_full);

    void hide(Slab& slab, std::uint32_t index, const void* site);
    void reveal(Slab& slab, std::uint32_t index, const void* site);
    void poison(std::byte* object);
    void check_red_zones(const Slab& slab, std::uint32_t index) const;
    void check_poison(const Slab& slab, std::uint32_t index) const;
    void check_bytes(const Slab& slab, std::uint32_t index, const std::byte* first,
                     const std::byte* end, std::byte expected, const char* what) const;
    [[noreturn]] void misuse(const char* what, const void* object, const void* site) const;

    void check_list(SlabList& list, std::uint32_t lowest_live, std::uint32_t highest_live);
    void check_slab(const Slab& slab) const;

    template <typename Visitor>
    void walk_slab(Slab& slab, Visitor& visit) {
        for (std::uint32_t index = 0; index < layout_.capacity; ++index) {
            if (links_of(slab)[index] != kLive) continue;
            visit(static_cast<void*>(object_at(slab, index)), site_of(slab, index));
        }
    }

    [[nodiscard]] static std::uint8_t* links_of(Slab& slab) {
        return reinterpret_cast<std::uint8_t*>(&slab + 1);
    }
    [[nodiscard]] static const std::uint8_t* links_of(const Slab& slab) {
        return reinterpret_cast<const std::uint8_t*>(&slab + 1);
    }
    [[nodiscard]] std::byte* object_at(Slab& slab, std::uint32_t index) const {
        return reinterpret_cast<std::byte*>(&slab) + layout_.first_object + index * layout_.stride;
    }
    [[nodiscard]] const std::byte* object_at(const Slab& slab, std::uint32_t index) const {
        return object_at(const_cast<Slab&>(slab), index);
    }
    // Where the object was last allocated or freed. Only with debugging on is it remembered.
    [[nodiscard]] const void* site_of(const Slab& slab, std::uint32_t index) const;
    void set_site(Slab& slab, std::uint32_t index, const void* site);

    SlabList partial_;
    FailureInjector& injector_;
    FrameTable& table_;
    std::uint32_t mark_;
    std::uint32_t quick_mark_;  // mark_; with debugging on a word that is in no record
    std::uint32_t slab_mask_;   // the bits of an address that lie inside a slab
    bool debug_;
    SlabLayout layout_;
    std::uint32_t live_ = 0;
    std::uint32_t peak_ = 0;
    std::uint32_t frees_ = 0;
    std::uint32_t slabs_ = 0;
    std::uint32_t empty_slabs_ = 0;
    std::uint32_t failures_ = 0;
    std::uint32_t keep_empty_;
    std::uint32_t size_;
    const char* name_;
    Function constructor_;
    Function destructor_;
    FrameAllocator& frames_;
    SlabRegistry& registry_;
    SlabList full_;
    SlabList empty_;
    ListHook registry_hook_;
};

[[gnu::always_inline]] inline Result<void*> SlabCache::allocate(const void* site) {
    if (__builtin_expect(debug_ || partial_.empty() || injector_.armed(), 0)) {
        void* object = take_slowly(site);
        if (object == nullptr) return Error::OutOfMemory;
        return object;
    }
    return take(*partial_.front());
}

// The frame record is looked at before the slab: of what is not ours, nothing is read. Whatever is
// not plain and right goes to find_live_slowly(), which finds out what it is.
[[gnu::always_inline]] inline SlabCache::Location SlabCache::find_live(const void* object) const {
    const std::uintptr_t offset =
        reinterpret_cast<std::uintptr_t>(object) - reinterpret_cast<std::uintptr_t>(phys_window);
    const std::uintptr_t start = offset & ~std::uintptr_t{slab_mask_};
    const std::uintptr_t frame = start >> kPageShift;
    if (__builtin_expect(frame >= table_.end().raw(), 0)) return find_live_slowly(object);
    const std::uint32_t place = table_.place(FrameNumber(static_cast<std::uint32_t>(frame)));
    if (__builtin_expect(place != quick_mark_, 0)) return find_live_slowly(object);
    const std::uint32_t from_first =
        (static_cast<std::uint32_t>(offset) & slab_mask_) - layout_.first_object;
    const std::uint32_t index = layout_.index_at(from_first);
    Slab& slab = *reinterpret_cast<Slab*>(phys_window + start);
    if (__builtin_expect(index >= layout_.capacity || !layout_.is_start(from_first) ||
                             links_of(slab)[index] != kLive,
                         0)) {
        return find_live_slowly(object);
    }
    return {&slab, index};
}

[[gnu::always_inline]] inline void SlabCache::give_back(Location at, const void* site) {
    if (__builtin_expect(debug_, 0)) hide_released(at, site);
    put(*at.slab, at.index);
}

[[gnu::always_inline]] inline void SlabCache::release(void* object, const void* site) {
    give_back(find_live(object), site);
}

[[gnu::always_inline]] inline void* SlabCache::take(Slab& slab) {
    const std::uint32_t index = slab.first_free;
    std::uint8_t& link = links_of(slab)[index];
    const std::uint8_t next = link;
    link = kLive;
    slab.first_free = next;
    ++slab.live;
    if (++live_ > peak_) peak_ = live_;
    if (__builtin_expect(next == kEnd, 0)) move_to_full(slab);
    return object_at(slab, index);
}

[[gnu::always_inline]] inline void SlabCache::put(Slab& slab, std::uint32_t index) {
    const std::uint8_t next = slab.first_free;
    links_of(slab)[index] = next;
    slab.first_free = static_cast<std::uint8_t>(index);
    --live_;
    ++frees_;
    --slab.live;
    if (__builtin_expect(slab.live == 0 || next == kEnd, 0)) settle(slab, next == kEnd);
}

}  // namespace quire::mm
