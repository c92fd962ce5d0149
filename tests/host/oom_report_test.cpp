// What is said when a process ends for want of memory.
#include "kernel/process/oom_report.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "tests/host/written.h"

namespace quire::kernel {
namespace {

using mm::PageCount;
using test::written;

constexpr PageCount kTotal{4096};

OomReport::Row row(ProcessId pid, const char* name, std::uint32_t resident,
                   std::uint32_t swapped = 0, std::int32_t adjustment = 0) {
    OomReport::Row row;
    row.pid = pid;
    row.user = pid == 1 ? 0 : 1000;
    (void)std::snprintf(row.name.data(), row.name.size(), "%s", name);
    row.figures = {.resident = PageCount(resident),
                   .swapped = PageCount(swapped),
                   .tables = PageCount(2),
                   .adjustment = adjustment,
                   .unkillable = pid == 1};
    return row;
}

mm::Shortage shortage(std::uint32_t slots, std::uint32_t errors) {
    return {.wanted = PageCount(1),
            .free = PageCount(128),
            .candidates = PageCount(3000),
            .slots = PageCount(slots),
            .write_errors = errors};
}

fs::MemoryFigures memory(std::uint32_t swap) {
    fs::MemoryFigures figures;
    figures.total = PageCount(3701);
    figures.free = PageCount(129);
    figures.anonymous = PageCount(3000);
    figures.cached = PageCount(30);
    figures.shared = PageCount(10);
    figures.locked = PageCount(7);
    figures.swap_total = PageCount(swap);
    return figures;
}

std::string cause(const mm::Shortage& shortage, const fs::MemoryFigures& figures) {
    const OomReport report(row(31, "sort", 5), shortage, kTotal);
    return written([&](const mm::TextWriter& out) { report.write_cause(figures, out); });
}

TEST(OomReport, SaysWhoAskedAndWhyNothingCanLeave) {
    const std::string begin =
        "out of memory: sort (pid 31) needs 4 KiB, 512 of 14804 are free, and nothing more can"
        " leave: ";
    EXPECT_EQ(cause(shortage(0, 0), memory(0)), begin + "there is no swap\n");
    EXPECT_EQ(cause(shortage(0, 0), memory(8191)), begin + "swap is full, all 32764 KiB\n");
    EXPECT_EQ(cause(shortage(9, 3), memory(8191)), begin + "3 writes to the disk failed\n");
    mm::Shortage left_alone = shortage(9, 0);
    left_alone.leaves_swap_alone = true;
    EXPECT_EQ(cause(left_alone, memory(8191)), begin + "the disk of swap takes nothing\n");
    EXPECT_EQ(cause(left_alone, memory(0)), begin + "there is no swap\n");
    EXPECT_EQ(cause(shortage(9, 0), memory(8191)),
              begin + "what there is must stay in RAM, 28 KiB of it locked\n");
}

TEST(OomReport, ListsWhatEachHas) {
    OomReport report(row(31, "sort", 5), shortage(0, 0), kTotal);
    report.add(row(1, "init", 40));
    report.add(row(31, "sort", 5));
    report.add(row(32, "hog", 1000, 500));
    const std::string text = written(
        [&](const mm::TextWriter& out) { report.write_state(memory(0), PageCount(128), out); });
    EXPECT_EQ(text,
              "RAM 14804 KiB: 516 free (512 kept back), 12000 private, 80 of files, 40 shared\n"
              "of these 28 locked, 0 changed files; the kernel: 0 slabs, 0 page tables, 0 stacks\n"
              "swap 0 KiB: 0 free, 0 also in RAM; promised to programs: 0\n"
              "  pid  user      RAM     swap  tables    adj  score  name\n"
              "   32  1000     4000     2000       8      0    366  hog\n"
              "   31  1000       20        0       8      0      1  sort\n"
              "    1     0      160        0       8      0      0  init, never ended\n");
}

TEST(OomReport, TheFirstRowIsTheOneThatEnds) {
    OomReport report(row(31, "sort", 5), shortage(0, 0), kTotal);
    report.add(row(1, "init", 4000));
    report.add(row(30, "hog", 1000, 500));
    report.add(row(31, "meek", 5, 0, 700));
    ASSERT_EQ(report.choice().verdict(), (mm::OomVerdict{mm::OomAnswer::End, 2}));
    EXPECT_EQ(report.victim().pid, 31U);
    EXPECT_EQ(written([&](const mm::TextWriter& out) { report.write_verdict(out); }),
              "ends meek (pid 31), which has the most: 20 KiB in RAM, 0 in swap, 8 of page tables;"
              " oom_score_adj is 700\n");
}

TEST(OomReport, SaysWhenNobodyMayEnd) {
    OomReport report(row(31, "sort", 5), shortage(0, 0), kTotal);
    report.add(row(1, "init", 4000));
    EXPECT_EQ(written([&](const mm::TextWriter& out) { report.write_verdict(out); }),
              "nobody may be ended but who asks: sort (pid 31) ends\n");
}

TEST(OomReport, SumsUpTheSmallest) {
    OomReport report(row(31, "sort", 5), shortage(0, 0), kTotal);
    // Sizes 37, 74, 1, 38 ...: all from 0 to 110 in some order.
    for (std::uint32_t i = 1; i <= 110; ++i)
        report.add(row(100 + i, "crowd", i * 37 % 111));
    const std::string text = written(
        [&](const mm::TextWriter& out) { report.write_state(memory(0), PageCount(128), out); });
    std::uint32_t rows = 0, sum = 0;
    for (std::size_t at = 0; (at = text.find("  crowd\n", at)) != std::string::npos; ++at)
        ++rows;
    for (std::uint32_t i = 1; i <= 110; ++i)
        sum += i * 37 % 111 + 2;
    for (std::size_t at = text.find("name\n") + 5, next = 0; text[at] == ' '; at = next) {
        next = text.find('\n', at) + 1;
        unsigned resident = 0;
        ASSERT_EQ(std::sscanf(&text[at], "%*u %*u %u", &resident), 1);
        sum -= resident / 4 + 2;
    }
    EXPECT_EQ(rows, OomReport::kMostRows);
    EXPECT_NE(text.find("and 100 more with " + std::to_string(sum * 4) + " KiB\n"),
              std::string::npos)
        << text;
}

}  // namespace
}  // namespace quire::kernel
