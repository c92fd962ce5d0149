// Costs of page faults, as the kernel compiles them, in a 32-bit program.
//
//     bench_faults ROW        prints how many faults of that kind callgrind counts in
//     measured_fault
//
// A fault is AddressSpace::handle() and nothing else: no trap, no system call. Frames come zeroed
// from the pool; what copying a page takes is the row `copy`, to be taken off.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "kernel/base/log.h"
#include "mm/address_space.h"
#include "mm/frame_list.h"
#include "mm/machine.h"
#include "mm/object_pages.h"
#include "mm/slab_registry.h"
#include "mm/swap_in.h"

namespace {
constexpr std::uint32_t kFrames = 8192;
}
alignas(4096) std::byte phys_window[kFrames * 4096];

extern "C" void* quire_memcpy(void* destination, const void* source, std::size_t count) noexcept;

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
        if (frames_.free_frames() < frames) return Error::OutOfMemory;
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
std::uint32_t words[FrameAllocator::words_needed(PageCount(kFrames))];
constexpr PageCount kSwap{2048};
SlotRecord slots[SwapSpace::records_needed(kSwap)];

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

constexpr PageNumber kFirst{0x08000};
constexpr std::uint32_t kPages = 1000;  // under one page table
constexpr RegionTraits kPrivate{.rights = Rights::read() | Rights::write(), .most = Rights::all()};

[[gnu::noipa]] FaultOutcome measured_fault(AddressSpace& space, const Fault& fault) {
    return space.handle(fault);
}
[[gnu::noipa]] void measured_copy(std::byte* to, const std::byte* from) {
    quire_memcpy(to, from, kPageSize);
}

class Bench {
  public:
    Bench() {
        if (!m_.swap.add_area(m_.store, kSwap, 0, slots).ok()) std::abort();
        for (std::uint32_t i = 0; i < 20; ++i)  // a program has some more
            add(PageNumber(0x80000 + 64 * i), 16, kPrivate, nullptr);
        m_.memory.load(space_.pages().directory().frame());
    }

    // Faults in page after page; each costs what the first one, left out, does not prepare.
    int faults(AddressSpace& space, Access access, std::uint32_t step = 1) {
        fault(space, 0, access);
        std::uint32_t turns = 0;
        for (std::uint32_t page = step; page < kPages; page += step) {
            while (m_.frames.zero_one_ahead()) {
            }
            const Fault fault{.address = start_of(kFirst + PageCount(page)),
                              .access = access,
                              .ring = Ring::User};
            if (!is_resolved(measured_fault(space, fault))) std::abort();
            ++turns;
        }
        std::printf("%u\n", turns);
        return 0;
    }
    void touch_all(AddressSpace& space, Access access) {
        for (std::uint32_t page = 0; page < kPages; ++page)
            fault(space, page, access);
    }
    AddressSpace& forked() {
        auto& child = *new AddressSpace(m_.memory, UserPages::create(m_.memory).take(), {});
        if (!child.fork_from(space_).ok()) std::abort();
        return child;
    }
    void anonymous() { add(kFirst, kPages, kPrivate, nullptr); }
    void file(Advice advice) {
        RegionTraits traits = kPrivate;
        traits.advice = advice;
        auto& file = *new File(m_.objects, m_.store, kPages);
        add(kFirst, kPages, traits, &file);
        for (std::uint32_t index = 0; index < kPages; ++index)
            if (!fetch_page(m_.memory, file, index).ok()) std::abort();
    }
    // Every page to swap and back into the swap cache, mapped nowhere.
    void into_swap_cache() {
        space_.pages().for_each(
            {kFirst, kFirst + PageCount(kPages)}, [&](PageNumber, PteLocation at, Pte pte) {
                const SwapSlot slot = m_.swap.allocate(pte.frame()).take();
                m_.table.set_tag(pte.frame(), slot.raw());
                m_.swap.add_name(slot);
                exchange_entry(m_.table, at, Pte::for_slot(slot));  // the reference is the cache's
            });
    }
    AddressSpace& space() { return space_; }

  private:
    void fault(AddressSpace& space, std::uint32_t page, Access access) {
        const Fault fault{
            .address = start_of(kFirst + PageCount(page)), .access = access, .ring = Ring::User};
        if (!is_resolved(space.handle(fault))) std::abort();
    }
    void add(PageNumber first, std::uint32_t pages, const RegionTraits& traits,
             MemoryObject* object) {
        if (!space_.add_region(PageRange::of(first, PageCount(pages)), traits, object, 0).ok())
            std::abort();
    }

    Machine m_;
    AddressSpace space_{m_.memory, UserPages::create(m_.memory).take(), {}};
};

int copies() {
    for (std::uint32_t i = 1; i < kPages; ++i)
        measured_copy(frame_bytes(FrameNumber(i)), frame_bytes(FrameNumber(i + kPages)));
    std::printf("%u\n", kPages - 1);
    return 0;
}

int run(const char* row) {
    Bench& bench = *new Bench();  // never destroyed: its pages are still mapped
    const auto is = [row](const char* name) { return std::strcmp(row, name) == 0; };
    if (is("copy")) return copies();
    if (is("around") || is("around_page")) {
        bench.file(Advice::Normal);
        return bench.faults(bench.space(), Access::Read, 16);
    }
    if (is("file")) {
        bench.file(Advice::Random);
        return bench.faults(bench.space(), Access::Read);
    }
    bench.anonymous();
    if (is("demand_zero")) return bench.faults(bench.space(), Access::Write);
    if (is("zero_page")) return bench.faults(bench.space(), Access::Read);
    if (is("zero_then_write")) {
        bench.touch_all(bench.space(), Access::Read);
        return bench.faults(bench.space(), Access::Write);
    }
    bench.touch_all(bench.space(), Access::Write);
    if (is("spurious")) return bench.faults(bench.space(), Access::Write);
    if (is("swap_cache")) {
        bench.into_swap_cache();
        return bench.faults(bench.space(), Access::Read);
    }
    AddressSpace& child = bench.forked();
    if (is("cow")) return bench.faults(child, Access::Write);
    bench.touch_all(child, Access::Write);
    if (is("take_over")) return bench.faults(bench.space(), Access::Write);
    std::fprintf(stderr, "unknown row %s\n", row);
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    return run(argc > 1 ? argv[1] : "");
}
