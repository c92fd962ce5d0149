// Brings the pages of swap slots back into RAM, into the swap cache.
//
//     PTE of A: slot 7 ---+                           PTE of A: frame, read-only
//     PTE of B: slot 7 ---+--> slot 7 <--> frame      PTE of B: slot 7 --> slot 7 <--> frame
//                            names: 2, cached         names: 1, cached
//
// The frame is Private, its tag is the slot, the slot's cached frame is the frame: it holds what
// the slot holds, and whoever faults next finds it without a read. It has one reference, the
// cache's; each entry that names the frame instead of the slot from now on adds one
// (MappedPages::add_mapping) and gives a name of the slot back.
#pragma once

#include "mm/fetch.h"
#include "mm/user_memory.h"

namespace quire::mm {

/// The frame that holds the content of `slot`: the cached one, or one that is read now. It is in
/// the swap cache and the policy's to evict. Up to `window` slots around it are read along, unless
/// fewer are free in areas that allocate, as this one does.
/// Preconditions: the slot is in use; room was made for frames_to_fetch(window); window is a power
/// of two up to kMostReadAhead. Errors: IoError, OutOfMemory; nothing has changed then. May sleep.
Result<Fetched> fetch_slot(UserMemory& memory, SwapSlot slot, PageCount window = kReadAhead);

}  // namespace quire::mm
