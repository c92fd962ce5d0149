// three-states: what a page of an address space can be: unallocated, uncached, cached.
#include "user/demo/demo.h"
#include "user/demo/look.h"

using namespace quire;
using namespace quire::demo;

namespace {

constexpr std::size_t kPages = 4;
constexpr std::size_t kBytes = kPages * kPage;

const char* is_allocated(const std::byte* address) {
    return region_of(address).start != 0 ? "a region" : "no region";
}

void show_unallocated(Demo& demo, const std::byte* pages) {
    demo.claim("/proc/self/smaps has there", "no region", is_allocated(pages));
    demo.claim("/proc/self/pagemap says", "absent", page_state(pages).text());
    demo.claim("a child that reads it ends by", "SIGSEGV", end_of_child([&] { peek(pages); }));
}

void show_uncached(Demo& demo, std::byte* pages) {
    demo.step("Uncached: mmap allocates %zu pages there. That is a promise, not memory.", kPages);
    map(kBytes, abi::kMapPrivate | abi::kMapFixed, -1, pages);
    demo.claim("/proc/self/smaps has there", "a region", is_allocated(pages));
    demo.claim("KiB of it in RAM", 0, region_of(pages).resident);
    demo.claim("/proc/self/pagemap says", "absent", page_state(pages + kPage).text());
    demo.stop("page %lx is uncached", reinterpret_cast<unsigned long>(pages + kPage));
}

void show_cached(Demo& demo, std::byte* pages) {
    std::byte* const page = pages + kPage;
    demo.step("Cached: page 1 of the %zu is written to.", kPages);
    demo.claim("page faults of the first write", 1, faults_of([&] { poke(page, 'q'); }).all());
    demo.claim("/proc/self/pagemap says of page 1", "present", page_state(page).text());
    demo.claim("and of page 2", "absent", page_state(page + kPage).text());
    demo.claim("page faults of the second write", 0, faults_of([&] { poke(page, 'u'); }).all());
    demo.stop("page %lx is cached in frame %05llx", reinterpret_cast<unsigned long>(page),
              static_cast<unsigned long long>(frame_of(page)));
}

void throw_away(Demo& demo, std::byte* pages) {
    demo.step("Back to uncached: madvise(MADV_DONTNEED) throws the contents away.");
    must("madvise", system_call(SYS_madvise, pages, kBytes, abi::kMadvDontNeed));
    demo.claim("/proc/self/smaps has there", "a region", is_allocated(pages));
    demo.claim("/proc/self/pagemap says of page 1", "absent", page_state(pages + kPage).text());
    demo.claim("what is read there", 0, static_cast<unsigned char>(peek(pages + kPage)));
}

}  // namespace

int main(int argc, char** argv, char**) {
    Demo demo(argc, argv, "three-states", "a page is unallocated, uncached or cached");
    std::byte* const pages = map(kBytes);
    unmap(pages, kBytes);
    demo.step("Unallocated: %lx, of which nobody has told the kernel what should be there.",
              reinterpret_cast<unsigned long>(pages));
    show_unallocated(demo, pages);
    show_uncached(demo, pages);
    show_cached(demo, pages);
    throw_away(demo, pages);
    demo.step("Back to unallocated: munmap.");
    unmap(pages, kBytes);
    show_unallocated(demo, pages);
    return demo.result();
}
