#include "kernel/kernel_lock.h"

#include "kernel/threads.h"

namespace quire::kernel {

void KernelLock::acquire() {
    Thread& self = threads_.current();
    if (owner_ != &self) {
        while (owner_ != nullptr)
            threads_.wait_on(waiters_, [this] { return owner_ == nullptr; });
        owner_ = &self;
    }
    ++depth_;
}

void KernelLock::release() {
    ASSERT(is_held());
    if (--depth_ != 0) return;
    owner_ = nullptr;
    waiters_.wake_all();
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
