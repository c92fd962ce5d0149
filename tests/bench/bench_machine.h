// A machine without a CPU, for benchmarks of address spaces: frames, swap, a policy at the price of
// its list, a disk whose reads cost nothing. It defines what mm asks of its surroundings, so one
// file of a program includes it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>

#include "kernel/base/log.h"
#include "mm/address_space.h"
#include "mm/frame_list.h"
#include "mm/machine.h"
#include "mm/slab_registry.h"

namespace {
constexpr std::uint32_t kFrames = 24576;
}
alignas(4096) std::byte phys_window[kFrames * 4096];

namespace quire {
void assertion_failed(const char* condition, const char* file, int line, const char*) {
    std::fprintf(stderr, "%s:%d: %s\n", file, line, condition);
    std::abort();
}
void log(LogLevel, const char*, const char*, ...) {}
namespace mm::machine {
void flush_page(VirtAddr) {}
void flush_all() {}
void flush_all_and_global() {}
void load_page_directory(FrameNumber) {}
void poison_frame(FrameNumber) {}
void unpoison_frame(FrameNumber) {}
}  // namespace mm::machine
}  // namespace quire

namespace {

using namespace quire;
using namespace quire::mm;

// A policy at the price of its list, and a RoomMaker at the price of its question.
class OldestFirst final : public ReplacementPolicy {
  public:
    explicit OldestFirst(FrameTable& table) : list_(table) {}
    [[nodiscard]] const char* name() const override { return "oldest first"; }
    void admit(FrameNumber frame, Arrival, Shadow) override { list_.push_back(frame); }
    void forget(FrameNumber frame) override { list_.remove(frame); }
    std::optional<FrameNumber> choose(AccessedBits&) override { return std::nullopt; }
    void put_back(FrameNumber frame) override { list_.push_back(frame); }
    Shadow evicted(FrameNumber) override { return 0; }
    std::optional<FrameNumber> take_any() override { return std::nullopt; }
    [[nodiscard]] PageCount count() const override { return list_.count(); }
    void check_invariants() const override {}

  private:
    FrameList list_;
};
class WhatIsFree final : public RoomMaker {
  public:
    explicit WhatIsFree(FrameAllocator& frames) : frames_(frames) {}
    Result<void> make_room(PageCount frames) override {
        if (!has_room(frames)) return Error::OutOfMemory;
        return {};
    }
    Result<void> make_room_beside(std::span<const FrameNumber>, PageCount frames) override {
        return make_room(frames);
    }
    [[nodiscard]] bool has_room(PageCount frames) const override {
        return frames_.free_frames() >= frames;
    }

  private:
    FrameAllocator& frames_;
};
// A disk whose reads cost nothing.
class NoStore final : public BackingStore {
  public:
    Result<void> read(std::uint32_t, std::span<const FrameNumber>) override { return {}; }
    Result<void> write(std::uint32_t, std::span<const FrameNumber>) override { return {}; }
};
class File final : public MemoryObject {
  public:
    File(ObjectRegistry& registry, BackingStore& store, std::uint32_t pages)
        : MemoryObject(registry, Kind::File, &store, std::uint64_t{pages} << kPageShift) {}

  private:
    void last_user_gone() override {}
};

FrameInfo records[kFrames];
std::uint32_t words[FrameAllocator::words_needed(PageCount(kFrames))];
constexpr PageCount kSwap{2048};
[[maybe_unused]] SlotRecord slots[SwapSpace::records_needed(kSwap)];

struct Machine {
    FailureInjector injector;
    FrameTable table{records};
    FrameAllocator frames{table, words, injector, {}};
    NoStore store;
    SwapSpace swap;
    SlabRegistry slabs{(frames.add_memory({FrameNumber(1), FrameNumber(kFrames)}), frames)};
    ObjectCache<Region> regions{slabs, "region"};
    ObjectCache<PageTreeNode> nodes{slabs, "page tree"};
    ObjectRegistry objects{nodes};
    OldestFirst policy{table};
    PageDirectory kernel = PageDirectory::create(frames).take();
    MappedPages pages{frames, swap, objects, policy, frames.allocate_zeroed().take()};
    CommitAccount commit{PageCount(kFrames)};
    WhatIsFree room{frames};
    UserMemory memory{{pages, kernel, regions, commit, room}};
};

}  // namespace
