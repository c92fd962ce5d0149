// Reclaim as a whole: when it runs, how far it goes, what it costs, and that nothing is ever lost.
#include "mm/reclaim.h"

#include <map>

#include "tests/host/reclaim_machine.h"
#include "tests/host/seed.h"

namespace quire::mm {
namespace {

constexpr Watermarks kMarks{PageCount(4), PageCount(8), PageCount(24)};

class ReclaimTest : public test::ReclaimMachine {
  protected:
    ReclaimTest() { machine.room.leave_to(reclaim); }

    // Takes frames away until `count` are left.
    void leave_free(std::uint32_t count) {
        machine.slabs.reclaim();
        while (free_frames() > PageCount(count))
            ballast_.push_back(machine.machine.frames.allocate().take());
        machine.store.forget_calls();
        disk.forget_calls();
    }
    // Gives them back, and looks whether the pages of put_pages() hold what they did.
    bool still_holds(std::uint32_t count) {
        relax();
        return holds_pages(count);
    }
    void relax() { ballast_.clear(); }
    // The same for slots. The machine cannot be checked until they are given back.
    void leave_slots(std::uint32_t count) {
        ballast_.push_back(machine.machine.frames.allocate().take());
        while (machine.swap.statistics().available > PageCount(count))
            slots_.push_back(machine.swap.allocate(ballast_.back().number()).take());
    }
    void give_slots_back() {
        for (const SwapSlot slot : slots_)
            machine.swap.clear_cached(slot);
        slots_.clear();
    }
    bool make_room(std::uint32_t frames) { return reclaim.make_room(PageCount(frames)).ok(); }
    std::uint32_t resident() { return space->figures().resident.raw(); }

    Reclaim reclaim{machine.memory, machine.slabs, kMarks};

