// Commands that are part of the shell, because they change the shell itself, or because a program
// for each would take too long.
#pragma once

#include <string_view>

#include "user/output.h"
#include "user/sh/shell.h"

namespace quire::shell {

struct Builtin {
    std::string_view name;
    int (*function)(Shell& shell, Arguments arguments);
    /// POSIX 2.14: assignments before it stay, and an error in its redirections ends a script.
    bool is_special;
    const char* help;  // its use, and what it does
};

/// nullptr: there is none of that name.
[[nodiscard]] const Builtin* find_builtin(std::string_view name);
/// All of them.
[[nodiscard]] std::span<const Builtin> builtins();

/// The operands of a command that has no options: a -- before them is none.
[[nodiscard]] Arguments without_options(Arguments arguments);
/// "sh: NAME: WHAT", and 2, which is also the status of what was called the wrong way.
int misused(Shell& shell, Arguments arguments, const char* what);
/// "sh: NAME: WHAT: why", and 1.
int failed(Shell& shell, Arguments arguments, const char* what, long error);

// builtins_flow.cpp
int do_nothing(Shell& shell, Arguments arguments);
int do_true(Shell& shell, Arguments arguments);
int do_false(Shell& shell, Arguments arguments);
int do_break(Shell& shell, Arguments arguments);
int do_return(Shell& shell, Arguments arguments);
int do_exit(Shell& shell, Arguments arguments);
int do_exec(Shell& shell, Arguments arguments);
int do_eval(Shell& shell, Arguments arguments);
int do_dot(Shell& shell, Arguments arguments);
int do_hash(Shell& shell, Arguments arguments);
int do_command(Shell& shell, Arguments arguments);
int do_type(Shell& shell, Arguments arguments);

// builtins_variables.cpp
/// A value in quotes that make it a word again: 'it'"'"'s'.
void print_quoted(Output& output, std::string_view value);
int do_export(Shell& shell, Arguments arguments);
int do_read_only(Shell& shell, Arguments arguments);
int do_unset(Shell& shell, Arguments arguments);
int do_set(Shell& shell, Arguments arguments);
int do_shift(Shell& shell, Arguments arguments);
int do_local(Shell& shell, Arguments arguments);
int do_alias(Shell& shell, Arguments arguments);
int do_unalias(Shell& shell, Arguments arguments);
int do_get_options(Shell& shell, Arguments arguments);

// help.cpp
int do_help(Shell& shell, Arguments arguments);

// builtins_jobs.cpp
int do_jobs(Shell& shell, Arguments arguments);
int do_foreground(Shell& shell, Arguments arguments);
int do_background(Shell& shell, Arguments arguments);
int do_wait(Shell& shell, Arguments arguments);
int do_kill(Shell& shell, Arguments arguments);
int do_trap(Shell& shell, Arguments arguments);

// folders.cpp
int do_change_directory(Shell& shell, Arguments arguments);
int do_print_directory(Shell& shell, Arguments arguments);
/// Whether the path begins at the root and leads to where we are.
[[nodiscard]] bool is_current_folder(const char* path);

// builtins_system.cpp
int do_mask(Shell& shell, Arguments arguments);
int do_times(Shell& shell, Arguments arguments);

// builtin_limits.cpp
int do_limit(Shell& shell, Arguments arguments);

// builtins_text.cpp
int do_echo(Shell& shell, Arguments arguments);
int do_print(Shell& shell, Arguments arguments);
int do_read(Shell& shell, Arguments arguments);

// builtin_test.cpp
int do_test(Shell& shell, Arguments arguments);

}  // namespace quire::shell
