// moving: mremap gives pages another address by moving their page-table entries. No byte is copied:
// realloc(3) of large blocks uses it.
#include <array>

#include "user/demo/demo.h"
#include "user/demo/look.h"

using namespace quire;
using namespace quire::demo;

namespace {

constexpr std::size_t kPages = 8;
constexpr std::size_t kBytes = kPages * kPage;
using Frames = std::array<std::uint64_t, kPages>;

Frames frames_of(const std::byte* pages) {
    Frames frames;
    for (std::size_t i = 0; i < kPages; ++i)
        frames[i] = frame_of(pages + i * kPage);
    return frames;
}

std::size_t same(const Frames& one, const Frames& other) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < kPages; ++i)
        if (one[i] == other[i] && one[i] != 0) ++count;
    return count;
}

// Where nothing is mapped.
std::byte* find_room(std::size_t bytes) {
    std::byte* const room = map(bytes);
    unmap(room, bytes);
    return room;
}

std::byte* move(std::byte* from, std::size_t bytes, std::byte* to) {
    return reinterpret_cast<std::byte*>(must(
        "mremap",
        system_call(SYS_mremap, from, kBytes, bytes, abi::kMremapMayMove | abi::kMremapFixed, to)));
}

}  // namespace

int main(int argc, char** argv, char**) {
    Demo demo(argc, argv, "moving", "mremap moves page-table entries, not bytes");
    std::byte* const here = map(kBytes);
    for (std::size_t i = 0; i < kPages; ++i)
        poke(here + i * kPage, static_cast<char>('a' + i));
    const Frames before = frames_of(here);
    std::byte* const there = find_room(2 * kBytes);
    stop_at(demo, here);
    demo.step("Write to %zu pages at %08lx, and move them to %08lx, twice as many.", kPages,
              reinterpret_cast<unsigned long>(here), reinterpret_cast<unsigned long>(there));
    std::byte* moved = nullptr;
    const Faults cost = faults_of([&] { moved = move(here, 2 * kBytes, there); });
    demo.claim_address("mremap answers", reinterpret_cast<std::uintptr_t>(there),
                       reinterpret_cast<std::uintptr_t>(moved));
    demo.claim("pages in the same frames as before", kPages, same(before, frames_of(moved)));
    demo.claim("page faults of moving", 0, cost.all());
    demo.claim("page faults of reading all", 0, faults_of([&] {
                                                    for (std::size_t i = 0; i < kPages; ++i)
                                                        peek(moved + i * kPage);
                                                }).all());
    demo.claim("what is in page 5", 'f', static_cast<std::uint64_t>(peek(moved + 5 * kPage)));

    stop_at(demo, here);
    stop_at(demo, moved);

    demo.step("The old place, and the new half.");
    demo.claim("the old place is", "absent", page_state(here).text());
    demo.claim("a child that reads there ends by", "SIGSEGV", end_of_child([&] { peek(here); }));
    demo.claim("pages of the new half in RAM", 0, count_pages(moved + kBytes, kBytes).present);

    demo.step("Copying the same %zu pages instead, as memcpy does.", kPages);
    std::byte* const copy = map(kBytes);
    const Faults copying = faults_of([&] {
        for (std::size_t i = 0; i < kBytes; ++i)
            poke(copy + i, peek(moved + i));
    });
    demo.claim("page faults", kPages, copying.all());
    demo.claim("pages in the same frames as before", 0, same(before, frames_of(copy)));
    return demo.result();
}
