// What tests of regions stand on: frames, a slab cache of regions, two objects to map, a map.
#pragma once

#include <cstdint>
#include <vector>

#include "mm/memory_object.h"
#include "mm/region_map.h"
#include "mm/slab_registry.h"
#include "tests/host/frame_world.h"
#include "tests/host/test_object.h"

namespace quire::test {

struct RegionWorld {
    explicit RegionWorld(std::uint32_t frame_count = 256)
        : frames(frame_count),
          registry(frames.allocator),
          nodes(registry, "page tree node"),
          objects(nodes),
          file(objects, mm::MemoryObject::Kind::SharedMemory, nullptr, 0),
          other_file(objects, mm::MemoryObject::Kind::SharedMemory, nullptr, 0),
          cache(registry, "region"),
          map(cache) {
        reset_host_ram();
    }
    ~RegionWorld() {
        while (map.first() != nullptr)
            map.destroy(*map.first());
    }

    /// Regions refer to their space and never look into it.
    mm::AddressSpace& space() { return reinterpret_cast<mm::AddressSpace&>(space_place_); }

    FrameWorld frames;
    mm::SlabRegistry registry;
    mm::PageTree::NodeCache nodes;
    mm::ObjectRegistry objects;
    TestObject file;
    TestObject other_file;
    mm::ObjectCache<mm::Region> cache;
    mm::RegionMap map;

  private:
    std::uint64_t space_place_ = 0;
};

constexpr mm::PageRange pages(std::uint32_t first, std::uint32_t end) {
    return {mm::PageNumber(first), mm::PageNumber(end)};
}

}  // namespace quire::test
