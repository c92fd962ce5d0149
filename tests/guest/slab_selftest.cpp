// A slab cache over the real frames: objects hold, empty slabs go back, the books agree.
#include <array>

#include "kernel/memory.h"
#include "kernel/selftest.h"
#include "libc/string.h"

namespace quire::test {
namespace {

constexpr std::uint32_t kObjectSize = 120;
constexpr std::byte kConstructed{0x5C};

SELFTEST(slab_objects_are_constructed_and_come_back) {
    kernel::Memory& memory = *test.system().memory;
    const mm::PageCount before = memory.frames().free_frames();
    {
        mm::SlabCache cache(memory.slabs(), {.name = "self-test",
                                             .size = kObjectSize,
                                             .alignment = 8,
                                             .constructor = [](void* object) {
                                                 memset(object, static_cast<int>(kConstructed),
                                                        kObjectSize);
                                             }});
        std::array<void*, 100> objects{};
        for (void*& object : objects) {
            auto allocated = cache.allocate();
            CHECK(allocated.ok());
            if (!allocated.ok()) return;
            object = allocated.take();
            CHECK(static_cast<std::byte*>(object)[kObjectSize - 1] == kConstructed);
        }
        CHECK(cache.statistics().live == objects.size());
        memory.check_invariants();
        for (void* object : objects)
            cache.release(object);
        CHECK(cache.statistics().live == 0);
        CHECK(cache.reclaim() <= mm::PageCount(1));
    }
    CHECK(memory.frames().free_frames() == before);
    memory.check_invariants();
}

}  // namespace
}  // namespace quire::test
