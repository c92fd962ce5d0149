// The debug heap: each kind of damage is seen, described rightly, and blamed on the right caller.
#include "libc/heap/debug_heap.h"

#include <gtest/gtest.h>

#include "tests/host/heap_support.h"

namespace quire::test {
namespace {

using heap::CallSite;
using heap::DebugHeap;
using heap::DebugReport;
using Kind = heap::DebugReport::Kind;

std::vector<DebugReport>& reports() {
    static std::vector<DebugReport> list;
    return list;
}
void record_report(const DebugReport& report) {
    reports().push_back(report);
}

class DebugHeapTest : public testing::Test {
  protected:
    DebugHeapTest() { reports().clear(); }
    ~DebugHeapTest() override {
        debug_.flush();
        heap_.check_invariants();
        EXPECT_TRUE(take_misuses().empty());
        EXPECT_TRUE(reports().empty());
    }
    DebugReport only_report() {
        EXPECT_EQ(reports().size(), 1U);
        if (reports().empty()) return {};
        const DebugReport report = reports()[0];
        reports().clear();
        return report;
    }
    static std::string line(const DebugReport& report) {
        char buffer[200];
        const std::size_t length = format_report(report, buffer, sizeof buffer);
        EXPECT_EQ(length, std::strlen(buffer));
        // The address differs from run to run.
        std::string text = buffer;
        const std::size_t at = text.find(" at 0x");
        return text.substr(0, at) + text.substr(text.find(' ', at + 4));
    }

