#include "user/sh/shell.h"

#include <algorithm>
#include <array>

#include "kernel/abi/errno.h"
#include "libc/string.h"
#include "user/directory.h"
#include "user/output.h"
#include "user/sh/builtins.h"
#include "user/sh/parser.h"
#include "user/signal_names.h"
#include "user/system.h"

namespace quire::shell {
namespace {

constexpr std::array kTerminalSignals{kSignalInterrupt, kSignalQuit, kSignalTerminalStop,
                                      kSignalTerminalInput, kSignalTerminalOutput};

void on_interrupt(int) {
    // That read(2) ends with EINTR is all it is for.
}

class KernelNames final : public Names {
  public:
    void list(const char* folder, void (*found)(void*, std::string_view), void* context) override {
        Directory directory(folder);
        while (const char* const name = directory.next())
            found(context, name);
    }
};
KernelNames kernel_names;

}  // namespace

Shell::Shell(std::span<char* const> arguments, char** environment, bool interactive)
    : interactive_(interactive) {
    parameters_.arguments = arguments;
    parameters_.shell = sys::process_id();
    for (char** text = environment; *text != nullptr; ++text) {
        const std::string_view entry(*text);
        const std::size_t equals = entry.find('=');
        if (equals == std::string_view::npos ||
            !variables_.set(entry.substr(0, equals), entry.substr(equals + 1)))
            continue;
        variables_.set_exported(entry.substr(0, equals));
    }
    if (!variables_.find("PATH")) variables_.set("PATH", "/bin:/sbin");
}

void Shell::take_terminal() {
    for (const int signal : kTerminalSignals)
        sys::set_signal(signal, sys::kIgnore);
    sys::set_signal(kSignalInterrupt, on_interrupt);
    sys::set_group(0, 0);
    give_terminal(parameters_.shell);
}

void Shell::give_terminal(long group) {
    if (!interactive_) return;
    int number = static_cast<int>(group);
    sys::device_control(sys::kInput, sys::kSetForeground, &number);
}

bool Shell::run_text(std::string_view text) {
    Parser parser(text, arena_);
    switch (parser.parse()) {
    case Parser::Outcome::Incomplete:
        return false;
    case Parser::Outcome::Wrong:
        complain("sh: syntax error near '%s'\n", arena_.copy(parser.unexpected()));
        set_status(2);
        return true;
    case Parser::Outcome::Parsed:
        run_list(parser.list());
        return true;
    }
    return true;
}

void Shell::run_list(const AndOr* list) {
    for (const AndOr* and_or = list; and_or != nullptr; and_or = and_or->next)
        if (and_or->background)
            set_status(start_background(*and_or));
        else
            run_and_or(*and_or);
}

void Shell::run_and_or(const AndOr& and_or) {
    for (const Pipeline* pipeline = and_or.first; pipeline != nullptr; pipeline = pipeline->next) {
        if (pipeline->join == Join::IfTrue && status() != 0) continue;
        if (pipeline->join == Join::IfFalse && status() == 0) continue;
        const int result = run_pipeline(*pipeline, false, and_or.text);
        set_status(pipeline->negated ? result == 0 : result);
    }
}

int Shell::start_background(const AndOr& and_or) {
    if (and_or.first->next == nullptr && !and_or.first->negated)
        return run_pipeline(*and_or.first, true, and_or.text);
    AndOr inside = and_or;  // a && b &: as ( a && b ) &
    inside.background = false;
    inside.next = nullptr;
    Command subshell;
    subshell.subshell = &inside;
    Pipeline pipeline;
    pipeline.first = &subshell;
    return run_pipeline(pipeline, true, and_or.text);
}

int Shell::run_pipeline(const Pipeline& pipeline, bool background, std::string_view text) {
    Field* fields = nullptr;
    if (!background && pipeline.first->next == nullptr && runs_here(*pipeline.first, fields))
        return run_here(*pipeline.first, fields);
    return launch(pipeline, background, text);
}

bool Shell::runs_here(const Command& command, Field*& fields) {
    if (command.subshell != nullptr) return false;
    fields = Expander(arena_, variables_, parameters_, kernel_names).fields(command.words);
    return fields == nullptr || find_builtin(fields->text) != nullptr;
}

/// A command that is the shell's own business: its redirections are undone afterwards.
int Shell::run_here(const Command& command, Field* fields) {
    constexpr std::uint32_t kOutOfTheWay = 10;
    struct Saved {
        int file = -1;
        long copy = -1;
    };
    std::array<Saved, 8> saved;
    std::size_t count = 0;
    const bool permanent = fields != nullptr && std::string_view(fields->text) == "exec";
    for (const Redirection* one = command.redirections; one != nullptr && !permanent;
         one = one->next)
        if (count < saved.size())
            saved[count++] = {
                one->file, sys::control(one->file, abi::kFcntlDuplicateCloseOnExec, kOutOfTheWay)};
    int result = 1;
    if (redirect(command.redirections) && assign(command.assignments, false))
        result = fields == nullptr ? 0 : find_builtin(fields->text)(*this, arguments_of(fields));
    while (count > 0) {
        const Saved& one = saved[--count];
        if (one.copy < 0) {
            sys::close(one.file);
            continue;
        }
        sys::duplicate_to(static_cast<int>(one.copy), one.file);
        sys::close(static_cast<int>(one.copy));
    }
    return result;
}

int Shell::launch(const Pipeline& pipeline, bool background, std::string_view text) {
    Job* const job = jobs_.add(text);
    if (job == nullptr) {
        complain("sh: too many jobs\n");
        return 1;
    }
    Ends ends;
    bool all_started = true;
    for (const Command* command = pipeline.first; command != nullptr && all_started;
         command = command->next) {
        int pipe[2] = {-1, -1};
        if (command->next != nullptr) {
            const long error = sys::pipe(pipe, abi::kOpenCloseOnExec);
            if (error < 0) complain("sh: pipe: %s\n", error_text(error));
            if (error < 0) break;
        }
        ends.output = pipe[1];
        ends.unused = pipe[0];
        all_started = start_process(*job, *command, ends, background);
        if (ends.input >= 0) sys::close(ends.input);
        if (pipe[1] >= 0) sys::close(pipe[1]);
        ends.input = pipe[0];
    }
    if (ends.input >= 0) sys::close(ends.input);
    if (job->count == 0) {
        jobs_.remove(*job);
        return 1;
    }
    if (!background) return wait_in_foreground(*job);
    parameters_.last_background = job->last;
    if (interactive_) say("[%d] %ld\n", job->number, job->last);
    return 0;
}

bool Shell::start_process(Job& job, const Command& command, const Ends& ends, bool background) {
    const long group = job.count == 0 ? 0 : job.group;
    const long pid = sys::fork();
    if (pid == 0) be_child(command, ends, group, background);
    if (pid < 0) {
        complain("sh: fork: %s\n", error_text(pid));
        return false;
    }
    // Here as well as in the child: whoever comes first, it has happened when we go on.
    if (interactive_) sys::set_group(pid, group == 0 ? pid : group);
    return jobs_.add_process(job, pid);
}

void Shell::be_child(const Command& command, const Ends& ends, long group, bool background) {
    leave_job_control(group, background);
    if (ends.unused >= 0) sys::close(ends.unused);
    if (ends.input >= 0) sys::duplicate_to(ends.input, sys::kInput);
    if (ends.output >= 0) sys::duplicate_to(ends.output, sys::kOutput);
    sys::exit(run_in_child(command));
}

/// A child is no shell with a terminal: it has a group, and signals that work.
void Shell::leave_job_control(long group, bool background) {
    if (interactive_) {
        const long own = sys::process_id();
        sys::set_group(0, group);
        if (!background) give_terminal(group == 0 ? own : group);
        for (const int signal : kTerminalSignals)
            sys::set_signal(signal, sys::kDefaultAction);
    }
    interactive_ = false;
    jobs_.forget();
}

int Shell::run_in_child(const Command& command) {
    if (!redirect(command.redirections)) return 1;
    if (command.subshell != nullptr) {
        run_list(command.subshell);
        return status();
    }
    if (!assign(command.assignments, true)) return 1;
    Field* const fields =
        Expander(arena_, variables_, parameters_, kernel_names).fields(command.words);
    if (fields == nullptr) return 0;
    const Arguments arguments = arguments_of(fields);
    const Builtin builtin = find_builtin(arguments[0]);
    return builtin != nullptr ? builtin(*this, arguments) : execute(arguments);
}

bool Shell::redirect(const Redirection* redirections) {
    for (const Redirection* one = redirections; one != nullptr; one = one->next)
        if (!redirect_one(*one)) return false;
    return true;
}

bool Shell::redirect_one(const Redirection& redirection) {
    const char* const target =
        Expander(arena_, variables_, parameters_, kernel_names).text(redirection.target->text);
    using Kind = Redirection::Kind;
    long from = 0;
    switch (redirection.kind) {
    case Kind::Duplicate:
        if (strcmp(target, "-") == 0) return sys::close(redirection.file), true;
        from = sys::duplicate_to(atoi(target), redirection.file);
        break;
    case Kind::Read:
        from = sys::open(target, abi::kOpenReadOnly);
        break;
    case Kind::Write:
        from = sys::open(target, abi::kOpenWriteOnly | abi::kOpenCreate | abi::kOpenTruncate, 0666);
        break;
    case Kind::Append:
        from = sys::open(target, abi::kOpenWriteOnly | abi::kOpenCreate | abi::kOpenAppend, 0666);
        break;
    case Kind::ReadWrite:
        from = sys::open(target, abi::kOpenReadWrite | abi::kOpenCreate, 0666);
        break;
    }
    if (from < 0) {
        complain("sh: %s: %s\n", target, error_text(from));
        return false;
    }
    if (from != redirection.file) {
        sys::duplicate_to(static_cast<int>(from), redirection.file);
        sys::close(static_cast<int>(from));
    }
    return true;
}

bool Shell::assign(const Word* assignments, bool exported) {
    for (const Word* word = assignments; word != nullptr; word = word->next) {
        const std::size_t equals = word->text.find('=');
        const std::string_view name = word->text.substr(0, equals);
        Expander expander(arena_, variables_, parameters_, kernel_names);
        if (!variables_.set(name, expander.text(word->text.substr(equals + 1))) ||
            (exported && !variables_.set_exported(name))) {
            complain("sh: no room for more variables\n");
            return false;
        }
    }
    return true;
}

Arguments Shell::arguments_of(Field* fields) {
    std::size_t count = 0;
    for (const Field* field = fields; field != nullptr; field = field->next)
        ++count;
    const std::span<char*> room = arena_.make_array<char*>(count + 1);
    std::size_t at = 0;
    for (const Field* field = fields; field != nullptr; field = field->next)
        room[at++] = field->text;
    room[at] = nullptr;
    return room.first(count);
}

char** Shell::environment() {
    std::size_t count = 0;
    variables_.for_each([&](std::string_view, bool exported) { count += exported ? 1 : 0; });
    const std::span<char*> room = arena_.make_array<char*>(count + 1);
    std::size_t at = 0;
    variables_.for_each([&](std::string_view text, bool exported) {
        if (exported) room[at++] = arena_.copy(text);
    });
    room[at] = nullptr;
    return room.data();
}

int Shell::execute(Arguments arguments) {
    const std::string_view name(arguments[0]);
    char** const variables = environment();
    std::string_view folders = variables_.find("PATH").value_or("");
    const bool searches = name.find('/') == std::string_view::npos && !name.empty();
    long error = -abi::kEnoent;
    for (bool more = true; more;) {
        const std::string_view folder = searches ? folders.substr(0, folders.find(':')) : "";
        more = searches && folder.size() < folders.size();
        if (more) folders.remove_prefix(folder.size() + 1);
        const std::span<char> path = arena_.make_array<char>(folder.size() + name.size() + 2);
        auto end = std::copy(folder.begin(), folder.end(), path.begin());
        if (!folder.empty()) *end++ = '/';
        *std::copy(name.begin(), name.end(), end) = '\0';
        const long result = sys::execute(path.data(), arguments.data(), variables);
        // What is there and cannot be run is worth more words than what is not there.
        if (result != -abi::kEnoent && result != -abi::kEnotdir) error = result;
    }
    if (error == -abi::kEnoent && searches)
        complain("sh: %s: not found\n", arguments[0]);
    else
        complain("sh: %s: %s\n", arguments[0], error_text(error));
    return error == -abi::kEnoent ? 127 : 126;
}

bool Shell::wait_for_any(std::uint32_t options) {
    int bits = 0;
    const long pid = sys::wait_for(-1, &bits, options);
    if (pid <= 0) return false;
    jobs_.note(pid, WaitStatus(bits));
    return true;
}

int Shell::wait_in_foreground(Job& job) {
    give_terminal(job.group);
    while (job.state == Job::State::Running) {
        int bits = 0;
        const long pid = sys::wait_for(-1, &bits, interactive_ ? sys::kWaitStopped : 0);
        if (pid > 0) jobs_.note(pid, WaitStatus(bits));
        if (pid == -abi::kEchild) job.state = Job::State::Ended;
    }
    give_terminal(parameters_.shell);
    const WaitStatus status = job.status;
    if (status.killed() && status.signal() == kSignalInterrupt)
        complain("\n");
    else if (status.killed() && status.signal() != kSignalPipe)
        complain("%s\n", signal_text(status.signal()));
    if (job.has_ended()) {
        jobs_.remove(job);
    } else {
        complain("\n");
        print_job(job);
    }
    return status.code();
}

void Shell::print_job(const Job& job) {
    const char* state = "Running";
    if (job.state == Job::State::Stopped) state = "Stopped";
    if (job.has_ended()) state = job.status.killed() ? signal_text(job.status.signal()) : "Done";
    say("[%d] %-18s %s\n", job.number, state, job.text.data());
}

void Shell::report_jobs() {
    while (wait_for_any(sys::kWaitNoHang | sys::kWaitStopped)) {
    }
    jobs_.for_each([&](Job& job) {
        if (!job.has_ended()) return;
        if (interactive_) print_job(job);
        jobs_.remove(job);
    });
}

}  // namespace quire::shell
