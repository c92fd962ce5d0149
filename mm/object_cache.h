// A slab cache with a type: allocate() constructs a T, release() destroys it.
//
//     ObjectCache<Region> regions(registry, "region");
//     Region* region = TRY(regions.allocate(range, protection));
//     regions.release(region);
//
// Here an object lives from allocate() to release(), as C++ has it, and each gets arguments of its
// own. Objects that are to stay constructed while they are free take a SlabCache with a constructor
// and a destructor. Locking is the caller's.
#pragma once

#include <cstdint>
#include <new>
#include <utility>

#include "kernel/base/result.h"
#include "mm/slab.h"
#include "mm/slab_registry.h"

namespace quire::mm {

template <typename T>
class ObjectCache {
    static_assert(sizeof(T) <= SlabLayout::kLargestObject);
    static_assert(alignof(T) <= kPageSize);

  public:
    struct Options {
        std::uint32_t keep_empty = 1;
        bool debug = false;
    };

    /// `name` must stay. Takes no memory.
    ObjectCache(SlabRegistry& registry, const char* name, Options options)
        : cache_(registry, {.name = name,
                            .size = sizeof(T),
                            .alignment = alignof(T),
                            .keep_empty = options.keep_empty,
                            .debug = options.debug}) {}
    ObjectCache(SlabRegistry& registry, const char* name)
        : ObjectCache(registry, name, Options{}) {}

    /// A new T, constructed with `arguments`. Inlined, so that the call site that is remembered is
    /// the caller's. Errors: OutOfMemory; nothing has changed then.
    template <typename... Arguments>
    [[gnu::always_inline]] Result<T*> allocate(Arguments&&... arguments) {
        Result<void*> memory = cache_.allocate();
        if (!memory.ok()) return memory.error();
        return new (memory.value()) T(std::forward<Arguments>(arguments)...);
    }

    /// Destroys `object` and takes its memory back. Precondition: allocated here, still live. That
    /// is checked first, so that no destructor runs twice.
    [[gnu::always_inline]] void release(T* object) {
        const SlabCache::Location place = cache_.find_live(object);
        object->~T();
        cache_.give_back(place);
    }

    [[nodiscard]] SlabCache& cache() { return cache_; }

  private:
    SlabCache cache_;
};

}  // namespace quire::mm
