// An array whose elements come to be when they are written: making one costs nothing.
//
// For what is mostly unused, and whose owner knows which elements count: a process has room for 63
// pending signals and 64 actions, and is made without looking at any of them.
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>

namespace quire {

template <typename T, std::size_t kSize>
class LazyArray {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

  public:
    LazyArray() {}  // NOLINT(modernize-use-equals-default): which may clear the bytes

    /// Precondition of both: index < kSize.
    void write(std::size_t index, const T& value) { new (place(index)) T(value); }
    /// Precondition: it was written.
    const T& operator[](std::size_t index) const {
        return *std::launder(reinterpret_cast<const T*>(bytes_ + index * sizeof(T)));
    }

  private:
    void* place(std::size_t index) { return bytes_ + index * sizeof(T); }

    alignas(T) std::byte bytes_[kSize * sizeof(T)];
};

}  // namespace quire
