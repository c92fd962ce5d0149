// A machine without a CPU, for benchmarks of address spaces: frames, swap, the default policy, a
// disk whose reads cost nothing. It defines what mm asks of its surroundings, so one file of a
// program includes it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "kernel/base/log.h"
#include "mm/address_space.h"
#include "mm/machine.h"
#include "mm/policy_generations.h"
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

// Room is what is free.
class WhatIsFree final : public RoomMaker {
  public:
    explicit WhatIsFree(FrameAllocator& frames) : frames_(frames) {}
    Result<void> make_room(PageCount frames) override {
        if (!frames_.has_room(frames)) return Error::OutOfMemory;
        return {};
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
std::uint8_t marks[kFrames];
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
    GenerationPolicy policy{table, marks};  // the default one
    PageDirectory kernel = PageDirectory::create(frames).take();
    MappedPages pages{frames, swap, objects, policy, frames.allocate_zeroed().take()};
    CommitAccount commit{PageCount(kFrames)};
    WhatIsFree room{frames};
    UserMemory memory{{pages, kernel, regions, commit, room}};
};

}  // namespace
