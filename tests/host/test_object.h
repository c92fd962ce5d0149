// A memory object for tests, which counts how often its last user went, and a place that stands for
// an address space where only its address matters.
#pragma once

#include <cstddef>

#include "mm/memory_object.h"
#include "mm/object_registry.h"

namespace quire::test {

class TestObject final : public mm::MemoryObject {
  public:
    using MemoryObject::MemoryObject;
    /// Takes out whatever entries are left, with no thought of the references they held.
    ~TestObject() {
        while (const auto left = next_entry(0))
            (void)set_entry(left->index, {});  // cannot fail: empty
    }

    std::uint32_t times_left = 0;

  private:
    void last_user_gone() override { ++times_left; }
};

/// For regions that no address space has. Never to be looked into.
inline mm::AddressSpace& no_space() {
    alignas(std::max_align_t) static std::byte place[1];
    return reinterpret_cast<mm::AddressSpace&>(place);
}

}  // namespace quire::test
