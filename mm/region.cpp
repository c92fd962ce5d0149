#include "mm/region.h"

#include "mm/memory_object.h"

namespace quire::mm {

Region::Region(AddressSpace&, PageRange range, RegionTraits, MemoryObject* object,
               std::uint32_t object_page)
    : range_(range), object_(object), object_page_(object_page) {
    if (object_ != nullptr) object_->attach(*this);
}

Region::~Region() {
    if (object_ != nullptr) object_->detach(*this);
}

}  // namespace quire::mm
