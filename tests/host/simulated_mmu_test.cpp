// The judge judged first: the simulated MMU against tables written out by hand, bit by bit, and
// against the permission rules of the SDM written as a truth table.
#include "tests/host/simulated_mmu.h"

#include <gtest/gtest.h>

#include "mm/machine.h"

namespace quire::test {
namespace {

using mm::Access;
using mm::FaultCause;
using mm::FrameNumber;
using mm::PagingMode;
using mm::Ring;
using mm::VirtAddr;

constexpr std::uint32_t P = 1, W = 2, U = 4, A = 0x20, D = 0x40, PS = 0x80, G = 0x100;

// Directory in frame 1, a page table in frame 2 for directory index 1, data from frame 16 on.
class SimulatedMmuTest : public testing::Test {
  protected:
    static constexpr std::uint32_t kDirectory = 1, kTable = 2, kData = 16;
    static constexpr VirtAddr kPage{0x00400000};

    void SetUp() override {
        reset_host_ram();
        pde(1) = kTable << 12 | P | W | U;
        mmu.load_page_directory(FrameNumber(kDirectory));
    }
    static std::uint32_t& pde(unsigned index) { return mm::frame_words(FrameNumber(1))[index]; }
    static std::uint32_t& pte(unsigned index) { return mm::frame_words(FrameNumber(2))[index]; }
    static std::uint32_t frame_at(unsigned n) { return (kData + n) << 12; }
    static unsigned char& ram(std::uint32_t address) {
        return reinterpret_cast<unsigned char&>(phys_window[address]);
    }
    bool loads(VirtAddr address, Ring ring = Ring::Kernel) {
        std::uint32_t value = 0;
        return !mmu.load(address, 1, ring, value);
    }
    bool stores(VirtAddr address, Ring ring = Ring::Kernel) {
        return !mmu.store(address, 1, ring, 0x5A);
    }
    std::uint32_t value_at(VirtAddr address, unsigned bytes) {
        std::uint32_t value = 0;
        EXPECT_FALSE(mmu.load(address, bytes, Ring::Kernel, value));
        return value;
    }

