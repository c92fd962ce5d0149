// swapon [-s] [-p PRIORITY] [DEVICE]...: lets the kernel put pages on these disks; without one,
// what it does so with, and how much of it is in use.
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>

#include "user/tools/proc.h"
#include "user/tools/sizes.h"

using namespace quire::tools;

namespace {

int swap_on(const Options& options) {
    const long priority = options.number('p', -1);
    if (priority > SWAP_FLAG_PRIO_MASK) options.refuse();
    const int flags = priority < 0 ? 0 : SWAP_FLAG_PREFER | static_cast<int>(priority);
    int result = 0;
    for (const char* path : options.operands())
        if (swapon(path, flags) != 0) result = complain(path);
    return result;
}

void show_line(char* line, bool has_title) {
    char* words[5] = {};
    for (char*& word : words)
        word = strtok_r(line, " \t", &line);
    if (words[4] == nullptr) return;
    if (!has_title) printf("%-10s %-9s %5s %5s %4s\n", "NAME", "TYPE", "SIZE", "USED", "PRIO");
    const auto kib = [](const char* number) { return 1024 * strtoull(number, nullptr, 10); };
    printf("%-10s %-9s %5s %5s %4s\n", words[0], words[1], readable_size(kib(words[2])).data(),
           readable_size(kib(words[3])).data(), words[4]);
}

int show(bool as_the_kernel_does) {
    const ProcText text("/proc/swaps");
    if (!text.is_there()) return complain("/proc/swaps");
    if (as_the_kernel_does) {
        fputs(text.text(), stdout);
        return 0;
    }
    char* rest = text.text();
    strsep(&rest, "\n");
    bool has_title = false;
    for (char* line = nullptr; (line = strsep(&rest, "\n")) != nullptr && *line != '\0';) {
        show_line(line, has_title);
        has_title = true;
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "sp:", "[-s] [-p PRIORITY] [DEVICE]...");
    return finish(options.operands().empty() ? show(options.has('s')) : swap_on(options));
}
