// The built-in command read: a line of input, cut into variables.
#include <array>

#include "kernel/abi/errno.h"
#include "libc/string.h"
#include "user/output.h"
#include "user/sh/builtins.h"
#include "user/sh/calls.h"
#include "user/sh/characters.h"
#include "user/sh/option_letters.h"
#include "user/system.h"

namespace quire::shell {
namespace {

/// The line, and for each of its characters whether a backslash made it an ordinary one.
struct Line {
    std::string_view text;
    std::string_view quoted;  // 'q' or ' '
    bool is_complete = false;
    long error = 0;
};

/// A byte at a time: what follows the line is somebody else's.
Line read_line(Shell& shell, bool is_raw) {
    TextBuilder text(shell.arena());
    TextBuilder quoted(shell.arena());
    Line line;
    for (bool escaped = false;;) {
        char c = '\0';
        const long got = sys::read(sys::kInput, &c, 1);
        if (got == -abi::kEintr && !shell.traps().has_come()) shell.check_signals();
        if (got == -abi::kEintr && !shell.is_stopping() && !shell.traps().has_come()) continue;
        if (got < 0) line.error = got;
        line.is_complete = got > 0 && c == '\n' && !escaped;
        if (got <= 0 || line.is_complete) break;
        if (c == '\\' && !is_raw && !escaped) {
            escaped = true;
            continue;
        }
        const bool joins = escaped && c == '\n';  // the line goes on
        if (!joins && c != '\0') {
            text.put(c);
            quoted.put(escaped ? 'q' : ' ');
        }
        escaped = false;
    }
    line.text = text.view();
    line.quoted = quoted.view();
    return line;
}

/// Cuts fields off the line as expansions are cut, but the last takes all that is left.
class Cutter {
  public:
    Cutter(const Line& line, std::string_view separators) : line_(line), separators_(separators) {
        skip_blanks();
    }
    std::string_view next() {
        const std::size_t start = at_;
        while (at_ < line_.text.size() && !is_separator(at_))
            ++at_;
        const std::size_t end = at_;
        skip_blanks();
        if (at_ < line_.text.size() && is_separator(at_) && !is_blank(at_)) {
            ++at_;
            skip_blanks();
        }
        return line_.text.substr(start, end - start);
    }
    /// Without blanks at the end, and without a single other separator there.
    std::string_view rest() {
        const std::size_t start = at_;
        const std::string_view first = next();
        if (at_ >= line_.text.size()) return first;
        std::size_t end = line_.text.size();
        while (end > start && is_separator(end - 1) && is_blank(end - 1))
            --end;
        return line_.text.substr(start, end - start);
    }

  private:
    [[nodiscard]] bool is_separator(std::size_t at) const {
        return line_.quoted[at] == ' ' &&
               separators_.find(line_.text[at]) != std::string_view::npos;
    }
    [[nodiscard]] bool is_blank(std::size_t at) const {
        return strchr(" \t\n", line_.text[at]) != nullptr;
    }
    void skip_blanks() {
        while (at_ < line_.text.size() && is_separator(at_) && is_blank(at_))
            ++at_;
    }

    const Line& line_;
    std::string_view separators_;
    std::size_t at_ = 0;
};

}  // namespace

int do_read(Shell& shell, Arguments arguments) {
    bool is_raw = false;
    const char* prompt = "";
    OptionLetters letters(arguments);
    while (const char letter = letters.next()) {
        is_raw |= letter == 'r';
        if (letter == 'p') prompt = letters.value();
        if ((letter != 'r' && letter != 'p') || prompt == nullptr)
            return misused(shell, arguments, "only -r and -p PROMPT are options");
    }
    const Arguments names = letters.operands();
    if (names.empty()) return misused(shell, arguments, "into which variable?");
    for (const char* const name : names)
        if (!is_name(name)) return misused(shell, arguments, "bad variable name");
    if (sys::is_terminal(sys::kInput)) complain("%s", prompt);
    const Line line = read_line(shell, is_raw);
    if (line.error < 0) return shell.traps().has_come() ? 128 + shell.traps().first_come() : 1;
    Cutter cutter(line, shell.variables().find("IFS").value_or(" \t\n"));
    for (std::size_t i = 0; i < names.size(); ++i) {
        const bool is_last = i + 1 == names.size();
        if (!shell.set_variable(names[i], is_last ? cutter.rest() : cutter.next())) return 2;
    }
    return line.is_complete ? 0 : 1;
}

}  // namespace quire::shell
