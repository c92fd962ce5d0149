// pmap [-xq] PID...: the memory of processes, region by region: address, size, rights, what it is.
// -x: how much of it is in RAM, how much of that was changed, how much is in swap; -q: neither
// title nor sum.
#include <stdlib.h>
#include <string.h>

#include "user/tools/proc.h"

using namespace quire::tools;

namespace {

struct Region {
    unsigned long start = 0, end = 0;
    char rights[8] = "";
    char file[256] = "";
    unsigned long resident = 0, dirty = 0, swapped = 0;

    [[nodiscard]] unsigned long kib() const { return (end - start) / 1024; }
};

/// "08048000-08049000 r-xp 00001000 00:01 19   /bin/cat"; false for any other line.
bool parse_region(char* line, Region& region) {
    char* rest = nullptr;
    const unsigned long start = strtoul(line, &rest, 16);
    if (rest == line || *rest != '-') return false;
    region = {};
    region.start = start;
    region.end = strtoul(rest + 1, &rest, 16);
    strlcpy(region.rights, rest + 1, 5);
    for (int word = 0; word < 4; ++word) {
        rest += strspn(rest, " ");
        rest += strcspn(rest, " ");
    }
    strlcpy(region.file, rest + strspn(rest, " "), sizeof region.file);
    return true;
}

/// "rwxp" as pmap shows it: "rwx--", and s for shared.
const char* rights_text(const Region& region) {
    static char text[6] = "-----";
    memcpy(text, region.rights, 3);
    text[3] = region.rights[3] == 's' ? 's' : '-';
    return text;
}

const char* name_text(const Region& region) {
    if (region.file[0] == '\0') return "  [ anon ]";
    if (strcmp(region.file, "[stack]") == 0) return "  [ stack ]";
    const char* const slash = strrchr(region.file, '/');
    return slash != nullptr ? slash + 1 : region.file;
}

class Map {
  public:
    explicit Map(bool is_extended) : is_extended_(is_extended) {}

    void show_title() const {
        if (is_extended_) puts("Address   Kbytes     RSS   Dirty    Swap Mode  Mapping");
    }
    void add_line(char* line) {
        Region next;
        if (parse_region(line, next)) {
            show_last();
            last_ = next;
            has_last_ = true;
        } else if (char* const colon = strchr(line, ':')) {
            *colon = '\0';
            add_figure(line, strtoul(colon + 1, nullptr, 10));
        }
    }
    void show_sum() {
        if (!is_extended_) {
            printf(" total %16luK\n", sum_.kib);
            return;
        }
        puts("-------- ------- ------- ------- -------");
        printf("total kB %7lu %7lu %7lu %7lu\n", sum_.kib, sum_.resident, sum_.dirty, sum_.swapped);
    }
    void show_last() {
        if (!has_last_) return;
        sum_.kib += last_.kib(), sum_.resident += last_.resident;
        sum_.dirty += last_.dirty, sum_.swapped += last_.swapped;
        if (is_extended_) {
            printf("%08lx %7lu %7lu %7lu %7lu %s %s\n", last_.start, last_.kib(), last_.resident,
                   last_.dirty, last_.swapped, rights_text(last_), name_text(last_));
        } else {
            printf("%08lx %6luK %s %s\n", last_.start, last_.kib(), rights_text(last_),
                   name_text(last_));
        }
        has_last_ = false;
    }

  private:
    void add_figure(const char* name, unsigned long kib) {
        if (strcmp(name, "Rss") == 0) last_.resident += kib;
        if (strcmp(name, "Private_Dirty") == 0 || strcmp(name, "Shared_Dirty") == 0)
            last_.dirty += kib;
        if (strcmp(name, "Swap") == 0) last_.swapped += kib;
    }

    bool is_extended_;
    Region last_;
    bool has_last_ = false;
    struct {
        unsigned long kib = 0, resident = 0, dirty = 0, swapped = 0;
    } sum_;
};

int show(int pid, const Options& options) {
    Process process{};
    char path[40], command[256];
    if (!read_process(pid, process)) return 42;  // as pmap(1): some of them are not there
    const bool is_extended = options.has('x');
    snprintf(path, sizeof path, "/proc/%d/%s", pid, is_extended ? "smaps" : "maps");
    const ProcText text(path);
    read_command(process, command, sizeof command);
    printf("%d:   %s\n", pid, command);
    Map map(is_extended);
    if (!options.has('q')) map.show_title();
    char* rest = text.text();
    for (char* line = nullptr; (line = strsep(&rest, "\n")) != nullptr;)
        map.add_line(line);
    map.show_last();
    if (!options.has('q')) map.show_sum();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "xq", "[-xq] PID...");
    options.need(1);
    int result = 0;
    for (const char* text : options.operands()) {
        const long long pid = parse_number(text);
        if (pid < 0) options.refuse();
        if (const int code = show(static_cast<int>(pid), options)) result = code;
    }
    const int written = finish(0);
    return written != 0 ? written : result;
}
