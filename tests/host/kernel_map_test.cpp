// The kernel's own map and its dynamic area, with and without what a CPU may lack.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "mm/kernel_place.h"
#include "mm/machine.h"
#include "tests/host/paging_machine.h"

namespace quire::mm {
namespace {

using test::PagingMachine;

// A kernel as linked: text at 1 MiB, rodata, data, a boot stack with its guard, then the window up
// to the end of 16 MiB of RAM.
PageRange window_pages(std::uint32_t first, std::uint32_t end) {
    return {PageNumber(0xC0000 + first), PageNumber(0xC0000 + end)};
}
KernelPart part(const char* name, std::uint32_t first, std::uint32_t end, Protection protection) {
    return {name, window_pages(first, end), FrameNumber(first), protection, false};
}
const KernelPart kParts[] = {
    part("low memory", 0x000, 0x100, Protection::KernelReadWrite),
    part("kernel text", 0x100, 0x140, Protection::KernelReadOnly),
    part("kernel rodata", 0x140, 0x150, Protection::KernelReadOnly),
    part("kernel data", 0x150, 0x170, Protection::KernelReadWrite),
    KernelPart::guard_of("boot stack", window_pages(0x170, 0x171)),
    part("boot stack", 0x171, 0x175, Protection::KernelReadWrite),
    part("window", 0x175, 0x1000, Protection::KernelReadWrite),
};
constexpr PageRange kArea{PageNumber(0xF0000), PageNumber(0xF1000)};

// All eight combinations of WP, PSE and PGE.
class KernelMapTest : public testing::TestWithParam<int> {
  protected:
    PagingMode mode{(GetParam() & 1) != 0, (GetParam() & 2) != 0, (GetParam() & 4) != 0};
    // The allocator's frames lie behind the kernel image.
    PagingMachine machine{mode, FrameNumber(1024)};
    test::SimulatedMmu& mmu = machine.mmu;
    std::unique_ptr<KernelMap> map;

