// vmstat [-s] [DELAY [COUNT]]: processes, memory in KiB, swap and disk in KiB a second, interrupts
// and switches a second, and shares of the time. The first line is since the boot; then one for
// each DELAY seconds. -s: all sums.
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/tools/proc.h"

using namespace quire::tools;

namespace {

enum Share { User, Nice, System, Idle, Wait, Interrupt, SoftInterrupt, Steal, Shares };

/// What only grows since the boot.
struct Sums {
    unsigned long time[Shares] = {};
    unsigned long interrupts = 0, switches = 0, swapped_in = 0, swapped_out = 0, read = 0,
                  written = 0;
    unsigned long running = 0, blocked = 0;  // and these two are as they are

    void take() {
        const ProcText stat("/proc/stat"), memory("/proc/vmstat");
        char* rest = stat.text() + strcspn(stat.text(), " ");
        for (unsigned long& share : time)
            share = strtoul(rest, &rest, 10);
        interrupts = stat.value("intr"), switches = stat.value("ctxt");
        running = stat.value("procs_running"), blocked = stat.value("procs_blocked");
        constexpr unsigned long kPage = 4;
        swapped_in = memory.value("pswpin") * kPage, swapped_out = memory.value("pswpout") * kPage;
        read = memory.value("pgpgin"), written = memory.value("pgpgout");
    }
    [[nodiscard]] unsigned long all_time() const {
        unsigned long sum = 0;
        for (const unsigned long share : time)
            sum += share;
        return sum;
    }
};

void show_title() {
    puts("procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----");
    puts(" r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st");
}

/// From one moment to another, `seconds` later.
void show_line(const Sums& from, const Sums& to, unsigned long seconds) {
    const ProcText memory("/proc/meminfo");
    const unsigned long time = to.all_time() - from.all_time();
    const auto rate = [&](unsigned long Sums::*sum) {
        return (to.*sum - from.*sum + seconds / 2) / seconds;
    };
    const auto share = [&](auto... which) {
        const unsigned long part = ((to.time[which] - from.time[which]) + ...);
        return time != 0 ? (100 * part + time / 2) / time : 0;
    };
    printf("%2lu %2lu %6lu %6lu %6lu %6lu %4lu %4lu %5lu %5lu %4lu %4lu",
           to.running > 0 ? to.running - 1 : 0, to.blocked,
           memory.value("SwapTotal") - memory.value("SwapFree"), memory.value("MemFree"),
           memory.value("Buffers"), memory.value("Cached") + memory.value("SReclaimable"),
           rate(&Sums::swapped_in), rate(&Sums::swapped_out), rate(&Sums::read),
           rate(&Sums::written), rate(&Sums::interrupts), rate(&Sums::switches));
    printf(" %2lu %2lu %2lu %2lu %2lu\n", share(User, Nice),
           share(System, Interrupt, SoftInterrupt), share(Idle), share(Wait), share(Steal));
}

void show_sums() {
    const ProcText memory("/proc/meminfo"), counters("/proc/vmstat"), stat("/proc/stat");
    Sums sums;
    sums.take();
    const auto line = [](unsigned long figure, const char* text) {
        printf("%13lu %s\n", figure, text);
    };
    line(memory.value("MemTotal"), "K total memory");
    line(memory.value("MemTotal") - memory.value("MemAvailable"), "K used memory");
    line(memory.value("Active"), "K active memory");
    line(memory.value("Inactive"), "K inactive memory");
    line(memory.value("MemFree"), "K free memory");
    line(memory.value("Buffers"), "K buffer memory");
    line(memory.value("Cached"), "K swap cache");
    line(memory.value("SwapTotal"), "K total swap");
    line(memory.value("SwapTotal") - memory.value("SwapFree"), "K used swap");
    line(memory.value("SwapFree"), "K free swap");
    line(sums.time[User], "non-nice user cpu ticks");
    line(sums.time[Nice], "nice user cpu ticks");
    line(sums.time[System], "system cpu ticks");
    line(sums.time[Idle], "idle cpu ticks");
    line(sums.read, "K paged in");
    line(sums.written, "K paged out");
    line(counters.value("pswpin"), "pages swapped in");
    line(counters.value("pswpout"), "pages swapped out");
    line(counters.value("pgfault"), "page faults");
    line(counters.value("pgmajfault"), "major page faults");
    line(sums.interrupts, "interrupts");
    line(sums.switches, "CPU context switches");
    line(stat.value("btime"), "boot time");
    line(stat.value("processes"), "forks");
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "s", "[-s] [DELAY [COUNT]]");
    options.need(0, 2);
    const Operands operands = options.operands();
    const long long delay = operands.empty() ? 1 : parse_number(operands[0]);
    long long left = operands.size() > 1 ? parse_number(operands[1]) : operands.empty() ? 1 : -1;
    if (delay <= 0 || delay > UINT_MAX || (operands.size() > 1 && left < 0)) options.refuse();
    if (left == 0) left = 1;  // one line there is always
    if (options.has('s')) return show_sums(), finish(0);
    show_title();
    Sums before, now;
    now.take();
    const unsigned long since_boot = uptime();
    show_line(before, now, since_boot > 0 ? since_boot : 1);
    while (--left != 0 && fflush(stdout) == 0 && ferror(stdout) == 0) {
        sleep(static_cast<unsigned>(delay));
        before = now;
        now.take();
        show_line(before, now, static_cast<unsigned long>(delay));
    }
    return finish(0);
}
