// mm/swap_space against a table of slots kept in the plainest way.
//
// Several areas come and go while pages are swapped out, in runs and alone, shared, brought in and
// forgotten. The model knows names, frame and shadow of every slot; what a slot holds on the store
// is its own number, checked by each read. A failure prints the seed; QUIRE_SEED=n repeats it.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "mm/swap_space.h"
#include "tests/host/frame_world.h"
#include "tests/host/memory_store.h"

namespace quire::mm {
namespace {

using test::MemoryStore;

struct Slot {
    std::uint32_t names = 0;
    std::uint32_t frame = 0;
    Shadow shadow = 0;
    std::uint32_t content = 0;  // 0: never written
};

struct ModelArea {
    std::unique_ptr<MemoryStore> store;
    std::vector<SlotRecord> records;
    AreaId id{};
    int priority = 0;
    bool allocating = true;
};

class Walk {
  public:
    Walk(std::uint32_t seed, std::uint32_t largest_area, bool slow)
        : random_(seed), largest_area_(largest_area), slow_(slow) {
        test::reset_host_ram();
        add_area();
    }

    void run(std::uint32_t steps) {
        for (std::uint32_t step = 0; step < steps && !testing::Test::HasFatalFailure(); ++step) {
            if (step % 3000 == 0) pressure_ = 20 + pick(70);  // drift between empty and full
            one_step();
            if (slow_) compare();
        }
        compare();
    }

    void finish() {
        while (!slots_.empty())
            forget(slots_.begin()->first);
        for (ModelArea& area : areas_)
            ASSERT_TRUE(swap_.remove_area(area.id).ok());
        areas_.clear();
        compare();
    }

    std::uint32_t refusals() const { return refusals_; }
    std::uint32_t areas_made() const { return areas_made_; }

  private:
    std::uint32_t pick(std::size_t n) { return static_cast<std::uint32_t>(random_() % n); }
    FrameNumber some_frame() { return FrameNumber(1 + pick(500)); }

    void one_step() {
        const std::uint32_t what = pick(1000);
        if (what < 4) return add_area();
        if (what < 8) return retire_area();
        if (what < 14) return toggle_area();
        if (pick(100) < pressure_) {
            if (what < 100) return allocate_run();
            return allocate();
        }
        if (slots_.empty()) return;
        const SwapSlot slot = some_slot();
        if (what < 300) return drop_something(slot);
        if (what < 500) return forget(slot);
        if (what < 650) return change_names(slot);
        if (what < 750) return change_cache(slot);
        if (what < 850) return move_content(slot);
        if (what < 900) return look_around(slot);
        slots_[slot].shadow = pick(kMaxShadow + std::size_t{1});
        swap_.set_shadow(slot, slots_[slot].shadow);
    }

    SwapSlot some_slot() {
        const auto found = slots_.lower_bound(SwapSlot(pick(9 * 4096)));
        return found == slots_.end() ? slots_.begin()->first : found->first;
    }

    // --- Areas ---

    void add_area() {
        ModelArea area;
        const std::uint32_t pages = 1 + pick(largest_area_);
        area.store = std::make_unique<MemoryStore>(pages);
        area.records.resize(SwapSpace::records_needed(PageCount(pages)));
        area.priority = static_cast<int>(pick(3));
        const Result<AreaId> id =
            swap_.add_area(*area.store, PageCount(pages), area.priority, area.records);
        ASSERT_EQ(id.ok(), pages > 1 && areas_.size() < SwapSpace::kMaxAreas);
        if (!id.ok()) return;
        area.id = id.value();
        areas_.push_back(std::move(area));
        ++areas_made_;
    }

    void retire_area() {
        if (areas_.size() < 2) return;
        const std::size_t index = pick(areas_.size());
        const SlotRange range = swap_.area(areas_[index].id).slots;
        swap_.stop_allocating(areas_[index].id);
        areas_[index].allocating = false;
        if (pick(2) == 0) {
            for (SwapSlot slot = range.first; slot < range.end; ++slot)
                if (swap_.in_use(slot)) forget(slot);
        }
        const auto found = slots_.lower_bound(range.first);
        const bool busy = found != slots_.end() && found->first < range.end;
        const Result<void> removed = swap_.remove_area(areas_[index].id);
        ASSERT_EQ(removed.ok(), !busy);
        if (removed.ok()) areas_.erase(areas_.begin() + static_cast<std::ptrdiff_t>(index));
    }

