// kill [-SIGNAL | -s SIGNAL] PID...: sends a signal, TERM if none is named; -PID means a process
// group. kill -l [SIGNAL...]: their names and numbers.
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "user/signal_names.h"
#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

constexpr int kMostSignals = 31;

/// The number of a name, or the name of a number, which may be what $? was after the signal.
int translate(const char* text) {
    if (const int named = parse_number(text) < 0 ? quire::signal_number(text) : 0)
        return printf("%d\n", named) < 0;
    const long long number = parse_number(text);
    const long long signal = number > 128 ? number - 128 : number;
    if (signal < 1 || signal > kMostSignals) return complain(text, "no such signal");
    return puts(quire::signal_name(static_cast<int>(signal))) < 0;
}

/// All of them with what they mean; or only those that are asked for.
int list_signals(Operands which) {
    int result = 0;
    for (const char* text : which)
        result |= translate(text);
    for (int signal = 1; which.empty() && signal <= kMostSignals; ++signal)
        printf("%2d %-8s%s\n", signal, quire::signal_name(signal), quire::signal_text(signal));
    return finish(result);
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
    const Options usage(1, none, "", "[-SIGNAL | -s SIGNAL] PID... | -l [SIGNAL...]");
    if (argc == 2 && strcmp(argv[1], "--help") == 0) usage.show();
    if (argc > 1 && strcmp(argv[1], "-l") == 0)
        return list_signals({argv + 2, static_cast<size_t>(argc - 2)});
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
