// /sbin/init, the first process: starts what /etc/inittab names (user/inittab.h), starts again what
// is to come back, and waits for every process whose parent is gone.
//
//     init (pid 1) --fork--> session leader on its terminal --execve--> /bin/sh
//
// It never ends: without pid 1 there is nobody to inherit orphans, and the kernel stops. Without a
// table, or with one that names nothing, it starts a shell on the console.
#include "kernel/abi/errno.h"
#include "kernel/abi/time.h"
#include "user/inittab.h"
#include "user/output.h"
#include "user/system.h"

namespace quire {
namespace {

constexpr const char* kTable = "/etc/inittab";
constexpr std::string_view kWithoutATable = "::respawn:-/bin/sh";
constexpr std::size_t kTableBytes = 2048;
constexpr int kNotFound = 127,
              kLater = 126;  // why a program did not start: it is not there, no memory now
constexpr long kNobody = 0;

char** environment;

void open_terminal(const char* path) {
    const long terminal = sys::open(path, abi::kOpenReadWrite | abi::kOpenNoTty);
    if (terminal < 0) {
        complain("init: %s: %s\n", path, error_text(terminal));
        sys::exit(kNotFound);
    }
    for (int file = sys::kInput; file <= sys::kErrors; ++file)
        sys::duplicate_to(static_cast<int>(terminal), file);
    if (terminal > sys::kErrors) sys::close(static_cast<int>(terminal));
}

void open_terminal_of(const InitEntry& entry) {
    constexpr std::string_view kFolder = "/dev/";
    constexpr std::size_t kMostBytes = 32;
    char path[kFolder.size() + kMostBytes + 1] = {};
    kFolder.copy(path, kFolder.size());
    const std::string_view name = entry.terminal.empty() ? "console" : entry.terminal;
    name.copy(path + kFolder.size(), kMostBytes);
    open_terminal(path);
}

[[noreturn]] void become(const InitEntry& entry) {
    const InitCommand command(entry.command);
    sys::start_session();
    open_terminal_of(entry);
    if (command.is_login()) sys::device_control(sys::kInput, sys::kTakeTerminal, nullptr);
    const long error = sys::execute(command.path(), command.arguments(), environment);
    complain("init: %s: %s\n", command.path(), error_text(error));
    sys::exit(error == -abi::kEnomem || error == -abi::kEagain ? kLater : kNotFound);
}

void wait_a_second() {
    const abi::TimeSpec second{1, 0};
    system_call(SYS_nanosleep, &second, nullptr);
}

/// Where there is no memory for it, somebody who ends will make room: it is tried until it can be.
long start(const InitEntry& entry) {
    for (;;) {
        const long pid = sys::fork();
        if (pid == 0) become(entry);
        if (pid > 0) return pid;
        complain("init: fork: %s\n", error_text(pid));
        wait_a_second();
    }
}

/// The processes that are started again, each with the line of the table that says so.
class Respawned {
  public:
    explicit Respawned(const Inittab& table) : table_(table) {}

    void start_all() {
        for (unsigned i = 0; i < table_.entries().size(); ++i)
            if (is_respawned(i)) restart(i);
    }
    [[nodiscard]] bool any() const { return running_ != 0; }

    /// A child has ended. One that could not start for want of memory, or that has only just been
    /// started, has to wait a second; one whose program is not there does not come back.
    void on_end(long pid, int status) {
        for (unsigned i = 0; i < table_.entries().size(); ++i) {
            if (pids_[i] != pid) continue;
            pids_[i] = kNobody;
            --running_;
            if (status == kNotFound << 8) return;
            if (status == kLater << 8 || now() == started_[i]) wait_a_second();
            restart(i);
            return;
        }
    }

  private:
    [[nodiscard]] bool is_respawned(unsigned i) const {
        return table_.entries()[i].action == InitAction::Respawn;
    }
    static long now() { return system_call(SYS_time, nullptr); }
    void restart(unsigned i) {
        started_[i] = now();
        pids_[i] = start(table_.entries()[i]);
        ++running_;
    }

    const Inittab& table_;
    std::array<long, Inittab::kMostEntries> pids_{};
    std::array<long, Inittab::kMostEntries> started_{};
    unsigned running_ = 0;
};

void add_lines(Inittab& table, std::string_view text) {
    for (unsigned number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        const char* const wrong = table.add_line(text.substr(0, end));
        if (wrong != nullptr) complain("init: %s:%u: %s\n", kTable, number, wrong);
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
}

/// What the file holds, as much as there is room for.
std::string_view read_table(std::array<char, kTableBytes>& room) {
    const long file = sys::open(kTable, abi::kOpenReadOnly);
    if (file < 0) return {};
    const long bytes = sys::read(static_cast<int>(file), room.data(), room.size());
    sys::close(static_cast<int>(file));
    if (bytes == static_cast<long>(room.size())) complain("init: %s: too long\n", kTable);
    return bytes > 0 ? std::string_view(room.data(), static_cast<std::size_t>(bytes))
                     : std::string_view();
}

void run_all(const Inittab& table, InitAction action) {
    for (const InitEntry& entry : table.entries()) {
        if (entry.action != action) continue;
        const long pid = start(entry);
        if (action == InitAction::Once) continue;
        while (sys::wait_for(-1, nullptr, 0) != pid)
            continue;
    }
}

}  // namespace
}  // namespace quire

int main(int, char**, char**) {
    using namespace quire;
    char path[] = "PATH=/bin:/sbin", home[] = "HOME=/root", terminal[] = "TERM=linux";
    char* variables[] = {path, home, terminal, nullptr};
    environment = variables;
    open_terminal("/dev/console");
    sys::change_directory("/");
    std::array<char, kTableBytes> room;
    Inittab table;
    add_lines(table, read_table(room));
    if (table.entries().empty()) table.add_line(kWithoutATable);
    for (const InitAction action : {InitAction::SystemInit, InitAction::Wait, InitAction::Once})
        run_all(table, action);
    Respawned respawned(table);
    respawned.start_all();
    while (respawned.any()) {
        int status = 0;
        const long pid = sys::wait_for(-1, &status, 0);
        respawned.on_end(pid, status);
    }
    complain("init: nothing is left to be started; power off with the emulator.\n");
    for (;;)
        sys::wait_for(-1, nullptr, 0), system_call(SYS_pause);
}
