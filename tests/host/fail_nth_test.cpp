// Fail the n-th: every operation on user memory, from a state in which it has much to do, with its
// first, second, third... allocation failing until none is left to fail; then the same with reads
// and writes of every disk.
//
// The judge is the model (tests/host/memory_model.h). After a failure nothing has changed, or what
// the manual allows; every byte is where it was; mmck agrees; nothing leaked. When the error is
// gone, the same operation succeeds.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/host/memory_machine.h"

namespace quire::test {
namespace {

// Three processes. Tables shared by all and by two, pages in RAM, in swap and in both, mapped,
// hidden and locked; a file shared and private, shared memory, a stack, a heap.
constexpr const char* kStage = R"(
world frames=160 swap=200 swap2=40
0 mmap at=bf3f8000 size=10000 rights=3 flags=fixed
0 store at=bf3f8000 size=4 value=11111111
0 store at=bf3fffff size=4 value=22222222
0 store at=bf404000 size=4 value=33333333
0 mmap at=bf408000 size=8000 rights=3 flags=fixed|shared object=4
0 store at=bf408000 size=4 value=44444444
0 store at=bf40b000 size=4 value=55555555
0 mmap at=bf410000 size=8000 rights=3 flags=fixed|shared object=1
0 store at=bf411000 size=4 value=66666666
0 store at=bf412000 size=4 value=77777777
0 mmap at=bf418000 size=8000 rights=3 flags=fixed object=3 page=2
0 store at=bf419000 size=4 value=88888888
0 load at=bf41a000 size=4
0 mmap at=bf7f0000 size=20000 rights=3 flags=fixed
0 store at=bf7fe000 size=4 value=99999999
0 store at=bf7ff000 size=4 value=aaaaaaaa
0 store at=bf800000 size=4 value=bbbbbbbb
0 store at=bf801000 size=4 value=cccccccc
0 load at=bf802000 size=4
0 mmap at=bfc00000 size=8000 rights=3 flags=fixed
0 store at=bfc00000 size=4 value=dddddddd
0 store at=bfc01000 size=4 value=eeeeeeee
0 store at=bfc02000 size=4 value=12121212
0 mmap at=bfff0000 size=2000 rights=3 flags=fixed|growsdown
0 store at=bffee000 size=4 value=13131313
0 fork value=1
1 fork value=2
1 store at=bf7ff000 size=4 value=14141414
2 store at=bf3f8000 size=4 value=15151515
2 store at=bf404000 size=4 value=16161616
0 mlock at=bfc00000 size=1000
0 reclaim value=80
0 mprotect at=bf3fe000 size=4000
0 madvise at=bf7f0000 size=2000 value=6
)";

// What a case must have made fail to prove anything; more may fail.
constexpr unsigned kAllocates = 1, kReadsSwap = 2, kReadsFile = 4, kWritesSwap = 8,
                   kWritesFile = 16;

struct Case {
    const char* name;
    unsigned needs;
    const char* steps;  // the last one is the one that fails
};

constexpr Case kCases[] = {
    {"MapIntoAHole", kAllocates, "0 mmap at=bf900000 size=4000 rights=3 flags=fixed"},
    {"MapAnywhere", kAllocates, "0 mmap at=0 size=4000 rights=1"},
    {"MapIntoTheMiddle", kAllocates, "0 mmap at=bf3fc000 size=2000 rights=1 flags=fixed"},
    {"MapOverSharedTables", kAllocates, "2 mmap at=bf7f8000 size=10000 rights=3 flags=fixed"},
    {"MapAndPopulate", kAllocates, "1 mmap at=bf7f8000 size=10000 rights=3 flags=fixed|populate"},
    {"MapLocked", kAllocates, "1 mmap at=bfbff000 size=3000 rights=3 flags=fixed|locked"},
    {"MapAFile", kAllocates | kReadsFile,
     "1 mmap at=bf90f000 size=5000 rights=1 flags=fixed|shared|populate object=2"},
    {"MapAFilePrivately", kAllocates | kReadsFile,
     "1 mmap at=bf90f000 size=5000 rights=3 flags=fixed|populate object=2"},
    {"MapSharedMemory", kAllocates,
     "1 mmap at=bf7f8000 size=10000 rights=3 flags=fixed|shared object=4"},
    {"UnmapTheMiddle", kAllocates, "1 munmap at=bf3fa000 size=1000"},
    {"UnmapAcrossTables", kAllocates, "1 munmap at=bf3fc000 size=408000"},
    {"UnmapSharedMemory", kAllocates, "1 munmap at=bf409000 size=2000"},
    {"ProtectTheMiddle", kAllocates, "0 mprotect at=bf410000 size=3000 rights=1"},
    {"ProtectNothing", kAllocates, "1 mprotect at=bf3f9000 size=20000"},
    {"ProtectBack", 0, "0 mprotect at=bf3fe000 size=4000 rights=3"},
    {"GrowTheBreak", kAllocates,
     "0 brk at=bf7f0000\n2 munmap at=bf7e0000 size=40000\n2 brk at=bf7f4000"},
    {"ShrinkTheBreak", kAllocates,
     "2 munmap at=bf7e0000 size=40000\n2 brk at=bf7f4000\n"
     "2 store at=bf7f0000 size=4 value=1\n2 fork value=3\n2 brk at=bf7ea000"},
    {"GrowInPlace", 0, "1 mremap at=bfc00000 size=8000 length=c000"},
    {"ShrinkByRemap", 0, "1 mremap at=bf7f0000 size=20000 length=f000"},
    {"MoveAnywhere", kAllocates, "1 mremap at=bf410000 size=8000 length=20000 flags=maymove"},
    {"MoveOnto", kAllocates | kReadsSwap,
     "1 mremap at=bf7fe000 size=5000 to=bf3ff000 length=5000 flags=maymove|fixed"},
    {"MoveToAnIndexOfItsOwn", kAllocates | kReadsSwap,
     "2 mremap at=bf7fe000 size=4000 to=bfbfd000 length=4000 flags=maymove|fixed"},
    {"MoveSharedMemory", kAllocates,
     "2 mremap at=bf408000 size=8000 to=bf7f7000 length=9000 flags=maymove|fixed"},
    {"MoveAndKeep", kAllocates | kReadsSwap,
     "2 mremap at=bf7fe000 size=4000 length=4000 flags=maymove|dontunmap"},
    {"AdviseRandom", kAllocates, "1 madvise at=bf3fa000 size=3000 value=1"},
    {"AdviseWillNeed", kAllocates | kReadsSwap | kReadsFile,
     "1 madvise at=bf3f8000 size=20000 value=3"},
    {"AdviseDontNeed", kAllocates, "1 fork value=3\n1 madvise at=bf3f8000 size=20000 value=4"},
    {"AdviseFree", kAllocates, "1 madvise at=bf7fe000 size=4000 value=5"},
    {"AdviseDontFork", kAllocates, "1 madvise at=bf3fa000 size=3000 value=6"},
    {"PopulateRead", kAllocates | kReadsSwap | kReadsFile,
     "1 madvise at=bf3f8000 size=20000 value=8"},
    {"PopulateWrite", kAllocates | kReadsSwap | kReadsFile,
     "1 madvise at=bf3f8000 size=20000 value=9"},
    {"Residence", 0, "1 mincore at=bf3f8000 size=20000"},
    {"Sync", kWritesFile,
     "0 store at=bf411000 size=4 value=1\n0 msync at=bf408000 size=10000 flags=wait"},
    {"Lock", kAllocates | kReadsSwap, "1 mlock at=bf7fc000 size=6000"},
    {"LockFiles", kAllocates | kReadsSwap | kReadsFile, "1 mlock at=bf408000 size=18000"},
    {"LockOnFault", kAllocates, "1 mlock at=bf7fc000 size=6000 flags=onfault"},
    {"Unlock", 0, "0 munlock at=bfc00000 size=2000"},
    {"LockAll", kAllocates | kReadsSwap | kReadsFile, "1 mlockall flags=current|future"},
    {"UnlockAll", 0, "0 munlockall"},
    {"Fork", kAllocates, "0 fork value=3"},
    {"ForkAgain", kAllocates, "2 fork value=3"},
    {"Spawn", kAllocates, "4 spawn"},
    {"Exit", 0, "1 exit"},
    {"LoadNothing", 0, "0 load at=bf803000 size=4"},
    {"LoadFromAFile", kAllocates | kReadsFile, "0 load at=bf416000 size=4"},
    {"LoadFromSwap", kAllocates | kReadsSwap, "0 load at=bf7fe000 size=4"},
    {"LoadFromSwapCache", 0, "1 load at=bf404000 size=4\n2 load at=bf404000 size=4"},
    {"StoreIntoSwapCache", 0, "1 load at=bf404000 size=4\n2 store at=bf404000 size=4 value=1"},
    {"ReclaimCached", kWritesSwap, "1 load at=bf404000 size=4\n1 reclaim value=80"},
    {"LoadAcross", kAllocates | kReadsSwap, "2 load at=bf7fffff size=4"},
    {"LoadSharedMemory", kAllocates | kReadsSwap, "2 load at=bf40b000 size=4"},
    {"StoreIntoNothing", kAllocates, "0 store at=bf803000 size=4 value=1"},
    {"StoreIntoANewTable", kAllocates,
     "0 mmap at=bf000000 size=1000 rights=3 flags=fixed\n"
     "0 store at=bf000000 size=4 value=1"},
    {"StoreIntoASharedTable", kAllocates, "1 store at=bf3f9000 size=4 value=1"},
    {"StoreIntoACopy", kAllocates | kReadsSwap, "1 store at=bf800000 size=4 value=1"},
    {"StoreIntoSwap", kAllocates | kReadsSwap, "2 store at=bf7fe000 size=4 value=1"},
    {"StoreAcross", kAllocates | kReadsSwap, "2 store at=bf7fffff size=4 value=1"},
    {"StoreIntoAFile", kAllocates | kReadsFile, "2 store at=bf413000 size=4 value=1"},
    {"StoreIntoAPrivateFile", kAllocates | kReadsFile, "2 store at=bf41b000 size=4 value=1"},
    {"StoreIntoSharedMemory", kAllocates | kReadsSwap, "2 store at=bf40b000 size=4 value=1"},
    {"GrowTheStack", kAllocates, "1 store at=bffe8000 size=4 value=1"},
    {"Reclaim", kWritesSwap | kWritesFile,
     "0 store at=bf411000 size=4 value=1\n0 store at=bf408000 size=4 value=1\n"
     "0 store at=bf7fe000 size=4 value=1\n1 reclaim value=7a"},
    {"SyncNothing", 0, "0 msync at=bf7f0000 size=10000 flags=wait"},
    {"DropClean", 0, "1 dropclean"},
    {"SwapOff", 0, "1 swapoff value=1"},
    {"SwapOffTheFirst", kAllocates | kReadsSwap, "1 swapoff value=0"},
};

class FailNth : public testing::TestWithParam<Case> {
  protected:
    // The stage, and all steps of the case but the last.
    void set_up() {
        machine.reset();
        const auto stage = MemoryScript::parse(kStage);
        const auto steps = MemoryScript::parse(GetParam().steps);
        ASSERT_TRUE(stage.has_value() && steps.has_value());
        machine = std::make_unique<MemoryMachine>(stage->world);
        for (const MemoryStep& step : stage->steps)
            take(step);
        for (const MemoryStep& step : steps->steps)
            if (&step != &steps->steps.back()) take(step);
        last = steps->steps.back();
        ASSERT_EQ(machine->check_all(), "");
    }
    void take(const MemoryStep& step) { ASSERT_EQ(machine->step(step), "") << print(step); }
    // Whether the step can be taken again from the same state.
    [[nodiscard]] bool is_unchanged() const { return !machine->last_answer().ok; }

