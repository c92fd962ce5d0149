#include "user/sh/builtins.h"

#include <algorithm>
#include <array>

#include "libc/string.h"
#include "user/output.h"

namespace quire::shell {
namespace {

// In the order of the alphabet, as find_builtin() needs it.
constexpr std::array kBuiltins{
    Builtin{".", do_dot, true, ". FILE            do what is in the file, here"},
    Builtin{":", do_nothing, true, ": [WORD...]       nothing, with success"},
    Builtin{"[", do_test, false, "[ X ]             whether a condition holds, as test"},
    Builtin{"alias", do_alias, false,
            "alias [NAME=TEXT]  a text in place of the name of a command"},
    Builtin{"bg", do_background, false, "bg [%N]           continue job N in the background"},
    Builtin{"break", do_break, true, "break [N]         leave a loop, or N of them"},
    Builtin{"cd", do_change_directory, false, "cd [-P] [FOLDER]  go there, or to $HOME; -: back"},
    Builtin{"command", do_command, false, "command [-v] X    run X, no function; -v: what it is"},
    Builtin{"continue", do_break, true,
            "continue [N]      go on with the next turn of a loop, the Nth around"},
    Builtin{"echo", do_echo, false, "echo [-n] WORD..  print the words"},
    Builtin{"eval", do_eval, true, "eval WORD...      do the words as a command"},
    Builtin{"exec", do_exec, true, "exec PROGRAM      become the program"},
    Builtin{"exit", do_exit, true, "exit [STATUS]     end the shell"},
    Builtin{"export", do_export, true, "export NAME=...   give a variable to programs"},
    Builtin{"false", do_false, false, "false             nothing, without success"},
    Builtin{"fg", do_foreground, false, "fg [%N]           continue job N here"},
    Builtin{"getopts", do_get_options, false, "getopts LIST NAME the next option of a script"},
    Builtin{"hash", do_hash, false,
            "hash [-r] NAME..  nothing: programs are looked for each time anew"},
    Builtin{"help", do_help, false,
            "help [WORD...]    what to try first; of a built-in command, or of syntax"},
    Builtin{"jobs", do_jobs, false, "jobs [-lp] [%N]   what runs in the background, or is stopped"},
    Builtin{"kill", do_kill, false, "kill [-SIG] %N..  send a signal to jobs or processes"},
    Builtin{"local", do_local, false, "local NAME=...    a variable of this function"},
    Builtin{"printf", do_print, false, "printf FORMAT X.. print with %s %d %x %c %b %o"},
    Builtin{"pwd", do_print_directory, false, "pwd [-P]          where we are"},
    Builtin{"read", do_read, false, "read [-r] NAME... a line of input, cut into variables"},
    Builtin{"readonly", do_read_only, true, "readonly NAME=... a variable that stays as it is"},
    Builtin{"return", do_return, true, "return [STATUS]   leave a function"},
    Builtin{"set", do_set, true, "set [-eux] [X...] options, and $1...; list the variables"},
    Builtin{"shift", do_shift, true, "shift [N]         $2 becomes $1, and so on"},
    Builtin{"test", do_test, false, "test X, [ X ]     whether a condition holds"},
    Builtin{"times", do_times, true, "times             time used so far"},
    Builtin{"trap", do_trap, true, "trap TEXT SIG...  do the text when a signal comes"},
    Builtin{"true", do_true, false, "true              nothing, with success"},
    Builtin{"type", do_type, false, "type NAME...      what a name means"},
    Builtin{"ulimit", do_limit, false,
            "ulimit -v [KIB]   how much memory programs may have; -a: all limits"},
    Builtin{"umask", do_mask, false, "umask [-S] [MODE] permissions that new files do not get"},
    Builtin{"unalias", do_unalias, false, "unalias NAME...   forget an alias; -a: all"},
    Builtin{"unset", do_unset, true, "unset [-f] NAME.. forget a variable, or a function"},
    Builtin{"wait", do_wait, false, "wait [PID|%N...]  until jobs have ended"},
};
static_assert(std::is_sorted(kBuiltins.begin(), kBuiltins.end(),
                             [](const Builtin& left, const Builtin& right) {
                                 return left.name < right.name;
                             }));

}  // namespace

std::span<const Builtin> builtins() {
    return kBuiltins;
}

const Builtin* find_builtin(std::string_view name) {
    const auto found = std::lower_bound(
        kBuiltins.begin(), kBuiltins.end(), name,
        [](const Builtin& row, std::string_view wanted) { return row.name < wanted; });
    return found != kBuiltins.end() && found->name == name ? found : nullptr;
}

Arguments without_options(Arguments arguments) {
    const bool has_mark = arguments.size() > 1 && strcmp(arguments[1], "--") == 0;
    return arguments.subspan(has_mark ? 2 : 1);
}

int misused(Shell& shell, Arguments arguments, const char* what) {
    shell.complain("%s: %s", arguments[0], what);
    const Builtin* const builtin = find_builtin(arguments[0]);
    if (builtin != nullptr && builtin->is_special) shell.abandon(2);
    return 2;
}

int failed(Shell& shell, Arguments arguments, const char* what, long error) {
    shell.complain("%s: %s: %s", arguments[0], what, error_text(error));
    return 1;
}

}  // namespace quire::shell
