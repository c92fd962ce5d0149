// free [-bkmh]: how much memory the machine has, and what it is used for. "available" is what
// programs could have without swapping: free memory, and most of the cache.
#include "user/tools/proc.h"
#include "user/tools/sizes.h"

using namespace quire::tools;

namespace {

class Table {
  public:
    explicit Table(const Options& options)
        : unit_(options.has('b')   ? 1
                : options.has('m') ? 1048576
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

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "bkmh", "[-bkmh]");
    const ProcText memory("/proc/meminfo");
    if (!memory.is_there()) return complain("/proc/meminfo");
    const auto value = [&](const char* name) { return memory.value(name); };
    const unsigned long total = value("MemTotal"), free = value("MemFree"),
                        available = value("MemAvailable");
    const unsigned long cache = value("Buffers") + value("Cached") + value("SReclaimable");
    const unsigned long swap = value("SwapTotal"), free_swap = value("SwapFree");
    printf("%19s %11s %11s %11s %11s %11s\n", "total", "used", "free", "shared", "buff/cache",
           "available");
    const Table table(options);
    table.line("Mem:", total, total - available, free, value("Shmem"), cache, available);
    table.line("Swap:", swap, swap - free_swap, free_swap);
    return finish(0);
}
