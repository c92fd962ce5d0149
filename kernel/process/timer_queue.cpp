#include "kernel/process/timer_queue.h"

namespace quire::kernel {

void TimerQueue::set(Timer& timer, std::uint64_t deadline) {
    cancel(timer);
    timer.deadline_ = deadline;
    for (Timer& later : timers_) {
        if (later.deadline_ <= deadline) continue;
        timers_.insert_before(later, timer);
        return;
    }
    timers_.push_back(timer);
}

void TimerQueue::cancel(Timer& timer) {
    if (timer.is_set()) timer.hook.unlink();
}

// A function may set, cancel and end any timer, its own too: so each step begins at the front.
void TimerQueue::run_until(std::uint64_t now) {
    for (Timer* first = timers_.front(); first != nullptr && first->deadline_ <= now;
         first = timers_.front()) {
        first->hook.unlink();
        first->function_(first->context_);
    }
}

std::uint64_t TimerQueue::next_deadline() {
    const Timer* first = timers_.front();
    return first == nullptr ? ~std::uint64_t{0} : first->deadline_;
}

void TimerQueue::check_invariants() {
    timers_.check_invariants();
    std::uint64_t last = 0;
    for (const Timer& timer : timers_) {
        ASSERT(timer.deadline_ >= last);
        last = timer.deadline_;
    }
}

}  // namespace quire::kernel
