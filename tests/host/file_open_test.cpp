// fs/file_calls, fs/open_file: open, read, write, lseek and truncate as Linux 6.1 answers them.
#include "tests/host/file_machine.h"

namespace quire::fs {
namespace {

using namespace abi;
using test::answer;
using test::FileTest;

class Open : public FileTest {
  protected:
    Open() {
        p.put("/f", "content");
        p.mkdir("/d");
        p.symlink("f", "/link");
        p.symlink("missing", "/dangling");
    }
    static constexpr std::uint32_t kNew = kOpenCreate | kOpenExclusive | kOpenReadWrite;
};

TEST_F(Open, AnswersAsLinuxDoes) {
    EXPECT_EQ(p.try_open("/missing"), "ENOENT");
    EXPECT_EQ(p.try_open(""), "ENOENT");
    EXPECT_EQ(p.try_open("/d", kOpenWriteOnly), "EISDIR");
    EXPECT_EQ(p.try_open("/d", kOpenReadOnly), "OK");
    EXPECT_EQ(p.try_open("/d", kOpenTruncate), "EISDIR");
    EXPECT_EQ(p.try_open("/d", kOpenCreate), "EISDIR");
    EXPECT_EQ(p.try_open("/.", kOpenCreate), "EISDIR");
    EXPECT_EQ(p.try_open("/", kOpenCreate), "EISDIR");
    EXPECT_EQ(p.try_open("/d", kNew), "EEXIST");
    EXPECT_EQ(p.try_open("/f", kNew), "EEXIST");
    EXPECT_EQ(p.try_open("/f", kOpenDirectory), "ENOTDIR");
    EXPECT_EQ(p.try_open("/f/"), "ENOTDIR");
    EXPECT_EQ(p.try_open("/f/", kOpenCreate), "EISDIR");
    EXPECT_EQ(p.try_open("/new/", kOpenCreate), "EISDIR");
    EXPECT_EQ(p.try_open("/new", kOpenCreate | kOpenDirectory), "EINVAL");
    EXPECT_EQ(p.try_open("/missing/new", kOpenCreate), "ENOENT");
    EXPECT_EQ(p.try_open("/f/new", kOpenCreate), "ENOTDIR");
    EXPECT_EQ(p.try_open("/link", kOpenNoFollow), "ELOOP");
    EXPECT_EQ(p.try_open("/link", kOpenNoFollow | kOpenDirectory), "ENOTDIR");
    EXPECT_EQ(p.try_open("/link", kNew), "EEXIST");
    EXPECT_EQ(p.try_open("/dangling"), "ENOENT");
    EXPECT_EQ(p.try_open("/dangling", kNew), "EEXIST");
    EXPECT_EQ(p.get("/f"), "content");
}

TEST_F(Open, CreatesThroughADanglingLink) {
    EXPECT_EQ(p.try_open("/dangling", kOpenCreate | kOpenWriteOnly), "OK");
    EXPECT_EQ(p.attributes("/missing").kind, NodeKind::File);
}

TEST_F(Open, NewFilesHaveTheModeLessTheUmask) {
    EXPECT_EQ(p.calls.umask(027), 022U);
    p.become(5, 6);
    EXPECT_EQ(p.try_open("/tmp", kNew), "EACCES");
    p.become(0, 0);
    p.mkdir("/tmp", 01777);
    p.chmod("/tmp", 01777);
    p.become(5, 6);
    EXPECT_EQ(p.try_open("/tmp/x", kNew, 0666), "OK");
    const Attributes x = p.attributes("/tmp/x");
    EXPECT_EQ(x.permissions, 0640);
    EXPECT_EQ(x.user, 5U);
    EXPECT_EQ(x.group, 6U);
    EXPECT_EQ(p.calls.umask(07777), 027U);
    EXPECT_EQ(p.calls.umask(0), 0777U);
    // A new file is open as asked, whatever its mode says afterwards.
    EXPECT_EQ(p.open("/tmp/y", kNew, 0), "OK");
    EXPECT_EQ(p.write(p.last, "y"), "1");
    EXPECT_EQ(p.try_open("/tmp/y"), "EACCES");
}

TEST_F(Open, InADirectoryWithSgidTheGroupIsTheDirectorys) {
    p.mkdir("/team", 0777);
    p.chown("/team", 0, 42);
    p.chmod("/team", 02777);
    p.become(5, 6);
    p.put("/team/x", "");
    p.mkdir("/team/sub", 0755);
    EXPECT_EQ(p.attributes("/team/x").group, 42U);
    EXPECT_EQ(p.attributes("/team/sub").group, 42U);
    EXPECT_EQ(p.attributes("/team/sub").permissions, 02755);
}

TEST_F(Open, NeedsTheRightsItAsksFor) {
    p.chmod("/f", 0640);
    p.become(1, 1);
    EXPECT_EQ(p.try_open("/f"), "EACCES");
    p.become(1, 0);
    EXPECT_EQ(p.try_open("/f"), "OK");
    EXPECT_EQ(p.try_open("/f", kOpenWriteOnly), "EACCES");
    EXPECT_EQ(p.try_open("/f", kOpenReadWrite), "EACCES");
    EXPECT_EQ(p.try_open("/f", kOpenTruncate), "EACCES");
    EXPECT_EQ(p.try_open("/f", 3), "EACCES");
    EXPECT_EQ(p.try_open("/f", kOpenNoAccessTime), "EPERM");
    EXPECT_EQ(p.get("/f"), "content");
    p.become(0, 0);
    p.chmod("/f", 0);
    EXPECT_EQ(p.get("/f"), "content");
}

TEST_F(Open, TruncatesAFileAndNothingElse) {
    EXPECT_EQ(p.try_open("/f", kOpenTruncate), "OK");  // with O_RDONLY too, as on Linux
    EXPECT_EQ(p.get("/f"), "");
    p.put("/f", "1234");
    EXPECT_EQ(p.try_open("/f", kOpenTruncate | kNew), "EEXIST");
    EXPECT_EQ(p.get("/f"), "1234");
}

TEST_F(Open, LargeFilesNeedALargeFileFlag) {
    const std::int64_t large = std::int64_t{1} << 31;
    EXPECT_EQ(answer(p.calls.truncate("/f", large - 1)), "OK");
    EXPECT_EQ(answer(p.calls.open(p.kHere, "/f", kOpenReadWrite, 0)), "OK");
    const Descriptor small = 0;
    EXPECT_EQ(p.seek(small, 0, kSeekEnd), std::to_string(large - 1));
    EXPECT_EQ(p.write(small, "x"), "EFBIG");
    EXPECT_EQ(p.pwrite(small, "xyz", large - 3), "2");
    EXPECT_EQ(answer(p.calls.ftruncate(small, large)), "EINVAL");
    EXPECT_EQ(answer(p.calls.truncate("/f", large)), "OK");
    EXPECT_EQ(answer(p.calls.open(p.kHere, "/f", kOpenReadOnly, 0)), "EOVERFLOW");
    EXPECT_EQ(p.try_open("/f"), "OK");
    EXPECT_EQ(answer(p.calls.truncate("/f", 0)), "OK");
}

// --- Reading and writing ---

TEST_F(Open, TheOffsetMovesAndIsShared) {
    ASSERT_EQ(p.open("/f", kOpenReadWrite), "OK");
    const Descriptor f = p.last;
    const Descriptor copy = p.calls.duplicate(f).value();
    EXPECT_EQ(p.read(f, 3), "con");
    EXPECT_EQ(p.read(copy, 2), "te");
    EXPECT_EQ(p.write(f, "NT!"), "3");
    EXPECT_EQ(p.read(copy), "");
    EXPECT_EQ(p.seek(copy, 0, kSeekCurrent), "8");
    EXPECT_EQ(p.pread(f, 4, 4), "eNT!");
    EXPECT_EQ(p.pwrite(f, "C", 0), "1");
    EXPECT_EQ(p.seek(f, 0, kSeekCurrent), "8");
    EXPECT_EQ(p.get("/f"), "ConteNT!");
    ASSERT_EQ(p.open("/f"), "OK");  // an offset of its own
    EXPECT_EQ(p.read(p.last, 1), "C");
    EXPECT_EQ(p.seek(f, 0, kSeekCurrent), "8");
}

TEST_F(Open, OnlyWhatItWasOpenedForMayBeDone) {
    ASSERT_EQ(p.open("/f", kOpenReadOnly), "OK");
    const Descriptor reader = p.last;
    ASSERT_EQ(p.open("/f", kOpenWriteOnly), "OK");
    const Descriptor writer = p.last;
    ASSERT_EQ(p.open("/f", 3), "OK");
    const Descriptor neither = p.last;
    EXPECT_EQ(p.write(reader, "x"), "EBADF");
    EXPECT_EQ(p.write(reader, ""), "EBADF");
    EXPECT_EQ(p.pwrite(reader, "x", 0), "EBADF");
    EXPECT_EQ(p.read(writer), "EBADF");
    EXPECT_EQ(p.read(writer, 0), "EBADF");
    EXPECT_EQ(p.pread(writer, 1, 0), "EBADF");
    EXPECT_EQ(p.read(neither), "EBADF");
    EXPECT_EQ(p.write(neither, "x"), "EBADF");
    EXPECT_EQ(answer(p.calls.ftruncate(reader, 0)), "EINVAL");
    EXPECT_EQ(p.read(99), "EBADF");
    EXPECT_EQ(p.write(99, "x"), "EBADF");
    EXPECT_EQ(p.pread(99, 1, -1), "EINVAL");  // before the descriptor is looked at
    EXPECT_EQ(p.pwrite(99, "x", -1), "EINVAL");
    EXPECT_EQ(p.pread(reader, 1, -1), "EINVAL");
    EXPECT_EQ(p.get("/f"), "content");
}

TEST_F(Open, DirectoriesAreNotRead) {
    ASSERT_EQ(p.open("/d"), "OK");
    EXPECT_EQ(p.read(p.last), "EISDIR");
    EXPECT_EQ(p.read(p.last, 0), "EISDIR");
    EXPECT_EQ(p.write(p.last, "x"), "EBADF");
    EXPECT_EQ(answer(p.calls.ftruncate(p.last, 0)), "EINVAL");
    EXPECT_EQ(answer(p.calls.fsync(p.last, false)), "OK");
}

TEST_F(Open, AppendsAtTheEndWhereverTheOffsetIs) {
    ASSERT_EQ(p.open("/f", kOpenReadWrite | kOpenAppend), "OK");
    const Descriptor f = p.last;
    EXPECT_EQ(p.read(f, 3), "con");
    EXPECT_EQ(p.write(f, "+1"), "2");
    EXPECT_EQ(p.seek(f, 0, kSeekCurrent), "9");
    EXPECT_EQ(p.pwrite(f, "+2", 0), "2");  // as on Linux, in spite of the offset
    EXPECT_EQ(p.seek(f, 0, kSeekCurrent), "9");
    EXPECT_EQ(p.get("/f"), "content+1+2");
    p.calls.file(f).value()->set_status_flags(kOpenNonBlock);
    EXPECT_EQ(p.calls.file(f).value()->flags() & ~kOpenLargeFile, kOpenReadWrite | kOpenNonBlock);
    EXPECT_EQ(p.pwrite(f, "C", 0), "1");
    EXPECT_EQ(p.get("/f"), "Content+1+2");
}

TEST_F(Open, BadPointersEndAReadOrWrite) {
    ASSERT_EQ(p.open("/f", kOpenReadWrite), "OK");
    const Descriptor f = p.last;
    test::BrokenSink sink(0);
    EXPECT_EQ(answer(p.calls.read(f, 7, sink)), "EFAULT");
    test::BrokenSource source(0);
    EXPECT_EQ(answer(p.calls.write(f, 7, source).result), "EFAULT");
    EXPECT_EQ(p.seek(f, 0, kSeekCurrent), "0");
    EXPECT_EQ(p.get("/f"), "content");
    test::BrokenSource some(kPathMax);
    EXPECT_EQ(p.calls.write(f, 3 * kPathMax, some).result.value(), kPathMax);
}

TEST_F(Open, NoBytesAreNoWrite) {
    ASSERT_EQ(p.open("/f", kOpenReadWrite | kOpenAppend), "OK");
    EXPECT_EQ(p.write(p.last, ""), "0");
    EXPECT_EQ(p.seek(p.last, 0, kSeekCurrent), "0");
    EXPECT_EQ(p.read(p.last, 0), "");
}

TEST_F(Open, SeeksAnywhereButBeforeTheStart) {
    ASSERT_EQ(p.open("/f", kOpenReadWrite), "OK");
    const Descriptor f = p.last;
    EXPECT_EQ(p.seek(f, 9, 9), "EINVAL");
    EXPECT_EQ(p.seek(99, 0, kSeekSet), "EBADF");
    EXPECT_EQ(p.seek(f, -1, kSeekSet), "EINVAL");
    EXPECT_EQ(p.seek(f, 4, kSeekSet), "4");
    EXPECT_EQ(p.seek(f, -5, kSeekCurrent), "EINVAL");
    EXPECT_EQ(p.seek(f, -4, kSeekCurrent), "0");
    EXPECT_EQ(p.seek(f, -7, kSeekEnd), "0");
    EXPECT_EQ(p.seek(f, -8, kSeekEnd), "EINVAL");
    EXPECT_EQ(p.seek(f, 0xFFFFFFFF000, kSeekSet), "17592186040320");
    EXPECT_EQ(p.seek(f, 1, kSeekCurrent), "EINVAL");
    EXPECT_EQ(p.seek(f, 0x7FFFFFFFFFFFFFFF, kSeekCurrent), "EINVAL");
    EXPECT_EQ(p.read(f), "");
    EXPECT_EQ(p.write(f, "x"), "EFBIG");
    EXPECT_EQ(p.seek(f, 3, kSeekData), "3");
    EXPECT_EQ(p.seek(f, 3, kSeekHole), "7");
    EXPECT_EQ(p.seek(f, 7, kSeekData), "ENXIO");
    EXPECT_EQ(p.seek(f, -1, kSeekHole), "ENXIO");
    EXPECT_EQ(p.seek(f, 10, kSeekSet), "10");
    EXPECT_EQ(p.write(f, "x"), "1");
    EXPECT_EQ(p.get("/f"), std::string("content\0\0\0x", 11));
}

TEST_F(Open, TruncateBothWays) {
    ASSERT_EQ(p.open("/f", kOpenReadWrite), "OK");
    EXPECT_EQ(answer(p.calls.ftruncate(p.last, 3)), "OK");
    EXPECT_EQ(p.get("/f"), "con");
    EXPECT_EQ(answer(p.calls.truncate("/f", 5)), "OK");
    EXPECT_EQ(p.get("/f"), std::string("con\0\0", 5));
    EXPECT_EQ(answer(p.calls.truncate("/f", -1)), "EINVAL");
    EXPECT_EQ(answer(p.calls.ftruncate(p.last, -1)), "EINVAL");
    EXPECT_EQ(answer(p.calls.ftruncate(99, -1)), "EINVAL");
    EXPECT_EQ(answer(p.calls.ftruncate(99, 1)), "EBADF");
    EXPECT_EQ(answer(p.calls.truncate("/d", 0)), "EISDIR");
    EXPECT_EQ(answer(p.calls.truncate("/missing", 0)), "ENOENT");
    EXPECT_EQ(answer(p.calls.truncate("/f", 0x7FFFFFFFFFFFFFFF)), "EFBIG");
    p.mknod("/pipe", kModePipe | 0666);
    EXPECT_EQ(answer(p.calls.truncate("/pipe", 0)), "EINVAL");
    p.become(1, 1);
    EXPECT_EQ(answer(p.calls.truncate("/f", 0)), "EACCES");
}

// RLIMIT_FSIZE: up to the limit first, then an error and word that a signal is due.
TEST_F(Open, NoFileGetsLargerThanItsWriterMayMakeIt) {
    const auto outcome = [this](Descriptor f, std::string_view text) {
        MemorySource source(std::as_bytes(std::span(text)));
        return p.calls.write(f, static_cast<std::uint32_t>(text.size()), source);
    };
    p.who.most_file_bytes = 10;
    ASSERT_EQ(p.open("/f", kOpenReadWrite | kOpenAppend), "OK");
    const Descriptor f = p.last;
    const WriteOutcome partial = outcome(f, "12345");
    EXPECT_EQ(partial.result.value(), 3U);
    EXPECT_FALSE(partial.over_limit);
    const WriteOutcome none = outcome(f, "4");
    EXPECT_EQ(answer(none.result), "EFBIG");
    EXPECT_TRUE(none.over_limit);
    EXPECT_EQ(outcome(f, "").result.value(), 0U);
    EXPECT_EQ(p.get("/f"), "content123");
    EXPECT_EQ(answer(p.calls.ftruncate(f, 11)), "EFBIG");
    EXPECT_EQ(answer(p.calls.truncate("/f", 11)), "EFBIG");
    EXPECT_EQ(answer(p.calls.ftruncate(f, 10)), "OK");
    p.who.most_file_bytes = 4;
    EXPECT_EQ(answer(p.calls.ftruncate(f, 9)), "OK") << "it does not grow";
    EXPECT_EQ(answer(p.calls.truncate("/f", 10)), "EFBIG");
    p.who.most_file_bytes = Credentials::kNoLimit;
    ASSERT_EQ(p.open("/f", kOpenReadWrite), "OK");
    EXPECT_EQ(p.seek(p.last, 0xFFFFFFFF000, kSeekSet), "17592186040320");  // Linux's last offset
    EXPECT_FALSE(outcome(p.last, "x").over_limit) << "too big for any file";
}

TEST_F(Open, AStrangersWriteTakesAwayPrivileges) {
    const auto mode_after = [this](std::uint32_t mode, std::uint32_t user) {
        p.become(0, 0);
        p.chmod("/f", mode);
        p.become(user, user);
        EXPECT_EQ(p.open("/f", kOpenReadWrite), "OK");
        EXPECT_EQ(p.write(p.last, "x"), "1");
        EXPECT_TRUE(p.calls.close(p.last).ok());
        return p.attributes("/f").permissions;
    };
    EXPECT_EQ(mode_after(06777, 0), 06777);
    EXPECT_EQ(mode_after(06777, 1), 00777);
    EXPECT_EQ(mode_after(02767, 1), 02767);  // the group may not execute: sgid means locking there
    p.become(0, 0);
    p.chmod("/f", 04777);
    p.become(1, 1);
    EXPECT_EQ(answer(p.calls.truncate("/f", 2)), "OK");
    EXPECT_EQ(p.attributes("/f").permissions, 0777);
}

TEST_F(Open, AnOpenFileOutlivesItsName) {
    ASSERT_EQ(p.open("/f", kOpenReadWrite), "OK");
    EXPECT_EQ(p.unlink("/f"), "OK");
    EXPECT_EQ(p.stat("/f"), "ENOENT");
    EXPECT_EQ(p.read(p.last), "content");
    EXPECT_EQ(p.write(p.last, "!"), "1");
    EXPECT_EQ(p.calls.fstat(p.last).value().attributes.links, 0U);
    EXPECT_EQ(p.calls.fstat(p.last).value().attributes.bytes, 8U);
}

TEST_F(Open, MappableSaysWhatMmapNeeds) {
    ASSERT_EQ(p.open("/f", kOpenReadOnly), "OK");
    const auto reader = p.calls.mappable(p.last).value();
    EXPECT_TRUE(reader.mappable);
    EXPECT_TRUE(reader.opened_for.has(mm::Rights::read()));
    EXPECT_FALSE(reader.opened_for.has(mm::Rights::write()));
    ASSERT_EQ(p.open("/f", kOpenReadWrite), "OK");
    const auto both = p.calls.mappable(p.last).value();
    EXPECT_EQ(both.object, reader.object);
    EXPECT_TRUE(both.opened_for.has(mm::Rights::read() | mm::Rights::write()));
    ASSERT_EQ(p.open("/d"), "OK");
    EXPECT_FALSE(p.calls.mappable(p.last).value().mappable);
    EXPECT_EQ(answer(p.calls.mappable(99)), "EBADF");
}

// Each allocation on the way fails in turn: nothing is left behind, and no descriptor is lost.
TEST_F(Open, FailsWithoutATraceWhenMemoryIsOut) {
    p.symlink("d/new", "/tonew");
    std::uint32_t failures = 0;
    for (std::uint32_t n = 1;; ++n) {
        world.machine.slabs.reclaim();
        const std::uint32_t live = world.live_objects();
        world.machine.machine.injector.fail_nth(n);
        const std::string result = p.open("/tonew", kOpenCreate | kOpenReadWrite);
        world.machine.machine.injector.fail_nth(0);
        world.check();
        if (result == "OK") break;
        ++failures;
        EXPECT_EQ(result, "ENOMEM");
        EXPECT_EQ(p.table.count(), 0U);
        // The file itself may be there: it was made before the open file.
        if (p.stat("/d/new") == "OK") {
            EXPECT_EQ(p.unlink("/d/new"), "OK");
        }
        EXPECT_LE(world.live_objects(), live + 1);  // a block of descriptors may stay
    }
    EXPECT_GE(failures, 4U);
    EXPECT_EQ(p.last, 0U);
}

}  // namespace
}  // namespace quire::fs
