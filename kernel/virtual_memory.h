// Everything of mm above frames and page tables that the machine has once, wired together at boot.
//
//     Memory (frames, kernel map, slabs)
//        '-- VirtualMemory:  SwapSpace, ObjectRegistry, PolicySet --> MappedPages --+
//                            CommitAccount, Region cache, Reclaim <--> UserMemory <-+
//
// The page cache of files lives on it today, address spaces will. Reclaim and the pool of zeroed
// frames are served by idle_step().
#pragma once

#include <cstdint>
#include <span>

#include "kernel/memory.h"
#include "mm/commit_account.h"
#include "mm/mapped_pages.h"
#include "mm/object_registry.h"
#include "mm/policy_set.h"
#include "mm/reclaim.h"
#include "mm/swap_space.h"
#include "mm/user_memory.h"

namespace quire::kernel {

class VirtualMemory {
  public:
    /// Panics with a sentence if there is too little RAM. The kernel heap must work.
    VirtualMemory(Memory& memory, mm::PolicyKind policy);
    VirtualMemory(const VirtualMemory&) = delete;
    VirtualMemory& operator=(const VirtualMemory&) = delete;

    [[nodiscard]] mm::UserMemory& user_memory() { return memory_; }
    [[nodiscard]] mm::ObjectRegistry& objects() { return objects_; }
    [[nodiscard]] mm::SwapSpace& swap() { return swap_; }
    [[nodiscard]] mm::Reclaim& reclaim() { return reclaim_; }
    [[nodiscard]] mm::CommitAccount& commit() { return commit_; }
    [[nodiscard]] const mm::PolicySet& policies() const { return policies_; }

    /// RAM and swap.
    [[nodiscard]] mm::PageCount total_pages();
    /// How many processes were ended because nothing more could be evicted.
    [[nodiscard]] std::uint32_t& killed_for_memory() { return killed_for_memory_; }

    /// Makes `kind` the replacement policy from now on.
    void change_policy(mm::PolicyKind kind);

    /// A little of what can be done while nobody else runs. Says whether there is more to do.
    /// `now`: seconds since boot.
    bool idle_step(std::uint64_t now);

    /// mmck: checks all of it. Takes memory for the time. O(frames + slots).
    void check_invariants();

  private:
    mm::SwapSpace swap_;
    mm::ObjectCache<mm::Region> regions_;
    mm::PageTree::NodeCache nodes_;
    mm::ObjectRegistry objects_;
    mm::PolicySet policies_;
    mm::MappedPages pages_;
    mm::CommitAccount commit_;
    mm::Reclaim reclaim_;
    mm::UserMemory memory_;
    std::uint64_t last_second_ = 0;
    std::uint32_t killed_for_memory_ = 0;
};

}  // namespace quire::kernel