    void SetUp() override {
        map = std::make_unique<KernelMap>(
            KernelMap::create(machine.frames, kParts, kArea, mode).take());
        mm::machine::load_page_directory(map->directory().frame());
    }
    void TearDown() override {
        map->check_invariants();
        map.reset();
        EXPECT_EQ(machine.used_frames(), 0U);
        EXPECT_TRUE(mmu.missing_flushes().empty());
    }
    // Probes with accesses that change nothing: what is stored is what was there.
    std::string rights(PageNumber page) {
        std::string result;
        for (Ring ring : {Ring::Kernel, Ring::User}) {
            std::uint32_t physical = 0;
            for (Access access : {Access::Read, Access::Write}) {
                const bool works = !mmu.translate(start_of(page), access, ring, physical);
                result += works ? (access == Access::Read ? 'r' : 'w') : '-';
            }
        }
        return result;
    }
};

// Every page of the first 16 MiB of RAM leads to its frame with the rights of its part, and ring 3
// gets nothing anywhere.
TEST_P(KernelMapTest, ProtectsEveryPart) {
    const char* read_only = mode.write_protect ? "r---" : "rw--";
    for (std::uint32_t i = 0; i < 0x1000; ++i) {
        const PageNumber page(0xC0000 + i);
        const bool code = i >= 0x100 && i < 0x150;
        EXPECT_EQ(rights(page), i == 0x170 ? "----" : code ? read_only : "rw--") << i;
        if (i == 0x170) continue;
        EXPECT_EQ(map->directory().translate(start_of(page))->frame, FrameNumber(i));
    }
    for (std::uint32_t page :
         {0x0U, 0x1U, 0xFU, 0x10U, 0x400U, 0xBFFFFU, 0xC1000U, 0xF0000U, 0xFFC00U, 0xFFFFFU}) {
        EXPECT_EQ(rights(PageNumber(page)), "----") << page;
    }
}

// Large entries exactly where a whole 4 MiB has one protection: not the first, which holds text.
TEST_P(KernelMapTest, UsesLargePagesWhereProtectionAllows) {
    for (std::uint32_t i = 0; i < 4; ++i) {
        const Pde pde = map->directory().directory_entry(PageNumber(0xC0000 + i * 1024));
        EXPECT_EQ(pde.is_large(), mode.large_pages && i != 0);
        EXPECT_EQ(pde.is_global(), pde.is_large() && mode.global_pages);
    }
    // One directory, one table for the first 4 MiB, four for the dynamic area; three more without
    // 4 MiB pages.
    EXPECT_EQ(machine.used_frames(), mode.large_pages ? 6U : 9U);
    EXPECT_EQ(map->directory().entry(PageNumber(0xC0100)).is_global(), mode.global_pages);
}

TEST_P(KernelMapTest, IsSeenFromEveryDirectory) {
    Result<PageDirectory> process = PageDirectory::create(machine.frames, map->directory());
    DynamicArea area(map->directory(), machine.frames, kArea, Scope::OneSpace);
    ASSERT_TRUE(area.grow_heap(PageCount(2)).ok());
    mm::machine::load_page_directory(process.value().frame());
    EXPECT_EQ(rights(kArea.first), "rw--");
    EXPECT_EQ(rights(PageNumber(0xC0200)), "rw--");
    area.shrink_heap(PageCount(2));
    EXPECT_EQ(rights(kArea.first), "----");
    mm::machine::load_page_directory(map->directory().frame());
}

TEST_P(KernelMapTest, FailsCleanlyAtEachAllocation) {
    const std::uint32_t used = machine.used_frames();
    const std::uint32_t needed = used;
    for (std::uint32_t n = 1; n <= needed; ++n) {
        machine.injector.fail_nth(n);
        const auto result = KernelMap::create(machine.frames, kParts, kArea, mode);
        ASSERT_FALSE(result.ok()) << n;
        EXPECT_EQ(result.error(), Error::OutOfMemory);
        EXPECT_EQ(machine.used_frames(), used);
    }
    machine.injector.fail_nth(needed + 1);
    EXPECT_TRUE(KernelMap::create(machine.frames, kParts, kArea, mode).ok());
    machine.injector.fail_nth(0);
    machine.frames.check_invariants();
}

INSTANTIATE_TEST_SUITE_P(EveryCpu, KernelMapTest, testing::Range(0, 8));

TEST(KernelMap, RefusesABadDescription) {
    PagingMachine machine;
    const auto create = [&](KernelPart one, KernelPart two) {
        const KernelPart parts[] = {one, two};
        (void)KernelMap::create(machine.frames, parts, kArea, {}).ok();
    };
    const KernelPart good = part("a", 1, 5, Protection::KernelReadOnly);
    EXPECT_DEATH(create(good, part("b", 4, 6, Protection::KernelReadOnly)), "overlaps");
    EXPECT_DEATH(create(good, part("b", 6, 7, Protection::UserReadOnly)), "is_user");
    EXPECT_DEATH(create(good, part("b", 7, 7, Protection::KernelReadOnly)), "empty");
    EXPECT_DEATH(create(good, {"b", {PageNumber(0), PageNumber(1)}, FrameNumber(0)}),
                 "kFirstKernelPage");
    EXPECT_DEATH(create(good, {"b", {PageNumber(0xF0000), PageNumber(0xF0001)}, FrameNumber(0)}),
                 "kDynamicArea");
}

// A part whose frames are not aligned like its pages cannot use large entries.
TEST(KernelMap, UsesSmallPagesForUnalignedFrames) {
    PagingMachine machine;
    const KernelPart parts[] = {{"shifted", window_pages(0x400, 0xC00), FrameNumber(0x401)}};
    Result<KernelMap> map = KernelMap::create(machine.frames, parts, kArea, {});
    EXPECT_FALSE(map.value().directory().directory_entry(PageNumber(0xC0400)).is_large());
    map.value().check_invariants();
}

TEST(KernelMap, ChecksItsInvariants) {
    PagingMachine machine;
    Result<KernelMap> map = KernelMap::create(machine.frames, kParts, kArea, {});
    PageDirectory& directory = map.value().directory();
    EXPECT_DEATH(((void)directory.protect(PageNumber(0xC0100), Protection::KernelReadWrite).flush(),
                  map.value().check_invariants()),
                 "protection");
    EXPECT_DEATH(
        ((void)directory.unmap(PageNumber(0xC0100)).flush(), map.value().check_invariants()),
        "has_value");
}

TEST(KernelMap, SizesTheDynamicAreaByRam) {
    const auto tables = [](std::uint32_t mib) {
        const PageRange area = dynamic_area_for(PageCount(mib * 256));
        EXPECT_EQ(area.first, kDynamicArea.first);
        EXPECT_EQ(table_index(area.end), 0U);
        return area.count().raw() / kEntriesPerTable;
    };
    EXPECT_EQ(tables(4), 5U);
    EXPECT_EQ(tables(8), 5U);
    EXPECT_EQ(tables(9), 6U);
    EXPECT_EQ(tables(128), 20U);
    EXPECT_EQ(tables(472), 63U);
    EXPECT_EQ(tables(768), 63U);
    EXPECT_EQ(dynamic_area_for(PageCount(3584 * 256)).end, kDynamicArea.end);
}

// --- the dynamic area ---

class DynamicAreaTest : public testing::Test {
  protected:
    PagingMachine machine;
    test::SimulatedMmu& mmu = machine.mmu;
    KernelMap map = KernelMap::create(machine.frames, kParts, kArea, {}).take();
    std::unique_ptr<DynamicArea> area =
        std::make_unique<DynamicArea>(map.directory(), machine.frames, kArea, Scope::Global);
    std::uint32_t used_at_start = machine.used_frames();

