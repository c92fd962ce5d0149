// A list that grows, of what may be moved byte by byte.
#pragma once

#include <stdlib.h>

#include <span>
#include <type_traits>

#include "user/tools/tool.h"

namespace quire::tools {

template <typename T>
class List {
  public:
    List() = default;
    ~List() { free(items_); }
    List(const List&) = delete;
    List& operator=(const List&) = delete;

    /// A copy at the end; ends the program if there is no memory.
    void add(const T& item) {
        static_assert(std::is_trivially_copyable_v<T>);
        if (count_ == room_) {
            constexpr size_t kFirst = 16;
            room_ = room_ == 0 ? kFirst : 2 * room_;
            items_ = static_cast<T*>(need_memory(reallocarray(items_, room_, sizeof(T))));
        }
        items_[count_++] = item;
    }
    [[nodiscard]] std::span<T> all() const { return {items_, count_}; }
    /// compare() as qsort(3) has it.
    void sort(int (*compare)(const void*, const void*)) {
        qsort(items_, count_, sizeof(T), compare);
    }
    void reverse() {
        for (size_t i = 0; i < count_ / 2; ++i) {
            const T moved = items_[i];
            items_[i] = items_[count_ - 1 - i];
            items_[count_ - 1 - i] = moved;
        }
    }

  private:
    T* items_ = nullptr;
    size_t count_ = 0;
    size_t room_ = 0;
};

}  // namespace quire::tools
