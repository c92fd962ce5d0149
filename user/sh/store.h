// Memory for what the shell keeps between two lines: values of variables, functions, history.
//
// A block is a power of two from 16 bytes to 4 KiB, out of chunks of 16 KiB with a list of the free
// blocks of each size; what is larger is a mapping of its own (mmap(2)).
//
//     | size | what was asked for ...      |
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "user/arena.h"

namespace quire::shell {

class Store {
  public:
    Store() = default;
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    /// What to do when there is no more memory. It must not return.
    void on_exhausted(Arena::Exhausted handler, void* context);
    /// More than so many bytes are as many as the kernel does not have.
    void set_limit(std::size_t bytes) { limit_ = bytes; }

    /// 16-byte aligned. Does not return when the kernel has no more.
    [[nodiscard]] void* take(std::size_t bytes);
    /// nullptr: nothing.
    void give(void* block);
    /// The texts, one behind the other, with a NUL behind them.
    [[nodiscard]] char* copy(std::string_view first, std::string_view second = {},
                             std::string_view third = {});

  private:
    struct Header {
        std::size_t size;  // with the header
        Header* next;
        std::size_t padding[2];
    };
    static constexpr std::size_t kSmallest = 5;  // 32 bytes
    static constexpr std::size_t kLargest = 12;
    static constexpr std::size_t kChunk = 16384;

    [[nodiscard]] void* map(std::size_t bytes);
    void refill(std::size_t order);

    std::array<Header*, kLargest + 1> free_{};
    std::size_t limit_ = ~std::size_t{0};
    std::size_t mapped_ = 0;
    Arena::Exhausted exhausted_ = nullptr;
    void* context_ = nullptr;
};

}  // namespace quire::shell
