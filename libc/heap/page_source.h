// Where a heap gets its pages from: the one seam between the allocator and its two homes.
//
// A source offers one arena, a range that starts where extend() first answered and whose end moves
// like the break of brk(2): kbrk in the kernel, sbrk for a user program. It may also offer separate
// mappings for large blocks, as mmap(2) does; a source that has none keeps the default map().
// Every size is a multiple of page_size(); every page comes zeroed, or zeroed() says otherwise.
#pragma once

#include <cstddef>

namespace quire::heap {

class PageSource {
  public:
    PageSource() = default;
    PageSource(const PageSource&) = delete;
    PageSource& operator=(const PageSource&) = delete;

    /// The unit of all sizes: a power of two, 4 KiB on our machine.
    [[nodiscard]] virtual std::size_t page_size() const { return 4096; }

    /// Whether new pages read as zeroes, so that calloc need not clear them.
    [[nodiscard]] virtual bool zeroed() const { return true; }

    /// Adds `bytes` at the end of the arena and returns where they start: at the end of what was
    /// there before, or at a page higher up when somebody else has taken what lies between.
    /// nullptr, and nothing changed, when there is no room or no memory.
    [[nodiscard]] virtual void* extend(std::size_t bytes) = 0;

    /// Whether shrink() may be called now: not while somebody else's memory lies above.
    [[nodiscard]] virtual bool can_shrink() { return true; }

    /// Gives the last `bytes` of the arena back. They were obtained from extend().
    virtual void shrink(std::size_t bytes) = 0;

    /// A separate mapping of `bytes`, or nullptr: no memory, or no such thing in this home.
    [[nodiscard]] virtual void* map(std::size_t bytes) {
        static_cast<void>(bytes);
        return nullptr;
    }

    /// Ends a mapping made by map() with the same size.
    virtual void unmap(void* mapping, std::size_t bytes) {
        static_cast<void>(mapping);
        static_cast<void>(bytes);
    }

    /// Changes the size of a mapping, moving it with its contents if need be, and returns where it
    /// is now. nullptr, and the mapping as it was, when that cannot be done.
    [[nodiscard]] virtual void* remap(void* mapping, std::size_t old_bytes, std::size_t new_bytes) {
        static_cast<void>(mapping);
        static_cast<void>(old_bytes);
        static_cast<void>(new_bytes);
        return nullptr;
    }

  protected:
    ~PageSource() = default;
};

}  // namespace quire::heap
