// mm/memory_object against std::map: pages of several objects come, get dirty, go to swap or leave
// shadows, sizes change, objects die and are born, regions come and go, memory runs out.
//
// Frames are real ones with counted references, so a reference that gets lost shows at the end.
// A failure prints the seed; QUIRE_SEED=n repeats it.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/host/frame_world.h"
#include "tests/host/memory_store.h"
#include "tests/host/test_object.h"

namespace quire::mm {
namespace {

using test::FrameWorld;
using test::TestObject;
using Kind = MemoryObject::Kind;

struct Known {
    ObjectEntry entry;
    bool dirty = false;
};

struct Model {
    std::unique_ptr<TestObject> object;
    std::map<std::uint32_t, Known> pages;
    std::vector<std::unique_ptr<Region>> regions;
};

class Walk {
  public:
    Walk(std::uint32_t seed, bool slow)
        : world_(300),
          slabs_(world_.allocator),
          nodes_(slabs_, "node"),
          registry_(nodes_),
          random_(seed),
          slow_(slow) {
        test::reset_host_ram();
        for (Model& model : models_)
            begin(model);
    }

    void run(std::uint32_t steps) {
        for (std::uint32_t step = 0; step < steps && !testing::Test::HasFatalFailure(); ++step) {
            one_step(models_[pick(models_.size())]);
            if (slow_) compare();
        }
        compare();
    }

    void finish() {
        for (Model& model : models_)
            end(model);
        ASSERT_EQ(registry_.count(), 0U);
        (void)slabs_.reclaim();  // how many there were does not matter
        EXPECT_EQ(world_.allocator.free_frames(), PageCount(299));
    }

    std::uint32_t refusals() const { return refusals_; }

  private:
    std::uint32_t pick(std::size_t n) { return static_cast<std::uint32_t>(random_() % n); }

    void begin(Model& model) {
        const std::uint64_t bytes = random_() % 2000 * kPageSize;
        model.object =
            pick(2) == 0
                ? std::make_unique<TestObject>(registry_, Kind::File, &store_, bytes)
                : std::make_unique<TestObject>(registry_, Kind::SharedMemory, nullptr, bytes);
        ASSERT_EQ(registry_.find(model.object->id()), model.object.get());
    }
    void end(Model& model) {
        while (!model.pages.empty())
            remove(model, model.pages.begin()->first, ObjectEntry());
        model.regions.clear();
        const std::uint32_t id = model.object->id();
        model.object.reset();
        ASSERT_EQ(registry_.find(id), nullptr);
    }

    void one_step(Model& model) {
        const std::uint32_t what = pick(1000);
        if (what < 2) {
            end(model);
            return begin(model);
        }
        if (what < 5) return resize(model);
        if (what < 50) return change_regions(model);
        if (what < 500) return bring_in(model);
        const auto page = model.pages.lower_bound(pick(2000));
        if (page == model.pages.end()) return;
        const bool resident = page->second.entry.is_frame();
        if (what < 750) return evict(model, page->first);
        if (what < 950 && resident) return change_dirty(model, page->first);
        look(model);
    }

    void bring_in(Model& model) {
        if (model.object->pages() == 0) return;
        const std::uint32_t index = pick(model.object->pages());
        const auto known = model.pages.find(index);
        if (known != model.pages.end() && known->second.entry.is_frame()) return;
        const Result<FrameNumber> frame = world_.allocator.take_frame();
        if (!frame.ok()) {
            ++refusals_;
            return evict(model, index);
        }
        world_.table.set_object(frame.value(), {model.object->id(), index});
        const bool ahead = pick(2) == 0 && model.object->reserve(index).ok();
        const bool fail = pick(10) == 0;
        if (fail) world_.injector.fail_nth(1);
        const ObjectEntry entry = ObjectEntry::for_frame(frame.value());
        const Result<void> done = model.object->set_entry(index, entry);
        world_.injector.fail_nth(0);
        if (done.ok()) {
            model.pages[index] = {entry};
            return;
        }
        ASSERT_FALSE(ahead || known != model.pages.end());
        ++refusals_;
        world_.allocator.drop_reference(frame.value());
    }

    void evict(Model& model, std::uint32_t from) {
        const auto page = model.pages.lower_bound(from);
        if (page == model.pages.end()) return;
        ObjectEntry after;
        if (pick(2) == 0) after = ObjectEntry::for_shadow(pick(kMaxShadow) + 1);
        if (page->second.entry.is_frame() && model.object->kind() == Kind::SharedMemory)
            after = ObjectEntry::for_slot(SwapSlot(1 + pick(1000)));
        remove(model, page->first, after);
    }

