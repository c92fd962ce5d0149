#include "user/sh/traps.h"

#include "user/signal_names.h"
#include "user/system.h"

namespace quire::shell {
namespace {

constexpr std::array kKeySignals{kSignalInterrupt,     kSignalQuit,           kSignalTerminalStop,
                                 kSignalTerminalInput, kSignalTerminalOutput, kSignalTerminate};

// A handler gets nothing but the number of its signal, so what it notes cannot be in an object.
std::array<volatile char, Traps::kMost> has_come_flags;

void note(int signal) {
    has_come_flags[static_cast<std::size_t>(signal)] = 1;
}

}  // namespace

void Traps::install(int signal) {
    if (signal == 0) return;
    Start& start = starts_[static_cast<std::size_t>(signal)];
    if (start == Start::Unknown)
        start = !has_keys_ && sys::is_ignored(signal) ? Start::Ignored : Start::Free;
    if (start == Start::Ignored) return;
    bool is_key = false;
    for (const int key : kKeySignals)
        is_key |= key == signal && has_keys_;
    const char* const commands = commands_[static_cast<std::size_t>(signal)];
    if (commands != nullptr && *commands == '\0')
        sys::set_signal(signal, sys::kIgnore);
    else if (commands != nullptr || (is_key && signal == kSignalInterrupt))
        sys::set_signal(signal, note);
    else
        sys::set_signal(signal, is_key ? sys::kIgnore : sys::kDefaultAction);
}

void Traps::set(int signal, const char* commands) {
    char*& place = commands_[static_cast<std::size_t>(signal)];
    char* const old = place;
    place = commands == nullptr ? nullptr : store_.copy(commands);
    store_.give(old);
    install(signal);
}

void Traps::forget() {
    for (int signal = 0; signal < kMost; ++signal) {
        const char* const commands = commands_[static_cast<std::size_t>(signal)];
        has_come_flags[static_cast<std::size_t>(signal)] = 0;
        if (commands != nullptr && *commands != '\0') set(signal, nullptr);
    }
}

void Traps::ignore_for_good(int signal) {
    starts_[static_cast<std::size_t>(signal)] = Start::Ignored;
    sys::set_signal(signal, sys::kIgnore);
}

void Traps::take_keys() {
    has_keys_ = true;
    for (const int signal : kKeySignals)
        install(signal);
}

void Traps::leave_keys() {
    if (!has_keys_) return;
    has_keys_ = false;
    for (const int signal : kKeySignals)
        install(signal);
}

int Traps::first_come() const {
    for (std::size_t signal = 1; signal < kMost; ++signal)
        if (has_come_flags[signal] != 0 && commands_[signal] != nullptr)
            return static_cast<int>(signal);
    return 0;
}

int Traps::next_to_run() {
    const int signal = first_come();
    has_come_flags[static_cast<std::size_t>(signal)] = 0;
    return signal;
}

bool Traps::take_interrupt() {
    if (has_come_flags[kSignalInterrupt] == 0 || commands_[kSignalInterrupt] != nullptr)
        return false;
    has_come_flags[kSignalInterrupt] = 0;
    return true;
}

}  // namespace quire::shell
