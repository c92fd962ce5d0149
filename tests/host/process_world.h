// A process table on a small machine, for tests: processes by their pids, without threads.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "kernel/process/process_table.h"
#include "mm/slab_registry.h"
#include "tests/host/frame_world.h"

namespace quire::test {

/// Counts how often it is woken.
class CountingWaiter final : public fs::Waiter {
  public:
    explicit CountingWaiter(fs::WaitQueue& queue) { queue.add(*this); }
    ~CountingWaiter() { queue_hook.unlink(); }
    CountingWaiter(const CountingWaiter&) = delete;
    CountingWaiter& operator=(const CountingWaiter&) = delete;
    void wake() override { ++count; }
    int count = 0;
};

class ProcessWorld {
  public:
    explicit ProcessWorld(std::uint32_t frame_count = 4096)
        : frames(frame_count),
          registry(frames.allocator),
          cache(registry, "process"),
          signal_tables(registry, "signal table"),
          table(cache) {
        reset_host_ram();
    }
    ProcessWorld(const ProcessWorld&) = delete;
    ProcessWorld& operator=(const ProcessWorld&) = delete;
    ~ProcessWorld() {
        table.check_invariants();
        std::vector<kernel::Process*> all;
        table.for_each([&](kernel::Process& process) { all.push_back(&process); });
        for (auto process = all.rbegin(); process != all.rend(); ++process)
            while (!(*process)->children.empty())
                undo_tree(*(*process)->children.front());
        if (!all.empty()) undo_tree(*all.front());
        EXPECT_EQ(cache.cache().statistics().live, 0U);
    }

    kernel::Process& init() {
        kernel::Process& process = *table.create(nullptr).take();
        EXPECT_EQ(process.pid, 1U);
        return process;
    }
    kernel::Process& fork(kernel::Process& parent) { return *table.create(&parent).take(); }
    /// What kernel/exit.cpp does: everything is given back before.
    bool end(kernel::Process& process, std::uint32_t status = 0) {
        drop_signals(process);
        return table.end(process, status);
    }
    /// Gives a process actions for signals, as every living one has in the kernel.
    kernel::SignalActions& actions(kernel::Process& process) {
        if (process.signals == nullptr) process.signals = signal_tables.allocate().take();
        return process.signals->actions;
    }
    /// "pid status" of one look, or "-" if there is no news, or the error's name.
    std::string collect(kernel::Process& parent, const kernel::WaitRequest& request = {}) {
        const auto result = table.collect(parent, request);
        if (!result.ok()) return error_name(result.error());
        if (result.value().pid == 0) return "-";
        char text[64];
        std::snprintf(text, sizeof text, "%u %#x", result.value().pid, result.value().status);
        return text;
    }

    FrameWorld frames;
    mm::SlabRegistry registry;
    mm::ObjectCache<kernel::Process> cache;
    mm::ObjectCache<kernel::SignalTable> signal_tables;
    kernel::ProcessTable table;

  private:
    void drop_signals(kernel::Process& process) {
        if (process.signals != nullptr) signal_tables.release(process.signals);
        process.signals = nullptr;
    }
    void undo_tree(kernel::Process& process) {
        while (!process.children.empty())
            undo_tree(*process.children.front());
        drop_signals(process);
        table.undo(process);
    }
};

}  // namespace quire::test
