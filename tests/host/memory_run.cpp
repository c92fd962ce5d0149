#include "tests/host/memory_run.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>

#include "tests/host/shrink.h"

// In a build that counts coverage: a process that ends by _exit() would not be counted.
extern "C" [[gnu::weak]] void __gcov_dump();

namespace quire::test {

namespace {

constexpr std::size_t kMostWords = 400;
constexpr std::uint32_t kNever = ~0U;  // complete checks are made at the end only

// What a child tells its parent.
struct Told {
    std::size_t step = 0;
    bool ended = false;
    bool ok = false;
    char what[kMostWords] = {};
    RunFigures figures;
};

[[noreturn]] void run_child(const MemoryScript& script, std::uint32_t check_every, Told& told) {
    // Not taken apart after a difference: it may not be fit for that.
    auto* machine = new MemoryMachine(script.world);
    const auto difference = machine->run(script, check_every, &told.step);
    if (difference.has_value()) {
        std::snprintf(told.what, kMostWords, "%s", difference->what.c_str());
        told.ended = true;
        _exit(0);
    }
    told.figures = machine->figures();
    delete machine;
    told.ok = !testing::Test::HasFailure();
    told.ended = told.ok;  // or else what was expected is among the last words
    if (__gcov_dump != nullptr) __gcov_dump();
    _exit(0);
}

// The line that says why a process ended.
std::string last_words(std::FILE* output) {
    std::rewind(output);
    std::string words = "ended without a word";
    char line[1000];
    while (std::fgets(line, sizeof line, output) != nullptr) {
        for (const char* sign :
             {"assertion failed", "ERROR: AddressSanitizer", "runtime error", "Failure", "panic"}) {
            if (std::strstr(line, sign) == nullptr) continue;
            words = line;
            if (std::strcmp(sign, "Failure") == 0)
                while (std::fgets(line, sizeof line, output) != nullptr && words.size() < 600)
                    words += std::string("  ") + line;
            return words;
        }
    }
    return words;
}

// Words with a digit in them are left out.
std::string without_numbers(const std::string& words) {
    std::string kept, word;
    bool number = false;
    for (const char c : words + " ") {
        if (std::isspace(static_cast<unsigned char>(c)) == 0) {
            word += c;
            number |= std::isdigit(static_cast<unsigned char>(c)) != 0;
            continue;
        }
        if (!number) kept += word + " ";
        word.clear();
        number = false;
    }
    return kept;
}

}  // namespace

RunReport run_apart(const MemoryScript& script, std::uint32_t check_every) {
    void* shared =
        mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT_NE(shared, MAP_FAILED);
    Told& told = *new (shared) Told;
    std::FILE* output = std::tmpfile();
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        dup2(fileno(output), STDOUT_FILENO);
        dup2(fileno(output), STDERR_FILENO);
        std::setbuf(stdout, nullptr);
        run_child(script, check_every, told);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    RunReport report{told.ok && status == 0, told.step, told.what, {}, told.figures};
    if (!report.ok && !told.ended) report.what = last_words(output);
    report.signature = without_numbers(report.what);
    std::fclose(output);
    munmap(shared, sizeof(Told));
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
