// Costs of page faults, as the kernel compiles them, in a 32-bit program.
//
//     bench_faults ROW        prints how many faults of that kind callgrind counts in
//     measured_fault
//
// A fault is AddressSpace::handle() and nothing else: no trap, no system call. Frames come zeroed
// from the pool, but for demand_zero_now; what copying a page takes is the row `copy`, to be taken
// off.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "mm/object_pages.h"
#include "mm/swap_in.h"
#include "tests/bench/bench_machine.h"

extern "C" void* quire_memcpy(void* destination, const void* source, std::size_t count) noexcept;

namespace {

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
    int faults(AddressSpace& space, Access access, std::uint32_t step = 1, bool ahead = true) {
        fault(space, 0, access);
        std::uint32_t turns = 0;
        for (std::uint32_t page = step; page < kPages; page += step) {
            while (ahead && m_.frames.zero_one_ahead()) {
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
    if (is("around")) {
        bench.file(Advice::Normal);
        return bench.faults(bench.space(), Access::Read, 16);
    }
    if (is("file")) {
        bench.file(Advice::Random);
        return bench.faults(bench.space(), Access::Read);
    }
    bench.anonymous();
    if (is("demand_zero")) return bench.faults(bench.space(), Access::Write);
    if (is("demand_zero_now")) return bench.faults(bench.space(), Access::Write, 1, false);
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