    void SetUp() override { mm::machine::load_page_directory(map.directory().frame()); }
    void TearDown() override {
        area->check_invariants();
        area.reset();
        map.check_invariants();
        EXPECT_EQ(machine.used_frames(), used_at_start);
        EXPECT_TRUE(mmu.missing_flushes().empty());
        EXPECT_TRUE(mmu.find_stale().empty());
    }
    bool writes(PageNumber page) { return !mmu.store(start_of(page), 4, Ring::Kernel, page.raw()); }
    std::string describe(VirtAddr address) {
        std::string text;
        const auto append = [](void* context, const char* piece, std::size_t length) {
            static_cast<std::string*>(context)->append(piece, length);
        };
        describe_place(map, *area, address, {append, &text});
        return text;
    }
};

TEST_F(DynamicAreaTest, MapsStacksBetweenGuards) {
    DynamicRange init;
    DynamicRange shell;
    ASSERT_TRUE(area->map_stack(init, PageCount(2), "kernel stack of init").ok());
    ASSERT_TRUE(area->map_stack(shell, PageCount(2), "kernel stack of sh").ok());
    for (DynamicRange* range : {&init, &shell}) {
        EXPECT_EQ(range->pages().count(), PageCount(2));
        EXPECT_FALSE(writes(range->with_guards().first));
        EXPECT_TRUE(writes(range->pages().first) && writes(range->pages().first + PageCount(1)));
        EXPECT_FALSE(writes(range->pages().end));
    }
    EXPECT_FALSE(init.with_guards().overlaps(shell.with_guards()));
    area->check_invariants();
    EXPECT_EQ(machine.table.state(map.directory().translate(start_of(init.pages().first))->frame),
              FrameState::KernelStack);
    area->unmap(init);
    EXPECT_FALSE(writes(init.pages().first));
    EXPECT_TRUE(writes(shell.pages().first));
    area->unmap(shell);
    EXPECT_EQ(shell.kind(), DynamicRange::Kind::Unmapped);
}

TEST_F(DynamicAreaTest, NamesWhatOverflowed) {
    DynamicRange init;
    DynamicRange apic;
    ASSERT_TRUE(area->map_stack(init, PageCount(2), "kernel stack of init").ok());
    ASSERT_TRUE(
        area->map_device(apic, FrameRange::of(FrameNumber(0xFEE00), PageCount(1)), "local APIC")
            .ok());
    ASSERT_TRUE(area->grow_heap(PageCount(1)).ok());
    const VirtAddr stack = start_of(init.pages().first);
    EXPECT_EQ(describe(stack - 4), "kernel stack of init overflowed into its guard page");
    EXPECT_EQ(describe(stack), "kernel stack of init");
    EXPECT_EQ(describe(stack + 0x1FFF), "kernel stack of init");
    EXPECT_EQ(describe(stack + 0x2000), "guard page above kernel stack of init");
    EXPECT_EQ(describe(start_of(apic.pages().first) - 1), "guard page below local APIC");
    EXPECT_EQ(describe(VirtAddr(0xF0000FFF)), "kernel heap");
    EXPECT_EQ(describe(VirtAddr(0xF0001000)), "just past the end of the kernel heap");
    EXPECT_EQ(describe(VirtAddr(0xF0002000)), "unused part of the dynamic area");
    EXPECT_EQ(describe(VirtAddr(0xC0170FFC)), "boot stack overflowed into its guard page");
    EXPECT_EQ(describe(VirtAddr(0xC0100000)), "kernel text");
    EXPECT_EQ(describe(VirtAddr(0x00000010)), "null page, never mapped");
    EXPECT_EQ(describe(VirtAddr(0x08048000)), "user half");
    EXPECT_EQ(describe(VirtAddr(0xFFC00000)), "part of the kernel's half that is never mapped");
    area->unmap(init);
    area->unmap(apic);
}

TEST_F(DynamicAreaTest, MapsDevicesUncached) {
    DynamicRange apic;
    const FrameRange frames = FrameRange::of(FrameNumber(0xFEE00), PageCount(3));
    ASSERT_TRUE(area->map_device(apic, frames, "local APIC").ok());
    for (std::uint32_t i = 0; i < 3; ++i) {
        const Pte pte = map.directory().entry(apic.pages().first + PageCount(i));
        EXPECT_EQ(pte.frame(), frames.first + PageCount(i));
        EXPECT_EQ(pte.caching(), Caching::Uncached);
        EXPECT_EQ(pte.protection(), Protection::KernelReadWrite);
        EXPECT_TRUE(pte.is_global());
    }
    EXPECT_EQ(machine.used_frames(), used_at_start);
    area->unmap(apic);
    EXPECT_EQ(machine.used_frames(), used_at_start);
}

TEST_F(DynamicAreaTest, GrowsAndShrinksTheHeap) {
    EXPECT_TRUE(area->heap().empty());
    ASSERT_TRUE(area->grow_heap(PageCount(3)).ok());
    EXPECT_EQ(area->heap(), (PageRange{PageNumber(0xF0000), PageNumber(0xF0003)}));
    EXPECT_TRUE(writes(PageNumber(0xF0000)) && writes(PageNumber(0xF0002)));
    EXPECT_FALSE(writes(PageNumber(0xF0003)));
    EXPECT_EQ(machine.used_frames(), used_at_start + 3);
    area->shrink_heap(PageCount(2));
    EXPECT_FALSE(writes(PageNumber(0xF0001)));
    EXPECT_TRUE(writes(PageNumber(0xF0000)));
    EXPECT_EQ(machine.used_frames(), used_at_start + 1);
    EXPECT_DEATH(area->shrink_heap(PageCount(2)), "assertion failed");
}

// The heap may grow up to the lowest guard page, a range down to the end of the heap.
TEST_F(DynamicAreaTest, HeapAndRangesMeet) {
    DynamicRange most;
    const FrameRange device = FrameRange::of(FrameNumber(0x80000), kArea.count() - PageCount(12));
    ASSERT_TRUE(area->map_device(most, device, "frame buffer").ok());
    EXPECT_EQ(area->grow_heap(PageCount(11)).error(), Error::OutOfMemory);
    ASSERT_TRUE(area->grow_heap(PageCount(7)).ok());
    DynamicRange stack;
    EXPECT_EQ(area->map_stack(stack, PageCount(2), "s").error(), Error::OutOfMemory);
    ASSERT_TRUE(area->map_stack(stack, PageCount(1), "s").ok());
    EXPECT_EQ(stack.with_guards().first, area->heap().end);
    EXPECT_EQ(area->grow_heap(PageCount(1)).error(), Error::OutOfMemory);
    area->check_invariants();
    area->unmap(stack);
    ASSERT_TRUE(area->grow_heap(PageCount(3)).ok());
    area->unmap(most);
}

// Ranges go where the highest gap is that fits, also between two others.
TEST_F(DynamicAreaTest, TellsHowMuchIsUsedAndTheLongestFreeRange) {
    const PageCount all = area->figures().total;
    EXPECT_EQ(area->figures().used, PageCount(0));
    EXPECT_EQ(area->figures().largest_free, all);
    DynamicRange high;
    DynamicRange low;
    ASSERT_TRUE(area->map_stack(high, PageCount(4), "high").ok());
    ASSERT_TRUE(area->map_stack(low, PageCount(2), "low").ok());
    ASSERT_TRUE(area->grow_heap(PageCount(3)).ok());
    EXPECT_EQ(area->figures().used, PageCount(6 + 4 + 3));
    EXPECT_EQ(area->figures().largest_free, all - PageCount(13));
    area->unmap(high);
    EXPECT_EQ(area->figures().used, PageCount(4 + 3));
    EXPECT_EQ(area->figures().largest_free, all - PageCount(13));
    area->unmap(low);
    area->shrink_heap(PageCount(3));
    EXPECT_EQ(area->figures().used, PageCount(0));
}

TEST_F(DynamicAreaTest, FillsGaps) {
    DynamicRange a, b, c, d, e;
    ASSERT_TRUE(area->map_stack(a, PageCount(2), "a").ok());
    ASSERT_TRUE(area->map_stack(b, PageCount(4), "b").ok());
    ASSERT_TRUE(area->map_stack(c, PageCount(2), "c").ok());
    const PageRange gap = b.with_guards();
    area->unmap(b);
    ASSERT_TRUE(area->map_stack(d, PageCount(5), "d").ok());
    EXPECT_LT(d.pages().first, c.pages().first);
    ASSERT_TRUE(area->map_stack(e, PageCount(4), "e").ok());
    EXPECT_EQ(e.with_guards(), gap);
    area->check_invariants();
    for (DynamicRange* range : {&a, &c, &d, &e})
        area->unmap(*range);
    EXPECT_EQ(area->map_stack(a, PageCount(0xFFFFF), "a").error(), Error::OutOfMemory);
    EXPECT_EQ(area->map_stack(a, kArea.count() - PageCount(1), "a").error(), Error::OutOfMemory);
}

TEST_F(DynamicAreaTest, FailsCleanlyAtEachAllocation) {
    ASSERT_TRUE(area->grow_heap(PageCount(2)).ok());
    const std::uint32_t used = machine.used_frames();
    for (std::uint32_t n = 1; n <= 5; ++n) {
        DynamicRange stack;
        machine.injector.fail_nth(n);
        EXPECT_EQ(area->map_stack(stack, PageCount(5), "s").error(), Error::OutOfMemory);
        EXPECT_EQ(stack.kind(), DynamicRange::Kind::Unmapped);
        machine.injector.fail_nth(n);
        EXPECT_EQ(area->grow_heap(PageCount(5)).error(), Error::OutOfMemory);
        EXPECT_EQ(area->heap().count(), PageCount(2));
        EXPECT_EQ(machine.used_frames(), used);
        area->check_invariants();
    }
    machine.injector.fail_nth(6);
    EXPECT_TRUE(area->grow_heap(PageCount(5)).ok());
    machine.injector.fail_nth(0);
}

TEST_F(DynamicAreaTest, RefusesMisuse) {
    DynamicRange stack;
    ASSERT_TRUE(area->map_stack(stack, PageCount(1), "s").ok());
    EXPECT_DEATH((void)area->map_stack(stack, PageCount(1), "s"), "Unmapped");
    EXPECT_DEATH(area.reset(), "empty");
    area->unmap(stack);
    EXPECT_DEATH(area->unmap(stack), "Device");
    EXPECT_DEATH((void)area->map_stack(stack, PageCount(0), "s"), "size");
}

TEST_F(DynamicAreaTest, ChecksItsInvariants) {
    const Pte stray = Pte::for_frame(FrameNumber(2000), Protection::KernelReadWrite);
    ASSERT_TRUE(map.directory().map(PageNumber(0xF0500), stray).ok());
    EXPECT_DEATH(area->check_invariants(), "What");
    (void)map.directory().unmap(PageNumber(0xF0500)).flush();
    ASSERT_TRUE(area->grow_heap(PageCount(2)).ok());
    EXPECT_DEATH(
        ((void)map.directory().unmap(PageNumber(0xF0001)).flush(), area->check_invariants()),
        "mapped");
}

// Many stacks come and go in random order, next to a heap that breathes.
TEST_F(DynamicAreaTest, SurvivesRandomUse) {
    const std::uint64_t seed = test::random_seed();
    std::printf("QUIRE_SEED=%llu\n", static_cast<unsigned long long>(seed));
    std::mt19937_64 random(seed);
    DynamicRange ranges[40];
    for (int step = 0; step < 3000; ++step) {
        DynamicRange& range = ranges[random() % 40];
        const PageCount size(1 + static_cast<std::uint32_t>(random() % 6));
        const bool mapped = range.kind() != DynamicRange::Kind::Unmapped;
        switch (random() % 4) {
        case 0:
            if (area->heap().count() >= size) area->shrink_heap(size);
            break;
        case 1:
            (void)area->grow_heap(size).ok();
            break;
        default:
            if (mapped) {
                area->unmap(range);
                EXPECT_FALSE(writes(range.pages().first));
            } else if (area->map_stack(range, size, "stack").ok()) {
                EXPECT_TRUE(writes(range.pages().first));
            }
        }
        if (step % 16 == 0) area->check_invariants();
    }
    for (DynamicRange& range : ranges) {
        if (range.kind() != DynamicRange::Kind::Unmapped) area->unmap(range);
    }
}

}  // namespace
}  // namespace quire::mm
