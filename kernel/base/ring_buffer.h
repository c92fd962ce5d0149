// A fixed ring of N elements: the oldest leaves first, a full ring refuses.
//
// Two free-running counters; `written_ - read_` is the fill. One producer and one consumer may
// live in different contexts (an interrupt and the code it interrupts) on one CPU, because each
// counter has one writer and an element is stored before its counter moves.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "kernel/base/align.h"

namespace quire {

template <typename T, std::uint32_t kCapacity>
class RingBuffer {
    static_assert(is_power_of_two(kCapacity));

  public:
    [[nodiscard]] bool empty() const { return size() == 0; }
    [[nodiscard]] bool full() const { return size() == kCapacity; }
    [[nodiscard]] std::uint32_t size() const {
        return written_.load(std::memory_order_acquire) - read_.load(std::memory_order_acquire);
    }
    static constexpr std::uint32_t capacity() { return kCapacity; }

    /// Appends `value`; false, and nothing changed, when full.
    [[nodiscard]] bool push(T value) {
        if (full()) return false;
        const std::uint32_t position = written_.load(std::memory_order_relaxed);
        elements_[position % kCapacity] = value;
        written_.store(position + 1, std::memory_order_release);
        return true;
    }

    /// Takes the oldest element into `value`; false, and `value` untouched, when empty.
    [[nodiscard]] bool pop(T& value) {
        if (empty()) return false;
        const std::uint32_t position = read_.load(std::memory_order_relaxed);
        value = elements_[position % kCapacity];
        read_.store(position + 1, std::memory_order_release);
        return true;
    }

    void check_invariants() const { ASSERT(size() <= kCapacity); }

  private:
    std::atomic<std::uint32_t> written_{0};
    std::atomic<std::uint32_t> read_{0};
    T elements_[kCapacity]{};
};

}  // namespace quire
