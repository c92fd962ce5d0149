// tour: all demonstrations in the order of docs/demos/README.md, Enter for the next.
//
//     tour             from the first to the last; does not wait when input is no terminal
//     tour NAME ...    these
//     tour -l          lists them
#include <array>
#include <span>

#include "libc/format.h"
#include "libc/string.h"
#include "user/output.h"
#include "user/system.h"

namespace {

using namespace quire;

struct Station {
    const char* name;
    const char* sentence;
    const char* chapter = nullptr;  // that begins with it
};
constexpr std::array<Station, 21> kStations{{
    {"three-states", "a page is unallocated, uncached or cached", "What a page is"},
    {"demand-zero", "zeros cost nothing until somebody writes"},
    {"bss", "zeros are not stored, neither on disk nor in RAM"},
    {"lazy-loading", "a program is loaded page by page, as it is used"},
    {"address", "directory, table, offset: from an address to a byte of RAM"},
    {"tlb", "the CPU remembers translations, and must forget them in time"},
    {"copy-on-write", "fork shares every frame until one of the two writes", "Sharing"},
    {"sharing", "MAP_SHARED is one memory for both, MAP_PRIVATE one for each"},
    {"mapped-file", "a file is changed by writing to memory"},
    {"moving", "mremap moves page-table entries, not bytes"},
    {"break", "the heap ends where the program says", "The shape of an address space"},
    {"calloc", "who asks for zeros need not write them"},
    {"realloc", "a block that grows stays if it can, and moves if it must"},
    {"stack", "a stack grows as it is touched, and not without end"},
    {"threads", "what a thread's stack costs, and how many fit"},
    {"protection", "the rights of a page, and what comes of breaking them"},
    {"alignment", "padding in structs, and the access that is not aligned"},
    {"locality", "the same sum, row by row and column by column", "More than there is"},
    {"thrashing", "what happens when the working set is larger than RAM"},
    {"policies", "which page leaves: five answers, and what each costs"},
    {"locked", "mlock keeps pages in RAM, whatever comes"},
}};

/// The folder of this program, where the others are, too.
std::array<char, 128> folder;

void find_folder(const char* own_path) {
    strlcpy(folder.data(), own_path, folder.size());
    char* const slash = strrchr(folder.data(), '/');
    if (slash == nullptr) {
        strlcpy(folder.data(), "/demo", folder.size());
    } else {
        *slash = '\0';
    }
}

const Station* find(const char* name) {
    for (const Station& station : kStations)
        if (strcmp(station.name, name) == 0) return &station;
    return nullptr;
}

// Whether every claim of it held.
bool run(const Station& station, char** environment) {
    std::array<char, 192> path;
    snprintf(path.data(), path.size(), "%s/%s", folder.data(), station.name);
    const long child = sys::fork();
    if (child == 0) {
        const std::array<char*, 2> arguments{path.data(), nullptr};
        const long error = sys::execute(path.data(), arguments.data(), environment);
        complain("tour: %s: %s\n", path.data(), error_text(error));
        sys::exit(127);
    }
    int status = 1;
    if (child > 0) sys::wait_for(child, &status, 0);
    return status == 0;
}

bool input_is_terminal() {
    constexpr std::uint32_t kGetSettings = 0x5401;  // TCGETS
    std::array<char, 64> settings;
    return sys::device_control(sys::kInput, kGetSettings, settings.data()) == 0;
}

// False: enough of it.
bool wait_for_enter() {
    say("[Enter for the next, q ends] ");
    char first = '\n';
    char key = 0;
    bool is_first = true;
    while (sys::read(sys::kInput, &key, 1) == 1 && key != '\n') {
        if (is_first) first = key;
        is_first = false;
    }
    return first != 'q' && key == '\n';
}

void introduce() {
    say("%zu small programs, an idea of memory each. A line with * says what is done next; a line\n"
        "with -- what was expected of it, and what was measured, here and now. The last programs\n"
        "take more memory than there is, and show more in a small PC (make run MEMORY=16).\n",
        kStations.size());
}

int walk(char** environment) {
    const bool waits = input_is_terminal();
    introduce();
    std::size_t failed = 0;
    for (std::size_t i = 0; i < kStations.size(); ++i) {
        if (kStations[i].chapter != nullptr) say("\n=== %s\n", kStations[i].chapter);
        say("\n--- %zu of %zu\n", i + 1, kStations.size());
        if (!run(kStations[i], environment)) ++failed;
        say("Read more in /docs/demos/%s.md.\n", kStations[i].name);
        if (waits && i + 1 < kStations.size() && !wait_for_enter()) return failed == 0 ? 0 : 1;
    }
    say(failed == 0 ? "\nThat was all, and every claim held.\n"
                    : "\nThat was all. What is NOT as expected is worth a look.\n");
    return failed == 0 ? 0 : 1;
}

int run_named(std::span<char*> names, char** environment) {
    int result = 0;
    for (const char* name : names) {
        const Station* const station = find(name);
        if (station == nullptr) {
            complain("tour: there is no %s; -l lists them\n", name);
            return 2;
        }
        if (!run(*station, environment)) result = 1;
    }
    return result;
}

}  // namespace

int main(int argc, char** argv, char** environment) {
    find_folder(argv[0]);
    if (argc == 1) return walk(environment);
    if (strcmp(argv[1], "-l") != 0)
        return run_named({argv + 1, static_cast<std::size_t>(argc - 1)}, environment);
    for (const Station& station : kStations)
        say("%-14s %s\n", station.name, station.sentence);
    return 0;
}
