// fs/path, fs/mount_table: what a path leads to, and what it does not.
#include "fs/path.h"

#include "tests/host/file_machine.h"

namespace quire::fs {
namespace {

using namespace abi;
using test::answer;
using test::FileTest;

class Path : public FileTest {
  protected:
    Path() {
        p.mkdir("/d");
        p.mkdir("/d/e");
        p.put("/d/e/f", "file");
        p.put("/plain", "plain");
        p.symlink("d/e", "/toe");
        p.symlink("f", "/d/e/tof");
        p.symlink("/d/e/f", "/abs");
        p.symlink("nowhere", "/dangling");
        p.symlink("loop", "/loop");
    }
};

TEST_F(Path, LeadsToFilesByAnySpelling) {
    for (const char* path :
         {"/d/e/f", "d/e/f", "//d///e//f", "/./d/./e/./f", "/d/../d/e/f", "/../../d/e/f",
          "/d/e/../e/f", "toe/f", "/toe/tof", "/d/e/tof", "abs", "/toe/../e/f"}) {
        EXPECT_EQ(p.get(path), "file") << path;
    }
}

TEST_F(Path, RefusesWhatLinuxRefuses) {
    EXPECT_EQ(p.stat(""), "ENOENT");
    EXPECT_EQ(p.stat("/missing"), "ENOENT");
    EXPECT_EQ(p.stat("/missing/x"), "ENOENT");
    EXPECT_EQ(p.stat("/plain/x"), "ENOTDIR");
    EXPECT_EQ(p.stat("/plain/."), "ENOTDIR");
    EXPECT_EQ(p.stat("/plain/.."), "ENOTDIR");
    EXPECT_EQ(p.stat("/plain/"), "ENOTDIR");
    EXPECT_EQ(p.stat("/abs/"), "ENOTDIR");
    EXPECT_EQ(p.stat("/missing/"), "ENOENT");
    EXPECT_EQ(p.stat("/dangling"), "ENOENT");
    EXPECT_EQ(p.lstat("/dangling"), "OK");
    EXPECT_EQ(p.stat("/loop"), "ELOOP");
    EXPECT_EQ(p.lstat("/loop"), "OK");
    EXPECT_EQ(p.stat("/loop/x"), "ELOOP");
}

TEST_F(Path, KnowsTheLengthsOfNamesAndPaths) {
    const std::string name(255, 'n');
    EXPECT_EQ(p.stat("/" + name), "ENOENT");
    EXPECT_EQ(p.stat("/" + name + "n"), "ENAMETOOLONG");
    EXPECT_EQ(p.stat("/" + name + "n/x"), "ENAMETOOLONG");
    EXPECT_EQ(p.mkdir("/" + name + "n"), "ENAMETOOLONG");
    p.put("/" + name, "long");
    EXPECT_EQ(p.get("/" + name), "long");
    std::string path = "/d";
    while (path.size() < 4090)
        path += "/../d";
    path.resize(4092);
    EXPECT_EQ(p.stat(path + "/.."), "OK") << path.size();
    EXPECT_EQ(p.stat(path + "/..."), "ENAMETOOLONG");
}

TEST_F(Path, FollowsALinkAtTheEndWhenSlashesFollow) {
    EXPECT_EQ(p.attributes("/toe").kind, NodeKind::SymbolicLink);
    EXPECT_EQ(p.attributes("/toe/").kind, NodeKind::Directory);
    EXPECT_EQ(p.readlink("/toe"), "d/e");
    EXPECT_EQ(p.readlink("/toe/"), "EINVAL");
    EXPECT_EQ(p.readlink("/plain"), "EINVAL");
    p.symlink("/", "/toroot");
    EXPECT_EQ(p.attributes("/toroot/").kind, NodeKind::Directory);
    EXPECT_EQ(p.get("/toroot/plain"), "plain");
}

TEST_F(Path, FollowsFortyLinksAndNoMore) {
    p.symlink("plain", "/l0");
    for (int i = 1; i <= 40; ++i)
        p.symlink("l" + std::to_string(i - 1), "/l" + std::to_string(i));
    EXPECT_EQ(p.get("/l39"), "plain");
    EXPECT_EQ(p.get("/l40"), "ELOOP");
    std::string path = "/";
    for (int i = 0; i < 40; ++i)
        path += "toe/../../";
    EXPECT_EQ(p.get(path + "plain"), "plain");
    EXPECT_EQ(p.get(path + "toe/f"), "ELOOP");
}

// The target and what follows it must fit together into 4,095 bytes.
TEST_F(Path, LongTargetsAreFollowedAsFarAsAPathGoes) {
    std::string target = "/d";
    while (target.size() < 4000)
        target += "/../d";
    EXPECT_EQ(p.symlink(target, "/far"), "OK");
    EXPECT_EQ(p.readlink("/far"), target);
    EXPECT_EQ(p.get("/far/e/f"), "file");
    EXPECT_EQ(p.get("/far/" + std::string(80, '/') + "e/f"), "file");
    EXPECT_EQ(p.stat("/far/e/" + std::string(100, 'x')), "ENAMETOOLONG");
    EXPECT_EQ(p.symlink(std::string(4096, 't'), "/further"), "ENAMETOOLONG");
    EXPECT_EQ(p.symlink("", "/nothing"), "ENOENT");
}

// What follows a link adds up. On Linux, which keeps each target by itself, this is ELOOP.
TEST_F(Path, ACircleThatGrowsBecomesTooLong) {
    p.symlink("circle/" + std::string(120, 'x'), "/circle");
    EXPECT_EQ(p.stat("/circle"), "ENAMETOOLONG");
    p.symlink("small/" + std::string(90, 'x'), "/small");
    EXPECT_EQ(p.stat("/small"), "ELOOP");
}

TEST_F(Path, SearchNeedsTheRightToExecute) {
    p.chmod("/d", 0700);
    p.become(1, 1);
    EXPECT_EQ(p.stat("/d"), "OK");
    EXPECT_EQ(p.stat("/d/e"), "EACCES");
    EXPECT_EQ(p.stat("/d/."), "EACCES");
    EXPECT_EQ(p.stat("/d/.."), "EACCES");
    EXPECT_EQ(p.stat("/toe/f"), "EACCES");
    p.become(0, 0);
    p.chmod("/d", 0001);
    p.become(1, 1);
    EXPECT_EQ(p.get("/d/e/f"), "file");
    EXPECT_EQ(p.try_open("/d", kOpenDirectory), "EACCES");
}

TEST_F(Path, TheFirstClassThatFitsDecides) {
    p.chown("/d", 1, 2);
    p.chmod("/d", 0070);
    p.become(1, 2);
    EXPECT_EQ(p.stat("/d/e"), "EACCES");  // the owner may not, whatever the group may
    p.become(3, 2);
    EXPECT_EQ(p.stat("/d/e"), "OK");
    p.become(3, 3);
    EXPECT_EQ(p.stat("/d/e"), "EACCES");
    p.who.groups[0] = 2;
    p.who.group_count = 1;
    EXPECT_EQ(p.stat("/d/e"), "OK");
}

TEST_F(Path, TheWorkingDirectoryHasAName) {
    EXPECT_EQ(p.getcwd(), "/");
    EXPECT_EQ(p.chdir("/toe"), "OK");
    EXPECT_EQ(p.getcwd(), "/d/e");
    EXPECT_EQ(p.get("f"), "file");
    EXPECT_EQ(p.chdir(".."), "OK");
    EXPECT_EQ(p.getcwd(), "/d");
    EXPECT_EQ(p.chdir("e/f"), "ENOTDIR");
    EXPECT_EQ(p.rename("/d", "/new"), "OK");
    EXPECT_EQ(p.getcwd(), "/new");
    std::array<char, 4> room{};
    EXPECT_EQ(p.calls.getcwd(room).value(), "/new");
    EXPECT_EQ(answer(p.calls.getcwd(std::span(room).first(3))), "ENAMETOOLONG");
    p.chdir("/");
    EXPECT_EQ(answer(p.calls.getcwd({})), "ENAMETOOLONG");
}

TEST_F(Path, ARemovedWorkingDirectoryIsNowhere) {
    p.mkdir("/gone");
    p.chdir("/gone");
    EXPECT_EQ(p.rmdir("/gone"), "OK");
    EXPECT_EQ(p.getcwd(), "ENOENT");
    EXPECT_EQ(p.stat("."), "OK");
    EXPECT_EQ(p.attributes(".").links, 0U);
    EXPECT_EQ(p.stat("x"), "ENOENT");
    EXPECT_EQ(p.mkdir("x"), "ENOENT");
    EXPECT_EQ(p.try_open("x", kOpenCreate | kOpenReadWrite), "ENOENT");
    EXPECT_EQ(p.chdir("/"), "OK");
}

TEST_F(Path, NothingLeadsOutOfTheProcessRoot) {
    EXPECT_EQ(answer(p.calls.chroot("/d")), "OK");
    p.chdir("/");
    EXPECT_EQ(p.get("/../../e/f"), "file");
    EXPECT_EQ(p.get("/e/../../e/f"), "file");
    EXPECT_EQ(p.stat("/plain"), "ENOENT");
    EXPECT_EQ(p.getcwd(), "/");
    p.chdir("/e");
    EXPECT_EQ(p.getcwd(), "/e");
    EXPECT_EQ(p.stat("/e/../../plain"), "ENOENT");
    p.become(1, 1);
    EXPECT_EQ(answer(p.calls.chroot("/")), "EPERM");
}

TEST_F(Path, ADirectoryOutsideTheRootHasNoName) {
    p.chdir("/d");
    EXPECT_EQ(answer(p.calls.chroot("/d/e")), "OK");
    EXPECT_EQ(p.getcwd(), "ENOENT");
}

TEST_F(Path, RelativePathsMayBeginAtADescriptor) {
    ASSERT_EQ(p.open("/d", kOpenDirectory), "OK");
    const auto d = static_cast<std::int32_t>(p.last);
    ASSERT_EQ(p.open("/plain"), "OK");
    const auto plain = static_cast<std::int32_t>(p.last);
    EXPECT_EQ(answer(p.calls.stat(d, "e/f")), "OK");
    EXPECT_EQ(answer(p.calls.stat(d, "/plain")), "OK");
    EXPECT_EQ(answer(p.calls.stat(plain, "x")), "ENOTDIR");
    EXPECT_EQ(answer(p.calls.stat(plain, "/d")), "OK");
    EXPECT_EQ(answer(p.calls.stat(99, "x")), "EBADF");
    EXPECT_EQ(answer(p.calls.stat(99, "")), "ENOENT");
    EXPECT_EQ(answer(p.calls.stat(plain, "", kAtEmptyPath)), "OK");
    EXPECT_EQ(answer(p.calls.mkdir(d, "new", 0755)), "OK");
    EXPECT_EQ(p.stat("/d/new"), "OK");
    EXPECT_EQ(answer(p.calls.fchdir(p.last)), "ENOTDIR");
    EXPECT_EQ(answer(p.calls.fchdir(static_cast<Descriptor>(d))), "OK");
    EXPECT_EQ(p.getcwd(), "/d");
}

// --- Mounts ---

class Mounts : public Path {
  protected:
    ~Mounts() override { p.chdir("/"); }
    std::string mount(FileSystem& system, const char* path) {
        return answer(p.calls.mount(system, "test", path));
    }
    std::string unmount(const char* path) { return answer(p.calls.unmount(path)); }