    SimulatedMmu mmu{PagingMode{}, LargePages::InPieces};
};

TEST_F(SimulatedMmuTest, WalksBothLevels) {
    pte(3) = frame_at(0) | P | W;
    ram(frame_at(0) + 0x123) = 0x77;
    EXPECT_EQ(value_at(kPage + 0x3123, 1), 0x77U);
    EXPECT_FALSE(mmu.store(kPage + 0x3FFC, 4, Ring::Kernel, 0x11223344));
    EXPECT_EQ(ram(frame_at(0) + 0xFFF), 0x11);
    EXPECT_EQ(value_at(kPage + 0x3FFE, 2), 0x1122U);
}

TEST_F(SimulatedMmuTest, ReportsWhatIsNotPresent) {
    std::uint32_t value = 0;
    // No PDE; then no PTE.
    auto fault = mmu.load(VirtAddr(0x123), 1, Ring::Kernel, value);
    ASSERT_TRUE(fault);
    EXPECT_EQ(mmu.cr2(), 0x123U);
    EXPECT_EQ(mmu.error_code(), 0U);
    EXPECT_EQ(fault->cause, FaultCause::NotPresent);
    fault = mmu.store(kPage + 0x5678, 4, Ring::User, 1);
    ASSERT_TRUE(fault);
    EXPECT_EQ(mmu.cr2(), 0x405678U);
    EXPECT_EQ(mmu.error_code(), 6U);  // not present, write, user
    EXPECT_EQ(*fault,
              (mm::Fault{kPage + 0x5678, Access::Write, Ring::User, FaultCause::NotPresent}));
}

// SDM 3A 4.6.1. Columns: what the two levels grant together, CR0.WP, and whether these succeed:
// ring 0 read, ring 0 write, ring 0 fetch, ring 3 read, ring 3 write, ring 3 fetch.
//   - supervisor reads and fetches: any page (SMEP, SMAP and NX do not exist here)
//   - supervisor writes: any page if WP = 0, else R/W = 1 in every entry
//   - user reads and fetches: U/S = 1 in every entry
//   - user writes: R/W = 1 and U/S = 1 in every entry
struct Rule {
    bool user, writable, wp;
    const char* allowed;
};
constexpr Rule kRules[] = {
    {false, false, false, "rwx---"}, {false, false, true, "r-x---"}, {false, true, false, "rwx---"},
    {false, true, true, "rwx---"},   {true, false, false, "rwxr-x"}, {true, false, true, "r-xr-x"},
    {true, true, false, "rwxrwx"},   {true, true, true, "rwxrwx"},
};

const char* allowed_by_the_manual(std::uint32_t pde, std::uint32_t pte, bool wp) {
    if ((pde & pte & P) == 0) return "------";
    for (const Rule& rule : kRules) {
        if (rule.user == ((pde & pte & U) != 0) && rule.writable == ((pde & pte & W) != 0) &&
            rule.wp == wp) {
            return rule.allowed;
        }
    }
    return "";
}

// All of P, R/W, U/S at both levels, with and without CR0.WP: 128 rows of six accesses, each twice,
// first by a walk and then by whatever the TLB learnt.
TEST_F(SimulatedMmuTest, ObeysThePermissionTable) {
    for (unsigned row = 0; row < 128; ++row) {
        const std::uint32_t pde_bits = row % 8;
        const std::uint32_t pte_bits = row / 8 % 8;
        const bool wp = row / 64 != 0;
        mmu.set_mode({.write_protect = wp});
        for (unsigned column = 0; column < 6; ++column) {
            pde(1) = kTable << 12 | pde_bits;
            pte(0) = frame_at(0) | pte_bits;
            mmu.flush_all();
            const Ring ring = column < 3 ? Ring::Kernel : Ring::User;
            const Access access = static_cast<Access>(column % 3);
            const bool allowed = allowed_by_the_manual(pde_bits, pte_bits, wp)[column] != '-';
            for (int again = 0; again < 2; ++again) {
                std::uint32_t physical = 0;
                const auto fault = mmu.translate(kPage, access, ring, physical);
                ASSERT_EQ(!fault, allowed) << "row " << row << " column " << column;
                if (!fault) continue;
                const std::uint32_t present = pde_bits & pte_bits & P;
                ASSERT_EQ(mmu.error_code(), present | (access == Access::Write ? 2U : 0U) |
                                                (ring == Ring::User ? 4U : 0U));
            }
        }
    }
}

TEST_F(SimulatedMmuTest, SetsAccessedAndDirty) {
    pte(0) = frame_at(0) | P | W;
    EXPECT_TRUE(loads(kPage));
    EXPECT_EQ(pde(1), kTable << 12 | P | W | U | A);
    EXPECT_EQ(pte(0), frame_at(0) | P | W | A);
    // The entry is cached clean: the write still reaches memory.
    EXPECT_TRUE(stores(kPage));
    EXPECT_EQ(pte(0), frame_at(0) | P | W | A | D);
    EXPECT_EQ(pde(1) & D, 0U);
}

TEST_F(SimulatedMmuTest, DoesNotMarkWhatItRefuses) {
    pte(0) = frame_at(0) | P;
    EXPECT_FALSE(stores(kPage));
    EXPECT_EQ(pte(0) & (A | D), 0U);
}

TEST_F(SimulatedMmuTest, WalksLargePages) {
    pde(2) = 0x00400000 | P | W | PS;
    ram(0x00654321) = 0x42;
    EXPECT_EQ(value_at(VirtAddr(0x00A54321), 1), 0x42U);
    EXPECT_EQ(pde(2), 0x00400000U | P | W | PS | A);
    EXPECT_TRUE(stores(VirtAddr(0x00BFFFFF)));
    EXPECT_EQ(pde(2) & D, D);
    EXPECT_EQ(ram(0x007FFFFF), 0x5A);
}

// Without CR4.PSE the bit is ignored and the entry names a page table.
TEST_F(SimulatedMmuTest, IgnoresTheSizeBitWithoutPse) {
    mmu.set_mode({.large_pages = false});
    pde(1) |= PS;
    pte(0) = frame_at(0) | P;
    EXPECT_TRUE(loads(kPage));
    EXPECT_EQ(pte(0) & A, A);
}

TEST_F(SimulatedMmuTest, RefusesReservedBitsOfLargePages) {
    for (unsigned bit = 13; bit <= 21; ++bit) {
        pde(2) = 0x00400000 | P | W | PS | 1U << bit;
        std::uint32_t physical = 0;
        const auto fault = mmu.translate(VirtAddr(0x00800000), Access::Write, Ring::User, physical);
        ASSERT_TRUE(fault) << "bit " << bit;
        EXPECT_EQ(fault->cause, FaultCause::ReservedBit);
        EXPECT_EQ(mmu.error_code(), 0xFU);
    }
}

TEST_F(SimulatedMmuTest, CrossesPagesByteByByte) {
    pte(0) = frame_at(5) | P | W;
    pte(1) = frame_at(2) | P | W;
    EXPECT_FALSE(mmu.store(kPage + 0xFFD, 4, Ring::Kernel, 0xAABBCCDD));
    EXPECT_EQ(ram(frame_at(5) + 0xFFD), 0xDD);
    EXPECT_EQ(ram(frame_at(5) + 0xFFF), 0xBB);
    EXPECT_EQ(ram(frame_at(2)), 0xAA);
    EXPECT_EQ(value_at(kPage + 0xFFD, 4), 0xAABBCCDDU);
    // The second page faults: CR2 is its first byte, and nothing was stored.
    pte(1) = frame_at(2) | P;
    mmu.flush_page(kPage + 0x1000);
    EXPECT_TRUE(mmu.store(kPage + 0xFFE, 4, Ring::Kernel, 0));
    EXPECT_EQ(mmu.cr2(), 0x401000U);
    EXPECT_EQ(ram(frame_at(5) + 0xFFF), 0xBB);
}

TEST_F(SimulatedMmuTest, ReadsOnesWhereThereIsNoRam) {
    pte(0) = 0xFEE00000 | P | W;
    EXPECT_TRUE(stores(kPage));
    EXPECT_EQ(value_at(kPage, 4), 0xFFFFFFFFU);
}

// --- the TLB ---

TEST_F(SimulatedMmuTest, KeepsATranslationUntilInvlpg) {
    pte(0) = frame_at(0) | P | W | A | D;
    ram(frame_at(1)) = 0x11;
    EXPECT_TRUE(stores(kPage));
    pte(0) = frame_at(1) | P | W | A | D;
    EXPECT_EQ(value_at(kPage, 1), 0x5AU);
    mmu.flush_page(kPage + 0x1000);
    EXPECT_EQ(value_at(kPage, 1), 0x5AU);
    mmu.flush_page(kPage + 0xABC);
    EXPECT_EQ(value_at(kPage, 1), 0x11U);
    EXPECT_EQ(mmu.missing_flushes().size(), 2U);
    EXPECT_EQ(mmu.missing_flushes()[0].what, "frame");
}

TEST_F(SimulatedMmuTest, DoesNotCacheWhatIsNotPresent) {
    EXPECT_FALSE(loads(kPage));
    pte(0) = frame_at(0) | P;
    EXPECT_TRUE(loads(kPage));
    EXPECT_FALSE(loads(VirtAddr(0x00C00000)));
    pde(3) = kTable << 12 | P;
    EXPECT_TRUE(loads(VirtAddr(0x00C00000)));
    EXPECT_TRUE(mmu.missing_flushes().empty());
}

// A widened entry may fault once more, and the fault itself makes the CPU look again.
TEST_F(SimulatedMmuTest, ForgetsTheFaultingPage) {
    pte(0) = frame_at(0) | P | A;
    pte(1) = frame_at(1) | P | A;
    EXPECT_TRUE(loads(kPage) && loads(kPage + 0x1000));
    pte(0) |= W;
    EXPECT_FALSE(stores(kPage));
    EXPECT_TRUE(stores(kPage));
    EXPECT_TRUE(mmu.caches(kPage + 0x1000));
    EXPECT_TRUE(mmu.missing_flushes().empty());
}

TEST_F(SimulatedMmuTest, KeepsGlobalPagesOverALoadOfCr3) {
    pte(0) = frame_at(0) | P | G;
    pte(1) = frame_at(1) | P;
    EXPECT_TRUE(loads(kPage) && loads(kPage + 0x1000));
    mmu.flush_all();
    EXPECT_TRUE(mmu.caches(kPage));
    EXPECT_FALSE(mmu.caches(kPage + 0x1000));
    mmu.load_page_directory(FrameNumber(kDirectory));
    EXPECT_TRUE(mmu.caches(kPage));
    mmu.flush_page(kPage);
    EXPECT_FALSE(mmu.caches(kPage));
    EXPECT_TRUE(loads(kPage));
    mmu.flush_all_and_global();
    EXPECT_FALSE(mmu.caches(kPage));
}

TEST_F(SimulatedMmuTest, KnowsNoGlobalPagesWithoutPge) {
    EXPECT_TRUE((pte(0) = frame_at(0) | P | G, loads(kPage)));
    mmu.set_mode({.global_pages = false});
    EXPECT_FALSE(mmu.caches(kPage));
    EXPECT_TRUE(loads(kPage));
    mmu.flush_all();
    EXPECT_FALSE(mmu.caches(kPage));
}

TEST_F(SimulatedMmuTest, ReportsEachKindOfMissingFlush) {
    const struct {
        std::uint32_t before, after;
        const char* what;
    } rows[] = {{P | W | U, 0, "gone"},
                {P | W | U, P | U | A, "writable"},
                {P | W | U, P | W | A, "user"},
                {P | W | U | A | D, P | W | U | A, "dirty"},
                {P | W | U, P | W | U, "accessed"}};
    for (const auto& row : rows) {
        SimulatedMmu fresh;
        fresh.load_page_directory(FrameNumber(kDirectory));
        pte(0) = frame_at(0) | row.before;
        std::uint32_t value = 0;
        ASSERT_FALSE(fresh.load(kPage, 1, Ring::User, value));
        EXPECT_TRUE(fresh.find_stale().empty());
        pte(0) = row.after == 0 ? 0 : frame_at(0) | row.after;
        ASSERT_EQ(fresh.find_stale().size(), 1U) << row.what;
        ASSERT_FALSE(fresh.load(kPage, 1, Ring::User, value));
        ASSERT_EQ(fresh.missing_flushes().size(), 1U) << row.what;
        EXPECT_EQ(fresh.missing_flushes()[0].what, row.what);
        EXPECT_EQ(fresh.missing_flushes()[0].address, kPage);
    }
}

// A page table that was taken away stays reachable through the cached PDE until any INVLPG.
TEST_F(SimulatedMmuTest, KeepsDirectoryEntriesUntilAnyInvlpg) {
    pte(0) = frame_at(0) | P;
    pte(1) = frame_at(1) | P;
    EXPECT_TRUE(loads(kPage));
    pde(1) = 0;
    EXPECT_TRUE(loads(kPage + 0x1000));
    ASSERT_EQ(mmu.missing_flushes().size(), 1U);
    EXPECT_EQ(mmu.missing_flushes()[0].what, "directory entry");
    mmu.flush_page(VirtAddr(0xC0000000));
    EXPECT_FALSE(loads(kPage + 0x2000));
    EXPECT_TRUE(loads(kPage));  // a TLB entry needs no directory
}

TEST_F(SimulatedMmuTest, LooksAhead) {
    pte(0) = frame_at(0) | P;
    mmu.prefetch(kPage);
    EXPECT_TRUE(mmu.caches(kPage));
    EXPECT_EQ(pte(0) & A, A);
    mmu.flush_page(kPage);
    // No page there: the PDE is cached all the same.
    mmu.prefetch(kPage + 0x1000);
    pde(1) = 0;
    EXPECT_EQ(mmu.find_stale().size(), 1U);
    EXPECT_TRUE(loads(kPage));
}

// The CPU may hold a 4 MiB page in pieces; INVLPG finds them only while the table shows it large.
TEST_F(SimulatedMmuTest, FindsThePiecesOfALargePageOnlyWhileItIsLarge) {
    pde(2) = 0x00400000 | P | W | PS;
    EXPECT_TRUE(loads(VirtAddr(0x00800000)) && loads(VirtAddr(0x00801000)));
    mmu.flush_page(VirtAddr(0x00800000));
    EXPECT_EQ(mmu.cached(), 0U);
    EXPECT_TRUE(loads(VirtAddr(0x00800000)) && loads(VirtAddr(0x00801000)));
    pde(2) = 0;
    mmu.flush_page(VirtAddr(0x00800000));
    EXPECT_TRUE(mmu.caches(VirtAddr(0x00801000)));
}

TEST_F(SimulatedMmuTest, KeepsLargePagesWholeIfAsked) {
    SimulatedMmu whole({}, LargePages::Whole);
    whole.load_page_directory(FrameNumber(kDirectory));
    pde(2) = 0x00400000 | P | W | PS;
    std::uint32_t value = 0;
    ram(0x00555000) = 9;
    EXPECT_FALSE(whole.load(VirtAddr(0x00800000), 4, Ring::Kernel, value));
    EXPECT_FALSE(whole.load(VirtAddr(0x00955000), 1, Ring::Kernel, value));
    EXPECT_EQ(value, 9U);
    EXPECT_EQ(whole.cached(), 1U);
    EXPECT_EQ(whole.counters().hits, 1U);
    pde(2) = 0;
    EXPECT_EQ(whole.find_stale().size(), 1024U);
    whole.flush_page(VirtAddr(0x00955000));
    EXPECT_EQ(whole.cached(), 0U);
}

TEST_F(SimulatedMmuTest, AnswersTheMachineCallsOfMm) {
    pte(0) = frame_at(0) | P;
    EXPECT_TRUE(loads(kPage));
    mm::machine::flush_page(kPage);
    EXPECT_FALSE(mmu.caches(kPage));
    mm::machine::load_page_directory(FrameNumber(7));
    EXPECT_EQ(mmu.cr3(), FrameNumber(7));
    EXPECT_EQ(mmu.counters().page_flushes, 1U);
    EXPECT_EQ(mmu.counters().full_flushes, 2U);
}

TEST(Fault, DecodesEveryErrorCode) {
    for (std::uint32_t code = 0; code < 16; ++code) {
        const bool possible = (code & 8) == 0 || (code & 1) != 0;  // RSVD implies P
        const mm::Fault fault = mm::Fault::decode(VirtAddr(0x1234), code);
        EXPECT_EQ(fault.error_code() == code, possible);
        EXPECT_EQ(fault.access, (code & 2) != 0 ? Access::Write : Access::Read);
        EXPECT_EQ(fault.ring, (code & 4) != 0 ? Ring::User : Ring::Kernel);
    }
    EXPECT_EQ(mm::Fault::decode(VirtAddr(0), 0).cause, FaultCause::NotPresent);
    EXPECT_EQ(mm::Fault::decode(VirtAddr(0), 1).cause, FaultCause::Protection);
    EXPECT_EQ(mm::Fault::decode(VirtAddr(0), 9).cause, FaultCause::ReservedBit);
}

}  // namespace
}  // namespace quire::test
