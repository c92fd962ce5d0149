// thrashing: a program goes round its working set. As long as that fits into RAM it faults once for
// each page; when it does not, every round is a swapping to and fro.
#include "user/demo/demo.h"
#include "user/demo/look.h"
#include "user/demo/pressure.h"

using namespace quire;
using namespace quire::demo;

namespace {

void go_round(std::byte* set, std::size_t pages) {
    for (std::size_t i = 0; i < pages; ++i)
        poke(set + i * kPage, static_cast<char>(i));
}

// Page faults of a round through a set of so many pages, when all were written to once before.
Faults faults_of_a_round(Demo& demo, std::size_t pages, std::size_t frames) {
    std::byte* const set = map(pages * kPage);
    go_round(set, pages);
    const Faults round = faults_of([&] { go_round(set, pages); });
    demo.note(
        "working set %3zu per cent of RAM, %zu pages: %llu faults a round, %llu of them reads",
        (pages * 100 + frames / 2) / frames, pages, static_cast<unsigned long long>(round.all()),
        static_cast<unsigned long long>(round.major));
    unmap(set, pages * kPage);
    return round;
}

}  // namespace

int main(int argc, char** argv, char**) {
    Demo demo(argc, argv, "thrashing", "what happens when the working set is larger than RAM");
    const Pressure pressure = find_pressure();
    const std::size_t frames = pressure.frames;
    const std::size_t small_set = pressure.is_possible ? frames / 2 : 512;
    demo.step("Write to each page of a set, in order, again and again. RAM has %zu frames.",
              frames);
    demo.claim("half of them, or less: faults a round", 0,
               faults_of_a_round(demo, small_set, frames).all());
    if (!pressure.is_possible) {
        demo.note("%s", kNoPressure);
        return demo.result();
    }
    faults_of_a_round(demo, frames * 3 / 4, frames);
    faults_of_a_round(demo, frames, frames);
    faults_of_a_round(demo, (frames + pressure.pages) / 2, frames);
    const std::size_t most = pressure.pages;
    const Faults worst = faults_of_a_round(demo, most, frames);
    demo.claim_at_least("more than there are: faults a round", most - frames, worst.all());
    demo.claim_at_least("of them with a read from the disk", 1, worst.major);

    demo.step("Back to a set of half of RAM.");
    demo.claim("faults a round", 0, faults_of_a_round(demo, small_set, frames).all());
    return demo.result();
}