  private:
    std::vector<OwnedFrame> ballast_;
    std::vector<SwapSlot> slots_;
};

TEST(Watermarks, FollowTheSizeOfRam) {
    const auto marks = [](std::uint32_t mib) {
        const Watermarks usual = Watermarks::for_ram(PageCount(mib * 256));
        return std::array{usual.min.raw(), usual.low.raw(), usual.high.raw()};
    };
    EXPECT_EQ(marks(1), (std::array{16U, 20U, 24U}));
    EXPECT_EQ(marks(4), (std::array{64U, 80U, 96U}));
    EXPECT_EQ(marks(16), (std::array{128U, 160U, 192U}));
    EXPECT_EQ(marks(64), (std::array{256U, 320U, 384U}));
    EXPECT_EQ(marks(768), (std::array{886U, 1108U, 1330U}));
    EXPECT_EQ(Watermarks::for_ram(PageCount(1)).min, PageCount(2));
}

// --- make_room() ---

TEST_F(ReclaimTest, DoesNothingWhereThereIsRoom) {
    put_pages(8);
    leave_free(10);
    EXPECT_TRUE(make_room(6));
    EXPECT_EQ(reclaim.statistics().direct, 0U);
    EXPECT_EQ(free_frames(), PageCount(10));
}

TEST_F(ReclaimTest, KeepsTheReserveAndGoesOnToTheLowMark) {
    put_pages(40);
    leave_free(10);
    EXPECT_TRUE(make_room(7));
    EXPECT_EQ(free_frames(), PageCount(7) + kMarks.low);
    EXPECT_EQ(resident(), 35U);
    EXPECT_TRUE(still_holds(40));
}

TEST_F(ReclaimTest, VictimsGoInRuns) {
    put_pages(60);
    leave_free(4);
    EXPECT_TRUE(make_room(44));
    const ReclaimStatistics& statistics = reclaim.statistics();
    EXPECT_EQ(statistics.evicted_private, 48U);
    EXPECT_EQ(statistics.to_swap.pages, 48U);
    EXPECT_EQ(statistics.to_swap.calls, 3U);  // 48 when each page goes alone
    EXPECT_EQ(machine.store.writes(), 3U);
    EXPECT_TRUE(still_holds(60));
}

TEST_F(ReclaimTest, WhatIsCleanNeedsNoIo) {
    show(*space, file, shared_map());
    for (std::uint32_t i = 0; i < 16; ++i) {
        read_in(object_page(i));
        clean(put(page(i), 1 + i));
    }
    leave_free(4);
    EXPECT_TRUE(make_room(24));
    EXPECT_TRUE(machine.store.calls().empty());
    EXPECT_TRUE(disk.calls().empty());
    EXPECT_TRUE(still_holds(16));
}

TEST_F(ReclaimTest, LockedPagesAreNeverVictims) {
    put_pages(32);
    ASSERT_TRUE(space->lock(start_of(page(8)), 8 * kPageSize, AddressSpace::LockMode::Now).ok());
    leave_free(4);
    EXPECT_FALSE(make_room(30));
    EXPECT_EQ(free_frames(), PageCount(4 + 24));
    for (std::uint32_t i = 0; i < 32; ++i)
        EXPECT_EQ(entry(page(i)).is_resident(), i >= 8 && i < 16) << i;
    EXPECT_TRUE(still_holds(32));
}

TEST_F(ReclaimTest, EvictsNothingThatIsPinned) {
    put_pages(8);
    leave_free(4);
    {
        const PagePin pin(machine.pages.pins(), frame(page(1)));
        const PagePin other(machine.pages.pins(), frame(page(6)));
        EXPECT_FALSE(make_room(7));
    }
    EXPECT_EQ(free_frames(), PageCount(4 + 6));
    for (std::uint32_t i = 0; i < 8; ++i)
        EXPECT_EQ(entry(page(i)).is_resident(), i == 1 || i == 6) << i;
    leave_free(4);
    EXPECT_TRUE(reclaim.run_background());
    EXPECT_EQ(resident(), 0U);
    EXPECT_TRUE(still_holds(8));
}

// An instruction that needs three pages faults for whichever is missing, until it has them all or
// is told that there is no memory. Room is for two.
TEST_F(ReclaimTest, PagesOfOneInstructionDoNotThrowEachOtherOutForEver) {
    put_pages(8);
    EXPECT_TRUE(make_room((free_frames() - kMarks.min).raw() + 8));
    leave_free(14);
    const std::array needed{page(0), page(3), page(5)};
    const auto ends = [&] {
        for (const PageNumber each : needed) {
            if (reaches(each)) continue;
            return !read(each).has_value();
        }
        return true;
    };
    std::uint32_t turns = 1;
    while (!ends() && turns < 100)
        ++turns;
    EXPECT_LT(turns, 10U);
    EXPECT_TRUE(still_holds(8));
}

TEST_F(ReclaimTest, SaysWhyThereIsNoRoom) {
    put_pages(8);
    leave_free(4);
    machine.store.fail_writes(true);
    EXPECT_EQ(reclaim.make_room(PageCount(5)).error(), Error::OutOfMemory);
    const Shortage& shortage = reclaim.last_shortage();
    EXPECT_EQ(shortage.wanted, PageCount(5));
    EXPECT_EQ(shortage.free, PageCount(4));
    EXPECT_EQ(shortage.candidates, PageCount(8));
    EXPECT_EQ(shortage.slots, PageCount(1023));
    EXPECT_GE(shortage.write_errors, 8U);
    EXPECT_EQ(reclaim.statistics().failures, 1U);
    machine.store.fail_writes(false);
    EXPECT_TRUE(make_room(5));
    EXPECT_TRUE(still_holds(8));
}

TEST_F(ReclaimTest, ADiskThatTakesNothingIsNotAskedForEachPage) {
    constexpr std::uint32_t kAWholeRunAndItsPages = 17;
    put_pages(64);
    leave_free(4);
    machine.store.fail_writes(true);
    EXPECT_FALSE(make_room(5));
    EXPECT_LE(reclaim.statistics().to_swap.errors, 32U + kAWholeRunAndItsPages);
    std::uint32_t tries = 0;
    for (std::uint32_t call = 0; call < 100; ++call) {
        const std::uint32_t before = reclaim.statistics().to_swap.errors;
        EXPECT_FALSE(reclaim.run_background());
        EXPECT_EQ(reclaim.statistics().to_swap.errors, before);
        EXPECT_FALSE(make_room(5));
        EXPECT_LE(reclaim.statistics().to_swap.errors, before + kAWholeRunAndItsPages);
        tries += reclaim.statistics().to_swap.errors != before ? 1U : 0U;
        EXPECT_TRUE(reclaim.last_shortage().leaves_swap_alone);
    }
    EXPECT_EQ(tries, 6U);  // calls 0, 2, 6, 14, 30, 62
    machine.store.fail_writes(false);
    for (std::uint32_t call = 0; call < 26; ++call)
        EXPECT_FALSE(make_room(5)) << call;
    EXPECT_TRUE(make_room(40));  // as soon as the disk takes one run, all of it
    EXPECT_TRUE(still_holds(64));
    EXPECT_FALSE(make_room(2000));
    EXPECT_FALSE(reclaim.last_shortage().leaves_swap_alone);
}

TEST_F(ReclaimTest, DoesNotTryWhatRamCannotHold) {
    put_pages(8);
    EXPECT_FALSE(make_room(2000));
    EXPECT_EQ(reclaim.statistics().chosen, 0U);
}

TEST_F(ReclaimTest, EmptySlabsGoFirst) {
    put_pages(8);
    std::vector<PageTreeNode*> nodes;
    for (int i = 0; i < 64; ++i)
        nodes.push_back(machine.tree_cache.allocate().value());
    leave_free(4);
    for (PageTreeNode* node : nodes)
        machine.tree_cache.release(node);
    const PageCount before = free_frames();
    ASSERT_LT(before, kMarks.low + PageCount(40));
    EXPECT_TRUE(make_room((before - kMarks.min).raw() + 1));
    EXPECT_NE(reclaim.statistics().slab_frames, 0U);
}

TEST_F(ReclaimTest, PagesSharedByForkAreSwappedOnceAndComeBackShared) {
    put_pages(16);
    fork();
    unshare(kPage);
    leave_free(4);
    EXPECT_TRUE(make_room(16));
    EXPECT_EQ(machine.store.pages_written(), 16U);
    EXPECT_TRUE(still_holds(16));
    const FrameNumber first = frame(kPage);
    load(*child);
    EXPECT_TRUE(still_holds(16));
    EXPECT_EQ(frame(kPage), first);
    EXPECT_EQ(machine.store.pages_read(), 16U);
}

TEST_F(ReclaimTest, DirtyPagesOfAFileAreWrittenWithTheirNeighbours) {
    using Call = test::MemoryStore::Call;
    show(*space, file, shared_map());
    for (std::uint32_t i = 0; i < 32; ++i)
        put(object_page((i + 5) % 32), 200 + (i + 5) % 32);
    leave_free(4);
    EXPECT_TRUE(make_room(2));
    // The first to leave is page 5; its group is the first sixteen.
    EXPECT_EQ(disk.calls(),
              (std::vector<Call>{{test::MemoryStore::Direction::Write, 0, 16, false}}));
    EXPECT_EQ(file.resident_pages(), 32U - 6U);
    relax();
    for (std::uint32_t i = 0; i < 32; ++i)
        EXPECT_EQ(read(object_page(i)), 200 + i);
}

TEST_F(ReclaimTest, AFileThatCannotBeWrittenKeepsItsPages) {
    show(*space, file, shared_map());
    for (std::uint32_t i = 0; i < 8; ++i)
        put(object_page(i), 200 + i);
    put_pages(8);
    leave_free(4);
    disk.fail_writes(true);
    EXPECT_FALSE(make_room(9));
    EXPECT_EQ(file.resident_pages(), 8U);
    EXPECT_TRUE(make_room(4));
    disk.fail_writes(false);
    EXPECT_TRUE(still_holds(8));
    for (std::uint32_t i = 0; i < 8; ++i)
        EXPECT_EQ(read(object_page(i)), 200 + i);
}

TEST_F(ReclaimTest, GivesPageTablesBack) {
    RegionTraits traits = shared_map();
    traits.advice = Advice::Random;
    for (std::uint32_t i = 0; i < 4; ++i) {
        const PageNumber first(0x30000 + 0x400 * i);
        add(first, 1, traits, &file, i);
        read_in(first);
    }
    leave_free(4);
    EXPECT_TRUE(make_room(4));
    EXPECT_EQ(space->figures().tables, PageCount(0));
}

TEST_F(ReclaimTest, SharedMemoryGoesToSwap) {
    show(*space, shared, shared_map());
    for (std::uint32_t i = 0; i < 16; ++i)
        put(object_page(i), 20 + i);
    leave_free(4);
    EXPECT_TRUE(make_room(12));
    EXPECT_EQ(shared.swapped_pages(), 16U);
    EXPECT_EQ(machine.store.writes(), 1U);
    EXPECT_EQ(reclaim.statistics().evicted_unmapped, 16U);
    relax();
    for (std::uint32_t i = 0; i < 16; ++i)
        EXPECT_EQ(read(object_page(i)), 20 + i);
}

// --- Swap ---

TEST_F(ReclaimTest, WhenSwapIsFullOnlyCleanPagesLeave) {
    show(*space, file, shared_map());
    put_pages(8);
    for (std::uint32_t i = 0; i < 8; ++i)
        read_in(object_page(i));
    leave_slots(3);
    leave_free(4);
    EXPECT_FALSE(make_room(20));
    EXPECT_EQ(reclaim.last_shortage().slots, PageCount(0));
    EXPECT_EQ(file.resident_pages(), 0U);
    EXPECT_EQ(space->figures().swapped, PageCount(3));
    give_slots_back();
    EXPECT_TRUE(still_holds(8));
}

// Eight pages in RAM have copies; each copy can give its slot to a page that has none.
TEST_F(ReclaimTest, WhenSwapIsFullCopiesGiveTheirSlotsBack) {
    put_pages(16);
    for (std::uint32_t i = 8; i < 16; ++i)
        clean(frame(page(i)));
    leave_slots(0);
    leave_free(4);
    EXPECT_TRUE(make_room(4));
    EXPECT_EQ(reclaim.statistics().slots_taken_back, 8U);
    EXPECT_EQ(space->figures().swapped, PageCount(8));
    EXPECT_EQ(resident(), 8U);
    give_slots_back();
    EXPECT_TRUE(still_holds(16));
}

// A page that one of two has back still has its slot named by the other.
TEST_F(ReclaimTest, WhenSwapIsFullSlotsWithANameStay) {
    put_pages(9);
    fork();
    unshare(kPage);
    const FrameNumber swapped = frame(page(8));
    evict(swapped);
    const FrameNumber back = read_in(page(8));
    const SwapSlot named = child->pages().entry(page(8)).slot();
    leave_slots(0);
    leave_free(4);
    EXPECT_TRUE(make_room(1));
    EXPECT_TRUE(machine.swap.in_use(named));
    EXPECT_EQ(machine.machine.table.state(back), FrameState::Free);  // the only one to leave
    EXPECT_EQ(reclaim.statistics().slots_taken_back, 0U);
    give_slots_back();
    EXPECT_TRUE(still_holds(9));
}

TEST_F(ReclaimTest, NeighboursTakeNoSlotsFromVictims) {
    const std::array order = {0U, 10U, 11U, 12U, 13U, 1U, 2U, 3U};
    MappedAccess access(machine.memory);
    for (const std::uint32_t i : order)
        access.harvest(put(page(i), 1 + i));
    leave_slots(5);
    leave_free(4);
    EXPECT_TRUE(make_room(1));  // the five that came first
    EXPECT_EQ(reclaim.statistics().evicted_private, 5U);
    EXPECT_EQ(reclaim.statistics().put_back, 0U);
    give_slots_back();
    relax();
    for (const std::uint32_t i : order)
        EXPECT_EQ(read(page(i)), 1 + i);
}

TEST_F(ReclaimTest, EveryFailingWriteInTurnLosesNothing) {
    for (std::uint32_t n = 1; n <= 20; ++n) {
        put_pages(40);
        leave_free(4);
        machine.store.fail_nth_write(n);
        EXPECT_TRUE(make_room(20)) << n;
        machine.store.fail_nth_write(0);
        machine.check();
        EXPECT_TRUE(still_holds(40)) << n;
    }
}

// --- What it must not do ---

TEST_F(ReclaimTest, TakesNoFrame) {
    show(*space, file, shared_map());
    show(*(child = machine.new_space()), shared, shared_map());
    put_pages(16);
    for (std::uint32_t i = 0; i < 16; ++i)
        put(object_page(i), 200 + i);
    load(*child);
    for (std::uint32_t i = 0; i < 16; ++i)
        put(object_page(i), 20 + i);
    leave_free(4);
    machine.machine.injector.fail_nth(1);
    EXPECT_TRUE(make_room(44));
    EXPECT_TRUE(machine.machine.injector.armed());
    machine.machine.injector.fail_nth(0);
}

// A store that needs memory itself, as a file system does.
class HungryStore final : public BackingStore {
  public:
    explicit HungryStore(RoomMaker& room) : room_(room) {}
    Result<void> read(std::uint32_t, std::span<const FrameNumber>) override { return {}; }
    Result<void> write(std::uint32_t, std::span<const FrameNumber>) override {
        answers.push_back(room_.make_room(PageCount(4)).ok());
        answers.push_back(room_.make_room(PageCount(5)).ok());
        return {};
    }
    std::vector<bool> answers;

