// kernel/process/shared_memory: the table of segments, their ids, rights and ends.
#include "kernel/process/shared_memory.h"

#include "tests/host/file_machine.h"
#include "tests/host/written.h"

namespace quire::kernel {
namespace {

using namespace abi;
using test::answer;

class TestHost final : public SharedMemoryHost {
  public:
    std::uint32_t process_id() override { return pid; }
    std::uint64_t seconds() override { return time; }
    std::uint32_t pid = 5;
    std::uint64_t time = 100;
};

class SharedMemoryTest : public test::FileTest {
  protected:
    ~SharedMemoryTest() override { table.check_invariants(); }
    SharedMemory::Segment& make(std::uint32_t key = kIpcPrivate, std::uint32_t flags = 0600) {
        return *table.find(table.get(p.who, key, 10000, kIpcCreate | flags, false).value());
    }
    std::string get(std::uint32_t key, std::uint32_t bytes, std::uint32_t flags) {
        return answer(table.get(p.who, key, bytes, flags, false));
    }
    mm::VirtAddr attach(const SharedMemory::Segment& segment) {
        mm::MapRequest request;
        request.bytes = segment.bytes();
        request.shared = true;
        request.rights = request.object_rights = mm::Rights::read() | mm::Rights::write();
        request.object = segment.node()->object();
        return space().map(request).value();
    }
    mm::AddressSpace& space() { return *own_space; }

