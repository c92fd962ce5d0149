// /tests/run [-q] [WORD...]: runs all programs of /tests (and of /tests/glibc and /tests/libc)
// whose path is one of the words, or has one in it, and prints one TAP stream.
//
// A program's own lines "ok" and "not ok" are numbered anew; that it ended well is one more line,
// so that a crash or a program without TAP counts, too. Everything else it prints is a comment.
// Then the program runs a second time without being heard: what the kernel has in use before and
// after that must be the same (Snapshot); -q leaves that out. What is lost is lost each time; but a
// program that pushes the pages of others out may move a frame or two of theirs, either way. So it
// is a leak if more is in use kMostRounds times in a row.
#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "kernel/abi/stat.h"
#include "libc/format.h"
#include "libc/string.h"
#include "tests/guest/programs/snapshot.h"
#include "user/arena.h"
#include "user/directory.h"
#include "user/output.h"
#include "user/signal_names.h"
#include "user/system.h"

namespace {

using namespace quire;

class Stream {
  public:
    void result(bool passed, std::string_view program, std::string_view name) {
        ++count_;
        failed_ += passed ? 0 : 1;
        say("%sok %d - %.*s: %.*s\n", passed ? "" : "not ", count_, length(program), program.data(),
            length(name), name.data());
    }
    /// A line that a program has printed.
    void line(std::string_view program, std::string_view text) {
        const bool bad = text.starts_with("not ok ");
        if (bad || text.starts_with("ok ")) {
            const std::size_t dash = text.find(" - ");
            result(!bad, program, dash == std::string_view::npos ? text : text.substr(dash + 3));
            ++own_;
        } else if (text.starts_with("1..")) {
            planned_ = atoi(text.data() + 3);
        } else if (text.starts_with('#')) {
            say("%.*s\n", length(text), text.data());
        } else {
            say("# %.*s: %.*s\n", length(program), program.data(), length(text), text.data());
        }
    }
    void begin_program() { own_ = 0, planned_ = -1; }
    /// Whether the program reported as many results as it had planned, if it has any.
    [[nodiscard]] bool is_complete() const {
        return planned_ == own_ || (planned_ < 0 && own_ == 0);
    }
    [[nodiscard]] int count() const { return count_; }
    [[nodiscard]] int failed() const { return failed_; }

  private:
    static int length(std::string_view text) { return static_cast<int>(text.size()); }
    int count_ = 0;
    int failed_ = 0;
    int own_ = 0;
    int planned_ = -1;
};

/// Cuts what comes through a pipe into lines; a longer one is cut, too.
void read_lines(int file, Stream& stream, std::string_view program) {
    std::array<char, 1024> room;
    std::size_t used = 0;
    long got = 0;
    while ((got = sys::read(file, &room[used], room.size() - 1 - used)) > 0) {
        used += static_cast<std::size_t>(got);
        for (;;) {
            room[used] = '\0';
            const std::string_view text(room.data(), used);
            const std::size_t end = text.find('\n');
            if (end == std::string_view::npos && used < room.size() - 1) break;
            const std::size_t taken = end == std::string_view::npos ? used : end + 1;
            stream.line(program, text.substr(0, end));
            memmove(room.data(), &room[taken], used - taken);
            used -= taken;
            if (used == 0) break;
        }
    }
    if (used > 0) stream.line(program, {room.data(), used});
}

[[noreturn]] void become(const char* path, const int (&ends)[2], char** environment) {
    sys::duplicate_to(ends[1], sys::kOutput);
    sys::duplicate_to(ends[1], sys::kErrors);
    sys::set_group(0, 0);
    char* arguments[] = {const_cast<char*>(path), nullptr};
    const long error = sys::execute(path, arguments, environment);
    complain("# %s: %s\n", path, error_text(error));
    sys::exit(127);
}

/// Runs the program to its end; what it prints goes to `stream`, or nowhere. Returns wait4's
/// status.
int run_program(const char* path, Stream* stream, std::string_view name, char** environment) {
    int ends[2];
    if (sys::pipe(ends, abi::kOpenCloseOnExec) < 0) return -1;
    const long pid = sys::fork();
    if (pid == 0) become(path, ends, environment);
    sys::close(ends[1]);
    Stream unheard;
    if (stream != nullptr) read_lines(ends[0], *stream, name);
    std::array<char, 1024> dropped;
    while (sys::read(ends[0], dropped.data(), dropped.size()) > 0) {
    }
    sys::close(ends[0]);
    int status = -1;
    if (pid > 0) sys::wait_for(pid, &status, 0);
    return status;
}

void say_status(int status) {
    if ((status & 0x7F) != 0)
        say("# ended by signal %d: %s\n", status & 0x7F, signal_text(status & 0x7F));
    else if (status != 0)
        say("# ended with code %d\n", status >> 8 & 0xFF);
}

struct Runner {
    static constexpr int kMostRounds = 4;

