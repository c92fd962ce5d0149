// What `explain` says, compared with what the simulated MMU does, and its text.
#include "mm/address_walk.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

#include "mm/fault.h"
#include "mm/physical_window.h"
#include "tests/host/simulated_mmu.h"

namespace quire::mm {
namespace {

constexpr FrameNumber kDirectory{1}, kTable{2}, kReachable{test::kHostFrames.raw()};
constexpr VirtAddr kAddress{0xF0001234};  // directory index 960, table index 1

std::string text_of(const AddressWalk& walk) {
    std::string text;
    explain(walk, {[](void* context, const char* piece, std::size_t length) {
                       static_cast<std::string*>(context)->append(piece, length);
                   },
                   &text});
    return text;
}

class AddressWalkTest : public testing::Test {
  protected:
    void SetUp() override { test::reset_host_ram(); }
    static std::uint32_t& pde() { return frame_words(kDirectory)[960]; }
    static std::uint32_t& pte() { return frame_words(kTable)[1]; }
    static AddressWalk walk(PagingMode mode = {}) {
        return walk_address(kDirectory, kAddress, mode, kReachable);
    }
};

TEST_F(AddressWalkTest, ShowsBothLevels) {
    pde() = 0x00002063;
    pte() = 0x007D0163;
    const AddressWalk found = walk();
    EXPECT_EQ(found.pde_index, 960U);
    EXPECT_EQ(found.pde_address, PhysAddr(0x00001F00));
    EXPECT_EQ(found.pde.raw(), 0x00002063U);
    EXPECT_TRUE(found.has_pte && !found.large);
    EXPECT_EQ(found.pte_index, 1U);
    EXPECT_EQ(found.pte_address, PhysAddr(0x00002004));
    EXPECT_EQ(found.pte.raw(), 0x007D0163U);
    EXPECT_EQ(found.physical, PhysAddr(0x007D0234));
}

// It looks and does not touch: no accessed bit.
TEST_F(AddressWalkTest, ChangesNothing) {
    pde() = 0x00002003;
    pte() = 0x007D0003;
    (void)text_of(walk());
    EXPECT_EQ(pde(), 0x00002003U);
    EXPECT_EQ(pte(), 0x007D0003U);
}

TEST_F(AddressWalkTest, GivesTheReason) {
    const struct {
        std::uint32_t pde, pte;
        Access access;
        Ring ring;
        Reason reason;
        std::uint32_t error_code;
    } rows[] = {
        {0, 0, Access::Read, Ring::Kernel, Reason::NoTable, 0},
        {0x2003, 0, Access::Write, Ring::User, Reason::NoPage, 6},
        {0x2003, 0x5000, Access::Read, Ring::User, Reason::PageIsSwapped, 4},
        {0x2003, 0x5446, Access::Write, Ring::User, Reason::PageIsHidden, 6},
        {0x2003, 0x5003, Access::Write, Ring::Kernel, Reason::Works, 0},
        {0x2003, 0x5007, Access::Read, Ring::User, Reason::PdeForKernelOnly, 5},
        {0x2007, 0x5003, Access::Fetch, Ring::User, Reason::PteForKernelOnly, 5},
        {0x2005, 0x5007, Access::Write, Ring::User, Reason::PdeReadOnly, 7},
        {0x2007, 0x5005, Access::Write, Ring::User, Reason::PteReadOnly, 7},
        {0x2003, 0x5001, Access::Write, Ring::Kernel, Reason::PteReadOnly, 3},
        {0x00402083, 0, Access::Read, Ring::Kernel, Reason::ReservedBitSet, 9},
        {0x00400083, 0, Access::Write, Ring::Kernel, Reason::Works, 0},
        {0x00400081, 0, Access::Write, Ring::Kernel, Reason::PdeReadOnly, 3},
        {0xFFFFF003, 0, Access::Read, Ring::Kernel, Reason::TableOutOfReach, 0},
    };
    for (const auto& row : rows) {
        pde() = row.pde;
        pte() = row.pte;
        const Verdict found = verdict(walk(), row.access, row.ring);
        EXPECT_EQ(found.reason, row.reason) << reason_text(row.reason);
        EXPECT_EQ(found.error_code, row.error_code) << reason_text(row.reason);
    }
    pde() = 0x2003;
    pte() = 0x5001;
    EXPECT_EQ(verdict(walk({.write_protect = false}), Access::Write, Ring::Kernel).reason,
              Reason::WorksWithoutWp);
}

TEST_F(AddressWalkTest, SaysEachReasonInItsOwnWords) {
    std::set<std::string> texts;
    for (int i = 0; i <= static_cast<int>(Reason::PteReadOnly); ++i) {
        EXPECT_TRUE(texts.insert(reason_text(static_cast<Reason>(i))).second) << i;
    }
    EXPECT_FALSE(texts.contains("?"));
}

// Any two entries under any mode: each verdict is what the MMU then does, to the bit.
TEST_F(AddressWalkTest, AgreesWithTheMmuForAnyEntries) {
    const std::uint64_t seed = std::random_device{}();
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    for (int i = 0; i < 20000; ++i) {
        const PagingMode mode{random() % 2 != 0, random() % 2 != 0, random() % 2 != 0};
        test::SimulatedMmu mmu(mode);
        mmu.load_page_directory(kDirectory);
        // Mostly our table and mostly present, with any other bits.
        const auto bits = static_cast<std::uint32_t>(random()) % 0x200;
        std::uint32_t first = kTable.raw() << 12 | bits | (random() % 8 != 0 ? 1U : 0U);
        if (random() % 4 == 0) first = static_cast<std::uint32_t>(random()) & 0x00FFFFFF;
        if ((first >> 12) == kDirectory.raw()) continue;  // a table that is its own directory
        pde() = first;
        pte() = static_cast<std::uint32_t>(random()) | (random() % 8 != 0 ? 1U : 0U);
        const AddressWalk found = walk(mode);
        for (Ring ring : {Ring::Kernel, Ring::User}) {
            for (Access access : {Access::Read, Access::Write, Access::Fetch}) {
                const Verdict said = verdict(found, access, ring);
                std::uint32_t physical = 0;
                const auto fault = mmu.translate(kAddress, access, ring, physical);
                ASSERT_EQ(said.works(), !fault) << std::hex << pde() << ' ' << pte();
                if (fault) {
                    ASSERT_EQ(said.error_code, mmu.error_code());
                } else {
                    ASSERT_EQ(found.physical, PhysAddr(physical));
                }
            }
        }
    }
}

// The fields of an entry are its 32 bits: from the top, without gap or overlap.
template <typename Entry>
void expect_whole(Entry entry, PagingMode mode) {
    const EntryFields fields = fields_of(entry, mode);
    std::uint32_t raw = 0;
    int next = 31;
    for (std::uint32_t i = 0; i < fields.count; ++i) {
        EXPECT_EQ(fields.field[i].high, next);
        EXPECT_STRNE(fields.field[i].meaning,
                     i + 1 == fields.count && !entry.is_present() ? "?" : "");
        next = fields.field[i].low - 1;
        raw |= fields.field[i].value << fields.field[i].low;
    }
    EXPECT_EQ(next, -1);
    EXPECT_EQ(raw, entry.raw());
}

TEST_F(AddressWalkTest, DecodesEveryBit) {
    const std::uint32_t raws[] = {0,          1,          2,          0x5000,     0x00005067,
                                  0x00400083, 0x004001E7, 0xFFFFFFFF, 0xFFFFFFFE, 0x12345F7F};
    for (std::uint32_t raw : raws) {
        for (PagingMode mode : {PagingMode{}, PagingMode{true, false, false}}) {
            expect_whole(Pde::from_raw(raw), mode);
            expect_whole(Pte::from_raw(raw), mode);
        }
    }
}

TEST_F(AddressWalkTest, WritesThePageTableWalk) {
    pde() = 0x00002023;
    pte() = 0x007D0161;
    EXPECT_EQ(text_of(walk()),
              "linear F0001234 = directory index 960, table index 1, byte 234\n"
              "CR3 00001000: PDE 960 is at 00001F00 and holds 00002023\n"
              "    31-12  table        2  frame of the page table\n"
              "    11- 8  avl          0  left to software, unused\n"
              "        7  PS           0  a page table follows\n"
              "        6               0  ignored\n"
              "        5  A            1  used for a translation\n"
              "        4  PCD          0  cached\n"
              "        3  PWT          0  write-back\n"
              "        2  U/S          0  ring 0 only\n"
              "        1  R/W          1  may be written\n"
              "        0  P            1  present\n"
              "page table 00002000: PTE 1 is at 00002004 and holds 007D0161\n"
              "    31-12  frame      7D0  frame of the page\n"
              "    11-10  avl          0  unused, 0\n"
              "        9  L            0  may be evicted\n"
              "        8  G            1  global: kept when CR3 is loaded\n"
              "        7  PAT          0  memory type, with PCD and PWT\n"
              "        6  D            1  written\n"
              "        5  A            1  used for a translation\n"
              "        4  PCD          0  cached\n"
              "        3  PWT          0  write-back\n"
              "        2  U/S          0  ring 0 only\n"
              "        1  R/W          0  read-only\n"
              "        0  P            1  present\n"
              "physical 007D0234: frame 007D0, byte 234\n"
              "  ring 0 read   works\n"
              "  ring 0 write  page fault, error code 3: R/W is 0 in the PTE: read-only\n"
              "  ring 0 fetch  works\n"
              "  ring 3 read   page fault, error code 5: U/S is 0 in the PDE: ring 0 only\n"
              "  ring 3 write  page fault, error code 7: U/S is 0 in the PDE: ring 0 only\n"
              "  ring 3 fetch  page fault, error code 5: U/S is 0 in the PDE: ring 0 only\n");
}

TEST_F(AddressWalkTest, WritesALargePageAndAnEmptyEntry) {
    pde() = 0x004001E7;
    EXPECT_NE(text_of(walk()).find("CR3 00001000: PDE 960 is at 00001F00 and holds 004001E7\n"
                                   "    31-22  frame        1  4 MiB frame\n"
                                   "    21-13               0  reserved, must be 0\n"
                                   "       12  PAT          0  memory type, with PCD and PWT\n"
                                   "    11-10  avl          0  unused, 0\n"
                                   "        9  L            0  may be evicted\n"
                                   "        8  G            1  global: kept when CR3 is loaded\n"
                                   "        7  PS           1  a 4 MiB page\n"
                                   "        6  D            1  written\n"
                                   "        5  A            1  used for a translation\n"),
              std::string::npos);
    pde() = 0;
    EXPECT_NE(text_of(walk()).find("    31- 1               0  empty\n"
                                   "        0  P            0  not present\n"
                                   "no physical address\n"
                                   "  ring 0 read   page fault, error code 0: P is 0 in the PDE"),
              std::string::npos);
    pde() = 0x2003;
    pte() = 0x00077000;
    EXPECT_NE(text_of(walk()).find("    31-12  slot        77  swap slot that holds the page\n"),
              std::string::npos);
}

}  // namespace
}  // namespace quire::mm
