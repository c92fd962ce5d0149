// top [-b] [-d SECONDS] [-n ROUNDS]: the processes by the time they use, again and again; q leaves,
// a blank goes on at once, M sorts by memory and P by time. -b: as plain text.
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <new>

#include "user/tools/proc.h"

using namespace quire::tools;

namespace {

constexpr unsigned long kTicks = 100;

/// What was known a round ago, for the shares since then.
class Before {
  public:
    [[nodiscard]] unsigned long time_of(const Process& process) const {
        for (const Process& one : list_->all())
            if (one.pid == process.pid && one.start == process.start) return one.time();
        return 0;
    }
    void keep(Processes* list) {
        delete_list();
        list_ = list;
    }
    [[nodiscard]] bool is_empty() const { return list_ == nullptr; }
    ~Before() { delete_list(); }
    Before() = default;
    Before(const Before&) = delete;
    Before& operator=(const Before&) = delete;

  private:
    void delete_list() {
        if (list_ == nullptr) return;
        list_->~Processes();
        free(list_);
    }
    Processes* list_ = nullptr;
};

struct Row {
    const Process* process;
    unsigned long share;  // tenths of a percent
};
bool by_memory = false;

int order(const void* left_place, const void* right_place) {
    const Row& left = *static_cast<const Row*>(left_place);
    const Row& right = *static_cast<const Row*>(right_place);
    const unsigned long a = by_memory ? left.process->resident : left.share;
    const unsigned long b = by_memory ? right.process->resident : right.share;
    if (a != b) return a > b ? -1 : 1;
    return left.process->pid - right.process->pid;
}

struct Screen {
    bool is_plain = true;
    unsigned rows = 24, columns = 80;
    termios settings = {};

    void open(bool wants_plain) {
        winsize size{};
        is_plain = wants_plain || tcgetattr(STDIN_FILENO, &settings) != 0;
        if (is_plain) {
            rows = ~0U;
            return;
        }
        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 8)
            rows = size.ws_row, columns = size.ws_col;
        termios keys = settings;
        keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
        tcsetattr(STDIN_FILENO, TCSANOW, &keys);
    }
    void close() {
        if (!is_plain) tcsetattr(STDIN_FILENO, TCSANOW, &settings);
    }
};

void show_summary(const Processes& processes) {
    char now[16];
    const time_t time = ::time(nullptr);
    struct tm date;
    localtime_r(&time, &date);
    strftime(now, sizeof now, "%H:%M:%S", &date);
    const ProcText load("/proc/loadavg"), memory("/proc/meminfo");
    const unsigned long up = uptime();
    unsigned running = 0;
    for (const Process& process : processes.all())
        running += process.state == 'R' ? 1 : 0;
    const auto mib = [&](const char* name) { return memory.value(name) * 10 / 1024; };
    const auto tenth = [](unsigned long value) { return value % 10; };
    printf("top - %s up %lu:%02lu,  load average: %.14s\n", now, up / 3600, up / 60 % 60,
           load.text());
    printf("Tasks: %zu total, %u running, %zu sleeping\n", processes.all().size(), running,
           processes.all().size() - running);
    const unsigned long total = mib("MemTotal"), free = mib("MemFree"),
                        available = mib("MemAvailable");
    const unsigned long swap = mib("SwapTotal"), swap_free = mib("SwapFree");
    printf("MiB Mem : %6lu.%lu total, %6lu.%lu free, %6lu.%lu used\n", total / 10, tenth(total),
           free / 10, tenth(free), (total - available) / 10, tenth(total - available));
    printf("MiB Swap: %6lu.%lu total, %6lu.%lu free, %6lu.%lu used\n\n", swap / 10, tenth(swap),
           swap_free / 10, tenth(swap_free), (swap - swap_free) / 10, tenth(swap - swap_free));
}

void show_row(const Row& row, unsigned long total, const Screen& screen) {
    const Process& process = *row.process;
    char command[256];
    read_command(process, command, sizeof command);
    const unsigned long memory = total != 0 ? process.resident * 1000 / total : 0;
    const unsigned long hundredths = process.time() * (100 / kTicks);
    const int room = screen.is_plain ? 200 : static_cast<int>(screen.columns) - 62;
    printf("%7d %5u %3d %3d %7lu %6lu %6lu %c %3lu.%lu %3lu.%lu %3lu:%02lu.%02lu %.*s\n",
           process.pid, process.user, process.priority, process.nice, process.size,
           process.resident, process.shared, process.state, row.share / 10, row.share % 10,
           memory / 10, memory % 10, hundredths / 6000, hundredths / 100 % 60, hundredths % 100,
           room > 0 ? room : 1, command);
}

void show(const Processes& processes, const Before& before, unsigned long passed,
          const Screen& screen) {
    if (!screen.is_plain) fputs("\033[H\033[J", stdout);
    show_summary(processes);
    puts("    PID   UID  PR  NI    VIRT    RES    SHR S  %CPU  %MEM    TIME+  COMMAND");
    const auto all = processes.all();
    auto* const rows = static_cast<Row*>(need_memory(calloc(all.size() + 1, sizeof(Row))));
    for (size_t i = 0; i < all.size(); ++i) {
        const unsigned long used = all[i].time() - (before.is_empty() ? 0 : before.time_of(all[i]));
        rows[i] = {&all[i], passed != 0 ? used * 1000 / passed : 0};
    }
    qsort(rows, all.size(), sizeof(Row), order);
    constexpr unsigned kTitleRows = 7;
    const unsigned long total = ProcText("/proc/meminfo").value("MemTotal");
    for (size_t i = 0; i < all.size() && i < screen.rows - kTitleRows; ++i)
        show_row(rows[i], total, screen);
    free(rows);
    fflush(stdout);
}

unsigned long ticks_now() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<unsigned long>(now.tv_sec) * kTicks +
           static_cast<unsigned long>(now.tv_nsec) / 10'000'000;
}

/// Waits for a key or the next round; false: it is enough.
bool wait_for_next(long seconds, const Screen& screen) {
    if (screen.is_plain) {
        sleep(static_cast<unsigned>(seconds));
        return true;
    }
    pollfd keys{STDIN_FILENO, POLLIN, 0};
    char key = '\0';
    if (poll(&keys, 1, static_cast<int>(seconds) * 1000) <= 0) return true;
    if (read(STDIN_FILENO, &key, 1) != 1 || key == 'q') return false;
    if (key == 'M' || key == 'P') by_memory = key == 'M';
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "bd:n:", "[-b] [-d SECONDS] [-n ROUNDS]");
    constexpr long kLongest = 1'000'000;  // poll(2) takes milliseconds
    const long wanted = options.number('d', 3);
    const long seconds = wanted < kLongest ? wanted : kLongest;
    const long rounds = options.number('n', 0);
    Screen screen;
    screen.open(options.has('b'));
    Before before;
    unsigned long last = 0;
    for (long round = 1;; ++round) {
        auto* const processes = new (need_memory(malloc(sizeof(Processes)))) Processes;
        if (!processes->read()) return complain("/proc");
        const unsigned long now = last == 0 ? uptime() * kTicks : ticks_now();
        show(*processes, before, last == 0 ? now : now - last, screen);
        last = ticks_now();
        before.keep(processes);
        if (round == rounds || !wait_for_next(seconds, screen)) break;
    }
    screen.close();
    return finish(0);
}
