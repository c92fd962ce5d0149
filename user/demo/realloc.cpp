// realloc: a block that gets larger stays where there is room behind it, and moves where there is
// none. A small one moves by being copied; a large one by its page-table entries (moving.cpp).
#include <stdlib.h>

#include <array>

#include "libc/string.h"
#include "user/demo/demo.h"
#include "user/demo/look.h"

using namespace quire;
using namespace quire::demo;

namespace {

constexpr std::size_t kPages = 64;  // so many that malloc maps them
constexpr std::size_t kBytes = kPages * kPage;
using Frames = std::array<std::uint64_t, kPages>;

std::uintptr_t address_of(const void* block) {
    return reinterpret_cast<std::uintptr_t>(block);
}

std::byte* take(void* block) {
    if (block == nullptr) give_up("malloc", -12);  // ENOMEM
    return static_cast<std::byte*>(block);
}

bool all_are(const std::byte* block, std::size_t bytes, char value) {
    for (std::size_t i = 0; i < bytes; ++i)
        if (peek(block + i) != value) return false;
    return true;
}

std::size_t same(const Frames& frames, const std::byte* block) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < kPages; ++i)
        if (frames[i] != 0 && frames[i] == frame_of(block + i * kPage)) ++count;
    return count;
}

void small(Demo& demo) {
    std::byte* block = take(malloc(1000));
    memset(block, 'x', 1000);
    const std::uintptr_t place = address_of(block);
    demo.step("A block of 1000 bytes, and nothing behind it: realloc to 2000.");
    block = take(realloc(block, 2000));
    demo.claim_address("it stays: realloc answers", place, address_of(block));

    void* const neighbour = take(malloc(1000));
    demo.step("Another block behind it, at %08lx: realloc to 4000.",
              static_cast<unsigned long>(address_of(neighbour)));
    demo.claim("the other begins where it ends, but for a header", "yes",
               address_of(neighbour) - place <= 2000 + 16 ? "yes" : "no");
    block = take(realloc(block, 4000));
    demo.claim("it moves", "yes", address_of(block) != place ? "yes" : "no");
    demo.claim("its first 1000 bytes are still 'x'", "yes",
               all_are(block, 1000, 'x') ? "yes" : "no");
    free(neighbour);
    free(block);
}

std::byte* show_growth(Demo& demo, std::byte* block, std::size_t bytes, const Frames& frames,
                       bool stays) {
    const std::uintptr_t place = address_of(block);
    const Faults cost = faults_of([&] { block = take(realloc(block, bytes)); });
    demo.claim(stays ? "it stays" : "it moves", "yes",
               (address_of(block) == place) == stays ? "yes" : "no");
    demo.claim("pages in the same frames as before", kPages, same(frames, block));
    demo.claim("page faults", 0, cost.all());
    demo.claim("pages of the new part in RAM", 0,
               count_pages(block + kBytes, bytes - kBytes).present);
    return block;
}

// A block of mapped memory with room for kPages behind it, and then somebody else's page.
std::byte* block_with_room() {
    std::byte* const above = map(kBytes + kPage);
    std::byte* const block = take(malloc(kBytes));
    unmap(above, kBytes);
    return block;
}

void large(Demo& demo) {
    free(take(malloc(kBytes)));  // what malloc notes of large blocks is made here
    std::byte* block = block_with_room();
    memset(block, 'y', kBytes);
    Frames frames;
    for (std::size_t i = 0; i < kPages; ++i)
        frames[i] = frame_of(block + i * kPage);
    stop_at(demo, block);
    demo.step("A block of %zu pages, and nothing in the %zu behind it: realloc to %zu.", kPages,
              kPages, 2 * kPages);
    block = show_growth(demo, block, 2 * kBytes, frames, true);

    demo.step("A page of another mapping is behind it now: realloc to %zu.", 4 * kPages);
    std::byte* const old_place = block;
    block = show_growth(demo, block, 4 * kBytes, frames, false);
    demo.claim("the old place is", "absent", page_state(old_place).text());
    demo.claim("all bytes are still 'y'", "yes", all_are(block, kBytes, 'y') ? "yes" : "no");
    stop_at(demo, old_place);
    stop_at(demo, block);

    demo.step("More than there can be: realloc to 2 GiB.");
    demo.claim("it answers", "null", realloc(block, std::size_t{1} << 31) ? "a block" : "null");
    demo.claim("the block is still there: pages in the same frames", kPages, same(frames, block));
    free(block);
}

void shrink(Demo& demo) {
    demo.step("A block of %zu pages, all written to: realloc to %zu.", 2 * kPages, kPages);
    std::byte* block = take(malloc(2 * kBytes));
    memset(block, 'z', 2 * kBytes);
    const std::uintptr_t place = address_of(block);
    block = take(realloc(block, kBytes));
    demo.claim_address("it stays: realloc answers", place, address_of(block));
    demo.claim("pages in RAM", kPages, count_pages(block, kBytes).present);
    demo.claim("of those that were cut off", 0, count_pages(block + kBytes, kBytes).present);
    free(block);
}

}  // namespace

int main(int argc, char** argv, char**) {
    Demo demo(argc, argv, "realloc", "a block that grows stays if it can, and moves if it must");
    small(demo);
    large(demo);
    shrink(demo);
    return demo.result();
}
