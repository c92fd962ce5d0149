// kernel/process/program_explain: what an address means in a program, and what its page tables are.
#include "kernel/process/program_explain.h"

#include "tests/host/fault_machine.h"
#include "tests/host/written.h"

namespace quire::kernel {
namespace {

using mm::Access;
using mm::MapRequest;
using mm::PageCount;
using mm::Rights;
using mm::VirtAddr;
using test::written;

class NoNames final : public NodeNames {
  public:
    std::string_view path_of(fs::Node&) override { return {}; }
};

class ProgramExplain : public testing::Test {
  protected:
    ~ProgramExplain() override { machine.check(); }
    void map(std::uint32_t address, std::uint32_t pages, Rights rights, bool grows_down = false) {
        MapRequest request;
        request.address = VirtAddr(address);
        request.bytes = pages * mm::kPageSize;
        request.place = MapRequest::Place::Fixed;
        request.rights = rights;
        request.grows_down = grows_down;
        ASSERT_TRUE(memory.space.map(request).ok());
    }
    void touch(std::uint32_t address, Access access) {
        const mm::PageNumber page = page_of(VirtAddr(address));
        ASSERT_TRUE(is_resolved(memory.space.populate({page, page + PageCount(1)}, access)));
    }
    std::string explain(std::uint32_t address) {
        return written([&](const mm::TextWriter& out) {
            explain_in_program(memory, names, VirtAddr(address), out);
        });
    }
    std::string tables() {
        return written([&](const mm::TextWriter& out) { write_page_tables(memory.space, out); });
    }
    std::string table(std::uint32_t address) {
        return written([&](const mm::TextWriter& out) {
            write_page_table(memory.space, VirtAddr(address), out);
        });
    }
    static bool has(const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    }

    const Rights rw = Rights::read() | Rights::write();
    test::UserMachine machine;
    NoNames names;
    ProgramMemory memory{machine.memory, mm::UserPages::create(machine.memory).take(),
                         mm::MemoryLimits{}};
};

TEST_F(ProgramExplain, UntouchedMemorySaysWhatATouchWouldDo) {
    map(0x8048000, 2, rw);
    EXPECT_EQ(explain(0x8048123),
              "in 08048000-0804a000 rw-p, anonymous; nothing there yet\n"
              "  page table: none\n"
              "  read   faults: MapZeroFrame\n"
              "  write  faults: FillWithZeros\n");
    EXPECT_EQ(memory.space.figures().resident, PageCount(0)) << "asking does nothing";
}

TEST_F(ProgramExplain, APageThatIsThereWorks) {
    map(0x8048000, 1, rw);
    touch(0x8048000, Access::Write);
    const std::string text = explain(0x8048FFF);
    EXPECT_TRUE(has(text,
                    ", private, references: 1\n  page table: own\n"
                    "  read   works\n  write  works\n"))
        << text;
}

TEST_F(ProgramExplain, TheFrameOfZeroesAndReadOnlyMemory) {
    map(0x8048000, 1, rw);
    touch(0x8048000, Access::Read);
    EXPECT_TRUE(has(explain(0x8048000), "; the frame of zeroes\n"));
    EXPECT_TRUE(has(explain(0x8048000), "read   works\n  write  faults: FillWithZeros\n"));
    map(0x8048000, 1, Rights::read());
    EXPECT_TRUE(has(explain(0x8048000), "write  faults: SegvAccErr\n"));
}

TEST_F(ProgramExplain, AHoleNamesItsNeighbours) {
    EXPECT_EQ(explain(0x1000000),
              "in no region\n  page table: none\n"
              "  read   faults: SegvMapErr\n  write  faults: SegvMapErr\n");
    map(0x8048000, 1, Rights::read());
    map(0x9000000, 1, rw);
    EXPECT_TRUE(has(explain(0x8500000),
                    "in no region; below it 08048000-08049000 r--p; above it "
                    "09000000-09001000 rw-p\n"));
    EXPECT_TRUE(has(explain(0x1000000), "in no region; above it 08048000-08049000 r--p\n"));
    EXPECT_TRUE(has(explain(0xA000000), "in no region; below it 09000000-09001000 rw-p\n"));
}

TEST_F(ProgramExplain, BelowAStackItGrows) {
    map(0xBFFFE000, 2, rw, true);
    EXPECT_TRUE(has(explain(0xBFFF0000), "read   faults: GrowStack\n"));
}

TEST_F(ProgramExplain, TheKernelsHalfIsNobodysBusiness) {
    EXPECT_EQ(explain(0xC0000000), "in the kernel's half\n");
    EXPECT_EQ(table(0xFFFFF000), "in the kernel's half\n");
}

TEST_F(ProgramExplain, AfterAForkTheTableIsShared) {
    map(0x8048000, 1, rw);
    touch(0x8048000, Access::Write);
    ProgramMemory child(machine.memory, mm::UserPages::create(machine.memory).take(), {});
    ASSERT_TRUE(child.space.fork_from(memory.space).ok());
    const std::string text = explain(0x8048000);
    EXPECT_TRUE(has(text, "page table: shared\n  read   works\n  write  faults: UnshareTable\n"))
        << text;
    EXPECT_TRUE(has(tables(), "  shared 2       1     0      0       0 ")) << tables();
}

TEST_F(ProgramExplain, TablesAreCountedByKindOfEntry) {
    map(0x8048000, 4, rw);
    map(0xB0000000, 1, rw);
    touch(0x8048000, Access::Write);
    touch(0x8049000, Access::Write);
    touch(0x804A000, Access::Read);
    touch(0xB0000000, Access::Write);
    ASSERT_TRUE(memory.space.protect(VirtAddr(0x8049000), 4096, {}, false).ok());
    const std::string text = tables();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4) << text;
    EXPECT_TRUE(has(text, "  08000000-08400000  ")) << text;
    EXPECT_TRUE(has(text, "  own    1       1     1      1       0        0     0\n")) << text;
    EXPECT_TRUE(has(text, "  b0000000-b0400000  ")) << text;
}

TEST_F(ProgramExplain, ATableIsListedEntryByEntry) {
    EXPECT_EQ(table(0x8048000), "no page table there\n");
    map(0x8048000, 2, rw);
    touch(0x8049000, Access::Write);
    const std::string text = table(0x8000000);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
    EXPECT_TRUE(text.starts_with("    73  08049000  ")) << text;
    EXPECT_TRUE(has(text, "  w--  frame ")) << text;
}

}  // namespace
}  // namespace quire::kernel
