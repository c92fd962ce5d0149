#include "kernel/init.h"

#include "kernel/abi/fcntl.h"
#include "kernel/base/log.h"
#include "kernel/exec.h"
#include "kernel/files.h"

namespace quire::kernel {
namespace {

std::string_view init_path(Processes& processes) {
    return processes.system().command_line.find("init").value_or(std::string_view("/sbin/init"));
}

// The life of process 1 up to its first instruction in ring 3.
void become_init(void* context) {
    auto& processes = *static_cast<Processes*>(context);
    Threads& threads = processes.threads();
    const std::string_view path = init_path(processes);
    const std::string_view arguments[] = {path};
    const std::string_view environment[] = {"HOME=/", "TERM=linux", "PATH=/bin:/sbin"};
    processes.lock().acquire();
    const Result<void> begun =
        exec(processes, threads.current(), Threads::user_frame(threads.current()), path, arguments,
             environment);
    if (begun.ok()) {
        processes.lock().release();
        threads.enter_program();
    }
    quire::log(LogLevel::Error, "init", "%.*s cannot be started: %s", static_cast<int>(path.size()),
               path.data(), error_name(begun.error()));
    fs::WaitQueue nobody_wakes;
    for (;;)
        (void)processes.sleep_on(nobody_wakes).ok();
}

}  // namespace

bool has_init(Processes& processes) {
    const KernelLockGuard guard(processes.lock());
    return processes.files().calls().stat(abi::kAtWorkingDirectory, init_path(processes)).ok();
}

void start_init(Processes& processes) {
    processes.start_init(become_init);
}

}  // namespace quire::kernel
