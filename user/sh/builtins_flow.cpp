// Built-in commands that run others, or end what runs.
#include <algorithm>

#include "user/output.h"
#include "user/sh/builtins.h"
#include "user/sh/calls.h"
#include "user/sh/characters.h"
#include "user/sh/option_letters.h"
#include "user/sh/read_file.h"
#include "user/sh/reserved_words.h"

namespace quire::shell {
namespace {

/// The number that may follow the name; -1: there is something else.
int number_of(Shell& shell, Arguments arguments, int usual) {
    const Arguments operands = without_options(arguments);
    if (operands.empty()) return usual;
    if (is_digits(operands[0])) return to_number(operands[0]);
    shell.complain("%s: Illegal number: %s", arguments[0], operands[0]);
    shell.abandon(2);
    return -1;
}

}  // namespace

int do_nothing(Shell&, Arguments) {
    return 0;
}
int do_true(Shell&, Arguments) {
    return 0;
}
int do_false(Shell&, Arguments) {
    return 1;
}

/// Also `continue`. Outside of loops it is nothing.
int do_break(Shell& shell, Arguments arguments) {
    const int levels = number_of(shell, arguments, 1);
    if (levels < 0) return 2;
    if (levels == 0) return misused(shell, arguments, "Illegal number: 0");
    if (shell.loops() == 0) return 0;
    const bool is_break = arguments[0][0] == 'b';
    shell.stop(is_break ? Flow::Break : Flow::Continue, std::min(levels, shell.loops()));
    return 0;
}

int do_return(Shell& shell, Arguments arguments) {
    const int status = number_of(shell, arguments, shell.status());
    if (status < 0) return 2;
    if (!shell.can_return() && shell.is_interactive())
        return misused(shell, arguments, "not in a function");
    // Outside of functions it ends the script, as in dash.
    shell.stop(shell.can_return() ? Flow::Return : Flow::Exit);
    return status;
}

int do_exit(Shell& shell, Arguments arguments) {
    const int status = number_of(shell, arguments, shell.status_to_leave_with());
    if (status < 0) return 2;
    if (!shell.may_leave()) return 1;
    shell.stop(Flow::Exit);
    return status & 0xFF;
}

int do_exec(Shell& shell, Arguments arguments) {
    const Arguments command = without_options(arguments);
    if (command.empty()) return 0;
    const bool was_interactive = shell.is_interactive();
    if (was_interactive) shell.traps().leave_keys();
    const int status = shell.execute(command);
    if (was_interactive) shell.traps().take_keys();
    if (!was_interactive) shell.stop(Flow::Exit);
    return status;
}

int do_eval(Shell& shell, Arguments arguments) {
    TextBuilder text(shell.arena());
    for (const char* const word : without_options(arguments)) {
        if (text.size() > 0) text.put(' ');
        text.put(std::string_view(word));
    }
    return shell.run_text(text.take(), false, nullptr, shell.line());
}

/// Without a slash in its name the file is one of $PATH's folders'.
int do_dot(Shell& shell, Arguments arguments) {
    const Arguments operands = without_options(arguments);
    if (operands.empty()) return misused(shell, arguments, "which file?");
    const char* const path = shell.find_in_path(operands[0], [](const char* candidate) {
        abi::Stat64 status{};
        return sys::file_status(candidate, status) == 0;
    });
    TextBuilder text(shell.arena());
    const long error = path == nullptr ? 0 : read_file(path, text);
    if (path == nullptr)
        shell.complain("%s: not found", operands[0]);
    else if (error < 0)
        shell.complain("%s: %s", path, error_text(error));
    if (path == nullptr || error < 0) return shell.abandon(2), 2;
    shell.enter_call();
    const int status = shell.run_text(text.view(), false, path);
    shell.leave_call();
    return status;
}

namespace {

void describe_alias(const char* name, std::string_view value, char how) {
    Output output(sys::kOutput);
    output.print(how == 'v' ? "alias %s=" : "%s is an alias for ", name);
    how == 'v' ? print_quoted(output, value) : output.put(value);
    output.print("\n");
}

/// Says what a name means; how: 'v' in a word, 'V' in a sentence.
bool describe(Shell& shell, const char* name, char how) {
    const Builtin* const builtin = find_builtin(name);
    const auto alias = shell.aliases().find(name);
    const char* kind = nullptr;
    if (is_reserved(name))
        kind = "a shell keyword";
    else if (alias)
        return describe_alias(name, *alias, how), true;
    else if (builtin != nullptr && builtin->is_special)
        kind = "a special shell builtin";
    else if (shell.functions().find(name) != nullptr)
        kind = "a shell function";
    else if (builtin != nullptr)
        kind = "a shell builtin";
    const char* const path = kind == nullptr ? shell.find_program(name) : nullptr;
    if (kind == nullptr && path == nullptr) {
        if (how == 'V') shell.complain("%s: not found", name);
        return false;
    }
    if (how == 'v')
        say("%s\n", kind != nullptr ? name : path);
    else
        say("%s is %s\n", name, kind != nullptr ? kind : path);
    return true;
}

}  // namespace

int do_type(Shell& shell, Arguments arguments) {
    int status = 0;
    for (const char* const name : without_options(arguments))
        if (!describe(shell, name, 'V')) status = 127;
    return status;
}

/// Nothing is remembered, so there is nothing to forget; but what is not there is told.
int do_hash(Shell& shell, Arguments arguments) {
    int status = 0;
    OptionLetters letters(arguments);
    while (letters.next() != '\0') {
    }
    for (const char* const name : letters.operands()) {
        const bool is_there = find_builtin(name) != nullptr ||
                              shell.functions().find(name) != nullptr ||
                              shell.find_program(name) != nullptr;
        if (is_there) continue;
        shell.complain("hash: %s: not found", name);
        status = 1;
    }
    return status;
}

/// What fails in a special command is no more than its status then (POSIX, command).
int do_command(Shell& shell, Arguments arguments) {
    char how = '\0';
    OptionLetters letters(arguments);
    while (const char letter = letters.next()) {
        if (letter == 'v' || letter == 'V')
            how = letter;
        else if (letter != 'p')
            return misused(shell, arguments, "only -v, -V and -p are options");
    }
    const Arguments rest = letters.operands();
    if (rest.empty()) return 0;
    if (how != '\0') return describe(shell, rest[0], how) ? 0 : 127;
    shell.run_arguments(rest, false);
    shell.take_up_error();
    return shell.status();
}

}  // namespace quire::shell