  private:
    RoomMaker& room_;
};

TEST_F(ReclaimTest, LetsAStoreUseTheReserve) {
    HungryStore store(reclaim);
    test::PagedObject object(machine, MemoryObject::Kind::File, &store, 4);
    ASSERT_TRUE(fetch_page(machine.memory, object, 0, PageCount(1)).ok());
    object.set_dirty(machine.machine.table, 0);
    leave_free(4);
    EXPECT_TRUE(make_room(1));
    EXPECT_EQ(store.answers, (std::vector<bool>{true, false}));
}

// --- The policy's part ---

// Gives pages up in order of arrival, if they were not used, and says what to remember of them.
class Remembering final : public ReplacementPolicy {
  public:
    explicit Remembering(FrameTable& table) : inner_(table) {}
    [[nodiscard]] const char* name() const override { return "remembering"; }
    void admit(FrameNumber frame, Arrival arrival, Shadow shadow) override {
        shadows.push_back(shadow);
        inner_.admit(frame, arrival, shadow);
    }
    void forget_all(std::span<const FrameNumber> frames) override { inner_.forget_all(frames); }
    std::optional<FrameNumber> choose(AccessedBits& bits) override {
        for (std::uint32_t looks = 0; looks < inner_.count().raw(); ++looks) {
            const FrameNumber frame = *inner_.take_any();
            if (!bits.harvest(frame)) return frame;
            inner_.put_back(frame);
        }
        return inner_.take_any();
    }
    void put_back(FrameNumber frame) override { inner_.put_back(frame); }
    Shadow evicted(FrameNumber) override { return 0x777; }
    std::optional<FrameNumber> take_any() override { return inner_.take_any(); }
    [[nodiscard]] PageCount count() const override { return inner_.count(); }
    void check_invariants() const override { inner_.check_invariants(); }

