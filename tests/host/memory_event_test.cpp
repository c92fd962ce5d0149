// What the memory manager tells an observer: each operation its events, in order, and nobody
// nothing.
#include "mm/memory_event.h"

#include "mm/reclaim.h"
#include "mm/tell_event.h"
#include "tests/host/event_recorder.h"
#include "tests/host/reclaim_machine.h"

namespace quire::mm {
namespace {

using Kinds = std::vector<EventKind>;
using Steps = std::vector<FaultAction>;

TEST(FaultSteps, KeepsTheFirstTwelveInOrder) {
    FaultSteps steps;
    EXPECT_EQ(steps.size(), 0U);
    for (std::uint32_t i = 0; i < FaultSteps::kMost; ++i)
        steps.add(static_cast<FaultAction>((i * 7) % 18));
    steps.add(FaultAction::KernelBug);
    ASSERT_EQ(steps.size(), FaultSteps::kMost);
    for (std::uint32_t i = 0; i < FaultSteps::kMost; ++i)
        EXPECT_EQ(steps[i], static_cast<FaultAction>((i * 7) % 18));
}

TEST(FaultSteps, HoldsEveryAction) {
    for (std::uint32_t i = 0; i <= static_cast<std::uint32_t>(FaultAction::KernelBug); ++i) {
        FaultSteps steps;
        steps.add(static_cast<FaultAction>(i));
        ASSERT_EQ(steps.size(), 1U);
        EXPECT_EQ(steps[0], static_cast<FaultAction>(i));
    }
}

class MemoryEventTest : public test::ReclaimMachine {
  protected:
    MemoryEventTest() { machine.memory.watch(&events); }
    ~MemoryEventTest() override { machine.memory.watch(nullptr); }

    // The only event of the access was a fault with these steps.
    MemoryEvent expect_fault(const Steps& steps) {
        const auto told = events.take_one();
        EXPECT_EQ(told.event.kind, EventKind::Fault);
        EXPECT_EQ(told.space, &running());
        EXPECT_EQ(test::steps_of(told.event), steps);
        return told.event;
    }