    TestHost host;
    SharedMemory table{world.root, host};
    std::unique_ptr<mm::AddressSpace> own_space = world.machine.new_space();
};

TEST_F(SharedMemoryTest, KeysLeadToIds) {
    EXPECT_EQ(get(7, 1, 0600), "ENOENT");
    const std::uint32_t id = make(7).id();
    EXPECT_EQ(table.get(p.who, 7, 10000, 0, false).value(), id);
    EXPECT_EQ(get(7, 10001, 0), "EINVAL");
    EXPECT_EQ(get(7, 1, kIpcCreate | kIpcExclusive), "EEXIST");
    EXPECT_EQ(get(8, 0, kIpcCreate), "EINVAL");
    EXPECT_EQ(get(8, ~0U, kIpcCreate), "EINVAL");
    EXPECT_NE(make().id(), make().id()) << "private ones are never found";
}

TEST_F(SharedMemoryTest, AnIdComesBackWithAnotherSequence) {
    const std::uint32_t first = make().id();
    table.remove(*table.find(first));
    EXPECT_EQ(table.find(first), nullptr);
    EXPECT_FALSE(table.was_removed(first)) << "nobody is there";
    const std::uint32_t second = make().id();
    EXPECT_EQ(second & 0x7FFF, first & 0x7FFF);
    EXPECT_NE(second, first);
    EXPECT_TRUE(table.was_removed(first));
    EXPECT_LT(second, 1U << 31);
}

TEST_F(SharedMemoryTest, ThereAreSoManyAndNoMore) {
    for (std::uint32_t i = 0; i < SharedMemory::kMostSegments; ++i)
        (void)make();
    EXPECT_EQ(get(0, 1, 0600), "ENOSPC");
    EXPECT_EQ(table.use().segments, SharedMemory::kMostSegments);
    EXPECT_EQ(table.highest_place(), SharedMemory::kMostSegments - 1);
    table.remove(*table.at(3));
    EXPECT_EQ(make().id() & 0x7FFF, 3U);
}

TEST_F(SharedMemoryTest, RightsAreThoseOfTheFirstClassThatFits) {
    SharedMemory::Segment& segment = make(7, 0640);
    fs::Credentials other;
    other.user = 1000;
    other.group = 0;
    EXPECT_TRUE(segment.allows(other, 0444));
    EXPECT_FALSE(segment.allows(other, 0666));
    EXPECT_FALSE(segment.belongs_to(other));
    other.group = 5;
    EXPECT_FALSE(segment.allows(other, 0444));
    EXPECT_TRUE(segment.allows(other, 0));
    EXPECT_TRUE(table.change(segment, 1000, 0, 0040).ok());
    EXPECT_TRUE(segment.belongs_to(other));
    EXPECT_FALSE(segment.allows(other, 0444)) << "the owner's class, though the group's has it";
    EXPECT_TRUE(segment.allows(p.who, 0777)) << "root";
    EXPECT_EQ(answer(table.change(segment, ~0U, 0, 0)), "EINVAL");
    EXPECT_EQ(segment.status().permissions.user, 1000U);
}

TEST_F(SharedMemoryTest, RegionsAreAttaches) {
    SharedMemory::Segment& segment = make();
    EXPECT_EQ(segment.status().attached, 0U);
    host.pid = 6;
    host.time = 101;
    const mm::VirtAddr place = attach(segment);
    EXPECT_EQ(segment.attaches(), 1U);
    EXPECT_EQ(segment.status().attached, 101U);
    EXPECT_EQ(segment.status().detached, 0U);
    EXPECT_EQ(segment.status().last_user, 6U);
    EXPECT_EQ(segment.status().creator, 5U);
    host.pid = 7;
    host.time = 102;
    EXPECT_TRUE(space().unmap(place, 12288).ok());
    EXPECT_EQ(segment.attaches(), 0U);
    EXPECT_EQ(segment.status().detached, 102U);
    EXPECT_EQ(segment.status().last_user, 7U);
    EXPECT_TRUE(segment.exists());
}

TEST_F(SharedMemoryTest, ARemovedOneGoesWithItsLastRegion) {
    const mm::PageCount before = world.machine.commit.committed();
    const std::uint32_t nodes = world.root.node_count();
    SharedMemory::Segment& segment = make(7);
    const std::uint32_t id = segment.id();
    EXPECT_EQ(world.machine.commit.committed(), before + mm::PageCount(3));
    const mm::VirtAddr one = attach(segment), two = attach(segment);
    table.remove(segment);
    table.check_invariants();
    EXPECT_EQ(table.find(id), &segment);
    EXPECT_EQ(segment.status().permissions.mode, kShmDestroyed | 0600);
    EXPECT_EQ(get(7, 1, 0), "ENOENT");
    EXPECT_TRUE(space().unmap(one, 12288).ok());
    EXPECT_EQ(table.of(space().regions().find(mm::page_of(two))->object()), &segment);
    EXPECT_TRUE(space().unmap(two, 12288).ok());
    EXPECT_EQ(table.find(id), nullptr);
    EXPECT_EQ(world.root.node_count(), nodes);
    EXPECT_EQ(world.machine.commit.committed(), before);
    world.check();
}

TEST_F(SharedMemoryTest, NothingIsMadeWhenMemoryIsNotPromised) {
    world.machine.commit.set_mode(mm::Overcommit::Never);
    const auto all = (world.machine.commit.limit() - world.machine.commit.committed()).raw();
    EXPECT_EQ(get(0, (all + 1) * mm::kPageSize, 0600), "ENOMEM");
    EXPECT_EQ(table.use().segments, 0U);
    EXPECT_TRUE(table.get(p.who, 0, all * mm::kPageSize, 0600, true).ok());
    EXPECT_EQ(answer(table.get(p.who, 0, 1, kShmNoReserve, true)), "ENOMEM");
    EXPECT_EQ(answer(table.get(p.who, 0, 1, kShmNoReserve, false)), "OK");
}

TEST_F(SharedMemoryTest, IsToldAsLinuxTellsIt) {
    (void)make(255, 0640);
    const std::string text = test::written([&](const mm::TextWriter& out) { table.write(out); });
    EXPECT_EQ(text,
              "       key      shmid perms       size  cpid  lpid nattch   uid   gid  cuid  cgid"
              "      atime      dtime      ctime        rss       swap\n"
              "       255      32768   640      10000     5     0      0     0     0     0     0"
              "          0          0        100          0          0\n");
}

}  // namespace
}  // namespace quire::kernel