    std::vector<Shadow> shadows;

  private:
    test::OldestFirst inner_;
};

class WithPolicy : public ReclaimTest {
  protected:
    WithPolicy() { machine.pages.change_policy(policy); }
    ~WithPolicy() override { machine.pages.change_policy(machine.policy); }
    Remembering policy{machine.machine.table};
};

TEST_F(WithPolicy, ItsShadowComesBackWithThePage) {
    put_pages(2);
    leave_free(4);
    EXPECT_TRUE(make_room(2));
    EXPECT_EQ(ThrashingSignal::policy_part(machine.swap.shadow(slot(kPage))), 0x777U);
    policy.shadows.clear();
    relax();
    EXPECT_EQ(read(kPage), 1U);
    EXPECT_EQ(policy.shadows, (std::vector<Shadow>{0x777, 0x777}));  // with its neighbour
}

TEST_F(WithPolicy, UsedPagesStay) {
    put_pages(16);
    // All were used: the first round clears the bits, and the first page goes.
    leave_free(4);
    EXPECT_TRUE(make_room(1));
    EXPECT_GE(reclaim.entries_seen(), 16U);
    EXPECT_EQ(resident(), 16U - 5U);
    EXPECT_EQ(read(page(6)), 7U);
    leave_free(4);
    EXPECT_TRUE(make_room(1));
    EXPECT_EQ(resident(), 16U - 5U - 5U);
    EXPECT_TRUE(entry(page(6)).is_resident());
}

// Gives a page that was put back up again at once.
class Stubborn final : public ReplacementPolicy {
  public:
    explicit Stubborn(FrameTable& table) : list_(table) {}
    [[nodiscard]] const char* name() const override { return "stubborn"; }
    void admit(FrameNumber frame, Arrival, Shadow) override { list_.push_back(frame); }
    void forget_all(std::span<const FrameNumber> frames) override {
        for (const FrameNumber frame : frames)
            list_.remove(frame);
    }
    std::optional<FrameNumber> choose(AccessedBits&) override { return take_any(); }
    void put_back(FrameNumber frame) override { list_.push_front(frame); }
    Shadow evicted(FrameNumber) override { return 0; }
    std::optional<FrameNumber> take_any() override {
        if (list_.empty()) return std::nullopt;
        return list_.pop_front();
    }
    [[nodiscard]] PageCount count() const override { return list_.count(); }
    void check_invariants() const override { list_.check_invariants(); }

