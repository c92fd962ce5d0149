// /proc/PID for each process, /proc/self, and what is in them.
//
//     look-up of "12" --> a process with that number? --> a ProcessNode, as long as it is used
//
// Nothing is made when a process begins, and nothing is left when it ends: the directories are seen
// as long as the table has the process. The table of entries says what is there; their texts are
// made in kernel/process/proc_texts.h and proc_maps.h.
#pragma once

#include <span>

#include "fs/procfs.h"
#include "kernel/process/proc_maps.h"
#include "kernel/process/proc_texts.h"
#include "kernel/process/process_node.h"
#include "kernel/process/process_table.h"
#include "mm/object_cache.h"

namespace quire::kernel {

/// What /proc needs of the kernel around it.
class ProcessHost : public NodeNames {
  public:
    /// Who reads. nullptr: the kernel itself, which may everything.
    [[nodiscard]] virtual Process* caller() = 0;
    /// The number of the reading thread. Precondition: caller() is somebody.
    [[nodiscard]] virtual ProcessId caller_thread() = 0;
    [[nodiscard]] virtual ProcessSurroundings surroundings(Process& process) = 0;
    /// Copies out of the memory of a process, which may be another than the caller's.
    /// Precondition: it has memory. May sleep. Errors: BadAddress.
    virtual Result<void> read_memory(Process& process, mm::VirtAddr from,
                                     std::span<std::byte> room) = 0;

  protected:
    ~ProcessHost() = default;
};

class ProcessFiles final : public fs::ProcSource {
  public:
    /// In the root of `proc` from now on. Everything handed in must stay.
    ProcessFiles(fs::Procfs& proc, mm::UserMemory& memory, mm::SlabRegistry& slabs,
                 ProcessTable& table, ProcessHost& host);

    Result<fs::NodeRef> look_up(std::string_view name) override;
    Result<void> read_names(std::uint64_t& position, fs::DirectoryVisitor& visitor) override;

    /// The names in each /proc/PID.
    [[nodiscard]] static std::span<const ProcessEntry> entries();

    // --- For ProcessNode ---

    Result<fs::NodeRef> make(ProcessNode::Role role, const ProcSubject* about,
                             std::uint32_t index = 0);
    void release(ProcessNode& node) { nodes_.release(&node); }
    [[nodiscard]] fs::Procfs& proc() { return proc_; }
    [[nodiscard]] mm::UserMemory& memory() { return memory_; }
    [[nodiscard]] ProcessTable& table() { return table_; }
    [[nodiscard]] ProcessHost& host() { return host_; }
    /// Whether the caller may know what is private to `process`. (Linux: ptrace_may_access.)
    [[nodiscard]] bool caller_may_trace(const Process& process);

  private:
    fs::Procfs& proc_;
    mm::UserMemory& memory_;
    ProcessTable& table_;
    ProcessHost& host_;
    mm::ObjectCache<ProcessNode> nodes_;
};

/// A number as a name in /proc: no sign, no zero in front. nullopt: none, or above `most`.
[[nodiscard]] std::optional<std::uint32_t> parse_number(std::string_view name, std::uint32_t most);

}  // namespace quire::kernel
