// What is to happen at a time: sleeps, alarms, time-outs.
//
// Timers are in a list by deadline, equal ones in the order of setting; run_until() calls what is
// due. It runs in thread context with the kernel between two steps (kernel/deferred.h), never in an
// interrupt. Times are nanoseconds since boot. A timer is its owner's and leaves the queue when it
// ends.
#pragma once

#include <cstdint>

#include "kernel/base/intrusive_list.h"

namespace quire::kernel {

class TimerQueue;

class Timer {
  public:
    using Function = void (*)(void* context);
    Timer(Function function, void* context) : function_(function), context_(context) {}
    [[nodiscard]] bool is_set() const { return hook.is_linked(); }
    [[nodiscard]] std::uint64_t deadline() const { return deadline_; }
    ListHook hook;

  private:
    friend class TimerQueue;
    Function function_;
    void* context_;
    std::uint64_t deadline_ = 0;
};

class TimerQueue {
  public:
    /// Sets it, again if it is set. O(timers).
    void set(Timer& timer, std::uint64_t deadline);
    /// Does nothing if it is not set.
    void cancel(Timer& timer);
    /// Calls what is due, in order of deadlines. A function may set any timer again, for a time
    /// after `now`; what it sets earlier is called at once.
    void run_until(std::uint64_t now);
    /// Of the earliest; ~0: none is set.
    [[nodiscard]] std::uint64_t next_deadline();
    void check_invariants();

  private:
    IntrusiveList<Timer, &Timer::hook> timers_;
};

}  // namespace quire::kernel
