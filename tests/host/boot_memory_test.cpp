// mm/boot_memory: memory maps of real machines and of bad dreams.
#include "mm/boot_memory.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/host/boot_memory_oracle.h"
#include "tests/host/frame_world.h"

namespace quire::mm {
namespace {

constexpr std::uint32_t kAllFrames = 1U << 20;

// As Linux prints the map: first byte, byte after the last, type.
struct Line {
    std::uint64_t first;
    std::uint64_t end;
    std::uint32_t type;
};
struct Frames {
    std::uint32_t first;
    std::uint32_t end;
};
struct Fixture {
    const char* name;
    std::vector<Line> lines;
    std::vector<Frames> usable;      // below 4 GiB
    std::uint64_t beyond_4_gib = 0;  // frames
};

std::vector<MemoryMapEntry> entries_of(const std::vector<Line>& lines) {
    std::vector<MemoryMapEntry> entries;
    for (const Line& line : lines) {
        entries.push_back({line.first, line.end - line.first, line.type, 1});
    }
    return entries;
}

std::string text(std::span<const FrameRange> ranges) {
    std::string result;
    char line[32];
    for (const FrameRange& range : ranges) {
        std::snprintf(line, sizeof line, "%x-%x ", range.first.raw(), range.end.raw());
        result += line;
    }
    return result;
}
std::string text(const std::vector<Frames>& ranges) {
    std::vector<FrameRange> frames;
    for (Frames range : ranges)
        frames.push_back({FrameNumber(range.first), FrameNumber(range.end)});
    return text(frames);
}

const Fixture kFixtures[] = {
    {"QEMU 7.2, 2 MiB",
     {{0, 0x9FC00, 1},
      {0x9FC00, 0xA0000, 2},
      {0xF0000, 0x100000, 2},
      {0x100000, 0x1E0000, 1},
      {0x1E0000, 0x200000, 2},
      {0xFFFC0000, 0x100000000, 2}},
     {{1, 0x9F}, {0x100, 0x1E0}}},
    {"QEMU 7.2, 4 MiB",
     {{0, 0x9FC00, 1},
      {0x9FC00, 0xA0000, 2},
      {0xF0000, 0x100000, 2},
      {0x100000, 0x3E0000, 1},
      {0x3E0000, 0x400000, 2},
      {0xFFFC0000, 0x100000000, 2}},
     {{1, 0x9F}, {0x100, 0x3E0}}},
    {"QEMU 7.2, 16 MiB",
     {{0, 0x9FC00, 1},
      {0x9FC00, 0xA0000, 2},
      {0xF0000, 0x100000, 2},
      {0x100000, 0xFE0000, 1},
      {0xFE0000, 0x1000000, 2},
      {0xFFFC0000, 0x100000000, 2}},
     {{1, 0x9F}, {0x100, 0xFE0}}},
    {"QEMU 7.2, 128 MiB",
     {{0, 0x9FC00, 1},
      {0x9FC00, 0xA0000, 2},
      {0xF0000, 0x100000, 2},
      {0x100000, 0x7FE0000, 1},
      {0x7FE0000, 0x8000000, 2},
      {0xFFFC0000, 0x100000000, 2}},
     {{1, 0x9F}, {0x100, 0x7FE0}}},
    {"QEMU 7.2, 3584 MiB",
     {{0, 0x9FC00, 1},
      {0x9FC00, 0xA0000, 2},
      {0xF0000, 0x100000, 2},
      {0x100000, 0xBFFE0000, 1},
      {0xBFFE0000, 0xC0000000, 2},
      {0xFFFC0000, 0x100000000, 2},
      {0x100000000, 0x120000000, 1}},
     {{1, 0x9F}, {0x100, 0xBFFE0}},
     0x20000},
    {"Bochs 2.7, 32 MiB",
     {{0, 0x9F000, 1},
      {0x9F000, 0xA0000, 2},
      {0xE8000, 0x100000, 2},
      {0x100000, 0x1FF0000, 1},
      {0x1FF0000, 0x2000000, 3},
      {0xFFFC0000, 0x100000000, 2}},
     {{1, 0x9F}, {0x100, 0x1FF0}}},
    {"ASUS CUSL2, 256 MiB: reserved between ACPI data and NVS",
     {{0, 0x9F800, 1},
      {0x9F800, 0xA0000, 2},
      {0xF0000, 0x100000, 2},
      {0x100000, 0xFFEB000, 1},
      {0xFFEB000, 0xFFEF000, 3},
      {0xFFEF000, 0xFFFF000, 2},
      {0xFFFF000, 0x10000000, 4},
      {0xFFF80000, 0x100000000, 2}},
     {{1, 0x9F}, {0x100, 0xFFEB}}},
    {"MSI KT4 Ultra, 512 MiB",
     {{0, 0x9FC00, 1},
      {0x9FC00, 0xA0000, 2},
      {0xF0000, 0x100000, 2},
      {0x100000, 0x1FFF0000, 1},
      {0x1FFF0000, 0x1FFF8000, 3},
      {0x1FFF8000, 0x20000000, 4},
      {0xFEC00000, 0xFEC01000, 2},
      {0xFEE00000, 0xFEE01000, 2},
      {0xFFF80000, 0x100000000, 2}},
     {{1, 0x9F}, {0x100, 0x1FFF0}}},
    {"PC of 2001, 256 MiB, no ACPI",
     {{0, 0x9FC00, 1},
      {0x9FC00, 0xA0000, 2},
      {0xF0000, 0x100000, 2},
      {0x100000, 0x10000000, 1},
      {0xFFFF0000, 0x100000000, 2}},
     {{1, 0x9F}, {0x100, 0x10000}}},
    {"laptop of 2003, 128 MiB: edges in the middle of a frame",
     {{0, 0x9FC00, 1},
      {0x9FC00, 0xA0000, 2},
      {0xE0000, 0x100000, 2},
      {0x100000, 0x7EE2EC0, 1},
      {0x7EE2EC0, 0x7EE6EC0, 3},
      {0x7EE6EC0, 0x7EEEF00, 4},
      {0x7EEEF00, 0x8000000, 2},
      {0xFEC00000, 0xFEC01000, 2},
      {0xFEE00000, 0xFEE01000, 2},
      {0xFFF80000, 0x100000000, 2}},
     {{1, 0x9F}, {0x100, 0x7EE2}}},
    {"two CPUs on a VIA board, 512 MiB: hole at 15 MiB",
     {{0, 0x9FC00, 1},
      {0x9FC00, 0xA0000, 2},
      {0xF0000, 0x100000, 2},
      {0x100000, 0xF00000, 1},
      {0xF00000, 0x1000000, 2},
      {0x1000000, 0x20000000, 1},
      {0xFEC00000, 0xFEC01000, 2},
      {0xFEE00000, 0xFEE01000, 2},
      {0xFFFF0000, 0x100000000, 2}},
     {{1, 0x9F}, {0x100, 0xF00}, {0x1000, 0x20000}}},
    {"200 MHz PC, ALi, 192 MiB: RAM up to A0000, hole at 15 MiB",
     {{0, 0xA0000, 1},
      {0xF0000, 0x100000, 2},
      {0x100000, 0xF00000, 1},
      {0xF00000, 0x1000000, 2},
      {0x1000000, 0xBFFC000, 1},
      {0xBFFC000, 0xBFFF000, 3},
      {0xBFFF000, 0xC000000, 4},
      {0xFFFF0000, 0x100000000, 2}},
     {{1, 0xA0}, {0x100, 0xF00}, {0x1000, 0xBFFC}}},
    {"Tyan with RAID card, 512 MiB: option ROMs from CA000",
     {{0, 0x9F400, 1},
      {0x9F400, 0xA0000, 2},
      {0xCA000, 0x100000, 2},
      {0x100000, 0xF00000, 1},
      {0xF00000, 0x1000000, 2},
      {0x1000000, 0x1FF80000, 1},
      {0x1FF80000, 0x20000000, 2},
      {0xFEC00000, 0xFEC04000, 2},
      {0xFEE00000, 0xFEE01000, 2},
      {0xFFF80000, 0x100000000, 2}},
     {{1, 0x9F}, {0x100, 0xF00}, {0x1000, 0x1FF80}}},
    {"PC of 2008, 1 GiB: memory taken by the video chip",
     {{0, 0x9F800, 1},
      {0x9F800, 0xA0000, 2},
      {0xF0000, 0x100000, 2},
      {0x100000, 0x3BFF0000, 1},
      {0x3BFF0000, 0x3BFF3000, 4},
      {0x3BFF3000, 0x3C000000, 3},
      {0x3C000000, 0x40000000, 2},
      {0xF0000000, 0xF2000000, 2},
      {0xFEC00000, 0x100000000, 2}},
     {{1, 0x9F}, {0x100, 0x3BFF0}}},
    {"server of 2006, 12 GiB",
     {{0, 0x9FC00, 1},
      {0x9FC00, 0xA0000, 2},
      {0xE0000, 0x100000, 2},
      {0x100000, 0xFAFF0000, 1},
      {0xFAFF0000, 0xFAFFF000, 3},
      {0xFAFFF000, 0xFB000000, 4},
      {0xFF7C0000, 0x100000000, 2},
      {0x100000000, 0x300000000, 1}},
     {{1, 0x9F}, {0x100, 0xFAFF0}},
     0x200000},
    {"out of order, empty entries, and RAM split in the middle of a frame",
     {{0x200000, 0x400000, 1},
      {0x9FC00, 0xA0000, 2},
      {0x300000, 0x300000, 2},
      {0, 0x9FC00, 1},
      {0x100000, 0x180800, 1},
      {0x180800, 0x200000, 1},
      {0x500000, 0x500FFF, 1}},
     {{1, 0x9F}, {0x100, 0x400}}},
    {"overlaps: the worse kind wins, a byte is enough",
     {{0, 0x800000, 1},
      {0x200000, 0x300000, 3},
      {0x280000, 0x280001, 1},
      {0x300FFF, 0x301000, 5},
      {0x400000, 0x500000, 2},
      {0x480000, 0x600000, 1},
      {0x700001, 0x700002, 4}},
     {{1, 0xA0}, {0x100, 0x200}, {0x301, 0x400}, {0x500, 0x700}, {0x701, 0x800}}},
    {"unknown types are not RAM",
     {{0, 0xA0000, 1},
      {0x100000, 0x1000000, 1},
      {0x200000, 0x210000, 7},
      {0x300000, 0x310000, 0},
      {0x400000, 0x410000, 20},
      {0x500000, 0x510000, 0xFFFFFFFF}},
     {{1, 0xA0}, {0x100, 0x200}, {0x210, 0x300}, {0x310, 0x400}, {0x410, 0x500}, {0x510, 0x1000}}},
    {"RAM claimed where a PC has none", {{0, 0x1000000, 1}}, {{1, 0xA0}, {0x100, 0x1000}}},
    {"nothing at all", {}, {}},
};

TEST(BootMemory, ReadsEveryFixture) {
    for (const Fixture& fixture : kFixtures) {
        SCOPED_TRACE(fixture.name);
        const std::vector<MemoryMapEntry> entries = entries_of(fixture.lines);
        BootMemory memory(entries, FrameNumber(kAllFrames));
        EXPECT_EQ(text(memory.usable()), text(fixture.usable));
        EXPECT_EQ(memory.frames_beyond_limit(), fixture.beyond_4_gib);
        EXPECT_EQ(memory.ignored_entries(), 0U);
        EXPECT_EQ(memory.dropped_frames(), PageCount(0));
        EXPECT_EQ(test::first_disagreement(entries, kAllFrames, memory), -1);
        memory.check_invariants();

        // With the window's limit: the same, clipped, and the rest counted.
        BootMemory clipped(entries, FrameNumber(kMaxWindowFrames.raw()));
        EXPECT_EQ(test::first_disagreement(entries, kMaxWindowFrames.raw(), clipped), -1);
        EXPECT_EQ(clipped.usable_frames().raw() + clipped.frames_beyond_limit(),
                  memory.usable_frames().raw() + memory.frames_beyond_limit());
        clipped.check_invariants();
    }
}

TEST(BootMemory, ListsTheMapByKind) {
    const std::vector<MemoryMapEntry> entries = entries_of(kFixtures[5].lines);  // Bochs
    BootMemory memory(entries, FrameNumber(kAllFrames));
    std::string lines;
    char line[64];
    for (const MemoryMapLine& entry : memory.map()) {
        std::snprintf(line, sizeof line, "%llx-%llx %s\n",
                      static_cast<unsigned long long>(entry.first),
                      static_cast<unsigned long long>(entry.end), memory_kind_name(entry.kind));
        lines += line;
    }
    EXPECT_EQ(lines,
              "0-1000 reserved\n"
              "1000-9f000 usable\n"
              "9f000-100000 reserved\n"
              "100000-1ff0000 usable\n"
              "1ff0000-2000000 ACPI reclaimable\n"
              "fffc0000-100000000 reserved\n");
}

TEST(BootMemory, NamesEveryKind) {
    EXPECT_STREQ(memory_kind_name(MemoryKind::AcpiNvs), "ACPI NVS");
    EXPECT_STREQ(memory_kind_name(MemoryKind::Unknown), "unknown");
    EXPECT_STREQ(memory_kind_name(MemoryKind::Bad), "bad");
}

TEST(BootMemory, DoesNotBelieveRamThatWraps) {
    const std::uint64_t top = ~std::uint64_t{0};
    const std::vector<MemoryMapEntry> entries = {
        {0x100000, 0x700000, 1, 1},
        {0x200000, top, 1, 1},           // RAM beyond 2^64: ignored
        {0x600000, top - 0x1000, 2, 1},  // reserved beyond 2^64: up to the end
        {top - 0x10, 0x5, 1, 1},         // the highest bytes of all
    };
    BootMemory memory(entries, FrameNumber(kAllFrames));
    EXPECT_EQ(text(memory.usable()), "100-600 ");
    EXPECT_EQ(memory.ignored_entries(), 1U);
    EXPECT_EQ(memory.map().back().end, top);
    memory.check_invariants();

    const std::vector<MemoryMapEntry> last_frame = {{top - 0xFFE, 0x800, 1, 1}};
    EXPECT_EQ(BootMemory(last_frame, FrameNumber(kAllFrames)).usable_frames(), PageCount(0));
}

// ACPI 3.0: an entry whose attribute bit 0 is clear is to be ignored. Older BIOSes give none.
TEST(BootMemory, HeedsTheAttributesIfThereAreAny) {
    std::vector<MemoryMapEntry> entries = {{0x100000, 0x300000, 1, 0}, {0x200000, 0x100000, 2, 0}};
    EXPECT_EQ(text(BootMemory(entries, FrameNumber(kAllFrames)).usable()), "100-200 300-400 ");
    entries[0].attributes = 1;
    BootMemory memory(entries, FrameNumber(kAllFrames));
    EXPECT_EQ(text(memory.usable()), "100-400 ");
    EXPECT_EQ(memory.ignored_entries(), 1U);
}

TEST(BootMemory, ReservesByName) {
    const std::vector<MemoryMapEntry> entries = entries_of({{0, 0x1000000, 1}});
    BootMemory memory(entries, FrameNumber(kAllFrames));
    memory.reserve({FrameNumber(0x100), FrameNumber(0x180)}, "kernel image");
    memory.reserve({FrameNumber(0x200), FrameNumber(0x210)}, "page tables");
    memory.reserve({FrameNumber(0x300), FrameNumber(0x300)}, "nothing");
    memory.reserve({FrameNumber(0xFF0), FrameNumber(0x2000)}, "partly RAM");
    memory.reserve({FrameNumber(0x90), FrameNumber(0x110)}, "over an edge");
    EXPECT_EQ(text(memory.usable()), "1-90 180-200 210-ff0 ");
    ASSERT_EQ(memory.reservations().size(), 4U);
    EXPECT_STREQ(memory.reservations()[1].name, "page tables");
    memory.check_invariants();
    memory.reserve({FrameNumber(0), FrameNumber(kAllFrames)}, "all");
    EXPECT_TRUE(memory.usable().empty());
    for (int i = 0; i < 40; ++i) {
        memory.reserve({FrameNumber(1), FrameNumber(2)}, "more names than there is room for");
    }
    EXPECT_EQ(memory.reservations().size(), BootMemory::kMaxReservations);
}

TEST(BootMemory, FindsRoomForTables) {
    const std::vector<MemoryMapEntry> entries = entries_of(kFixtures[10].lines);  // 15 MiB hole
    BootMemory memory(entries, FrameNumber(kMaxWindowFrames.raw()));
    const FrameRange high{FrameNumber(0x1000), FrameNumber(kMaxWindowFrames.raw())};
    const FrameRange table = memory.take(PageCount(0x200), high, "frame records").value();
    EXPECT_EQ(table.first, FrameNumber(0x1000));
    EXPECT_EQ(table.count(), PageCount(0x200));
    const FrameRange any{FrameNumber(0), FrameNumber(kMaxWindowFrames.raw())};
    EXPECT_EQ(memory.take(PageCount(0x9F), any, "large").value().first, FrameNumber(0x100));
    EXPECT_EQ(memory.take(PageCount(0x9E), any, "exact").value().first, FrameNumber(1));
    EXPECT_EQ(memory.take(PageCount(0x1F000), any, "too large").error(), Error::OutOfMemory);
    EXPECT_EQ(memory.reservations().size(), 3U);
    EXPECT_EQ(text(memory.usable()), "19f-f00 1200-20000 ");
    memory.check_invariants();
}

// 128 entries and more ranges than there is room for: the smallest are lost, nothing else.
TEST(BootMemory, GivesUpTheSmallestRangesWhenItsListsAreFull) {
    std::vector<MemoryMapEntry> entries;
    std::uint32_t lost = 0;
    for (std::uint32_t i = 0; i < 128; ++i) {
        const std::uint32_t frames = 1 + (i * 37) % 128;  // each size once
        if (frames <= 128 - BootMemory::kMaxUsable) lost += frames;
        entries.push_back({0x1000000 + i * 0x100000ULL, frames * 0x1000ULL, 1, 1});
    }
    BootMemory memory(entries, FrameNumber(kAllFrames));
    memory.check_invariants();
    EXPECT_EQ(memory.usable().size(), BootMemory::kMaxUsable);
    EXPECT_EQ(memory.dropped_frames(), PageCount(lost));
    EXPECT_EQ(memory.usable_frames(), PageCount(128 * 129 / 2 - lost));
    for (const FrameRange& range : memory.usable()) {
        EXPECT_TRUE(test::oracle_usable(entries, range.first.raw()));
        EXPECT_TRUE(test::oracle_usable(entries, range.end.raw() - 1));
        EXPECT_FALSE(test::oracle_usable(entries, range.end.raw()));
    }
    // A split of the largest makes one range too many again: the smaller part or an older one goes.
    for (std::uint32_t i = 0; i < 200; ++i) {
        const FrameRange range = memory.usable()[i % memory.usable().size()];
        const FrameNumber middle = range.first + PageCount(range.count().raw() / 2);
        const PageCount before = memory.usable_frames() + memory.dropped_frames();
        memory.reserve(FrameRange::of(middle, PageCount(1)), "hole");
        EXPECT_EQ(memory.usable_frames() + memory.dropped_frames(), before - PageCount(1));
        memory.check_invariants();
    }
}

TEST(BootMemory, KeepsItsReportWithinBounds) {
    std::vector<MemoryMapEntry> entries;
    for (std::uint32_t i = 0; i < 200; ++i) {
        entries.push_back({0x1000000 + i * 0x10000ULL, 0x1000 + i, 2 + i % 2, 1});
    }
    BootMemory memory(entries, FrameNumber(kAllFrames));
    EXPECT_EQ(memory.map().size(), BootMemory::kMaxLines);
    EXPECT_EQ(memory.dropped_lines(), 202 - BootMemory::kMaxLines);
    memory.check_invariants();
}

MemoryMapEntry random_entry(std::mt19937& random) {
    static constexpr std::uint64_t kPlaces[] = {0,        0x9F000,    0x100000,   0x800000,
                                                0xF00000, 0x30000000, 0xFFFF0000, 0x100000000};
    auto pick = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
    MemoryMapEntry entry{};
    entry.base = kPlaces[pick(8)] + (pick(3) == 0 ? pick(0x10000) : pick(64) * 0x1000);
    entry.length = pick(3) == 0 ? pick(0x10000) : pick(64) * 0x1000;
    if (pick(40) == 0) entry.length = ~std::uint64_t{0} - pick(0x1000000);
    if (pick(40) == 0) entry.base = ~std::uint64_t{0} - pick(0x4000);
    entry.type = pick(3) != 0 ? 1 : pick(9);
    entry.attributes = pick(10) != 0 ? 1 : 0;
    return entry;
}

TEST(BootMemory, AgreesWithTheByteByByteOracle) {
    const std::uint32_t seed = test::random_seed(820);
    SCOPED_TRACE("QUIRE_SEED=" + std::to_string(seed));
    std::mt19937 random(seed);
    for (int round = 0; round < 3000; ++round) {
        std::vector<MemoryMapEntry> entries(random() % 24);
        for (MemoryMapEntry& entry : entries)
            entry = random_entry(random);
        const std::uint32_t limit = random() % 2 == 0 ? kAllFrames : 0x30010;
        BootMemory memory(entries, FrameNumber(limit));
        memory.check_invariants();
        ASSERT_EQ(test::first_disagreement(entries, limit, memory), -1) << "round " << round;
    }
}

// The order in which the BIOS lists its entries does not matter.
RC_GTEST_PROP(BootMemory, DoesNotDependOnTheOrder, (std::uint32_t seed)) {
    std::mt19937 random(seed);
    std::vector<MemoryMapEntry> entries(random() % 16);
    for (MemoryMapEntry& entry : entries)
        entry = random_entry(random);
    const BootMemory one(entries, FrameNumber(kAllFrames));
    std::shuffle(entries.begin(), entries.end(), random);
    const BootMemory two(entries, FrameNumber(kAllFrames));
    RC_ASSERT(text(one.usable()) == text(two.usable()));
    RC_ASSERT(one.map().size() == two.map().size());
}

}  // namespace
}  // namespace quire::mm
