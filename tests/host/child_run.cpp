#include "tests/host/child_run.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <cstring>
#include <new>

// In a build that counts coverage: a process that ends by _exit() would not be counted.
extern "C" [[gnu::weak]] void __gcov_dump();

namespace quire::test {

namespace {

constexpr std::size_t kMostWords = 400;
constexpr std::size_t kMostFigures = 4096;

// What a child tells its parent.
struct Told {
    std::size_t step = 0;
    bool ended = false;
    bool ok = false;
    char what[kMostWords] = {};
    alignas(std::max_align_t) std::byte figures[kMostFigures] = {};
};

[[noreturn]] void run_child(const ChildWork& work, Told& told) {
    const std::string wrong = work(told.step, told.figures);
    if (!wrong.empty()) {
        std::snprintf(told.what, kMostWords, "%s", wrong.c_str());
        told.ended = true;
        _exit(0);
    }
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

ChildReport run_in_child(const ChildWork& work, void* figures, std::size_t figure_bytes) {
    EXPECT_LE(figure_bytes, kMostFigures);
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
        run_child(work, told);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    ChildReport report{told.ok && status == 0, told.step, told.what, {}};
    if (report.ok) std::memcpy(figures, told.figures, figure_bytes);
    if (!report.ok && !told.ended) report.what = last_words(output);
    report.signature = without_numbers(report.what);
    std::fclose(output);
    munmap(shared, sizeof(Told));
    return report;
}

}  // namespace quire::test
