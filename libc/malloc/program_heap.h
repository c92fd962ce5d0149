// The malloc family of a program as pure logic: one Heap, one lock, and on request the DebugHeap.
//
//      new --first call--> plain      the gate is open: malloc and free take it inline
//              \---------> watched    the gate stays shut for ever: every call goes the long way,
//                                     to the DebugHeap, under the second lock
//
// The gate is the heap's lock. It is shut at first, too, so the common path asks one question for
// all three: is the heap set up, is it plain, does nobody else have it?
// A new heap is all zeroes: it lies in .bss and takes no room in the file of a program.
// Errors are answers: nullptr for want of memory or an impossible size, after home.out_of_memory().
// A wrong pointer is told to home.misuse() or home.damage(), and nothing changes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libc/heap/debug_heap.h"
#include "libc/heap/heap.h"
#include "libc/heap/heap_paths.h"
#include "libc/malloc/heap_lock.h"

namespace quire::libc {

/// What a heap needs to know of the program it is in.
struct HeapHome {
    heap::PageSource& source;
    bool (*watched)();  // whether the DebugHeap is asked for; called once
    heap::MisuseReport misuse;
    heap::DebugHeap::ReportFunction damage;
    void (*out_of_memory)();  // a call is about to answer nullptr: errno
};

/// The return address of the function that this is inlined into, read only where it is needed.
struct ReturnAddress {
    [[gnu::always_inline]] operator std::uintptr_t() const {
        return reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
    }
};

class ProgramHeap;
/// The home of `heap`, asked by calls that are rare. A program has one, a host test one for each.
const HeapHome& home_of(const ProgramHeap& heap);

class ProgramHeap {
  public:
    constexpr ProgramHeap() = default;
    ProgramHeap(const ProgramHeap&) = delete;
    ProgramHeap& operator=(const ProgramHeap&) = delete;

    /// As malloc(3). `caller` is a ReturnAddress or a number, for the reports of a watched heap.
    template <typename Caller>
    [[nodiscard, gnu::always_inline]] void* allocate(std::size_t size, Caller caller) {
        if (!gate_.try_take()) [[unlikely]]
            return allocate_slowly(size, caller);
        return heap::allocate(*this, size);
    }
    template <typename Caller>
    [[gnu::always_inline]] void deallocate(void* pointer, Caller caller) {
        if (!gate_.try_take()) [[unlikely]]
            return deallocate_slowly(pointer, caller);
        heap::deallocate(*this, pointer);
    }
    /// As calloc(3): memory that comes fresh from the source is not cleared again.
    [[nodiscard]] void* allocate_zeroed(std::size_t count, std::size_t size, std::uintptr_t caller);
    /// As realloc(3) of a block, or of none, to a size that is not 0.
    template <typename Caller>
    [[nodiscard, gnu::always_inline]] void* reallocate(void* pointer, std::size_t size,
                                                       Caller caller) {
        if (!gate_.try_take()) [[unlikely]]
            return reallocate_slowly(pointer, size, caller);
        return heap::reallocate(*this, pointer, size);
    }

    /// What an owner of heap_paths.h has. Precondition: the gate is held; all but parts() let it
    /// go.
    static constexpr bool kBlocksInline = false;
    [[nodiscard]] heap::HeapParts& parts() { return heap().parts(); }
    [[gnu::always_inline]] void leave() { gate_.release(); }
    [[nodiscard, gnu::always_inline]] void* leave_with(void* result) {
        return gate_.release_with(result);
    }
    [[nodiscard, gnu::noinline]] HEAP_CALL void* leave_without_memory();

    /// As memalign(3). Precondition: `alignment` is a power of two.
    [[nodiscard]] void* allocate_aligned(std::size_t alignment, std::size_t size,
                                         std::uintptr_t caller);
    [[nodiscard]] std::size_t usable_size(void* pointer);

    /// As malloc_trim(3): whether anything went back.
    bool trim(std::size_t keep);
    [[nodiscard]] heap::HeapStatistics statistics();

    /// What mallopt(3) may set.
    struct Limits {
        std::size_t map_from;       // requests of this size and more get a mapping of their own
        std::size_t most_mappings;  // at once
        std::size_t trim_from;      // a free end of the arena this large goes back
        std::size_t ahead;          // more than needed is asked for at the end
    };
    /// The arena grows by four pages at a time, as a call of the kernel costs as much as a fault.
    static constexpr Limits kUsualLimits{heap::Mappings::kFrom, SIZE_MAX, 32 * 1024, 12 * 1024};
    [[nodiscard]] Limits limits();
    void set_limits(const Limits& limits);

    /// Around fork(2): the child must not find the heap in the hands of a thread that it lacks.
    void before_fork() { fork_plain_ = enter(); }
    void after_fork_in_parent() { leave_as(fork_plain_); }
    void after_fork_in_child();

    /// Where a watched heap tells of its leaks.
    class LeakReport {
      public:
        virtual void leak(const heap::DebugHeap::SiteTotal& row) = 0;

      protected:
        ~LeakReport() = default;
    };
    /// Looks at every red zone, then shows what was never freed, a row for each caller. Returns how
    /// many blocks; 0, and nothing is looked at, for a heap that is not watched.
    std::size_t report_leaks(LeakReport& report);

    /// Lets go of the locks, so that a report may end the program, whose handlers may use the heap.
    void leave_for_good() { leave_as(is(kPlain)); }

    void check_invariants();

  private:
    static constexpr std::uint32_t kNew = 0;
    static constexpr std::uint32_t kStarting = 1;  // somebody is in set_up()
    static constexpr std::uint32_t kPlain = 2;
    static constexpr std::uint32_t kWatched = 3;
    static constexpr std::size_t kLeakRows = 32;

    [[nodiscard]] heap::Heap& heap() { return *reinterpret_cast<heap::Heap*>(heap_place_); }
    [[nodiscard]] heap::DebugHeap& debug() {
        return *reinterpret_cast<heap::DebugHeap*>(debug_place_);
    }
    [[nodiscard]] bool is(std::uint32_t mode) const {
        return __atomic_load_n(&mode_, __ATOMIC_ACQUIRE) == mode;
    }
    // Whether the heap is plain; then the gate is held, else the second lock.
    [[nodiscard]] bool enter() { return gate_.try_take() || enter_slowly(); }
    [[nodiscard]] bool enter_slowly();
    void leave_as(bool plain);
    [[nodiscard]] bool comes_first();
    void set_up();
    void* checked(void* pointer);
    [[gnu::noinline]] HEAP_CALL void* allocate_slowly(std::size_t size, std::uintptr_t caller);
    [[gnu::noinline]] HEAP_CALL void* reallocate_slowly(void* pointer, std::size_t size,
                                                        std::uintptr_t caller);
    [[gnu::noinline]] HEAP_CALL void deallocate_slowly(void* pointer, std::uintptr_t caller);

    HeapLock gate_;
    HeapLock second_;
    std::uint32_t mode_ = kNew;
    bool fork_plain_ = false;
    // Made by set_up(), so that a program which never asks for memory pays no page for them.
    alignas(heap::Heap) std::byte heap_place_[sizeof(heap::Heap)] = {};
    alignas(heap::DebugHeap) std::byte debug_place_[sizeof(heap::DebugHeap)] = {};
};

}  // namespace quire::libc
