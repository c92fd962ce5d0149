// locked: mlock keeps pages in RAM, whatever comes. What was not locked goes to swap.
#include "user/demo/demo.h"
#include "user/demo/look.h"
#include "user/demo/pressure.h"

using namespace quire;
using namespace quire::demo;

namespace {

constexpr std::size_t kPages = 64;
constexpr std::size_t kBytes = kPages * kPage;

void write_all(std::byte* start, std::size_t pages) {
    for (std::size_t i = 0; i < pages; ++i)
        poke(start + i * kPage, static_cast<char>(i));
}

std::size_t wrong_pages(const std::byte* start) {
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < kPages; ++i)
        if (peek(start + i * kPage) != static_cast<char>(i)) ++wrong;
    return wrong;
}

// All pages were written to, so each has a frame or is in swap; and there are not so many frames.
std::byte* take_everything(Demo& demo, const Pressure& pressure) {
    demo.step("Write to %zu KiB of other memory; RAM has %zu.", pressure.pages * 4,
              pressure.frames * 4);
    std::byte* const much = map(pressure.pages * kPage);
    write_all(much, pressure.pages);
    demo.claim_at_least("pages of it in swap", pressure.pages - pressure.frames,
                        count_pages(much, pressure.pages * kPage).swapped);
    return much;
}

void press(Demo& demo, std::byte* locked, std::byte* other, const Pressure& pressure) {
    const std::uint64_t frame = frame_of(locked + 7 * kPage);
    stop_at(demo, locked + 7 * kPage);
    std::byte* const much = take_everything(demo, pressure);
    demo.claim("locked pages in RAM", kPages, count_pages(locked, kBytes).present);
    demo.claim_frame("page 7 is still in", frame, frame_of(locked + 7 * kPage));
    stop_at(demo, locked + 7 * kPage);
    const std::size_t swapped = count_pages(other, kBytes).swapped;
    demo.note(
        "of as many pages that were not locked %zu are in swap: that is for the policy to say",
        swapped);

    demo.step("Read all of them.");
    std::size_t wrong = 1;
    demo.claim("page faults, locked", 0, faults_of([&] { wrong = wrong_pages(locked); }).all());
    demo.claim("pages with wrong contents", 0, wrong);
    const Faults faults_of_other = faults_of([&] { wrong = wrong_pages(other); });
    demo.claim_at_least("page faults, not locked", swapped, faults_of_other.all());
    demo.claim("pages with wrong contents", 0, wrong);
    const Faults faults_of_much = faults_of([&] {
        for (std::size_t i = 0; i < pressure.pages; ++i)
            peek(much + i * kPage);
    });
    demo.claim_at_least("page faults, the other memory", pressure.pages - pressure.frames,
                        faults_of_much.all());
}

}  // namespace

int main(int argc, char** argv, char**) {
    Demo demo(argc, argv, "locked", "mlock keeps pages in RAM, whatever comes");
    std::byte* const locked = map(kBytes);
    std::byte* const other = map(kBytes);
    demo.step("Map %zu pages and lock them, untouched as they are.", kPages);
    must("mlock", system_call(SYS_mlock, locked, kBytes));
    demo.claim("pages in RAM", kPages, count_pages(locked, kBytes).present);
    demo.claim("faults of writing to all", 0, faults_of([&] { write_all(locked, kPages); }).all());
    write_all(other, kPages);
    const Pressure pressure = find_pressure();
    if (pressure.is_possible) {
        press(demo, locked, other, pressure);
    } else {
        demo.note("%s", kNoPressure);
    }
    return demo.result();
}
