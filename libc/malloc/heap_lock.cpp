#include "libc/malloc/heap_lock.h"

namespace quire::libc {

// Counted as waiting before it looks again: who lets go after that look sees the count, and who
// lets go before it changes the word, so that the kernel does not let us sleep.
void HeapLock::wait() {
    __atomic_fetch_sub(&word_, kWaits, __ATOMIC_RELAXED);
    for (;;) {
        const std::int32_t before = __atomic_fetch_and(&word_, ~kFree, __ATOMIC_ACQUIRE);
        if ((before & kFree) != 0) break;
        heap_lock_wait(&word_, before);
    }
    __atomic_fetch_add(&word_, kWaits, __ATOMIC_RELAXED);
}

void* HeapLock::wake_with(const std::int32_t* word, void* result) {
    heap_lock_wake(word);
    return result;
}

}  // namespace quire::libc
