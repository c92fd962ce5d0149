// mm/region_map against a list of regions and an array of pages.
//
// The universe is 1,500 pages at the bottom or at the top of user space, so that regions touch each
// other, the limits and each other's guards all the time. Every answer is compared; the slow mode
// checks all invariants after each step. A failure prints the seed; QUIRE_SEED=n repeats it.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/host/region_world.h"

namespace quire::mm {
namespace {

constexpr std::uint32_t kUniverse = 1500;

// A region as the model knows it.
struct Known {
    PageRange range;
    RegionTraits traits;
    MemoryObject* object;
    std::uint32_t object_page;
    Region* region;  // the product's
};

class Walk {
  public:
    Walk(PageNumber first, std::uint32_t seed, bool slow)
        : universe_(PageRange::of(first, PageCount(kUniverse))), random_(seed), slow_(slow) {}

    void run(std::uint32_t steps) {
        for (std::uint32_t step = 0; step < steps && !testing::Test::HasFatalFailure(); ++step) {
            // Drift between nearly empty and crowded.
            if (step % 3000 == 0) target_ = pick(kUniverse / 6);
            one_step();
            if (slow_) compare_all();
        }
        compare_all();
        EXPECT_EQ(world_.cache.cache().statistics().live, known_.size());
    }

    std::uint32_t merges() const { return merges_; }
    std::uint32_t refusals() const { return refusals_; }
    std::uint32_t gaps() const { return gaps_; }

  private:
    std::uint32_t pick(std::size_t n) { return static_cast<std::uint32_t>(random_() % n); }
    PageNumber any_page() { return universe_.first + PageCount(pick(kUniverse)); }
    // Half of them short, the others of any length; cut off at the end of the universe.
    PageRange any_range() {
        const PageNumber first = any_page();
        const PageCount count(1 + pick(pick(2) == 0 ? 6 : kUniverse));
        return PageRange::of(first, count).intersection(universe_);
    }
    RegionTraits any_traits() {
        RegionTraits traits{.rights = Rights::from_raw(pick(2)), .most = Rights::all()};
        traits.grows_down = pick(8) == 0;
        return traits;
    }

    void one_step() {
        const std::uint32_t what = pick(100);
        if (what < 30) {
            known_.size() < target_ ? create() : destroy();
        } else if (what < 35) {
            known_.size() < target_ ? destroy() : create();
        } else if (what < 45) {
            split();
        } else if (what < 55) {
            merge();
        } else if (what < 65) {
            resize();
        } else if (what < 70) {
            take_out_and_put_back();
        } else if (what < 75) {
            find_room();
        } else {
            look();
        }
    }

    // --- What changes ---

    void create() {
        const PageRange range = any_range();
        if (!is_free(range)) return;
        Known fresh{range, any_traits(), nullptr, 0, nullptr};
        if (pick(2) == 0) {
            fresh.object = pick(2) == 0 ? &world_.file : &world_.other_file;
            // Often the page that makes neighbours continue each other.
            fresh.object_page = pick(4) == 0 ? pick(100) : range.first.raw();
        }
        const bool fail = pick(20) == 0;
        if (fail) world_.frames.injector.fail_nth(1);
        const Result<Region*> made =
            world_.map.create(world_.space(), range, fresh.traits, fresh.object, fresh.object_page);
        ASSERT_EQ(made.ok(), !fail);
        if (fail) return refused();
        fresh.region = made.value();
        insert(fresh);
    }

    void destroy() {
        if (known_.empty()) return;
        const std::size_t index = pick(known_.size());
        world_.map.destroy(*known_[index].region);
        erase(index);
    }

    void split() {
        if (known_.empty()) return;
        Known& low = known_[pick(known_.size())];
        if (low.range.count() == PageCount(1)) return;
        const PageNumber at = low.range.first + PageCount(1 + pick(low.range.count().raw() - 1));
        const bool fail = pick(20) == 0;
        if (fail) world_.frames.injector.fail_nth(1);
        const Result<Region*> made = world_.map.split(*low.region, at);
        ASSERT_EQ(made.ok(), !fail);
        if (fail) return refused();
        Known high = low;
        high.range.first = at;
        if (high.object != nullptr) high.object_page += (at - low.range.first).raw();
        high.region = made.value();
        low.range.end = at;
        insert(high);
    }

    void refused() {
        ++refusals_;
        world_.map.check_invariants();
    }

    void merge() {
        if (known_.empty()) return;
        std::size_t index = pick(known_.size());
        Region* survivor = &world_.map.merge(*known_[index].region);
        if (index + 1 < known_.size() && joins(index)) join(index);
        if (index > 0 && joins(index - 1)) join(--index);
        ASSERT_EQ(survivor, known_[index].region);
    }

    bool joins(std::size_t index) const {
        const Known& low = known_[index];
        const Known& high = known_[index + 1];
        const std::uint32_t pages = low.object == nullptr ? 0 : low.range.count().raw();
        return low.range.end == high.range.first && low.traits == high.traits &&
               low.object == high.object && low.object_page + pages == high.object_page;
    }
    void join(std::size_t index) {
        ++merges_;
        known_[index].range.end = known_[index + 1].range.end;
        erase(index + 1);
    }

    void resize() {
        if (known_.empty()) return;
        const std::size_t index = pick(known_.size());
        Known& known = known_[index];
        const PageNumber lowest = index == 0 ? universe_.first : known_[index - 1].range.end;
        const PageNumber highest =
            index + 1 == known_.size() ? universe_.end : known_[index + 1].range.first;
        const PageCount room = highest - lowest;
        const PageNumber first = lowest + PageCount(pick(room.raw()));
        const PageNumber end = first + PageCount(1 + pick((highest - first).raw()));
        known.range = {first, end};
        if (known.object != nullptr) known.object_page = pick(2000);
        world_.map.resize(*known.region, known.range, known.object_page);
    }