    test::EventRecorder events;
};

TEST_F(MemoryEventTest, SaysNothingWhenNobodyWatches) {
    machine.memory.watch(nullptr);
    put(page(0), 1);
    fork();
    end_child();
    const VirtAddr at =
        space->map({.address = {}, .bytes = kPageSize, .rights = Rights::read()}).take();
    EXPECT_TRUE(space->unmap(at, kPageSize).ok());
    evict(frame(page(0)));
    EXPECT_EQ(read(page(0)), 1U);
    EXPECT_TRUE(events.take().empty());
}

TEST_F(MemoryEventTest, AFaultTellsItsAccessItsStepsAndItsFrame) {
    put(page(3), 7);
    const MemoryEvent event = expect_fault({FaultAction::FillWithZeros});
    EXPECT_EQ(event.address, start_of(page(3)));
    EXPECT_EQ(event.access, Access::Write);
    EXPECT_EQ(event.ring, Ring::User);
    EXPECT_EQ(event.outcome, FaultOutcome::Resolved);
    EXPECT_EQ(event.frame, frame(page(3)));
    EXPECT_EQ(event.cost, 1U) << "one tick of the recorder's clock between the two looks";
}

TEST_F(MemoryEventTest, AReadMapsTheFrameOfZerosAndAWriteThenFillsOne) {
    EXPECT_EQ(read(page(0), Ring::Kernel), 0U);
    EXPECT_EQ(expect_fault({FaultAction::MapZeroFrame}).ring, Ring::Kernel);
    put(page(0), 1);
    expect_fault({FaultAction::FillWithZeros});
}

TEST_F(MemoryEventTest, WhatCannotBeIsToldWithItsReason) {
    EXPECT_FALSE(read(PageNumber(0x30000)).has_value());
    MemoryEvent event = expect_fault({FaultAction::SegvMapErr});
    EXPECT_EQ(event.outcome, FaultOutcome::NotMapped);
    EXPECT_EQ(event.frame, FrameNumber());
    add(PageNumber(0x30000), 1, traits(Rights::read()));
    EXPECT_FALSE(write(PageNumber(0x30000), 1));
    EXPECT_EQ(expect_fault({FaultAction::SegvAccErr}).outcome, FaultOutcome::NotAllowed);
    add(PageNumber(0x40000), 1, shared_map(), &file, 64);
    EXPECT_FALSE(read(PageNumber(0x40000)).has_value());
    EXPECT_EQ(expect_fault({FaultAction::BusError}).outcome, FaultOutcome::PastEnd);
}

TEST_F(MemoryEventTest, WithoutMemoryAFaultTellsTheStepItCouldNotTake) {
    const auto hoarded = hoard(0);
    EXPECT_FALSE(write(page(0), 1));
    EXPECT_EQ(expect_fault({FaultAction::FillWithZeros}).outcome, FaultOutcome::OutOfMemory);
}

TEST_F(MemoryEventTest, ForkTellsTheTablesAndTheWritesAfterItTheCopies) {
    put(page(0), 1);
    events.take();
    fork();
    const auto told = events.take_one();
    EXPECT_EQ(told.event.kind, EventKind::Fork);
    EXPECT_EQ(told.space, child.get());
    EXPECT_EQ(told.event.pages, PageCount(kPages));
    EXPECT_EQ(told.event.tables, 1U);
    EXPECT_EQ(told.event.copied, 0U);
    put(page(0), 2);
    expect_fault({FaultAction::UnshareTable, FaultAction::CopyPage});
    load(*child);
    put(page(0), 3);
    expect_fault({FaultAction::TakeOverTable, FaultAction::TakeOverPage});
    end_child();
    const auto release = events.take_one();
    EXPECT_EQ(release.event.kind, EventKind::Release);
    EXPECT_EQ(release.event.pages, PageCount(kPages));
    EXPECT_EQ(release.event.resident, PageCount(1));
}

TEST_F(MemoryEventTest, ASpaceWithoutRegionsHasNothingToRelease) {
    machine.new_space().reset();
    EXPECT_TRUE(events.take().empty());
}

TEST_F(MemoryEventTest, APageIsToldOfTheSpaceThatHasIt) {
    put(page(0), 1);
    fork();
    load(*child);
    const FrameNumber copy = put(page(0), 2);
    events.take();
    tell_of_frame(machine.memory, copy, {.kind = EventKind::Evict});
    const auto told = events.take_one();
    EXPECT_EQ(told.space, child.get());
    EXPECT_EQ(told.event.address, start_of(page(0)));
    EXPECT_EQ(told.event.mappings, 1U);
}

TEST_F(MemoryEventTest, AForkThatFailsTellsOnlyWhatItGivesBack) {
    const RegionTraits locked_traits = locked(read_write());
    add(PageNumber(0x30000), 1, locked_traits);
    put(PageNumber(0x30000), 1);
    events.take();
    child = machine.new_space();
    machine.machine.injector.fail_nth(1);
    EXPECT_FALSE(child->fork_from(*space).ok());
    machine.machine.injector.fail_nth(0);
    for (const EventKind kind : events.take_kinds())
        EXPECT_EQ(kind, EventKind::Release);
}

TEST_F(MemoryEventTest, AFilePageIsReadWithItsNeighboursThenMapped) {
    add(kObjectPage, kPages, traits(Rights::read()), &file);
    EXPECT_EQ(read(object_page(9)), 109U);
    const auto all = events.take();
    ASSERT_EQ(all.size(), 2U);
    const MemoryEvent& in = all[0].event;
    EXPECT_EQ(in.kind, EventKind::FileRead);
    EXPECT_EQ(in.object, file.id());
    EXPECT_EQ(in.index, 8U);
    EXPECT_EQ(in.pages, kReadAhead);
    EXPECT_EQ(in.wanted, 9U);
    EXPECT_EQ(in.frame, frame(object_page(9)));
    EXPECT_EQ(test::steps_of(all[1].event),
              (Steps{FaultAction::FetchObjectPage, FaultAction::MapObjectPage}));
    EXPECT_EQ(all[1].event.outcome, FaultOutcome::ResolvedByRead);
}

TEST_F(MemoryEventTest, APageInTheCacheIsMappedWithoutARead) {
    add(kObjectPage, kPages, copy_on_write(), &file);
    ASSERT_TRUE(fetch_page(machine.memory, file, 20, PageCount(1)).ok());
    EXPECT_EQ(events.take_kinds(), Kinds{EventKind::FileRead});
    EXPECT_EQ(read(object_page(20)), 120U);
    expect_fault({FaultAction::MapObjectPage});
    put(object_page(20), 1);
    expect_fault({FaultAction::CopyPage});
}

TEST_F(MemoryEventTest, ADiskErrorIsTheFaultsOutcome) {
    add(kObjectPage, kPages, traits(Rights::read()), &file);
    disk.fail_reads(true);
    EXPECT_FALSE(read(object_page(0)).has_value());
    disk.fail_reads(false);
    EXPECT_EQ(expect_fault({FaultAction::FetchObjectPage}).outcome, FaultOutcome::CannotRead);
}

TEST_F(MemoryEventTest, ASwapInTellsItsRunThenTheFault) {
    put(page(0), 1);
    const FrameNumber before = frame(page(0));
    evict(before);
    const SwapSlot at = slot(page(0));
    auto all = events.take();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[1].event.kind, EventKind::SwapOut);
    EXPECT_EQ(all[1].event.slot, at);
    EXPECT_EQ(all[1].event.pages, PageCount(1));
    EXPECT_EQ(all[1].event.failed, 0U);
    EXPECT_EQ(read(page(0)), 1U);
    all = events.take();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].event.kind, EventKind::SwapIn);
    EXPECT_EQ(all[0].event.slot, at);
    EXPECT_EQ(all[0].event.wanted, at.raw());
    EXPECT_EQ(test::steps_of(all[1].event),
              (Steps{FaultAction::SwapIn, FaultAction::MapCachedSlot}));
    put(page(0), 2);
    expect_fault({FaultAction::ForgetSwapCopy, FaultAction::TakeOverPage});
}

