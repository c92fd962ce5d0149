// ioctl(2) of terminals: ioctl_tty(2).
#include "kernel/abi/signal.h"
#include "kernel/process/line_discipline.h"
#include "kernel/process/user_copy.h"

namespace quire::kernel {
namespace {

/// Requests that change the terminal, and are for the foreground only.
bool is_for_foreground(std::uint32_t request) {
    switch (request) {
    case abi::kTcSets:
    case abi::kTcSetsWait:
    case abi::kTcSetsFlush:
    case abi::kTcSendBreak:
    case abi::kTcFlowControl:
    case abi::kTcFlush:
    case abi::kTioSetForeground:
        return true;
    default:
        return false;
    }
}

Result<std::uint32_t> done(Result<void> result) {
    TRY(result);
    return std::uint32_t{0};
}

}  // namespace

Result<std::uint32_t> LineDiscipline::control(std::uint32_t request, mm::VirtAddr argument) {
    if (is_for_foreground(request)) TRY(check_foreground(abi::kSigTerminalOutput));
    switch (request) {
    case abi::kTcGets:
        return done(user::write(argument, settings_));
    case abi::kTcSets:
    case abi::kTcSetsWait:
    case abi::kTcSetsFlush:
        return change_settings(request, argument);
    case abi::kTcSendBreak:  // output is never behind
        return std::uint32_t{0};
    case abi::kTcFlowControl:
        return control_flow(argument.raw());
    case abi::kTcFlush:
        return flush(argument.raw());
    case abi::kTioGetWindow:
        return done(user::write(argument, window_));
    case abi::kTioSetWindow:
        return change_window(argument);
    case abi::kTioInputCount:
        return done(user::write(argument, queue_.readable()));
    case abi::kTioOutputCount:
        return done(user::write(argument, std::uint32_t{0}));
    case abi::kTioTakeTerminal:
        return take_as_controlling(argument.raw());
    case abi::kTioLeaveTerminal:
        return leave_controlling();
    case abi::kTioGetForeground:
        return tell_foreground(argument, false);
    case abi::kTioGetSession:
        return tell_foreground(argument, true);
    case abi::kTioSetForeground:
        return set_foreground(argument);
    default:
        return Error::NotTerminal;
    }
}

Result<std::uint32_t> LineDiscipline::change_settings(std::uint32_t request,
                                                      mm::VirtAddr argument) {
    const abi::Termios settings = TRY(user::read<abi::Termios>(argument));
    if (request == abi::kTcSetsFlush) queue_.clear();
    apply(settings);
    return std::uint32_t{0};
}

void LineDiscipline::apply(const abi::Termios& settings) {
    settings_ = settings;
    if (!has(abi::kLocalCanonical)) queue_.complete_all();
    if ((settings_.input & abi::kInputStops) == 0) is_stopped_ = false;
    next_is_literal_ = false;
    changes_.wake_all();
}

Result<std::uint32_t> LineDiscipline::change_window(mm::VirtAddr argument) {
    const abi::WindowSize size = TRY(user::read<abi::WindowSize>(argument));
    if (size == window_) return std::uint32_t{0};
    window_ = size;
    if (foreground_ != 0) host_.send_to_group(foreground_, abi::kSigWindow);
    return std::uint32_t{0};
}

Result<std::uint32_t> LineDiscipline::flush(std::uint32_t which) {
    constexpr std::uint32_t kInput = 0;
    constexpr std::uint32_t kBoth = 2;  // 1: output, which is never kept
    if (which > kBoth) return Error::InvalidArgument;
    if (which == kInput || which == kBoth) queue_.clear();
    return std::uint32_t{0};
}

Result<std::uint32_t> LineDiscipline::control_flow(std::uint32_t action) {
    constexpr std::uint32_t kStopOutput = 0;
    constexpr std::uint32_t kStartOutput = 1;
    constexpr std::uint32_t kLast = 3;  // 2, 3: the other side's
    if (action > kLast) return Error::InvalidArgument;
    if (action <= kStartOutput) is_stopped_ = action == kStopOutput;
    changes_.wake_all();
    return std::uint32_t{0};
}

bool LineDiscipline::controls_caller() {
    return host_.user(abi::kSigTerminalOutput).is_controlled;
}

Result<std::uint32_t> LineDiscipline::take_as_controlling(std::uint32_t force) {
    const TerminalUser user = host_.user(abi::kSigTerminalOutput);
    if (user.leads_session && user.session == session_) return std::uint32_t{0};
    if (!user.leads_session || user.has_terminal) return Error::NotPermitted;
    if (session_ != 0 && (force != 1 || !user.is_privileged)) return Error::NotPermitted;
    if (session_ != 0) host_.release_session(session_);
    session_ = user.session;
    foreground_ = user.group;
    host_.set_controlled(true);
    return std::uint32_t{0};
}

Result<std::uint32_t> LineDiscipline::leave_controlling() {
    const TerminalUser user = host_.user(abi::kSigTerminalOutput);
    if (!user.is_controlled) return Error::NotTerminal;
    if (user.leads_session)
        session_ended(user.session);
    else
        host_.set_controlled(false);
    return std::uint32_t{0};
}

Result<std::uint32_t> LineDiscipline::tell_foreground(mm::VirtAddr argument, bool tells_session) {
    if (!controls_caller()) return Error::NotTerminal;
    return done(user::write(argument, tells_session ? session_ : foreground_));
}

Result<std::uint32_t> LineDiscipline::set_foreground(mm::VirtAddr argument) {
    const TerminalUser user = host_.user(abi::kSigTerminalOutput);
    if (!user.is_controlled || user.session != session_) return Error::NotTerminal;
    const auto group = TRY(user::read<std::int32_t>(argument));
    if (group < 0) return Error::InvalidArgument;
    const ProcessId session = host_.session_of_group(static_cast<ProcessId>(group));
    if (session == 0) return Error::NoSuchProcess;
    if (session != session_) return Error::NotPermitted;
    foreground_ = static_cast<ProcessId>(group);
    return std::uint32_t{0};
}

}  // namespace quire::kernel