    TestSource source_;
    heap::Heap heap_{source_, record_misuse};
    DebugHeap debug_{heap_, record_report};
};

TEST_F(DebugHeapTest, PoisonsNewAndFreedMemory) {
    auto* block = static_cast<std::uint8_t*>(debug_.allocate(40, {"here"}));
    for (int i = 0; i < 40; ++i)
        EXPECT_EQ(block[i], DebugHeap::kNewByte);
    debug_.deallocate(block, {"there"});
    for (int i = 0; i < 40; ++i)
        EXPECT_EQ(block[i], DebugHeap::kFreedByte);
    auto* zeroed = static_cast<std::uint8_t*>(debug_.allocate_zeroed(10, 4, {"here"}));
    for (int i = 0; i < 40; ++i)
        EXPECT_EQ(zeroed[i], 0);
    debug_.deallocate(zeroed, {"there"});
}

TEST_F(DebugHeapTest, NamesWritesPastTheBlock) {
    for (std::size_t distance = 0; distance < DebugHeap::kRedZone; ++distance) {
        auto* block = static_cast<std::uint8_t*>(debug_.allocate(24, {"maker.c:7"}));
        block[24 + distance] = 0;
        debug_.deallocate(block, {"user.c:9"});
        const DebugReport report = only_report();
        EXPECT_EQ(report.kind, Kind::WroteBehind);
        EXPECT_EQ(report.distance, distance);
        EXPECT_EQ(report.block, block);
        if (distance == 8) {
            EXPECT_EQ(line(report),
                      "write 8 bytes past the block of 24 bytes allocated at maker.c:7");
        }
    }
}

TEST_F(DebugHeapTest, NamesWritesBeforeTheBlock) {
    for (std::size_t distance = 1; distance <= DebugHeap::kRedZone; ++distance) {
        auto* block = static_cast<std::uint8_t*>(debug_.allocate(1, {"maker.c:7"}));
        *(block - distance) = 0;
        EXPECT_EQ(debug_.check_all(), 1U);
        const DebugReport report = only_report();
        EXPECT_EQ(report.kind, Kind::WroteBefore);
        EXPECT_EQ(report.distance, distance);
        if (distance == 1) {
            EXPECT_EQ(line(report),
                      "write 1 byte before the block of 1 byte allocated at maker.c:7");
        }
        EXPECT_EQ(debug_.check_all(), 0U);  // told once
        debug_.deallocate(block, {"user.c:9"});
    }
}

TEST_F(DebugHeapTest, SeesWritesAfterFree) {
    auto* block = static_cast<std::uint8_t*>(debug_.allocate(100, {"maker.c:7"}));
    debug_.deallocate(block, {"user.c:9"});
    block[33] = 1;
    EXPECT_EQ(debug_.check_all(), 1U);
    DebugReport report = only_report();
    EXPECT_EQ(report.kind, Kind::WroteAfterFree);
    EXPECT_EQ(line(report),
              "write after free, 33 bytes into the block of 100 bytes allocated at maker.c:7, "
              "freed at user.c:9");
    // Also when nobody asks, at the latest when the block leaves the ring.
    block[99] = 1;
    for (std::size_t i = 0; i < DebugHeap::kHeldBack; ++i) {
        debug_.deallocate(debug_.allocate(8, {"a"}), {"b"});
    }
    report = only_report();
    EXPECT_EQ(report.distance, 99U);
}

TEST_F(DebugHeapTest, RefusesWrongPointers) {
    auto* block = static_cast<std::uint8_t*>(debug_.allocate(100, {"maker.c:7"}));
    debug_.deallocate(block + 4, {"user.c:9"});
    EXPECT_EQ(only_report().kind, Kind::UnknownPointer);
    debug_.deallocate(block, {"user.c:9"});
    debug_.deallocate(block, {"user.c:12"});
    const DebugReport report = only_report();
    EXPECT_EQ(report.kind, Kind::DoubleFree);
    EXPECT_EQ(line(report),
              "second free of the block of 100 bytes allocated at maker.c:7, freed at user.c:9");
    EXPECT_EQ(debug_.reallocate(block, 10, {"x"}), nullptr);
    EXPECT_EQ(only_report().kind, Kind::DoubleFree);
    EXPECT_EQ(debug_.usable_size(block), 0U);
    EXPECT_EQ(only_report().kind, Kind::DoubleFree);
    debug_.deallocate(nullptr, {"x"});
    char buffer[64];
    heap::format_report({Kind::UnknownPointer, reinterpret_cast<void*>(0x1234), 0, 0, {}, {}},
                        buffer, 64);
    EXPECT_STREQ(buffer, "no block starts at 0x1234");
}

TEST_F(DebugHeapTest, CutsALongLine) {
    const DebugReport report{Kind::WroteBehind, nullptr, 24, 8, {nullptr, 0xC0DE}, {}};
    for (std::size_t capacity = 1; capacity < 80; ++capacity) {
        std::vector<char> buffer(capacity, 'x');
        EXPECT_LT(format_report(report, buffer.data(), capacity), capacity);
        EXPECT_LT(strnlen(buffer.data(), capacity), capacity);
    }
    char buffer[200];
    format_report(report, buffer, sizeof buffer);
    EXPECT_STREQ(buffer, "write 8 bytes past the block of 24 bytes at 0x0 allocated at 0xc0de");
}

TEST_F(DebugHeapTest, MovesOnEveryRealloc) {
    auto* block = static_cast<std::uint8_t*>(debug_.allocate(10, {"a"}));
    block[9] = 77;
    auto* larger = static_cast<std::uint8_t*>(debug_.reallocate(block, 11, {"b"}));
    EXPECT_NE(larger, block);
    EXPECT_EQ(larger[9], 77);
    EXPECT_EQ(larger[10], DebugHeap::kNewByte);
    EXPECT_EQ(debug_.usable_size(larger), 11U);
    auto* smaller = static_cast<std::uint8_t*>(debug_.reallocate(larger, 1, {"c"}));
    EXPECT_EQ(debug_.live_bytes(), 1U);
    debug_.deallocate(smaller, {"d"});
    debug_.deallocate(debug_.reallocate(nullptr, 5, {"e"}), {"f"});
    EXPECT_EQ(debug_.live_blocks(), 0U);
}

TEST_F(DebugHeapTest, AlignsAndRefusesLikeTheHeap) {
    for (std::size_t alignment = 1; alignment <= 8192; alignment *= 2) {
        void* block = debug_.allocate_aligned(alignment, 50, {"a"});
        ASSERT_NE(block, nullptr);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignment, 0U);
        debug_.deallocate(block, {"b"});
    }
    EXPECT_EQ(debug_.allocate_aligned(3, 50, {"a"}), nullptr);
    EXPECT_EQ(debug_.allocate(SIZE_MAX, {"a"}), nullptr);
    EXPECT_EQ(debug_.allocate(heap::kLargestRequest, {"a"}), nullptr);
    EXPECT_EQ(debug_.allocate_zeroed(SIZE_MAX / 2, 3, {"a"}), nullptr);
    source_.fail_from(1);
    EXPECT_EQ(debug_.allocate(10 << 20, {"a"}), nullptr);
    void* block = debug_.allocate(10, {"a"});
    EXPECT_EQ(debug_.reallocate(block, 10 << 20, {"a"}), nullptr);
    EXPECT_EQ(debug_.live_blocks(), 1U);
    debug_.deallocate(block, {"b"});
}

TEST_F(DebugHeapTest, TellsWhoHoldsWhat) {
    std::vector<void*> blocks;
    for (int i = 0; i < 5; ++i)
        blocks.push_back(debug_.allocate(10, {"small"}));
    for (int i = 0; i < 3; ++i)
        blocks.push_back(debug_.allocate(1000, {"large"}));
    blocks.push_back(debug_.allocate(60, CallSite{nullptr, 0x1000}));
    DebugHeap::SiteTotal table[4];
    ASSERT_EQ(debug_.who_holds(table, 4), 3U);
    EXPECT_STREQ(table[0].site.name, "large");
    EXPECT_EQ(table[0].blocks, 3U);
    EXPECT_EQ(table[0].bytes, 3000U);
    EXPECT_EQ(table[1].site.address, 0x1000U);
    EXPECT_STREQ(table[2].site.name, "small");
    EXPECT_EQ(table[2].bytes, 50U);
    // Too small a table sums the rest.
    ASSERT_EQ(debug_.who_holds(table, 2), 2U);
    EXPECT_EQ(table[0].blocks + table[1].blocks, 9U);
    EXPECT_EQ(table[0].bytes + table[1].bytes, 3110U);
    for (void* block : blocks)
        debug_.deallocate(block, {"end"});
    EXPECT_EQ(debug_.who_holds(table, 4), 0U);
}

}  // namespace
}  // namespace quire::test