    void expect_all_well(const std::string& when) { ASSERT_EQ(machine->check_all(), "") << when; }
    void TearDown() override {
        if (machine == nullptr || HasFailure()) return;
        EXPECT_EQ(machine->finish(), "");
    }

    std::unique_ptr<MemoryMachine> machine;
    MemoryStep last;
};

TEST_P(FailNth, Allocation) {
    ASSERT_NO_FATAL_FAILURE(set_up());
    unsigned seen = 0;
    for (std::uint32_t n = 1;; ++n) {
        const std::string when = "allocation " + std::to_string(n);
        machine->injector().fail_nth(n);
        const std::string wrong = machine->step(last);
        const bool was_injected = !machine->injector().armed();
        machine->injector().fail_nth(0);
        ASSERT_EQ(wrong, "") << when;
        ASSERT_NO_FATAL_FAILURE(expect_all_well(when));
        if (!was_injected) break;
        seen |= kAllocates;
        ASSERT_LT(n, 2000U);
        if (is_unchanged()) continue;
        ASSERT_NO_FATAL_FAILURE(set_up());
    }
    EXPECT_TRUE(machine->last_answer().ok);
    EXPECT_EQ(seen, GetParam().needs & kAllocates);
}

TEST_P(FailNth, DiskAccess) {
    ASSERT_NO_FATAL_FAILURE(set_up());
    unsigned seen = kAllocates;
    for (std::uint32_t disk = 0; disk < 2 + kFiles; ++disk) {
        for (const bool is_read : {true, false}) {
            for (std::uint32_t n = 1;; ++n) {
                const std::string when = std::string(is_read ? "read " : "write ") +
                                         std::to_string(n) + " of disk " + std::to_string(disk);
                MemoryStore& store = machine->disk(static_cast<DiskChoice>(disk));
                (is_read ? store.fail_nth_read(n) : store.fail_nth_write(n));
                ASSERT_EQ(machine->step(last), "") << when;
                const Answer& answer = machine->last_answer();
                const bool failed = is_read ? answer.read_failed : answer.write_failed;
                (is_read ? store.fail_nth_read(0) : store.fail_nth_write(0));
                ASSERT_NO_FATAL_FAILURE(expect_all_well(when));
                if (failed && is_unchanged()) take(last);  // the error is gone
                EXPECT_TRUE(machine->last_answer().ok) << when;
                ASSERT_NO_FATAL_FAILURE(expect_all_well(when + ", again"));
                ASSERT_NO_FATAL_FAILURE(set_up());
                if (!failed) break;
                seen |= disk < 2 ? (is_read ? kReadsSwap : kWritesSwap)
                                 : (is_read ? kReadsFile : kWritesFile);
            }
        }
    }
    EXPECT_EQ(seen & GetParam().needs, GetParam().needs);
}

INSTANTIATE_TEST_SUITE_P(UserMemory, FailNth, testing::ValuesIn(kCases),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace quire::test
