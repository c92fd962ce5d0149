#include "user/tools/ps_columns.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

namespace quire::tools {
namespace {

constexpr unsigned long kTicks = 100;

}  // namespace

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

namespace {

using Write = void (*)(const Process& process, char* to, size_t size);

template <int Process::*Figure>
void write_figure(const Process& process, char* to, size_t size) {
    snprintf(to, size, "%d", process.*Figure);
}
template <unsigned long Process::*Figure>
void write_count(const Process& process, char* to, size_t size) {
    snprintf(to, size, "%lu", process.*Figure);
}

void write_share(unsigned long tenths, char* to, size_t size) {
    snprintf(to, size, "%lu.%lu", tenths / 10, tenths % 10);
}
void write_time_share(const Process& process, char* to, size_t size) {
    write_share(time_share(process), to, size);
}
void write_memory_share(const Process& process, char* to, size_t size) {
    static const unsigned long total = ProcText("/proc/meminfo").value("MemTotal");
    write_share(total != 0 ? process.resident * 1000 / total : 0, to, size);
}

/// Days, hours, minutes and seconds since it began: 1-02:03:04.
void write_elapsed(const Process& process, char* to, size_t size) {
    const unsigned long now = uptime(), start = process.start / kTicks;
    const unsigned long seconds = now > start ? now - start : 0;
    const unsigned long days = seconds / 86400, hours = seconds / 3600 % 24;
    char before[32] = "";
    if (days > 0)
        snprintf(before, sizeof before, "%lu-%02lu:", days, hours);
    else if (hours > 0)
        snprintf(before, sizeof before, "%02lu:", hours);
    snprintf(to, size, "%s%02lu:%02lu", before, seconds / 60 % 60, seconds % 60);
}

void write_user(const Process& process, char* to, size_t size) {
    strlcpy(to, user_name(process.user), size);
}
void write_user_number(const Process& process, char* to, size_t size) {
    snprintf(to, size, "%u", process.user);
}
void write_state(const Process& process, char* to, size_t size) {
    strlcpy(to, state_text(process), size);
}
void write_letter(const Process& process, char* to, size_t size) {
    snprintf(to, size, "%c", process.state);
}
void write_terminal(const Process& process, char* to, size_t size) {
    strlcpy(to, terminal_name(process.terminal), size);
}
void write_time(const Process& process, char* to, size_t size) {
    strlcpy(to, time_text(process, false), size);
}
void write_start(const Process& process, char* to, size_t size) {
    strlcpy(to, start_text(process), size);
}
void write_name(const Process& process, char* to, size_t size) {
    strlcpy(to, process.name, size);
}

constexpr Column kColumns[] = {
    {"pid", "PID", 7, false, write_figure<&Process::pid>},
    {"ppid", "PPID", 7, false, write_figure<&Process::parent>},
    {"pgid", "PGID", 7, false, write_figure<&Process::group>},
    {"sid", "SID", 7, false, write_figure<&Process::session>},
    {"user", "USER", 8, true, write_user},
    {"uid", "UID", 5, false, write_user_number},
    {"comm", "COMMAND", 15, true, write_name},
    {"args", "COMMAND", 27, true, read_command},
    {"command", "COMMAND", 27, true, read_command},
    {"cmd", "CMD", 27, true, read_command},
    {"rss", "RSS", 5, false, write_count<&Process::resident>},
    {"vsz", "VSZ", 6, false, write_count<&Process::size>},
    {"%mem", "%MEM", 4, false, write_memory_share},
    {"pmem", "%MEM", 4, false, write_memory_share},
    {"%cpu", "%CPU", 4, false, write_time_share},
    {"pcpu", "%CPU", 4, false, write_time_share},
    {"min_flt", "MINFL", 6, false, write_count<&Process::minor_faults>},
    {"maj_flt", "MAJFL", 6, false, write_count<&Process::major_faults>},
    {"stat", "STAT", 4, true, write_state},
    {"s", "S", 1, true, write_letter},
    {"state", "S", 1, true, write_letter},
    {"tty", "TT", 8, true, write_terminal},
    {"tt", "TT", 8, true, write_terminal},
    {"time", "TIME", 8, false, write_time},
    {"etime", "ELAPSED", 11, false, write_elapsed},
    {"stime", "STIME", 5, false, write_start},
    {"ni", "NI", 3, false, write_figure<&Process::nice>},
    {"nice", "NI", 3, false, write_figure<&Process::nice>},
    {"nlwp", "NLWP", 4, false, write_figure<&Process::threads>},
};

}  // namespace

const Column* find_column(const char* name) {
    for (const Column& column : kColumns)
        if (strcmp(column.name, name) == 0) return &column;
    return nullptr;
}

int compare_by(const Column& column, const Process& left, const Process& right) {
    char a[64], b[64];
    column.write(left, a, sizeof a);
    column.write(right, b, sizeof b);
    char *behind_a = nullptr, *behind_b = nullptr;
    const long number_a = strtol(a, &behind_a, 10), number_b = strtol(b, &behind_b, 10);
    if (behind_a != a && behind_b != b && number_a != number_b) return number_a < number_b ? -1 : 1;
    return strcmp(a, b);
}

bool Columns::add(const char* format) {
    auto* const text = static_cast<char*>(need_memory(strdup(format)));  // the titles stay in it
    char* rest = text;
    while (*(rest += strspn(rest, ", ")) != '\0') {
        char* const name = rest;
        rest += strcspn(rest, ", =");
        const bool has_title = *rest == '=';
        char* const title = rest + 1;
        if (*rest != '\0') *rest++ = '\0';
        if (has_title) rest += strcspn(rest, ",");
        if (has_title && *rest != '\0') *rest++ = '\0';
        const Column* const column = find_column(name);
        if (column == nullptr) return complain(name, "no such column") == 0;
        if (count_ == kMost) return complain(name, "too many columns") == 0;
        const int title_width = has_title ? static_cast<int>(strlen(title)) : 0;
        chosen_[count_++] = {column, has_title ? title : column->title,
                             title_width > column->width ? title_width : column->width};
    }
    return true;
}

/// What stands at the end on the left needs no blanks behind it.
void Columns::put(size_t at, const char* text) const {
    const Chosen& chosen = chosen_[at];
    const bool is_last = at + 1 == count_;
    if (!chosen.column->is_left)
        printf("%*s", chosen.width, text);
    else if (is_last)
        fputs(text, stdout);
    else
        printf("%-*.*s", chosen.width, chosen.width, text);
    putchar(is_last ? '\n' : ' ');
}

void Columns::show_titles() const {
    bool has_title = false;
    for (size_t i = 0; i < count_; ++i)
        has_title |= *chosen_[i].title != '\0';
    for (size_t i = 0; has_title && i < count_; ++i)
        put(i, chosen_[i].title);
}

void Columns::show(const Process& process) const {
    static char text[1024];
    for (size_t i = 0; i < count_; ++i) {
        chosen_[i].column->write(process, text, sizeof text);
        put(i, text);
    }
}

}  // namespace quire::tools
