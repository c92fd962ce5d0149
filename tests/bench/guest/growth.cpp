// How what memory costs grows: with the memory touched, the number of regions, the processes that
// share it. Like process_costs it counts TSC clocks and runs on Linux, too; it needs 512 MiB.
//
// Prints "growth: AXIS CURVE X VALUE", in clocks with two decimals: the least of three rounds.
#include "tests/bench/guest/measure.h"

namespace {

using namespace bench;

constexpr unsigned kRounds = 3;

void tell(const char* axis, const char* curve, unsigned x, Clocks clocks, unsigned turns) {
    const auto all = static_cast<std::uint32_t>(clocks);
    say("growth: %s %s %u %u.%02u\n", axis, curve, x, all / turns, all % turns * 100 / turns);
}

template <typename Measure>
void least(const char* axis, const char* curve, unsigned x, unsigned turns, Measure measure) {
    Clocks best = ~Clocks{0};
    for (unsigned round = 0; round < kRounds; ++round) {
        use_up_zeroed_frames();
        const Clocks cost = measure();
        if (cost < best) best = cost;
    }
    tell(axis, curve, x, best, turns);
}

template <typename Operation>
Clocks time_of(Operation operation) {
    const Clocks begin = mark();
    operation();
    return mark() - begin;
}

void fork_exit_wait() {
    if (must("fork", sys::fork()) == 0) sys::exit(0);
    wait_for_child();
}

// A child touches so much and ends: from its call to its parent's return from wait4.
Clocks exit_cost(std::size_t bytes) {
    volatile char* shared = map(kPage, kSharedAnonymous);
    auto* const begin = reinterpret_cast<volatile Clocks*>(shared);
    if (must("fork", sys::fork()) == 0) {
        touch(map(bytes), bytes);
        *begin = mark();
        sys::exit(0);
    }
    wait_for_child();
    const Clocks cost = mark() - *begin;
    unmap(shared, kPage);
    return cost;
}

void by_size(unsigned mib) {
    const std::size_t bytes = mib * kMib;
    const unsigned pages = bytes / kPage;
    least("size", "zero-fault", mib, pages, [&] {
        volatile char* memory = map(bytes);
        const Clocks cost = faults_of(touch, memory, bytes);
        unmap(memory, bytes);
        return cost;
    });
    least("size", "munmap-page", mib, pages, [&] {
        volatile char* memory = map(bytes);
        touch(memory, bytes);
        return time_of([&] { unmap(memory, bytes); });
    });
    least("size", "exit-page", mib, pages, [&] { return exit_cost(bytes); });
    volatile char* memory = map(bytes);
    touch(memory, bytes);
    least("size", "mprotect-page", mib, 2 * pages, [&] {
        return time_of([&] {
            protect(memory, bytes, kRead);
            protect(memory, bytes, kReadWrite);
        });
    });
    least("size", "fork-exit-wait", mib, 1, [] { return time_of(fork_exit_wait); });
    unmap(memory, bytes);
}

// Every other page of them is read-only, so that no two join.
volatile char* make_regions(unsigned regions) {
    volatile char* start = map(regions * kPage);
    for (unsigned i = 1; i < regions; i += 2)
        protect(start + i * kPage, kPage, kRead);
    return start;
}

constexpr unsigned kFaults = 5;
Clocks faults_among(unsigned regions) {
    volatile char* start = make_regions(regions);
    const unsigned step = regions / kFaults & ~1U;
    for (unsigned i = 0; i < kFaults; ++i)
        (void)start[(i * step + 1) * kPage];  // its page table is there
    const auto touch_some = [&] {
        for (unsigned i = 0; i < kFaults; ++i)
            start[i * step * kPage] = 1;
    };
    const Clocks cost = time_of(touch_some);
    unmap(start, regions * kPage);
    return cost;
}

void by_regions(unsigned regions) {
    least("regions", "zero-fault", regions, kFaults, [&] { return faults_among(regions); });
    volatile char* start = make_regions(regions);
    volatile char* middle = start + (regions / 2 & ~1U) * kPage;
    constexpr unsigned kTurns = 100;
    least("regions", "mmap-munmap", regions, kTurns, [] {
        return time_of([] {
            for (unsigned i = 0; i < kTurns; ++i)
                unmap(map(kPage), kPage);
        });
    });
    least("regions", "join-split", regions, kTurns, [&] {
        return time_of([&] {
            for (unsigned i = 0; i < kTurns; ++i) {
                protect(middle, kPage, kRead);
                protect(middle, kPage, kReadWrite);
            }
        });
    });
    least("regions", "fork-exit-wait", regions, 1, [] { return time_of(fork_exit_wait); });
    unmap(start, regions * kPage);
}

// Children who share `bytes` from `start` with this process, each with page tables of its own; they
// wait until the pipe's end closes.
class Sharers {
  public:
    Sharers(unsigned count, volatile char* start, std::size_t bytes) : count_(count) {
        int ready[2];
        must("pipe2", sys::pipe(end_, 0));
        must("pipe2", sys::pipe(ready, 0));
        char byte = 0;
        for (unsigned i = 0; i < count; ++i) {
            if (must("fork", sys::fork()) != 0) continue;
            sys::close(end_[1]);
            start[bytes] = 1;  // one page more than is measured: the table is the child's now
            sys::write(ready[1], &byte, 1);
            sys::read(end_[0], &byte, 1);
            sys::exit(0);
        }
        for (unsigned i = 0; i < count; ++i)
            must("read", sys::read(ready[0], &byte, 1));
        sys::close(ready[0]);
        sys::close(ready[1]);
    }
    ~Sharers() {
        sys::close(end_[1]);
        sys::close(end_[0]);
        for (unsigned i = 0; i < count_; ++i)
            wait_for_child();
    }
    Sharers(const Sharers&) = delete;
    Sharers& operator=(const Sharers&) = delete;

  private:
    unsigned count_;
    int end_[2];
};

// The last page is the one that the children write to.
void by_sharers(unsigned count) {
    constexpr unsigned kPages = 256;
    constexpr std::size_t kBytes = kPages * kPage;
    const auto with_sharers = [&](auto operation) {
        volatile char* memory = map(kBytes + kPage);
        touch(memory, kBytes + kPage);
        Clocks cost = 0;
        {
            const Sharers sharers(count, memory, kBytes);
            memory[kBytes] = 1;  // and this process has a table of its own, too
            cost = operation(memory);
        }
        unmap(memory, kBytes + kPage);
        return cost;
    };
    least("sharers", "cow-copy", count, kPages, [&] {
        return with_sharers([](volatile char* memory) { return faults_of(touch, memory, kBytes); });
    });
    least("sharers", "munmap-page", count, kPages, [&] {
        return with_sharers(
            [](volatile char* memory) { return time_of([&] { unmap(memory, kBytes); }); });
    });
    least("sharers", "fork-exit-wait", count, 1,
          [&] { return with_sharers([](volatile char*) { return time_of(fork_exit_wait); }); });
}

}  // namespace

int main(int, char**, char**) {
    for (unsigned mib : {1U, 16U, 64U, 256U})
        by_size(mib);
    for (unsigned regions : {10U, 100U, 1000U, 10000U})
        by_regions(regions);
    for (unsigned count : {1U, 16U, 64U})
        by_sharers(count);
    say("growth: done\n");
    return 0;
}
