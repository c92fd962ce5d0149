#include "user/signal_names.h"

#include <array>

#include "libc/string.h"

namespace quire {
namespace {

struct Row {
    const char* name;
    const char* text;
};

// By number, from 1. The texts are those of strsignal(3).
constexpr std::array<Row, 31> kSignals{{
    {"HUP", "Hangup"},
    {"INT", "Interrupt"},
    {"QUIT", "Quit"},
    {"ILL", "Illegal instruction"},
    {"TRAP", "Trace/breakpoint trap"},
    {"ABRT", "Aborted"},
    {"BUS", "Bus error"},
    {"FPE", "Floating point exception"},
    {"KILL", "Killed"},
    {"USR1", "User defined signal 1"},
    {"SEGV", "Segmentation fault"},
    {"USR2", "User defined signal 2"},
    {"PIPE", "Broken pipe"},
    {"ALRM", "Alarm clock"},
    {"TERM", "Terminated"},
    {"STKFLT", "Stack fault"},
    {"CHLD", "Child exited"},
    {"CONT", "Continued"},
    {"STOP", "Stopped (signal)"},
    {"TSTP", "Stopped"},
    {"TTIN", "Stopped (tty input)"},
    {"TTOU", "Stopped (tty output)"},
    {"URG", "Urgent I/O condition"},
    {"XCPU", "CPU time limit exceeded"},
    {"XFSZ", "File size limit exceeded"},
    {"VTALRM", "Virtual timer expired"},
    {"PROF", "Profiling timer expired"},
    {"WINCH", "Window changed"},
    {"IO", "I/O possible"},
    {"PWR", "Power failure"},
    {"SYS", "Bad system call"},
}};

char upper(char letter) {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}

/// Whether the name begins with `known`, in capitals or not. `length` of it, with the NUL: is it.
bool begins_with(const char* name, const char* known, std::size_t length) {
    for (std::size_t i = 0; i < length; ++i)
        if (upper(name[i]) != known[i]) return false;
    return true;
}

const Row* row_of(int signal) {
    if (signal < 1 || static_cast<unsigned>(signal) > kSignals.size()) return nullptr;
    return &kSignals[static_cast<unsigned>(signal - 1)];
}

}  // namespace

const char* signal_name(int signal) {
    const Row* row = row_of(signal);
    return row != nullptr ? row->name : "?";
}

const char* signal_text(int signal) {
    const Row* row = row_of(signal);
    return row != nullptr ? row->text : "Unknown signal";
}

int signal_number(const char* name) {
    char* end = nullptr;
    const long number = strtol(name, &end, 10);
    if (end != name)
        return *end == '\0' && number >= 0 && number <= 64 ? static_cast<int>(number) : 0;
    if (begins_with(name, "SIG", 3)) name += 3;
    for (int signal = 1; const Row* const row = row_of(signal); ++signal)
        if (begins_with(name, row->name, strlen(row->name) + 1)) return signal;
    return 0;
}

}  // namespace quire
