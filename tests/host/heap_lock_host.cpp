// The lock of a program's heap asks this machine's own futexes.
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libc/malloc/heap_lock.h"

namespace quire::libc {

void heap_lock_wait(const std::uint32_t* word, std::uint32_t expected) {
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}
void heap_lock_wake(const std::uint32_t* word) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace quire::libc