TEST_F(MemoryEventTest, AWriteToSwapThatFailsSaysHowManyPages) {
    put(page(0), 1);
    events.take();
    machine.store.fail_writes(true);
    clean(frame(page(0)));
    machine.store.fail_writes(false);
    const MemoryEvent event = events.take_one().event;
    EXPECT_EQ(event.kind, EventKind::SwapOut);
    EXPECT_EQ(event.failed, 1U);
}

TEST_F(MemoryEventTest, WriteBackTellsTheRun) {
    show(*space, file, shared_map());
    put(object_page(5), 1);
    put(object_page(6), 1);
    events.take();
    EXPECT_TRUE(write_back(machine.memory, file, 0, 64).ok());
    const MemoryEvent event = events.take_one().event;
    EXPECT_EQ(event.kind, EventKind::FileWrite);
    EXPECT_EQ(event.object, file.id());
    EXPECT_EQ(event.index, 5U);
    EXPECT_EQ(event.pages, PageCount(2));
    EXPECT_EQ(event.failed, 0U);
}

TEST_F(MemoryEventTest, RegionCallsTellWhatTheyDid) {
    constexpr VirtAddr kAt(0x50000000);
    const MapRequest request{.address = kAt,
                             .bytes = 3 * kPageSize - 1,
                             .place = MapRequest::Place::Fixed,
                             .rights = Rights::read() | Rights::write()};
    ASSERT_TRUE(space->map(request).ok());
    MemoryEvent event = events.take_one().event;
    EXPECT_EQ(event.kind, EventKind::Map);
    EXPECT_EQ(event.address, kAt);
    EXPECT_EQ(event.pages, PageCount(3));
    EXPECT_EQ(event.rights, request.rights);
    EXPECT_EQ(event.object, 0U);

    ASSERT_TRUE(space->protect(kAt, kPageSize, Rights::read(), false).ok());
    event = events.take_one().event;
    EXPECT_EQ(event.kind, EventKind::Protect);
    EXPECT_EQ(event.address, kAt);
    EXPECT_EQ(event.pages, PageCount(1));
    EXPECT_EQ(event.rights, Rights::read());

    const VirtAddr moved = space
                               ->remap({.address = kAt + kPageSize,
                                        .old_bytes = 2 * kPageSize,
                                        .new_bytes = 4 * kPageSize,
                                        .may_move = true,
                                        .fixed = true,
                                        .new_address = kAt + 0x100000})
                               .take();
    event = events.take_one().event;
    EXPECT_EQ(event.kind, EventKind::Remap);
    EXPECT_EQ(event.address, moved);
    EXPECT_EQ(event.from, kAt + kPageSize);
    EXPECT_EQ(event.pages, PageCount(4));

    ASSERT_TRUE(space->unmap(moved, 4 * kPageSize).ok());
    event = events.take_one().event;
    EXPECT_EQ(event.kind, EventKind::Unmap);
    EXPECT_EQ(event.address, moved);
    EXPECT_EQ(event.pages, PageCount(4));
}

