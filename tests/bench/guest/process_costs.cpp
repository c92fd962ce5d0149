// What processes and their memory cost, in TSC clocks: under QEMU's -icount a clock is an
// instruction. Prints a line "cost: NAME  VALUE" for each figure; runs on Linux, too.
//
// Each figure is the least of several rounds: an interrupt in between only adds.
#include <cstddef>
#include <cstdint>

#include "user/output.h"
#include "user/system.h"

namespace {

using quire::say;

constexpr std::size_t kPage = 4096;
constexpr std::size_t kPages = 1024;
constexpr std::size_t kMib = 1U << 20;
constexpr int kRounds = 5;
constexpr long kReadWrite = 3;
constexpr long kPrivateAnonymous = 0x22;
constexpr long kSharedAnonymous = 0x21;

std::uint64_t clocks() {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return static_cast<std::uint64_t>(high) << 32 | low;
}

[[noreturn]] void end(int code) {
    for (;;)
        (void)system_call(SYS_exit_group, code);
}

volatile char* map(std::size_t bytes, long flags = kPrivateAnonymous) {
    const long address =
        system_call6(SYS_mmap2, 0, static_cast<long>(bytes), kReadWrite, flags, -1, 0);
    if (address < 0 && address > -4096) {
        say("mmap2 of %u bytes: error %ld\n", static_cast<unsigned>(bytes), -address);
        end(1);
    }
    return reinterpret_cast<volatile char*>(address);
}

void unmap(volatile char* start, std::size_t bytes) {
    (void)system_call(SYS_munmap, start, bytes);
}

void touch(volatile char* start, std::size_t bytes) {
    for (std::size_t at = 0; at < bytes; at += kPage)
        start[at] = 1;
}

void wait_for_child() {
    (void)system_call(SYS_wait4, -1, 0, 0, 0);
}

std::uint64_t getpid_cost() {
    constexpr int kCalls = 100;
    const std::uint64_t start = clocks();
    for (int i = 0; i < kCalls; ++i)
        (void)system_call(SYS_getpid);
    return (clocks() - start) / kCalls;
}

std::uint64_t demand_zero_cost() {
    volatile char* memory = map(kPages * kPage);
    const std::uint64_t start = clocks();
    touch(memory, kPages * kPage);
    const std::uint64_t cost = (clocks() - start) / kPages;
    unmap(memory, kPages * kPage);
    return cost;
}

std::uint64_t read_fault_cost() {
    volatile char* memory = map(kPages * kPage);
    const std::uint64_t start = clocks();
    for (std::size_t at = 0; at < kPages * kPage; at += kPage)
        (void)memory[at];
    const std::uint64_t cost = (clocks() - start) / kPages;
    unmap(memory, kPages * kPage);
    return cost;
}

// The child copies all of them; the parent keeps its own, so that none is taken over.
std::uint64_t copy_cost() {
    static auto* const result =
        reinterpret_cast<volatile std::uint64_t*>(map(kPage, kSharedAnonymous));
    volatile char* memory = map(kPages * kPage);
    touch(memory, kPages * kPage);
    if (system_call(SYS_fork) == 0) {
        const std::uint64_t start = clocks();
        touch(memory, kPages * kPage);
        *result = (clocks() - start) / kPages;
        end(0);
    }
    wait_for_child();
    unmap(memory, kPages * kPage);
    return *result;
}

std::uint64_t fork_cost(std::size_t mib) {
    volatile char* memory = nullptr;
    if (mib != 0) {
        memory = map(mib * kMib);
        touch(memory, mib * kMib);
    }
    const std::uint64_t start = clocks();
    if (system_call(SYS_fork) == 0) end(0);
    wait_for_child();
    const std::uint64_t cost = clocks() - start;
    if (mib != 0) unmap(memory, mib * kMib);
    return cost;
}

std::uint64_t fork_small() {
    return fork_cost(0);
}
std::uint64_t fork_large() {
    return fork_cost(64);
}

std::uint64_t exec_cost() {
    static char path[] = "/bin/true";
    static char* arguments[] = {path, nullptr};
    const std::uint64_t start = clocks();
    if (system_call(SYS_vfork) == 0) {
        (void)system_call(SYS_execve, path, arguments, arguments + 1);
        end(1);
    }
    wait_for_child();
    return clocks() - start;
}

std::uint64_t map_cost() {
    constexpr int kTimes = 100;
    const std::uint64_t start = clocks();
    for (int i = 0; i < kTimes; ++i)
        unmap(map(16 * kPage), 16 * kPage);
    return (clocks() - start) / kTimes;
}

std::uint64_t pipe_cost() {
    constexpr int kTimes = 100;
    int ends[2];
    char byte = 0;
    (void)system_call(SYS_pipe, ends);
    const std::uint64_t start = clocks();
    for (int i = 0; i < kTimes; ++i) {
        (void)system_call(SYS_write, ends[1], &byte, 1);
        (void)system_call(SYS_read, ends[0], &byte, 1);
    }
    const std::uint64_t cost = (clocks() - start) / kTimes;
    (void)system_call(SYS_close, ends[0]);
    (void)system_call(SYS_close, ends[1]);
    return cost;
}

void report(const char* name, std::uint64_t (*measure)()) {
    std::uint64_t least = ~std::uint64_t{0};
    for (int round = 0; round < kRounds; ++round) {
        const std::uint64_t cost = measure();
        if (cost < least) least = cost;
    }
    say("cost: %-36s %10u\n", name, static_cast<unsigned>(least));
}

}  // namespace

int main(int, char**, char**) {
    report("getpid", getpid_cost);
    report("demand-zero fault, a page", demand_zero_cost);
    report("first read of a page", read_fault_cost);
    report("copy-on-write fault, a page", copy_cost);
    report("mmap and munmap of 64 KiB, untouched", map_cost);
    report("a byte through a pipe", pipe_cost);
    report("fork, exit, wait", fork_small);
    report("fork, exit, wait with 64 MiB touched", fork_large);
    report("vfork, exec, exit, wait", exec_cost);
    return 0;
}
