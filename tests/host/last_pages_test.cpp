// When hardly anything can leave RAM any more: each instruction gets the pages that it needs, or
// somebody is told that there is no memory. Nothing goes round for ever.
#include <tuple>

#include "mm/reclaim.h"
#include "tests/host/reclaim_machine.h"

namespace quire::mm {
namespace {

constexpr Watermarks kMarks{PageCount(4), PageCount(8), PageCount(24)};

// A file system: to find a page on the disk it reads pages of tables, which may leave afterwards.
class StoreWithTables final : public BackingStore {
  public:
    StoreWithTables(UserMemory& memory, MemoryObject& tables) : memory_(memory), tables_(tables) {}
    Result<void> read(std::uint32_t, std::span<const FrameNumber>) override {
        constexpr PageCount kWindow{4};
        TRY(memory_.room().make_room(frames_to_fetch(kWindow)));
        if (!has_tables) TRY(fetch_page(memory_, tables_, 0, kWindow));
        return {};
    }
    Result<void> write(std::uint32_t, std::span<const FrameNumber>) override { return {}; }

    bool has_tables = false;  // in use all the time: they do not leave

  private:
    UserMemory& memory_;
    MemoryObject& tables_;
};

class LastPages : public test::ReclaimMachine {
  protected:
    LastPages() {
        machine.room.leave_to(reclaim);
        show(*space, program, copy_on_write());
        put_pages(kPages);
        read_in(object_page(0));
    }
    ~LastPages() override { space->empty(); }
    // Room is for `pages` pages beside those that a read asks for.
    void leave_room_for(std::uint32_t pages) {
        hoarded_.clear();
        for (std::uint32_t i = 0; i < kPages; ++i)
            for (const PageNumber each : {page(i), object_page(i)})
                if (entry(each).is_resident()) evict(frame(each));
        machine.slabs.reclaim();
        hoarded_ = hoard(kMarks.min.raw() + frames_to_fetch(PageCount(1)).raw() + pages);
    }
    // One instruction of a program that is at `code` and reads `data`, again and again: whether it
    // is done or the program is told that there is no memory before `most` faults.
    bool ends(PageNumber code, PageNumber data, std::uint32_t most) {
        for (std::uint32_t faults = 0; faults < most; ++faults) {
            const bool has_code = reaches(code);
            if (has_code && reaches(data)) return true;
            if (!read(has_code ? data : code).has_value()) return outcome_is_no_memory();
        }
        return false;
    }
    bool outcome_is_no_memory() { return outcome() == FaultOutcome::OutOfMemory; }

    Reclaim reclaim{machine.memory, machine.slabs, kMarks};
    StoreWithTables store{machine.memory, file};
    test::PagedObject program{machine, MemoryObject::Kind::File, &store, kPages};

  private:
    std::vector<OwnedFrame> hoarded_;
};

class OneInstruction : public LastPages,
                       public testing::WithParamInterface<std::tuple<std::uint32_t, bool>> {};

// The read of the code makes room for the tables of the file system: not where the data is.
TEST_P(OneInstruction, HasAllItsPagesThoughAReadMakesRoomItself) {
    store.has_tables = std::get<bool>(GetParam());
    leave_room_for(std::get<std::uint32_t>(GetParam()));
    EXPECT_TRUE(ends(object_page(0), page(0), 20));
}

TEST_P(OneInstruction, HasAllItsPagesThoughEveryReadMakesRoomItself) {
    store.has_tables = std::get<bool>(GetParam());
    leave_room_for(std::get<std::uint32_t>(GetParam()));
    EXPECT_TRUE(ends(object_page(0), object_page(40), 20));
}

INSTANTIATE_TEST_SUITE_P(LastPages, OneInstruction,
                         testing::Combine(testing::Range(0U, 8U), testing::Bool()));

}  // namespace
}  // namespace quire::mm
