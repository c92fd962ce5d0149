// What processes and their memory cost, in TSC clocks: under QEMU's -icount a clock is an
// instruction. The same binary runs on Quire and on Linux.
//
//     process_costs               every row
//     process_costs ROW [ROUNDS]  one of them
//
// Prints "cost: ROW VALUE of TURNS" for each, the value for one turn with two decimals: the least
// of several rounds, as an interrupt in between only adds. Each round holds a page more than the
// one before, so that no row hangs on which frames happen to be its own. What each row does stands
// at its function; what is in a value beside the kernel's own work is the call as a program makes
// it (registers, int 0x80).
#include "tests/bench/guest/memory_rows.h"
#include "tests/bench/guest/process_rows.h"

namespace {

using namespace bench;

constexpr unsigned kRounds = 7;
constexpr unsigned kMostRounds = 9;

// Among the data: a region of its own would make the tree of regions another one, and rows dearer.
alignas(kPage) volatile char held[kMostRounds * kPage] = {1};

void report(const Row& row, unsigned rounds) {
    Clocks least = ~Clocks{0};
    for (unsigned round = 0; round < rounds; ++round) {
        use_up_zeroed_frames();
        touch(held + round * kPage, kPage);
        const Clocks cost = row.measure();
        if (cost < least) least = cost;
    }
    discard(held, sizeof held);
    // A row takes less than 2^32 clocks.
    const auto hundredths = static_cast<std::uint32_t>(least) / row.turns * 100 +
                            static_cast<std::uint32_t>(least) % row.turns * 100 / row.turns;
    say("cost: %-18s %8u.%02u of %u\n", row.name, hundredths / 100, hundredths % 100, row.turns);
}

bool same(const char* a, const char* b) {
    while (*a != '\0' && *a == *b) {
        ++a;
        ++b;
    }
    return *a == *b;
}

}  // namespace

int main(int count, char** arguments, char**) {
    const unsigned rounds = count > 2 ? static_cast<unsigned>(arguments[2][0] - '0') : kRounds;
    bool found = false;
    const auto run = [&](const Row& row) {
        if (count > 1 && !same(row.name, arguments[1])) return;
        report(row, rounds);
        found = true;
    };
    for (const Row& row : kProcessRows)
        run(row);
    for (const Row& row : kMemoryRows)
        run(row);
    if (!found) say("no such row\n");
    return found ? 0 : 1;
}
