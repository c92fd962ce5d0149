// A whole machine for tests of address spaces: RAM, MMU, swap, and what all spaces share.
#pragma once

#include <cstring>
#include <memory>
#include <vector>

#include "mm/address_space.h"
#include "mm/frame_list.h"
#include "mm/slab_registry.h"
#include "mm/user_memory_check.h"
#include "tests/host/memory_store.h"
#include "tests/host/paging_machine.h"

namespace quire::test {

/// A policy without opinions: the oldest page leaves first, used or not.
class OldestFirst final : public mm::ReplacementPolicy {
  public:
    explicit OldestFirst(mm::FrameTable& table) : list_(table) {}
    [[nodiscard]] const char* name() const override { return "oldest first"; }
    void admit(mm::FrameNumber frame, mm::Arrival, mm::Shadow) override { list_.push_back(frame); }
    void forget_all(std::span<const mm::FrameNumber> frames) override {
        while (!frames.empty())
            frames = list_.remove_run(frames);
    }
    std::optional<mm::FrameNumber> choose(mm::AccessedBits&) override { return take_any(); }
    void put_back(mm::FrameNumber frame) override { list_.push_back(frame); }
    mm::Shadow evicted(mm::FrameNumber) override { return 0; }
    std::optional<mm::FrameNumber> take_any() override {
        if (list_.empty()) return std::nullopt;
        return list_.pop_front();
    }
    [[nodiscard]] mm::PageCount count() const override { return list_.count(); }
    void check_invariants() const override { list_.check_invariants(); }

  private:
    mm::FrameList list_;
};

/// Room is what is free: nothing is evicted, unless a test says who does.
class NoReclaim final : public mm::RoomMaker {
  public:
    explicit NoReclaim(mm::FrameAllocator& frames) : frames_(frames) {}
    void leave_to(mm::RoomMaker& other) { other_ = &other; }
    Result<void> make_room(mm::PageCount frames) override {
        if (other_ != nullptr) return other_->make_room(frames);
        if (!frames_.has_room(frames)) return Error::OutOfMemory;
        return {};
    }

  private:
    mm::FrameAllocator& frames_;
    mm::RoomMaker* other_ = nullptr;
};

class UserMachine {
  public:
    static constexpr mm::PageCount kSwap{1024};

    explicit UserMachine(mm::FrameNumber end = mm::FrameNumber(1024))
        : machine({}, end),
          store(kSwap.raw()),
          slots_(mm::SwapSpace::records_needed(kSwap)),
          slabs(machine.frames),
          region_cache(slabs, "region"),
          tree_cache(slabs, "page tree"),
          objects(tree_cache),
          policy(machine.table),
          kernel(mm::PageDirectory::create(machine.frames).take()),
          pages(machine.frames, swap, objects, policy, machine.frames.allocate_zeroed().take()),
          commit(mm::PageCount(end.raw())),
          room(machine.frames),
          memory({pages, kernel, region_cache, commit, room}) {
        EXPECT_TRUE(swap.add_area(store, kSwap, 0, slots_).ok());
        machine.mmu.set_accessed_matters(false);
        memory.load(kernel.frame());
    }

    /// A new, empty address space.
    std::unique_ptr<mm::AddressSpace> new_space() {
        return std::make_unique<mm::AddressSpace>(memory, mm::UserPages::create(memory).take(),
                                                  mm::MemoryLimits{});
    }

    /// mmck, and the judgement of the TLB.
    void check() {
        std::vector<std::uint32_t> frames(machine.table.end().raw());
        std::vector<std::uint32_t> slots(2 * kSwap.raw() + 8192);
        mm::UserMemoryCheck(memory, frames, slots).run();
        machine.frames.check_invariants();
        machine.table.check_invariants();
        EXPECT_TRUE(machine.mmu.missing_flushes().empty());
        EXPECT_TRUE(machine.mmu.find_stale().empty());
    }

    PagingMachine machine;
    MemoryStore store;

  private:
    std::vector<mm::SlotRecord> slots_;

  public:
    mm::SwapSpace swap;
    mm::SlabRegistry slabs;
    mm::ObjectCache<mm::Region> region_cache;
    mm::ObjectCache<mm::PageTreeNode> tree_cache;
    mm::ObjectRegistry objects;
    OldestFirst policy;
    mm::PageDirectory kernel;
    mm::MappedPages pages;
    mm::CommitAccount commit;
    NoReclaim room;
    mm::UserMemory memory;
};

}  // namespace quire::test
