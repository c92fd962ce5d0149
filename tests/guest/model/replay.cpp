// /tests/model_replay [SEED [STEPS [STEPS-OF-A-SCRIPT]]], or /tests/model_replay FILE: the scripts
// of the model test of user memory, run on this kernel by real processes (docs/model-test.md).
//
// Each script runs in a child. One that fails is shortened and printed, so that it can be run again
// from a file, line by line.
#include <malloc.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "tests/guest/model/replay_machine.h"
#include "tests/guest/model/step_command.h"
#include "tests/host/shrink.h"

namespace {

using namespace quire;
using namespace quire::test;

constexpr std::uint64_t kUsualSeed = 1;
constexpr std::uint32_t kUsualSteps = 600;
constexpr std::uint32_t kStepsOfScript = 300;
constexpr std::size_t kCheckEvery = 250;
constexpr std::size_t kNever = ~std::size_t{0};  // at the end only
constexpr std::uint32_t kMostTries = 100;        // of shortening

std::string puppet_path;

// What a child leaves for its parent.
struct Told {
    std::size_t step;
    bool ended, ok;
    char what[400];
    ReplayFigures figures;
};

struct Report {
    bool ok = false;
    std::size_t step = 0;
    std::string what;
    ReplayFigures figures;
};

[[noreturn]] void run_child(const MemoryScript& script, std::size_t check_every, Told& told) {
    {
        ReplayMachine machine(script.world, puppet_path);
        const auto difference = machine.run(script, check_every, told.step);
        told.ok = !difference.has_value();
        if (difference.has_value()) {
            told.step = difference->step;
            std::snprintf(told.what, sizeof told.what, "%s", difference->what.c_str());
        }
        told.figures = machine.figures();
    }
    told.ended = true;
    _exit(0);
}

Report run_apart(const MemoryScript& script, std::size_t check_every) {
    void* shared =
        mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    Told& told = *new (shared) Told{};
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) run_child(script, check_every, told);
    int status = -1;
    waitpid(child, &status, 0);
    Report report{told.ok && told.ended && status == 0, told.step, told.what, told.figures};
    if (!told.ended) report.what = "the run ended without a word";
    if (WIFEXITED(status) && WEXITSTATUS(status) == kExitWithoutMemory) {
        report.ok = true;
        report.figures = {};
        report.figures.out_of_memory = 1;
    }
    munmap(shared, sizeof(Told));
    return report;
}

// Words with a digit in them are left out: failures with the same rest are alike.
std::string signature(const std::string& words) {
    std::string kept, word;
    for (const char c : words + " ") {
        word += c;
        if (c != ' ') continue;
        if (std::none_of(word.begin(), word.end(), [](char d) { return std::isdigit(d) != 0; }))
            kept += word;
        word.clear();
    }
    return kept;
}

// Around about half of the calls that take something away there are stores and loads of what they
// are about, by the same process: what the TLB should have forgotten shows
// (ReplayMachine::do_ahead).
MemoryScript with_probes(const MemoryScript& script, Choices& choices) {
    MemoryScript probed{script.world, {}};
    std::array<std::uint32_t, kProcesses> last_store{};
    for (const MemoryStep& step : script.steps) {
        if (step.call == MemoryCall::Store) last_store[step.process] = step.at;
        if (!may_be_among_others(step) || choices.one_in(2)) {
            probed.steps.push_back(step);
            continue;
        }
        const std::uint32_t pages = std::clamp(step.size / mm::kPageSize, 1U, 4U);
        const std::uint32_t recent = last_store[step.process];
        MemoryStep probe{
            .call = MemoryCall::Store, .process = step.process, .at = recent, .size = 4};
        if (step.call != MemoryCall::Fork && recent - step.at >= step.size)
            probe.at = step.at + choices.below(pages) * mm::kPageSize;
        MemoryStep load = probe;
        load.call = MemoryCall::Load;
        load.value = 0;
        for (const MemoryStep& each : {probe, load, step, load, probe}) {
            probed.steps.push_back(each);
            if (each.call == MemoryCall::Store) probed.steps.back().value = choices.below(~0U);
        }
    }
    return probed;
}

