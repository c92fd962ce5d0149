// The shell as a whole: what it remembers between two lines, and how a line is done.
//
//     text --Parser--> syntax.h --Shell::run_list--> Expander --> built-in, function, or fork,
//     execve
//
// A command that is built in, a function or made of others runs in the shell itself; what is in a
// pipeline, in ( ) or a program runs in children, a process group for each pipeline, so that ^C and
// ^Z reach all of it and nobody else.
//
// What ends more than the command itself (break, return, exit, an error) is a Flow: everything that
// runs commands stops and returns until somebody takes the flow up. Only where there is no more
// memory is the way to the prompt a jump (escape()).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/abi/termios.h"
#include "user/arena.h"
#include "user/sh/expansion.h"
#include "user/sh/functions.h"
#include "user/sh/jobs.h"
#include "user/sh/kernel_names.h"
#include "user/sh/lexer.h"
#include "user/sh/options.h"
#include "user/sh/saved_files.h"
#include "user/sh/store.h"
#include "user/sh/syntax.h"
#include "user/sh/text_builder.h"
#include "user/sh/traps.h"
#include "user/sh/variables.h"

namespace quire::shell {

/// The fields of a command, with a nullptr behind them.
using Arguments = std::span<char*>;

struct Builtin;

enum class Flow : std::uint8_t {
    Normal,
    Break,
    Continue,
    Return,
    ToPrompt,  // ^C in an interactive shell
    Error,     // ends a script, and leads an interactive shell to its prompt
    Exit,
};

class Shell final : public AliasLookup, private ExpansionWorld {
  public:
    Shell(const char* name, std::span<char* const> arguments, char** environment);

    [[nodiscard]] Arena& arena() { return arena_; }
    [[nodiscard]] Store& store() { return store_; }
    [[nodiscard]] Variables& variables() { return variables_; }
    [[nodiscard]] Functions& functions() { return functions_; }
    [[nodiscard]] Jobs& jobs() { return jobs_; }
    [[nodiscard]] Traps& traps() { return traps_; }
    [[nodiscard]] Options& options() { return options_; }
    /// As variables that have no marks.
    [[nodiscard]] Variables& aliases() { return aliases_; }
    [[nodiscard]] std::optional<std::string_view> alias(std::string_view name) const override;
    /// In which line of its text the command is that was begun last.
    [[nodiscard]] std::size_t line() const { return line_; }
    [[nodiscard]] bool is_interactive() const { return interactive_; }
    [[nodiscard]] int status() const { return status_; }
    void set_status(int status) { status_ = status; }
    /// What `exit` means without a number; in a trap what $? was when that began.
    [[nodiscard]] int status_to_leave_with() const {
        return status_before_trap_ < 0 ? status_ : status_before_trap_;
    }

    /// It asks at a terminal: takes that, and goes on after errors.
    void be_interactive();
    /// Where to go on when memory has run out, with what __builtin_setjmp() filled; nullptr: the
    /// shell ends.
    void set_prompt_place(void** place) { prompt_place_ = place; }
    /// As it was before any command: after set_prompt_place() was used.
    void reset();