    void toggle_area() {
        if (areas_.empty()) return;
        ModelArea& area = areas_[pick(areas_.size())];
        area.allocating = pick(3) != 0;
        if (area.allocating) {
            swap_.start_allocating(area.id);
        } else {
            swap_.stop_allocating(area.id);
        }
    }

    ModelArea& area_with(SwapSlot slot) {
        for (ModelArea& area : areas_)
            if (swap_.area(area.id).slots.contains(slot)) return area;
        ADD_FAILURE() << "slot " << slot.raw() << " is in no area";
        return areas_.front();
    }

    std::uint32_t free_in(const ModelArea& area) const {
        const SwapSpace::Area& known = swap_.area(area.id);
        std::uint32_t used = 0;
        for (auto at = slots_.lower_bound(known.slots.first);
             at != slots_.end() && at->first < known.slots.end; ++at)
            ++used;
        return known.slots.count().raw() - 1 - used;
    }

    // --- Slots ---

    void expect_new(SwapSlot slot) {
        ASSERT_EQ(slots_.count(slot), 0U) << "handed out twice: " << slot.raw();
        const ModelArea& area = area_with(slot);
        ASSERT_TRUE(area.allocating);
        ASSERT_NE(slot, swap_.area(area.id).slots.first);
        if (!slow_) return;
        for (const ModelArea& other : areas_)
            ASSERT_FALSE(other.allocating && other.priority > area.priority && free_in(other) != 0);
    }

    void allocate() {
        const FrameNumber frame = some_frame();
        const Result<SwapSlot> slot = swap_.allocate(frame);
        if (!slot.ok()) return expect_full();
        expect_new(slot.value());
        slots_[slot.value()] = {.frame = frame.raw()};
    }

    void allocate_run() {
        std::vector<FrameNumber> frames;
        for (std::uint32_t i = 0, n = 1 + pick(40); i < n; ++i)
            frames.push_back(some_frame());
        const Result<SlotRange> run = swap_.allocate_run(frames);
        if (!run.ok()) return expect_full();
        ASSERT_FALSE(run.value().empty());
        ASSERT_LE(run.value().count().raw(), frames.size());
        for (std::uint32_t i = 0; i < run.value().count().raw(); ++i) {
            const SwapSlot slot = run.value().first + PageCount(i);
            expect_new(slot);
            slots_[slot] = {.frame = frames[i].raw()};
        }
    }

    void expect_full() {
        if (++refusals_ % 64 != 0 && !slow_) return;  // the count below is slow
        for (const ModelArea& area : areas_)
            ASSERT_TRUE(!area.allocating || free_in(area) == 0);
    }

    void settle(SwapSlot slot) {
        if (slots_[slot].names == 0 && slots_[slot].frame == 0) slots_.erase(slot);
    }
    void drop_something(SwapSlot slot) {
        Slot& model = slots_[slot];
        if (model.names != 0) {
            swap_.drop_name(slot);
            --model.names;
        } else {
            swap_.clear_cached(slot);
            model.frame = 0;
        }
        settle(slot);
    }
    void forget(SwapSlot slot) {
        while (slots_.count(slot) != 0)
            drop_something(slot);
    }
    void change_names(SwapSlot slot) {
        swap_.add_name(slot);
        ++slots_[slot].names;
    }
    void change_cache(SwapSlot slot) {
        Slot& model = slots_[slot];
        if (model.frame == 0) {
            model.frame = some_frame().raw();
            swap_.set_cached(slot, FrameNumber(model.frame));
        } else {
            swap_.clear_cached(slot);
            model.frame = 0;
        }
        settle(slot);
    }

