// The built-in command help: what a newcomer tries first, on one screen of 25 lines.
//
//     help             the page
//     help WORD...     the line of a built-in command
//     help syntax      what joins commands
#include "user/output.h"
#include "user/sh/builtins.h"

namespace quire::shell {
namespace {

constexpr const char* kFirstSteps =
    "Quire, a small kernel about memory. To try first:\n"
    "\n"
    "  cat /README             what is where on this disk\n"
    "  /demo/tour              what memory does, shown while you watch; q ends it\n"
    "  cat /proc/meminfo       who has the RAM\n"
    "  cat /proc/self/maps     the regions of a program, here of cat\n"
    "  ls /docs                the book, as it is in the repository\n"
    "  Ctrl-]                  the kernel's monitor: help there too, exit leads back\n"
    "  poweroff                the end; what you wrote stays on the disk\n"
    "\n"
    "Keys: Tab the rest of a name, Up an earlier line, ^C end the program, ^Z stop\n"
    "it (fg lets it go on), ^D end of the input, ^L clear the screen.\n"
    "\n"
    "Programs are in /bin and /sbin; these are built in, and \"help cd\" tells of one:\n";

constexpr const char* kSyntax =
    "a | b               the output of a is the input of b\n"
    "a > f  a >> f       the output to a file, or behind what it has; 2> the errors\n"
    "a < f  a << END     the input from a file, or from the next lines until END\n"
    "a ; b  a && b       one after the other; b only after success\n"
    "a || b  ! a         b only after failure; the opposite\n"
    "a &  ( a )  { a; }  in the background; in a shell of its own; as one command\n"
    "if a; then b; elif c; then d; else e; fi\n"
    "while a; do b; done         until a; do b; done\n"
    "for x in 1 2 3; do b; done  case $x in a|b) c;; *) d;; esac\n"
    "name() { a; }               a function; $1 is its first argument\n"
    "'a $b' \"a $b\" \\$           quotes: all of it, all but $ ` \\, one character\n"
    "x=1  $x  ${x:-else}         variables; $? status, $$ shell, $! the last a &\n"
    "$(a)  $((x * 2))            what a command prints; a calculation\n"
    "*  ?  [a-z]  ~              names of files; $HOME\n";

void list_names() {
    constexpr std::size_t kColumns = 8;
    std::size_t at = 0;
    for (const Builtin& row : builtins()) {
        say(at % kColumns == 0 ? "  %-8s" : " %-8s", row.name.data());
        if (++at % kColumns == 0) say("\n");
    }
    if (at % kColumns != 0) say("\n");
    say("\"help syntax\" tells how commands are joined.\n");
}

bool explain(Shell& shell, const char* word) {
    if (std::string_view(word) == "syntax") return say("%s", kSyntax), true;
    const Builtin* const builtin = find_builtin(word);
    if (builtin == nullptr)
        shell.complain("help: nothing is known of %s", word);
    else
        say("%s\n", builtin->help);
    return builtin != nullptr;
}

}  // namespace

int do_help(Shell& shell, Arguments arguments) {
    if (arguments.size() < 2) {
        say("%s", kFirstSteps);
        list_names();
    }
    int status = 0;
    for (const char* const word : arguments.subspan(1))
        if (!explain(shell, word)) status = 1;
    return status;
}

}  // namespace quire::shell