void print_failure(const MemoryScript& script, const Report& report) {
    const bool at_end = report.step >= script.steps.size();
    std::printf("# at step %zu (%s): %s\n", report.step,
                at_end ? "the end" : print(script.steps[report.step]).c_str(), report.what.c_str());
    MemoryScript cut = script;
    cut.steps.resize(std::min(script.steps.size(), report.step + 1));
    std::uint32_t tries = 0;
    const auto fails = [&](const MemoryScript& candidate) {
        if (++tries > kMostTries) return false;
        const Report again = run_apart(candidate, kNever);
        return !again.ok && signature(again.what) == signature(report.what);
    };
    if (!fails(cut)) {
        std::printf("# It does not fail again. Its beginning:\n%s", cut.print().c_str());
        return;
    }
    const MemoryScript shortest = shrink(cut, fails);
    std::printf("# The shortest script that fails like this:\n%s", shortest.print().c_str());
}

void print_figures(const ReplayFigures& figures) {
    std::printf("# %u steps", figures.steps());
    for (std::uint32_t i = 0; i < kMemoryCalls; ++i) {
        if (figures.done[i] + figures.refused[i] == 0) continue;
        std::printf(", %s %u", call_name(static_cast<MemoryCall>(i)), figures.done[i]);
        if (figures.refused[i] != 0) std::printf("+%u", figures.refused[i]);
    }
    std::printf("\n# %u done without a pause; loads and stores:", figures.ahead);
    for (std::size_t i = 0; i < figures.outcomes.size(); ++i)
        if (figures.outcomes[i] != 0)
            std::printf(" %s %u", outcome_name(static_cast<mm::FaultOutcome>(i)),
                        figures.outcomes[i]);
    std::printf(
        "\n# %u skipped, %u excused, %u pages unseen, %u scripts cut short by want of memory\n",
        figures.skipped, figures.excused, figures.unseen, figures.out_of_memory);
    std::printf("# %u faults, %u pages evicted, %u swapped out, %u swapped in\n", figures.faults,
                figures.evicted, figures.swapped_out, figures.swapped_in);
}

bool run(const MemoryScript& script, ReplayFigures& figures) {
    const Report report = run_apart(script, kCheckEvery);
    figures += report.figures;
    if (!report.ok) print_failure(script, report);
    return report.ok;
}

int run_file(const char* path) {
    std::FILE* file = std::fopen(path, "r");
    if (file == nullptr) return std::perror(path), 2;
    std::string text;
    for (int c = 0; (c = std::fgetc(file)) != EOF;)
        text += static_cast<char>(c);
    std::fclose(file);
    const auto script = MemoryScript::parse(text);
    if (!script.has_value()) return std::printf("%s cannot be understood\n", path), 2;
    const Report report = run_apart(*script, 1);
    print_figures(report.figures);
    if (!report.ok) std::printf("step %zu: %s\n", report.step, report.what.c_str());
    return report.ok ? 0 : 1;
}

int run_scripts(std::uint64_t first, std::uint32_t steps, std::uint32_t steps_of_script) {
    ReplayFigures figures;
    std::uint32_t count = 0, failed = 0;
    for (; figures.steps() < steps && failed == 0; ++count) {
        const std::uint64_t seed = first + count;
        RandomChoices choices(seed);
        const MemoryWorld world = some_world(choices);
        const CallSet calls = some_calls(choices) & ~ReplayMachine::kNotHere;
        const MemoryScript script = random_script(seed, world, steps_of_script, calls);
        const bool ok = run(with_probes(script, choices), figures);
        failed += ok ? 0 : 1;
        std::printf("%sok %u - seed %llu, %u frames\n", ok ? "" : "not ", count + 1,
                    static_cast<unsigned long long>(seed), world.frames);
        std::fflush(stdout);
    }
    print_figures(figures);
    std::printf("1..%u\n", count);
    return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    mallopt(M_MMAP_THRESHOLD, 1 << 28);  // what is promised to us is the heap's (check_promises())
    const std::string own = argv[0];
    puppet_path = own.substr(0, own.rfind('/') + 1) + "model/puppet";
    if (argc == 2 && std::isdigit(argv[1][0]) == 0) return run_file(argv[1]);
    const auto number = [&](int index, std::uint64_t usual) {
        return argc > index ? std::strtoull(argv[index], nullptr, 0) : usual;
    };
    return run_scripts(number(1, kUsualSeed), static_cast<std::uint32_t>(number(2, kUsualSteps)),
                       static_cast<std::uint32_t>(number(3, kStepsOfScript)));
}