    // running.cpp: texts and what ends them
    /// Does all of the text. `last`: the shell ends afterwards, so that the last program can take
    /// its place.
    /// `file`: whose text it is; nullptr: none's. The first line has that number. Returns the
    /// status of the last command, or 0 without one; $? is what it was then.
    int run_text(std::string_view text, bool last, const char* file = nullptr,
                 std::size_t line = 1);
    void run_list(const AndOr* list, bool last);
    /// Text that makes no sense, in that line of the file, if it is one's.
    void refuse_text(std::string_view error, const char* file = nullptr, std::size_t line = 0);
    /// What was read, for set -v.
    void show_text(std::string_view text);
    /// An error that ends a script, and leads back to a prompt.
    void abandon(int status);
    [[nodiscard]] bool is_stopping() const { return flow_ != Flow::Normal; }
    [[nodiscard]] Flow flow() const { return flow_; }
    void stop(Flow flow, int levels = 1);
    void take_up_flow() { flow_ = Flow::Normal; }
    [[nodiscard]] bool is_ending() const {
        return flow_ == Flow::Exit || (flow_ == Flow::Error && !interactive_);
    }
    /// At the prompt errors, and what has no meaning here, end.
    void take_up_prompt() {
        if (!is_ending()) take_up_flow();
    }
    void take_up_error() {
        if (flow_ == Flow::Error) take_up_flow();
    }
    [[nodiscard]] int loops() const { return loops_; }
    [[nodiscard]] bool can_return() const { return calls_ > 0; }
    [[nodiscard]] bool is_in_function() const { return functions_running_ > 0; }
    /// The text of `.`, or a function, which `return` leaves.
    void enter_call() { ++calls_; }
    void leave_call();
    /// Traps of signals that have come, and ^C.
    void check_signals();
    /// False: jobs are stopped, which would be lost, and that was told. Whoever asks again with the
    /// next command may.
    bool may_leave();
    void begin_command() { leave_warnings_ -= leave_warnings_ > 0 ? 1 : 0; }
    /// Does the trap of the end.
    [[noreturn]] void end();

    // parameters.cpp
    /// False: it is read-only, and that was told.
    bool set_variable(std::string_view name, std::string_view value);
    [[nodiscard]] std::string_view expand_prompt(std::string_view text);

    // simple_command.cpp
    /// Runs what is not a function, for `command`.
    void run_arguments(Arguments arguments, bool last);
    /// $1 and so on, as `set` and `shift` change them.
    [[nodiscard]] std::span<char* const> arguments() override { return arguments_; }
    void set_arguments(Arguments arguments);
    void shift_arguments(std::size_t count) { arguments_ = arguments_.subspan(count); }
    /// The function that runs gives the options back as they are now.
    void keep_options() {
        if (!kept_options_) kept_options_ = options_;
    }
    /// Where `getopts` was: the argument, and the letter in it.
    [[nodiscard]] std::size_t& option_index() { return option_index_; }
    [[nodiscard]] std::size_t& option_place() { return option_place_; }

    // processes.cpp
    /// Becomes the program; returns an exit code if that cannot be.
    int execute(Arguments arguments);
    /// The first path of that name that fits, in the folders of PATH, or as it is if it has a
    /// slash; nullptr: there is none.
    [[nodiscard]] char* find_in_path(std::string_view name, bool (*fits)(const char* path));
    [[nodiscard]] char* find_program(std::string_view name);

    // job_control.cpp
    /// Tells of jobs that have changed since.
    void report_jobs();
    /// A job that is stopped goes on.
    static void wake(Job& job);
    /// Lets the job have the terminal, and go on, and waits until it stops or ends. Returns its
    /// status.
    int wait_in_foreground(Job& job);
    /// Waits for any child. False: there is none (any more), or a signal came.
    bool wait_for_any();
    /// Learns what has happened to the jobs until now.
    void note_changes();
    void print_job(const Job& job, bool shows_group = false);

    [[gnu::format(printf, 2, 3)]] void complain(const char* format, ...);

  private:
    struct Ends {  // of the pipes around a command; -1: none
        int input = -1;
        int output = -1;
        int unused = -1;  // the next command's, to be closed
    };

    // ExpansionWorld, most of it in parameters.cpp
    [[nodiscard]] std::optional<std::string_view> value(std::string_view name) override;
    bool assign(std::string_view name, std::string_view value) override;
    void fail(std::string_view subject, std::string_view message) override;
    [[nodiscard]] bool has_failed() override { return is_stopping(); }
    [[nodiscard]] std::optional<std::string_view> special(char name) override;
    [[nodiscard]] std::string_view output_of(const AndOr* commands) override;
    [[nodiscard]] std::optional<std::string_view> home_of(std::string_view user) override;
    [[nodiscard]] bool refuses_unset() override { return options_.is_on('u'); }
    [[nodiscard]] bool finds_files() override { return !options_.is_on('f'); }

