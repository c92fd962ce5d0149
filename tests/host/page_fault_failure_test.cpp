// Every step of a page fault, with every allocation and every read made to fail in turn: the
// program gets an answer, nothing has changed, nothing is lost, and the next try succeeds.
#include <functional>

#include "tests/host/fault_machine.h"

namespace quire::mm {
namespace {

constexpr PageNumber kPage{0x08050};

using Machine = test::FaultWorld;

struct Scenario {
    const char* name;
    std::function<void(Machine&)> arrange;
    Access access;
    bool reads;  // from a disk
};

void anonymous(Machine& m) {
    m.add(kPage, 16, Machine::read_write());
}
void anonymous_with_table(Machine& m) {
    anonymous(m);
    m.write(kPage + PageCount(15), 1);
}
void swapped(Machine& m) {
    anonymous(m);
    for (std::uint32_t i = 0; i < 4; ++i)
        m.write(kPage + PageCount(i), 10 + i);
    for (std::uint32_t i = 0; i < 4; ++i)
        m.swap_out(kPage + PageCount(i));
}
void swapped_shared_memory(Machine& m) {
    m.add(kPage, 16, Machine::shared_map(), &m.shared);
    m.swap_out_object(m.shared, 0);
    m.swap_out_object(m.shared, 1);
}
// The child goes on, under the page table it shares with its parent.
void forked(Machine& m) {
    m.fork();
    m.load(*m.child);
}

const Scenario kScenarios[] = {
    {"zero page", anonymous, Access::Read, false},
    {"demand-zero", anonymous, Access::Write, false},
    {"demand-zero in a page table", anonymous_with_table, Access::Write, false},
    {"copy-on-write",
     [](Machine& m) {
         anonymous(m);
         m.write(kPage, 1);
         forked(m);
     },
     Access::Write, false},
    {"file page read", [](Machine& m) { m.add(kPage, 16, Machine::read_write(), &m.file); },
     Access::Read, true},
    {"file page copied", [](Machine& m) { m.add(kPage, 16, Machine::read_write(), &m.file); },
     Access::Write, true},
    {"shared file page written",
     [](Machine& m) { m.add(kPage, 16, Machine::shared_map(), &m.file); }, Access::Write, true},
    {"file page under a shared table",
     [](Machine& m) {
         m.add(kPage, 16, Machine::read_write(), &m.file);
         m.add(kPage + PageCount(16), 1, Machine::read_write());
         m.write(kPage + PageCount(16), 1);
         forked(m);
     },
     Access::Write, true},
    {"shared memory", [](Machine& m) { m.add(kPage, 16, Machine::shared_map(), &m.shared); },
     Access::Read, false},
    {"shared memory from swap", swapped_shared_memory, Access::Read, true},
    {"swap-in", swapped, Access::Read, true},
    {"swap-in for a write", swapped, Access::Write, true},
    {"swap-in under a shared table",
     [](Machine& m) {
         swapped(m);
         forked(m);
     },
     Access::Write, true},
    {"stack growth",
     [](Machine& m) {
         RegionTraits traits = Machine::read_write();
         traits.grows_down = true;
         m.add(kPage + PageCount(1), 15, traits);
     },
     Access::Write, false},
};

// What a program could notice: where its page is. Whether it may be written in place, unsharing the
// page table changes.
struct Trace {
    explicit Trace(Machine& m)
        : entry(m.entry(kPage).raw() & ~Pte::kWritable), figures(m.running().figures()) {}
    std::uint32_t entry;
    AddressSpace::Figures figures;
    bool operator==(const Trace& other) const {
        return entry == other.entry && figures.resident == other.figures.resident &&
               figures.swapped == other.figures.swapped;
    }
};

FaultOutcome touch(Machine& m, Access access) {
    return m.running().handle({.address = start_of(kPage), .access = access, .ring = Ring::User});
}
// Frames that belong to somebody, slabs without objects and unshared page tables left out.
std::uint32_t frames_in_use(Machine& m) {
    m.machine.slabs.reclaim();
    return m.used() - m.statistics().tables_copied;
}

class PageFaultFailure : public testing::TestWithParam<Scenario> {};

// Makes the n-th attempt fail, or every n-th; says whether there was one, and whether it mattered.
struct Attempt {
    bool injected, failed;
};
Attempt try_with(const Scenario& scenario, std::uint32_t n, bool every) {
    Machine m;
    scenario.arrange(m);
    const Trace before(m);
    const std::uint32_t used = frames_in_use(m);
    FailureInjector& injector = m.machine.machine.injector;
    every ? injector.fail_every(n) : injector.fail_nth(n);
    const FaultOutcome outcome = touch(m, scenario.access);
    injector.fail_nth(0);
    m.machine.check();
    if (is_resolved(outcome)) return {injector.injected() != 0, false};
    EXPECT_EQ(outcome, FaultOutcome::OutOfMemory);
    // A page that was read stays in RAM, where the next try finds it.
    const bool has_read = m.file.resident_pages() + m.shared.resident_pages() != 0 ||
                          m.machine.swap.statistics().cached != PageCount();
    EXPECT_EQ(Trace(m), before);
    EXPECT_TRUE(has_read || frames_in_use(m) == used);
    EXPECT_TRUE(is_resolved(touch(m, scenario.access)));
    return {true, true};
}

TEST_P(PageFaultFailure, EveryAllocation) {
    for (const bool every : {false, true}) {
        std::uint32_t failures = 0;
        for (std::uint32_t n = 1;; ++n) {
            SCOPED_TRACE(n);
            const Attempt attempt = try_with(GetParam(), n, every);
            if (!attempt.injected) break;
            if (attempt.failed) ++failures;
        }
        // One failure may be made good by reading a page alone; failures without end may not.
        EXPECT_TRUE(failures != 0 || !every);
    }
}

TEST_P(PageFaultFailure, EveryRead) {
    if (!GetParam().reads) return;
    Machine m;
    GetParam().arrange(m);
    const Trace before(m);
    const std::uint32_t used = frames_in_use(m);
    m.disk.fail_reads(true);
    m.machine.store.fail_reads(true);
    EXPECT_EQ(touch(m, GetParam().access), FaultOutcome::CannotRead);
    EXPECT_EQ(Trace(m), before);
    EXPECT_EQ(frames_in_use(m), used);
    m.machine.check();
    m.disk.fail_reads(false);
    m.machine.store.fail_reads(false);
    // The read of the group fails, the one of the page does not.
    m.disk.fail_nth_read(1);
    m.machine.store.fail_nth_read(1);
    EXPECT_EQ(touch(m, GetParam().access), FaultOutcome::ResolvedByRead);
    m.machine.check();
}

INSTANTIATE_TEST_SUITE_P(All, PageFaultFailure, testing::ValuesIn(kScenarios),
                         [](const testing::TestParamInfo<Scenario>& row) {
                             std::string name = row.param.name;
                             for (char& letter : name)
                                 if (letter == ' ' || letter == '-') letter = '_';
                             return name;
                         });

}  // namespace
}  // namespace quire::mm