  private:
    FrameList list_;
};

// Eight pages cannot leave; each is tried once, and then all others leave.
TEST_F(ReclaimTest, TriesEachPageOnceThoughThePolicyOffersItAgain) {
    Stubborn policy(machine.machine.table);
    show(*space, file, shared_map());
    for (std::uint32_t i = 0; i < 8; ++i)
        put(object_page(i), 200 + i);
    put_pages(30);
    machine.pages.change_policy(policy);
    leave_free(4);
    disk.fail_writes(true);
    EXPECT_TRUE(make_room(26));
    disk.fail_writes(false);
    EXPECT_EQ(reclaim.statistics().put_back, 8U);
    machine.pages.change_policy(machine.policy);
    EXPECT_TRUE(still_holds(30));
}

// When few victims are wanted, their idle neighbours are written with them, and leave later
// without a write.
TEST_F(WithPolicy, NeighboursSaveWrites) {
    put_pages(40);
    leave_free(4);
    for (std::uint32_t i = 0; i < 6; ++i)
        EXPECT_TRUE(make_room((free_frames() - kMarks.min).raw() + 1));
    EXPECT_EQ(reclaim.statistics().evicted_private, 30U);  // five at a time
    EXPECT_EQ(machine.store.writes(), 2U);                 // 6 when victims go without them
    EXPECT_TRUE(still_holds(40));
}

// --- In the background ---

TEST_F(ReclaimTest, TheBackgroundWaitsForTheLowMark) {
    put_pages(40);
    leave_free(8);
    EXPECT_FALSE(reclaim.run_background());
    EXPECT_EQ(free_frames(), PageCount(8));
}

TEST_F(ReclaimTest, TheBackgroundGoesOnToTheHighMarkInSmallSteps) {
    put_pages(40);
    leave_free(7);
    EXPECT_TRUE(reclaim.run_background());
    EXPECT_EQ(free_frames(), PageCount(7 + kMostInRun));
    EXPECT_FALSE(reclaim.run_background());
    EXPECT_GE(free_frames(), kMarks.high);
    EXPECT_FALSE(reclaim.run_background());
    EXPECT_EQ(reclaim.statistics().background, 2U);
}

TEST_F(ReclaimTest, TheBackgroundGivesUpAfterAStepInVain) {
    put_pages(8);
    leave_free(4);
    machine.store.fail_writes(true);
    EXPECT_FALSE(reclaim.run_background());
    EXPECT_EQ(resident(), 8U);
}

// --- drop_clean() ---

TEST_F(ReclaimTest, DropsWhatIsCleanAndNothingElse) {
    show(*space, file, shared_map());
    put_pages(4);
    clean(frame(page(0)));
    put(object_page(0), 9);
    read_in(object_page(1));
    ASSERT_TRUE(space->lock(start_of(object_page(2)), kPageSize, AddressSpace::LockMode::Now).ok());
    const PageCount free = free_frames();
    disk.forget_calls();
    machine.store.forget_calls();
    const PageCount gained = reclaim.drop_clean();
    EXPECT_GE(gained, PageCount(2));
    EXPECT_EQ(free_frames(), free + gained);
    EXPECT_TRUE(entry(page(0)).is_swapped());
    EXPECT_TRUE(entry(page(1)).is_resident());
    EXPECT_TRUE(entry(object_page(0)).is_resident());
    EXPECT_TRUE(entry(object_page(1)).is_empty());
    EXPECT_TRUE(entry(object_page(2)).is_resident());
    EXPECT_TRUE(machine.store.calls().empty());
    EXPECT_TRUE(disk.calls().empty());
    EXPECT_TRUE(still_holds(4));
}

// --- Programs larger than RAM ---

TEST_F(ReclaimTest, AProgramFourTimesAsLargeAsRamKeepsItsMemory) {
    const PageNumber first(0x30000);
    add(first, 256, read_write());
    leave_free(70);
    for (std::uint32_t i = 0; i < 256; ++i)
        EXPECT_TRUE(write(first + PageCount(i), i % 251));
    for (std::uint32_t i = 0; i < 256; ++i)
        EXPECT_EQ(read(first + PageCount(i)), i % 251);
    EXPECT_GT(space->figures().swapped, PageCount(100));
}

TEST_F(ReclaimTest, PinnedPagesStayWhileTheirPinsLast) {
    const FrameNumber of_file = fetch_page(machine.memory, file, 3, PageCount(1)).take().frame;
    const FrameNumber of_memory = fetch_page(machine.memory, shared, 4).take().frame;
    shared.set_dirty(machine.machine.table, 4);
    {
        PagePins& pins = machine.pages.pins();
        PagePin pin(pins, of_file);
        const PagePin again(pins, of_file);
        const PagePin other(pins, of_memory);
        PagePin moved(std::move(pin));
        pin.release();
        leave_free(0);
        EXPECT_FALSE(make_room(1));
        reclaim.drop_clean();
        EXPECT_EQ(file.entry(3).frame(), of_file);
        EXPECT_EQ(shared.entry(4).frame(), of_memory);
        moved.release();
        EXPECT_TRUE(pins.holds(of_file));
    }
    EXPECT_TRUE(machine.pages.pins().empty());
    EXPECT_FALSE(make_room(50));
    EXPECT_FALSE(file.entry(3).is_frame());
    EXPECT_TRUE(shared.entry(4).is_slot());
    relax();
}

TEST_F(ReclaimTest, APageUsedBySystemCallsIsSeenToBeUsed) {
    const FrameNumber frame = fetch_page(machine.memory, file, 3, PageCount(1)).take().frame;
    MappedAccess access(machine.memory);
    EXPECT_FALSE(access.harvest(frame));
    machine.machine.table.set(frame, FrameFlag::Young);
    EXPECT_TRUE(access.harvest(frame));
    EXPECT_FALSE(access.harvest(frame));
}

// Random stores and loads of a family of two, in a machine that is always short of memory, with a
// disk that fails now and then: each program sees what it wrote, or what its parent had.
TEST_F(ReclaimTest, AFamilyInATightMachine) {
    test::Random random(test::seed());
    show(*space, file, copy_on_write());
    RegionTraits one_by_one = shared_map();
    one_by_one.advice = Advice::Random;
    const PageNumber shared_page(0x30000);
    add(shared_page, kPages, one_by_one, &shared);
    leave_free(72);
    struct Program {
        AddressSpace* space;
        std::map<PageNumber, unsigned> bytes;
    };
    std::array<Program, 2> family{Program{space.get(), {}}, Program{nullptr, {}}};
    std::map<std::uint32_t, unsigned> shared_bytes;
    for (int step = 0; step < 3000; ++step) {
        if (step % 97 == 0) {
            load(*space);
            child.reset();
            fork();
            family[1] = {child.get(), family[0].bytes};
        }
        if (step % 50 == 0)
            machine.store.fail_nth_write(1 + static_cast<std::uint32_t>(random.below(4)));
        Program& program = family[random.below(2)];
        load(*program.space);
        const auto index = static_cast<std::uint32_t>(random.below(kPages));
        const auto value = static_cast<unsigned>(random.below(256));
        const std::size_t kind = random.below(3);
        const PageNumber where = kind == 0   ? page(index)
                                 : kind == 1 ? object_page(index)
                                             : shared_page + PageCount(index);
        if (random.below(2) == 0) {
            ASSERT_TRUE(write(where, value)) << step;
            if (kind == 2) {
                shared_bytes[index] = value;
            } else {
                program.bytes[where] = value;
            }
        } else if (kind == 2) {
            ASSERT_EQ(read(where), shared_bytes[index]) << step;
        } else {
            const unsigned untouched = kind == 0 ? 0 : 100 + index;
            const auto found = program.bytes.find(where);
            ASSERT_EQ(read(where), found == program.bytes.end() ? untouched : found->second)
                << step;
        }
        if (step % 100 == 0) machine.check();
    }
    EXPECT_GT(reclaim.statistics().evicted(), 100U);
}

}  // namespace
}  // namespace quire::mm
