#include "kernel/daemons.h"

#include "kernel/base/panic.h"
#include "kernel/files.h"
#include "kernel/process/time_values.h"
#include "kernel/virtual_memory.h"

namespace quire::kernel {
namespace {

constexpr std::uint64_t kSecond = kNanosecondsPerSecond;
constexpr std::uint64_t kReclaimEvery = kSecond / 10;

// Takes steps as long as there is more to do, then sleeps for `pause`.
template <typename Step>
[[noreturn]] void work(Processes& processes, std::uint64_t pause, Step step) {
    fs::WaitQueue nobody_wakes;
    for (;;) {
        bool more = false;
        {
            const KernelLockGuard guard(processes.lock());
            more = step(processes.now() / kSecond);
        }
        if (more) {
            processes.scheduler().yield();
            processes.threads().switch_away();
        } else {
            (void)processes.sleep_on(nobody_wakes, processes.now() + pause).ok();
        }
    }
}

void reclaim(void* context) {
    auto& processes = *static_cast<Processes*>(context);
    work(processes, kReclaimEvery,
         [&](std::uint64_t now) { return processes.memory().idle_step(now); });
}

void write_back(void* context) {
    auto& processes = *static_cast<Processes*>(context);
    work(processes, kSecond, [&](std::uint64_t now) { return processes.files().idle_step(now); });
}

}  // namespace

void start_daemons(Processes& processes) {
    Threads& threads = processes.threads();
    if (!threads.start_kernel_thread("reclaim", reclaim, &processes).ok() ||
        !threads.start_kernel_thread("write-back", write_back, &processes).ok())
        panic("no memory for the kernel's threads");
}

}  // namespace quire::kernel
