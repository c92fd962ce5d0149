// fs/attribute_calls: stat, access, chmod, chown and utimes as Linux 6.1 answers them.
#include "fs/abi_structures.h"
#include "kernel/abi/poll.h"
#include "tests/host/file_machine.h"

namespace quire::fs {
namespace {

using namespace abi;
using test::answer;
using test::FileTest;

class FileAttributes : public FileTest {
  protected:
    FileAttributes() {
        p.put("/f", "12345");
        p.mkdir("/d");
        p.symlink("f", "/link");
    }
    static TimeChange at(std::uint32_t seconds, std::uint32_t nanoseconds = 0) {
        return {TimeChange::Kind::Given, {seconds, nanoseconds}};
    }
    static constexpr TimeChange kNow{TimeChange::Kind::Now};
    static constexpr TimeChange kOmit{TimeChange::Kind::Omit};
    std::string utimes(std::string_view path, const TimeChange& accessed,
                       const TimeChange& modified, std::uint32_t flags = 0) {
        return answer(p.calls.utimes(p.kHere, path, accessed, modified, flags));
    }
};

TEST_F(FileAttributes, StatTellsWhatThereIs) {
    const Attributes f = p.attributes("/f");
    EXPECT_EQ(f.kind, NodeKind::File);
    EXPECT_EQ(f.permissions, 0644);
    EXPECT_EQ(f.links, 1U);
    EXPECT_EQ(f.bytes, 5U);
    EXPECT_EQ(f.half_kib, 8U);
    EXPECT_EQ(f.block_size, 4096U);
    EXPECT_EQ(p.attributes("/link").kind, NodeKind::SymbolicLink);
    EXPECT_EQ(p.attributes("/link").permissions, 0777);
    EXPECT_EQ(p.attributes("/link").bytes, 1U);
    EXPECT_EQ(p.calls.stat(p.kHere, "/link").value().attributes.number, f.number);
    EXPECT_NE(p.attributes("/d").number, f.number);
    EXPECT_EQ(answer(p.calls.stat(p.kHere, "/f", 0x8000)), "EINVAL");
    EXPECT_EQ(p.calls.stat(p.kHere, "", kAtEmptyPath).value().attributes.number,
              p.attributes("/").number);
}

TEST_F(FileAttributes, AccessAsksWithTheRealIds) {
    p.chmod("/f", 0640);
    EXPECT_EQ(p.access("/f", 8), "EINVAL");
    EXPECT_EQ(p.access("/missing", 0), "ENOENT");
    EXPECT_EQ(p.access("/f", kAccessRead | kAccessWrite), "OK");
    EXPECT_EQ(p.access("/f", kAccessExecute), "EACCES");  // root too: nobody may
    EXPECT_EQ(p.access("/d", 7), "OK");
    p.chmod("/f", 0750);
    EXPECT_EQ(p.access("/f", kAccessExecute), "OK");
    p.who.real_user = p.who.real_group = 1;  // a program with suid root
    EXPECT_EQ(p.access("/f", kAccessRead), "EACCES");
    EXPECT_EQ(p.access("/f", kAccessExists), "OK");
    EXPECT_EQ(answer(p.calls.access(p.kHere, "/f", kAccessRead, kAtEffectiveIds)), "OK");
    EXPECT_EQ(answer(p.calls.access(p.kHere, "/f", kAccessRead, 1)), "EINVAL");
    p.who.real_group = 0;
    EXPECT_EQ(p.access("/f", kAccessRead), "OK");
    EXPECT_EQ(p.access("/f", kAccessWrite), "EACCES");
    EXPECT_EQ(p.try_open("/f", kOpenReadWrite), "OK");
}

TEST_F(FileAttributes, OnlyTheOwnerChangesTheMode) {
    p.chown("/f", 1, 2);
    EXPECT_EQ(p.chmod("/f", 0107777), "OK");
    EXPECT_EQ(p.attributes("/f").permissions, 07777);
    p.become(2, 2);
    EXPECT_EQ(p.chmod("/f", 0), "EPERM");
    p.become(1, 1);
    EXPECT_EQ(p.chmod("/f", 06755), "OK");
    EXPECT_EQ(p.attributes("/f").permissions, 04755);  // not of the group: no sgid
    p.become(1, 2);
    EXPECT_EQ(p.chmod("/link", 02755), "OK");  // the link is followed
    EXPECT_EQ(p.attributes("/f").permissions, 02755);
    ASSERT_EQ(p.open("/f"), "OK");
    EXPECT_EQ(answer(p.calls.fchmod(p.last, 0600)), "OK");
    EXPECT_EQ(p.attributes("/f").permissions, 0600);
    EXPECT_EQ(answer(p.calls.fchmod(99, 0600)), "EBADF");
    EXPECT_EQ(p.chmod("/missing", 0), "ENOENT");
}

TEST_F(FileAttributes, OnlyRootGivesFilesAway) {
    EXPECT_EQ(p.chown("/f", 1, ~0U), "OK");
    EXPECT_EQ(p.attributes("/f").user, 1U);
    EXPECT_EQ(p.attributes("/f").group, 0U);
    p.become(1, 5);
    EXPECT_EQ(p.chown("/f", 2, ~0U), "EPERM");
    EXPECT_EQ(p.chown("/f", 1, ~0U), "OK");
    EXPECT_EQ(p.chown("/f", ~0U, 6), "EPERM");
    EXPECT_EQ(p.chown("/f", ~0U, 5), "OK");
    p.who.groups[0] = 6;
    p.who.group_count = 1;
    EXPECT_EQ(p.chown("/f", 1, 6), "OK");
    EXPECT_EQ(p.attributes("/f").group, 6U);
    p.become(2, 5);
    EXPECT_EQ(p.chown("/f", ~0U, 5), "EPERM");
    EXPECT_EQ(p.chown("/f", ~0U, ~0U), "OK");
    ASSERT_EQ(p.open("/f"), "OK");
    EXPECT_EQ(answer(p.calls.fchown(p.last, 2, ~0U)), "EPERM");
    EXPECT_EQ(answer(p.calls.fchown(99, 2, 2)), "EBADF");
}

TEST_F(FileAttributes, ChownOfALinkIsOfTheLinkIfAsked) {
    EXPECT_EQ(answer(p.calls.chown(p.kHere, "/link", 7, 7, kAtNoFollow)), "OK");
    EXPECT_EQ(p.attributes("/link").user, 7U);
    EXPECT_EQ(p.attributes("/f").user, 0U);
    EXPECT_EQ(p.chown("/link", 8, 8), "OK");
    EXPECT_EQ(p.attributes("/f").user, 8U);
    EXPECT_EQ(answer(p.calls.chown(p.kHere, "/link", 7, 7, 1)), "EINVAL");
}

TEST_F(FileAttributes, WhatChangesHandsLosesPrivileges) {
    p.chmod("/f", 06755);
    p.chown("/f", 1, 1);
    EXPECT_EQ(p.attributes("/f").permissions, 0755);
    p.chmod("/f", 02745);
    p.chown("/f", 2, 2);
    EXPECT_EQ(p.attributes("/f").permissions, 02745);
    p.chmod("/d", 06755);
    p.chown("/d", 1, 1);
    EXPECT_EQ(p.attributes("/d").permissions, 06755);
}

TEST_F(FileAttributes, TimesAreSetByTheOwnerOrWhoMayWrite) {
    p.chown("/f", 1, 1);
    EXPECT_EQ(utimes("/f", at(5, 6), at(7)), "OK");
    EXPECT_EQ(p.attributes("/f").accessed, (Timestamp{5, 6}));
    EXPECT_EQ(p.attributes("/f").modified, (Timestamp{7, 0}));
    world.time.seconds = 2000;
    EXPECT_EQ(utimes("/f", kOmit, kNow), "OK");
    EXPECT_EQ(p.attributes("/f").accessed, (Timestamp{5, 6}));
    EXPECT_EQ(p.attributes("/f").modified, (Timestamp{2000, 0}));
    EXPECT_EQ(p.attributes("/f").changed, (Timestamp{2000, 0}));
    p.become(2, 2);
    EXPECT_EQ(utimes("/f", at(1), at(1)), "EPERM");
    EXPECT_EQ(utimes("/f", kNow, kOmit), "EPERM");
    EXPECT_EQ(utimes("/f", kNow, kNow), "EACCES");
    EXPECT_EQ(utimes("/f", kOmit, kOmit), "OK");
    p.become(0, 0);
    p.chmod("/f", 0666);
    p.become(2, 2);
    EXPECT_EQ(utimes("/f", kNow, kNow), "OK");
    EXPECT_EQ(utimes("/f", at(1), kNow), "EPERM");
    EXPECT_EQ(utimes("/missing", kNow, kNow), "ENOENT");
    EXPECT_EQ(utimes("/f", kNow, kNow, 1), "EINVAL");
    p.become(1, 1);
    ASSERT_EQ(p.open("/f"), "OK");
    EXPECT_EQ(answer(p.calls.futimes(p.last, at(8), at(9))), "OK");
    EXPECT_EQ(p.attributes("/f").modified, (Timestamp{9, 0}));
}

TEST_F(FileAttributes, TimesFollowWhatIsDone) {
    world.time.seconds = 5000;
    p.put("/d/new", "x");
    EXPECT_EQ(p.attributes("/d").modified.seconds, 5000U);
    EXPECT_EQ(p.attributes("/d/new").accessed.seconds, 5000U);
    world.time.seconds = 6000;
    EXPECT_EQ(p.get("/d/new"), "x");
    EXPECT_EQ(p.attributes("/d/new").accessed.seconds, 6000U);
    EXPECT_EQ(p.attributes("/d/new").modified.seconds, 5000U);
    world.time.seconds = 7000;
    p.get("/d/new");  // relatime: read since it was changed, and within a day
    EXPECT_EQ(p.attributes("/d/new").accessed.seconds, 6000U);
    world.time.seconds = 6000 + 86400;
    p.get("/d/new");
    EXPECT_EQ(p.attributes("/d/new").accessed.seconds, 92400U);
    world.time.seconds = 100000;
    p.chmod("/d/new", 0600);
    EXPECT_EQ(p.attributes("/d/new").changed.seconds, 100000U);
    EXPECT_EQ(p.attributes("/d/new").modified.seconds, 5000U);
    p.rename("/d/new", "/new");
    EXPECT_EQ(p.attributes("/d").modified.seconds, 100000U);
    EXPECT_EQ(p.attributes("/").modified.seconds, 100000U);
}

TEST_F(FileAttributes, ProgramsSeeThemAsLinuxStructures) {
    EXPECT_EQ(p.mknod("/dev", kModeCharacter | 0640, 0x105), "OK");
    p.chown("/dev", 70001, 70002);
    EXPECT_EQ(utimes("/dev", at(11, 12), at(13, 14)), "OK");
    const Status status = p.calls.stat(p.kHere, "/dev").value();
    const Stat64 dev = stat64_of(status);
    EXPECT_EQ(dev.mode, kModeCharacter | 0640U);
    EXPECT_EQ(dev.device, status.device);
    EXPECT_EQ(dev.represents, 0x105U);
    EXPECT_EQ(dev.number, status.attributes.number);
    EXPECT_EQ(dev.low_number, status.attributes.number);
    EXPECT_EQ(dev.user, 70001U);
    EXPECT_EQ(dev.group, 70002U);
    EXPECT_EQ(dev.links, 1U);
    EXPECT_EQ(dev.accessed, 11U);
    EXPECT_EQ(dev.accessed_nanoseconds, 12U);
    EXPECT_EQ(dev.modified, 13U);
    EXPECT_EQ(dev.modified_nanoseconds, 14U);
    EXPECT_EQ(dev.changed, 1000U);
    const Stat64 f = stat64_of(p.calls.stat(p.kHere, "/f").value());
    EXPECT_EQ(f.bytes, 5);
    EXPECT_EQ(f.blocks, 8U);
    EXPECT_EQ(f.block_size, 4096U);
}

TEST_F(FileAttributes, StatfsIsALinuxStructure) {
    Tmpfs small(world.parts(), {.pages = 40, .nodes = 10});
    ASSERT_EQ(answer(p.calls.mount(small, "small", "/d")), "OK");
    p.put("/d/x", "x");
    small.set_read_only(true);
    const Statfs64 figures = statfs64_of(p.calls.statfs("/d").value());
    EXPECT_EQ(figures.magic, kTmpfsMagic);
    EXPECT_EQ(figures.block_size, 4096U);
    EXPECT_EQ(figures.fragment_size, 4096U);
    EXPECT_EQ(figures.blocks, 40U);
    EXPECT_EQ(figures.free_blocks, 39U);
    EXPECT_EQ(figures.available_blocks, 39U);
    EXPECT_EQ(figures.nodes, 10U);
    EXPECT_EQ(figures.free_nodes, 8U);
    EXPECT_EQ(figures.longest_name, 255U);
    EXPECT_EQ(figures.flags, kStatfsValid | kStatfsReadOnly);
    EXPECT_EQ(answer(p.calls.unmount("/d")), "OK");
}

TEST(PollBits, AreThoseOfLinux) {
    EXPECT_EQ(poll_bits({}), 0);
    EXPECT_EQ(poll_bits({.readable = true}), kPollIn | kPollReadNormal);
    EXPECT_EQ(poll_bits({.writable = true}), kPollOut | kPollWriteNormal);
    EXPECT_EQ(poll_bits({.hung_up = true}), kPollHangUp);
    EXPECT_EQ(poll_bits({.broken = true}), kPollError);
}

TEST(StatLayout, KindsAreTheUpperBitsOfTheMode) {
    EXPECT_EQ(static_cast<std::uint32_t>(NodeKind::File) << 12, kModeFile);
    EXPECT_EQ(static_cast<std::uint32_t>(NodeKind::Directory) << 12, kModeDirectory);
    EXPECT_EQ(static_cast<std::uint32_t>(NodeKind::SymbolicLink) << 12, kModeLink);
    EXPECT_EQ(static_cast<std::uint32_t>(NodeKind::Pipe) << 12, kModePipe);
    EXPECT_EQ(static_cast<std::uint32_t>(NodeKind::Socket) << 12, kModeSocket);
    EXPECT_EQ(static_cast<std::uint32_t>(NodeKind::BlockDevice) << 12, kModeBlock);
    EXPECT_EQ(static_cast<std::uint32_t>(NodeKind::CharacterDevice) << 12, kModeCharacter);
}

}  // namespace
}  // namespace quire::fs
