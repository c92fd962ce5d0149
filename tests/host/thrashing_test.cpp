// Replacement on a whole machine: what leaves and comes back tells whether memory is too small, and
// the policy changes while programs run.
#include <functional>
#include <vector>

#include "mm/policy_set.h"
#include "mm/reclaim.h"
#include "tests/host/reclaim_machine.h"
#include "tests/host/seed.h"

namespace quire::mm {
namespace {

constexpr Watermarks kMarks{PageCount(4), PageCount(8), PageCount(24)};
constexpr PageNumber kHeap{0x30000};
constexpr std::uint32_t kHeapPages = 512;

class Replacement : public test::ReclaimMachine {
  protected:
    Replacement() {
        machine.pages.change_policy(policies.current());
        machine.room.leave_to(reclaim);
        RegionTraits traits = read_write();
        traits.advice = Advice::Random;  // each page that comes back is a page-in of its own
        add(kHeap, kHeapPages, traits);
        ballast_ = hoard(100);
    }
    ~Replacement() override { machine.pages.change_policy(machine.policy); }

    void change_to(PolicyKind kind) {
        policies.change_to(kind);
        machine.pages.change_policy(policies.current());
    }

    static PageNumber heap(std::uint32_t index) { return kHeap + PageCount(index); }
    // Writes heap pages [first, end), which says what they hold from now on.
    void fill(std::uint32_t first, std::uint32_t end) {
        for (std::uint32_t i = first; i < end; ++i)
            ASSERT_TRUE(write(heap(i), i % 251));
    }
    // Reads them again, `rounds` times, one after the other.
    void run_round(std::uint32_t first, std::uint32_t end, int rounds = 1) {
        for (int round = 0; round < rounds; ++round)
            for (std::uint32_t i = first; i < end; ++i)
                ASSERT_EQ(read(heap(i)), i % 251);
    }
    std::uint32_t percent() { return machine.pages.thrashing_signal().percent(); }
    bool thrashing() { return machine.pages.thrashing_signal().thrashing(); }

  private:
    std::vector<std::uint8_t> marks_ = std::vector<std::uint8_t>(machine.machine.table.end().raw());
    std::vector<OwnedFrame> ballast_;

