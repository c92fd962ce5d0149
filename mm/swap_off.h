// swapoff: every page that only an area of swap holds comes back to RAM, then the area is given up.
//
//     1  no new slots come from the area
//     2  pages in RAM give up their copies there
//     3  slots in page tables: read, and put into every space that names the slot
//     4  slots of shared memory: read, and given to the object
//     5  nothing is in use any more: the area is removed
//
// All entries that name one slot are at the same index of sibling page tables (mm/mapped_pages.h):
// at the same page of their spaces, or, if mremap has moved a table as a whole, at the same place
// in another 4 MiB. What comes back has no copy any more: it may go to another area, but not to
// this one again. So each page is read once.
#pragma once

#include "mm/user_memory.h"

namespace quire::mm {

/// Empties the area and removes it; its records and store are the caller's again, and so is to tell
/// the commit account. Pages may be evicted to other areas meanwhile. May sleep.
/// Errors: OutOfMemory (RAM and the other areas cannot hold its pages), IoError (a page cannot be
/// read). The area allocates again then, and each page is in RAM or where it was.
Result<void> swap_off(UserMemory& memory, AreaId id);

}  // namespace quire::mm
