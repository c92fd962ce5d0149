// Built-in commands about jobs and signals.
#include "kernel/abi/errno.h"
#include "libc/string.h"
#include "user/output.h"
#include "user/sh/builtins.h"
#include "user/sh/characters.h"
#include "user/sh/number.h"
#include "user/sh/option_letters.h"
#include "user/signal_names.h"
#include "user/system.h"

namespace quire::shell {
namespace {

/// "%2", "2", or "" for the current job. nullptr: there is none, and that was told.
Job* job_of(Shell& shell, Arguments arguments, const char* name) {
    shell.note_changes();
    Job* const job = shell.jobs().find(*name == '%' ? name + 1 : name);
    if (job == nullptr) shell.complain("%s: %s: no such job", arguments[0], name);
    return job;
}

const char* first_of(Arguments arguments) {
    const Arguments operands = without_options(arguments);
    return operands.empty() ? "%%" : operands[0];
}

}  // namespace

/// -l: with the process groups, -p: those alone.
int do_jobs(Shell& shell, Arguments arguments) {
    shell.note_changes();
    char how = '\0';
    OptionLetters letters(arguments);
    while (const char letter = letters.next()) {
        if (letter != 'l' && letter != 'p')
            return misused(shell, arguments, "only -l and -p are options");
        how = letter;
    }
    const auto show = [&](Job& job) {
        if (how == 'p') return say("%ld\n", job.group);
        shell.print_job(job, how == 'l');
        if (job.has_ended()) shell.jobs().remove(job);
    };
    const Arguments names = letters.operands();
    if (names.empty()) shell.jobs().for_each(show);
    int status = 0;
    for (const char* const name : names) {
        Job* const job = job_of(shell, arguments, name);
        if (job != nullptr)
            show(*job);
        else
            status = 2;
    }
    return status;
}

int do_foreground(Shell& shell, Arguments arguments) {
    Job* const job = job_of(shell, arguments, first_of(arguments));
    if (job == nullptr) return 2;
    say("%s\n", job->text.data());
    return shell.wait_in_foreground(*job);
}

int do_background(Shell& shell, Arguments arguments) {
    Job* const job = job_of(shell, arguments, first_of(arguments));
    if (job == nullptr) return 2;
    job->in_background = true;
    say("[%d] %s\n", job->number, job->text.data());
    Shell::wake(*job);
    return 0;
}

namespace {

/// The prompt tells of a job that has ended, and forgets it then.
void forget(Shell& shell, Job& job) {
    if (job.has_ended() && !shell.is_interactive()) shell.jobs().remove(job);
}

/// Until the job has ended, or a trap is to be done. Returns its status.
int wait_for_job(Shell& shell, Job& job) {
    while (job.state == Job::State::Running) {
        if (shell.traps().has_come()) return 128 + shell.traps().first_come();
        if (!shell.wait_for_any() && !shell.traps().has_come()) {
            shell.check_signals();
            if (shell.is_stopping()) return shell.status();
        }
    }
    const int status = job.status.code();
    forget(shell, job);
    return status;
}

int wait_for_all(Shell& shell) {
    int status = 0;
    shell.jobs().for_each([&](Job& job) {
        if (status > 128 || shell.is_stopping()) return;
        if (shell.traps().has_come()) status = 128 + shell.traps().first_come();
        const bool is_running = job.state == Job::State::Running;
        if (status == 0 && is_running) wait_for_job(shell, job);
        if (shell.traps().has_come()) status = 128 + shell.traps().first_come();
        if (!is_running) forget(shell, job);
    });
    return shell.is_stopping() ? shell.status() : status;
}

}  // namespace

int do_wait(Shell& shell, Arguments arguments) {
    shell.note_changes();  // a job that goes on after a signal is one to wait for
    const Arguments operands = without_options(arguments);
    if (operands.empty()) return wait_for_all(shell);
    int status = 0;
    for (const char* const argument : operands) {
        Job* job = nullptr;
        if (*argument == '%')
            job = shell.jobs().find(argument + 1);
        else if (is_digits(argument))
            job = shell.jobs().find_process(to_number(argument));
        else
            return misused(shell, arguments, "a process or a job is a number");
        status = job == nullptr ? 127 : wait_for_job(shell, *job);
    }
    return status;
}

namespace {

/// The names of the signals, or of those that are meant by numbers or by what $? was after them; or
/// the numbers of names.
int list_signals(Shell& shell, Arguments arguments) {
    const Arguments numbers = arguments.subspan(2);
    for (int signal = 1; numbers.empty() && *signal_name(signal) != '?'; ++signal)
        say("%d) %s\n", signal, signal_name(signal));
    for (const char* const text : numbers) {
        if (const int named = is_digits(text) ? 0 : signal_number(text)) {
            say("%d\n", named);
            continue;
        }
        const int number = is_digits(text) ? to_number(text) : 0;
        const char* const name = signal_name(number > 128 ? number - 128 : number);
        if (*name == '?') return misused(shell, arguments, "there is no such signal");
        say("%s\n", name);
    }
    return 0;
}

bool is_ending(int signal) {
    return signal == kSignalTerminate || signal == kSignalHangUp;
}

/// What kill(2) takes: a process, or a group for %N. 0: it is none.
long target_of(Shell& shell, const char* argument) {
    if (*argument == '%') {
        const Job* const job = shell.jobs().find(argument + 1);
        return job == nullptr ? 0 : -job->group;
    }
    return static_cast<long>(to_integer(argument).value_or(0));
}

}  // namespace

int do_kill(Shell& shell, Arguments arguments) {
    int signal = kSignalTerminate;
    std::size_t at = 1;
    if (arguments.size() > 1 && strcmp(arguments[1], "-l") == 0)
        return list_signals(shell, arguments);
    const std::string_view first = arguments.size() > 1 ? arguments[1] : "";
    if (first.size() > 1 && first[0] == '-' && first != "--") {
        const bool is_apart = strcmp(arguments[1], "-s") == 0 && arguments.size() > 2;
        const char* const name = is_apart ? arguments[2] : arguments[1] + 1;
        at = is_apart ? 3 : 2;
        signal = signal_number(name);
        if (signal == 0 && strcmp(name, "0") != 0)
            return misused(shell, arguments, "there is no such signal");
    }
    if (at < arguments.size() && strcmp(arguments[at], "--") == 0) ++at;
    if (at == arguments.size()) return misused(shell, arguments, "kill [-SIGNAL] %JOB|PROCESS...");
    int status = 0;
    for (; at < arguments.size(); ++at) {
        const long target = target_of(shell, arguments[at]);
        const bool is_number = target != 0 || strcmp(arguments[at], "0") == 0;
        const long error = is_number ? sys::kill(target, signal) : -abi::kEsrch;
        if (error < 0) status = failed(shell, arguments, arguments[at], error);
        // A job that is stopped gets its signal when it goes on.
        if (error >= 0 && arguments[at][0] == '%' && is_ending(signal))
            sys::kill(target, kSignalContinue);
    }
    return status;
}

namespace {

/// 0 is EXIT; -1: there is no such signal.
int trap_number(const char* name) {
    if (strcmp(name, "EXIT") == 0 || strcmp(name, "0") == 0) return 0;
    const int signal = signal_number(name);
    return signal > 0 && signal < Traps::kMost ? signal : -1;
}

void list_traps(const Traps& traps) {
    Output output(sys::kOutput);
    for (int signal = 0; signal < Traps::kMost; ++signal) {
        const char* const commands = traps.commands(signal);
        if (commands == nullptr) continue;
        output.print("trap -- ");
        print_quoted(output, commands);
        output.print(" %s\n", signal == 0 ? "EXIT" : signal_name(signal));
    }
}

}  // namespace

/// With a number first, or "-", the signals mean again what they usually mean.
int do_trap(Shell& shell, Arguments arguments) {
    Arguments rest = arguments.subspan(1);
    if (!rest.empty() && strcmp(rest[0], "--") == 0) rest = rest.subspan(1);
    if (rest.empty()) return list_traps(shell.traps()), 0;
    const char* commands = nullptr;
    if (strcmp(rest[0], "-") == 0) {
        rest = rest.subspan(1);
    } else if (!is_digits(rest[0]) && rest.size() > 1) {
        commands = rest[0];
        rest = rest.subspan(1);
    }
    for (const char* const name : rest) {
        const int signal = trap_number(name);
        if (signal < 0) {
            shell.complain("trap: %s: bad trap", name);
            return 1;
        }
        shell.traps().set(signal, commands);
    }
    return 0;
}

}  // namespace quire::shell