TEST_F(MemoryEventTest, AMapThatPopulatesTellsTheRegionThenThePages) {
    ASSERT_TRUE(space
                    ->map({.address = {},
                           .bytes = 2 * kPageSize,
                           .rights = Rights::read() | Rights::write(),
                           .populate = true})
                    .ok());
    EXPECT_EQ(events.take_kinds(),
              (Kinds{EventKind::Map, EventKind::Prefault, EventKind::Prefault}));
}

TEST_F(MemoryEventTest, TheBreakTellsTheHeap) {
    constexpr VirtAddr kStart(0x09000000);
    space->set_break_start(kStart);
    EXPECT_EQ(space->set_break(kStart + 5000), kStart + 5000);
    MemoryEvent event = events.take_one().event;
    EXPECT_EQ(event.kind, EventKind::Break);
    EXPECT_EQ(event.address, kStart + 5000);
    EXPECT_EQ(event.pages, PageCount(2));
    space->set_break(VirtAddr(kStart.raw() - 1));  // refused
    EXPECT_TRUE(events.take().empty());
}

TEST_F(MemoryEventTest, CallsThatFailTellNothing) {
    EXPECT_FALSE(space->map({.address = {}, .bytes = 0, .rights = Rights::read()}).ok());
    EXPECT_FALSE(space->unmap(VirtAddr(1), kPageSize).ok());
    EXPECT_FALSE(space->protect(VirtAddr(0x60000000), kPageSize, Rights::read(), false).ok());
    EXPECT_FALSE(
        space->remap({.address = VirtAddr(0x60000000), .old_bytes = 1, .new_bytes = 1}).ok());
    EXPECT_TRUE(events.take().empty());
}

// --- Reclaim ---

class ReclaimEventTest : public MemoryEventTest {
  protected:
    ReclaimEventTest() { machine.room.leave_to(reclaim); }
    Reclaim reclaim{machine.memory, machine.slabs,
                    Watermarks{PageCount(4), PageCount(5), PageCount(6)}};
};

TEST_F(ReclaimEventTest, ADirtyPageIsChosenWrittenAndEvicted) {
    const FrameNumber victim = put(page(2), 1);
    auto hoarded = hoard(4);
    events.take();
    ASSERT_TRUE(reclaim.make_room(PageCount(0)).ok());
    EXPECT_TRUE(events.take().empty()) << "nothing is short";
    ASSERT_TRUE(reclaim.make_room(PageCount(1)).ok());
    const auto all = events.take();
    ASSERT_EQ(all.size(), 3U);
    const MemoryEvent& choice = all[0].event;
    EXPECT_EQ(choice.kind, EventKind::Choose);
    EXPECT_EQ(all[0].space, space.get());
    EXPECT_EQ(choice.frame, victim);
    EXPECT_EQ(choice.address, start_of(page(2)));
    EXPECT_EQ(choice.mappings, 1U);
    EXPECT_EQ(choice.fate, VictimFate::WriteSwap);
    EXPECT_EQ(choice.cause, EvictionCause::Direct);
    EXPECT_EQ(all[1].event.kind, EventKind::SwapOut);
    EXPECT_EQ(all[2].event.kind, EventKind::Evict);
    EXPECT_EQ(all[2].event.frame, victim);
    EXPECT_EQ(all[2].event.slot, slot(page(2)));
    EXPECT_EQ(all[2].event.slot, all[1].event.slot);
}

