// The part of the shell that starts processes: pipelines, subshells, $( ), programs.
#include <algorithm>

#include "kernel/abi/errno.h"
#include "libc/string.h"
#include "user/output.h"
#include "user/sh/calls.h"
#include "user/sh/read_file.h"
#include "user/sh/shell.h"
#include "user/signal_names.h"

namespace quire::shell {

void Shell::launch(const Pipeline& pipeline, bool background) {
    if (background) note_changes();  // room for a new one
    Job& job = jobs_.add(job_text_);
    Ends ends;
    long started = 1;
    const Command* command = pipeline.first;
    for (; command != nullptr && started > 0; command = command->next) {
        int pipe[2] = {-1, -1};
        const long error = command->next != nullptr ? sys::pipe(pipe, abi::kOpenCloseOnExec) : 0;
        if (error < 0) complain("pipe: %s", error_text(error));
        if (error < 0) break;
        ends.output = pipe[1];
        ends.unused = pipe[0];
        started = start_process(job, *command, ends, background);
        if (ends.input >= 0) sys::close(ends.input);
        if (pipe[1] >= 0) sys::close(pipe[1]);
        ends.input = pipe[0];
    }
    if (ends.input >= 0) sys::close(ends.input);
    finish_launch(job, background);
    if (command != nullptr || started < 0) status_ = 2;
}

void Shell::finish_launch(Job& job, bool background) {
    status_ = 0;
    if (job.count == 0) {
        jobs_.remove(job);
        status_ = 2;
    } else if (!background) {
        status_ = wait_in_foreground(job);
    } else {
        job.in_background = true;
        last_background_ = job.last;
        if (interactive_) say("[%d] %ld\n", job.number, job.last);
    }
}

void Shell::launch_program(const Command& command, Arguments arguments) {
    Job& job = jobs_.add(job_text_);
    const long pid = fork_into(job);
    if (pid == 0) {
        enter_job(0, false);
        be_subshell();
        run_program(command, arguments, true);
        sys::exit(status_);
    }
    finish_launch(job, false);
}

/// As fork(2). The child must call be_subshell().
long Shell::fork() {
    traps_.hold_signals();
    const long pid = sys::fork();
    if (pid != 0) traps_.release_signals();
    return pid;
}

/// 0: in the child; negative: there is none, and that was told.
long Shell::fork_into(Job& job) {
    if (job.count == Job::kMostProcesses) {
        complain("too many commands in a pipeline");
        return -abi::kEagain;
    }
    const long pid = fork();
    if (pid < 0) complain("fork: %s", error_text(pid));
    if (pid <= 0) return pid;
    // Here as well as in the child: whoever comes first, it has happened when we go on.
    if (controls_jobs_) sys::set_group(pid, job.count == 0 ? pid : job.group);
    jobs_.add_process(job, pid);
    return pid;
}

long Shell::start_process(Job& job, const Command& command, const Ends& ends, bool background) {
    const long group = job.count == 0 ? 0 : job.group;
    const long pid = fork_into(job);
    if (pid == 0) be_child(command, ends, group, background);
    return pid;
}

void Shell::be_child(const Command& command, const Ends& ends, long group, bool background) {
    enter_job(group, background);
    be_subshell();
    if (ends.unused >= 0) sys::close(ends.unused);
    if (ends.input >= 0) sys::duplicate_to(ends.input, sys::kInput);
    if (ends.output >= 0) sys::duplicate_to(ends.output, sys::kOutput);
    if (command.kind == Command::Kind::Subshell) {
        if (redirect(command.redirections, false)) run_list(command.list, true);
    } else {
        run_command(command, true);
    }
    end();
}

/// From here on this process is a shell that ends with what it was started for.
void Shell::be_subshell() {
    prompt_place_ = nullptr;
    interactive_ = false;
    traps_.leave_keys();
    // ^C that came before the fork, and was not yet obeyed, ends this process, too.
    if (traps_.take_interrupt()) sys::kill(sys::process_id(), kSignalInterrupt);
    traps_.forget();
    traps_.release_signals();
    saved_.forget();
    jobs_.forget();
}

std::string_view Shell::output_of(const AndOr* commands) {
    int pipe[2] = {-1, -1};
    const long error = sys::pipe(pipe, abi::kOpenCloseOnExec);
    const long pid = error < 0 ? error : fork();
    if (pid == 0) {
        controls_jobs_ = false;
        be_subshell();
        sys::duplicate_to(pipe[1], sys::kOutput);
        sys::close(pipe[1]);
        sys::close(pipe[0]);
        run_list(commands, true);
        end();
    }
    if (pipe[1] >= 0) sys::close(pipe[1]);
    TextBuilder output(arena_);
    if (pid < 0) {
        fail("$(...)", error_text(pid));
    } else {
        static_cast<void>(read_all(pipe[0], output));
        int bits = 0;
        while (sys::wait_for(pid, &bits, 0) == -abi::kEintr) {
        }
        substitution_status_ = WaitStatus(bits).code();
    }
    if (pipe[0] >= 0) sys::close(pipe[0]);
    // Without NULs, which no variable can hold.
    const std::span<char> bytes = output.bytes();
    const auto end = std::remove(bytes.begin(), bytes.end(), '\0');
    output.cut(static_cast<std::size_t>(end - bytes.begin()));
    const std::string_view text = output.view();
    return text.substr(0, text.find_last_not_of('\n') + 1);
}

char** Shell::environment() {
    std::size_t count = 0;
    variables_.for_each([&](const Variable& variable) {
        count += variable.exported && variable.text != nullptr ? 1U : 0U;
    });
    const std::span<char*> room = arena_.make_array<char*>(count + 1);
    std::size_t at = 0;
    variables_.for_each([&](const Variable& variable) {
        if (variable.exported && variable.text != nullptr) room[at++] = variable.text;
    });
    room[at] = nullptr;
    return room.data();
}

/// visit(path) for each place where a program of this name may be, until it says true: the name
/// itself if it has a slash, else the folders of PATH.
template <typename Visit>
void Shell::each_place_of(std::string_view name, Visit visit) {
    std::string_view folders = variables_.find("PATH").value_or("");
    if (name.empty() || name.find('/') != std::string_view::npos) folders = "";
    for (bool is_last = false; !is_last;) {
        const std::size_t colon = folders.find(':');
        is_last = colon == std::string_view::npos;
        TextBuilder path(arena_);
        path.put(folders.substr(0, colon));
        if (path.size() > 0) path.put('/');
        path.put(name);
        if (visit(path.take_string())) return;
        if (!is_last) folders.remove_prefix(colon + 1);
    }
}

char* Shell::find_in_path(std::string_view name, bool (*fits)(const char* path)) {
    char* found = nullptr;
    each_place_of(name, [&](char* candidate) {
        if (fits(candidate)) found = candidate;
        return found != nullptr;
    });
    return found;
}

char* Shell::find_program(std::string_view name) {
    if (name.empty()) return nullptr;
    return find_in_path(name, [](const char* path) {
        abi::Stat64 status{};
        return sys::file_status(path, status) == 0 &&
               (status.mode & abi::kModeKind) == abi::kModeFile &&
               sys::access(path, abi::kAccessExecute) == 0;
    });
}

/// What is there and cannot be run is worth more words than what is not there.
int Shell::execute(Arguments arguments) {
    const std::string_view name(arguments[0]);
    char** const variables = environment();
    char* script = nullptr;
    long error = -abi::kEnoent;
    each_place_of(name, [&](char* candidate) {
        const long result = sys::execute(candidate, arguments.data(), variables);
        if (result == -abi::kEnoexec) script = candidate;
        if (result != -abi::kEnoent && result != -abi::kEnotdir) error = result;
        return script != nullptr;
    });
    if (script != nullptr) return execute_script(script, arguments, variables);
    const bool searches = name.find('/') == std::string_view::npos && !name.empty();
    if (error == -abi::kEnoent && searches)
        complain("%s: not found", arguments[0]);
    else
        complain("%s: %s", arguments[0], error_text(error));
    return error == -abi::kEnoent || error == -abi::kEnotdir ? 127 : 126;
}

/// A file that no loader knows is a text for the shell (POSIX 2.9.1.1).
int Shell::execute_script(char* path, Arguments arguments, char** variables) {
    static char shell_path[] = "/bin/sh";
    const std::span<char*> room = arena_.make_array<char*>(arguments.size() + 2);
    room[0] = shell_path;
    room[1] = path;
    std::copy(arguments.begin() + 1, arguments.end(), room.begin() + 2);
    room.back() = nullptr;
    const long error = sys::execute(shell_path, room.data(), variables);
    complain("%s: %s", path, error_text(error));
    return 126;
}

}  // namespace quire::shell
