#include "libc/malloc/heap_lock.h"

namespace quire::libc {

// Counted as waiting before it looks again: who lets go after that look sees the count, and who
// lets go before it changes the word, so that the kernel does not let us sleep.
void HeapLock::wait() {
    __atomic_fetch_add(&word_, 1, __ATOMIC_RELAXED);
    for (;;) {
        const std::uint32_t before = __atomic_fetch_or(&word_, kHeld, __ATOMIC_ACQUIRE);
        if ((before & kHeld) == 0) break;
        heap_lock_wait(&word_, before);
    }
    __atomic_fetch_sub(&word_, 1, __ATOMIC_RELAXED);
}

}  // namespace quire::libc
