// What an age is worth: the use that pages of this age still bring for the room they still take.
//
// A *life* begins when a page is used and ends when it is used again; its age counts generations
// (policy_generations.h). Of a hundred lives, these were seen to end at each age:
//
//     age                 0    1    2    3    4    5    6    7 ...
//     used again at it   60   10    2    0    0   20    0    0
//     still waiting     100   40   30   28   28   28    8    8     = room taken, a page an age
//
// Whoever keeps a page of age a until age b gets the uses in [a, b] and pays the room in [a, b];
// who is used at an age takes half of its room. The worth of age a is uses / room for the best b
// there is. So age 3 above is worth 20 / (28 + 28 + 18), all of it for what comes at age 5, and age
// 5 itself 20 / 18. Age 6 is worth nothing: the next use should have been by then. In a loop over
// more pages than memory holds the young are worth least, as they have the longest way to go;
// without a loop, the old. Nobody tells the policy which it is: it counts.
//
// In a drawing of uses against room, added up over the ages, the worth is the slope of the steepest
// line from a point to a later one (in the theory of scheduling: the Gittins index):
//
//     uses |        __--x 5         steepest line of sight from 3: to 5
//          |  x--x-x'
//          | /1  3 4
//          |x 0
//          +------------------ room
#pragma once

#include <array>
#include <cstdint>

namespace quire::mm {

class WorthTable {
  public:
    /// Ages are 0 .. kAges - 1. The last stands for everything older, and is worth nothing.
    static constexpr std::uint32_t kAges = 32;

    /// A life begins.
    void begin() { ++lives_; }

    /// A life ends, at an age of any size.
    void end(std::uint32_t age) {
        if (age < kAges - 1) ++uses_[age];
    }

    /// Works out what each age is worth from what was seen, and gives what was seen half the weight
    /// from now on. Precondition: fewer than kMostLives lives since the last time.
    void update();
    static constexpr std::uint32_t kMostLives = 1U << 14;

    /// As of the last update; 0 before it. Precondition: age < kAges.
    [[nodiscard]] std::uint32_t worth(std::uint32_t age) const { return worth_[age]; }

  private:
    /// Some neighbouring ages taken together.
    struct Stretch {
        std::uint32_t uses;
        std::uint32_t room;  // in half pages
        [[nodiscard]] bool pays_more_than(const Stretch& other) const;
        [[nodiscard]] std::uint32_t rate() const;
    };

    [[nodiscard]] std::uint32_t never_used_again() const;
    void rate_all();

    std::uint32_t lives_ = 0;
    std::array<std::uint32_t, kAges> uses_ = {};
    std::array<std::uint32_t, kAges> worth_ = {};
};

}  // namespace quire::mm
