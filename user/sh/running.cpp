// The part of the shell that does whole texts, and what comes between two commands: the ends of
// texts, traps, errors.
#include <algorithm>
#include <cstdarg>

#include "libc/string.h"
#include "user/output.h"
#include "user/sh/builtins.h"
#include "user/sh/calls.h"
#include "user/sh/characters.h"
#include "user/sh/number.h"
#include "user/sh/parser.h"
#include "user/sh/shell.h"
#include "user/signal_names.h"

namespace quire::shell {

Shell::Shell(const char* name, std::span<char* const> arguments, char** environment)
    : name_(name), arguments_(arguments), process_(sys::process_id()) {
    arena_.on_exhausted(out_of_memory, this);
    store_.on_exhausted(out_of_memory, this);
    // The kernel promises more than it has, and would end the shell for what one command wants.
    const std::size_t limit = sys::memory_size() / 4;
    arena_.set_limit(limit);
    store_.set_limit(limit);
    for (char** text = environment; *text != nullptr; ++text) {
        const std::string_view entry(*text);
        const std::size_t equals = entry.find('=');
        if (equals == std::string_view::npos || !is_name(entry.substr(0, equals))) continue;
        variables_.set(entry.substr(0, equals), entry.substr(equals + 1));
        variables_.set_exported(entry.substr(0, equals));
    }
    if (!variables_.find("PATH")) variables_.set("PATH", "/bin:/sbin");
    variables_.set("IFS", " \t\n");  // never taken from outside
    variables_.set("OPTIND", "1");
    variables_.set("PS1", "# ");
    variables_.set("PS2", "> ");
    variables_.set("PS4", "+ ");
    variables_.set("PPID", arena_.copy(to_text(sys::parent_id(), arena_)));
    std::array<char, abi::kPathMax> folder;
    if (!is_current_folder(arena_.copy(variables_.find("PWD").value_or(""))) &&
        sys::current_directory(folder.data(), folder.size()) > 0)
        variables_.set("PWD", folder.data());
    variables_.set_exported("PWD");
}

void Shell::be_interactive() {
    interactive_ = controls_jobs_ = true;
    traps_.take_keys();
    sys::set_group(0, 0);
    give_terminal(process_);
    modes_ = terminal_modes();
}

void Shell::complain(const char* format, ...) {
    Output output(sys::kErrors);
    std::va_list arguments;
    va_start(arguments, format);
    output.print("sh: ");
    output.print_arguments(format, arguments);
    output.print("\n");
    va_end(arguments);
}

/// Everything that was being done is given up.
void Shell::out_of_memory(void* context) {
    auto& shell = *static_cast<Shell*>(context);
    shell.complain("out of memory");
    if (shell.prompt_place_ == nullptr) sys::exit(2);
    __builtin_longjmp(shell.prompt_place_, 1);
}

void Shell::reset() {
    saved_.restore_to(0);
    variables_.restore_to(0);
    if (stored_arguments_ == nullptr) arguments_ = {};
    flow_ = Flow::Normal;
    loops_ = calls_ = functions_running_ = conditions_ = 0;
    is_in_trap_ = false;
    kept_options_.reset();
    status_before_trap_ = -1;
    status_ = 2;
}

void Shell::stop(Flow flow, int levels) {
    flow_ = flow;
    levels_ = levels;
}

void Shell::leave_call() {
    --calls_;
    if (flow_ == Flow::Return) flow_ = Flow::Normal;
}

void Shell::abandon(int status) {
    status_ = status;
    stop(Flow::Error);
}

void Shell::refuse_text(std::string_view error, const char* file, std::size_t line) {
    if (file == nullptr)
        complain("syntax error: %s", arena_.copy(error));
    else
        complain("%s: %u: syntax error: %s", file, static_cast<unsigned>(line), arena_.copy(error));
    abandon(2);
}

void Shell::show_text(std::string_view text) {
    if (options_.is_on('v')) Output(sys::kErrors).put(text);
}

void Shell::fail(std::string_view subject, std::string_view message) {
    if (is_stopping()) return;
    complain("%s: %s", arena_.copy(subject), arena_.copy(message));
    abandon(2);
}

namespace {

/// The lines of a text.
class TextLines final : public Source {
  public:
    explicit TextLines(std::string_view text) : rest_(text) {}
    std::string_view next_line() override {
        const std::size_t end = rest_.find('\n');
        const std::string_view line = rest_.substr(0, end == rest_.npos ? end : end + 1);
        rest_.remove_prefix(line.size());
        return line;
    }
    /// What has not been asked for.
    [[nodiscard]] std::string_view rest() const { return rest_; }

