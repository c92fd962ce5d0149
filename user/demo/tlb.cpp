// tlb: the CPU keeps translations that it has used. What it keeps must be forgotten when an entry
// changes: that can be proved. That it keeps few of them can be timed, on a real CPU at least.
#include <algorithm>

#include "user/demo/demo.h"
#include "user/demo/look.h"

using namespace quire;
using namespace quire::demo;

namespace {

constexpr std::size_t kLine = 64;  // bytes of the CPU's cache that go together
constexpr std::size_t kLinesOfPage = kPage / kLine;
constexpr std::size_t kMostPages = 2048;
constexpr std::size_t kReads = 65536;
constexpr std::size_t kRounds = 500;

void protect(std::byte* page, std::uint32_t rights) {
    must("mprotect", system_call(SYS_mprotect, page, kPage, rights));
}

// Each child has used the page before its entry changes, so a CPU has the translation.
void changed_entries(Demo& demo) {
    std::byte* const page = map(kPage);
    demo.step("Write to a page, change its entry, and use the page again at once.");
    demo.claim("mprotect(PROT_READ): a child that writes ends by", "SIGSEGV", end_of_child([&] {
                   poke(page, 'a');
                   protect(page, abi::kProtRead);
                   poke(page, 'b');
               }));
    demo.claim("munmap: a child that reads ends by", "SIGSEGV", end_of_child([&] {
                   poke(page, 'a');
                   unmap(page, kPage);
                   peek(page);
               }));
    poke(page, 'a');
    system_call(SYS_madvise, page, kPage, abi::kMadvDontNeed);
    demo.claim("madvise(MADV_DONTNEED): it holds", 0, static_cast<std::uint64_t>(peek(page)));
    unmap(page, kPage);
}

void move(std::byte* from, std::byte* to) {
    must("mremap",
         system_call(SYS_mremap, from, kPage, kPage, abi::kMremapMayMove | abi::kMremapFixed, to));
}

// Two pages take turns at one address.
void one_address_two_frames(Demo& demo) {
    std::byte* const pages = map(3 * kPage);
    std::byte* const place = pages + 2 * kPage;
    poke(pages, 'a');
    poke(pages + kPage, 'b');
    std::uint64_t wrong = 0;
    for (std::size_t round = 0; round < kRounds; ++round) {
        std::byte* const page = pages + round % 2 * kPage;
        move(page, place);
        if (peek(place) != (page == pages ? 'a' : 'b')) ++wrong;
        move(place, page);
    }
    demo.step("Move one of two pages to an address, then the other one, %zu times.", kRounds);
    demo.claim("reads that found the wrong one", 0, wrong);
    unmap(pages, 2 * kPage);
}

char exchange(int from, int to, char byte) {
    must("write", sys::write(to, &byte, 1));
    if (sys::read(from, &byte, 1) != 1) sys::exit(2);
    return byte;
}

// Parent and child have different frames at one address, and take turns.
void one_address_two_processes(Demo& demo) {
    std::byte* const page = map(kPage);
    int to_child[2];
    int to_parent[2];
    must("pipe", sys::pipe(to_child, 0));
    must("pipe", sys::pipe(to_parent, 0));
    const long child = must("fork", sys::fork());
    const int from = child == 0 ? to_child[0] : to_parent[0];
    const int to = child == 0 ? to_parent[1] : to_child[1];
    const char own = child == 0 ? 'c' : 'p';
    std::uint64_t wrong = 0;
    for (std::size_t round = 0; round < kRounds; ++round) {
        const auto value = static_cast<char>(own + static_cast<int>(round % 8));
        poke(page, value);
        exchange(from, to, '.');
        if (peek(page) != value) ++wrong;
    }
    if (child == 0) sys::exit(wrong == 0 ? 0 : 1);
    demo.step("Parent and child write to one address, and take turns %zu times.", kRounds);
    demo.claim("reads of the parent that found the child's byte", 0, wrong);
    demo.claim("the child, which looked in the same way", "exit 0", end_of(child));
}

std::uint64_t clocks() {
    std::uint32_t low = 0, high = 0;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return std::uint64_t{high} << 32 | low;
}

// In each of `lines` cache lines a pointer to the next, in a ring whose order no CPU foresees: the
// triangular numbers modulo a power of two are all that there are.
std::byte* make_ring(std::byte* memory, std::size_t lines, std::size_t bytes_between) {
    std::size_t line = 0;
    for (std::size_t i = 1; i <= lines; ++i) {
        const std::size_t next = i < lines ? (line + i) % lines : 0;
        *reinterpret_cast<std::byte**>(memory + line * bytes_between) =
            memory + next * bytes_between;
        line = next;
    }
    return memory;
}

// Clocks for a hundred reads along a ring, the best of some tries. Each read must wait for the one
// before, so what it takes to find the byte cannot hide.
std::uint64_t time_of(std::byte* memory, std::size_t lines, std::size_t bytes_between) {
    std::byte* volatile at = make_ring(memory, lines, bytes_between);
    std::uint64_t best = ~std::uint64_t{0};
    for (int attempt = 0; attempt < 5; ++attempt) {
        std::byte* place = at;
        const std::uint64_t start = clocks();
        for (std::size_t i = 0; i < kReads; ++i)
            place = *reinterpret_cast<std::byte**>(place);
        best = std::min(best, clocks() - start);
        at = place;
    }
    return best * 100 / kReads;
}

void time_strides(Demo& demo) {
    constexpr std::size_t kFarApart = kPage + kLine;
    const std::size_t most = pages_that_fit(kMostPages);
    const std::size_t bytes = most * kFarApart;
    std::byte* const memory = map(bytes);
    for (std::size_t at = 0; at < bytes; at += kPage)
        poke(memory + at, 1);
    demo.step("Time reads of so many cache lines: packed into few pages, and one in each page.");
    const Faults cost = faults_of([&] {
        for (std::size_t lines = 16; lines <= most; lines *= 2) {
            const std::uint64_t packed = time_of(memory, lines, kLine);
            const std::uint64_t spread = time_of(memory, lines, kFarApart);
            const std::size_t pages = (lines + kLinesOfPage - 1) / kLinesOfPage;
            demo.note("%zu lines: %llu clocks for 100 reads in %zu page%s, %llu in %zu", lines,
                      static_cast<unsigned long long>(packed), pages, pages == 1 ? "" : "s",
                      static_cast<unsigned long long>(spread), lines);
        }
    });
    demo.claim("page faults of all that: it was the TLB or nothing", 0, cost.all());
}

}  // namespace

int main(int argc, char** argv, char**) {
    Demo demo(argc, argv, "tlb", "the CPU remembers translations, and must forget them in time");
    changed_entries(demo);
    one_address_two_frames(demo);
    one_address_two_processes(demo);
    time_strides(demo);
    return demo.result();
}