    Tmpfs other{world.parts(), {}};
    Tmpfs third{world.parts(), {}};
};

TEST_F(Mounts, CoverADirectoryAndAreWalkedBothWays) {
    EXPECT_EQ(mount(other, "/d"), "OK");
    EXPECT_EQ(p.stat("/d/e"), "ENOENT");
    p.mkdir("/d/in");
    EXPECT_EQ(mount(third, "/d/in"), "OK");
    p.put("/d/in/x", "deep");
    world.check();
    EXPECT_EQ(p.get("/d/in/x"), "deep");
    EXPECT_EQ(p.get("/d/in/../../plain"), "plain");
    EXPECT_EQ(p.get("/d/in/../in/x"), "deep");
    p.chdir("/d/in");
    EXPECT_EQ(p.getcwd(), "/d/in");
    EXPECT_EQ(p.get("../../plain"), "plain");
    p.chdir("/");
    EXPECT_EQ(unmount("/d"), "EBUSY");
    EXPECT_EQ(unmount("/d/in"), "OK");
    EXPECT_EQ(unmount("/d"), "OK");
    EXPECT_EQ(p.get("/d/e/f"), "file");
}

TEST_F(Mounts, MayBeStacked) {
    EXPECT_EQ(mount(other, "/d"), "OK");
    EXPECT_EQ(mount(third, "/d"), "OK");
    p.put("/d/top", "top");
    EXPECT_EQ(p.get("/d/../d/top"), "top");
    EXPECT_EQ(p.get("/d/../plain"), "plain");
    p.chdir("/d");
    EXPECT_EQ(p.getcwd(), "/d");
    p.chdir("/");
    EXPECT_EQ(unmount("/d"), "OK");
    EXPECT_EQ(p.stat("/d/top"), "ENOENT");
    EXPECT_EQ(unmount("/d"), "OK");
}

TEST_F(Mounts, RefuseWhatLinuxRefuses) {
    EXPECT_EQ(mount(other, "/plain"), "ENOTDIR");
    EXPECT_EQ(mount(other, "/missing"), "ENOENT");
    EXPECT_EQ(mount(other, "/d"), "OK");
    EXPECT_EQ(mount(other, "/toe"), "ENOENT");  // d is covered
    p.mkdir("/again");
    EXPECT_EQ(mount(other, "/again"), "EBUSY");
    EXPECT_EQ(unmount("/again"), "EINVAL");
    EXPECT_EQ(unmount("/"), "EBUSY");
    EXPECT_EQ(p.rmdir("/d"), "EBUSY");
    EXPECT_EQ(p.rename("/d", "/moved"), "EBUSY");
    EXPECT_EQ(p.rename("/again", "/d"), "EBUSY");
    EXPECT_EQ(p.unlink("/d"), "EISDIR");
    p.put("/d/x", "");
    EXPECT_EQ(p.rename("/d/x", "/x"), "EXDEV");
    EXPECT_EQ(p.link("/d/x", "/x"), "EXDEV");
    p.become(1, 1);
    EXPECT_EQ(mount(third, "/again"), "EPERM");
    EXPECT_EQ(unmount("/d"), "EPERM");
    p.become(0, 0);
    EXPECT_EQ(unmount("/d"), "OK");
}

TEST_F(Mounts, AreBusyWhileSomebodyUsesAFile) {
    EXPECT_EQ(mount(other, "/d"), "OK");
    p.put("/d/x", "x");
    ASSERT_EQ(p.open("/d/x"), "OK");
    EXPECT_EQ(unmount("/d"), "EBUSY");
    EXPECT_TRUE(p.calls.close(p.last).ok());
    p.chdir("/d");
    EXPECT_EQ(unmount("/d"), "EBUSY");
    p.chdir("/");
    EXPECT_EQ(unmount("/d"), "OK");
}

TEST_F(Mounts, HaveDeviceNumbersOfTheirOwn) {
    EXPECT_EQ(mount(other, "/d"), "OK");
    const auto in = p.calls.stat(p.kHere, "/d").value();
    const auto out = p.calls.stat(p.kHere, "/plain").value();
    EXPECT_NE(in.device, out.device);
    EXPECT_EQ(p.calls.statfs("/d/.").value().device, in.device);
    EXPECT_EQ(p.calls.statfs("/d").value().figures.magic, kTmpfsMagic);
    EXPECT_EQ(unmount("/d"), "OK");
}

TEST_F(Mounts, FailWithoutATraceWhenMemoryIsOut) {
    for (std::uint32_t n = 1;; ++n) {
        world.machine.slabs.reclaim();
        world.machine.machine.injector.fail_nth(n);
        const std::string result = mount(other, "/d");
        world.machine.machine.injector.fail_nth(0);
        world.check();
        if (result == "OK") break;
        EXPECT_EQ(result, "ENOMEM");
        EXPECT_EQ(p.get("/d/e/f"), "file");
    }
    EXPECT_EQ(unmount("/d"), "OK");
}

}  // namespace
}  // namespace quire::fs
