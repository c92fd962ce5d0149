// fetch_page(): from a page of an object to its frame, wherever the content is.
#include "mm/object_pages.h"

#include "tests/host/fault_machine.h"

namespace quire::mm {
namespace {

class ObjectPages : public test::FaultMachine {
  protected:
    Result<Fetched> fetch(MemoryObject& object, std::uint32_t index,
                          PageCount window = kReadAhead) {
        return fetch_page(machine.memory, object, index, window);
    }
    static unsigned byte_of(FrameNumber frame) {
        return std::to_integer<unsigned>(frame_bytes(frame)[0]);
    }
    std::vector<std::uint32_t> resident(const MemoryObject& object) {
        std::vector<std::uint32_t> indexes;
        object.for_each_resident(
            0, object.pages(), [&](std::uint32_t index, FrameNumber) { indexes.push_back(index); });
        return indexes;
    }
    // The policy's part of evicting a clean page.
    void evict(MemoryObject& object, std::uint32_t index, Shadow shadow) {
        const FrameNumber frame = object.entry(index).frame();
        EXPECT_TRUE(object.set_entry(index, ObjectEntry::for_shadow(shadow)).ok());
        machine.policy.forget(frame);
        machine.machine.frames.drop_reference(frame);
    }
};

TEST_F(ObjectPages, ReadsTheAlignedGroup) {
    const Fetched fetched = fetch(file, 11).take();
    EXPECT_TRUE(fetched.was_read);
    EXPECT_EQ(byte_of(fetched.frame), 111U);
    EXPECT_EQ(resident(file), (std::vector<std::uint32_t>{8, 9, 10, 11, 12, 13, 14, 15}));
    EXPECT_EQ(disk.reads(), 1U);
    for (std::uint32_t index = 8; index < 16; ++index)
        EXPECT_EQ(byte_of(file.entry(index).frame()), 100 + index);
}

TEST_F(ObjectPages, TheObjectHoldsTheReferenceAndThePolicyThePage) {
    const FrameNumber frame = fetch(file, 11).take().frame;
    EXPECT_EQ(machine.machine.table.references(frame), 1U);
    EXPECT_EQ(machine.machine.table.object_of(frame), (ObjectPage{file.id(), 11}));
    EXPECT_EQ(machine.policy.count(), PageCount(8));
    EXPECT_EQ(file.dirty_pages(), 0U);
}

TEST_F(ObjectPages, FindsWhatIsInRam) {
    const FrameNumber frame = fetch(file, 11).take().frame;
    const Fetched again = fetch(file, 11).take();
    EXPECT_FALSE(again.was_read);
    EXPECT_EQ(again.frame, frame);
    EXPECT_EQ(disk.reads(), 1U);
}

TEST_F(ObjectPages, ReadsWithoutAGapAndNothingTwice) {
    EXPECT_TRUE(fetch(file, 12, PageCount(1)).ok());
    EXPECT_TRUE(fetch(file, 10).ok());
    EXPECT_EQ(resident(file), (std::vector<std::uint32_t>{8, 9, 10, 11, 12}));
    EXPECT_TRUE(fetch(file, 15).ok());
    EXPECT_EQ(resident(file), (std::vector<std::uint32_t>{8, 9, 10, 11, 12, 13, 14, 15}));
    EXPECT_EQ(disk.pages_read(), 8U);
}

TEST_F(ObjectPages, StopsAtTheEndOfTheFile) {
    test::PagedObject small(machine, MemoryObject::Kind::File, &disk, 3);
    EXPECT_TRUE(fetch(small, 2).ok());
    EXPECT_EQ(resident(small), (std::vector<std::uint32_t>{0, 1, 2}));
}

TEST_F(ObjectPages, WorksAtTheHighestIndexThereIs) {
    test::PagedObject large(machine, MemoryObject::Kind::File, &disk, 0xFFFFFFFF);
    EXPECT_TRUE(fetch(large, 0xFFFFFFFE).ok());
    EXPECT_EQ(large.resident_pages(), 7U);
    EXPECT_EQ(byte_of(large.entry(0xFFFFFFFE).frame()), 0U);
}

TEST_F(ObjectPages, TellsThePolicyWhatItRemembersAndWhoWaits) {
    EXPECT_TRUE(fetch(file, 8).ok());
    ThrashingSignal& signal = machine.pages.thrashing_signal();
    evict(file, 8, signal.stamp(77));
    evict(file, 9, signal.stamp(88));
    test::Listener listener(machine.machine.table);
    machine.pages.change_policy(listener);
    listener.arrivals.clear();
    EXPECT_TRUE(fetch(file, 9).ok());
    EXPECT_EQ(listener.arrivals,
              (std::vector<test::Listener::Seen>{{Arrival::ReadAhead, 77}, {Arrival::Demand, 88}}));
    machine.pages.change_policy(machine.policy);
}

TEST_F(ObjectPages, SharedMemoryStartsAsZeroes) {
    const Fetched fetched = fetch(shared, 5).take();
    EXPECT_FALSE(fetched.was_read);
    EXPECT_EQ(byte_of(fetched.frame), 0U);
    EXPECT_EQ(shared.resident_pages(), 1U);
    EXPECT_EQ(shared.dirty_pages(), 0U);
    EXPECT_EQ(machine.policy.count(), PageCount(1));
}

TEST_F(ObjectPages, SharedMemoryComesBackFromSwapDirtyAndWithoutASlot) {
    const SwapSlot slot = swap_out_object(shared, 5);
    machine.store.forget_calls();
    const Fetched fetched = fetch(shared, 5).take();
    EXPECT_TRUE(fetched.was_read);
    EXPECT_EQ(byte_of(fetched.frame), 55U);
    EXPECT_FALSE(machine.swap.in_use(slot));
    EXPECT_EQ(shared.swapped_pages(), 0U);
    EXPECT_EQ(shared.dirty_pages(), 1U);
    EXPECT_EQ(machine.machine.table.references(fetched.frame), 1U);
    EXPECT_EQ(machine.policy.count(), PageCount(1));
}

TEST_F(ObjectPages, SharedMemoryComesBackFromTheSwapCache) {
    swap_out_object(shared, 5);
    swap_out_object(shared, 6);
    EXPECT_TRUE(fetch(shared, 5).ok());  // 6 is read along, into the swap cache
    machine.check();
    machine.store.forget_calls();
    const Fetched fetched = fetch(shared, 6).take();
    EXPECT_FALSE(fetched.was_read);
    EXPECT_EQ(byte_of(fetched.frame), 56U);
    EXPECT_EQ(machine.swap.statistics().used, PageCount());
}

TEST_F(ObjectPages, ABadNeighbourDoesNotMatter) {
    disk.fail_page(9);
    EXPECT_EQ(byte_of(fetch(file, 8).take().frame), 108U);
    EXPECT_EQ(resident(file), (std::vector<std::uint32_t>{8}));
    const std::uint32_t before = used();
    EXPECT_EQ(fetch(file, 9).error(), Error::IoError);
    EXPECT_EQ(used(), before);
    EXPECT_EQ(resident(file), (std::vector<std::uint32_t>{8}));
}

TEST_F(ObjectPages, EntersAPageThatNobodyHasToRead) {
    OwnedFrame frame = machine.machine.frames.allocate_zeroed().take();
    const FrameNumber number = frame.number();
    EXPECT_TRUE(enter_page(machine.memory, file, 40, frame).ok());
    EXPECT_TRUE(frame.empty());
    EXPECT_EQ(fetch(file, 40).take().frame, number);
    EXPECT_EQ(disk.reads(), 0U);
    EXPECT_EQ(machine.policy.count(), PageCount(1));
}

TEST_F(ObjectPages, APageThatIsEnteredTakesThePlaceOfASlot) {
    const SwapSlot slot = swap_out_object(shared, 5);
    OwnedFrame frame = machine.machine.frames.allocate_zeroed().take();
    EXPECT_TRUE(enter_page(machine.memory, shared, 5, frame).ok());
    EXPECT_FALSE(machine.swap.in_use(slot));
    EXPECT_EQ(shared.swapped_pages(), 0U);
}

TEST_F(ObjectPages, APageThatCannotBeEnteredStaysTheCallers) {
    OwnedFrame frame = machine.machine.frames.allocate_zeroed().take();
    machine.machine.injector.fail_nth(1);
    EXPECT_EQ(enter_page(machine.memory, file, 40, frame).error(), Error::OutOfMemory);
    EXPECT_FALSE(frame.empty());
    EXPECT_TRUE(file.entry(40).is_empty());
}

TEST_F(ObjectPages, FailsWithoutATrace) {
    for (MemoryObject* object :
         {static_cast<MemoryObject*>(&file), static_cast<MemoryObject*>(&shared)}) {
        bool failed = false;
        for (std::uint32_t n = 1; n < 100; ++n) {
            machine.slabs.reclaim();
            const std::uint32_t before = used();
            machine.machine.injector.fail_nth(n);
            const Result<Fetched> fetched = fetch(*object, 40, PageCount(1));
            machine.machine.injector.fail_nth(0);
            machine.slabs.reclaim();
            if (fetched.ok()) break;
            // Alone, or with the group: the second try may have failed as well.
            failed = true;
            EXPECT_EQ(fetched.error(), Error::OutOfMemory);
            EXPECT_EQ(used(), before);
            EXPECT_FALSE(object->next_entry(0).has_value());
        }
        EXPECT_TRUE(failed);
        EXPECT_EQ(object->resident_pages(), 1U);
    }
}

TEST_F(ObjectPages, KeepsWhatIsRememberedOfAPageThatCannotBeRead) {
    EXPECT_TRUE(fetch(file, 8, PageCount(1)).ok());
    evict(file, 8, 77);
    disk.fail_reads(true);
    EXPECT_EQ(fetch(file, 8).error(), Error::IoError);
    EXPECT_EQ(file.entry(8).shadow(), 77U);
    EXPECT_EQ(file.next_entry(9), std::nullopt);
}

}  // namespace
}  // namespace quire::mm