    void move_content(SwapSlot slot) {
        Slot& model = slots_[slot];
        const FrameNumber frame(600 + pick(100));
        MemoryStore& store = *area_with(slot).store;
        store.forget_calls();
        const bool fail = pick(8) == 0;
        if (model.content != 0 && pick(2) == 0) {
            if (fail) store.fail_nth_read(1);
            ASSERT_EQ(swap_.read(slot, frame).ok(), !fail);
            const std::uint32_t read = frame_words(frame)[17];
            ASSERT_TRUE(fail || read == model.content);
            return;
        }
        model.content = static_cast<std::uint32_t>(random_()) | 1;
        frame_words(frame)[17] = model.content;
        if (fail) store.fail_nth_write(1);
        ASSERT_EQ(swap_.write(slot, frame).ok(), !fail);
        if (fail) model.content = 0;
    }

    void look_around(SwapSlot slot) {
        if (slots_[slot].frame != 0) return;
        const std::uint32_t window = 1U << pick(7);
        const SlotRange range = swap_.neighbours(slot, PageCount(window));
        const auto plain = [this](SwapSlot other) {
            const auto found = slots_.find(other);
            return found != slots_.end() && found->second.frame == 0;
        };
        ASSERT_TRUE(range.contains(slot));
        for (SwapSlot other = range.first; other < range.end; ++other) {
            ASSERT_TRUE(plain(other));
            ASSERT_EQ(other.raw() / window, slot.raw() / window);
        }
        // As far as it goes: the next one on either side is none, or of another group. (Areas are
        // not side by side: the slot before an area's first one is not in use.)
        const SwapSlot before = range.first - PageCount(1);
        ASSERT_TRUE(range.first.raw() % window == 0 || !plain(before));
        ASSERT_TRUE(range.end.raw() % window == 0 || !plain(range.end));
    }

    void compare() {
        swap_.check_invariants();
        PageCount cached;
        for (const auto& [slot, model] : slots_) {
            ASSERT_TRUE(swap_.in_use(slot));
            ASSERT_EQ(swap_.names(slot), model.names);
            ASSERT_EQ(swap_.cached(slot).value_or(FrameNumber()).raw(), model.frame);
            ASSERT_EQ(swap_.shadow(slot), model.shadow);
            if (model.frame != 0) ++cached;
        }
        std::uint32_t total = 0;
        std::uint32_t available = 0;
        for (const ModelArea& area : areas_) {
            const SlotRange range = swap_.area(area.id).slots;
            total += range.count().raw() - 1;
            if (area.allocating) available += free_in(area);
        }
        const SwapStatistics statistics = swap_.statistics();
        ASSERT_EQ(statistics.used.raw(), slots_.size());
        ASSERT_EQ(statistics.cached, cached);
        ASSERT_EQ(statistics.total.raw(), total);
        ASSERT_EQ(statistics.available.raw(), available);
    }

    std::mt19937 random_;
    SwapSpace swap_;
    std::vector<ModelArea> areas_;
    std::map<SwapSlot, Slot> slots_;
    std::uint32_t largest_area_;
    std::uint32_t pressure_ = 50;
    std::uint32_t refusals_ = 0;
    std::uint32_t areas_made_ = 0;
    bool slow_;
};

TEST(SwapSpaceModel, AMillionRandomOperations) {
    const std::uint32_t seed = test::random_seed(41);
    SCOPED_TRACE("QUIRE_SEED=" + std::to_string(seed));
    Walk walk(seed, 900, false);
    walk.run(1000000);
    walk.finish();
    EXPECT_GT(walk.refusals(), 100U);
    EXPECT_GT(walk.areas_made(), 100U);
}

TEST(SwapSpaceModel, EveryStepIsCheckedInTheSlowMode) {
    const std::uint32_t seed = test::random_seed(42);
    SCOPED_TRACE("QUIRE_SEED=" + std::to_string(seed));
    for (std::uint32_t largest : {3U, 40U, 130U}) {
        SCOPED_TRACE(largest);
        Walk walk(seed + largest, largest, true);
        walk.run(6000);
        walk.finish();
    }
}

}  // namespace
}  // namespace quire::mm
