#include "kernel/proc_files.h"

#include <array>
#include <new>

#include "fs/name_search.h"
#include "kernel/files.h"
#include "kernel/process/process_files.h"
#include "kernel/process/user_copy.h"

namespace quire::kernel {
namespace {

class KernelProcessHost final : public ProcessHost {
  public:
    explicit KernelProcessHost(Processes& processes) : processes_(processes) {}

    std::string_view path_of(fs::Node& node) override {
        const auto path = fs::find_path(processes_.files().layer(), node, room_);
        return path.ok() ? path.value() : std::string_view();
    }

    Process* caller() override { return processes_.threads().current().process; }

    ProcessId caller_thread() override { return processes_.threads().current().tid; }

    ProcessSurroundings surroundings(Process& process) override {
        ProcessSurroundings around;
        const ProcessId group = processes_.files().tty().terminal().foreground();
        if (process.terminal != 0 && group != 0)
            around.foreground_group = static_cast<std::int32_t>(group);
        around.memory_total = processes_.system().memory->frames().statistics().managed +
                              processes_.memory().swap().statistics().total;
        return around;
    }

    // The current thread works on the other's memory for the time. Nobody ends it meanwhile: the
    // kernel lock is held.
    Result<void> read_memory(Process& process, mm::VirtAddr from,
                             std::span<std::byte> room) override {
        Threads& threads = processes_.threads();
        mm::AddressSpace* const own = threads.current().active_space;
        threads.use_space(&process.memory->space);
        const Result<void> copied =
            user::copy_from(room.data(), from, static_cast<std::uint32_t>(room.size()));
        threads.use_space(own);
        return copied;
    }

  private:
    Processes& processes_;
    std::array<char, 4096> room_{};  // for the path that was found last
};

constinit KernelProcessHost* the_host = nullptr;

}  // namespace

NodeNames& process_names() {
    return *the_host;
}

void start_proc_files(Processes& processes) {
    alignas(KernelProcessHost) static std::byte host_storage[sizeof(KernelProcessHost)];
    alignas(ProcessFiles) static std::byte storage[sizeof(ProcessFiles)];
    the_host = new (host_storage) KernelProcessHost(processes);
    new (storage) ProcessFiles(processes.files().proc(), processes.memory().user_memory(),
                               processes.system().memory->slabs(), processes.table(), *the_host);
}

}  // namespace quire::kernel