    [[nodiscard]] Expander expander() { return {arena_, *this, names_}; }

    // running.cpp
    void run_trap(int signal);
    [[noreturn]] static void out_of_memory(void* shell);

    // interpreter.cpp
    void run_and_or(const AndOr& and_or, bool last);
    void run_pipeline(const Pipeline& pipeline, bool last);
    void run_command(const Command& command, bool last);
    void run_compound(const Command& command, bool last);
    void run_if(const If& branch, bool last);
    void run_loop(const Loop& loop);
    void run_for(const For& each);
    void run_case(const Case& choice, bool last);
    bool run_condition(const AndOr* condition);
    bool leaves_loop();
    void start_background(const AndOr& and_or);

    // simple_command.cpp
    void run_simple(const Command& command, bool last);
    void run_without_words(const Command& command);
    void run_builtin(const Builtin& builtin, const Command& command, Arguments arguments);
    void run_function(StoredFunction& function, const Command& command, Arguments arguments);
    void run_program(const Command& command, Arguments arguments, bool last);
    bool assign_all(const Assignment* assignments, bool exported, bool hidden);
    [[nodiscard]] Arguments arguments_of(Field* fields);
    void trace(std::string_view name, std::span<char* const> words);

    // redirection.cpp
    bool redirect(const Redirection* redirections, bool saves);
    bool redirect_one(const Redirection& redirection, bool saves);
    long put_in_place(int from, int file, bool is_new, bool saves);
    long open_target(const Redirection& redirection, const char* target);
    long open_to_write(const char* path, bool clobbers);
    long open_here_document(std::string_view text);

    // processes.cpp
    void launch(const Pipeline& pipeline, bool background);
    void launch_program(const Command& command, Arguments arguments);
    void finish_launch(Job& job, bool background);
    long fork();
    long fork_into(Job& job);
    template <typename Visit>
    void each_place_of(std::string_view name, Visit visit);
    int execute_script(char* path, Arguments arguments, char** variables);
    long start_process(Job& job, const Command& command, const Ends& ends, bool background);
    [[noreturn]] void be_child(const Command& command, const Ends& ends, long group,
                               bool background);
    void be_subshell();
    [[nodiscard]] char** environment();

    // job_control.cpp
    long wait_for_child(std::uint32_t options);
    void enter_job(long group, bool background);
    void give_terminal(long group);
    void take_terminal_back(Job& job);
    [[nodiscard]] static std::optional<abi::Termios> terminal_modes();
    void tell_end(const Job& job);

    Arena arena_;
    KernelNames names_;
    Store store_;
    Variables variables_{store_};
    Variables aliases_{store_};
    Functions functions_{store_, arena_};
    Jobs jobs_{store_};
    Traps traps_{store_};
    Options options_;
    SavedFiles saved_{store_};

    const char* name_;  // $0
    std::span<char* const> arguments_;
    void* stored_arguments_ = nullptr;  // the block that `set` has put them in
    std::size_t option_index_ = 1;
    std::size_t option_place_ = 0;
    int status_ = 0;
    int substitution_status_ = 0;
    long process_;
    long last_background_ = 0;
    bool interactive_ = false;
    bool controls_jobs_ = false;
    std::optional<abi::Termios> modes_;  // of the terminal, as the last orderly program left them

    Flow flow_ = Flow::Normal;
    int levels_ = 0;  // that break and continue have still to go
    int loops_ = 0;   // we are in, of this function
    int calls_ = 0;   // of functions and `.` that have not ended
    int functions_running_ = 0;
    std::optional<Options> kept_options_;  // of the function that runs, for its end
    int conditions_ = 0;                   // we are in: set -e does not count there
    bool is_in_trap_ = false;
    int status_before_trap_ = -1;  // -1: in none
    int leave_warnings_ = 0;       // commands for which the warning about stopped jobs holds
    std::size_t line_ = 0;         // of the command that was begun last
    std::string_view job_text_;
    void** prompt_place_ = nullptr;
};

}  // namespace quire::shell
