// Who runs next: round robin with slices by nice value. Pure: it changes records and lists, and
// whoever has the CPU (kernel/threads.h) does the switch.
//
//     ready:  woken, woken, ... | had a slice, had a slice, ...
//             ^ next()                                        ^ slice over: a new one, to the end
//
// A thread that slept comes back to the front with what is left of its slice: so it answers soon,
// and cannot have more than its share. With equal nice values everybody gets the same; each step of
// nice is worth a quarter more or less. The kernel is not preemptible: a thread leaves the CPU
// where it sleeps, or on its way back to its program when must_switch() says so.
//
// Threads are woken in thread context only; interrupt handlers leave a note (kernel/deferred.h).
#pragma once

#include "kernel/process/process.h"

namespace quire::kernel {

class Scheduler {
  public:
    static constexpr std::uint32_t kDefaultSlice = 10;  // ticks, at nice 0

    /// Ticks of a slice: 1 at least. Precondition: -20 <= nice <= 19.
    [[nodiscard]] static std::uint32_t slice_of(std::int32_t nice);

    /// A new thread, Ready, at the end of the queue.
    void add(Thread& thread);
    /// Precondition: Ended, or never ran; not on the CPU.
    void remove(Thread& thread);

    [[nodiscard]] Thread* current() const { return current_; }

    /// Takes a thread out of the ready ones; it goes on running until next(). Unless it was woken
    /// since prepare_to_sleep().
    void sleep(ThreadState state);
    /// From here on a wake() is remembered. Before the caller looks whether it has to sleep.
    void prepare_to_sleep();
    /// Makes a sleeping thread ready. Nothing happens to one that is ready, stopped or ended.
    void wake(Thread& thread);
    /// As wake(), if a signal may wake it: Sleeping, not Waiting.
    void interrupt(Thread& thread);

    /// The current thread has used a tick of its slice. From the timer's interrupt.
    void tick();
    /// sched_yield(2): the current thread goes to the end.
    void yield();
    [[nodiscard]] bool must_switch() const { return must_switch_; }

    /// Chooses who runs now, makes it current() and returns it; nullptr: nobody can.
    Thread* next();

    [[nodiscard]] std::uint32_t ready_count() const { return ready_count_; }
    [[nodiscard]] std::uint32_t thread_count() const { return thread_count_; }
    using AllThreads = IntrusiveList<Thread, &Thread::all_hook>;
    [[nodiscard]] AllThreads& all() { return all_; }

    void check_invariants();

  private:
    void make_ready(Thread& thread, bool at_front);

    Thread* current_ = nullptr;
    bool must_switch_ = false;
    IntrusiveList<Thread, &Thread::ready_hook> ready_;
    AllThreads all_;
    std::uint32_t ready_count_ = 0;
    std::uint32_t thread_count_ = 0;
};

}  // namespace quire::kernel
