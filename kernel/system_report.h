// What the kernel tells in /proc of the whole machine.
#pragma once

#include "fs/proc_report.h"
#include "kernel/system.h"
#include "kernel/virtual_memory.h"

namespace quire::kernel {

class Files;

class KernelReport final : public fs::SystemReport {
  public:
    /// Everything handed in must stay.
    KernelReport(System& system, VirtualMemory& memory, const Files& files)
        : system_(system), memory_(memory), files_(files) {}

    [[nodiscard]] fs::MemoryFigures memory() override;
    /// What is counted anyway: sizes of RAM and swap, what is free of them, pages of objects. All
    /// that takes a look at each frame's record, and what is promised, is 0.
    [[nodiscard]] fs::MemoryFigures counted_memory();
    [[nodiscard]] fs::PagingFigures paging() override;
    [[nodiscard]] fs::ProcessorFigures processor() override;
    [[nodiscard]] fs::CpuFigures cpu() override;
    [[nodiscard]] std::uint32_t disks(std::span<fs::DiskFigures, kMostDisks> disks) override;
    [[nodiscard]] std::uint32_t swaps(std::span<fs::SwapFigures, kMostSwaps> areas) override;
    [[nodiscard]] bool free_runs(mm::Zone zone, mm::RunCounts& counts) override;
    [[nodiscard]] mm::SlabRegistry& slabs() override;
    [[nodiscard]] std::uint64_t uptime() override;
    [[nodiscard]] const char* version() override;
    [[nodiscard]] const char* command_line() override;

  private:
    System& system_;
    VirtualMemory& memory_;
    const Files& files_;
};

}  // namespace quire::kernel
