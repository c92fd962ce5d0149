// Something whose pages are mapped by regions: it knows which regions those are.
#pragma once

#include "kernel/base/intrusive_list.h"
#include "mm/region.h"

namespace quire::mm {

class MemoryObject {
  public:
    /// Called by a region as it comes and as it goes.
    void attach(Region& region) { regions_.push_back(region); }
    void detach(Region& region) { regions_.remove(region); }

  private:
    IntrusiveList<Region, &Region::object_hook> regions_;
};

}  // namespace quire::mm
