// free [-bkmghtw] [-s SECONDS] [-c COUNT]: how much memory the machine has, and what it is used
// for. "available" is what programs could have without swapping: free memory, and most of the
// cache. -t: with the sum of memory and swap; -w: buffers and cache apart; -s: again and again, -c:
// so often.
#include <time.h>

#include "user/tools/proc.h"
#include "user/tools/sizes.h"

using namespace quire::tools;

namespace {

class Table {
  public:
    explicit Table(const Options& options)
        : unit_(options.has('b')   ? 1
                : options.has('m') ? 1048576
                : options.has('g') ? 1073741824
                                   : 1024),
          readable_(options.has('h')) {}

    template <typename... Figures>
    void line(const char* name, Figures... kib) const {
        printf("%-7s", name);
        (put(kib), ...);
        putchar('\n');
    }

  private:
    // Cut, and not rounded up, as free(1) does it.
    void put(unsigned long kib) const {
        const unsigned long long bytes = 1024ULL * kib;
        const SizeText text =
            readable_ ? readable_size(bytes) : size_in(bytes / unit_ * unit_, unit_, false);
        printf(" %11s%s", text.data(), readable_ && bytes >= 1024 ? "i" : "");
    }

    unsigned unit_;
    bool readable_;
};

void show(const Options& options) {
    const ProcText memory("/proc/meminfo");
    const auto value = [&](const char* name) { return memory.value(name); };
    const unsigned long total = value("MemTotal"), free = value("MemFree"),
                        available = value("MemAvailable"), used = total - available;
    const unsigned long buffers = value("Buffers"), cache = value("Cached") + value("SReclaimable");
    const unsigned long swap = value("SwapTotal"), free_swap = value("SwapFree");
    const Table table(options);
    if (options.has('w')) {
        printf("%19s %11s %11s %11s %11s %11s %11s\n", "total", "used", "free", "shared", "buffers",
               "cache", "available");
        table.line("Mem:", total, used, free, value("Shmem"), buffers, cache, available);
    } else {
        printf("%19s %11s %11s %11s %11s %11s\n", "total", "used", "free", "shared", "buff/cache",
               "available");
        table.line("Mem:", total, used, free, value("Shmem"), buffers + cache, available);
    }
    table.line("Swap:", swap, swap - free_swap, free_swap);
    if (options.has('t'))
        table.line("Total:", total + swap, used + swap - free_swap, free + free_swap);
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "bkmghtws:c:", "[-bkmghtw] [-s SECONDS] [-c COUNT]", 1,
                          "bytes=b kibi=k mebi=m gibi=g human=h total=t wide=w seconds=s count=c");
    options.need(0, 0);
    if (!ProcText("/proc/meminfo").is_there()) return complain("/proc/meminfo");
    const timespec pause{static_cast<time_t>(options.number('s', 1)), 0};
    if (pause.tv_sec == 0 || options.number('c', 1) == 0) options.refuse();
    // Without an end when only the pause is told.
    long left = options.has('c') ? options.number('c', 1) : options.has('s') ? 0 : 1;
    for (show(options); --left != 0 && fflush(stdout) == 0 && ferror(stdout) == 0; show(options)) {
        nanosleep(&pause, nullptr);
        putchar('\n');
    }
    return finish(0);
}
