// The watchful half of SlabCache: red zones, poison, call sites, invariants, reports of misuse.
//
//     +----------------+--------------------------+----------------+
//     | red zone BB .. | object: 6B .. while free | red zone .. BB |   one stride, debugging on
//     +----------------+--------------------------+----------------+
//
// The red zones are written when the slab is made and must never change; poison is written at
// release() and must be whole at the next allocate() of the object and when the slab goes back.
#include <cstddef>
#include <cstdint>

#include "kernel/base/log.h"
#include "mm/slab.h"

namespace quire::mm {

namespace {

constexpr std::byte kRedByte{0xBB};
constexpr std::byte kFreeByte{0x6B};

void cover(std::byte* first, const std::byte* end, std::byte value) {
    for (; first != end; ++first)
        *first = value;
}

}  // namespace

// --- Debugging: what happens to an object on its way ---

// Goes back: the object is looked over, destroyed and covered with poison.
[[gnu::noinline]] void SlabCache::hide(Slab& slab, std::uint32_t index, const void* site) {
    check_red_zones(slab, index);
    if (destructor_ != nullptr) destructor_(object_at(slab, index));
    set_site(slab, index, site);
    poison(object_at(slab, index));
}

// Goes out: nobody must have written to it, then it is constructed.
[[gnu::noinline]] void SlabCache::reveal(Slab& slab, std::uint32_t index, const void* site) {
    check_red_zones(slab, index);
    check_poison(slab, index);
    set_site(slab, index, site);
    if (constructor_ != nullptr) constructor_(object_at(slab, index));
}

void SlabCache::poison(std::byte* object) {
    std::byte* start = object - layout_.before;
    cover(start, object, kRedByte);
    cover(object, object + size_, kFreeByte);
    cover(object + size_, start + layout_.stride, kRedByte);
}

void SlabCache::check_red_zones(const Slab& slab, std::uint32_t index) const {
    const std::byte* object = object_at(slab, index);
    const std::byte* start = object - layout_.before;
    check_bytes(slab, index, start, object, kRedByte, "written before its start");
    check_bytes(slab, index, object + size_, start + layout_.stride, kRedByte,
                "written past its end");
}

void SlabCache::check_poison(const Slab& slab, std::uint32_t index) const {
    const std::byte* object = object_at(slab, index);
    check_bytes(slab, index, object, object + size_, kFreeByte, "written after it was freed");
}

void SlabCache::check_bytes(const Slab& slab, std::uint32_t index, const std::byte* first,
                            const std::byte* end, std::byte expected, const char* what) const {
    for (const std::byte* byte = first; byte != end; ++byte) {
        if (*byte == expected) continue;
        const std::byte* object = object_at(slab, index);
        log(LogLevel::Error, "slab", "%s: byte %d of the object at %p (%u bytes) is %02x, not %02x",
            name_, static_cast<int>(byte - object), static_cast<const void*>(object),
            static_cast<unsigned>(size_), std::to_integer<unsigned>(*byte),
            std::to_integer<unsigned>(expected));
        misuse(what, object, site_of(slab, index));
    }
}

const void* SlabCache::site_of(const Slab& slab, std::uint32_t index) const {
    if (!debug_) return nullptr;
    const auto* start = reinterpret_cast<const std::byte*>(&slab) + layout_.sites;
    return reinterpret_cast<const void* const*>(start)[index];
}

void SlabCache::set_site(Slab& slab, std::uint32_t index, const void* site) {
    auto* start = reinterpret_cast<std::byte*>(&slab) + layout_.sites;
    reinterpret_cast<const void**>(start)[index] = site;
}

// --- The end ---

void SlabCache::misuse(const char* what, const void* object, const void* site) const {
    log(LogLevel::Error, "slab", "%s: object %p: %s; last allocated or freed at %p", name_, object,
        what, site);
    assertion_failed(what, name_, 0, "SlabCache");
}

// --- Invariants ---

void SlabCache::check_invariants() {
    ASSERT(live_ <= peak_);
    ASSERT(empty_slabs_ <= keep_empty_);
    std::uint32_t slabs = 0;
    std::uint32_t live = 0;
    std::uint32_t empty = 0;
    const auto count = [&](SlabList& list) {
        for (Slab& slab : list) {
            ++slabs;
            live += slab.live;
            if (slab.live == 0) ++empty;
        }
    };
    check_list(empty_, 0, 0);
    check_list(partial_, 1, layout_.capacity - 1);
    check_list(full_, layout_.capacity, layout_.capacity);
    count(empty_);
    count(partial_);
    count(full_);
    ASSERT(slabs == slabs_ && live == live_ && empty == empty_slabs_);
}

void SlabCache::check_list(SlabList& list, std::uint32_t lowest_live, std::uint32_t highest_live) {
    list.check_invariants();
    for (const Slab& slab : list) {
        ASSERT(lowest_live <= slab.live && slab.live <= highest_live);
        check_slab(slab);
    }
}

// The record of its frames, then the links: each free object is met once, all others are live.
void SlabCache::check_slab(const Slab& slab) const {
    const auto offset = reinterpret_cast<const std::byte*>(&slab) - phys_window;
    ASSERT(offset >= 0 && (static_cast<std::size_t>(offset) & slab_mask_) == 0);
    const FrameNumber first(static_cast<std::uint32_t>(offset >> kPageShift));
    ASSERT(table_.state(first) == FrameState::KernelHeap && table_.place(first) == mark_);
    ASSERT(table_.references(first) == 1 && table_.order_of(first) == layout_.order);

    std::uint32_t free = 0;
    for (std::uint32_t index = slab.first_free; index != kEnd; index = links_of(slab)[index]) {
        ASSERT(index < layout_.capacity);
        ++free;
        ASSERT(free <= layout_.capacity);
    }
    std::uint32_t live = 0;
    for (std::uint32_t index = 0; index < layout_.capacity; ++index) {
        const bool is_live = links_of(slab)[index] == kLive;
        if (is_live) ++live;
        if (!debug_) continue;
        check_red_zones(slab, index);
        if (!is_live) check_poison(slab, index);
    }
    ASSERT(live == slab.live && live + free == layout_.capacity);
}

}  // namespace quire::mm
