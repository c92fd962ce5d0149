// /pressure/leak PROGRAM ARGUMENT...: runs a program, tells what it cost, and compares what the
// kernel has in use before and after (Snapshot).
//
//     # 22118 pages to swap, 21874 from there, 6042 faults with a read, 4518 million clocks
//
// What pressure has pushed out comes back little by little: if more is in use, there is some more
// pressure, and another look, a few times. What is lost is lost for good. Exit code: the program's,
// 128 + N if signal N has ended it; 99: more is in use than before.
#include "kernel/abi/machine.h"
#include "tests/guest/pressure/pressure.h"
#include "tests/guest/programs/snapshot.h"

namespace {

using namespace quire;
using namespace quire::pressure;

constexpr int kLeaks = 99;

struct Figures {
    std::uint32_t out, in, major;
    std::uint64_t clocks;
};

std::uint32_t number_of(const char* report, const char* name) {
    const char* const line = strstr(report, name);
    return line == nullptr ? 0 : strtoul(line + strlen(name), nullptr, 10);
}

Figures figures() {
    static char report[8192];
    const int file = static_cast<int>(must("/proc/vmstat", sys::open("/proc/vmstat", 0)));
    std::size_t used = 0;
    long got = 0;
    while ((got = sys::read(file, report + used, sizeof report - 1 - used)) > 0)
        used += static_cast<std::size_t>(got);
    sys::close(file);
    report[used] = '\0';
    return {number_of(report, "\npswpout "), number_of(report, "\npswpin "),
            number_of(report, "\npgmajfault "), clocks()};
}

int run(char** command, char** environment) {
    const long child = must("fork", sys::fork());
    if (child == 0) {
        must(command[0], sys::execute(command[0], command, environment));
        sys::exit(127);
    }
    int status = -1;
    must("wait4", sys::wait_for(child, &status, 0));
    return (status & 0x7F) != 0 ? 128 + (status & 0x7F) : status >> 8;
}

// Half of what is free, and as much of swap, in a child that ends.
void press() {
    const long child = must("fork", sys::fork());
    if (child == 0) {
        abi::SystemInfo system;
        must("sysinfo", system_call(SYS_sysinfo, &system));
        const std::uint32_t swap =
            system.free_swap < system.total_ram ? system.free_swap : system.total_ram;
        const std::uint32_t bytes = (system.free_ram / 2 + swap) * system.unit;
        auto* const memory = map<volatile char>(bytes);
        for (std::uint32_t at = 0; at < bytes; at += kPage)
            memory[at] = 1;
        sys::exit(0);
    }
    must("wait4", sys::wait_for(child, nullptr, 0));
}

// The kernel keeps some stacks and page directories of processes that have ended, until memory is
// short: it has as many as it ever keeps now.
void fill_what_is_kept() {
    constexpr int kMore = 16;
    int end[2];
    must("pipe2", sys::pipe(end, 0));
    for (int i = 0; i < kMore; ++i) {
        if (must("fork", sys::fork()) != 0) continue;
        sys::close(end[1]);
        wait_for_end_of(end[0]);
        sys::exit(0);
    }
    sys::close(end[1]);
    sys::close(end[0]);
    while (sys::wait_for(-1, nullptr, 0) > 0) {
    }
}

bool is_lost(const Snapshot& before, Snapshot& after) {
    constexpr int kMostRounds = 6;
    for (int round = 0; round < kMostRounds; ++round) {
        fill_what_is_kept();
        after.take();
        if (!before.has_grown(after)) return false;
        press();
    }
    return true;
}

}  // namespace

int main(int argc, char** argv, char** environment) {
    if (argc < 2) {
        complain("usage: leak PROGRAM ARGUMENT...\n");
        return 2;
    }
    static Snapshot before, after;
    press();  // what is made once and stays is there now, and our own pages for it
    (void)figures();
    fill_what_is_kept();
    after.take();
    before.take();
    const Figures start = figures();
    const int code = run(argv + 1, environment);
    const Figures end = figures();
    say("# %u pages to swap, %u from there, %u faults with a read, %u million clocks\n",
        end.out - start.out, end.in - start.in, end.major - start.major,
        static_cast<std::uint32_t>((end.clocks - start.clocks) / 1000000));
    if (!is_lost(before, after)) return code;
    complain("leak: the kernel has more in use than before\n");
    return kLeaks;
}
