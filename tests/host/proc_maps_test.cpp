// kernel/process/proc_maps: the lines of /proc/PID/maps and smaps, to the letter of Linux.
#include "kernel/process/proc_maps.h"

#include "fs/name_search.h"
#include "kernel/process/program_figures.h"
#include "mm/layout.h"
#include "tests/host/fault_machine.h"
#include "tests/host/file_machine.h"
#include "tests/host/written.h"

namespace quire::kernel {
namespace {

using mm::Access;
using mm::MapRequest;
using mm::MemoryObject;
using mm::PageCount;
using mm::PageNumber;
using mm::Rights;
using mm::VirtAddr;
using test::FileTest;
using test::written;

constexpr std::uint32_t kPage = mm::kPageSize;

class FoundNames final : public NodeNames {
  public:
    explicit FoundNames(fs::FileLayer& layer) : layer_(layer) {}
    std::string_view path_of(fs::Node& node) override {
        const auto path = fs::find_path(layer_, node, room_);
        return path.ok() ? path.value() : std::string_view();
    }

  private:
    fs::FileLayer& layer_;
    std::array<char, 4096> room_{};
};

class ProcMaps : public FileTest {
  protected:
    mm::UserMemory& user_memory() { return world.machine.memory; }
    MapRequest at(std::uint32_t address, std::uint32_t pages, Rights rights) {
        MapRequest request;
        request.address = VirtAddr(address);
        request.bytes = pages * kPage;
        request.place = MapRequest::Place::Fixed;
        request.rights = rights;
        return request;
    }
    void map(const MapRequest& request) {
        const auto mapped = memory.space.map(request);
        ASSERT_TRUE(mapped.ok()) << error_name(mapped.error());
    }
    void touch(std::uint32_t address, std::uint32_t pages, Access access) {
        const PageNumber first = page_of(VirtAddr(address));
        EXPECT_TRUE(is_resolved(memory.space.populate({first, first + PageCount(pages)}, access)));
    }
    MemoryObject& object(std::string_view path) {
        EXPECT_EQ(p.open(path), "OK");
        const fs::NodeRef node = p.calls.file(p.last).value()->node();
        EXPECT_TRUE(p.calls.close(p.last).ok());
        return *node->object();
    }
    std::string maps() {
        return written([&](const mm::TextWriter& out) { write_maps(memory, names, out); });
    }
    std::string smaps() {
        return written([&](const mm::TextWriter& out) { write_smaps(memory, names, out); });
    }
    // The number of kB behind a label of smaps; of the first region that has it.
    int kib(const std::string& label) {
        const std::string text = smaps();
        const std::size_t place = text.find("\n" + label + ":");
        EXPECT_NE(place, std::string::npos) << label;
        return std::stoi(text.substr(place + label.size() + 2));
    }