    std::span<char* const> words;
    char** environment;
    bool looks_for_leaks;
    Stream stream;

    [[nodiscard]] bool is_wanted(const char* path) const {
        for (const char* word : words)
            if (*word == '/' ? strcmp(path, word) == 0 : strstr(path, word) != nullptr) return true;
        return words.empty();
    }

    void run(const char* path, std::string_view name) {
        stream.begin_program();
        const int status = run_program(path, &stream, name, environment);
        say_status(status);
        stream.result(status == 0 && stream.is_complete(), name, "ends well");
        if (!looks_for_leaks) return;
        bool leaks = true;
        for (int round = 0; round < kMostRounds && leaks; ++round)
            leaks = leaves_something(path, name, status);
        stream.result(!leaks, name, "leaves nothing behind");
    }

    // Runs it once more, without being heard.
    bool leaves_something(const char* path, std::string_view name, int status) {
        static Snapshot before, after;
        after.take();  // so that our own pages for it are there
        before.take();
        const int again = run_program(path, nullptr, name, environment);
        after.take();
        if (again != status) say("# this time it ended with status %d\n", again);
        return before.has_grown(after);
    }

    /// All programs of the folder, in order; the runner itself is not one.
    void run_folder(const char* folder) {
        Arena arena;
        std::array<const char*, 256> names;
        std::size_t count = 0;
        Directory directory(folder);
        while (const char* const name = directory.next())
            if (count < names.size()) names[count++] = arena.copy(name);
        for (std::size_t i = 1; i < count; ++i)
            for (std::size_t j = i; j > 0 && strcmp(names[j - 1], names[j]) > 0; --j)
                std::swap(names[j - 1], names[j]);
        for (std::size_t i = 0; i < count; ++i) {
            std::array<char, 256> path;
            snprintf(path.data(), path.size(), "%s/%s", folder, names[i]);
            abi::Stat64 stat;
            const bool is_file = system_call(SYS_stat64, path.data(), &stat) == 0 &&
                                 (stat.mode & abi::kModeKind) == abi::kModeFile;
            if (is_file && strcmp(names[i], "run") != 0 && is_wanted(path.data()))
                run(path.data(), names[i]);
        }
    }
};

}  // namespace

int main(int argc, char** argv, char** environment) {
    const bool quick = argc > 1 && strcmp(argv[1], "-q") == 0;
    const auto first = static_cast<std::size_t>(quick ? 2 : 1);
    static Runner runner{
        std::span<char* const>(argv, static_cast<std::size_t>(argc)).subspan(first),
        environment,
        !quick,
        {}};
    const char* const base = "/tests";
    runner.run_folder(base);
    runner.run_folder("/tests/glibc");
    runner.run_folder("/tests/libc");
    say("1..%d\n", runner.stream.count());
    return runner.stream.failed() == 0 && runner.stream.count() > 0 ? 0 : 1;
}
