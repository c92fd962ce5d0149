// policies: the same four ways through memory under each replacement policy of the kernel, switched
// while everything runs: /proc/sys/vm/replacement_policy. What one is good at is another's worst.
#include <algorithm>
#include <array>

#include "libc/string.h"
#include "user/demo/demo.h"
#include "user/demo/look.h"
#include "user/demo/pressure.h"

using namespace quire;
using namespace quire::demo;

namespace {

constexpr const char* kFile = "/proc/sys/vm/replacement_policy";
using Name = std::array<char, 16>;

// The one in brackets of "fifo clock aging two-lists [generations]"; "none" where there is no such
// file.
Name used() {
    std::array<char, 128> text{};
    const long file = sys::open(kFile, abi::kOpenReadOnly);
    if (file >= 0) {
        sys::read(static_cast<int>(file), text.data(), text.size() - 1);
        sys::close(static_cast<int>(file));
    }
    const char* const open = strchr(text.data(), '[');
    const char* const close = open == nullptr ? nullptr : strchr(open, ']');
    Name name{"none"};
    if (close != nullptr)
        strlcpy(name.data(), open + 1,
                std::min(static_cast<std::size_t>(close - open), name.size()));
    return name;
}

void use(const char* policy) {
    const int file = static_cast<int>(must(kFile, sys::open(kFile, abi::kOpenWriteOnly)));
    must(policy, sys::write(file, policy, strlen(policy)));
    sys::close(file);
}

// The memory that is gone through. Each page holds its own number, which is read and written again
// at each touch.
struct Ground {
    std::byte* start;
    std::size_t pages, frames;
    std::uint64_t wrong = 0;

    void touch(std::size_t page) {
        auto* const number = reinterpret_cast<volatile std::size_t*>(start + page * kPage);
        if (*number != page) ++wrong;
        *number = page;
    }
    void fill() {
        for (std::size_t page = 0; page < pages; ++page)
            *reinterpret_cast<volatile std::size_t*>(start + page * kPage) = page;
    }
};

// What is needed next is what has not been used for longest.
void loop(Ground& ground) {
    for (std::size_t page = 0; page < ground.pages; ++page)
        ground.touch(page);
}
// A quarter of RAM that is used all the time, and in between once through all the rest.
void scan(Ground& ground) {
    const std::size_t hot = ground.frames / 4;
    std::size_t next = 0;
    for (std::size_t page = hot; page < ground.pages; ++page) {
        ground.touch(page);
        for (std::size_t i = 0; i < 4; ++i)
            ground.touch(next++ % hot);
    }
}
// Four of five touches are of a fifth of the pages: the habit of most programs.
void skewed(Ground& ground) {
    std::uint32_t random = 1;
    for (std::size_t i = 0; i < 4 * ground.pages; ++i) {
        random = random * 1664525 + 1013904223;
        const std::size_t among = (random >> 8) % 5 != 0 ? ground.pages / 5 : ground.pages;
        random = random * 1664525 + 1013904223;
        ground.touch((random >> 8) % among);
    }
}
constexpr std::size_t kParts = 10;
constexpr std::size_t kTouches = 10;
// The working set moves: each part of the pages is used for a while, and then no more.
void moving(Ground& ground) {
    const std::size_t size = ground.pages / kParts;
    for (std::size_t first = 0; first + size <= ground.pages; first += size)
        for (std::size_t i = 0; i < kTouches * size; ++i)
            ground.touch(first + i % size);
}

struct Way {
    const char* name;
    void (*go)(Ground& ground);
};
enum WayNumber : std::size_t { Loop, Scan, Skewed, Moving, WayCount };
constexpr std::array<Way, WayCount> kWays{
    {{"loop", loop}, {"scan", scan}, {"skewed", skewed}, {"moving", moving}}};

enum PolicyNumber : std::size_t { Fifo, Clock, Aging, TwoLists, Generations, PolicyCount };
constexpr std::array<const char*, PolicyCount> kPolicies{"fifo", "clock", "aging", "two-lists",
                                                         "generations"};
using Row = std::array<std::uint64_t, WayCount>;
using Table = std::array<Row, PolicyCount>;

Row faults_under(Demo& demo, const char* policy, Ground& ground) {
    Row row{};
    use(policy);
    demo.claim("the kernel uses", policy, used().data());
    for (std::size_t way = 0; way < WayCount; ++way) {
        ground.fill();
        row[way] = faults_of([&] { kWays[way].go(ground); }).all();
    }
    demo.note("page faults: %s %llu, %s %llu, %s %llu, %s %llu", kWays[Loop].name, row[Loop],
              kWays[Scan].name, row[Scan], kWays[Skewed].name, row[Skewed], kWays[Moving].name,
              row[Moving]);
    return row;
}

std::uint64_t nine_tenths(std::uint64_t number) {
    return number - number / 10;
}

void compare(Demo& demo, const Table& table, const Ground& ground) {
    demo.step("Loop: what is needed next is what was used longest ago.");
    demo.claim_at_least("none can fault less often; the best has", ground.pages - ground.frames,
                        table[Generations][Loop]);
    demo.claim_at_least("fifo: every touch is a fault", ground.pages, table[Fifo][Loop]);
    demo.claim_at_most("generations: nine tenths of that, or better",
                       nine_tenths(table[Fifo][Loop]), table[Generations][Loop]);
    demo.step("Scan: a quarter of RAM in steady use, and once in a while a page of the rest.");
    demo.claim_at_most("generations keeps what is in use: nine tenths of fifo, or better",
                       nine_tenths(table[Fifo][Scan]), table[Generations][Scan]);
    demo.step("Skewed: four of five touches are of a fifth of the pages.");
    demo.claim_at_most("clock sees who was used: no worse than fifo", table[Fifo][Skewed],
                       table[Clock][Skewed]);
    demo.claim_at_most("two-lists sees who was used twice: no worse than fifo", table[Fifo][Skewed],
                       table[TwoLists][Skewed]);
    demo.step("Moving: a tenth of the pages for a while, %zu touches each, then the next tenth.",
              kTouches);
    for (std::size_t policy = 0; policy < PolicyCount; ++policy)
        demo.claim_at_most(kPolicies[policy], ground.pages * kTouches / 3, table[policy][Moving]);
}

}  // namespace

int main(int argc, char** argv, char**) {
    Demo demo(argc, argv, "policies", "which page leaves: five answers, and what each costs");
    const Pressure pressure = find_pressure();
    const Name before = used();
    if (!pressure.is_possible || strcmp(before.data(), "none") == 0) {
        demo.note("%s", kNoPressure);
        Ground ground{map(1024 * kPage), 1024, 1024};
        ground.fill();
        demo.claim("in RAM: faults of a loop", 0, faults_of([&] { loop(ground); }).all());
        return demo.result();
    }
    Ground ground{map(pressure.pages * kPage), pressure.pages, pressure.frames};
    demo.step("Four ways through %zu pages, under each policy. RAM has %zu frames.", ground.pages,
              ground.frames);
    Table table{};
    for (std::size_t policy = 0; policy < PolicyCount; ++policy)
        table[policy] = faults_under(demo, kPolicies[policy], ground);
    demo.claim("touches that found a wrong number in a page", 0, ground.wrong);
    compare(demo, table, ground);
    demo.step("Back to the policy of before.");
    use(before.data());
    demo.claim("the kernel uses", before.data(), used().data());
    return demo.result();
}
