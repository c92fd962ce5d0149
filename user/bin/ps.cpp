// ps [-ef | -l | aux] [-p PID,...]: the processes: those of this terminal, or all (-e, -A, a, x).
// -f: with parents and whole commands; -l: with states, priorities and sizes; u: with shares of
// time and memory. "aux" needs no dash.
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "user/tools/proc.h"

using namespace quire::tools;

namespace {

enum class Layout { Plain, Full, Long, User };
constexpr unsigned long kTicks = 100;
char command[1024];

const char* user_name(uid_t user) {
    static char number[16];
    const passwd* const found = getpwuid(user);
    if (found != nullptr) return found->pw_name;
    snprintf(number, sizeof number, "%u", user);
    return number;
}

/// When it began: the hour, or the day if that was not today.
const char* start_text(const Process& process) {
    static char text[16];
    const time_t now = time(nullptr);
    const time_t start = now - static_cast<time_t>(uptime() - process.start / kTicks);
    struct tm date;
    localtime_r(&start, &date);
    strftime(text, sizeof text, now - start < 86400 ? "%H:%M" : "%b%d", &date);
    return text;
}

const char* time_text(const Process& process, bool is_short) {
    static char text[24];
    const unsigned long seconds = process.time() / kTicks;
    if (is_short)
        snprintf(text, sizeof text, "%lu:%02lu", seconds / 60, seconds % 60);
    else
        snprintf(text, sizeof text, "%02lu:%02lu:%02lu", seconds / 3600, seconds / 60 % 60,
                 seconds % 60);
    return text;
}

/// Tenths of a percent of the time since it began.
unsigned long time_share(const Process& process) {
    const unsigned long since = uptime() * kTicks - process.start;
    return since != 0 && since < uptime() * kTicks + 1 ? process.time() * 1000 / since : 0;
}

/// As ps(1) has it: R or S, and N nice, < the opposite, s leader of a session, l threads, +
/// foreground.
const char* state_text(const Process& process) {
    static char text[8];
    char* end = text;
    *end++ = process.state;
    if (process.nice != 0) *end++ = process.nice > 0 ? 'N' : '<';
    if (process.session == process.pid) *end++ = 's';
    if (process.threads > 1) *end++ = 'l';
    if (process.terminal_group == process.group) *end++ = '+';
    *end = '\0';
    return text;
}

void show_title(Layout layout) {
    constexpr const char* kTitles[] = {
        "    PID TTY          TIME CMD", "UID          PID    PPID  C STIME TTY          TIME CMD",
        "F S   UID     PID    PPID  C PRI  NI     SZ TTY          TIME CMD",
        "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND"};
    puts(kTitles[static_cast<int>(layout)]);
}

void show_full(const Process& process) {
    printf("%-8s %7d %7d %2lu %5s %-8s %8s %s\n", user_name(process.user), process.pid,
           process.parent, time_share(process) / 10, start_text(process),
           terminal_name(process.terminal), time_text(process, false), command);
}

void show_long(const Process& process) {
    printf("0 %c %5u %7d %7d %2lu %3d %3d %6lu %-8s %8s %s\n", process.state, process.user,
           process.pid, process.parent, time_share(process) / 10, process.priority + 60,
           process.nice, process.size / 4, terminal_name(process.terminal),
           time_text(process, false), process.name);
}

void show_for_user(const Process& process, unsigned long total) {
    const unsigned long cpu = time_share(process);
    const unsigned long memory = total != 0 ? process.resident * 1000 / total : 0;
    printf("%-8s %7d %2lu.%lu %2lu.%lu %6lu %5lu %-8s %-4s %-5s %6s %s\n", user_name(process.user),
           process.pid, cpu / 10, cpu % 10, memory / 10, memory % 10, process.size,
           process.resident, terminal_name(process.terminal), state_text(process),
           start_text(process), time_text(process, true), command);
}

void show(const Process& process, Layout layout, unsigned long total) {
    read_command(process, command, sizeof command);
    if (layout == Layout::Full) return show_full(process);
    if (layout == Layout::Long) return show_long(process);
    if (layout == Layout::User) return show_for_user(process, total);
    printf("%7d %-8s %8s %s\n", process.pid, terminal_name(process.terminal),
           time_text(process, false), process.name);
}

/// Whether the list "1,2 3" has it.
bool is_listed(const char* list, int pid) {
    for (; *list != '\0'; list += strspn(list, ", ")) {
        char* end = nullptr;
        if (strtol(list, &end, 10) == pid) return true;
        if (end == list) return false;
        list = end;
    }
    return false;
}

/// BSD's way, "ps aux": the letters as options.
void take_letters(int argc, char** argv, bool& shows_all, Layout& layout) {
    for (int i = 1; i < argc; ++i) {
        if (argv[i][0] == '-' || argv[i][strspn(argv[i], "auxw")] != '\0') continue;
        if (strpbrk(argv[i], "ax") != nullptr) shows_all = true;
        if (strchr(argv[i], 'u') != nullptr) layout = Layout::User;
    }
}

}  // namespace

int main(int argc, char** argv) {
    bool shows_all = false;
    Layout layout = Layout::Plain;
    take_letters(argc, argv, shows_all, layout);
    const Options options(argc, argv, "eAflwauxp:", "[-ef | -l | aux] [-p PID,...]");
    shows_all |= options.last_of("eAax") != '\0';
    if (options.has('u')) layout = Layout::User;
    if (options.has('l')) layout = Layout::Long;
    if (options.has('f')) layout = Layout::Full;
    Processes processes;
    Process self{};
    if (!processes.read() || !read_process(getpid(), self)) return complain("/proc");
    const unsigned long total = ProcText("/proc/meminfo").value("MemTotal");
    show_title(layout);
    bool found = false;
    for (const Process& process : processes.all()) {
        const bool is_ours = process.terminal == self.terminal && process.terminal != 0;
        const bool is_wanted =
            options.has('p') ? is_listed(options.value('p'), process.pid) : shows_all || is_ours;
        if (is_wanted) show(process, layout, total);
        found |= is_wanted;
    }
    return finish(found ? 0 : 1);
}
