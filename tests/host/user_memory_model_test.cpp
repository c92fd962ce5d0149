// The great model test of user memory: random scripts of what programs do, on machines with little
// RAM, against a naive model written from the manual (docs/model-test.md).
//
// QUIRE_SEED chooses the first script (a number, or random), QUIRE_STEPS how many steps there are
// in all (usually kUsualSteps), and after QUIRE_SECONDS, if given, no new script is begun. A script
// that fails is shortened and printed; put it into user_memory_regressions_test.cpp.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>

#include "tests/host/memory_run.h"
#include "tests/host/shrink.h"

namespace quire::test {
namespace {

constexpr std::uint64_t kUsualSteps = sizeof(void*) == 8 ? 1'000'000 : 150'000;
constexpr std::size_t kStepsOfScript = 4000;
constexpr std::uint64_t kSlowSteps = 3000;  // checked after each

std::uint64_t steps_wanted() {
    const char* given = std::getenv("QUIRE_STEPS");
    return given != nullptr ? std::strtoull(given, nullptr, 0) : kUsualSteps;
}

// The same scripts every time, unless others are asked for: QUIRE_SEED=random, or a number.
std::uint64_t first_seed() {
    constexpr std::uint64_t kUsualSeed = 1;
    const char* given = std::getenv("QUIRE_SEED");
    if (given == nullptr) return kUsualSeed;
    return std::strcmp(given, "random") == 0 ? std::random_device()()
                                             : std::strtoull(given, nullptr, 0);
}

bool is_time_up(std::chrono::steady_clock::time_point start) {
    const char* given = std::getenv("QUIRE_SECONDS");
    if (given == nullptr) return false;
    return std::chrono::steady_clock::now() - start >=
           std::chrono::seconds(std::strtoll(given, nullptr, 0));
}

void print(const RunFigures& figures) {
    for (std::uint32_t i = 0; i < kMemoryCalls; ++i)
        std::printf("  %-10s %8u done %8u refused\n", call_name(static_cast<MemoryCall>(i)),
                    figures.done[i], figures.refused[i]);
    for (std::size_t i = 0; i < figures.outcomes.size(); ++i)
        std::printf("  %s %u", outcome_name(static_cast<mm::FaultOutcome>(i)), figures.outcomes[i]);
    std::printf(
        "\n  %u skipped; %u faults, %u copied, %u taken over, %u swapped in, %u found in swap "
        "cache,\n  %u tables shared, %u copied, %u taken over; %u evicted, %u to swap, %u "
        "to files\n",
        figures.skipped, figures.memory.faults, figures.memory.copied, figures.memory.taken_over,
        figures.memory.swapped_in, figures.memory.found_in_swap_cache, figures.memory.tables_shared,
        figures.memory.tables_copied, figures.memory.tables_taken_over, figures.evicted,
        figures.pages_to_swap, figures.pages_to_files);
}

RunFigures run_scripts(std::uint64_t steps, std::size_t steps_of_script,
                       std::uint32_t check_every) {
    RunFigures figures;
    const auto start = std::chrono::steady_clock::now();
    const std::uint64_t first = first_seed();
    std::uint64_t script_seed = first;
    std::printf("QUIRE_SEED=%llu\n", static_cast<unsigned long long>(first));
    std::fflush(stdout);
    while (figures.steps() < steps && !is_time_up(start) && !testing::Test::HasFailure()) {
        RandomChoices choices(script_seed);
        const MemoryWorld world = some_world(choices);
        const CallSet calls = some_calls(choices);
        const MemoryScript script = random_script(script_seed, world, steps_of_script, calls);
        const auto failure = failure_of(script, check_every, figures);
        if (failure.has_value()) ADD_FAILURE() << "QUIRE_SEED=" << script_seed << "\n" << *failure;
        ++script_seed;
    }
    std::printf("%u steps in %llu scripts\n", figures.steps(),
                static_cast<unsigned long long>(script_seed - first));
    return figures;
}

TEST(UserMemoryModel, AgreesStepByStep) {
    run_scripts(kSlowSteps, 500, MemoryMachine::kSlow);
}

TEST(UserMemoryModel, AgreesAMillionTimes) {
    const RunFigures figures = run_scripts(steps_wanted(), kStepsOfScript, MemoryMachine::kFast);
    print(figures);
    if (HasFailure() || figures.steps() < kUsualSteps) return;
    // A test that never got where it is difficult would prove nothing.
    for (std::uint32_t i = 0; i < kMemoryCalls; ++i) {
        const auto call = static_cast<MemoryCall>(i);
        if (call == MemoryCall::Check) continue;
        EXPECT_GT(figures.done[i], 100U) << call_name(call);
    }
    EXPECT_GT(figures.memory.copied, 1000U);
    EXPECT_GT(figures.memory.taken_over, 100U);
    EXPECT_GT(figures.memory.swapped_in, 1000U);
    EXPECT_GT(figures.memory.tables_copied, 1000U);
    EXPECT_GT(figures.evicted, 1000U);
    EXPECT_GT(figures.pages_to_files, 100U);
}

// The script in the file that QUIRE_SCRIPT names, step by step, in this process: for a debugger.
TEST(UserMemoryModel, RunsTheScriptThatItIsGiven) {
    const char* name = std::getenv("QUIRE_SCRIPT");
    if (name == nullptr) return;
    std::ifstream file(name);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    const auto script = MemoryScript::parse(text);
    ASSERT_TRUE(script.has_value()) << name;
    const auto difference = MemoryMachine(script->world).run(*script, MemoryMachine::kSlow);
    EXPECT_FALSE(difference.has_value()) << "step " << difference->step << ": " << difference->what;
}

// --- Scripts ---

TEST(MemoryScript, IsReadBackAsItWasPrinted) {
    const std::uint64_t first = seed();
    for (std::uint64_t i = 0; i < 20; ++i) {
        RandomChoices choices(first + i);
        const MemoryScript script = random_script(first + i, some_world(choices), 200, kAllCalls);
        const auto read = MemoryScript::parse(script.print());
        ASSERT_TRUE(read.has_value());
        EXPECT_EQ(*read, script);
    }
}

TEST(MemoryScript, RefusesWhatItCannotRead) {
    EXPECT_TRUE(MemoryScript::parse("# a remark\n\n0 exit\n").has_value());
    EXPECT_FALSE(MemoryScript::parse("0 dance\n").has_value());
    EXPECT_FALSE(MemoryScript::parse("0 load at=xyz\n").has_value());
    EXPECT_FALSE(MemoryScript::parse("0 load rights=3\n").has_value());
    EXPECT_FALSE(MemoryScript::parse("9 exit\n").has_value());
    EXPECT_FALSE(MemoryScript::parse("world size=3\n").has_value());
}

TEST(MemoryScript, AnyBytesAreAScript) {
    std::vector<std::uint8_t> bytes;
    for (std::uint32_t i = 0; i < 300; ++i)
        bytes.push_back(static_cast<std::uint8_t>(i * 37 + 11));
    const MemoryScript script = MemoryScript::decode(bytes);
    EXPECT_GT(script.steps.size(), 5U);
    EXPECT_EQ(MemoryScript::decode(bytes), script);
    EXPECT_TRUE(MemoryScript::decode({}).steps.empty());
}

// --- Shortening ---

TEST(Shrink, LeavesWhatTheFailureNeeds) {
    MemoryScript script = random_script(1, {}, 300, kAllCalls);
    script.steps[120] = {.call = MemoryCall::Fork, .process = 2, .value = 4};
    script.steps[200] = {.call = MemoryCall::Break, .process = 4, .at = 0x1000};
    const auto fails = [](const MemoryScript& candidate) {
        bool forked = false;
        for (const MemoryStep& step : candidate.steps) {
            forked |= step.call == MemoryCall::Fork && step.value == 4;
            if (forked && step.call == MemoryCall::Break && step.at == 0x1000) return true;
        }
        return false;
    };
    EXPECT_EQ(shrink(script, fails).steps.size(), 2U);
}

}  // namespace
}  // namespace quire::test
