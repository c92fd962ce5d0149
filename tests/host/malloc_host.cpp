// A program's heap on the host: its lock asks this machine's own futexes, and its home is that of
// its MallocWorld.
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libc/malloc/heap_lock.h"
#include "tests/host/malloc_world.h"

namespace quire::libc {

void heap_lock_wait(const std::int32_t* word, std::int32_t expected) {
    ++test::MallocWorld::lock_waits;
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}
void heap_lock_wake(const std::int32_t* word) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

const HeapHome& home_of(const ProgramHeap& heap) {
    return static_cast<const test::HeapAtHome&>(heap).home;
}

}  // namespace quire::libc
