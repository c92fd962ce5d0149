// The lock of a program's heap, and of its list of streams: one word, which nobody but a waiting
// thread asks the kernel about.
//
//      1  free    -1, -3 ...  free, and one, two ... wait    (who lets go wakes one of them)
//      0  held    -2, -4 ...  held, and one, two ... wait
//
// Taking it is `lock btr` of bit 0, letting go is `lock add` of 1, and if the word is negative
// then, somebody waits. So a call of malloc pays four instructions for being safe among threads
// (futex(2)). It is not recursive. Zero is held: a lock in .bss is shut until its maker opens it.
#pragma once

#include <cstdint>

#include "libc/heap/call.h"

namespace quire::libc {

/// Sleeps until woken, if `word` still is `expected`; may return early (futex(2), FUTEX_WAIT).
/// A program asks the kernel, a host test its own.
void heap_lock_wait(const std::int32_t* word, std::int32_t expected);
/// Wakes one who sleeps on `word` (FUTEX_WAKE).
[[gnu::noinline, gnu::cold]] void heap_lock_wake(const std::int32_t* word);

class HeapLock {
  public:
    /// Held by whoever is to set up what it guards.
    constexpr HeapLock() = default;
    /// Free: of what needs no setting up.
    static constexpr struct Open {
    } kOpen = {};
    constexpr explicit HeapLock(Open) : word_(kFree) {}
    HeapLock(const HeapLock&) = delete;
    HeapLock& operator=(const HeapLock&) = delete;

    [[nodiscard, gnu::always_inline]] bool try_take() {
        return (__atomic_fetch_and(&word_, ~kFree, __ATOMIC_ACQUIRE) & kFree) != 0;
    }
    void take() {
        if (!try_take()) wait();
    }
    /// Precondition: held by the caller.
    [[gnu::always_inline]] void release() {
        if (__atomic_add_fetch(&word_, kFree, __ATOMIC_RELEASE) < 0) [[unlikely]]
            heap_lock_wake(&word_);
    }
    /// As release(). Returns `result`: as the last thing of a function it needs no register saved.
    [[gnu::always_inline]] void* release_with(void* result) {
        if (__atomic_add_fetch(&word_, kFree, __ATOMIC_RELEASE) < 0) [[unlikely]]
            return wake_with(&word_, result);
        return result;
    }
    /// In the child of a fork, where nobody else is: those who waited are in the parent.
    void release_alone() { __atomic_store_n(&word_, kFree, __ATOMIC_RELEASE); }

  private:
    static constexpr std::int32_t kFree = 1;
    static constexpr std::int32_t kWaits = 2;

    void wait();
    HEAP_CALL static void* wake_with(const std::int32_t* word, void* result);

    std::int32_t word_ = 0;
};

}  // namespace quire::libc