  private:
    std::string_view rest_;
};

}  // namespace

int Shell::run_text(std::string_view text, bool last, const char* file, std::size_t line) {
    TextLines lines(text);
    bool is_empty = true;
    while (!is_stopping()) {
        const Arena::Mark mark = arena_.mark();
        const std::string_view before = lines.rest();
        Parser parser(lines, line, this, arena_);
        const Parser::Outcome outcome = parser.parse_line();
        if (outcome == Parser::Outcome::End) break;
        if (outcome == Parser::Outcome::Wrong) {
            refuse_text(parser.error(), file, parser.line());
            break;
        }
        const std::string_view done = before.substr(0, before.size() - lines.rest().size());
        line += static_cast<std::size_t>(std::count(done.begin(), done.end(), '\n'));
        if (file != nullptr) show_text(done);
        const bool is_end = lines.rest().find_first_not_of(" \t\n") == std::string_view::npos;
        is_empty = is_empty && parser.list() == nullptr;
        run_list(parser.list(), last && is_end);
        arena_.release(mark);
    }
    return is_empty && !is_stopping() ? 0 : status_;
}

void Shell::run_list(const AndOr* list, bool last) {
    for (const AndOr* and_or = list; and_or != nullptr && !is_stopping(); and_or = and_or->next) {
        check_signals();
        if (is_stopping() || options_.is_on('n')) return;
        if (and_or->background)
            start_background(*and_or);
        else
            run_and_or(*and_or, last && and_or->next == nullptr);
    }
    check_signals();
}

void Shell::check_signals() {
    if (is_stopping()) return;
    if (interactive_ && traps_.take_interrupt()) {
        status_ = 128 + kSignalInterrupt;
        say("\n");
        return stop(Flow::ToPrompt);
    }
    if (is_in_trap_) return;
    while (const int signal = is_stopping() ? 0 : traps_.next_to_run())
        run_trap(signal);
}

/// $? is what it was; unless the trap ends more than itself.
void Shell::run_trap(int signal) {
    const int status = status_;
    const Arena::Mark mark = arena_.mark();
    const char* const commands = arena_.copy(traps_.commands(signal));
    is_in_trap_ = true;
    status_before_trap_ = status;
    run_text(commands, false, nullptr, line_);
    status_before_trap_ = -1;
    is_in_trap_ = false;
    arena_.release(mark);
    if (!is_stopping()) status_ = status;
}

bool Shell::may_leave() {
    if (!interactive_ || leave_warnings_ > 0 || !jobs_.has_stopped()) return true;
    complain("there are stopped jobs");
    leave_warnings_ = 2;
    return false;
}

/// Without arguments, `exit` in the trap of the end means the status from before it.
void Shell::end() {
    saved_.restore_to(0);
    if (traps_.commands(0) != nullptr) {
        const char* const commands = arena_.copy(traps_.commands(0));
        traps_.set(0, nullptr);
        const int status = status_before_trap_ = status_;
        take_up_flow();
        run_text(commands, false, nullptr, line_);
        if (!is_ending()) status_ = status;
    }
    sys::exit(status_);
}

void Shell::set_arguments(Arguments arguments) {
    std::size_t bytes = arguments.size() * sizeof(char*);
    for (const char* argument : arguments)
        bytes += strlen(argument) + 1;
    void* const block = store_.take(bytes);
    const std::span<char*> pointers{static_cast<char**>(block), arguments.size()};
    char* text = reinterpret_cast<char*>(pointers.data() + pointers.size());
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        pointers[i] = text;
        const std::size_t size = strlen(arguments[i]) + 1;
        memcpy(text, arguments[i], size);
        text += size;
    }
    store_.give(stored_arguments_);
    stored_arguments_ = block;
    arguments_ = pointers;
}

}  // namespace quire::shell
