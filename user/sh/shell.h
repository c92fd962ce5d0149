// The shell as a whole: what it remembers between two lines, and how a line is done.
//
//     text --Parser--> syntax.h --Shell::run--> Expander --> built-in, or fork and execve
//
// A command that stands alone and is built in runs in the shell itself; everything else runs in
// children, a process group for each pipeline, so that ^C and ^Z reach all of it and nobody else.
#pragma once

#include <span>
#include <string_view>

#include "user/arena.h"
#include "user/sh/expansion.h"
#include "user/sh/jobs.h"
#include "user/sh/syntax.h"
#include "user/sh/variables.h"

namespace quire::shell {

/// The fields of a command, with a nullptr behind them.
using Arguments = std::span<char*>;

class Shell {
  public:
    Shell(std::span<char* const> arguments, char** environment, bool interactive);

    [[nodiscard]] Arena& arena() { return arena_; }
    [[nodiscard]] Variables& variables() { return variables_; }
    [[nodiscard]] Jobs& jobs() { return jobs_; }
    [[nodiscard]] bool is_interactive() const { return interactive_; }
    [[nodiscard]] int status() const { return parameters_.status; }
    void set_status(int status) { parameters_.status = status; }

    /// Takes the terminal; signals of keys are the programs' from now on, not the shell's.
    void take_terminal();

    /// Does everything `text` says. False: it is not complete, and nothing was done.
    bool run_text(std::string_view text);

    /// Tells of jobs that have changed since.
    void report_jobs();
    /// Lets the job have the terminal and waits until it stops or ends. Returns its status.
    int wait_in_foreground(Job& job);
    /// Waits for any child. False: there is none (any more), or a signal came.
    bool wait_for_any(std::uint32_t options);
    void print_job(const Job& job);

    /// Becomes the program; returns an exit code if that cannot be.
    int execute(Arguments arguments);
    [[nodiscard]] char** environment();

  private:
    struct Ends {  // of the pipes around a command; -1: none
        int input = -1;
        int output = -1;
        int unused = -1;  // the next command's, to be closed
    };

    void run_list(const AndOr* list);
    void run_and_or(const AndOr& and_or);
    int run_pipeline(const Pipeline& pipeline, bool background, std::string_view text);
    bool runs_here(const Command& command, Field*& fields);
    int run_here(const Command& command, Field* fields);
    int start_background(const AndOr& and_or);
    int launch(const Pipeline& pipeline, bool background, std::string_view text);
    bool start_process(Job& job, const Command& command, const Ends& ends, bool background);
    [[noreturn]] void be_child(const Command& command, const Ends& ends, long group,
                               bool background);
    int run_in_child(const Command& command);
    void leave_job_control(long group, bool background);
    bool redirect(const Redirection* redirections);
    bool redirect_one(const Redirection& redirection);
    bool assign(const Word* assignments, bool exported);
    Arguments arguments_of(Field* fields);
    void give_terminal(long group);

    Arena arena_;
    Variables variables_;
    Jobs jobs_;
    Parameters parameters_;
    bool interactive_;
};

}  // namespace quire::shell
