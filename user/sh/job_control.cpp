// The part of the shell that lets jobs have the terminal, waits for them and tells of them.
#include "kernel/abi/errno.h"
#include "user/output.h"
#include "user/sh/calls.h"
#include "user/sh/shell.h"
#include "user/signal_names.h"
#include "user/system.h"

namespace quire::shell {

void Shell::give_terminal(long group) {
    if (!controls_jobs_) return;
    int number = static_cast<int>(group);
    sys::device_control(sys::kErrors, sys::kSetForeground, &number);
}

std::optional<abi::Termios> Shell::terminal_modes() {
    abi::Termios modes;
    if (sys::terminal_settings(sys::kErrors, modes) < 0) return std::nullopt;
    return modes;
}

/// Who is ended or stopped by a signal leaves the modes as they are in the midst of its work.
void Shell::take_terminal_back(Job& job) {
    give_terminal(process_);
    if (!controls_jobs_) return;
    const std::optional<abi::Termios> left = terminal_modes();
    job.modes.reset();
    if (!job.has_ended()) job.modes = left;
    if (job.has_ended() && !job.status.killed())
        modes_ = left;
    else if (modes_)
        sys::set_terminal(sys::kErrors, *modes_);
}

/// In a child: it is of a group, which may have the terminal. Without job control what runs in the
/// background is kept from the input and the keys instead.
void Shell::enter_job(long group, bool background) {
    if (controls_jobs_) {
        const long own = sys::process_id();
        sys::set_group(0, group);
        if (!background) give_terminal(group == 0 ? own : group);
        controls_jobs_ = false;
    } else if (background) {
        traps_.ignore_for_good(kSignalInterrupt);
        traps_.ignore_for_good(kSignalQuit);
        const long nothing = group == 0 ? sys::open("/dev/null", abi::kOpenReadOnly) : -1;
        if (nothing > 0) {
            sys::duplicate_to(static_cast<int>(nothing), sys::kInput);
            sys::close(static_cast<int>(nothing));
        }
    }
}

/// Returns the child, 0 if none has changed, or what the kernel says.
long Shell::wait_for_child(std::uint32_t options) {
    int bits = 0;
    if (controls_jobs_) options |= sys::kWaitStopped | sys::kWaitContinued;
    const long pid = sys::wait_for(-1, &bits, options);
    if (pid > 0) jobs_.note(pid, WaitStatus(bits));
    if (pid == -abi::kEchild) jobs_.note_none_left();
    return pid;
}

bool Shell::wait_for_any() {
    return wait_for_child(0) > 0;
}

void Shell::note_changes() {
    while (wait_for_child(sys::kWaitNoHang) > 0) {
    }
}

void Shell::wake(Job& job) {
    if (!job.is_stopped()) return;
    job.state = Job::State::Running;
    sys::kill(-job.group, kSignalContinue);
}

int Shell::wait_in_foreground(Job& job) {
    give_terminal(job.group);
    if (job.modes) sys::set_terminal(sys::kErrors, *job.modes);
    wake(job);  // not before: it would stop again as soon as it reads
    // ^C from before it had the terminal is for it.
    if (controls_jobs_ && traps_.take_interrupt()) sys::kill(-job.group, kSignalInterrupt);
    job.in_background = false;
    while (job.state == Job::State::Running)
        wait_for_child(0);
    take_terminal_back(job);
    const WaitStatus status = job.status;
    tell_end(job);
    if (job.has_ended()) jobs_.remove(job);
    return status.code();
}

/// What a person wants to know of a job that does not simply end. ^C ends what the shell was about
/// to do next, too.
void Shell::tell_end(const Job& job) {
    const WaitStatus status = job.status;
    if (!job.has_ended()) {
        quire::complain("\n");
        print_job(job);
    } else if (status.killed() && status.signal() == kSignalInterrupt) {
        quire::complain("\n");
        status_ = status.code();
        if (interactive_) stop(Flow::ToPrompt);
    } else if (status.killed() && status.signal() != kSignalPipe) {
        quire::complain("%s\n", signal_text(status.signal()));
    }
}

void Shell::print_job(const Job& job, bool shows_group) {
    const char* state = "Running";
    if (job.state == Job::State::Stopped) state = "Stopped";
    if (job.has_ended()) state = job.status.killed() ? signal_text(job.status.signal()) : "Done";
    say("[%d]%c ", job.number, jobs_.mark(job));
    if (shows_group) say("%ld ", job.group);
    say("%-18s %s\n", state, job.text.data());
}

void Shell::report_jobs() {
    if (!interactive_) return;
    note_changes();
    jobs_.for_each([&](Job& job) {
        if (!job.has_ended()) return;
        print_job(job);
        jobs_.remove(job);
    });
}

}  // namespace quire::shell