TEST_F(ReclaimEventTest, AVictimOfTwoProgramsNamesTheFirstAndCountsBoth) {
    put(page(0), 1);
    fork();
    unshare(page(0));
    const auto hoarded = hoard(4);
    events.take();
    ASSERT_TRUE(reclaim.make_room(PageCount(1)).ok());
    const auto all = events.take();
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(all[0].space, space.get());
    EXPECT_EQ(all[0].event.mappings, 2U);
}

TEST_F(ReclaimEventTest, ACleanFilePageLeavesAtOnce) {
    show(*space, file, traits(Rights::read()));
    read_in(object_page(7));
    const auto hoarded = hoard(4);
    events.take();
    ASSERT_TRUE(reclaim.make_room(PageCount(1)).ok());
    const auto all = events.take();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].event.fate, VictimFate::Leave);
    EXPECT_EQ(all[0].event.object, file.id());
    EXPECT_EQ(all[0].event.index, 7U);
    EXPECT_EQ(all[0].event.address, start_of(object_page(7)));
    EXPECT_EQ(all[1].event.kind, EventKind::Evict);
    EXPECT_EQ(all[1].event.object, file.id());
}

TEST_F(ReclaimEventTest, ADirtyFilePageIsWrittenFirst) {
    show(*space, file, shared_map());
    put(object_page(7), 1);
    const auto hoarded = hoard(4);
    events.take();
    ASSERT_TRUE(reclaim.make_room(PageCount(1)).ok());
    EXPECT_EQ(events.take_kinds(),
              (Kinds{EventKind::Choose, EventKind::FileWrite, EventKind::Evict}));
}

TEST_F(ReclaimEventTest, WhatCannotBeWrittenIsSetAside) {
    put(page(0), 1);
    const auto hoarded = hoard(4);
    events.take();
    machine.store.fail_writes(true);
    EXPECT_FALSE(reclaim.make_room(PageCount(1)).ok());
    machine.store.fail_writes(false);
    EXPECT_EQ(events.take_kinds(),
              (Kinds{EventKind::Choose, EventKind::SwapOut, EventKind::SetAside}));
}

TEST_F(ReclaimEventTest, ThePageAFaultNeedsStays) {
    const PagePin needed(machine.pages.pins(), put(page(0), 1));
    const auto hoarded = hoard(4);
    events.take();
    EXPECT_FALSE(reclaim.make_room(PageCount(1)).ok());
    const auto told = events.take_one();
    EXPECT_EQ(told.event.kind, EventKind::Choose);
    EXPECT_EQ(told.event.fate, VictimFate::Stay);
}

TEST_F(ReclaimEventTest, TheCauseIsToldForEachWayToReclaim) {
    put_pages(2);
    auto hoarded = hoard(4);
    events.take();
    while (reclaim.run_background()) {
    }
    const auto all = events.take();
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(all[0].event.kind, EventKind::Choose);
    EXPECT_EQ(all[0].event.cause, EvictionCause::Background);
    hoarded.clear();
    EXPECT_EQ(read(page(0)), 1U);
    events.take();
    reclaim.drop_clean();
    const auto dropped = events.take();
    ASSERT_EQ(dropped.size(), 2U) << "the page, and its neighbour, which was read ahead";
    EXPECT_EQ(dropped[0].event.kind, EventKind::Evict);
    EXPECT_EQ(dropped[0].event.cause, EvictionCause::Drop);
}

TEST_F(ReclaimEventTest, ThrashingIsToldWhenItBeginsAndWhenItEnds) {
    ThrashingSignal& signal = machine.pages.thrashing_signal();
    signal.set_memory(PageCount(64));
    const auto left_now = ThrashingSignal::departure_in(signal.stamp(0));
    while (!signal.thrashing())
        signal.page_in(left_now);
    tell_thrashing(machine.memory);
    const MemoryEvent begun = events.take_one().event;
    EXPECT_EQ(begun.kind, EventKind::Thrashing);
    EXPECT_TRUE(begun.on);
    EXPECT_GE(begun.percent, 50U);
    tell_thrashing(machine.memory);
    EXPECT_TRUE(events.take().empty()) << "told once";
    while (signal.thrashing())
        signal.page_in(ThrashingSignal::kNeverLeft);
    tell_thrashing(machine.memory);
    EXPECT_FALSE(events.take_one().event.on);
}

}  // namespace
}  // namespace quire::mm
