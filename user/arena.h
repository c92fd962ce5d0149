// Memory for what lives as long as a line of the shell: taken piece by piece from the top of the
// heap (brk(2)), given back all at once.
//
//     start_                next_            end_ = the break
//     | a word | a list | ... |   free         |
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>

namespace quire {

class Arena {
  public:
    Arena();
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    /// 16-byte aligned. Ends the program with a message when the kernel has no more.
    [[nodiscard]] void* take(std::size_t bytes);
    template <typename T, typename... Arguments>
    [[nodiscard]] T* make(Arguments&&... arguments) {
        static_assert(std::is_trivially_destructible_v<T>);
        return new (take(sizeof(T))) T{static_cast<Arguments&&>(arguments)...};
    }
    template <typename T>
    [[nodiscard]] std::span<T> make_array(std::size_t count) {
        static_assert(std::is_trivial_v<T>);
        return {static_cast<T*>(take(count * sizeof(T))), count};
    }
    /// A copy with a NUL behind it.
    [[nodiscard]] char* copy(std::string_view text);

    /// Everything taken is gone.
    void clear() { next_ = start_; }

  private:
    std::uintptr_t start_;
    std::uintptr_t next_;
    std::uintptr_t end_;
};

}  // namespace quire
