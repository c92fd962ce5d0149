// kill [-SIGNAL] PID...: sends a signal, TERM if none is named; -PID means a process group.
// kill -l: the names of the signals.
#include "libc/string.h"
#include "user/output.h"
#include "user/signal_names.h"
#include "user/system.h"

namespace {

using namespace quire;

int list_signals() {
    for (int signal = 1; signal <= 31; ++signal)
        say("%2d %-8s%s\n", signal, signal_name(signal), signal_text(signal));
    return 0;
}

int send(const char* target, int signal) {
    char* end = nullptr;
    const long pid = strtol(target, &end, 10);
    if (end == target || *end != '\0') {
        complain("kill: %s: not a number\n", target);
        return 1;
    }
    const long error = sys::kill(pid, signal);
    if (error < 0) complain("kill: %s: %s\n", target, error_text(error));
    return error < 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv, char**) {
    int first = 1;
    int signal = kSignalTerminate;
    if (argc > 1 && strcmp(argv[1], "-l") == 0) return list_signals();
    if (argc > 2 && argv[1][0] == '-') {
        first = 2;
        signal = signal_number(argv[1] + 1);
        if (signal == 0 && strcmp(argv[1], "-0") != 0) {
            complain("kill: %s: no such signal\n", argv[1] + 1);
            return 2;
        }
    }
    if (first >= argc) {
        complain("usage: kill [-SIGNAL] PID...\n");
        return 2;
    }
    int result = 0;
    for (int i = first; i < argc; ++i)
        result |= send(argv[i], signal);
    return result;
}
