// /sbin/init, the first process: gives the console to a shell, starts it again when it has ended,
// and waits for every process whose parent is gone.
//
//     init (pid 1) --fork--> session leader on /dev/console --execve--> /bin/sh
//
// It never ends: without pid 1 there is nobody to inherit orphans, and the kernel stops.
#include "kernel/abi/errno.h"
#include "kernel/abi/time.h"
#include "user/output.h"
#include "user/system.h"

namespace quire {
namespace {

constexpr const char* kConsole = "/dev/console";
constexpr const char* kShell = "/bin/sh";
constexpr int kNoShell = 127, kLater = 126;  // why there is none: no such program, no memory now

void open_console() {
    const long console = sys::open(kConsole, abi::kOpenReadWrite | abi::kOpenNoTty);
    if (console < 0) sys::exit(1);
    for (int file = sys::kInput; file <= sys::kErrors; ++file)
        sys::duplicate_to(static_cast<int>(console), file);
    if (console > sys::kErrors) sys::close(static_cast<int>(console));
}

[[noreturn]] void become_shell(char** environment) {
    sys::start_session();
    sys::device_control(sys::kInput, sys::kTakeTerminal, nullptr);
    char name[] = "-sh";  // the dash: a login shell
    char* arguments[] = {name, nullptr};
    const long error = sys::execute(kShell, arguments, environment);
    complain("init: %s: %s\n", kShell, error_text(error));
    sys::exit(error == -abi::kEnomem || error == -abi::kEagain ? kLater : kNoShell);
}

void wait_a_second() {
    const abi::TimeSpec second{1, 0};
    system_call(SYS_nanosleep, &second, nullptr);
}

/// Where there is no memory for it, somebody who ends will make room: it is tried until it can be.
long start_shell(char** environment) {
    for (;;) {
        const long pid = sys::fork();
        if (pid == 0) become_shell(environment);
        if (pid > 0) return pid;
        complain("init: fork: %s\n", error_text(pid));
        wait_a_second();
    }
}

/// Waits until the shell has ended, and for everybody else on the way. Whether it can be started
/// again: not if there is none.
bool shell_comes_back(long shell) {
    for (;;) {
        int status = 0;
        const long pid = sys::wait_for(-1, &status, 0);
        if (pid == shell && status == kLater << 8) wait_a_second();
        if (pid == shell) return status != kNoShell << 8;
        if (pid == -abi::kEchild) return true;
    }
}

}  // namespace
}  // namespace quire

int main(int, char**, char**) {
    using namespace quire;
    char path[] = "PATH=/bin:/sbin", home[] = "HOME=/root", terminal[] = "TERM=linux";
    char* environment[] = {path, home, terminal, nullptr};
    open_console();
    sys::change_directory("/");
    long shell = start_shell(environment);
    while (shell_comes_back(shell))
        shell = start_shell(environment);
    complain("init: there is no shell to be had; power off with the emulator.\n");
    for (;;)
        sys::wait_for(-1, nullptr, 0), system_call(SYS_pause);
}
