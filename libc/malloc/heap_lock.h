// The lock of a program's heap: one word, which nobody but a waiting thread asks the kernel about.
//
//      bit 30    29 ............ 0
//      | held |  how many wait     |
//
// Taking it is `lock bts`, letting go is `lock sub` of the bit, and if anything is left, somebody
// waits. So a call of malloc pays four instructions for being safe among
// threads (futex(2)). It is not recursive.
#pragma once

#include <cstdint>

namespace quire::libc {

/// Sleeps until woken, if `word` still is `expected`; may return early (futex(2), FUTEX_WAIT).
/// A program asks the kernel, a host test its own.
void heap_lock_wait(const std::uint32_t* word, std::uint32_t expected);
/// Wakes one who sleeps on `word` (FUTEX_WAKE).
[[gnu::noinline, gnu::cold]] void heap_lock_wake(const std::uint32_t* word);

class HeapLock {
  public:
    static constexpr std::uint32_t kHeld = 1U << 30;

    /// Free, or held by its maker.
    constexpr explicit HeapLock(bool held = false) : word_(held ? kHeld : 0) {}
    HeapLock(const HeapLock&) = delete;
    HeapLock& operator=(const HeapLock&) = delete;

    [[nodiscard, gnu::always_inline]] bool try_take() {
        return (__atomic_fetch_or(&word_, kHeld, __ATOMIC_ACQUIRE) & kHeld) == 0;
    }
    void take() {
        if (!try_take()) wait();
    }
    /// Precondition: held by the caller.
    [[gnu::always_inline]] void release() {
        if (__atomic_sub_fetch(&word_, kHeld, __ATOMIC_RELEASE) != 0) [[unlikely]]
            heap_lock_wake(&word_);
    }
    /// In the child of a fork, where nobody else is: those who waited are in the parent.
    void release_alone() { __atomic_store_n(&word_, 0, __ATOMIC_RELEASE); }

  private:
    void wait();

    std::uint32_t word_;
};

}  // namespace quire::libc