    const Rights rw = Rights::read() | Rights::write();
    const Rights rx = Rights::read() | Rights::execute();
    ProgramMemory memory{user_memory(), mm::UserPages::create(user_memory()).take(),
                         mm::MemoryLimits{}};
    FoundNames names{world.layer};
};

TEST_F(ProcMaps, AreEmptyWithoutRegions) {
    EXPECT_EQ(maps(), "");
    EXPECT_EQ(smaps(), "");
}

TEST_F(ProcMaps, AnonymousMemoryHasNoName) {
    map(at(0xB7D5E000, 2, rw));
    map(at(0xB7D60000, 1, {}));
    EXPECT_EQ(maps(),
              "b7d5e000-b7d60000 rw-p 00000000 00:00 0 \n"
              "b7d60000-b7d61000 ---p 00000000 00:00 0 \n");
}

TEST_F(ProcMaps, FilesHaveTheirPathInColumn49) {
    p.mkdir("/bin");
    p.put("/bin/sh", std::string(4 * kPage, 'x'));
    MapRequest request = at(0x8048000, 2, rx);
    request.object = &object("/bin/sh");
    request.object_page = 1;
    request.object_rights = Rights::read();
    map(request);
    char expected[128];
    const unsigned device = world.root.device();
    std::snprintf(expected, sizeof expected, "08048000-0804a000 r-xp 00001000 %02x:%02x %-11u",
                  device >> 8, device & 0xFF, p.attributes("/bin/sh").number);
    EXPECT_EQ(maps(), std::string(expected) + "/bin/sh\n");
    EXPECT_EQ(maps().find("/bin/sh"), 49U);
}

TEST_F(ProcMaps, AFileWithoutANameIsDeleted) {
    p.put("/gone", std::string(kPage, 'x'));
    MapRequest request = at(0x8048000, 1, Rights::read());
    request.object = &object("/gone");
    request.shared = true;
    request.object_rights = rw;
    map(request);
    EXPECT_EQ(p.unlink("/gone"), "OK");
    EXPECT_NE(maps().find("r--s 00000000"), std::string::npos) << maps();
    EXPECT_EQ(maps().substr(49), "(deleted)\n");
}

TEST_F(ProcMaps, SharedAnonymousMemoryIsLinuxsDeletedZeroes) {
    test::PagedObject object(world.machine, MemoryObject::Kind::SharedMemory, nullptr, 4);
    MapRequest request = at(0xB7000000, 1, rw);
    request.object = &object;
    request.shared = true;
    request.object_rights = rw;
    map(request);
    EXPECT_EQ(maps(), "b7000000-b7001000 rw-s 00000000 00:00 0          /dev/zero (deleted)\n");
    memory.space.empty();
}

TEST_F(ProcMaps, HeapAndStackAreNamed) {
    memory.break_start = 0x804A000;
    memory.space.set_break_start(VirtAddr(0x804A000));
    EXPECT_EQ(memory.space.set_break(VirtAddr(0x804C123)), VirtAddr(0x804C123));
    MapRequest stack = at(0xBFFDF000, 33, rw);
    stack.grows_down = true;
    map(stack);
    memory.stack_start = 0xBFFFF123;
    EXPECT_EQ(maps(),
              "0804a000-0804d000 rw-p 00000000 00:00 0          [heap]\n"
              "bffdf000-c0000000 rw-p 00000000 00:00 0          [stack]\n");
}

TEST_F(ProcMaps, SmapsHaveAllLinesOfLinux) {
    MapRequest request = at(0xB7000000, 4, rw);
    request.grows_down = true;
    map(request);
    touch(0xB7000000, 2, Access::Write);
    EXPECT_EQ(smaps(),
              "b7000000-b7004000 rw-p 00000000 00:00 0 \n"
              "Size:                 16 kB\n"
              "KernelPageSize:        4 kB\n"
              "MMUPageSize:           4 kB\n"
              "Rss:                   8 kB\n"
              "Pss:                   8 kB\n"
              "Pss_Dirty:             8 kB\n"
              "Shared_Clean:          0 kB\n"
              "Shared_Dirty:          0 kB\n"
              "Private_Clean:         0 kB\n"
              "Private_Dirty:         8 kB\n"
              "Referenced:            0 kB\n"  // brought in, not used yet
              "Anonymous:             8 kB\n"
              "LazyFree:              0 kB\n"
              "AnonHugePages:         0 kB\n"
              "ShmemPmdMapped:        0 kB\n"
              "FilePmdMapped:         0 kB\n"
              "Shared_Hugetlb:        0 kB\n"
              "Private_Hugetlb:       0 kB\n"
              "Swap:                  0 kB\n"
              "SwapPss:               0 kB\n"
              "Locked:                0 kB\n"
              "THPeligible:           0\n"
              "VmFlags: rd wr mr mw me gd ac \n");
}

TEST_F(ProcMaps, TheFrameOfZeroesIsNotThere) {
    map(at(0xB7000000, 2, rw));
    touch(0xB7000000, 2, Access::Read);
    EXPECT_EQ(kib("Rss"), 0);
    touch(0xB7000000, 1, Access::Write);
    EXPECT_EQ(kib("Rss"), 4);
}

TEST_F(ProcMaps, AForkSharesAndAWriteEndsThat) {
    map(at(0xB7000000, 4, rw));
    touch(0xB7000000, 4, Access::Write);
    ProgramMemory child(user_memory(), mm::UserPages::create(user_memory()).take(), {});
    ASSERT_TRUE(child.space.fork_from(memory.space).ok());
    EXPECT_EQ(kib("Rss"), 16);
    EXPECT_EQ(kib("Pss"), 8);
    EXPECT_EQ(kib("Shared_Dirty"), 16);
    EXPECT_EQ(kib("Private_Dirty"), 0);
    touch(0xB7000000, 1, Access::Write);
    EXPECT_EQ(kib("Pss"), 4 + 6);
    EXPECT_EQ(kib("Shared_Dirty"), 12);
    EXPECT_EQ(kib("Private_Dirty"), 4);
}

TEST_F(ProcMaps, LockedMemoryIsTold) {
    map(at(0xB7000000, 2, rw));
    ASSERT_TRUE(
        memory.space.lock(VirtAddr(0xB7000000), 2 * kPage, mm::AddressSpace::LockMode::Now).ok());
    EXPECT_EQ(kib("Locked"), 8);
    EXPECT_NE(smaps().find("VmFlags: rd wr mr mw me lo ac \n"), std::string::npos) << smaps();
}

TEST_F(ProcMaps, WhatIsSharedToBeReadOnlyIsToldFromWhatMayBeWritten) {
    test::PagedObject file(world.machine, MemoryObject::Kind::File, &world.machine.store, 8);
    MapRequest shared = at(0xB7000000, 2, Rights::read());
    shared.object = &file;
    shared.shared = true;
    shared.object_rights = Rights::read();
    map(shared);
    EXPECT_NE(smaps().find("VmFlags: rd mr me ms \n"), std::string::npos) << smaps();
    shared.address = VirtAddr(0xB7100000);
    shared.object_rights = Rights::all();
    map(shared);
    EXPECT_NE(smaps().find("VmFlags: rd sh mr mw me ms \n"), std::string::npos) << smaps();
    memory.space.empty();
}

TEST_F(ProcMaps, FiguresTellKindsApart) {
    test::PagedObject file(world.machine, MemoryObject::Kind::File, &world.machine.store, 8);
    map(at(0xB7000000, 4, rw));
    touch(0xB7000000, 3, Access::Write);
    MapRequest code = at(0x8048000, 2, rx);
    code.object = &file;
    code.object_rights = Rights::read();
    map(code);
    touch(0x8048000, 2, Access::Read);
    p.put("/shared", std::string(2 * kPage, 'x'));
    MapRequest shared = at(0xA0000000, 2, rw);
    shared.object = &object("/shared");
    shared.shared = true;
    shared.object_rights = rw;
    map(shared);
    touch(0xA0000000, 2, Access::Read);
    MapRequest stack = at(0xBFFF0000, 16, rw);
    stack.grows_down = true;
    map(stack);
    const ProgramFigures figures = figures_of(memory.space);
    EXPECT_EQ(figures.size, PageCount(24));
    EXPECT_EQ(figures.anonymous, PageCount(3));
    EXPECT_EQ(figures.file, PageCount(2));
    EXPECT_EQ(figures.shared, PageCount(2));
    EXPECT_EQ(figures.data, PageCount(4));
    EXPECT_EQ(figures.executable, PageCount(2));
    EXPECT_EQ(figures.stack, PageCount(16));
    EXPECT_EQ(figures.resident(), PageCount(7));
    memory.space.empty();
}

}  // namespace
}  // namespace quire::kernel
