// fs/name_calls: mkdir, mknod, link, symlink, unlink, rmdir, rename as Linux 6.1 answers them.
#include "tests/host/file_machine.h"

namespace quire::fs {
namespace {

using namespace abi;
using test::answer;
using test::FileTest;

class Names : public FileTest {
  protected:
    Names() {
        p.put("/f", "f");
        p.put("/g", "g");
        p.mkdir("/d");
        p.mkdir("/full");
        p.put("/full/x", "x");
        p.symlink("f", "/link");
        p.symlink("d", "/tod");
        p.symlink("missing", "/dangling");
    }
};

TEST_F(Names, MakingAnswersAsLinuxDoes) {
    for (const char* path : {"/", "/.", "/..", "/d", "/d/", "/f", "/link", "/dangling", "/d/."}) {
        EXPECT_EQ(p.mkdir(path), "EEXIST") << path;
        EXPECT_EQ(p.mknod(path, kModeFile), "EEXIST") << path;
        EXPECT_EQ(p.symlink("t", path), "EEXIST") << path;
        EXPECT_EQ(p.link("/f", path), "EEXIST") << path;
    }
    EXPECT_EQ(p.mkdir(""), "ENOENT");
    EXPECT_EQ(p.mkdir("/missing/x"), "ENOENT");
    EXPECT_EQ(p.mkdir("/f/x"), "ENOTDIR");
    EXPECT_EQ(p.mkdir("/new/"), "OK");
    EXPECT_EQ(p.mknod("/n/", kModeFile), "ENOENT");
    EXPECT_EQ(p.symlink("t", "/n/"), "ENOENT");
    EXPECT_EQ(p.link("/f", "/n/"), "ENOENT");
    EXPECT_EQ(p.link("/missing", "/n"), "ENOENT");
    EXPECT_EQ(p.link("/d", "/n"), "EPERM");
    EXPECT_EQ(p.link("/f/", "/n"), "ENOTDIR");
}

TEST_F(Names, NothingIsMadeInADirectoryThatMayNotBeWritten) {
    p.become(1, 1);
    EXPECT_EQ(p.mkdir("/new"), "EACCES");
    EXPECT_EQ(p.mkdir("/d"), "EEXIST");  // looked up first
    EXPECT_EQ(p.mknod("/new", kModeFile), "EACCES");
    EXPECT_EQ(p.mknod("/new", kModeCharacter), "EACCES");
    EXPECT_EQ(p.symlink("t", "/new"), "EACCES");
    EXPECT_EQ(p.link("/f", "/new"), "EACCES");
    EXPECT_EQ(p.unlink("/f"), "EACCES");
    EXPECT_EQ(p.unlink("/missing"), "ENOENT");
    EXPECT_EQ(p.rmdir("/d"), "EACCES");
    EXPECT_EQ(p.rename("/f", "/new"), "EACCES");
    EXPECT_EQ(p.rename("/f", "/g"), "EACCES");
}

TEST_F(Names, DirectoriesAreLinkedToTheirParents) {
    EXPECT_EQ(p.attributes("/d").links, 2U);
    const std::uint32_t before = p.attributes("/").links;
    EXPECT_EQ(p.mkdir("/d/e", 07777), "OK");
    EXPECT_EQ(p.attributes("/d").links, 3U);
    EXPECT_EQ(p.attributes("/d/e").permissions, 01755);  // umask; no suid, no sgid
    EXPECT_EQ(p.attributes("/").links, before);
    EXPECT_EQ(p.rename("/d/e", "/full/e"), "OK");
    EXPECT_EQ(p.attributes("/d").links, 2U);
    EXPECT_EQ(p.attributes("/full").links, 3U);
    EXPECT_EQ(p.attributes("/full/e/..").number, p.attributes("/full").number);
    EXPECT_EQ(p.rmdir("/full/e"), "OK");
    EXPECT_EQ(p.attributes("/full").links, 2U);
}

TEST_F(Names, MknodMakesEveryKindButDirectories) {
    EXPECT_EQ(p.mknod("/n1", 0644), "OK");
    EXPECT_EQ(p.attributes("/n1").kind, NodeKind::File);
    EXPECT_EQ(p.mknod("/n2", kModePipe | 0666), "OK");
    EXPECT_EQ(p.attributes("/n2").permissions, 0644);
    EXPECT_EQ(p.mknod("/n3", kModeCharacter | 0600, 0x103), "OK");
    EXPECT_EQ(p.attributes("/n3").device, 0x103U);
    EXPECT_EQ(p.mknod("/n4", kModeSocket), "OK");
    EXPECT_EQ(p.try_open("/n3"), "ENXIO");
    EXPECT_EQ(p.try_open("/n4"), "ENXIO");
    EXPECT_EQ(p.mknod("/n5", kModeDirectory), "EPERM");
    EXPECT_EQ(p.mknod("/n5", kModeLink), "EINVAL");
    EXPECT_EQ(p.mknod("/n5", 0170000), "EINVAL");
    EXPECT_EQ(p.mknod("/f", kModeDirectory), "EPERM");
    p.chmod("/", 0777);
    p.become(1, 1);
    EXPECT_EQ(p.mknod("/n5", kModeBlock), "EPERM");
    EXPECT_EQ(p.mknod("/n5", kModePipe), "OK");
}

TEST_F(Names, LinksAreNamesOfOneFile) {
    EXPECT_EQ(p.link("/f", "/d/f2"), "OK");
    EXPECT_EQ(p.attributes("/f").links, 2U);
    EXPECT_EQ(p.attributes("/f").number, p.attributes("/d/f2").number);
    EXPECT_EQ(p.unlink("/f"), "OK");
    EXPECT_EQ(p.get("/d/f2"), "f");
    EXPECT_EQ(p.link("/tod/f2", "/f"), "OK");
    // A link to a link, not to what it names; but with the flag:
    EXPECT_EQ(p.link("/link", "/link2"), "OK");
    EXPECT_EQ(p.readlink("/link2"), "f");
    EXPECT_EQ(answer(p.calls.link(p.kHere, "/link", p.kHere, "/hard", kAtFollow)), "OK");
    EXPECT_EQ(p.attributes("/hard").number, p.attributes("/f").number);
    EXPECT_EQ(answer(p.calls.link(p.kHere, "/f", p.kHere, "/x", 1)), "EINVAL");
    ASSERT_EQ(p.open("/f"), "OK");
}

TEST_F(Names, UnlinkAnswersAsLinuxDoes) {
    EXPECT_EQ(p.unlink("/missing"), "ENOENT");
    EXPECT_EQ(p.unlink(""), "ENOENT");
    EXPECT_EQ(p.unlink("/d"), "EISDIR");
    EXPECT_EQ(p.unlink("/d/"), "EISDIR");
    EXPECT_EQ(p.unlink("/"), "EISDIR");
    EXPECT_EQ(p.unlink("/."), "EISDIR");
    EXPECT_EQ(p.unlink("/d/.."), "EISDIR");
    EXPECT_EQ(p.unlink("/f/"), "ENOTDIR");
    EXPECT_EQ(p.unlink("/missing/"), "ENOENT");
    EXPECT_EQ(p.unlink("/f/x"), "ENOTDIR");
    EXPECT_EQ(p.unlink("/tod"), "OK");
    EXPECT_EQ(p.unlink("/dangling"), "OK");
    EXPECT_EQ(p.unlink("/f"), "OK");
    EXPECT_EQ(p.unlink("/f"), "ENOENT");
    EXPECT_EQ(p.stat("/d"), "OK");
}

TEST_F(Names, RmdirAnswersAsLinuxDoes) {
    EXPECT_EQ(p.rmdir("/missing"), "ENOENT");
    EXPECT_EQ(p.rmdir("/f"), "ENOTDIR");
    EXPECT_EQ(p.rmdir("/tod"), "ENOTDIR");
    EXPECT_EQ(p.rmdir("/full"), "ENOTEMPTY");
    EXPECT_EQ(p.rmdir("/d/."), "EINVAL");
    EXPECT_EQ(p.rmdir("/d/.."), "ENOTEMPTY");
    EXPECT_EQ(p.rmdir("/"), "EBUSY");
    EXPECT_EQ(p.rmdir("/d/"), "OK");
    EXPECT_EQ(p.rmdir("/d"), "ENOENT");
}

TEST_F(Names, StickyDirectoriesKeepEachOnesNames) {
    p.mkdir("/tmp");
    p.chmod("/tmp", 01777);
    p.become(1, 1);
    p.put("/tmp/mine", "1");
    p.mkdir("/tmp/mydir");
    p.become(2, 2);
    EXPECT_EQ(p.unlink("/tmp/mine"), "EPERM");
    EXPECT_EQ(p.rmdir("/tmp/mydir"), "EPERM");
    EXPECT_EQ(p.rename("/tmp/mine", "/tmp/his"), "EPERM");
    p.put("/tmp/his", "2");
    EXPECT_EQ(p.rename("/tmp/his", "/tmp/mine"), "EPERM");
    EXPECT_EQ(p.get("/tmp/mine"), "1");
    p.become(1, 1);
    EXPECT_EQ(p.unlink("/tmp/mine"), "OK");
    p.become(0, 0);
    EXPECT_EQ(p.unlink("/tmp/his"), "OK");
    p.chown("/tmp", 3, 3);
    p.become(3, 3);
    EXPECT_EQ(p.rmdir("/tmp/mydir"), "OK");  // the directory is his
}

TEST_F(Names, RenameAnswersAsLinuxDoes) {
    EXPECT_EQ(p.rename("/missing", "/x"), "ENOENT");
    EXPECT_EQ(p.rename("/f", "/missing/x"), "ENOENT");
    EXPECT_EQ(p.rename("", "/x"), "ENOENT");
    EXPECT_EQ(p.rename("/f", ""), "ENOENT");
    EXPECT_EQ(p.rename("/f", "/d"), "EISDIR");
    EXPECT_EQ(p.rename("/d", "/f"), "ENOTDIR");
    EXPECT_EQ(p.rename("/d", "/full"), "ENOTEMPTY");
    EXPECT_EQ(p.rename("/f", "/x/"), "ENOTDIR");
    EXPECT_EQ(p.rename("/f/", "/x"), "ENOTDIR");
    EXPECT_EQ(p.rename("/d", "/d/in"), "EINVAL");
    EXPECT_EQ(p.rename("/full", "/full/x/y"), "ENOTDIR");
    p.mkdir("/full/in");
    p.mkdir("/full/in/deep");
    EXPECT_EQ(p.rename("/full", "/full/in/deep/x"), "EINVAL");
    EXPECT_EQ(p.rename("/full/in/deep", "/full"), "ENOTEMPTY");
    EXPECT_EQ(p.rename("/full/x", "/full"), "ENOTEMPTY");
    EXPECT_EQ(p.rename("/", "/x"), "EBUSY");
    EXPECT_EQ(p.rename("/d/.", "/x"), "EBUSY");
    EXPECT_EQ(p.rename("/d/..", "/x"), "EBUSY");
    EXPECT_EQ(p.rename("/f", "/"), "EBUSY");
    EXPECT_EQ(p.rename("/f", "/d/."), "EBUSY");
    EXPECT_EQ(p.rename("/f", "/x", kRenameExchange), "EINVAL");
    EXPECT_EQ(p.rename("/f", "/" + std::string(256, 'n')), "ENAMETOOLONG");
    EXPECT_EQ(p.get("/f"), "f");
}

TEST_F(Names, RenameReplacesWhatIsThere) {
    EXPECT_EQ(p.rename("/f", "/g"), "OK");
    EXPECT_EQ(p.stat("/f"), "ENOENT");
    EXPECT_EQ(p.get("/g"), "f");
    EXPECT_EQ(p.attributes("/g").links, 1U);
    p.mkdir("/empty");
    EXPECT_EQ(p.rename("/full", "/empty/"), "OK");
    EXPECT_EQ(p.get("/empty/x"), "x");
    EXPECT_EQ(p.rename("/link", "/g"), "OK");
    EXPECT_EQ(p.readlink("/g"), "f");
    EXPECT_EQ(p.rename("/g", "/g"), "OK");
    EXPECT_EQ(p.readlink("/g"), "f");
}

TEST_F(Names, RenameOfTwoNamesOfOneFileDoesNothing) {
    p.link("/f", "/f2");
    EXPECT_EQ(p.rename("/f", "/f2"), "OK");
    EXPECT_EQ(p.get("/f"), "f");
    EXPECT_EQ(p.attributes("/f2").links, 2U);
}

TEST_F(Names, RenameWithoutReplacingSaysSo) {
    EXPECT_EQ(p.rename("/f", "/g", kRenameNoReplace), "EEXIST");
    EXPECT_EQ(p.rename("/f", "/f", kRenameNoReplace), "EEXIST");
    EXPECT_EQ(p.rename("/f", "/", kRenameNoReplace), "EEXIST");
    EXPECT_EQ(p.rename("/f", "/new", kRenameNoReplace), "OK");
    EXPECT_EQ(p.get("/new"), "f");
}

// A directory that changes its parent changes its `..`: that takes the right to write to it.
TEST_F(Names, MovingADirectoryNeedsTheRightToWriteIt) {
    p.mkdir("/a");
    p.mkdir("/b");
    p.mkdir("/a/moved");
    for (const char* path : {"/a", "/b"})
        p.chmod(path, 0777);
    p.chmod("/a/moved", 0555);
    p.become(1, 1);
    EXPECT_EQ(p.rename("/a/moved", "/b/moved"), "EACCES");
    EXPECT_EQ(p.rename("/a/moved", "/a/here"), "OK");
}

TEST_F(Names, ReadlinkCutsWhatDoesNotFit) {
    std::array<char, 3> room{};
    p.symlink("12345", "/long");
    EXPECT_EQ(p.calls.readlink(p.kHere, "/long", room).value(), 3U);
    EXPECT_EQ(std::string(room.data(), 3), "123");
    EXPECT_EQ(answer(p.calls.readlink(p.kHere, "/long", {})), "EINVAL");
    EXPECT_EQ(p.readlink("/missing"), "ENOENT");
    EXPECT_EQ(p.attributes("/long").bytes, 5U);
}

// --- A file system that may not be written ---

TEST_F(Names, NothingIsChangedOnAReadOnlyFileSystem) {
    Tmpfs frozen(world.parts(), {});
    ASSERT_EQ(answer(p.calls.mount(frozen, "frozen", "/d")), "OK");
    p.put("/d/file", "ice", 0);
    p.mkdir("/d/dir");
    frozen.set_read_only(true);
    EXPECT_EQ(p.mkdir("/d/new"), "EROFS");
    EXPECT_EQ(p.mkdir("/d/file"), "EEXIST");
    EXPECT_EQ(p.mknod("/d/new", kModeFile), "EROFS");
    EXPECT_EQ(p.symlink("t", "/d/new"), "EROFS");
    EXPECT_EQ(p.link("/d/file", "/d/new"), "EROFS");
    EXPECT_EQ(p.unlink("/d/file"), "EROFS");
    EXPECT_EQ(p.unlink("/d/missing"), "EROFS");
    EXPECT_EQ(p.rmdir("/d/dir"), "EROFS");
    EXPECT_EQ(p.rename("/d/file", "/d/new"), "EROFS");
    EXPECT_EQ(p.try_open("/d/new", kOpenCreate), "EROFS");
    EXPECT_EQ(p.try_open("/d/file", kOpenWriteOnly), "EROFS");
    EXPECT_EQ(p.try_open("/d/file", kOpenTruncate), "EROFS");
    EXPECT_EQ(p.try_open("/d/file", kOpenCreate), "OK");
    EXPECT_EQ(p.try_open("/d/file"), "OK");
    EXPECT_EQ(p.chmod("/d/file", 0), "EROFS");
    EXPECT_EQ(p.chown("/d/file", 1, 1), "EROFS");
    EXPECT_EQ(answer(p.calls.truncate("/d/file", 0)), "EROFS");
    EXPECT_EQ(answer(p.calls.utimes(p.kHere, "/d/file", {}, {})), "EROFS");
    EXPECT_EQ(p.access("/d/file", kAccessWrite), "EROFS");
    EXPECT_EQ(p.access("/d/file", kAccessRead), "OK");
    p.become(1, 1);
    EXPECT_EQ(p.try_open("/d/file", kOpenWriteOnly), "EROFS");  // before EACCES
    EXPECT_EQ(p.try_open("/d/file"), "EACCES");
    p.become(0, 0);
    EXPECT_EQ(p.get("/d/file"), "ice");
    EXPECT_EQ(p.list("/d").size(), 2U);
    EXPECT_EQ(answer(p.calls.unmount("/d")), "OK");
}

}  // namespace
}  // namespace quire::fs
