// Memory for what lives as long as a line of the shell: taken piece by piece from the top of the
// heap (brk(2)), given back all at once, or back to a mark.
//
//     start_                next_            end_ = the break
//     | a word | a list | ... |   free         |
//                  ^ mark(): release() makes this next_ again
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
    /// Everything taken later than mark() ends with release().
    struct Mark {
        std::uintptr_t place;
    };
    /// What to do when there is no more memory. It must not return.
    using Exhausted = void (*)(void* context);

    Arena();
    /// Takes from `room` alone, which must outlive the arena.
    explicit Arena(std::span<std::byte> room);
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    /// Without it the program ends with a message.
    void on_exhausted(Exhausted handler, void* context);
    /// More than so many bytes are as many as the kernel does not have.
    void set_limit(std::size_t bytes) { limit_ = bytes; }

    /// 16-byte aligned. Does not return when the kernel has no more.
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

    [[nodiscard]] Mark mark() const { return {next_}; }
    void release(Mark mark) { next_ = mark.place; }
    /// How much is taken.
    [[nodiscard]] std::size_t used() const { return next_ - start_; }
    /// Everything taken is gone, and the kernel gets back what is much.
    void clear();

  private:
    bool grow(std::uintptr_t end);

    std::uintptr_t start_;
    std::uintptr_t next_;
    std::uintptr_t end_;
    bool can_grow_;
    std::size_t limit_ = ~std::size_t{0};
    Exhausted exhausted_ = nullptr;
    void* context_ = nullptr;
};

}  // namespace quire
