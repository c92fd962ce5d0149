// mm/page_tree against std::map, with memory that runs out.
//
// Indexes are drawn near a few places, so that nodes fill, empty, and the tree changes its height.
// A failure prints the seed; QUIRE_SEED=n repeats it.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>

#include "mm/page_tree.h"
#include "tests/host/frame_world.h"

namespace quire::mm {
namespace {

using test::FrameWorld;

class Walk {
  public:
    Walk(std::uint32_t seed, bool slow)
        : world_(512),
          registry_(world_.allocator),
          nodes_(registry_, "node"),
          tree_(nodes_),
          random_(seed),
          slow_(slow) {
        test::reset_host_ram();
    }

    void run(std::uint32_t steps) {
        for (std::uint32_t step = 0; step < steps && !testing::Test::HasFatalFailure(); ++step) {
            if (step % 5000 == 0) filling_ = 25 + pick(60);
            one_step();
            if (slow_) compare();
        }
        compare();
    }

    void finish() {
        while (!model_.empty())
            erase(model_.begin()->first);
        while (!reserved_.empty())
            erase(*reserved_.begin());
        compare();
        ASSERT_TRUE(tree_.empty());
        ASSERT_EQ(nodes_.cache().statistics().live, 0U);
    }

    std::uint32_t refusals() const { return refusals_; }

  private:
    struct Known {
        std::uint32_t word;
        bool marked;
    };

    std::uint32_t pick(std::size_t n) { return static_cast<std::uint32_t>(random_() % n); }

    std::uint32_t some_index() {
        const std::uint32_t places[] = {0,        40,       4000,     262100,    16777200,
                                        1U << 27, 1U << 30, 3U << 30, ~0U - 150, 64 * 64 * 5};
        return places[pick(std::size(places))] + pick(pick(4) == 0 ? 5000 : 150);
    }

    void one_step() {
        const std::uint32_t what = pick(100);
        const std::uint32_t index = some_index();
        if (what < 60) return pick(100) < filling_ ? put(index) : erase_near(index);
        if (what < 70) return reserve(index);
        if (what < 80) return mark(index);
        if (what < 90) return look(index);
        ASSERT_EQ(tree_.get(index), model_.count(index) != 0 ? model_[index].word : 0);
    }

    void put(std::uint32_t index) {
        const bool fail = pick(10) == 0;
        const bool certain = model_.count(index) != 0 || reserved_.count(index) != 0;
        const std::uint32_t before = nodes_.cache().statistics().live;
        if (fail) world_.injector.fail_nth(1 + pick(3));
        const std::uint32_t word = static_cast<std::uint32_t>(random_()) | 1;
        const Result<void> done = tree_.set(index, word);
        world_.injector.fail_nth(0);
        if (!done.ok()) {
            ASSERT_TRUE(fail && !certain);
            ASSERT_EQ(nodes_.cache().statistics().live, before);
            ++refusals_;
            return;
        }
        reserved_.erase(index);
        model_[index].word = word;
    }

    void erase(std::uint32_t index) {
        ASSERT_TRUE(tree_.set(index, 0).ok());
        model_.erase(index);
        reserved_.erase(index);
    }
    void erase_near(std::uint32_t index) {
        const auto found = model_.lower_bound(index);
        if (pick(10) != 0 && found != model_.end()) return erase(found->first);
        erase(index);
    }

    void reserve(std::uint32_t index) {
        if (reserved_.size() > 20) return erase(*reserved_.begin());
        const bool fail = pick(4) == 0;
        if (fail) world_.injector.fail_nth(1 + pick(3));
        const Result<void> done = tree_.reserve(index);
        world_.injector.fail_nth(0);
        ASSERT_TRUE(fail || done.ok());
        if (done.ok() && model_.count(index) == 0) reserved_.insert(index);
    }

    void mark(std::uint32_t index) {
        const auto found = model_.lower_bound(index);
        if (found == model_.end()) return;
        found->second.marked = pick(2) == 0;
        tree_.set_mark(found->first, found->second.marked);
        ASSERT_EQ(tree_.is_marked(found->first), found->second.marked);
    }

    void look(std::uint32_t from) {
        auto found = model_.lower_bound(from);
        const auto used = tree_.next_used(from);
        ASSERT_EQ(used.has_value(), found != model_.end());
        if (used.has_value()) {
            ASSERT_EQ(*used, (PageTree::Entry{found->first, found->second.word}));
        }
        while (found != model_.end() && !found->second.marked)
            ++found;
        const auto marked = tree_.next_marked(from);
        ASSERT_EQ(marked.has_value(), found != model_.end());
        if (marked.has_value()) {
            ASSERT_EQ(*marked, (PageTree::Entry{found->first, found->second.word}));
        }
    }

    void compare() {
        tree_.check_invariants();
        ASSERT_EQ(nodes_.cache().statistics().live, tree_.count_nodes());
        auto expected = model_.begin();
        for (auto at = tree_.next_used(0); at.has_value(); ++expected) {
            ASSERT_NE(expected, model_.end());
            ASSERT_EQ(*at, (PageTree::Entry{expected->first, expected->second.word}));
            ASSERT_EQ(tree_.is_marked(at->index), expected->second.marked);
            if (at->index == ~0U) {
                ++expected;
                break;
            }
            at = tree_.next_used(at->index + 1);
        }
        ASSERT_EQ(expected, model_.end());
    }

    FrameWorld world_;
    SlabRegistry registry_;
    PageTree::NodeCache nodes_;
    PageTree tree_;
    std::map<std::uint32_t, Known> model_;
    std::set<std::uint32_t> reserved_;
    std::uint32_t filling_ = 50;
    std::uint32_t refusals_ = 0;
    std::mt19937 random_;
    bool slow_;
};

TEST(PageTreeModel, AMillionRandomOperations) {
    const std::uint32_t seed = test::random_seed(51);
    SCOPED_TRACE("QUIRE_SEED=" + std::to_string(seed));
    Walk walk(seed, false);
    walk.run(1000000);
    walk.finish();
    EXPECT_GT(walk.refusals(), 100U);
}

TEST(PageTreeModel, EveryStepIsCheckedInTheSlowMode) {
    const std::uint32_t seed = test::random_seed(52);
    SCOPED_TRACE("QUIRE_SEED=" + std::to_string(seed));
    for (std::uint32_t turn = 0; turn < 3; ++turn) {
        Walk walk(seed + turn, true);
        walk.run(1500);
        walk.finish();
    }
}

}  // namespace
}  // namespace quire::mm
