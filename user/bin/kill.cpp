// kill [-SIGNAL | -s SIGNAL] PID...: sends a signal, TERM if none is named; -PID means a process
// group. kill -l: the names of the signals.
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "user/signal_names.h"
#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

int list_signals() {
    for (int signal = 1; signal <= 31; ++signal)
        printf("%2d %-8s%s\n", signal, quire::signal_name(signal), quire::signal_text(signal));
    return finish(0);
}

int send(const char* target, int signal) {
    char* end = nullptr;
    const long pid = strtol(target, &end, 10);
    if (end == target || *end != '\0') return complain(target, "not a number");
    return kill(static_cast<pid_t>(pid), signal) == 0 ? 0 : complain(target);
}

}  // namespace

// -9 and -KILL are no options as others have them, so the first words are looked at by hand.
int main(int argc, char** argv) {
    char* none[] = {argv[0], nullptr};
    const Options usage(1, none, "", "[-SIGNAL | -s SIGNAL] PID... | -l");
    if (argc == 2 && strcmp(argv[1], "-l") == 0) return list_signals();
    int first = 1;
    const char* name = "TERM";
    if (argc > 2 && strcmp(argv[1], "-s") == 0) {
        name = argv[2];
        first = 3;
    } else if (argc > 2 && argv[1][0] == '-' && strcmp(argv[1], "--") != 0) {
        name = argv[1] + 1;
        first = 2;
    }
    const int signal = quire::signal_number(name);
    if (signal == 0 && strcmp(name, "0") != 0) return complain(name, "no such signal"), 2;
    if (first < argc && strcmp(argv[first], "--") == 0) ++first;
    if (first >= argc) usage.refuse();
    int result = 0;
    for (int i = first; i < argc; ++i)
        result |= send(argv[i], signal);
    return result;
}
