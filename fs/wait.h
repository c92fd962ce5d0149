// Waiting for somebody else: for bytes in a pipe, for a key to be typed. (A disk is waited for
// inside the disk's driver, see drivers/block_device.h.)
//
//     reader: nothing there --> Sleeper::sleep(queue)         writer: puts bytes in
//                                   |  adds a Waiter                     |
//                                   '<------------- wake() <-- queue.wake_all()
//
// Nodes never wait: they answer TryAgain, and name the queue that is woken when that may be over.
// The open file sleeps and tries again (fs/open_file.h), unless it was told not to block. So
// blocking, signals and O_NONBLOCK are in one place, and poll(2) waits on the same queues.
#pragma once

#include "kernel/base/intrusive_list.h"
#include "kernel/base/result.h"

namespace quire::fs {

/// Somebody who waits, in the queue as long as it does.
class Waiter {
  public:
    /// What was waited for may have come. The waiter stays in the queue, and takes itself out.
    virtual void wake() = 0;

    ListHook queue_hook;

  protected:
    ~Waiter() = default;
};

/// Those who wait for one thing. Owns nobody.
class WaitQueue {
  public:
    void add(Waiter& waiter) { waiters_.push_back(waiter); }
    void remove(Waiter& waiter) { waiters_.remove(waiter); }
    [[nodiscard]] bool empty() const { return waiters_.empty(); }
    /// Wakes all of them. wake() must not change the queue.
    void wake_all() {
        for (Waiter& waiter : waiters_)
            waiter.wake();
    }
    void check_invariants() { waiters_.check_invariants(); }

  private:
    IntrusiveList<Waiter, &Waiter::queue_hook> waiters_;
};

/// How the caller of an operation sleeps: the scheduler in the kernel, a script in tests.
class Sleeper {
  public:
    /// Sleeps until `queue` is woken; may return earlier, so the caller looks again.
    /// Errors: Interrupted (a signal came); the caller gives up then.
    virtual Result<void> sleep(WaitQueue& queue) = 0;

  protected:
    ~Sleeper() = default;
};

/// What can be done without waiting.
struct Readiness {
    bool readable = false;
    bool writable = false;
    bool hung_up = false;  // the other side is closed for good: reads end
    bool broken = false;   // nobody will read what is written
};

}  // namespace quire::fs
