// What a demonstration measures with: where its pages are, how often it faulted, what became of a
// child. All of it is asked from the kernel in Linux's formats: /proc/self/pagemap,
// /proc/self/smaps, getrusage(2), wait4(2).
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/abi/mman.h"
#include "kernel/abi/signal.h"
#include "user/demo/demo.h"
#include "user/system.h"

namespace quire::demo {

inline constexpr std::size_t kPage = 4096;

/// What pagemap says of one page. (Linux: Documentation/admin-guide/mm/pagemap.rst.)
struct PageState {
    bool present;
    bool swapped;
    bool of_object;       // a page of a file, or of shared memory
    bool alone;           // nobody else maps its frame
    std::uint64_t frame;  // 0 if it is not present

    /// "absent", "swapped" or "present".
    [[nodiscard]] const char* text() const;
};
PageState page_state(const volatile void* address);
inline std::uint64_t frame_of(const volatile void* address) {
    return page_state(address).frame;
}
/// How many of the pages have a frame, and how many a place in swap.
struct PageCounts {
    std::size_t present, swapped;
};
PageCounts count_pages(const volatile void* start, std::size_t bytes);

/// Of the region that holds an address, in smaps. Figures are KiB, "not there" is start == end.
struct Region {
    std::uintptr_t start, end;
    char rights[5];  // "rw-p"
    unsigned long size, resident, proportional, private_dirty, anonymous, swap, locked;
};
Region region_of(const volatile void* address);

/// Page faults of this process until now: answered from memory, or only after a read from a disk.
struct Faults {
    std::uint64_t minor, major;
    [[nodiscard]] std::uint64_t all() const { return minor + major; }
};
Faults faults();
inline Faults operator-(Faults later, Faults earlier) {
    return {later.minor - earlier.minor, later.major - earlier.major};
}
/// What `work` costs in faults.
template <typename Work>
Faults faults_of(Work&& work) {
    const Faults before = faults();
    work();
    return faults() - before;
}

/// A figure of /proc/meminfo by its name, in KiB.
std::uint64_t memory_info(const char* name);
/// A power of two, at most `most`: so many pages are in three fifths of RAM, and need not be
/// evicted while a demonstration looks at them.
std::size_t pages_that_fit(std::size_t most);

/// Memory of whole pages, zero when it is looked at, anonymous unless a file is named. The program
/// gives up if there is none. Huge pages are asked away: here a page is a page.
std::byte* map(std::size_t bytes, std::uint32_t flags = abi::kMapPrivate, int file = -1,
               std::byte* at = nullptr);
void unmap(std::byte* start, std::size_t bytes);

inline void stop_at(Demo& demo, const volatile void* page) {
    demo.stop_at(page, frame_of(page));
}

inline char peek(const volatile void* address) {
    return *static_cast<const volatile char*>(address);
}
inline void poke(volatile void* address, char value) {
    *static_cast<volatile char*>(address) = value;
}

/// From now on the handler is called for this signal, and told what the kernel knows of it. When it
/// returns, the instruction that was interrupted is tried again. sigaction(2), SA_SIGINFO.
using FaultHandler = void (*)(int signal, abi::SigInfo* info, abi::UContext* context);
void handle(std::uint32_t signal, FaultHandler handler);

/// "exit 0", "SIGSEGV".
const char* status_text(int status);
/// Waits for a child.
const char* end_of(long child);
/// What becomes of a child that does `work` and then exits with 0.
template <typename Work>
const char* end_of_child(Work&& work) {
    const long child = sys::fork();
    if (child == 0) {
        work();
        sys::exit(0);
    }
    return end_of(child);
}

}  // namespace quire::demo
