// fetch_slot(): from a slot to the frame in which its sharers meet.
#include "mm/swap_in.h"

#include "tests/host/fault_machine.h"

namespace quire::mm {
namespace {

class SwapIn : public test::FaultMachine {
  protected:
    // `count` named slots in a row, filled with 30, 31, ...
    SwapSlot fill(std::uint32_t count) {
        const OwnedFrame frame = machine.machine.frames.allocate().take();
        SwapSlot first;
        for (std::uint32_t i = 0; i < count; ++i) {
            const SwapSlot slot = machine.swap.allocate(frame.number()).take();
            if (i == 0) first = slot;
            frame_bytes(frame.number())[0] = std::byte{static_cast<unsigned char>(30 + i)};
            EXPECT_TRUE(machine.swap.write(slot, frame.number()).ok());
            machine.swap.add_name(slot);
            machine.swap.clear_cached(slot);
        }
        filled_ = SlotRange::of(first, PageCount(count));
        machine.store.forget_calls();
        return first;
    }
    // As if the entries that name the slots were there: the check counts names.
    void TearDown() override {
        for (SwapSlot slot = filled_.first; slot < filled_.end; ++slot) {
            if (const auto frame = machine.swap.cached(slot)) {
                machine.pages.policy().forget(*frame);
                machine.pages.forget_swap_copy(*frame);
            }
            machine.swap.drop_name(slot);
        }
    }
    Result<Fetched> fetch(SwapSlot slot, PageCount window = kReadAhead) {
        return fetch_slot(machine.memory, slot, window);
    }
    static unsigned byte_of(FrameNumber frame) {
        return std::to_integer<unsigned>(frame_bytes(frame)[0]);
    }

  private:
    SlotRange filled_{};
};

TEST_F(SwapIn, ReadsASlotIntoTheSwapCache) {
    const SwapSlot slot = fill(1);
    machine.swap.set_shadow(slot, 5);
    const Fetched fetched = fetch(slot).take();
    EXPECT_TRUE(fetched.was_read);
    EXPECT_EQ(byte_of(fetched.frame), 30U);
    EXPECT_EQ(machine.swap.cached(slot), fetched.frame);
    EXPECT_EQ(machine.pages.swap_copy(fetched.frame), slot);
    EXPECT_EQ(machine.pages.mappings(fetched.frame), 0U);
    EXPECT_EQ(machine.machine.table.references(fetched.frame), 1U);
    EXPECT_EQ(machine.swap.names(slot), 1U);
    EXPECT_TRUE(machine.machine.table.has(fetched.frame, FrameFlag::Listed));
}

TEST_F(SwapIn, FindsWhatIsCached) {
    const SwapSlot slot = fill(1);
    const FrameNumber frame = fetch(slot).take().frame;
    const Fetched again = fetch(slot).take();
    EXPECT_FALSE(again.was_read);
    EXPECT_EQ(again.frame, frame);
    EXPECT_EQ(machine.store.reads(), 1U);
}

TEST_F(SwapIn, ReadsTheGroupInOneGo) {
    const SwapSlot first = fill(20);
    const SwapSlot slot(align_down(first.raw(), 8U) + 10);
    const Fetched fetched = fetch(slot).take();
    EXPECT_EQ(byte_of(fetched.frame), 30 + (slot - first).raw());
    ASSERT_EQ(machine.store.calls().size(), 1U);
    EXPECT_EQ(machine.store.calls()[0].count, 8U);
    EXPECT_EQ(machine.store.calls()[0].first_page % 8, 0U);
    for (std::uint32_t i = 8; i < 16; ++i) {
        const SwapSlot other(align_down(first.raw(), 8U) + i);
        ASSERT_TRUE(machine.swap.cached(other).has_value());
        EXPECT_EQ(byte_of(*machine.swap.cached(other)), 30 + (other - first).raw());
    }
}

TEST_F(SwapIn, ReadsAloneWithAWindowOfOne) {
    const SwapSlot first = fill(8);
    EXPECT_TRUE(fetch(first + PageCount(2), PageCount(1)).ok());
    EXPECT_EQ(machine.store.pages_read(), 1U);
}

TEST_F(SwapIn, WhenSwapIsFullReadsThePageAlone) {
    const SwapSlot first = fill(20);
    const SwapSlot group(align_down(first.raw(), 8U) + 8);
    const OwnedFrame ballast = machine.machine.frames.allocate().take();
    std::vector<SwapSlot> taken;
    while (machine.swap.statistics().available >= kReadAhead)
        taken.push_back(machine.swap.allocate(ballast.number()).take());
    EXPECT_TRUE(fetch(group).ok());
    EXPECT_EQ(machine.store.pages_read(), 1U);
    machine.swap.clear_cached(taken.back());
    taken.pop_back();
    EXPECT_TRUE(fetch(group + PageCount(1)).ok());
    EXPECT_EQ(machine.store.pages_read(), 1U + 7U);  // the first of the eight is there
    for (const SwapSlot slot : taken)
        machine.swap.clear_cached(slot);
}

TEST_F(SwapIn, AnAreaThatIsDrainedHasNoSlotsToSpare) {
    const SwapSlot first = fill(20);
    const SwapSlot group(align_down(first.raw(), 8U) + 8);
    machine.swap.stop_allocating(AreaId(0));
    EXPECT_TRUE(fetch(group).ok());
    EXPECT_EQ(machine.store.pages_read(), 8U);
    machine.swap.start_allocating(AreaId(0));
}

TEST_F(SwapIn, ABadNeighbourDoesNotMatter) {
    const SwapSlot first = fill(4);
    machine.store.fail_page(first.raw() + 1);
    const std::uint32_t before = used();
    EXPECT_EQ(byte_of(fetch(first).take().frame), 30U);
    EXPECT_EQ(used(), before + 1);
    EXPECT_EQ(fetch(first + PageCount(1)).error(), Error::IoError);
    EXPECT_EQ(used(), before + 1);
    EXPECT_FALSE(machine.swap.cached(first + PageCount(1)).has_value());
}

TEST_F(SwapIn, TellsThePolicyWhatItRemembersAndWhoWaits) {
    const SwapSlot first = fill(2);
    ThrashingSignal& signal = machine.pages.thrashing_signal();
    machine.swap.set_shadow(first, signal.stamp(77));
    machine.swap.set_shadow(first + PageCount(1), signal.stamp(88));
    test::Listener listener(machine.machine.table);
    machine.pages.change_policy(listener);
    EXPECT_TRUE(fetch(first + PageCount(1)).ok());
    EXPECT_EQ(listener.arrivals,
              (std::vector<test::Listener::Seen>{{Arrival::ReadAhead, 77}, {Arrival::Demand, 88}}));
    machine.pages.change_policy(machine.policy);
}

TEST_F(SwapIn, WithoutRoomForTheGroupReadsThePageAlone) {
    const SwapSlot first = fill(4);
    machine.machine.injector.fail_nth(3);
    EXPECT_TRUE(fetch(first).ok());
    EXPECT_EQ(machine.store.pages_read(), 1U);
    machine.machine.injector.fail_every(1);
    const std::uint32_t before = used();
    EXPECT_EQ(fetch(first + PageCount(2)).error(), Error::OutOfMemory);
    machine.machine.injector.fail_every(0);
    EXPECT_EQ(used(), before);
}

}  // namespace
}  // namespace quire::mm
