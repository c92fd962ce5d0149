#include "mm/policy_worth.h"

#include "kernel/base/assert.h"

namespace quire::mm {

bool WorthTable::Stretch::pays_more_than(const Stretch& other) const {
    return std::uint64_t{uses} * other.room > std::uint64_t{other.uses} * room;
}

std::uint32_t WorthTable::Stretch::rate() const {
    // At most 2^15 uses are remembered, half of them new.
    return room == 0 ? 0 : (uses << 16) / room;
}

// A life that began before what is remembered may end within it, so that more end than begin.
std::uint32_t WorthTable::never_used_again() const {
    std::uint32_t ended = 0;
    for (const std::uint32_t uses : uses_)
        ended += uses;
    return lives_ > ended ? lives_ - ended : 0;
}

// From the oldest age down: an age joins the stretch above it for as long as that one pays more.
// What stays apart pays less, so no line of sight that goes further is steeper.
void WorthTable::rate_all() {
    std::array<Stretch, kAges> above;
    std::uint32_t stretches = 0;
    std::uint32_t waiting = never_used_again();
    worth_[kAges - 1] = 0;
    for (std::uint32_t age = kAges - 1; age-- != 0;) {
        // Those who are used at this age take room for half of it, on average.
        Stretch stretch{uses_[age], 2 * waiting + uses_[age]};
        waiting += uses_[age];
        while (stretches != 0 && above[stretches - 1].pays_more_than(stretch)) {
            --stretches;
            stretch.uses += above[stretches].uses;
            stretch.room += above[stretches].room;
        }
        above[stretches++] = stretch;
        worth_[age] = stretch.rate();
    }
}

void WorthTable::update() {
    ASSERT(lives_ <= 2 * kMostLives);
    rate_all();
    lives_ /= 2;
    for (std::uint32_t& uses : uses_)
        uses /= 2;
}

}  // namespace quire::mm
