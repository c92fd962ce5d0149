#include "kernel/tty.h"

#include "kernel/abi/signal.h"
#include "kernel/console_input.h"
#include "kernel/processes.h"

namespace quire::kernel {

Tty::Tty(System& system)
    : system_(system),
      discipline_(*this),
      timer_([](void* self) { static_cast<Tty*>(self)->discipline_.time_has_passed(); }, this) {}

void Tty::take_input() {
    const auto receive = [](void* self, char byte) {
        static_cast<Tty*>(self)->discipline_.input(byte);
    };
    system_.input->give_to(receive, this);
}

void Tty::put(std::span<const char> text) {
    system_.console.write_plain(text.data(), text.size());
}

// The monitor and kernel threads are nobody that job control is about.
TerminalUser Tty::user(SignalNumber about) {
    if (system_.processes == nullptr) return {};
    const Thread& thread = system_.threads->current();
    if (thread.process == nullptr) return {};
    const Process& process = *thread.process;
    const bool ignores = process.signals->actions.of(about).handler == SignalAction::kIgnore;
    return {.group = process.group,
            .session = process.session,
            .leads_session = process.session == process.pid,
            .is_privileged = process.credentials.is_root(),
            .has_terminal = process.terminal != 0,
            .is_controlled = process.terminal == kDeviceNumber,
            .shuns_signal = ignores || thread.blocked.has(about),
            .is_orphaned = system_.processes->table().is_orphaned(process.group)};
}

void Tty::send_to_group(ProcessId group, SignalNumber signal) {
    SignalInfo info;
    info.signal = signal;
    info.code = abi::kSiKernel;
    system_.processes->table().for_each([&](Process& process) {
        if (process.group == group && process.state != ProcessState::Zombie)
            system_.processes->send(process, info);
    });
}

ProcessId Tty::session_of_group(ProcessId group) {
    ProcessId session = 0;
    system_.processes->table().for_each([&](const Process& process) {
        if (process.group == group) session = process.session;
    });
    return session;
}

void Tty::set_controlled(bool controlled) {
    system_.threads->current().process->terminal = controlled ? kDeviceNumber : 0;
}

void Tty::release_session(ProcessId session) {
    system_.processes->table().for_each([&](Process& process) {
        if (process.session == session) process.terminal = 0;
    });
}

std::uint64_t Tty::now() {
    return system_.clock.nanoseconds();
}

void Tty::wake_at(std::uint64_t time) {
    system_.processes->timers().set(timer_, time);
}

}  // namespace quire::kernel
