// ps [-ef | -l | aux] [-p PID,...] [-C NAME] [-o COLUMNS] [--sort [-]COLUMN] [PID...]: the
// processes: those of this terminal, or all (-e, -A, a, x), or some. -f: with parents and whole
// commands; -l: with states, priorities and sizes; u: with shares of time and memory; -o: what is
// asked for, as in pid,rss,comm (ps_columns.cpp has all); --sort: in this order, with - the larger
// ones first. "aux" needs no dash.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/tools/ps_columns.h"

using namespace quire::tools;

namespace {

enum class Layout { Plain, States, Full, Long, User };
char command[1024];

void show_title(Layout layout) {
    constexpr const char* kTitles[] = {
        "    PID TTY          TIME CMD", "    PID TTY      STAT   TIME COMMAND",
        "UID          PID    PPID  C STIME TTY          TIME CMD",
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
    if (layout == Layout::States)
        return void(printf("%7d %-8s %-4s %6s %s\n", process.pid, terminal_name(process.terminal),
                           state_text(process), time_text(process, true), command));
    printf("%7d %-8s %8s %s\n", process.pid, terminal_name(process.terminal),
           time_text(process, false), process.name);
}

bool is_list(const char* text) {
    return isdigit(static_cast<unsigned char>(*text)) != 0 &&
           text[strspn(text, "0123456789, ")] == '\0';
}

/// Whether the list "1,2 3" has it.
bool is_listed(const char* list, int pid) {
    for (; *list != '\0'; list += strspn(list, ", ")) {
        char* end = nullptr;
        if (strtol(list, &end, 10) == pid) return true;
        list = end;
    }
    return false;
}

/// BSD's way, "ps aux": the letters as options.
bool are_letters(const char* word) {
    return word[strspn(word, "auxw")] == '\0';
}
void take_letters(int argc, char** argv, bool& shows_all, Layout& layout) {
    for (int i = 1; i < argc; ++i) {
        if (argv[i][0] == '-' || !are_letters(argv[i])) continue;
        if (strpbrk(argv[i], "ax") != nullptr) shows_all = true;
        if (layout == Layout::Plain) layout = Layout::States;
        if (strchr(argv[i], 'u') != nullptr) layout = Layout::User;
    }
}

/// What is asked for: by number with -p or alone, by name, or by terminal.
struct Wanted {
    const Options& options;
    bool all;
    int terminal;

    [[nodiscard]] bool has(const Process& process) const {
        if (!options.has('p') && !options.has('C') && !has_numbers())
            return all || (process.terminal == terminal && terminal != 0);
        bool is_wanted = false;
        options.for_each_value(
            'p', [&](const char* list) { is_wanted |= is_listed(list, process.pid); });
        options.for_each_value(
            'C', [&](const char* name) { is_wanted |= strcmp(name, process.name) == 0; });
        for (const char* word : options.operands())
            is_wanted |= is_list(word) && is_listed(word, process.pid);
        return is_wanted;
    }
    [[nodiscard]] bool has_numbers() const {
        for (const char* word : options.operands())
            if (is_list(word)) return true;
        return false;
    }
    /// Whether all that is told of processes says something.
    [[nodiscard]] bool makes_sense() const {
        bool does = true;
        options.for_each_value('p', [&](const char* list) { does = does && is_list(list); });
        for (const char* word : options.operands())
            does = does && (is_list(word) || are_letters(word));
        return does;
    }
};

const Column* sort_column = nullptr;  // qsort hands nothing over
bool sorts_down = false;

bool sort(std::span<Process> processes, const char* by) {
    sorts_down = *by == '-';
    sort_column = find_column(*by == '-' || *by == '+' ? by + 1 : by);
    if (sort_column == nullptr) return complain(by, "no such column") == 0;
    qsort(processes.data(), processes.size(), sizeof(Process), [](const void* a, const void* b) {
        const int order = compare_by(*sort_column, *static_cast<const Process*>(a),
                                     *static_cast<const Process*>(b));
        return sorts_down ? -order : order;
    });
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    bool shows_all = false;
    Layout layout = Layout::Plain;
    take_letters(argc, argv, shows_all, layout);
    const Options options(argc, argv, "eAflwauxp:C:o:k:",
                          "[-ef | -l | aux] [-p PID,...] [-C NAME] [-o COLUMNS] "
                          "[--sort [-]COLUMN] [PID...]",
                          1, "pid=p format=o sort=k");
    shows_all |= options.last_of("eAax") != '\0';
    if (options.has('u')) layout = Layout::User;
    if (options.has('l')) layout = Layout::Long;
    if (options.has('f')) layout = Layout::Full;
    Columns columns;
    bool is_right = true;
    options.for_each_value('o',
                           [&](const char* text) { is_right = is_right && columns.add(text); });
    Processes processes;
    Process self{};
    if (!is_right) return 1;
    if (!processes.read() || !read_process(getpid(), self)) return complain("/proc");
    if (options.has('k') && !sort(processes.all(), options.value('k'))) return 1;
    const Wanted wanted{options, shows_all, self.terminal};
    if (!wanted.makes_sense()) options.refuse();
    if (layout == Layout::Plain && wanted.has_numbers()) layout = Layout::States;
    const unsigned long total = ProcText("/proc/meminfo").value("MemTotal");
    if (columns.are_there())
        columns.show_titles();
    else
        show_title(layout);
    bool found = false;
    for (const Process& process : processes.all()) {
        if (!wanted.has(process)) continue;
        found = true;
        if (columns.are_there())
            columns.show(process);
        else
            show(process, layout, total);
    }
    return finish(found ? 0 : 1);
}
