// Brings pages of memory objects into RAM: from a file's store, from a swap slot, or out of
// nothing.
//
//     entry of the object    kind            what happens
//     frame                  any             it is in RAM: nothing
//     empty, shadow          File            read from the store, with neighbours
//     empty, shadow          SharedMemory    a frame of zeros: it was never written
//     slot                   SharedMemory    read from swap; the frame is dirty, the slot is free
//
// Whoever needs a page of an object, a fault or read(2), comes through here, so all meet in one
// frame. Locking is the caller's: nobody else fetches pages of the same object meanwhile.
#pragma once

#include <cstdint>

#include "mm/fetch.h"
#include "mm/memory_object.h"
#include "mm/user_memory.h"

namespace quire::mm {

/// The frame of page `index` of `object`, read or made now if it is not in RAM. The object holds
/// the reference, and the frame is the policy's to evict, unless it is locked. Up to `window` pages
/// around it are read along; 1 is none. Preconditions: index < object.pages(); room was made for
/// frames_to_fetch(window); window is a power of two up to kMostReadAhead.
/// Errors: IoError, OutOfMemory; nothing has changed then. May sleep.
Result<Fetched> fetch_page(UserMemory& memory, MemoryObject& object, std::uint32_t index,
                           PageCount window = kReadAhead);

/// `frame` holds page `index` of `object` from now on, as if it had been fetched; nothing is read,
/// and what the store or a slot held of the page counts no more: the caller marks the page dirty.
/// Takes the reference out of `frame`. Preconditions: index < object.pages(); the page is not in
/// RAM; `frame` has one reference. Errors: OutOfMemory (a node of the tree); nothing has changed.
Result<void> enter_page(UserMemory& memory, MemoryObject& object, std::uint32_t index,
                        OwnedFrame& frame);

}  // namespace quire::mm