    // What stood there leaves; its reference is ours to give back.
    void remove(Model& model, std::uint32_t index, ObjectEntry after) {
        const ObjectEntry before = model.pages[index].entry;
        ASSERT_TRUE(model.object->set_entry(index, after).ok());
        if (before.is_frame()) {
            world_.table.clear(before.frame(), FrameFlag::Dirty);
            world_.allocator.drop_reference(before.frame());
        }
        model.pages[index] = {after};
        if (after.is_empty()) model.pages.erase(index);
    }

    void change_dirty(Model& model, std::uint32_t index) {
        Known& known = model.pages[index];
        known.dirty = pick(3) != 0;
        if (known.dirty) {
            model.object->set_dirty(world_.table, index);
        } else {
            model.object->set_clean(world_.table, index);
        }
    }

    void resize(Model& model) {
        const std::uint64_t bytes = random_() % (2000 * kPageSize);
        const auto pages = static_cast<std::uint32_t>((bytes + kPageSize - 1) / kPageSize);
        for (auto page = model.pages.lower_bound(pages); page != model.pages.end();) {
            const std::uint32_t index = page->first;
            const bool shadow = (page++)->second.entry.is_shadow();
            if (!shadow) remove(model, index, ObjectEntry());
        }
        model.object->set_bytes(bytes);
        ASSERT_EQ(model.object->pages(), pages);
        model.pages.erase(model.pages.lower_bound(pages), model.pages.end());
    }

    void change_regions(Model& model) {
        if (model.regions.size() < 5 && pick(2) == 0) {
            const PageRange range = PageRange::of(PageNumber(pick(1000)), PageCount(1 + pick(9)));
            model.regions.push_back(std::make_unique<Region>(
                test::no_space(), range, RegionTraits{}, model.object.get(), pick(99)));
        } else if (!model.regions.empty()) {
            model.regions.erase(model.regions.begin() +
                                static_cast<std::ptrdiff_t>(pick(model.regions.size())));
        }
        ASSERT_EQ(model.object->users(), model.regions.size());
    }

    void look(Model& model) {
        const std::uint32_t from = pick(2100);
        const auto next = [&](auto wanted) -> std::uint32_t {
            for (auto at = model.pages.lower_bound(from); at != model.pages.end(); ++at)
                if (wanted(at->second)) return at->first;
            return ~0U;
        };
        const auto entry = model.object->next_entry(from);
        ASSERT_EQ(entry.has_value() ? entry->index : ~0U, next([](const Known&) { return true; }));
        const auto resident = model.object->next_resident(from);
        ASSERT_EQ(resident.has_value() ? resident->index : ~0U,
                  next([](const Known& known) { return known.entry.is_frame(); }));
        const auto dirty = model.object->next_dirty(from);
        ASSERT_EQ(dirty.has_value() ? dirty->index : ~0U,
                  next([](const Known& known) { return known.dirty; }));
    }

    void compare() {
        registry_.check_invariants();
        world_.allocator.check_invariants();
        for (Model& model : models_) {
            model.object->check_invariants(world_.table);
            std::uint32_t dirty = 0;
            std::uint32_t resident = 0;
            std::uint32_t swapped = 0;
            for (const auto& [index, known] : model.pages) {
                ASSERT_EQ(model.object->entry(index), known.entry);
                if (known.dirty) ++dirty;
                if (known.entry.is_frame()) ++resident;
                if (known.entry.is_slot()) ++swapped;
            }
            ASSERT_EQ(model.object->dirty_pages(), dirty);
            ASSERT_EQ(model.object->resident_pages(), resident);
            ASSERT_EQ(model.object->swapped_pages(), swapped);
            std::uint32_t seen = 0;
            for (auto at = model.object->next_entry(0); at.has_value(); ++seen)
                at = model.object->next_entry(at->index + 1);
            ASSERT_EQ(seen, model.pages.size());
        }
    }

    FrameWorld world_;
    SlabRegistry slabs_;
    PageTree::NodeCache nodes_;
    ObjectRegistry registry_;
    test::MemoryStore store_{1};
    std::array<Model, 6> models_;
    std::uint32_t refusals_ = 0;
    std::mt19937 random_;
    bool slow_;
};

TEST(MemoryObjectModel, AMillionRandomOperations) {
    const std::uint32_t seed = test::random_seed(61);
    SCOPED_TRACE("QUIRE_SEED=" + std::to_string(seed));
    Walk walk(seed, false);
    walk.run(1000000);
    walk.finish();
    EXPECT_GT(walk.refusals(), 100U);
}

TEST(MemoryObjectModel, EveryStepIsCheckedInTheSlowMode) {
    const std::uint32_t seed = test::random_seed(62);
    SCOPED_TRACE("QUIRE_SEED=" + std::to_string(seed));
    Walk walk(seed, true);
    walk.run(4000);
    walk.finish();
}

}  // namespace
}  // namespace quire::mm
