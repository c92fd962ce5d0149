// /bin/sh: reads lines, from a terminal, a script or its own command line, and does them.
//
//     sh                      asks with "# " when its input is a terminal
//     sh SCRIPT ARGUMENT...   $1 ... are the arguments
//     sh -c TEXT NAME ARGUMENT...
//     sh -eux ...             options as those of `set`; -s: the script is the input, -i: it asks
//
// docs/shell.md tells what it understands.
#include <algorithm>

#include "kernel/abi/errno.h"
#include "libc/string.h"
#include "user/output.h"
#include "user/sh/calls.h"
#include "user/sh/input.h"
#include "user/sh/parser.h"
#include "user/sh/read_file.h"
#include "user/sh/shell.h"

namespace quire::shell {
namespace {

/// Lines of the input, each done before the next is read.
void run_input(Shell& shell) {
    static void* place[5];
    static Input input(shell);
    if (__builtin_setjmp(place) != 0) {
        shell.reset();
        shell.arena().clear();
    }
    if (shell.is_interactive()) shell.set_prompt_place(place);
    for (static std::size_t line = 1;;) {
        shell.report_jobs();
        shell.check_signals();
        shell.take_up_prompt();
        shell.begin_command();
        input.begin();
        Parser parser(input, line, &shell, shell.arena());
        const Parser::Outcome outcome = parser.parse_line();
        line +=
            static_cast<std::size_t>(std::count(input.text().begin(), input.text().end(), '\n'));
        if (input.was_interrupted()) {
            shell.set_status(130);
        } else if (outcome == Parser::Outcome::End) {
            if (shell.is_interactive()) say("exit\n");
            if (shell.may_leave()) break;
        } else if (outcome == Parser::Outcome::Wrong) {
            shell.refuse_text(parser.error());
        } else {
            if (!shell.is_interactive()) shell.show_text(input.text());
            shell.run_list(parser.list(), false);
        }
        shell.take_up_prompt();
        if (shell.is_stopping()) break;
        shell.arena().clear();
    }
}

/// All of a script, which is what the shell reads next whatever the programs in it read.
std::string_view read_script(Shell& shell, const char* path) {
    TextBuilder text(shell.arena());
    const long error = read_file(path, text);
    if (error >= 0) return text.view();
    shell.complain("%s: %s", path, error_text(error));
    sys::exit(error == -abi::kEnoent || error == -abi::kEnotdir ? 127 : 126);
}

struct Invocation {
    bool has_text = false;     // -c
    bool reads_input = false;  // -s
    bool is_interactive = false;
    std::size_t next = 1;  // the first argument that is no option
};

void set_option(Options& options, char letter, bool on, const char* word) {
    if (options.set(letter, on)) return;
    complain("sh: %s: there is no such option\n", word);
    sys::exit(2);
}

Invocation take_options(std::span<char* const> arguments, Options& options) {
    Invocation result;
    for (; result.next < arguments.size(); ++result.next) {
        const char* letters = arguments[result.next];
        if ((*letters != '-' && *letters != '+') || letters[1] == '\0') break;
        const bool on = *letters == '-';
        if (strcmp(letters, "--") == 0 && ++result.next > 0) break;
        for (++letters; *letters != '\0'; ++letters) {
            if (*letters == 'c')
                result.has_text = on;
            else if (*letters == 's')
                result.reads_input = on;
            else if (*letters == 'i')
                result.is_interactive = on;
            else if (*letters != 'm' && *letters != 'l') {
                const bool is_named = *letters == 'o' && result.next + 1 < arguments.size();
                if (is_named) ++result.next;
                const char* const word = arguments[result.next];
                set_option(options, is_named ? Options::letter_of(word) : *letters, on, word);
            }
        }
    }
    return result;
}

int run(std::span<char* const> arguments, char** environment) {
    Options options;
    const Invocation how = take_options(arguments, options);
    std::span<char* const> rest = arguments.subspan(how.next);
    if (how.has_text && rest.empty()) {
        complain("sh: -c: which text?\n");
        return 2;
    }
    const bool has_script = !how.has_text && !how.reads_input && !rest.empty();
    const char* const text = how.has_text ? rest[0] : nullptr;
    if (how.has_text) rest = rest.subspan(1);
    // A name comes before $1, but where the script is the input.
    const char* name = arguments.empty() ? "sh" : arguments[0];
    if (!rest.empty() && !how.reads_input) {
        name = rest[0];
        rest = rest.subspan(1);
    }
    static Shell shell(name, rest, environment);
    shell.options() = options;
    const bool reads_input = !how.has_text && !has_script;
    if (how.is_interactive || (reads_input && sys::is_terminal(sys::kInput)))
        shell.be_interactive();
    if (how.has_text)
        shell.run_text(text, true);
    else if (has_script)
        shell.run_text(read_script(shell, name), true, name);
    else
        run_input(shell);
    shell.end();
}

}  // namespace
}  // namespace quire::shell

int main(int argc, char** argv, char** environment) {
    return quire::shell::run({argv, static_cast<std::size_t>(argc)}, environment);
}
