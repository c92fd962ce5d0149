// stack: it grows by being touched, page by page; a gap keeps it from what is mapped below, and a
// limit from taking everything.
#include "kernel/abi/resource.h"
#include "user/demo/demo.h"
#include "user/demo/look.h"

using namespace quire;
using namespace quire::demo;

namespace {

constexpr std::size_t kLimit = std::size_t{1} << 20;
constexpr std::uint32_t kStackLimit = 3;  // RLIMIT_STACK

std::byte* stack_start() {
    char here = 0;
    return reinterpret_cast<std::byte*>(region_of(&here).start);
}

void grow(Demo& demo) {
    std::byte* const start = stack_start();
    demo.step("The stack's region begins at %08lx. Write just below it.",
              reinterpret_cast<unsigned long>(start));
    demo.claim("that page is", "absent", page_state(start - kPage).text());
    demo.claim("page faults", 1, faults_of([&] { poke(start - kPage, 1); }).all());
    demo.claim_address("the region begins at", reinterpret_cast<std::uintptr_t>(start - kPage),
                       reinterpret_cast<std::uintptr_t>(stack_start()));

    demo.step("Write 16 pages further down.");
    demo.claim("page faults", 1, faults_of([&] { poke(start - 17 * kPage, 1); }).all());
    demo.claim_address("the region begins at", reinterpret_cast<std::uintptr_t>(start - 17 * kPage),
                       reinterpret_cast<std::uintptr_t>(stack_start()));
    demo.claim("of these 16 pages are in RAM", 1,
               count_pages(start - 17 * kPage, 16 * kPage).present);
    stop_at(demo, start - 17 * kPage);
    stop_at(demo, start - 16 * kPage);
}

void show_gap(Demo& demo) {
    std::byte* const start = stack_start();
    std::byte* const below = start - 512 * kPage;
    map(kPage, abi::kMapPrivate | abi::kMapFixed, -1, below);
    demo.step("Map a page 512 pages below. The stack keeps a gap of 256 pages to it.");
    demo.claim("a child that writes 300 pages above it", "exit 0",
               end_of_child([&] { poke(below + 300 * kPage, 1); }));
    demo.claim("a child that writes 200 pages above it ends by", "SIGSEGV",
               end_of_child([&] { poke(below + 200 * kPage, 1); }));
    unmap(below, kPage);
}

// Each call has a page of its own, and notes how deep it is. That there are `calls` of them is more
// than any stack has room for; the compiler need not know.
[[gnu::noinline]] int descend(volatile std::uintptr_t* lowest, unsigned calls) {
    volatile char page[kPage];
    page[0] = static_cast<char>(calls);
    *lowest = reinterpret_cast<std::uintptr_t>(page);
    return calls == 0 ? 0 : descend(lowest, calls - 1) + page[0];
}

void overflow(Demo& demo) {
    demo.step("Limit the stack to %zu KiB, and let a child call itself without end.",
              kLimit / 1024);
    auto* const lowest = reinterpret_cast<volatile std::uintptr_t*>(map(kPage, abi::kMapShared));
    const char* const end = end_of_child([&] {
        const abi::ResourceLimit limit{kLimit, kLimit};
        must("setrlimit", system_call(SYS_setrlimit, kStackLimit, &limit));
        descend(lowest, ~0U);
    });
    demo.claim("it ends by", "SIGSEGV", end);
    const std::uintptr_t top = region_of(&demo).end;
    demo.claim_at_most("KiB of stack it has used", kLimit / 1024, (top - *lowest) / 1024);
    demo.claim_at_least("and nearly all of them", kLimit / 1024 - 16, (top - *lowest) / 1024);
}

}  // namespace

int main(int argc, char** argv, char**) {
    Demo demo(argc, argv, "stack", "a stack grows as it is touched, and not without end");
    grow(demo);
    show_gap(demo);
    overflow(demo);
    return demo.result();
}
