// demand-zero: untouched memory that is read shows one frame of zeros, whoever reads it; a page
// gets a frame of its own by the first write.
#include "user/demo/demo.h"
#include "user/demo/look.h"

using namespace quire;
using namespace quire::demo;

namespace {

constexpr std::size_t kPages = 8;
constexpr std::size_t kBytes = kPages * kPage;

std::size_t pages_that_show(const std::byte* pages, std::uint64_t frame) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < kPages; ++i)
        if (frame_of(pages + i * kPage) == frame) ++count;
    return count;
}

unsigned sum_of(const std::byte* start, std::size_t bytes) {
    unsigned sum = 0;
    for (std::size_t i = 0; i < bytes; ++i)
        sum += static_cast<unsigned char>(peek(start + i));
    return sum;
}

// The pages are untouched. Returns the frame of zeros.
std::uint64_t read_all(Demo& demo, const std::byte* pages) {
    demo.step("Read all bytes of %zu pages that nobody has ever touched.", kPages);
    unsigned sum = 1;
    const Faults reading = faults_of([&] { sum = sum_of(pages, kBytes); });
    const std::uint64_t zeros = frame_of(pages);
    demo.claim("their sum", 0, sum);
    demo.claim("page faults", kPages, reading.minor);
    demo.claim("of them with a read from a disk", 0, reading.major);
    demo.claim("pages that show the frame of the first", kPages, pages_that_show(pages, zeros));
    demo.claim("KiB of RAM this costs", 0, region_of(pages).resident);
    demo.stop("page %lx reads frame %05llx", reinterpret_cast<unsigned long>(pages),
              static_cast<unsigned long long>(zeros));
    return zeros;
}

void write_one(Demo& demo, std::byte* pages, std::uint64_t zeros) {
    std::byte* const page = pages + 3 * kPage;
    demo.step("Write one byte into page 3.");
    const Faults writing = faults_of([&] { poke(page, 'q'); });
    demo.claim("page faults", 1, writing.all());
    demo.claim_other_frame("page 3 shows", zeros, frame_of(page));
    demo.claim("pages that still show the frame of zeros", kPages - 1,
               pages_that_show(pages, zeros));
    demo.claim("the sum of all bytes", 'q', sum_of(pages, kBytes));
    demo.claim("KiB of RAM this costs", kPage / 1024, region_of(pages).anonymous);
    demo.stop("page %lx is in frame %05llx", reinterpret_cast<unsigned long>(page),
              static_cast<unsigned long long>(frame_of(page)));
}

void write_unread(Demo& demo, std::uint64_t zeros) {
    demo.step("Write into %zu pages that were not even read before.", kPages);
    std::byte* const fresh = map(kBytes);
    const Faults filling = faults_of([&] {
        for (std::size_t i = 0; i < kPages; ++i)
            poke(fresh + i * kPage, 'w');
    });
    demo.claim("page faults", kPages, filling.minor);
    demo.claim("of them that show the frame of zeros", 0, pages_that_show(fresh, zeros));
    demo.claim("the sum of all bytes", kPages * 'w', sum_of(fresh, kBytes));
}

}  // namespace

int main(int argc, char** argv, char**) {
    Demo demo(argc, argv, "demand-zero", "zeros cost nothing until somebody writes");
    std::byte* const pages = map(kBytes);
    const std::uint64_t zeros = read_all(demo, pages);

    demo.step("Map other memory, and read it.");
    std::byte* const others = map(kPage);
    peek(others);
    demo.claim_frame("it shows", zeros, frame_of(others));

    write_one(demo, pages, zeros);
    write_unread(demo, zeros);
    return demo.result();
}
