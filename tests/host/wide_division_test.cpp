// libc/wide_division: against the machine's own division.
#include "libc/wide_division.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/host/seed.h"

namespace quire {
namespace {

using Wide = std::uint64_t;

void expect_right(Wide dividend, Wide divisor) {
    const WideQuotient result = divide_wide(dividend, divisor);
    EXPECT_EQ(result.quotient, dividend / divisor) << dividend << " / " << divisor;
    EXPECT_EQ(result.remainder, dividend % divisor) << dividend << " % " << divisor;
}

// Numbers with all bits, with one, and their neighbours: where estimates and carries go wrong.
TEST(WideDivision, DividesPowersOfTwoAndTheirNeighbours) {
    for (int i = 0; i < 64; ++i) {
        for (int j = 0; j < 64; ++j) {
            for (const Wide off : {Wide{0}, Wide{1}, ~Wide{0}}) {
                expect_right((Wide{1} << i) + off, Wide{1} << j);
                if ((Wide{1} << j) + off != 0) expect_right(~Wide{0} - off, (Wide{1} << j) + off);
            }
        }
    }
}

TEST(WideDivision, DividesByItselfAndByNearlyItself) {
    for (const Wide value : {Wide{1}, Wide{0xFFFFFFFF}, Wide{1} << 32, Wide{0x100000001},
                             Wide{0x8000000000000000}, ~Wide{0}}) {
        expect_right(value, value);
        expect_right(value - 1, value);
        if (value > 1) expect_right(value, value - 1);
    }
}

TEST(WideDivision, DividesRandomNumbersOfAllLengths) {
    std::mt19937_64 random(test::seed());
    for (int i = 0; i < 200'000; ++i) {
        const Wide dividend = random() >> (random() % 64);
        const Wide divisor = random() >> (random() % 64);
        if (divisor != 0) expect_right(dividend, divisor);
    }
}

}  // namespace
}  // namespace quire
