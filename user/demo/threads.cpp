// threads: what the stack of a thread costs in address space, in RAM and in the kernel; and how
// many fit.
#include <array>

#include "kernel/abi/clone.h"
#include "user/demo/demo.h"
#include "user/demo/look.h"

using namespace quire;
using namespace quire::demo;

namespace {

constexpr std::size_t kThreads = 16;
constexpr std::size_t kStack = std::size_t{64} << 10;
constexpr std::uint32_t kThreadFlags = abi::kCloneVm | abi::kCloneFs | abi::kCloneFiles |
                                       abi::kCloneSighand | abi::kCloneThread | abi::kCloneSysvsem;

volatile unsigned running = 0;

[[noreturn]] void work() {
    __atomic_fetch_add(&running, 1, __ATOMIC_SEQ_CST);
    for (;;)
        system_call(SYS_pause);
}

// clone(2): the child goes on with what lies on top of its stack.
long start_thread(std::byte* stack) {
    auto* const top = reinterpret_cast<std::uintptr_t*>(stack + kStack) - 4;
    top[0] = reinterpret_cast<std::uintptr_t>(work);
    long result = 0;
    asm volatile(
        "int $0x80\n\t"
        "testl %%eax, %%eax\n\t"
        "jnz 1f\n\t"
        "ret\n"
        "1:"
        : "=a"(result)
        : "a"(SYS_clone), "b"(kThreadFlags), "c"(top), "d"(0), "S"(0), "D"(0)
        : "memory", "cc");
    return result;
}

// How many regions of so many bytes the address space has room for; in a child, which ends with
// them.
std::uint64_t count_stacks(std::size_t bytes) {
    auto* const count = reinterpret_cast<volatile std::uint64_t*>(map(kPage, abi::kMapShared));
    end_of_child([&] {
        constexpr std::uint32_t kFlags =
            abi::kMapPrivate | abi::kMapAnonymous | abi::kMapNoReserve | abi::kMapStack;
        std::uint64_t stacks = 0;
        for (;;) {
            const long at = system_call6(SYS_mmap2, 0, static_cast<long>(bytes),
                                         abi::kProtRead | abi::kProtWrite, kFlags, -1, 0);
            if (at < 0 && at > -4096) break;
            *count = ++stacks;
        }
    });
    return *count;
}

void show_cost(Demo& demo) {
    demo.step("Map %zu stacks of %zu KiB.", kThreads, kStack / 1024);
    std::byte* const stacks = map(kThreads * kStack);
    demo.claim("KiB of RAM in them", 0, count_pages(stacks, kThreads * kStack).present * 4);
    demo.step("Start a thread on each.");
    const std::uint64_t kernel_before = memory_info("KernelStack");
    for (std::size_t i = 0; i < kThreads; ++i)
        must("clone", start_thread(stacks + i * kStack));
    while (running < kThreads)
        system_call(SYS_sched_yield);
    const std::uint64_t kernel_after = memory_info("KernelStack");
    demo.claim("threads that run", kThreads, running);
    demo.claim("KiB of RAM in the stacks, one page each", kThreads * 4,
               count_pages(stacks, kThreads * kStack).present * 4);
    demo.claim_at_least("KiB of kernel stacks more, KernelStack in /proc/meminfo", kThreads * 4,
                        kernel_after - kernel_before);
    demo.claim("page 0 of the first stack, its far end", "absent", page_state(stacks).text());
}

void show_how_many(Demo& demo) {
    demo.step("Let a child map stacks until there is no room. No thread runs on them.");
    const std::uint64_t large = count_stacks(std::size_t{8} << 20);
    const std::uint64_t small = count_stacks(std::size_t{1} << 20);
    demo.claim_at_least("stacks of 8 MiB, as Linux gives them", 300, large);
    demo.claim_at_most("4 GiB have no more than", 512, large);
    demo.claim_at_least("stacks of 1 MiB: eight times as many, nearly", large * 8, small);
}

}  // namespace

int main(int argc, char** argv, char**) {
    Demo demo(argc, argv, "threads", "what a thread's stack costs, and how many fit");
    show_how_many(demo);
    show_cost(demo);
    return demo.result();
}
