// lazy-loading: exec reads no code. A page of the program comes from the disk when the program gets
// there, and with it some of its neighbours.
#include <array>

#include "user/demo/demo.h"
#include "user/demo/look.h"

using namespace quire;
using namespace quire::demo;

// 32 functions, each alone in its page: function i answers i. They begin at a multiple of 64 KiB,
// so that no neighbour of the rest of the program is one of them.
asm(R"(
    .pushsection functions, "ax", @progbits
    .p2align 16
    .globl demo_functions
demo_functions:
    .set i, 0
    .rept 24
    mov $i, %eax
    ret
    .p2align 12, 0xcc
    .set i, i + 1
    .endr
    .popsection
)");
extern "C" const std::byte demo_functions[];

namespace {

constexpr std::size_t kFunctions = 24;
constexpr std::size_t kBytes = kFunctions * kPage;
constexpr std::size_t kMostAround = 16;  // pages that one fault maps, here as on Linux

unsigned call(std::size_t number) {
    const auto function = reinterpret_cast<unsigned (*)()>(
        reinterpret_cast<std::uintptr_t>(demo_functions) + number * kPage);
    return function();
}

unsigned call_all() {
    unsigned sum = 0;
    for (std::size_t i = 0; i < kFunctions; ++i)
        sum += call(i);
    return sum;
}

std::size_t pages_in_ram() {
    return count_pages(demo_functions, kBytes).present;
}

}  // namespace

int main(int argc, char** argv, char**) {
    Demo demo(argc, argv, "lazy-loading", "a program is loaded page by page, as it is used");
    demo.step("This program has %zu functions of one page each, %zu KiB, and runs already.",
              kFunctions, kBytes / 1024);
    demo.claim("pages of them in its memory", 0, pages_in_ram());

    demo.step("Call function 5.");
    unsigned answer = 0;
    Faults cost = faults_of([&] { answer = call(5); });
    demo.claim("it answers", 5, answer);
    demo.claim("page faults", 1, cost.all());
    demo.note("with a read from the disk: %llu; none if the page cache has the file already",
              static_cast<unsigned long long>(cost.major));
    demo.claim("its page", "present", page_state(demo_functions + 5 * kPage).text());
    demo.claim("it is the file's own page", "yes",
               page_state(demo_functions + 5 * kPage).of_object ? "yes" : "no");
    demo.claim_at_most("pages that have come with this fault", kMostAround, pages_in_ram());
    demo.claim("function 20's page", "absent", page_state(demo_functions + 20 * kPage).text());
    stop_at(demo, demo_functions + 5 * kPage);
    stop_at(demo, demo_functions + 20 * kPage);

    demo.step("Call all of them.");
    cost = faults_of([&] { answer = call_all(); });
    demo.claim("the sum of their answers", kFunctions * (kFunctions - 1) / 2, answer);
    demo.claim_at_least("page faults", 1, cost.all());
    demo.claim_at_most("fewer than pages, for neighbours came along", kFunctions / 2, cost.all());
    demo.claim("pages in its memory", kFunctions, pages_in_ram());

    demo.step("Call all of them again.");
    demo.claim("page faults", 0, faults_of([] { call_all(); }).all());

    demo.step("Let a child call all of them: it shows the same frames.");
    const std::uint64_t mine = frame_of(demo_functions + 20 * kPage);
    demo.claim(
        "a child in which function 20 is in the same frame", "exit 0", end_of_child([&] {
            sys::exit(call(20) == 20 && frame_of(demo_functions + 20 * kPage) == mine ? 0 : 1);
        }));
    return demo.result();
}
