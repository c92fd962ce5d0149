// read_object(), write_object(), resize_object(): a file's bytes through the page cache.
#include "fs/object_io.h"

#include <functional>

#include "mm/write_back.h"
#include "tests/host/object_io_machine.h"

namespace quire::fs {
namespace {

using mm::PageCount;
using test::Bytes;

class ObjectIo : public test::ObjectIoMachine {
  protected:
    static Result<std::uint32_t> done(Result<void> result) {
        if (!result.ok()) return result.error();
        return 0;
    }
};

TEST_F(ObjectIo, ReadsAcrossPages) {
    EXPECT_EQ(read(file, 4090, 5000), expected(4090, 5000));
    EXPECT_EQ(read(file, 0, 1), expected(0, 1));
    EXPECT_EQ(read(file, 63 * 4096 + 4095, 1), expected(63 * 4096 + 4095, 1));
}

TEST_F(ObjectIo, ReadsStopAtTheEnd) {
    EXPECT_EQ(read(file, 64 * 4096 - 10, 100).size(), 10U);
    EXPECT_EQ(read(file, 64 * 4096, 100).size(), 0U);
    EXPECT_EQ(read(file, ~std::uint64_t{0}, 100).size(), 0U);
    EXPECT_EQ(read(file, 0, 0).size(), 0U);
}

// A program's memory that ends `bytes` bytes from here, in steps of 100 bytes.
class EndingMemory final : public ByteSink, public ByteSource {
  public:
    explicit EndingMemory(std::uint32_t bytes) : left_(bytes) {}
    Result<void> take(std::span<const std::byte> piece) override { return move(piece.size()); }
    Result<void> give(std::span<std::byte> piece) override {
        std::ranges::fill(piece, std::byte{'x'});
        return move(piece.size());
    }
    std::uint32_t reach() override { return left_ < 100 ? left_ : 100; }