  protected:
    PolicySet policies{machine.machine.table, marks_};
    Reclaim reclaim{machine.memory, machine.slabs, kMarks};
};

// --- The signal ---

TEST_F(Replacement, AWorkingSetLargerThanRamRaisesTheSignal) {
    for (const PolicyKind kind : kPolicyKinds) {
        change_to(kind);
        fill(0, 130);
        run_round(0, 130, 10);
        EXPECT_TRUE(thrashing()) << policies.current().name() << " " << percent();
        while (thrashing())
            machine.pages.thrashing_signal().second_over();
    }
}

TEST_F(Replacement, AWorkingSetThatFitsDoesNot) {
    for (const PolicyKind kind : kPolicyKinds) {
        change_to(kind);
        fill(0, 60);
        run_round(0, 60, 10);
        EXPECT_EQ(percent(), 0U) << policies.current().name();
    }
}

// All that grows fills memory many times over, and nothing comes back.
TEST_F(Replacement, AHeapThatGrowsDoesNot) {
    fill(0, kHeapPages);
    EXPECT_GT(reclaim.statistics().evicted_private, 400U);
    EXPECT_EQ(percent(), 0U);
}

TEST_F(Replacement, WhoReturnsToWhatLeftLongAgoDoesNot) {
    change_to(PolicyKind::Fifo);
    fill(0, kHeapPages);
    run_round(0, 64);
    EXPECT_GT(machine.memory.statistics().swapped_in, 60U);
    EXPECT_EQ(percent(), 0U);
}

// The same number of reads, the first time and again.
TEST_F(Replacement, TellsRefaultsFromFirstReads) {
    change_to(PolicyKind::Fifo);
    fill(0, 60);
    show(*space, file, shared_map());
    for (std::uint32_t i = 0; i < kPages; ++i)
        read_in(object_page(i));
    EXPECT_GE(statistics().major_faults, kPages);
    EXPECT_GT(reclaim.statistics().evicted(), 20U);
    EXPECT_EQ(percent(), 0U);
    fill(60, 130);  // pushes the file out again, and reads nothing
    EXPECT_EQ(percent(), 0U);
    for (std::uint32_t i = 0; i < kPages; ++i)
        read_in(object_page(i));
    EXPECT_GE(percent(), 40U);
}

TEST_F(Replacement, SharedMemoryThatComesBackIsARefaultToo) {
    change_to(PolicyKind::Fifo);
    show(*space, shared, shared_map());
    for (std::uint32_t i = 0; i < kPages; ++i)
        put(object_page(i), i);
    EXPECT_EQ(percent(), 0U);
    fill(0, 70);
    for (std::uint32_t i = 0; i < kPages; ++i)
        EXPECT_EQ(read(object_page(i)), i);
    EXPECT_GE(percent(), 40U);
}

// What was never written is not in swap, and comes back as zeros.
TEST_F(Replacement, UntouchedSharedMemoryThatComesBackIsARefaultToo) {
    change_to(PolicyKind::Fifo);
    show(*space, shared, shared_map());
    for (int time = 0; time < 2; ++time) {
        EXPECT_EQ(percent(), 0U);
        for (std::uint32_t i = 0; i < kPages; ++i)
            EXPECT_EQ(read(object_page(i)), 0U);
        if (time == 0) fill(0, 70);
    }
    EXPECT_EQ(shared.swapped_pages(), 0U);
    EXPECT_GE(percent(), 40U);
}

// What is read along with a page that somebody waits for says nothing.
TEST_F(Replacement, NeighboursOfARefaultAreNone) {
    fill(0, 1);
    evict(frame(heap(0)), machine.pages.thrashing_signal().stamp(0));
    ThrashingSignal alone(PageCount(1));
    alone.page_in(ThrashingSignal::departure_in(alone.stamp(0)));
    put_pages(8);
    for (std::uint32_t i = 0; i < 8; ++i)
        evict(frame(page(i)), machine.pages.thrashing_signal().stamp(0));
    EXPECT_EQ(read(page(3)), 4U);
    EXPECT_GT(machine.memory.statistics().swapped_in, 1U);
    EXPECT_EQ(percent(), alone.percent());
}

// --- The size of a working set ---

// One program needs 16 of its pages; another goes through far more than there are, so the policy
// has to look.
TEST_F(Replacement, TheSizeOfAWorkingSetShowsUnderPressure) {
    put_pages(48);
    child = machine.new_space();
    add(*child, kHeap, kHeapPages, read_write());
    for (std::uint32_t i = 0; i < kHeapPages; ++i) {
        load(*child);
        EXPECT_TRUE(write(heap(i), 1));
        load(*space);
        for (std::uint32_t used = 0; used < 16; ++used)
            EXPECT_EQ(read(page(used)), 1 + used);
        if (i % 64 == 63) space->working_set().end_interval(space->figures().resident);
    }
    EXPECT_NEAR(space->working_set().size().raw(), 16, 2);
}

// --- Changing the policy under load ---

// Random loads and stores of private memory and of a file that is written through a map.
TEST_F(Replacement, ThePolicyChangesWhileProgramsRun) {
    test::Random random(test::seed());
    show(*space, file, shared_map());
    std::vector<unsigned> bytes(160, 0);
    std::vector<unsigned> file_bytes(kPages);
    for (std::uint32_t i = 0; i < kPages; ++i)
        file_bytes[i] = 100 + i;
    for (int step = 0; step < 4000; ++step) {
        const bool of_file = random.below(3) == 0;
        std::vector<unsigned>& model = of_file ? file_bytes : bytes;
        const auto index = static_cast<std::uint32_t>(random.below(model.size()));
        const PageNumber where = of_file ? object_page(index) : heap(index);
        if (random.below(2) == 0) {
            model[index] = static_cast<unsigned>(random.below(256));
            ASSERT_TRUE(write(where, model[index])) << step;
        } else {
            ASSERT_EQ(read(where), model[index]) << step;
        }
        if (step % 23 == 0) change_to(kPolicyKinds[random.below(kPolicyKinds.size())]);
        if (step % 200 == 0) {
            policies.check_invariants();
            machine.check();
        }
    }
    EXPECT_GT(reclaim.statistics().evicted(), 500U);
}

// A store that lets somebody do something while it writes.
class InterruptedStore final : public BackingStore {
  public:
    explicit InterruptedStore(std::function<void()> interrupt) : interrupt_(std::move(interrupt)) {}
    Result<void> read(std::uint32_t, std::span<const FrameNumber>) override { return {}; }
    Result<void> write(std::uint32_t, std::span<const FrameNumber>) override {
        ++writes;
        interrupt_();
        return {};
    }
    int writes = 0;

  private:
    std::function<void()> interrupt_;
};

// Reclaim has victims in hand, chosen by the old policy, when the new one takes over.
TEST_F(Replacement, ThePolicyChangesInTheMiddleOfReclaim) {
    std::size_t changes = 0;
    InterruptedStore store([&] { change_to(kPolicyKinds[++changes % kPolicyKinds.size()]); });
    test::PagedObject object(machine, MemoryObject::Kind::File, &store, kPages);
    show(*space, object, shared_map());
    for (std::uint32_t i = 0; i < kPages; i += 2) {
        put(object_page(i), i);
        fill(3 * i, 3 * i + 6);
    }
    EXPECT_GT(store.writes, 3);
    run_round(0, 3 * kPages);
    policies.check_invariants();
    machine.check();
    space->empty();
}

}  // namespace
}  // namespace quire::mm
