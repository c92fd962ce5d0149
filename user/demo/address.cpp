// address: how the MMU cuts a linear address, and where it gets to: five addresses of this program,
// from directory index to byte of RAM.
//
//     31        22 21        12 11          0
//     | directory |   table    |   offset   |
#include "user/demo/demo.h"
#include "user/demo/look.h"

using namespace quire;
using namespace quire::demo;

namespace {

int in_data = 0x11;

struct Parts {
    std::uintptr_t directory, table, offset;
};

Parts cut(std::uintptr_t address) {
    return {address >> 22, address >> 12 & 1023, address & 4095};
}

void show(Demo& demo, const char* what, const volatile void* place) {
    const auto address = reinterpret_cast<std::uintptr_t>(place);
    const Parts parts = cut(address);
    const std::uint64_t frame = frame_of(place);
    const std::uint64_t physical = frame << 12 | parts.offset;
    demo.step("%s: %08lx = directory index %lu, table index %lu, offset %03lx.", what,
              static_cast<unsigned long>(address), static_cast<unsigned long>(parts.directory),
              static_cast<unsigned long>(parts.table), static_cast<unsigned long>(parts.offset));
    demo.note("frame %05llx, so the byte is at physical %08llx",
              static_cast<unsigned long long>(frame), static_cast<unsigned long long>(physical));
    demo.claim("its page is", "present", page_state(place).text());
    demo.claim_frame("the last byte of the page is in", frame,
                     frame_of(reinterpret_cast<const void*>(address | (kPage - 1))));
    demo.stop("%08lx is at physical %08llx and holds %02x", static_cast<unsigned long>(address),
              static_cast<unsigned long long>(physical),
              static_cast<unsigned>(static_cast<unsigned char>(peek(place))));
}

void show_neighbours(Demo& demo, std::byte* pages) {
    demo.step("Two pages that are neighbours in the address space, both written to.");
    poke(pages + kPage, 2);
    demo.claim("the table index of the second is larger by", 1,
               cut(reinterpret_cast<std::uintptr_t>(pages + kPage)).table -
                   cut(reinterpret_cast<std::uintptr_t>(pages)).table);
    demo.claim_other_frame("it is in", frame_of(pages), frame_of(pages + kPage));
    demo.note("frames %05llx and %05llx: nobody has promised that they are neighbours",
              static_cast<unsigned long long>(frame_of(pages)),
              static_cast<unsigned long long>(frame_of(pages + kPage)));
}

}  // namespace

int main(int argc, char** argv, char**) {
    Demo demo(argc, argv, "address", "directory, table, offset: from an address to a byte of RAM");
    const std::uintptr_t heap = sys::set_break(0);
    sys::set_break(heap + kPage);
    auto* const in_heap = reinterpret_cast<std::byte*>(heap);
    // At the start of 4 MiB, so that one table holds both pages.
    std::byte* const area = map(std::size_t{8} << 20);
    std::byte* const in_map = area + (-reinterpret_cast<std::uintptr_t>(area) & 0x3FFFFF);
    volatile char in_stack = 0x44;
    poke(&in_data, 0x12);
    poke(in_heap, 0x22);
    poke(in_map, 0x33);
    show(demo, "text", reinterpret_cast<const void*>(&main));
    show(demo, "data", &in_data);
    show(demo, "heap", in_heap);
    show(demo, "mmap", in_map);
    show(demo, "stack", &in_stack);
    show_neighbours(demo, in_map);
    return demo.result();
}
