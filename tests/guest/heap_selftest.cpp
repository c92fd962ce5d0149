// The kernel heap in the kernel: memory comes from the arena, holds what is written, and goes back.
#include <new>

#include "kernel/kernel_heap.h"
#include "kernel/memory.h"
#include "kernel/selftest.h"
#include "libc/string.h"

namespace quire::test {
namespace {

constexpr std::uint32_t kArenaStart = 0xF0000000;

SELFTEST(kmalloc_gives_memory_that_holds) {
    void* block = kernel::kmalloc(1000);
    CHECK(block != nullptr);
    CHECK(reinterpret_cast<std::uint32_t>(block) >= kArenaStart);
    CHECK(reinterpret_cast<std::uint32_t>(block) % 8 == 0);
    memset(block, 0x5A, 1000);
    block = kernel::krealloc(block, 50000);
    CHECK(block != nullptr && static_cast<unsigned char*>(block)[999] == 0x5A);
    kernel::kfree(block);
    kernel::check_kernel_heap();
}

SELFTEST(kcalloc_zeroes_and_kmemalign_aligns) {
    auto* dirty = static_cast<unsigned char*>(kernel::kmalloc(3000));
    CHECK(dirty != nullptr);
    memset(dirty, 0xFF, 3000);
    kernel::kfree(dirty);
    auto* clean = static_cast<unsigned char*>(kernel::kcalloc(30, 100));
    CHECK(clean != nullptr);
    bool zero = true;
    for (int i = 0; i < 3000; ++i)
        zero = zero && clean[i] == 0;
    CHECK(zero);
    kernel::kfree(clean);
    CHECK(kernel::kcalloc(0x10000, 0x10001) == nullptr);
    for (std::uint32_t alignment = 8; alignment <= 8192; alignment *= 2) {
        void* block = kernel::kmemalign(alignment, 100);
        CHECK(block != nullptr && reinterpret_cast<std::uint32_t>(block) % alignment == 0);
        kernel::kfree(block);
    }
}

// More is asked for than there is: nullptr, and everything comes back to the frame allocator.
SELFTEST(kmalloc_fails_cleanly_and_gives_back) {
    mm::FrameAllocator& frames = test.system().memory->frames();
    kernel::kfree(kernel::kmalloc(1));  // the heap's first page stays with it
    kernel::trim_kernel_heap();
    const mm::PageCount before = frames.free_frames();
    CHECK(kernel::kmalloc(0xFFFFFFFF) == nullptr);
    CHECK(kernel::kmalloc(bytes_of(before + mm::PageCount(2))) == nullptr);
    CHECK(frames.free_frames() == before);

    struct Link {
        Link* next;
    };
    Link* chain = nullptr;
    std::uint32_t blocks = 0;
    while (auto* link = static_cast<Link*>(kernel::kmalloc(30000))) {
        link->next = chain;
        chain = link;
        ++blocks;
    }
    kernel::Memory& memory = *test.system().memory;
    const mm::PageRange area = mm::dynamic_area_for(memory.window_end() - mm::FrameNumber(0));
    const bool arena_is_full = area.end - memory.dynamic_area().heap().end < mm::PageCount(256);
    CHECK(blocks > 0 && (frames.free_frames() < mm::PageCount(256) || arena_is_full));
    while (chain != nullptr) {
        Link* next = chain->next;
        kernel::kfree(chain);
        chain = next;
    }
    kernel::trim_kernel_heap();
    CHECK(frames.free_frames() == before);
    kernel::check_kernel_heap();
    memory.check_invariants();
}

SELFTEST(new_and_delete_use_the_kernel_heap) {
    auto* number = new (std::nothrow) std::uint64_t(0x123456789ABCDEF0);
    CHECK(number != nullptr && *number == 0x123456789ABCDEF0);
    delete number;
    auto* array = new (std::nothrow) char[10000];
    CHECK(array != nullptr);
    delete[] array;
}

}  // namespace
}  // namespace quire::test
