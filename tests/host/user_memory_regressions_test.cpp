// Scripts that once showed a mistake, shortened (docs/model-test.md). Each runs checked after every
// step.
#include <gtest/gtest.h>

#include <string>

#include "tests/host/formatted.h"
#include "tests/host/memory_machine.h"

namespace quire::test {
namespace {

void expect_no_difference(const char* text) {
    const auto script = MemoryScript::parse(text);
    ASSERT_TRUE(script.has_value());
    const auto difference = MemoryMachine(script->world).run(*script, MemoryMachine::kSlow);
    if (!difference.has_value()) return;
    ADD_FAILURE() << "step " << difference->step << ": " << difference->what;
}

// The read-ahead for one page of an access threw the other page out, again and again.
TEST(UserMemoryRegressions, ALoadAcrossTwoPagesOfAFileEnds) {
    expect_no_difference(R"(
        world frames=64 swap=1500
        0 mmap at=bf808000 size=1 rights=3 flags=growsdown
        0 store at=bf808000 size=0 value=11
        0 fork value=1
        0 store at=bf3e2000 size=0 value=11
        0 fork value=2
        0 store at=bf808000 size=0 value=11
        2 load at=bf7ed000 size=0
        1 mlock at=bf808000 size=1
        0 store at=bf41a000 size=0 value=11
        0 mmap at=bf3e5000 size=5000 rights=3 flags=fixed object=3
        1 mmap at=0 size=1a000 rights=3 flags=shared|locked object=4
        1 store at=bf402000 size=0 value=11
        0 mremap at=bf3ff000 size=1 length=2000 flags=maymove
        0 store at=bffde000 size=0 value=11
        0 load at=bf3e7fff size=0
    )");
}

// One of two sibling page tables had moved as a whole, and swapoff looked for it at its old place.
TEST(UserMemoryRegressions, SwapoffFindsATableThatHasMoved) {
    expect_no_difference(R"(
        world frames=160 swap=300 swap2=0 overcommit=1
        0 mmap at=bf400000 size=400000 rights=3 flags=fixed|noreserve
        0 store at=bf405000 size=4 value=11
        0 store at=bf407000 size=4 value=22
        0 fork value=1
        1 mremap at=bf400000 size=400000 to=bf800000 length=400000 flags=maymove|fixed
        1 store at=bf806000 size=4 value=33
        0 store at=bf408000 size=4 value=33
        0 reclaim value=8d
        0 swapoff
    )");
}

// fork asked for a page table for each 4 MiB of a region that the child does not get.
TEST(UserMemoryRegressions, ForksThoughALargeRegionIsLeftOut) {
    expect_no_difference(R"(
        world frames=256 swap=256 swap2=0 overcommit=0 policy=0
        0 mmap at=bffae000 size=10000 rights=3 flags=shared object=4
        0 fork value=1
        0 exit
        1 madvise at=bffb5000 size=6000 value=6
        1 mremap at=bffb8000 size=0 length=40000000 flags=maymove
        1 fork
    )");
}

// With swap full, make_room() gave up although clean pages of files were left.
TEST(UserMemoryRegressions, MakesRoomOfCleanPagesWhenSwapIsFull) {
    expect_no_difference(R"(
        world frames=96 swap=24 swap2=0 overcommit=1 policy=14
        0 exit
        3 spawn
        3 mmap at=bf7fe000 size=1 rights=3 flags=growsdown
        3 mmap at=bfbe9000 size=17000 rights=3
        3 store at=bfbfe000 size=0 value=11
        3 store at=bf3e7000 size=0 value=11
        3 store at=bf421000 size=0 value=11
        3 fork value=4
        3 store at=bf424000 size=0 value=11
        3 mmap at=bffc7000 size=6000 rights=3 flags=populate
        3 mremap at=bf421000 size=1 to=bffef000 length=1 flags=maymove|fixed
        3 fork
        0 store at=bf7f8000 size=0 value=11
        0 store at=bf7e5ffe size=0 value=11
        0 store at=bf7e3000 size=0 value=11
        4 mmap at=bfc0e000 size=9000 rights=3 object=2
        4 store at=bf430000 size=0 value=11
        0 mmap at=0 size=8000 rights=3 flags=populate
        4 load at=bfc15000 size=0
        4 mmap at=bffc4000 size=1 rights=3
        4 store at=bffc4000 size=0 value=11
        4 store at=bf3fb000 size=0 value=11
        4 store at=bf3f6000 size=0 value=11
        4 store at=bf3f1000 size=0 value=11
        0 mmap at=bfbef000 size=2000 rights=3 flags=populate object=3
        4 mmap at=bf7fc000 size=5000 rights=3 flags=fixed object=4
        4 store at=bf7fc000 size=0 value=11
        4 store at=bf7fefff size=0 value=11
        0 mmap at=bf814000 size=14000 rights=3 flags=populate object=1
        0 mmap at=bf3f7000 size=1 rights=3
    )");
}

// DONTUNMAP of locked pages asked RLIMIT_MEMLOCK for nothing more, which is refused over the limit.
TEST(UserMemoryRegressions, ALockedRegionMovesThoughTheLimitIsLowerByNow) {
    expect_no_difference(R"(
        world frames=256 swap=256 swap2=0 overcommit=1 policy=0
        0 mmap at=bffc0000 size=1 rights=3 flags=growsdown
        0 fork value=1
        1 store at=bf7f4000 size=0 value=11
        1 mlockall flags=current
        1 limit flags=locked value=6e000
        1 mremap at=bfbf5000 size=3000 length=3000 flags=maymove|dontunmap
    )");
}

// mremap took pages that MREMAP_FIXED replaces for pages of the kind that grows.
TEST(UserMemoryRegressions, OnlyDataMakesRoomForData) {
    expect_no_difference(R"(
        world frames=256 swap=256 swap2=0 overcommit=1 policy=0
        0 mmap at=bf400000 size=2000 rights=3 flags=fixed
        0 mmap at=bf410000 size=4000 rights=1 flags=fixed
        0 limit flags=data value=2000
        0 mremap at=bf400000 size=2000 to=bf410000 length=4000 flags=maymove|fixed
    )");
}

// fork asked for a page table for each locked region under it.
TEST(UserMemoryRegressions, ForksManyLockedRegionsUnderOneTable) {
    std::string script = "world frames=64 swap=0\n0 mlockall flags=onfault|future\n";
    for (std::uint32_t i = 0; i < 48; ++i)
        script +=
            formatted("0 mmap at=%x size=1000 rights=3 flags=fixed\n", 0xBF404000 + i * 0x2000);
    expect_no_difference(
        (script + "0 store at=bf404000 size=4 value=11\n0 fork value=1\n").c_str());
}

// A locked private page that may be written from now on is copied at once: the model.
TEST(UserMemoryRegressions, MprotectCopiesWhatIsLocked) {
    expect_no_difference(R"(
        world frames=256 swap=256 swap2=0 overcommit=0 policy=0
        0 mmap at=bfbf9000 size=1 rights=1 flags=locked object=2 page=4
        0 mprotect at=bfbf9000 size=1 rights=3
        0 fork value=4
        4 mmap at=bf7e3000 size=4000 rights=3 flags=shared object=2 page=2
        4 store at=bf7e4fff size=0 value=11
    )");
}

// A stack that touches another one has the limit for itself: the model.
TEST(UserMemoryRegressions, TheStackLimitIsForEachRegion) {
    expect_no_difference(R"(
        world frames=256 swap=256 swap2=0 overcommit=1 policy=0
        0 mmap at=bfbed000 size=1 rights=3 flags=growsdown
        0 mmap at=bfbd5000 size=2000 rights=3 flags=fixed|growsdown
        0 store at=bfbd7000 size=0 value=11
        0 store at=bf3de000 size=0 value=11
    )");
}

// Everything was locked and nothing could be written to swap: the one page that could leave was the
// other one of the same store, for ever.
TEST(UserMemoryRegressions, AStoreAcrossTwoPagesEndsThoughHardlyAnythingCanLeave) {
    expect_no_difference(R"(
        world frames=192 swap=256 swap2=0 overcommit=1 policy=0
        0 mmap at=bfc0e000 size=6000 rights=3 flags=growsdown|locked
        0 fork value=3
        3 mmap at=bf418000 size=1 rights=3 flags=growsdown
        3 store at=bf414fff size=0 value=11
        3 store at=bf416000 size=0 value=11
        3 store at=bf833000 size=0 value=11
        3 store at=bf834000 size=0 value=11
        3 fork value=2
        0 exit
        3 store at=bfc00000 size=0 value=11
        3 store at=bfbfc000 size=0 value=11
        0 spawn
        3 store at=bfc02ffe size=0 value=11
        3 mlock at=bfc01000 size=1
        3 store at=bf438ffd size=0 value=11
        3 store at=bf7ed000 size=0 value=11
        3 munlock at=bfc01000 size=1
        3 store at=bf43b000 size=0 value=11
        3 mmap at=bfc1b000 size=6000 rights=3 object=2
        2 mmap at=bfc0d000 size=a000 rights=3 flags=fixed
        3 store at=bf3e2000 size=0 value=11
        3 store at=bfc20000 size=0 value=11
        0 disk flags=writes
        2 mlockall flags=current
        3 store at=bfc10fff size=0 value=11
    )");
}

// Low addresses are refused before pages are promised (Linux 6.1: move_vma): the model.
TEST(UserMemoryRegressions, RefusesLowAddressesBeforeItPromises) {
    expect_no_difference(R"(
        world frames=64 swap=0 swap2=0 overcommit=2 policy=0
        0 mmap at=bf7f6000 size=4000 rights=3
        0 mremap at=bf7f6000 size=1000 to=0 length=40000 flags=maymove|fixed
    )");
}

// A store across the border of a shared map and a private map of the same page of a file: the
// private one is a copy of what was there before. The model.
TEST(UserMemoryRegressions, AStoreFindsBothItsPagesAsTheyWereBefore) {
    expect_no_difference(R"(
        world frames=256 swap=256 swap2=0 overcommit=0 policy=0
        0 mmap at=bffdb000 size=1 rights=3 flags=fixed|shared object=1 page=5
        0 mmap at=bffdc000 size=1 rights=3 flags=fixed object=1 page=5
        0 store at=bffdbfff size=4 value=11
    )");
}

// The other page of the store was a neighbour of the victim, and so became read-only to be written
// to swap along with it, for ever.
TEST(UserMemoryRegressions, AStoreEndsThoughItsPagesAreNeighboursOfVictims) {
    expect_no_difference(R"(
        world frames=64 swap=256 swap2=0 overcommit=0 policy=14
        2 spawn
        2 mmap at=bffd3000 size=1e000 rights=3 flags=locked
        1 spawn
        0 mmap at=bfc0a000 size=1 rights=3 flags=growsdown
        0 store at=bfc01000 size=0 value=11
        0 mmap at=bf400000 size=400000 rights=3 flags=noreserve
        0 store at=bf74c000 size=0 value=11
        0 store at=bf409000 size=0 value=11
        0 fork value=4
        4 store at=bf791000 size=0 value=11
        4 store at=bf411000 size=0 value=11
        4 store at=bf415000 size=0 value=11
        4 store at=bf400000 size=0 value=11
        4 store at=bfbd7000 size=0 value=11
        4 store at=bfbd8000 size=0 value=11
        4 disk flags=writes
        4 store at=bf79f000 size=0 value=11
        4 store at=bfbd9000 size=0 value=11
        4 load at=0 size=0
        4 store at=bfbd8ffd size=0 value=11
    )");
}

// Its memory was more than RLIMIT_AS allows already, so that it was not RLIMIT_DATA that stood in
// the way: mprotect makes no memory.
TEST(UserMemoryRegressions, WhoHasTooMuchAlreadyMayProtectItOtherwise) {
    expect_no_difference(R"(
        world frames=256 swap=256 swap2=0 overcommit=0 policy=0
        0 mmap at=bf7e3000 size=80000 rights=3 object=2
        0 limit flags=data value=50000
        0 fork value=1
        1 mmap at=bf3f9000 size=1
        1 limit flags=space value=67000
        1 mprotect at=bf3f9000 size=1 rights=3
    )");
}

// DONTUNMAP of a low region longer than its address is high: it overlaps address 0, where nothing
// goes.
TEST(UserMemoryRegressions, DontunmapLooksAtAnAddressThatWasNotGiven) {
    expect_no_difference(R"(
        world frames=256 swap=256 swap2=0 overcommit=0 policy=0
        0 mmap at=10000 size=16000 rights=3
        0 mremap at=10000 size=16000 length=16000 flags=maymove|dontunmap
    )");
}

// Swap that failed is left alone for some calls: what they do not get is not asked of it again.
TEST(UserMemoryRegressions, RoomIsNotMadeInSwapThatIsLeftAlone) {
    expect_no_difference(R"(
        world frames=128 swap=256 swap2=0 overcommit=0 policy=2
        4 spawn
        4 mmap at=bf412000 size=1 rights=3 flags=growsdown
        4 store at=bf40d000 size=0 value=11
        4 mmap at=bf829000 size=6000 rights=3
        4 store at=bf412000 size=0 value=11
        4 store at=bf82d000 size=0 value=11
        4 mmap at=bf7f8000 size=1 rights=3 flags=growsdown
        4 store at=bf7ed000 size=0 value=11
        4 store at=bf7efffd size=0 value=11
        4 disk flags=writes
        4 fork value=3
        4 store at=bf7f1fff size=0 value=11
        4 store at=bf412000 size=0 value=11
        0 exit
        3 fork
        0 store at=bf7dfffd size=0 value=11
        0 store at=bf408000 size=0 value=11
        0 store at=bf40c000 size=0 value=11
        0 store at=bf3f2000 size=0 value=11
        0 store at=bf3e3000 size=0 value=11
        0 store at=bf3e5ffd size=0 value=11
        0 store at=bf3e0000 size=0 value=11
        0 store at=bf7f6000 size=0 value=11
        0 store at=bf406000 size=0 value=11
        0 store at=bf3ec000 size=0 value=11
        3 mmap at=bfc08000 size=5000 rights=3 object=2
        3 mmap at=bf420000 size=15000 rights=3 flags=locked
        3 load at=bfc0cffc size=0
        3 mremap at=bfc0a000 size=1 to=bf3e4000 length=1 flags=maymove|fixed
        3 munlockall
        4 reclaim value=39
        4 reclaim value=73
        4 store at=bf82bffd size=0 value=11
        0 reclaim value=40
    )");
}

}  // namespace
}  // namespace quire::test
