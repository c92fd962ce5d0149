#include "kernel/kernel_lock.h"

#include "kernel/threads.h"

namespace quire::kernel {

// Whoever waits is out of the list when it wakes as the owner. It may be woken for nothing, too: by
// a signal that ends it.
void KernelLock::acquire() {
    Thread& self = threads_.current();
    if (owner_ == nullptr) owner_ = &self;
    if (owner_ != &self) {
        waiters_.push_back(self);
        while (owner_ != &self) {
            threads_.scheduler().prepare_to_sleep();
            if (threads_.scheduler().sleep(ThreadState::Waiting)) threads_.switch_away();
        }
    }
    ++depth_;
}

void KernelLock::release() {
    ASSERT(is_held());
    if (--depth_ != 0) return;
    owner_ = static_cast<Thread*>(waiters_.pop_front());
    if (owner_ != nullptr) owner_->wake();
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

bool KernelLock::is_held() const {
    return owner_ != nullptr && owner_ == &threads_.current();
}

}  // namespace quire::kernel
