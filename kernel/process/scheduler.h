// Who runs next: round robin with slices by nice value. Pure: it changes records and lists, and
// whoever has the CPU (kernel/threads.h) does the switch.
//
//     woken:   those who slept          ready:   those who had a slice
//     +---+---+---+                     +---+---+---+---+
//     | A | B | C | --- first these --> | D | E | F | G | <-- slice over: a new one, to the end
//     +---+---+---+                     +---+---+---+---+
//
// A thread that slept runs before those that compute, with what is left of its slice: so it answers
// soon, at the next tick at the latest, and has no more than its share. With equal nice values
// everybody gets the same; each step of nice is worth a quarter more or less, as in Linux. The
// kernel is not preemptible: a thread leaves the CPU where it sleeps, or on its way back to its
// program when must_switch() says so.
//
// Threads are woken in thread context only; interrupt handlers leave a note (kernel/deferred.h).
// Invariant: a thread is in one of the two lists exactly if it is Ready and not current().
#pragma once

#include "kernel/process/process.h"

namespace quire::kernel {

class Scheduler {
  public:
    static constexpr std::int32_t kMostNice = 19;
    static constexpr std::int32_t kLeastNice = -20;

    Scheduler() = default;
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;

    /// Ticks of a slice. Precondition: kLeastNice <= nice <= kMostNice.
    [[nodiscard]] static std::uint32_t slice_of(std::int32_t nice);

    /// A new thread, which is Ready, comes last.
    void add(Thread& thread);
    /// A new thread that runs already: the first one of all. Precondition: nobody runs.
    void add_running(Thread& thread);
    /// Forgets a thread. Precondition: Ended, or it never ran; not current().
    void remove(Thread& thread);

    /// Who runs; nullptr: nobody, the machine is idle.
    [[nodiscard]] Thread* current() const { return current_; }

    /// From here on the current thread remembers that it was woken. Call before looking whether
    /// there is a reason to sleep.
    void prepare_to_sleep() { current_->woken = false; }
    /// The current thread is not ready any more and has to switch; says false, and changes
    /// nothing, if it was woken since prepare_to_sleep(). `state`: Sleeping, Waiting, Stopped.
    [[nodiscard]] bool sleep(ThreadState state);
    /// The current thread never runs again.
    void end_current();

    /// Makes a thread that is Sleeping or Waiting ready. One that is about to sleep, will not.
    void wake(Thread& thread);
    /// The same for a signal: a thread that waits for a disk goes on waiting. Each of them has to
    /// look at it before it goes back to its program.
    void interrupt(Thread& thread);
    /// The same for a thread that is Stopped.
    void resume(Thread& thread);

    /// A tick of the timer has gone by. May be called by its interrupt handler.
    void tick();
    /// sched_yield(2): the others come first, before the current thread goes back to its program.
    void yield();
    /// Whether the current thread should leave the CPU to others.
    [[nodiscard]] bool must_switch() const { return must_switch_; }

    /// Chooses who runs from now on, the current thread again if nobody else wants to.
    Thread* next();

    [[nodiscard]] bool someone_is_ready() { return !woken_.empty() || !ready_.empty(); }
    [[nodiscard]] std::uint32_t thread_count() const { return thread_count_; }
    /// How often next() has chosen another than before, nobody included; how many threads there
    /// have been.
    [[nodiscard]] std::uint64_t switches() const { return switches_; }
    [[nodiscard]] std::uint64_t threads_made() const { return threads_made_; }
    /// How many run or could; how many of processes wait for a disk or a lock.
    struct Demand {
        std::uint32_t running = 0;
        std::uint32_t blocked = 0;
    };
    [[nodiscard]] Demand demand();
    using AllThreads = IntrusiveList<Thread, &Thread::all_hook>;
    [[nodiscard]] AllThreads& all() { return all_; }

    void check_invariants();

  private:
    using Queue = IntrusiveList<Thread, &Thread::ready_hook>;

    void make_ready(Thread& thread);
    static void give_slice(Thread& thread);

    Thread* current_ = nullptr;
    bool must_switch_ = false;
    Queue woken_;
    Queue ready_;
    AllThreads all_;
    std::uint32_t thread_count_ = 0;
    std::uint64_t switches_ = 0;
    std::uint64_t threads_made_ = 0;
};

}  // namespace quire::kernel
