#include "kernel/kernel_lock.h"

namespace quire::kernel {

// Whoever waits is out of the list when it wakes as the owner. It may be woken for nothing, too: by
// a signal that ends it.
void KernelLock::wait_for_it() {
    Thread& self = threads_.current();
    waiters_.push_back(self);
    while (owner_ != &self) {
        threads_.scheduler().prepare_to_sleep();
        if (threads_.scheduler().sleep(ThreadState::Waiting)) threads_.switch_away();
    }
}

void KernelLock::hand_over() {
    owner_ = static_cast<Thread*>(waiters_.pop_front());
    owner_->wake();
}

std::uint32_t KernelLock::give_up() {
    if (!is_held()) return 0;
    const std::uint32_t depth = depth_;
    depth_ = 1;
    release();
    return depth;
}

void KernelLock::take_back(std::uint32_t depth) {
    if (depth == 0) return;
    acquire();
    depth_ = depth;
}

}  // namespace quire::kernel
