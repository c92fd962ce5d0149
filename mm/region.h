// A range of pages of one address space that shows an object: only what the object needs to know.
#pragma once

#include <cstdint>

#include "kernel/base/intrusive_list.h"
#include "mm/types.h"

namespace quire::mm {

class AddressSpace;
class MemoryObject;

struct RegionTraits {};

class Region {
  public:
    /// Enters the list of regions of `object`, unless that is nullptr; the destructor leaves it.
    Region(AddressSpace& space, PageRange range, RegionTraits traits, MemoryObject* object,
           std::uint32_t object_page);
    Region(const Region&) = delete;
    Region& operator=(const Region&) = delete;
    ~Region();

    [[nodiscard]] PageRange range() const { return range_; }
    [[nodiscard]] MemoryObject* object() const { return object_; }
    [[nodiscard]] std::uint32_t object_page() const { return object_page_; }

    ListHook object_hook;  // in MemoryObject's list of regions

  private:
    PageRange range_;
    MemoryObject* object_;
    std::uint32_t object_page_;
};

}  // namespace quire::mm
