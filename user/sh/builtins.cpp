#include "user/sh/builtins.h"

#include <array>

#include "libc/string.h"
#include "user/output.h"
#include "user/sh/parser.h"
#include "user/signal_names.h"
#include "user/system.h"

namespace quire::shell {
namespace {

int failed(const char* command, const char* what, long error) {
    complain("sh: %s: %s: %s\n", command, what, error_text(error));
    return 1;
}

int do_nothing(Shell&, Arguments) {
    return 0;
}

int change_directory(Shell& shell, Arguments arguments) {
    const auto home = shell.variables().find("HOME");
    const char* folder =
        arguments.size() > 1 ? arguments[1] : shell.arena().copy(home.value_or("/"));
    const long error = sys::change_directory(folder);
    return error < 0 ? failed("cd", folder, error) : 0;
}

int print_directory(Shell&, Arguments) {
    std::array<char, 4096> path;
    const long error = sys::current_directory(path.data(), path.size());
    if (error < 0) return failed("pwd", ".", error);
    say("%s\n", path.data());
    return 0;
}

int end_shell(Shell& shell, Arguments arguments) {
    sys::exit(arguments.size() > 1 ? atoi(arguments[1]) : shell.status());
}

int become(Shell& shell, Arguments arguments) {
    return arguments.size() > 1 ? shell.execute(arguments.subspan(1)) : 0;
}

int export_variables(Shell& shell, Arguments arguments) {
    Variables& variables = shell.variables();
    if (arguments.size() < 2)
        variables.for_each([](std::string_view text, bool exported) {
            if (exported) say("export %s\n", text.data());
        });
    for (const char* argument : arguments.subspan(1)) {
        const std::string_view text(argument);
        const std::size_t equals = text.find('=');
        const std::string_view name = text.substr(0, equals);
        if (name_length(name) != name.size() || name.empty()) {
            complain("sh: export: %s: not a name\n", argument);
            return 1;
        }
        const bool fits =
            equals == std::string_view::npos || variables.set(name, text.substr(equals + 1));
        if (!fits || !variables.set_exported(name)) {
            complain("sh: export: no room for more variables\n");
            return 1;
        }
    }
    return 0;
}

int remove_variables(Shell& shell, Arguments arguments) {
    for (const char* argument : arguments.subspan(1))
        shell.variables().remove(argument);
    return 0;
}

int list_variables(Shell& shell, Arguments) {
    shell.variables().for_each([](std::string_view text, bool) { say("%s\n", text.data()); });
    return 0;
}

int list_jobs(Shell& shell, Arguments) {
    shell.jobs().for_each([&](const Job& job) { shell.print_job(job); });
    return 0;
}

/// The job that `fg`, `bg` and `wait` name: %2, 2, or none for the newest.
Job* job_of(Shell& shell, Arguments arguments) {
    const char* name = arguments.size() > 1 ? arguments[1] : "";
    Job* const job = shell.jobs().find(atoi(*name == '%' ? name + 1 : name));
    if (job == nullptr) complain("sh: %s: no such job\n", arguments[0]);
    return job;
}

int to_foreground(Shell& shell, Arguments arguments) {
    Job* const job = job_of(shell, arguments);
    if (job == nullptr) return 1;
    say("%s\n", job->text.data());
    if (job->state == Job::State::Stopped) job->state = Job::State::Running;
    sys::kill(-job->group, kSignalContinue);
    return shell.wait_in_foreground(*job);
}

int to_background(Shell& shell, Arguments arguments) {
    Job* const job = job_of(shell, arguments);
    if (job == nullptr) return 1;
    if (job->state == Job::State::Stopped) job->state = Job::State::Running;
    say("[%d] %s\n", job->number, job->text.data());
    const long error = sys::kill(-job->group, kSignalContinue);
    return error < 0 ? failed("bg", job->text.data(), error) : 0;
}

int wait_for_jobs(Shell& shell, Arguments) {
    while (shell.wait_for_any(0)) {
    }
    return 0;
}

int set_mask(Shell&, Arguments arguments) {
    if (arguments.size() > 1) {
        system_call(SYS_umask, strtoul(arguments[1], nullptr, 8));
        return 0;
    }
    const long mask = system_call(SYS_umask, 0);
    system_call(SYS_umask, mask);
    say("%04lo\n", static_cast<unsigned long>(mask));
    return 0;
}

int help(Shell& shell, Arguments arguments);

struct Row {
    std::string_view name;
    Builtin function;
    const char* help;
};

constexpr std::array kBuiltins{
    Row{":", do_nothing, nullptr},
    Row{"cd", change_directory, "cd [FOLDER]     go there, or to $HOME"},
    Row{"pwd", print_directory, "pwd             where we are"},
    Row{"exit", end_shell, "exit [CODE]     end the shell"},
    Row{"exec", become, "exec PROGRAM    become the program"},
    Row{"export", export_variables, "export NAME=... give a variable to programs"},
    Row{"unset", remove_variables, "unset NAME      forget a variable"},
    Row{"set", list_variables, "set             list the variables"},
    Row{"jobs", list_jobs, "jobs            what runs in the background or is stopped"},
    Row{"fg", to_foreground, "fg [N]          continue job N here"},
    Row{"bg", to_background, "bg [N]          continue job N in the background"},
    Row{"wait", wait_for_jobs, "wait            until all jobs have ended"},
    Row{"umask", set_mask, "umask [OCTAL]   permissions that new files do not get"},
    Row{"help", help, "help            this list; programs are in /bin and /sbin"},
};

int help(Shell&, Arguments) {
    for (const Row& row : kBuiltins)
        if (row.help != nullptr) say("%s\n", row.help);
    say("Also: PROGRAM ARGUMENTS  a | b  < > >> 2>&1  ; && || ! &  ( )  'quotes' \"quotes\"\n"
        "      NAME=value  $NAME $? $$ $!  * ? [a-z]  ^C ^Z ^D\n");
    return 0;
}

}  // namespace

Builtin find_builtin(std::string_view name) {
    for (const Row& row : kBuiltins)
        if (row.name == name) return row.function;
    return nullptr;
}

}  // namespace quire::shell
