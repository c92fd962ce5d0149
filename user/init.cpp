// /sbin/init, the first process: gives the console to a shell, starts it again when it has ended,
// and waits for every process whose parent is gone.
//
//     init (pid 1) --fork--> session leader on /dev/console --execve--> /bin/sh
//
// It never ends: without pid 1 there is nobody to inherit orphans, and the kernel stops.
#include "kernel/abi/errno.h"
#include "user/output.h"
#include "user/system.h"

namespace quire {
namespace {

constexpr const char* kConsole = "/dev/console";
constexpr const char* kShell = "/bin/sh";

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
    sys::exit(127);
}

long start_shell(char** environment) {
    const long pid = sys::fork();
    if (pid == 0) become_shell(environment);
    if (pid < 0) complain("init: fork: %s\n", error_text(pid));
    return pid;
}

/// Waits until the shell has ended, and for everybody else on the way. Whether it can be started
/// again: not if there is none.
bool shell_comes_back(long shell) {
    for (;;) {
        int status = 0;
        const long pid = sys::wait_for(-1, &status, 0);
        if (pid == shell) return status != 127 << 8;
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
    while (shell > 0 && shell_comes_back(shell))
        shell = start_shell(environment);
    complain("init: there is no shell to be had; power off with the emulator.\n");
    for (;;)
        sys::wait_for(-1, nullptr, 0), system_call(SYS_pause);
}
