#include "tests/host/memory_run.h"

#include <algorithm>
#include <new>

#include "tests/host/child_run.h"
#include "tests/host/shrink.h"

namespace quire::test {

namespace {

constexpr std::uint32_t kNever = ~0U;  // complete checks are made at the end only

}  // namespace

RunReport run_apart(const MemoryScript& script, std::uint32_t check_every) {
    const auto work = [&](std::size_t& step, void* figures) -> std::string {
        // Not taken apart after a difference: it may not be fit for that.
        auto* machine = new MemoryMachine(script.world);
        const auto difference = machine->run(script, check_every, &step);
        if (difference.has_value()) return difference->what;
        new (figures) RunFigures(machine->figures());
        delete machine;
        return "";
    };
    RunReport report;
    const ChildReport child = run_in_child(work, &report.figures, sizeof report.figures);
    report.ok = child.ok;
    report.step = child.step;
    report.what = child.what;
    report.signature = child.signature;
    return report;
}

std::optional<std::string> failure_of(const MemoryScript& script, std::uint32_t check_every,
                                      RunFigures& figures) {
    RunReport report = run_apart(script, check_every);
    if (report.ok) {
        figures += report.figures;
        return std::nullopt;
    }
    const std::string first_words = report.what;
    MemoryScript cut = script;
    cut.steps.resize(std::min(script.steps.size(), report.step + 1));
    // A wrong answer shows without looking at everything. What a complete check finds is found
    // soonest if it is made after each step.
    std::uint32_t every = kNever;
    RunReport again = run_apart(cut, every);
    if (again.ok || again.signature != report.signature)
        again = run_apart(cut, every = MemoryMachine::kSlow);
    if (again.ok) again = run_apart(cut, every = check_every);
    if (!again.ok) report = again;
    cut.steps.resize(std::min(cut.steps.size(), report.step + 1));
    const MemoryScript shortest = shrink(cut, [&](const MemoryScript& candidate) {
        const RunReport run = run_apart(candidate, every);
        return !run.ok && run.signature == report.signature;
    });
    return "at step " + std::to_string(report.step) + ": " + report.what +
           "\n(seen first as: " + first_words + ")\nThe shortest script that fails like this:\n" +
           shortest.print();
}

}  // namespace quire::test
