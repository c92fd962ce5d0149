// Costs of the calls that change an address space, as the kernel compiles them, in a 32-bit
// program.
//
//     bench_spaces ROW        prints how many operations callgrind counts in measured_...
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/bench/bench_machine.h"

namespace {

constexpr std::uint32_t kStart = 0x08000000;
constexpr std::uint32_t kMiB = 1U << 20;
constexpr Rights kReadWrite = Rights::read() | Rights::write();
constexpr int kRounds = 8;

[[gnu::noipa]] void measured_fork(AddressSpace& child, AddressSpace& parent) {
    if (!child.fork_from(parent).ok()) std::abort();
}
[[gnu::noipa]] void measured_exit(AddressSpace& space) {
    space.empty();
}
[[gnu::noipa]] void measured_unmap(AddressSpace& space, VirtAddr address, std::uint32_t bytes) {
    if (!space.unmap(address, bytes).ok()) std::abort();
}
[[gnu::noipa]] void measured_protect(AddressSpace& space, VirtAddr address, std::uint32_t bytes,
                                     Rights rights) {
    if (!space.protect(address, bytes, rights, false).ok()) std::abort();
}
[[gnu::noipa]] void measured_map(AddressSpace& space, VirtAddr address, std::uint32_t bytes) {
    const MapRequest request{.address = address,
                             .bytes = bytes,
                             .place = MapRequest::Place::Fixed,
                             .rights = kReadWrite};
    if (!space.map(request).ok()) std::abort();
}

class Bench {
  public:
    Bench() {
        m_.commit.set_mode(Overcommit::Always);
        m_.memory.load(space_.pages().directory().frame());
        for (std::uint32_t i = 0; i < 20; ++i)  // a program has some more
            measured_map(space_, VirtAddr(0x80000000 + i * kMiB), 16 * kPageSize);
    }

    // Maps `bytes` at kStart and writes to each page.
    void touch(std::uint32_t bytes) {
        measured_map(space_, VirtAddr(kStart), bytes);
        const PageRange pages = PageRange::of(page_of(VirtAddr(kStart)), pages_for(bytes));
        if (!is_resolved(space_.populate(pages, Access::Write))) std::abort();
    }
    AddressSpace& empty_child() {
        return *new AddressSpace(m_.memory, UserPages::create(m_.memory).take(), {});
    }
    AddressSpace& space() { return space_; }

  private:
    Machine m_;
    AddressSpace space_{m_.memory, UserPages::create(m_.memory).take(), {}};
};

int forks(Bench& bench, std::uint32_t bytes) {
    bench.touch(bytes);
    for (int i = 0; i < kRounds; ++i)
        measured_fork(bench.empty_child(), bench.space());
    return kRounds;
}

int exits(Bench& bench, std::uint32_t bytes) {
    bench.touch(bytes);
    for (int i = 0; i < kRounds; ++i) {
        AddressSpace& child = bench.empty_child();
        if (!child.fork_from(bench.space()).ok()) std::abort();
        measured_exit(child);
    }
    return kRounds;
}

int unmaps(Bench& bench, std::uint32_t pages) {
    for (int i = 0; i < kRounds; ++i) {
        bench.touch(pages * kPageSize);
        measured_unmap(bench.space(), VirtAddr(kStart), pages * kPageSize);
    }
    return kRounds;
}

int protects(Bench& bench, std::uint32_t pages) {
    bench.touch(pages * kPageSize);
    for (int i = 0; i < kRounds; ++i) {
        const Rights rights = i % 2 == 0 ? Rights::read() : kReadWrite;
        measured_protect(bench.space(), VirtAddr(kStart), pages * kPageSize, rights);
    }
    return kRounds;
}

int maps(Bench& bench) {
    for (std::uint32_t i = 0; i < kRounds; ++i)
        measured_map(bench.space(), VirtAddr(kStart + 2 * i * kMiB), kMiB);
    return kRounds;
}

int run(const char* row) {
    Bench& bench = *new Bench();  // never destroyed: its pages are still mapped
    const auto is = [row](const char* name) { return std::strcmp(row, name) == 0; };
    if (is("fork1")) return forks(bench, kMiB);
    if (is("fork16")) return forks(bench, 16 * kMiB);
    if (is("fork64")) return forks(bench, 64 * kMiB);
    if (is("exit64")) return exits(bench, 64 * kMiB);
    if (is("unmap256")) return unmaps(bench, 256);
    if (is("protect256")) return protects(bench, 256);
    if (is("map")) return maps(bench);
    std::fprintf(stderr, "unknown row %s\n", row);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const int operations = run(argc > 1 ? argv[1] : "");
    std::printf("%d\n", operations);
    return operations == 0 ? 2 : 0;
}
