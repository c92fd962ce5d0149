#include "kernel/process/trace_ring.h"

namespace quire::kernel {

void TraceRing::append(const TraceRecord& record) {
    if (storage_.empty()) {
        ++next_;
        ++overwritten_;
        return;
    }
    storage_[next_ % storage_.size()] = record;
    ++next_;
    if (count_ < storage_.size()) {
        ++count_;
    } else {
        ++overwritten_;
    }
}

const TraceRecord& TraceRing::operator[](std::uint32_t number) const {
    ASSERT(number - oldest() < count_);
    return storage_[number % storage_.size()];
}

void TraceRing::clear() {
    count_ = 0;
    overwritten_ = 0;
}

void TraceRing::check_invariants() const {
    ASSERT(count_ <= storage_.size());
    ASSERT(overwritten_ == 0 || count_ == storage_.size());
}

}  // namespace quire::kernel
