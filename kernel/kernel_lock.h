// The kernel lock: whoever touches memory management or files holds it.
//
//     thread A: system call ... waits for a disk, holding the lock ........ goes on, releases
//     thread B:      runs its program ... page fault: waits for the lock ........ has it
//
// mm and fs say "locking is the caller's": nothing of theirs changes while somebody else is in the
// middle of it. The kernel is not preemptible, so that could only happen where the one in the
// middle sleeps, which is where it waits for a disk. So this lock is all they need, and programs
// run meanwhile. Who waits for something that another thread has to do first (a pipe, a child) must
// not hold it: Processes::sleep_on() gives it up for the time.
//
// Who gives it up hands it to the one who has waited longest. If it became free instead, a thread
// that comes back at once (a program that writes and waits for the disk, in turns) would find it
// free each time, before those it has woken could run, and nobody else would ever have it.
//
// A thread may take it again while it holds it: a page fault in a copy of a system call.
#pragma once

#include "kernel/threads.h"

namespace quire::kernel {

class KernelLock {
  public:
    explicit KernelLock(Threads& threads) : threads_(threads) {}
    KernelLock(const KernelLock&) = delete;
    KernelLock& operator=(const KernelLock&) = delete;

    /// Sleeps until nobody else has it.
    void acquire();
    /// Precondition: held by the current thread.
    void release();

    /// Gives it up however often it was taken, and says how often; 0: it was not held.
    [[nodiscard]] std::uint32_t give_up();
    /// Takes it back that often.
    void take_back(std::uint32_t depth);

    [[nodiscard]] bool is_held() const { return owner_ == &Threads::current(); }

  private:
    void wait_for_it();
    void hand_over();

    Threads& threads_;
    Thread* owner_ = nullptr;
    std::uint32_t depth_ = 0;
    IntrusiveList<fs::Waiter, &fs::Waiter::queue_hook> waiters_;  // threads, who came first first
};

inline void KernelLock::acquire() {
    Thread& self = Threads::current();
    if (owner_ == nullptr) {
        owner_ = &self;
    } else if (owner_ != &self) {
        wait_for_it();
    }
    ++depth_;
}

inline void KernelLock::release() {
    ASSERT(is_held());
    if (--depth_ != 0) return;
    if (waiters_.empty()) {
        owner_ = nullptr;
    } else {
        hand_over();
    }
}

/// Holds the kernel lock while it lives.
class KernelLockGuard {
  public:
    explicit KernelLockGuard(KernelLock& lock) : lock_(lock) { lock_.acquire(); }
    KernelLockGuard(const KernelLockGuard&) = delete;
    KernelLockGuard& operator=(const KernelLockGuard&) = delete;
    ~KernelLockGuard() { lock_.release(); }

  private:
    KernelLock& lock_;
};

}  // namespace quire::kernel
