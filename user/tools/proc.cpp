#include "user/tools/proc.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/tools/names.h"

namespace quire::tools {

// A text may be longer than what one read tells, and its size is not known before.
ProcText::ProcText(const char* path) : text_(static_cast<char*>(need_memory(malloc(1)))) {
    size_t room = 0;
    const int file = open(path, O_RDONLY);
    while (file >= 0) {
        constexpr size_t kStep = 4096;
        if (room - length_ < kStep) {
            room = 2 * room + kStep;
            text_ = static_cast<char*>(need_memory(realloc(text_, room + 1)));
        }
        const ssize_t got = ::read(file, text_ + length_, room - length_);
        if (got <= 0) break;
        length_ += static_cast<size_t>(got);
    }
    if (file >= 0) close(file);
    text_[length_] = '\0';
}

ProcText::~ProcText() {
    free(text_);
}

unsigned long ProcText::value(const char* name) const {
    const size_t length = strlen(name);
    for (const char* line = text_; *line != '\0';) {
        const char* const behind = line + length;
        if (strncmp(line, name, length) == 0 && (*behind == ':' || *behind == ' ')) {
            return strtoul(behind + 1, nullptr, 10);
        }
        line = strchrnul(line, '\n');
        if (*line == '\n') ++line;
    }
    return 0;
}

namespace {

/// The numbers of /proc/PID/stat behind the name, from the parent (field 4) on.
class Fields {
  public:
    explicit Fields(char* text) : rest_(text) {}
    long take() {
        const char* const word = strsep(&rest_, " \n");
        return word != nullptr ? static_cast<long>(strtoul(word, nullptr, 10)) : 0;
    }
    long take_signed() {
        const char* const word = strsep(&rest_, " \n");
        return word != nullptr ? strtol(word, nullptr, 10) : 0;
    }
    void skip(int count) {
        while (count-- > 0)
            strsep(&rest_, " \n");
    }

  private:
    char* rest_;
};

void take_figures(Fields& fields, Process& process) {
    process.parent = static_cast<int>(fields.take());
    process.group = static_cast<int>(fields.take());
    process.session = static_cast<int>(fields.take());
    process.terminal = static_cast<int>(fields.take());
    process.terminal_group = static_cast<int>(fields.take_signed());
    fields.skip(1);
    process.minor_faults = static_cast<unsigned long>(fields.take());
    fields.skip(1);
    process.major_faults = static_cast<unsigned long>(fields.take());
    fields.skip(1);
    process.user_time = static_cast<unsigned long>(fields.take());
    process.system_time = static_cast<unsigned long>(fields.take());
    fields.skip(2);
    process.priority = static_cast<int>(fields.take_signed());
    process.nice = static_cast<int>(fields.take_signed());
    process.threads = static_cast<int>(fields.take());
    fields.skip(1);
    process.start = static_cast<unsigned long>(fields.take());
    process.size = static_cast<unsigned long>(fields.take()) / 1024;
    process.resident = static_cast<unsigned long>(fields.take()) * 4;
}

}  // namespace

// The name stands in parentheses, and may have some itself: the last one ends it.
bool read_process(int pid, Process& process) {
    char path[40];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    const ProcText stat_text(path);
    char* const open = strchr(stat_text.text(), '(');
    char* const close = strrchr(stat_text.text(), ')');
    if (open == nullptr || close == nullptr || close[1] == '\0') return false;
    *close = '\0';
    process = {};
    process.pid = pid;
    strlcpy(process.name, open + 1, sizeof process.name);
    process.state = close[2];
    Fields fields(close + 4);
    take_figures(fields, process);
    snprintf(path, sizeof path, "/proc/%d/statm", pid);
    const ProcText sizes(path);
    Fields pages(sizes.text());
    pages.skip(2);
    process.shared = static_cast<unsigned long>(pages.take()) * 4;
    struct stat told;
    snprintf(path, sizeof path, "/proc/%d", pid);
    if (::stat(path, &told) == 0) process.user = told.st_uid;
    return true;
}

void read_command(const Process& process, char* to, size_t size) {
    char path[40];
    snprintf(path, sizeof path, "/proc/%d/cmdline", process.pid);
    const ProcText command(path);
    if (!command.is_there()) {
        snprintf(to, size, "[%s]", process.name);
        return;
    }
    size_t length = command.length();
    while (length > 0 && command.text()[length - 1] == '\0')
        --length;
    if (length > size - 1) length = size - 1;
    for (size_t i = 0; i < length; ++i) {
        const char character = command.text()[i];
        to[i] = character == '\0'                                     ? ' '
                : isprint(static_cast<unsigned char>(character)) != 0 ? character
                                                                      : '?';
    }
    to[length] = '\0';
}

bool Processes::read() {
    Names names;
    if (!names.read("/proc")) return false;
    for (const char* name : names) {
        const long long pid = parse_number(name);
        if (pid <= 0) continue;
        Process process;
        if (read_process(static_cast<int>(pid), process)) processes_.add(process);
    }
    processes_.sort([](const void* left, const void* right) {
        return static_cast<const Process*>(left)->pid - static_cast<const Process*>(right)->pid;
    });
    return true;
}

const char* terminal_name(int number) {
    static char name[24];
    const unsigned large = static_cast<unsigned>(number) >> 8 & 0xFFF;
    const unsigned small = static_cast<unsigned>(number) & 0xFF;
    if (number == 0) return "?";
    if (large == 5 && small == 1) return "console";
    if (large == 4 && small < 64)
        snprintf(name, sizeof name, "tty%u", small);
    else if (large == 4)
        snprintf(name, sizeof name, "ttyS%u", small - 64);
    else if (large == 136)
        snprintf(name, sizeof name, "pts/%u", small);
    else
        snprintf(name, sizeof name, "%u,%u", large, small);
    return name;
}

unsigned long uptime() {
    const ProcText text("/proc/uptime");
    return strtoul(text.text(), nullptr, 10);
}

}  // namespace quire::tools
