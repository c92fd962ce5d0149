// Who ends when memory is out: a table of cases.
#include "mm/oom.h"

#include <gtest/gtest.h>

#include <vector>

namespace quire::mm {
namespace {

constexpr PageCount kTotal{10000};
constexpr OomVerdict kNobody{OomAnswer::Nobody, 0};
constexpr OomVerdict kWait{OomAnswer::Wait, 0};
constexpr OomVerdict end(std::size_t index) {
    return {OomAnswer::End, index};
}

OomCandidate uses(std::uint32_t resident, std::int32_t adjustment = 0) {
    return {.resident = PageCount(resident), .adjustment = adjustment};
}
OomCandidate unkillable(std::uint32_t resident) {
    OomCandidate candidate = uses(resident);
    candidate.unkillable = true;
    return candidate;
}
OomCandidate ending(std::uint32_t resident) {
    OomCandidate candidate = uses(resident);
    candidate.ending = true;
    return candidate;
}

struct Case {
    const char* what;
    std::vector<OomCandidate> candidates;
    OomVerdict verdict;
};

const Case kCases[] = {
    {"no process", {}, kNobody},
    {"the only one", {uses(10)}, end(0)},
    {"the only one, without any memory", {uses(0)}, kNobody},
    {"who has given its memory back does not go again", {uses(0, 1000), uses(10)}, end(1)},
    {"nor is it waited for", {uses(10), uses(0, 1000), uses(9)}, end(0)},
    {"the one with most in RAM", {uses(10), uses(30), uses(20)}, end(1)},
    {"swap counts", {uses(10), {.swapped = PageCount(11)}}, end(1)},
    {"page tables count", {uses(10), {.tables = PageCount(11)}}, end(1)},
    {"all three are added",
     {uses(25), {.resident = PageCount(9), .swapped = PageCount(9), .tables = PageCount(9)}},
     end(1)},
    {"of two alike the younger one", {uses(10), uses(10), uses(9)}, end(1)},
    {"differences below a thousandth count", {uses(11), uses(10)}, end(0)},
    {"init stays", {unkillable(500), uses(10)}, end(1)},
    {"only init", {unkillable(500)}, kNobody},
    {"an adjustment of 100 is a tenth of all memory", {uses(1000), uses(1, 100)}, end(1)},
    {"and not more", {uses(1002), uses(1, 100)}, end(0)},
    {"an adjustment down", {uses(2000, -200), uses(10)}, end(1)},
    {"an adjustment below zero may still be the worst", {uses(10, -500), uses(10, -400)}, end(1)},
    {"the first to go", {uses(9999), uses(1, 1000)}, end(1)},
    {"never", {uses(9999, OomCandidate::kNever), uses(1)}, end(1)},
    {"never, and nobody else", {uses(9999, OomCandidate::kNever)}, kNobody},
    {"one is ending", {uses(500), ending(1)}, kWait},
    {"one is ending, be it the largest or not", {ending(500), uses(1)}, kWait},
};

OomVerdict choose_victim(const std::vector<OomCandidate>& candidates, PageCount total) {
    OomChoice choice(total);
    for (const OomCandidate& candidate : candidates)
        choice.consider(candidate);
    return choice.verdict();
}

TEST(Oom, ChoosesByTheTable) {
    for (const Case& row : kCases)
        EXPECT_EQ(choose_victim(row.candidates, kTotal), row.verdict) << row.what;
}

TEST(Oom, ScoresInThousandths) {
    EXPECT_EQ(oom_score(uses(2500), kTotal), 250U);
    EXPECT_EQ(oom_score(uses(2509), kTotal), 250U);
    EXPECT_EQ(oom_score(uses(2500, 300), kTotal), 550U);
    EXPECT_EQ(oom_score(uses(2500, -300), kTotal), 0U);
    EXPECT_EQ(oom_score(uses(2500, OomCandidate::kNever), kTotal), 0U);
    EXPECT_EQ(oom_score(unkillable(2500), kTotal), 0U);
    EXPECT_EQ(oom_score(uses(0, 1000), kTotal), 0U);
    EXPECT_EQ(oom_score(uses(10000, 1000), kTotal), 2000U);
}

// 2^20 pages of each kind, on a machine as small as they come.
TEST(Oom, CountsInMoreThan32Bits) {
    const PageCount most(1U << 20);
    const OomCandidate large{.resident = most, .swapped = most, .tables = most};
    EXPECT_EQ(choose_victim(std::vector{large, uses(5)}, PageCount(1)), end(0));
    EXPECT_EQ(oom_score(large, PageCount(1U << 21)), 1500U);
}

}  // namespace
}  // namespace quire::mm
