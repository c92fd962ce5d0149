// swapoff [-a] [DEVICE]...: all pages on these disks (-a: on all) come back to RAM.
#include <string.h>
#include <sys/swap.h>

#include "user/tools/proc.h"

using namespace quire::tools;

namespace {

int swap_off(const char* path) {
    return swapoff(path) == 0 ? 0 : complain(path);
}

int swap_off_all() {
    const ProcText text("/proc/swaps");
    if (!text.is_there()) return complain("/proc/swaps");
    char* rest = text.text();
    strsep(&rest, "\n");
    int result = 0;
    for (char* line = nullptr; (line = strsep(&rest, "\n")) != nullptr && *line != '\0';)
        result |= swap_off(strtok_r(line, " \t", &line));
    return result;
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "a", "[-a] [DEVICE]...");
    if (options.has('a')) {
        options.need(0, 0);
        return swap_off_all();
    }
    options.need(1);
    int result = 0;
    for (const char* path : options.operands())
        result |= swap_off(path);
    return result;
}
