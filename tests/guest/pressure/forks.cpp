// /pressure/forks MIB CHILDREN SEED: a parent fills so many MiB and forks; each child writes all of
// its copy, one half after the other.
//
//     parent      |-------- its words --------|            stays as it is
//     each child  |-- own words --|-- parent's|            all children at the same time
//     each child                  |--own words|            the first half is given back
//
// So at most MIB * (1 + CHILDREN / 2) are in use, while every page of every copy is written. Exit
// code 1: somebody saw other words than its own, or a child did not come to its end.
#include "tests/guest/pressure/pressure.h"

namespace {

using namespace quire;
using namespace quire::pressure;

constexpr std::uint32_t kMostChildren = 32;

struct Family {
    Word* words;
    std::size_t count;
    Word seed;
    Word* sums;    // shared: one for each child
    int ready[2];  // closed by each child that has written its first half
    int go_on[2];  // closed by the parent when all have
};

// Whose words: 0 is the parent.
Word word(std::size_t index, Word seed, std::uint32_t whose) {
    return mixed(static_cast<Word>(index), seed + whose * 0x10001);
}
void write_words(const Family& family, std::size_t first, std::size_t end, std::uint32_t whose) {
    for (std::size_t i = first; i < end; ++i)
        family.words[i] = word(i, family.seed, whose);
}
void check(const Family& family, std::size_t first, std::size_t end, std::uint32_t whose,
           Sum& sum) {
    for (std::size_t i = first; i < end; ++i) {
        const Word expected = word(i, family.seed, whose);
        if (family.words[i] != expected) {
            complain("forks: %u sees %x at word %zu, and not %x\n", whose, family.words[i], i,
                     expected);
            sys::exit(1);
        }
        sum.add(expected);
    }
}

[[noreturn]] void live_as_child(const Family& family, std::uint32_t number) {
    sys::close(family.go_on[1]);
    sys::close(family.ready[0]);
    const std::size_t half = family.count / 2;
    Sum sum;
    write_words(family, 0, half, number);
    sys::close(family.ready[1]);
    wait_for_end_of(family.go_on[0]);
    check(family, 0, half, number, sum);
    check(family, half, family.count, 0, sum);
    constexpr long kDontNeed = 4;
    must("madvise", system_call(SYS_madvise, family.words, half * sizeof(Word), kDontNeed));
    write_words(family, half, family.count, number);
    check(family, half, family.count, number, sum);
    family.sums[number] = sum.value();
    sys::exit(0);
}

// Whether all came to their end.
bool wait_for_children(std::uint32_t children) {
    bool all_well = true;
    for (std::uint32_t i = 0; i < children; ++i) {
        int status = -1;
        const long child = must("wait4", sys::wait_for(-1, &status, 0));
        if (status != 0) complain("forks: child %ld ended with status %x\n", child, +status);
        all_well = all_well && status == 0;
    }
    return all_well;
}

}  // namespace

int main(int argc, char** argv, char**) {
    const Arguments arguments(argc, argv, 3, "forks MIB CHILDREN SEED");
    const std::uint32_t children = arguments[1] < kMostChildren ? arguments[1] : kMostChildren;
    Family family{};
    family.count = arguments[0] * kMib / sizeof(Word);
    family.words = map<Word>(family.count * sizeof(Word));
    family.seed = arguments[2];
    family.sums = map<Word>(kPage, abi::kMapShared);
    must("pipe2", sys::pipe(family.ready, 0));
    must("pipe2", sys::pipe(family.go_on, 0));
    write_words(family, 0, family.count, 0);
    for (std::uint32_t number = 1; number <= children; ++number)
        if (must("fork", sys::fork()) == 0) live_as_child(family, number);
    sys::close(family.ready[1]);
    wait_for_end_of(family.ready[0]);
    sys::close(family.go_on[1]);
    const bool all_well = wait_for_children(children);
    Sum sum;
    check(family, 0, family.count, 0, sum);
    for (std::uint32_t number = 1; number <= children; ++number)
        sum.add(family.sums[number]);
    if (!all_well) return 1;
    say("forks %u %u %u: %08x\n", arguments[0], arguments[1], arguments[2], sum.value());
    return 0;
}