  private:
    Result<void> move(std::size_t bytes) {
        if (bytes > left_) return Error::BadAddress;
        left_ -= static_cast<std::uint32_t>(bytes);
        return {};
    }
    std::uint32_t left_;
};

TEST_F(ObjectIo, MovesAllBeforeABadAddress) {
    for (const std::uint32_t there : {1U, 1000U, 4096U, 5000U}) {
        EndingMemory memory(there);
        EXPECT_EQ(read_object(machine.memory, file, 10, 9000, memory, ahead).value(), there);
    }
    EndingMemory nothing(0);
    EXPECT_EQ(read_object(machine.memory, file, 10, 9000, nothing, ahead).error(),
              Error::BadAddress);
    for (const std::uint32_t there : {1U, 1000U, 4096U, 5000U}) {
        EndingMemory memory(there);
        EXPECT_EQ(write_object(machine.memory, file, 10, 9000, memory).value(), there);
        expect(file, 10, Bytes(there, std::byte{'x'}));
    }
}

TEST_F(ObjectIo, WhatIsInRamIsNotReadAgain) {
    read(file, 0, 4096);
    disk.forget_calls();
    read(file, 10, 100);
    EXPECT_EQ(disk.reads(), 0U);
}

TEST_F(ObjectIo, SmallSequentialReadsReadMoreAndMoreAhead) {
    for (std::uint32_t page = 0; page < 64; ++page)
        for (std::uint32_t quarter = 0; quarter < 4; ++quarter)
            read(file, page * 4096 + quarter * 1024, 1024);
    std::vector<std::uint32_t> sizes;
    for (const test::MemoryStore::Call& call : disk.calls())
        sizes.push_back(call.count);
    EXPECT_EQ(sizes, (std::vector<std::uint32_t>{1, 1, 2, 4, 8, 16, 16, 16}));
}

TEST_F(ObjectIo, RandomReadsReadNothingAhead) {
    for (const std::uint32_t page : {40U, 7U, 22U, 23U, 60U, 3U})
        read(file, page * 4096, 100);
    EXPECT_EQ(disk.pages_read(), 6U);
}

TEST_F(ObjectIo, AJumpEndsReadingAhead) {
    for (std::uint32_t page = 0; page < 8; ++page)
        read(file, page * 4096, 4096);
    disk.forget_calls();
    read(file, 50 * 4096, 100);
    read(file, 51 * 4096, 100);
    EXPECT_EQ(disk.pages_read(), 2U);
}

TEST_F(ObjectIo, ALargeReadIsReadInRunsWithoutBeingSequential) {
    read(file, 16 * 4096, 32 * 4096);
    EXPECT_EQ(disk.reads(), 2U);
    EXPECT_EQ(disk.pages_read(), 32U);
    disk.forget_calls();
    read(file, 5 * 4096, 4 * 4096);
    EXPECT_EQ(disk.calls(), (std::vector<test::MemoryStore::Call>{
                                {test::MemoryStore::Direction::Read, 5, 1, false},
                                {test::MemoryStore::Direction::Read, 6, 2, false},
                                {test::MemoryStore::Direction::Read, 8, 2, false}}));
}

TEST_F(ObjectIo, AdviceIsTaken) {
    ahead.set_advice(mm::Advice::Sequential);
    read(file, 40 * 4096, 1);
    EXPECT_EQ(disk.pages_read(), 16U);
    ahead.set_advice(mm::Advice::Random);
    disk.forget_calls();
    for (std::uint32_t page = 0; page < 8; ++page)
        read(file, page * 4096, 1);
    EXPECT_EQ(disk.pages_read(), 8U);
}

TEST_F(ObjectIo, APageThatIsUsedAgainIsYoungForThePolicy) {
    read(file, 0, 100);
    const mm::FrameNumber frame = file.entry(0).frame();
    const auto young = [&] { return machine.machine.table.has(frame, mm::FrameFlag::Young); };
    EXPECT_FALSE(young());  // it came for this
    read(file, 100, 100);
    EXPECT_FALSE(young());  // the same use
    read(file, 4096, 100);
    read(file, 0, 100);
    EXPECT_TRUE(young());
    mm::MappedAccess access(machine.memory);
    EXPECT_TRUE(access.harvest(frame));
    EXPECT_FALSE(access.harvest(frame));
}

TEST_F(ObjectIo, WritesIntoAPageThatMustBeRead) {
    EXPECT_EQ(write(file, 4096 + 10, 100), 100U);
    EXPECT_EQ(disk.pages_read(), 1U);
    EXPECT_EQ(read(file, 4000, 300), expected(4000, 300));
    EXPECT_EQ(file.dirty_pages(), 1U);
}

TEST_F(ObjectIo, WholePagesAndThoseAtTheEndAreNotRead) {
    EXPECT_EQ(write(file, 4096, 8192), 8192U);
    EXPECT_EQ(disk.reads(), 0U);
    EXPECT_EQ(write(file, 64 * 4096 + 5000, 10), 10U);
    EXPECT_EQ(disk.reads(), 0U);
    EXPECT_EQ(file.bytes(), 64U * 4096 + 5010);
    EXPECT_EQ(write(small, 0, 3000), 3000U);  // all there is of it
    EXPECT_EQ(small_disk.reads(), 0U);
    EXPECT_EQ(read(file, 63 * 4096, 3 * 4096), expected(63 * 4096, 4096 + 5010));
}

TEST_F(ObjectIo, ALastPageThatIsCoveredFromItsMiddleOnIsRead) {
    EXPECT_EQ(write(small, 2000, 1500), 1500U);
    EXPECT_EQ(small_disk.reads(), 1U);
    EXPECT_EQ(read(small, 0, 4096), expected_of(small, 0, 3500));
}

// A mapping shows the whole page.
TEST_F(ObjectIo, ANewPageShowsNothingOfWhoHadItsFrame) {
    for (const mm::OwnedFrame& frame : hoard(0))
        std::ranges::fill(std::span(mm::frame_bytes(frame.number()), 4096), std::byte{0xEE});
    write(small, 0, 3000);
    write(file, 64 * 4096 + 10, 10);
    const std::byte* bytes = mm::frame_bytes(small.entry(0).frame());
    EXPECT_EQ(std::count(bytes + 3000, bytes + 4096, std::byte{}), 1096);
    bytes = mm::frame_bytes(file.entry(64).frame());
    EXPECT_EQ(std::count(bytes, bytes + 4096, std::byte{}), 4086);
}

TEST_F(ObjectIo, WhatLiesBetweenTheEndAndAWriteIsZeroes) {
    write(small, 2990, 10);
    store_past_the_end(small);
    EXPECT_EQ(write(small, 9000, 10), 10U);
    const Bytes all = read(small, 3000, 6000);
    EXPECT_EQ(all, Bytes(6000));
    EXPECT_EQ(small.bytes(), 9010U);
}

TEST_F(ObjectIo, MappingsSeeAWriteAtOnce) {
    show(file, shared_map());
    EXPECT_EQ(load_byte(0), std::to_integer<unsigned>(expected(0, 1)[0]));
    write(file, 0, 1);
    EXPECT_EQ(load_byte(0), std::to_integer<unsigned>(expected(0, 1)[0]));
    store_byte(1, 77);
    EXPECT_EQ(read(file, 4096, 1)[0], std::byte{77});
}

TEST_F(ObjectIo, APageGoesToTheDiskAsItIs) {
    write(file, 4096, 4096);
    EXPECT_TRUE(mm::write_back(machine.memory, file, 0, 64).ok());
    EXPECT_EQ(Bytes(disk.page(1).begin(), disk.page(1).end()), expected(4096, 4096));
}

TEST_F(ObjectIo, WhatIsStoredPastTheEndDoesNotReachTheDisk) {
    write(small, 0, 3000);
    store_past_the_end(small);
    EXPECT_TRUE(mm::write_back(machine.memory, small, 0, 1).ok());
    EXPECT_EQ(small_disk.page(0)[2999], expected_of(small, 2999, 1)[0]);
    for (std::uint32_t i = 3000; i < 4096; ++i)
        ASSERT_EQ(small_disk.page(0)[i], std::byte{});
}

TEST_F(ObjectIo, ALastPageBehindWhatIsWrittenIsLeftAlone) {
    EXPECT_TRUE(resize(file, 16 * 4096 + 100).ok());
    write(file, 0, 16 * 4096);
    EXPECT_TRUE(mm::write_back(machine.memory, file, 0, 16).ok());
    check_all(true);
}

TEST_F(ObjectIo, SharedMemoryReadsAsZeroesAndTakesNoFrame) {
    const std::uint32_t before = used();
    EXPECT_EQ(read(shared, 100, 10000), Bytes(10000));
    EXPECT_EQ(used(), before);
    EXPECT_EQ(shared.resident_pages(), 0U);
}

TEST_F(ObjectIo, SharedMemoryComesBackFromSwap) {
    write(shared, 0, 3 * 4096);
    evict_everything();
    EXPECT_EQ(shared.swapped_pages(), 3U);
    EXPECT_EQ(read(shared, 0, 3 * 4096), expected_of(shared, 0, 3 * 4096));
}

TEST_F(ObjectIo, AWholePageOverwritesASlotWithoutReadingIt) {
    write(shared, 0, 2 * 4096);
    evict_everything();
    machine.store.forget_calls();
    EXPECT_EQ(write(shared, 0, 4096), 4096U);
    EXPECT_EQ(machine.store.reads(), 0U);
    EXPECT_EQ(shared.swapped_pages(), 1U);
    EXPECT_EQ(read(shared, 0, 8192), expected_of(shared, 0, 8192));
}

TEST_F(ObjectIo, AWholePageOverwritesASlotInTheSwapCache) {
    write(shared, 0, 2 * 4096);
    evict_everything();
    read(shared, 4096, 1);  // page 0 is read along, into the swap cache
    EXPECT_EQ(write(shared, 0, 4096), 4096U);
    machine.check();
    EXPECT_EQ(read(shared, 0, 8192), expected_of(shared, 0, 8192));
}

TEST_F(ObjectIo, ShrinkingZeroesTheRestOfThePage) {
    EXPECT_TRUE(resize(file, 4096 + 100).ok());
    EXPECT_EQ(file.bytes(), 4196U);
    EXPECT_EQ(disk.pages_read(), 1U);
    EXPECT_TRUE(resize(file, 3 * 4096).ok());
    EXPECT_EQ(read(file, 4096, 100), expected(4096, 100));
    EXPECT_EQ(read(file, 4196, 3996), Bytes(3996));
    EXPECT_EQ(file.dirty_pages(), 1U);
}

TEST_F(ObjectIo, ShrinkingWithinZeroesMakesNothingDirty) {
    std::ranges::fill(disk.page(1), std::byte{});
    EXPECT_TRUE(resize(file, 4096 + 100).ok());
    EXPECT_EQ(file.dirty_pages(), 0U);
}

TEST_F(ObjectIo, ShrinkingToAPageReadsNothing) {
    EXPECT_TRUE(resize(file, 4096).ok());
    EXPECT_TRUE(resize(file, 0).ok());
    EXPECT_EQ(disk.reads(), 0U);
    EXPECT_EQ(file.pages(), 0U);
}

TEST_F(ObjectIo, ShrinkingTakesPagesOutOfMappings) {
    show(file, shared_map());
    store_byte(5, 1);
    EXPECT_TRUE(resize(file, 2 * 4096).ok());
    EXPECT_FALSE(load_byte(5).has_value());
    EXPECT_EQ(outcomes.back(), mm::FaultOutcome::PastEnd);
    EXPECT_TRUE(load_byte(1).has_value());
}

TEST_F(ObjectIo, ShrinkingGivesSlotsBack) {
    write(shared, 0, 4 * 4096);
    evict_everything();
    EXPECT_TRUE(resize(shared, 4096 + 5).ok());
    EXPECT_EQ(shared.swapped_pages(), 1U);
    EXPECT_EQ(shared.resident_pages(), 1U);
    EXPECT_TRUE(resize(shared, 8192).ok());
    Bytes whole = expected_of(shared, 0, 4101);
    whole.resize(8192);
    EXPECT_EQ(read(shared, 0, 8192), whole);
}

TEST_F(ObjectIo, GrowingShowsZeroesWhateverWasStoredPastTheEnd) {
    write(small_shared, 0, 3000);
    store_past_the_end(small_shared);
    evict_everything();
    EXPECT_TRUE(resize(small_shared, 4096).ok());
    EXPECT_EQ(read(small_shared, 3000, 1096), Bytes(1096));
}

TEST_F(ObjectIo, ThereIsALastByte) {
    constexpr std::uint64_t kMost = mm::MemoryObject::kMaxBytes;
    EXPECT_EQ(resize(file, kMost + 1).error(), Error::LimitReached);
    EXPECT_TRUE(resize(file, kMost).ok());
    EXPECT_TRUE(resize(file, 0).ok());
    Bytes bytes(100, std::byte{3});
    MemorySource source(bytes);
    EXPECT_EQ(write_object(machine.memory, file, kMost, 1, source).error(), Error::LimitReached);
    EXPECT_EQ(write_object(machine.memory, file, kMost - 60, 100, source).take(), 60U);
    EXPECT_EQ(file.bytes(), kMost);
    EXPECT_EQ(read(file, kMost - 61, 100).size(), 61U);
}

// --- What goes wrong ---

TEST_F(ObjectIo, AShortReadTellsWhatCameBefore) {
    disk.fail_page(3);
    EXPECT_EQ(read(file, 100, 5 * 4096).size(), 3 * 4096U - 100);
    EXPECT_EQ(try_read(file, 3 * 4096, 10).error(), Error::IoError);
    EXPECT_EQ(read(file, 4 * 4096, 10).size(), 10U);
}

TEST_F(ObjectIo, AShortWriteTellsWhatCameBefore) {
    disk.fail_page(3);
    EXPECT_EQ(write(file, 4096, 2 * 4096 + 10), 2 * 4096U);
    EXPECT_EQ(file.dirty_pages(), 2U);
}

TEST_F(ObjectIo, ASinkThatFailsEndsTheRead) {
    test::RacingSink sink([n = 0]() mutable { return ++n <= 2; });
    EXPECT_EQ(read_object(machine.memory, file, 0, 5 * 4096, sink, ahead).take(), 2 * 4096U);
    test::RacingSink none([] { return false; });
    EXPECT_EQ(read_object(machine.memory, file, 0, 10, none, ahead).error(), Error::BadAddress);
    EXPECT_TRUE(machine.pages.pins().empty());
}

TEST_F(ObjectIo, ASourceThatFailsLeavesANewPageAsItWas) {
    test::RacingSource source(Bytes(4096), [] { return false; });
    EXPECT_EQ(write_object(machine.memory, file, 4096, 4096, source).error(), Error::BadAddress);
    EXPECT_EQ(write_object(machine.memory, file, 65 * 4096, 4096, source).error(),
              Error::BadAddress);
    EXPECT_EQ(file.bytes(), 64U * 4096);
    EXPECT_EQ(file.resident_pages(), 0U);
    EXPECT_EQ(read(file, 4096, 4096), expected(4096, 4096));
}

TEST_F(ObjectIo, EveryAllocationThatFailsLeavesEverythingInOrder) {
    const auto tries = fail_every_allocation({
        [&] { return try_read(file, 4000, 20000); },
        [&] { return try_write(file, 10000, 9000); },
        [&] { return try_write(file, 70 * 4096 + 17, 9000); },
        [&] { return try_write(shared, 4000, 9000); },
        [&] { return done(resize(file, 33 * 4096 + 1)); },
        [&] { return done(resize(shared, 4100)); },
    });
    EXPECT_GE(tries, 12U);
}

TEST_F(ObjectIo, EveryReadThatFailsLeavesEverythingInOrder) {
    write(shared, 0, 8 * 4096);
    evict_everything();
    const auto tries = fail_every_read({
        [&] { return try_read(file, 4000, 20000); },
        [&] { return try_write(file, 10000, 9000); },
        [&] { return try_read(shared, 0, 8 * 4096); },
        [&] { return done(resize(file, 50 * 4096 + 1)); },
    });
    EXPECT_GT(tries, 5U);
}

TEST_F(ObjectIo, WhereThereIsNoRoomForNeighboursAPageComesAlone) {
    ahead.set_advice(mm::Advice::Sequential);
    const auto ballast = hoard(mm::frames_to_fetch(PageCount(1)).raw() + reclaim.marks().min.raw());
    read(file, 0, 4096);
    EXPECT_EQ(disk.pages_read(), 1U);
}

// --- Reclaim, and the same page, while bytes are copied ---

TEST_F(ObjectIo, APageThatIsBeingReadStays) {
    const Bytes all = expected(0, 5 * 4096);
    test::RacingSink sink([&] {
        evict_everything();
        EXPECT_EQ(file.resident_pages(), 1U);
        return true;
    });
    EXPECT_EQ(read_object(machine.memory, file, 0, 5 * 4096, sink, ahead).take(), 5 * 4096U);
    EXPECT_EQ(sink.bytes, all);
    evict_everything();
    EXPECT_EQ(file.resident_pages(), 0U);
}

TEST_F(ObjectIo, APageThatIsBeingWrittenStays) {
    for (mm::MemoryObject* object :
         {static_cast<mm::MemoryObject*>(&file), static_cast<mm::MemoryObject*>(&shared)}) {
        put_expected(*object, 4000, 9000);
        test::RacingSource source(expected_of(*object, 4000, 9000), [&] {
            evict_everything();
            return true;
        });
        EXPECT_EQ(write_object(machine.memory, *object, 4000, 9000, source).take(), 9000U);
        evict_everything();
        EXPECT_EQ(read(*object, 3000, 12000), expected_of(*object, 3000, 12000));
    }
}

TEST_F(ObjectIo, APageThatGrowsIsWrittenBackMeanwhile) {
    write(small, 0, 3000);
    put_expected(small, 3000, 500);
    test::RacingSource source(expected_of(small, 3000, 500), [&, n = 0]() mutable {
        return ++n < 3 || mm::write_back(machine.memory, small, 0, 1).ok();
    });
    EXPECT_EQ(write_object(machine.memory, small, 3000, 500, source).take(), 500U);
    EXPECT_EQ(read(small, 0, 4096), expected_of(small, 0, 3500));
    test::RacingSource bad(Bytes(100, std::byte{9}), [n = 0]() mutable { return ++n < 3; });
    EXPECT_EQ(write_object(machine.memory, small, 3500, 100, bad).error(), Error::BadAddress);
    EXPECT_EQ(small.bytes(), 3500U);
    EXPECT_TRUE(resize(small, 4096).ok());
    EXPECT_EQ(read(small, 3500, 596), Bytes(596));
}

// Giving may use up all room: there are pages to be evicted.
TEST_F(ObjectIo, RoomIsMadeAgainWhenTheBytesHaveCome) {
    read(file, 16 * 4096, 32 * 4096);
    put_expected(file, 64 * 4096, 4096);
    std::vector<mm::OwnedFrame> ballast;
    test::RacingSource source(expected(64 * 4096, 4096), [&] {
        machine.slabs.reclaim();
        for (mm::OwnedFrame& frame : hoard(0))
            ballast.push_back(std::move(frame));
        return true;
    });
    EXPECT_EQ(write_object(machine.memory, file, 64 * 4096, 4096, source).take(), 4096U);
    EXPECT_GE(machine.machine.frames.free_frames(), reclaim.marks().min);
}

// The source is a mapping of the page that is written.
TEST_F(ObjectIo, APageIsCopiedOntoItself) {
    show(file, shared_map());
    const unsigned before = *load_byte(2);
    evict_everything();
    put_expected(file, 2 * 4096, 4096);
    test::RacingSource source(expected(2 * 4096, 4096), [&] {
        EXPECT_EQ(load_byte(2), before);  // the page is what it was until it is written
        return true;
    });
    EXPECT_EQ(write_object(machine.memory, file, 2 * 4096, 4096, source).take(), 4096U);
    EXPECT_EQ(load_byte(2), std::to_integer<unsigned>(expected(2 * 4096, 1)[0]));
    EXPECT_EQ(read(file, 4096, 3 * 4096), expected(4096, 3 * 4096));
}

}  // namespace
}  // namespace quire::fs
