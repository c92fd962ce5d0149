// Events about a frame: whose page is in it, told while that can still be seen (mm/memory_event.h).
//
//     frame --> record --> private: a page table, an index --> the first space that names the table
//                      '-> object, index ----------------> the first region whose entry names it
//
// Several programs may have the page; the event names the first, and says how many entries there
// are. Precondition of all: somebody watches.
#pragma once

#include "mm/memory_event.h"
#include "mm/user_memory.h"

namespace quire::mm {

/// Tells `event`, with what is in `frame`, a private page or an object's, filled in.
void tell_of_frame(UserMemory& memory, FrameNumber frame, MemoryEvent event);

/// Tells that thrashing has begun or ended, if it has since the last time.
void tell_thrashing(UserMemory& memory);

}  // namespace quire::mm
