// break: the end of the heap, moved by hand. malloc(3) stands on this call, or on mmap(2).
#include "user/demo/demo.h"
#include "user/demo/look.h"

using namespace quire;
using namespace quire::demo;

namespace {

constexpr std::size_t kPages = 3;

// sbrk(3): moves the break by so many bytes, and returns where it was.
std::uintptr_t move_break(Demo& demo, long bytes) {
    const std::uintptr_t before = sys::set_break(0);
    const std::uintptr_t wanted = before + static_cast<std::uintptr_t>(bytes);
    demo.claim_address("brk answers", wanted, sys::set_break(wanted));
    return before;
}

void show_map(Demo& demo, const char* when, const std::byte* address) {
    const Region region = region_of(address);
    if (region.start == 0) {
        demo.note("/proc/self/maps %s: nothing at %08lx", when,
                  reinterpret_cast<unsigned long>(address));
    } else {
        demo.note("/proc/self/maps %s: %08lx-%08lx %s", when,
                  static_cast<unsigned long>(region.start), static_cast<unsigned long>(region.end),
                  region.rights);
    }
}

void give_back(Demo& demo, std::byte* heap) {
    demo.step("sbrk: move the break down by 2 pages.");
    move_break(demo, -static_cast<long>(2 * kPage));
    show_map(demo, "after it", heap);
    demo.claim("page 0 still holds", 'h', static_cast<std::uint64_t>(peek(heap)));
    demo.claim("page 1", "absent", page_state(heap + kPage).text());
    stop_at(demo, heap + kPage);
    demo.claim("a child that writes to page 1 ends by", "SIGSEGV",
               end_of_child([&] { poke(heap + kPage, 'x'); }));

    demo.step("sbrk: move it up by 1 page again.");
    move_break(demo, kPage);
    demo.claim("page 1, which held 'h', holds", 0, static_cast<std::uint64_t>(peek(heap + kPage)));
    stop_at(demo, heap + kPage);
}

}  // namespace

int main(int argc, char** argv, char**) {
    Demo demo(argc, argv, "break", "the heap ends where the program says");
    const std::uintptr_t start = (sys::set_break(0) + kPage - 1) & ~(kPage - 1);
    sys::set_break(start);
    auto* const heap = reinterpret_cast<std::byte*>(start);
    demo.step("The break is at %08lx, and nothing behind it.", static_cast<unsigned long>(start));
    show_map(demo, "before", heap);
    demo.claim("a child that writes there ends by", "SIGSEGV",
               end_of_child([&] { poke(heap, 'x'); }));

    demo.step("sbrk: move the break up by %zu pages.", kPages);
    demo.claim_address("it was at", start, move_break(demo, kPages * kPage));
    show_map(demo, "after it", heap);
    demo.claim_address("the region there ends at", start + kPages * kPage, region_of(heap).end);
    demo.claim("pages in RAM", 0, count_pages(heap, kPages * kPage).present);

    demo.step("Write 'h' (%d) to each.", 'h');
    const Faults cost = faults_of([&] {
        for (std::size_t i = 0; i < kPages; ++i)
            poke(heap + i * kPage, 'h');
    });
    demo.claim("page faults", kPages, cost.all());
    demo.claim("pages in RAM", kPages, count_pages(heap, kPages * kPage).present);
    stop_at(demo, heap + kPage);
    give_back(demo, heap);
    return demo.result();
}