    void take_out_and_put_back() {
        if (known_.empty()) return;
        const Known& known = known_[pick(known_.size())];
        world_.map.remove(*known.region);
        ASSERT_EQ(world_.map.size(), known_.size() - 1);
        ASSERT_TRUE(world_.map.is_free(known.range));
        if (slow_) world_.map.check_invariants();
        world_.map.insert(*known.region);
    }

    void insert(const Known& fresh) {
        const auto place = std::find_if(known_.begin(), known_.end(), [&](const Known& other) {
            return other.range.first > fresh.range.first;
        });
        known_.insert(place, fresh);
    }
    void erase(std::size_t index) {
        known_.erase(known_.begin() + static_cast<std::ptrdiff_t>(index));
    }

    // --- What is asked ---

    bool is_free(PageRange range) const {
        return std::none_of(known_.begin(), known_.end(),
                            [&](const Known& known) { return known.range.overlaps(range); });
    }

    void look() {
        const PageNumber page = any_page();
        Region* contains = nullptr;
        Region* ends_after = nullptr;
        for (const Known& known : known_) {
            if (known.range.contains(page)) contains = known.region;
            if (ends_after == nullptr && page < known.range.end) ends_after = known.region;
        }
        ASSERT_EQ(world_.map.find(page), contains);
        ASSERT_EQ(world_.map.find(page), contains);
        ASSERT_EQ(world_.map.first_ending_after(page), ends_after);
        const PageRange range = any_range();
        ASSERT_EQ(world_.map.is_free(range), is_free(range));
        ASSERT_EQ(world_.map.size(), known_.size());
    }

    // Page by page: taken is what is mapped, and what lies unmapped in the 256 pages below a stack.
    std::vector<bool> taken_pages() const {
        std::vector<bool> mapped(kUniverse);
        const auto index = [&](PageNumber page) { return (page - universe_.first).raw(); };
        for (const Known& known : known_)
            for (PageNumber page = known.range.first; page < known.range.end; ++page)
                mapped[index(page)] = true;
        std::vector<bool> taken = mapped;
        for (const Known& known : known_) {
            if (!known.traits.grows_down) continue;
            std::uint32_t page = index(known.range.first);
            for (std::uint32_t i = 0; i < 256 && page > 0 && !mapped[page - 1]; ++i)
                taken[--page] = true;
        }
        return taken;
    }

    void find_room() {
        const std::vector<bool> taken = taken_pages();
        const std::uint32_t first = pick(kUniverse);
        const std::uint32_t end = pick(4) == 0 ? kUniverse : first + pick(kUniverse - first + 1);
        const std::uint32_t count = 1 + pick(pick(2) == 0 ? 4 : 300);
        std::optional<PageNumber> lowest;
        std::optional<PageNumber> highest;
        std::uint32_t run = 0;
        for (std::uint32_t page = first; page < end; ++page) {
            run = taken[page] ? 0 : run + 1;
            if (run < count) continue;
            highest = universe_.first + PageCount(page + 1 - count);
            if (!lowest) lowest = highest;
        }
        const PageRange within{universe_.first + PageCount(first),
                               universe_.first + PageCount(end)};
        ASSERT_EQ(world_.map.find_gap_from_bottom(within, PageCount(count)), lowest);
        ASSERT_EQ(world_.map.find_gap_from_top(within, PageCount(count)), highest);
        if (lowest) ++gaps_;
    }

    void compare_all() {
        world_.map.check_invariants();
        PageCount total;
        Region* region = world_.map.first();
        Region* before = nullptr;
        for (const Known& known : known_) {
            ASSERT_EQ(region, known.region);
            ASSERT_EQ(region->range(), known.range);
            ASSERT_EQ(region->traits(), known.traits);
            ASSERT_EQ(region->object(), known.object);
            ASSERT_EQ(region->object_page(), known.object_page);
            ASSERT_EQ(world_.map.previous(*region), before);
            total += known.range.count();
            before = region;
            region = world_.map.next(*region);
        }
        ASSERT_EQ(region, nullptr);
        ASSERT_EQ(world_.map.last(), before);
        ASSERT_EQ(world_.map.size(), known_.size());
        ASSERT_EQ(world_.map.total_pages(), total);
    }

    test::RegionWorld world_;
    std::vector<Known> known_;  // in order of address
    PageRange universe_;
    std::uint32_t target_ = 0;
    std::uint32_t merges_ = 0;
    std::uint32_t refusals_ = 0;
    std::uint32_t gaps_ = 0;
    std::mt19937 random_;
    bool slow_;
};

constexpr PageNumber kBottom = kUserPages.first;
constexpr PageNumber kTop{kUserPages.end.raw() - kUniverse};

TEST(RegionMapModel, AMillionRandomOperations) {
    const std::uint32_t seed = test::random_seed(1);
    SCOPED_TRACE("QUIRE_SEED=" + std::to_string(seed));
    for (PageNumber first : {kBottom, kTop}) {
        Walk walk(first, seed + first.raw(), false);
        walk.run(500000);
        EXPECT_GT(walk.merges(), 5000U);
        EXPECT_GT(walk.refusals(), 1000U);
        EXPECT_GT(walk.gaps(), 5000U);
    }
}

TEST(RegionMapModel, EveryStepIsCheckedInTheSlowMode) {
    const std::uint32_t seed = test::random_seed(2);
    SCOPED_TRACE("QUIRE_SEED=" + std::to_string(seed));
    for (PageNumber first : {kBottom, kTop}) {
        Walk walk(first, seed + first.raw(), true);
        walk.run(10000);
    }
}

}  // namespace
}  // namespace quire::mm
