#include "mm/region.h"

#include "mm/memory_object.h"

namespace quire::mm {

Region::Region(AddressSpace& space, PageRange range, RegionTraits traits, MemoryObject* object,
               std::uint32_t object_page)
    : RegionNode(range, traits.grows_down), traits_(traits), space_(space), object_(object) {
    set_object_page(object_page);
    if (object_ != nullptr) object_->attach(*this);
    check_invariants();
}

Region::Region(const Region& parent, AddressSpace& space)
    : RegionNode(parent),
      traits_(parent.traits_),
      space_(space),
      object_(parent.object_),
      object_page_(parent.object_page_) {
    traits_.locked = traits_.lock_on_fault = false;
    if (object_ != nullptr) object_->attach(*this);
}

Region::~Region() {
    if (object_ != nullptr) object_->detach(*this);
}

void Region::set_traits(const RegionTraits& traits) {
    ASSERT(traits.grows_down == traits_.grows_down);
    traits_ = traits;
    check_invariants();
}

void Region::check_invariants() const {
    ASSERT(!range().empty());
    ASSERT(traits_.most.has(traits_.rights));
    ASSERT(!traits_.shared || object_ != nullptr);
    ASSERT(!traits_.lock_on_fault || traits_.locked);
    ASSERT(object_ != nullptr || object_page_ == 0);
    ASSERT(object_hook.is_linked() == (object_ != nullptr));
}

}  // namespace quire::mm
