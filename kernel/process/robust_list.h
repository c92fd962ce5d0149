// Robust locks: what becomes of the locks of a thread that ends.
//
//     head --> entry --> entry --> ... --> head        each entry lies at a fixed distance from the
//       '---> pending: one being taken or freed        word of its lock: the owner's tid, or 0
//
// The list is the program's own, in its memory, and no call is needed to change it. When a thread
// ends, the kernel walks it: a word that still says the thread's number is marked (FUTEX_OWNER_DIED
// for the number), and one waiter is woken, who gets EOWNERDEAD from its library. The walk believes
// nothing: a pointer may be bad, the list may be a ring or without end, and whoever shares the
// memory may change it meanwhile. get_robust_list(2), Linux: exit_robust_list in futex/core.c.
#pragma once

#include "kernel/process/futex.h"

namespace quire::kernel {

/// An entry that is longer than this is left: a ring, or a program that is up to no good.
inline constexpr std::uint32_t kMostRobustEntries = 2048;

/// Frees the locks in the list at `head` (0: none) that the thread `tid` holds. The thread's memory
/// `space` is loaded. May sleep.
void walk_robust_list(FutexTable& futexes, mm::AddressSpace& space, mm::VirtAddr head,
                      std::uint32_t tid);

}  // namespace quire::kernel
