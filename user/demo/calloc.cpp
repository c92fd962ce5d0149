// calloc: zeros from the C library. A large block comes from the kernel, which hands out nothing
// but zeros, so calloc has nothing to do; malloc and memset touch every page. A block that was in
// use before has to be cleared.
#include <stdlib.h>

#include "libc/string.h"
#include "user/demo/demo.h"
#include "user/demo/look.h"

using namespace quire;
using namespace quire::demo;

namespace {

constexpr std::size_t kPages = 128;  // so many that malloc maps them
constexpr std::size_t kBytes = kPages * kPage;
constexpr std::size_t kSmall = 1000;

std::uint64_t sum_of(const std::byte* block, std::size_t bytes) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < bytes; ++i)
        sum += static_cast<unsigned char>(peek(block + i));
    return sum;
}

std::size_t pages_in(std::uint64_t frame, const std::byte* block) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < kPages; ++i)
        if (frame_of(block + i * kPage) == frame) ++count;
    return count;
}

std::byte* take(void* block) {
    if (block == nullptr) give_up("malloc", -12);  // ENOMEM
    return static_cast<std::byte*>(block);
}

// What malloc notes of its blocks is made here, so that later only the block itself is counted.
void warm_up() {
    free(take(malloc(kSmall)));
    free(take(malloc(kBytes)));
}

std::byte* large(Demo& demo) {
    std::byte* zeros = nullptr;
    std::byte* cleared = nullptr;
    demo.step("calloc of %zu pages.", kPages);
    demo.claim("page faults", 0, faults_of([&] { zeros = take(calloc(kPages, kPage)); }).all());
    demo.claim("pages in RAM", 0, count_pages(zeros, kBytes).present);
    demo.step("malloc of as many, and memset to 0.");
    demo.claim("page faults", kPages, faults_of([&] {
                                          cleared = take(malloc(kBytes));
                                          memset(cleared, 0, kBytes);
                                      }).all());
    demo.claim("pages in RAM", kPages, count_pages(cleared, kBytes).present);
    free(cleared);
    return zeros;
}

void look_at(Demo& demo, std::byte* zeros) {
    demo.step("Read all bytes of calloc's block.");
    demo.claim("their sum", 0, sum_of(zeros, kBytes));
    const std::uint64_t shared = frame_of(zeros);
    demo.claim("pages that show the frame of the first", kPages, pages_in(shared, zeros));
    stop_at(demo, zeros + 7 * kPage);
    demo.step("Write 'z' (%d) into page 7.", 'z');
    demo.claim("page faults", 1, faults_of([&] { poke(zeros + 7 * kPage, 'z'); }).all());
    demo.claim("pages that still show it", kPages - 1, pages_in(shared, zeros));
    stop_at(demo, zeros + 6 * kPage);
    stop_at(demo, zeros + 7 * kPage);
}

void small(Demo& demo) {
    demo.step("Fill a block of %zu bytes with 'x' (%d), and free it.", kSmall, 'x');
    std::byte* block = take(malloc(kSmall));
    memset(block, 'x', kSmall);
    const auto place = reinterpret_cast<std::uintptr_t>(block);
    free(block);
    block = take(malloc(kSmall));
    demo.claim_address("malloc of as many answers", place, reinterpret_cast<std::uintptr_t>(block));
    demo.claim("byte 500 of it", 'x', static_cast<std::uint64_t>(peek(block + 500)));
    free(block);
    const Faults cost = faults_of([&] { block = take(calloc(1, kSmall)); });
    demo.claim_address("calloc answers", place, reinterpret_cast<std::uintptr_t>(block));
    demo.claim("the sum of its bytes", 0, sum_of(block, kSmall));
    demo.claim("page faults of clearing it", 0, cost.all());
    free(block);
}

// With 32 bits, 65537 * 65536 is 65536.
void product(Demo& demo) {
    volatile std::size_t count = 65537;
    volatile std::size_t size = 65536;
    demo.step("65537 objects of 65536 bytes: the product wraps to %zu.", count * size);
    void* const wrapped = malloc(count * size);
    void* const checked = calloc(count, size);
    demo.claim("malloc of the product answers", "a block", wrapped ? "a block" : "none");
    demo.claim("calloc of the two answers", "none", checked ? "a block" : "none");
    free(wrapped);
    free(checked);
}

}  // namespace

int main(int argc, char** argv, char**) {
    Demo demo(argc, argv, "calloc", "who asks for zeros need not write them");
    warm_up();
    std::byte* const zeros = large(demo);
    look_at(demo, zeros);
    free(zeros);
    small(demo);
    product(demo);
    return demo.result();
}
