#include "kernel/process/scheduler.h"

namespace quire::kernel {
namespace {

constexpr std::uint32_t kNiceLevels = 40;

// Ticks of a slice, nice -20 first: 10 at 0, a quarter more for each step down as far as whole
// ticks go. At 100 ticks a second a slice is 10 ms to 870 ms long.
constexpr std::uint8_t kSlices[kNiceLevels] = {
    87, 73, 62, 52, 44, 38, 33, 29, 26, 24, 22, 20, 18, 17, 16, 15, 14, 13, 12, 11,  // -20 to -1
    10, 8,  7,  6,  5,  4,  4,  3,  3,  3,  2,  2,  2,  2,  2,  1,  1,  1,  1,  1};  // 0 to 19

std::int32_t nice_of(const Thread& thread) {
    return thread.process == nullptr ? 0 : thread.process->nice;
}

}  // namespace

void Thread::wake() {
    if (scheduler != nullptr) scheduler->wake(*this);
}

std::uint32_t Scheduler::slice_of(std::int32_t nice) {
    ASSERT(nice >= kLeastNice && nice <= kMostNice);
    return kSlices[nice - kLeastNice];
}

void Scheduler::give_slice(Thread& thread) {
    thread.slice = slice_of(nice_of(thread));
}

void Scheduler::add(Thread& thread) {
    add_running(thread);
    ready_.push_back(thread);
    if (current_ == &thread) current_ = nullptr;
}

void Scheduler::add_running(Thread& thread) {
    ASSERT(thread.scheduler == nullptr && thread.state == ThreadState::Ready);
    thread.scheduler = this;
    give_slice(thread);
    all_.push_back(thread);
    ++thread_count_;
    ++threads_made_;
    if (current_ == nullptr) current_ = &thread;
}

void Scheduler::remove(Thread& thread) {
    ASSERT(&thread != current_);
    if (thread.ready_hook.is_linked()) thread.ready_hook.unlink();
    all_.remove(thread);
    --thread_count_;
    thread.scheduler = nullptr;
}

bool Scheduler::sleep(ThreadState state) {
    ASSERT(state != ThreadState::Ready && state != ThreadState::Ended);
    if (current_->woken) return false;
    current_->state = state;
    return true;
}

void Scheduler::end_current() {
    current_->state = ThreadState::Ended;
}

// Who has used up its slice waits for its turn like those who compute.
void Scheduler::make_ready(Thread& thread) {
    thread.state = ThreadState::Ready;
    if (&thread == current_) return;
    if (thread.slice == 0) {
        give_slice(thread);
        ready_.push_back(thread);
    } else {
        woken_.push_back(thread);
    }
}

void Scheduler::wake(Thread& thread) {
    thread.woken = true;
    if (thread.state == ThreadState::Sleeping || thread.state == ThreadState::Waiting)
        make_ready(thread);
}

void Scheduler::interrupt(Thread& thread) {
    thread.must_look = true;
    if (thread.state != ThreadState::Waiting) wake(thread);
}

void Scheduler::resume(Thread& thread) {
    if (thread.state == ThreadState::Stopped) make_ready(thread);
}

void Scheduler::tick() {
    if (current_ == nullptr) return;
    if (current_->slice > 0) --current_->slice;
    if (current_->slice == 0 || !woken_.empty()) must_switch_ = true;
}

void Scheduler::yield() {
    current_->slice = 0;
    current_->must_look = true;
    must_switch_ = true;
}

// Who still has some of its slice goes on with it as the first of those who compute.
Thread* Scheduler::next() {
    Thread* const before = current_;
    must_switch_ = false;
    if (current_ != nullptr && current_->state == ThreadState::Ready) {
        if (current_->slice == 0) {
            give_slice(*current_);
            ready_.push_back(*current_);
        } else {
            ready_.push_front(*current_);
        }
    }
    current_ = woken_.pop_front();
    if (current_ == nullptr) current_ = ready_.pop_front();
    if (current_ != before) ++switches_;
    return current_;
}

// What a kernel thread waits for is work, most of the time.
Scheduler::Demand Scheduler::demand() {
    Demand demand;
    for (const Thread& thread : all_) {
        if (thread.state == ThreadState::Ready) ++demand.running;
        if (thread.state == ThreadState::Waiting && thread.process != nullptr) ++demand.blocked;
    }
    return demand;
}

void Scheduler::check_invariants() {
    woken_.check_invariants();
    ready_.check_invariants();
    all_.check_invariants();
    std::uint32_t seen = 0;
    for (Thread& thread : all_) {
        ++seen;
        ASSERT(thread.scheduler == this);
        const bool waits_for_cpu = thread.state == ThreadState::Ready && &thread != current_;
        ASSERT(thread.ready_hook.is_linked() == waits_for_cpu);
    }
    ASSERT(seen == thread_count_);
}

}  // namespace quire::kernel
