// Compiled with the flags of our C library: what is measured is what programs run.
#include "tests/bench/program_malloc.h"

#include <cstdlib>
#include <new>
#include <optional>

#include "libc/malloc/program_heap.h"

namespace quire {

namespace bench {
namespace {

// One heap at a fixed place, as a program has it.
alignas(libc::ProgramHeap) std::byte place[sizeof(libc::ProgramHeap)];
libc::ProgramHeap& the_heap() {
    return *reinterpret_cast<libc::ProgramHeap*>(place);
}
std::optional<libc::HeapHome> the_home;

}  // namespace

void start_program_heap(heap::PageSource& source) {
    the_home.emplace(
        libc::HeapHome{source, [] { return false; }, nullptr, nullptr, [] { std::abort(); }});
    new (place) libc::ProgramHeap;
}

}  // namespace bench

namespace libc {

// One thread: nobody waits.
void heap_lock_wait(const std::int32_t*, std::int32_t) {
    std::abort();
}
void heap_lock_wake(const std::int32_t*) {
    std::abort();
}
const HeapHome& home_of(const ProgramHeap&) {
    return *bench::the_home;
}

}  // namespace libc
}  // namespace quire

constexpr quire::libc::ReturnAddress kCaller;

using quire::bench::the_heap;

void* program_malloc(std::size_t size) {
    return the_heap().allocate(size, kCaller);
}
void* program_realloc(void* block, std::size_t size) {
    return the_heap().reallocate(block, size, kCaller);
}
void program_free(void* block) {
    the_heap().deallocate(block, kCaller);
}
