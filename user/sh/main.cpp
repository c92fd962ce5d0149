// /bin/sh: reads lines, from a terminal, a script or its own command line, and does them.
//
//     sh                      asks with "# " when its input is a terminal
//     sh SCRIPT ARGUMENT...   $1 ... are the arguments
//     sh -c TEXT NAME ARGUMENT...
//
// docs/shell.md tells what it understands.
#include <array>

#include "kernel/abi/errno.h"
#include "libc/string.h"
#include "user/output.h"
#include "user/sh/shell.h"
#include "user/system.h"

namespace quire::shell {
namespace {

constexpr std::size_t kMostText = 65536;
std::array<char, kMostText> text;

/// Reads lines of one file. A byte at a time: what follows the line may be for the program that the
/// line starts.
class Reader {
  public:
    enum class Outcome { Line, End, Interrupted, TooLong };

    explicit Reader(int file) : file_(file) {}
    /// Appends a line to text, after the `used` bytes that are there.
    Outcome read_line(std::size_t& used) {
        const std::size_t start = used;
        while (used < text.size()) {
            const long got = sys::read(file_, &text[used], 1);
            if (got == -abi::kEintr) return Outcome::Interrupted;
            if (got <= 0) return used > start ? Outcome::Line : Outcome::End;
            if (text[used++] == '\n') return Outcome::Line;
        }
        return Outcome::TooLong;
    }

  private:
    int file_;
};

void prompt(const Shell& shell, bool continues) {
    if (shell.is_interactive()) say(continues ? "> " : "# ");
}

int run_file(Shell& shell, int file) {
    Reader reader(file);
    std::size_t used = 0;
    for (;;) {
        if (used == 0) shell.report_jobs();
        prompt(shell, used > 0);
        const Reader::Outcome outcome = reader.read_line(used);
        if (outcome == Reader::Outcome::End) {
            if (used > 0) complain("sh: the end of a quote or of ( is missing\n");
            if (shell.is_interactive()) say("exit\n");
            return used > 0 ? 2 : shell.status();
        }
        if (outcome == Reader::Outcome::Interrupted) say("\n");
        if (outcome == Reader::Outcome::TooLong) complain("sh: line too long\n");
        const bool dropped = outcome != Reader::Outcome::Line;
        if (dropped || shell.run_text({text.data(), used})) {
            used = 0;
            shell.arena().clear();
        }
    }
}

int open_script(const char* path) {
    const long file = sys::open(path, abi::kOpenReadOnly);
    if (file < 0) {
        complain("sh: %s: %s\n", path, error_text(file));
        sys::exit(127);
    }
    constexpr std::uint32_t kOutOfTheWay = 10;
    const long copy =
        sys::control(static_cast<int>(file), abi::kFcntlDuplicateCloseOnExec, kOutOfTheWay);
    sys::close(static_cast<int>(file));
    return static_cast<int>(copy);
}

bool is_terminal(int file) {
    int group = 0;
    return sys::device_control(file, sys::kGetForeground, &group) == 0;
}

int run(std::span<char* const> arguments, char** environment) {
    const bool has_text = arguments.size() > 2 && strcmp(arguments[1], "-c") == 0;
    const bool has_script = !has_text && arguments.size() > 1;
    const bool interactive = !has_text && !has_script && is_terminal(sys::kInput);
    const std::size_t first = has_text && arguments.size() > 3 ? 3 : has_script ? 1 : 0;
    // A shell for -c TEXT alone has no arguments but its name.
    const auto parameters = has_text && first == 0 ? arguments.first(1) : arguments.subspan(first);
    static Shell shell(parameters, environment, interactive);
    if (has_text) {
        if (!shell.run_text(arguments[2])) {
            complain("sh: the end of a quote or of ( is missing\n");
            return 2;
        }
        return shell.status();
    }
    if (interactive) shell.take_terminal();
    return run_file(shell, has_script ? open_script(arguments[1]) : sys::kInput);
}

}  // namespace
}  // namespace quire::shell

int main(int argc, char** argv, char** environment) {
    return quire::shell::run({argv, static_cast<std::size_t>(argc)}, environment);
}
