// Scripts that once showed a mistake, shortened (docs/model-test.md). Each runs checked after every
// step.
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace quire::test
