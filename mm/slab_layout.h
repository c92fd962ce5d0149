// How objects of one size lie in a slab: arithmetic only, done once when a cache is made.
//
//     frame boundary
//     v
//     +--------+-------------------+--------- - -+----------+----------+--- - -+----------+----+
//     | header | link 0 ... link n | sites       | object 0 | object 1 |       | object n |rest|
//     +--------+-------------------+--------- - -+----------+----------+--- - -+----------+----+
//
// A link is one byte: the index of the next free object, kEnd, or kLive for an object that is in
// use. The links are the free list and the state of every object at once, and nothing is written
// into an object while it is free. `sites` is there with debugging on: a return address an object.
//
// A slab is the smallest run of frames that leaves no more than an eighth unused. It starts at a
// multiple of its size in the window, so the bits of an address say where its slab starts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/base/align.h"
#include "kernel/base/intrusive_list.h"
#include "mm/types.h"

namespace quire::mm {

/// The header at the start of each slab.
struct Slab {
    ListHook hook;
    std::uint8_t first_free;
    std::uint8_t live;
};

struct SlabLayout {
    static constexpr std::uint32_t kMaxOrder = 3;
    static constexpr std::uint32_t kLargestObject = 2 * kPageSize;
    static constexpr std::uint32_t kSmallestStride = 16;
    static constexpr std::uint32_t kMostObjects = 254;
    static constexpr std::uint32_t kRedZone = 8;  // at least so many bytes on either side

    std::uint32_t order;         // the slab has 2^order frames
    std::uint32_t stride;        // from one object to the next
    std::uint32_t first_object;  // from the start of the slab to object 0
    std::uint32_t capacity;      // objects in a slab
    std::uint32_t reciprocal;    // 2^32 / stride, rounded up: division by multiplication
    std::uint32_t before;        // bytes of red zone in front of each object
    std::uint32_t sites;         // from the start of the slab to the call sites

    [[nodiscard]] constexpr std::uint32_t bytes() const { return kPageSize << order; }

    /// Precondition: 0 < size <= kLargestObject; alignment is a power of two up to kPageSize.
    static constexpr SlabLayout of(std::uint32_t size, std::uint32_t alignment, bool debug) {
        ASSERT(size > 0 && size <= kLargestObject);
        ASSERT(is_power_of_two(alignment) && alignment <= kPageSize);
        SlabLayout layout{};
        layout.before = debug ? align_up(kRedZone, alignment) : 0;
        const std::uint32_t needed = layout.before + size + (debug ? kRedZone : 0);
        layout.stride = align_up(needed < kSmallestStride ? kSmallestStride : needed, alignment);
        layout.reciprocal = 0xFFFFFFFFU / layout.stride + 1;
        for (layout.order = 0;; ++layout.order) {
            layout.fill(alignment, debug);
            const std::uint32_t used = layout.records(debug) + layout.capacity * layout.stride;
            const bool tight = layout.capacity > 0 && layout.bytes() - used <= layout.bytes() / 8;
            if (tight || layout.order == kMaxOrder) break;
        }
        ASSERT(layout.capacity > 0);
        return layout;
    }

    /// Which object starts `offset` bytes after object 0, or lies there; capacity or more if none.
    /// The product is exact as long as offset * stride < 2^32, and both are below 2^16 in a slab.
    [[nodiscard]] constexpr std::uint32_t index_at(std::uint32_t offset) const {
        // cppcheck-suppress shiftTooManyBits  // of a 64-bit product
        return static_cast<std::uint32_t>(std::uint64_t{offset} * reciprocal >> 32);
    }

    /// Whether an object starts `offset` bytes after object 0: the low half of the same product is
    /// then below the reciprocal (Lemire, Kaser, Kurz, "Faster remainder by direct computation",
    /// 2019). Precondition: offset < 2^16.
    [[nodiscard]] constexpr bool is_start(std::uint32_t offset) const {
        return offset * reciprocal < reciprocal;
    }

  private:
    // As many objects as the run of `order` holds, and where they start.
    constexpr void fill(std::uint32_t alignment, bool debug) {
        const std::uint32_t most = bytes() / stride;
        for (capacity = most < kMostObjects ? most : kMostObjects; capacity > 0; --capacity) {
            sites = align_up(static_cast<std::uint32_t>(sizeof(Slab)) + capacity, kSiteBytes);
            first_object = align_up(records(debug), alignment) + before;
            if (first_object - before + capacity * stride <= bytes()) return;
        }
    }

    // The bytes of header, links and sites.
    [[nodiscard]] constexpr std::uint32_t records(bool debug) const {
        return sites + (debug ? capacity * kSiteBytes : 0);
    }

    static constexpr auto kSiteBytes = static_cast<std::uint32_t>(sizeof(const void*));
};

}  // namespace quire::mm
