// fs/tmpfs: names, limits, pages that are mapped and swapped, memory files without names.
#include "fs/tmpfs.h"

#include "mm/evict.h"
#include "mm/object_pages.h"
#include "mm/write_back.h"
#include "tests/host/file_machine.h"

namespace quire::fs {
namespace {

using namespace abi;
using test::answer;
using test::FileTest;

class TmpfsTest : public FileTest {
  protected:
    std::string content(std::uint32_t pages) {
        std::string text;
        for (std::uint32_t i = 0; i < pages; ++i)
            text += std::string(mm::kPageSize, static_cast<char>('a' + i % 26));
        return text;
    }
    mm::MemoryObject& object(Descriptor descriptor) {
        return *p.calls.mappable(descriptor).value().object;
    }
    std::uint32_t frames() {
        world.machine.slabs.reclaim();
        return world.machine.machine.used_frames();
    }
};

TEST_F(TmpfsTest, GivesBackAllItTook) {
    EXPECT_EQ(p.try_open("/"), "OK");  // the block of descriptors stays
    const std::uint32_t before = frames();
    const std::uint32_t live = world.live_objects();
    {
        Tmpfs other(world.parts(), {});
        p.mkdir("/m");
        ASSERT_EQ(answer(p.calls.mount(other, "x", "/m")), "OK");
        p.mkdir("/m/a");
        p.mkdir("/m/a/b");
        p.mkdir("/m/a/b/c");
        p.put("/m/a/b/file", content(3));
        p.put("/m/a/b/" + std::string(200, 'n'), "long name");
        p.symlink(std::string(1000, 't'), "/m/a/link");
        p.link("/m/a/b/file", "/m/second");
        p.mknod("/m/a/pipe", kModePipe);
        other.check_invariants();
        EXPECT_EQ(other.node_count(), 8U);
        EXPECT_EQ(other.used_pages(), 4U);
        ASSERT_EQ(answer(p.calls.unmount("/m")), "OK");
    }
    p.rmdir("/m");
    EXPECT_EQ(frames(), before);
    EXPECT_EQ(world.live_objects(), live);
}

TEST_F(TmpfsTest, ListsEachNameOnce) {
    std::map<std::string, NodeKind> expected;
    for (int i = 0; i < 100; ++i) {
        const std::string name =
            "name" + std::string(static_cast<std::size_t>(i) % 40, 'x') + std::to_string(i);
        p.put("/" + name, "");
        expected[name] = NodeKind::File;
    }
    p.mkdir("/dir");
    expected["dir"] = NodeKind::Directory;
    p.symlink("t", "/sym");
    expected["sym"] = NodeKind::SymbolicLink;
    EXPECT_EQ(p.list("/"), expected);
    EXPECT_EQ(p.list("/", 80), expected);  // a few at a time
    EXPECT_EQ(p.list("/dir").size(), 0U);
}

TEST_F(TmpfsTest, AnOffsetOfAnEntryLeadsToTheNext) {
    for (const char* name : {"/a", "/b", "/c", "/d"})
        p.put(name, "");
    ASSERT_EQ(p.open("/"), "OK");
    const Descriptor root = p.last;
    const auto all = p.entries(root, 4096);
    ASSERT_EQ(all.size(), 6U);
    EXPECT_EQ(all[0].name, ".");
    EXPECT_EQ(all[1].name, "..");
    EXPECT_TRUE(p.entries(root, 4096).empty());
    for (std::size_t i = 0; i < all.size(); ++i) {
        p.seek(root, static_cast<std::int64_t>(all[i].offset), kSeekSet);
        const auto rest = p.entries(root, 4096);
        EXPECT_EQ(rest.size(), all.size() - i - 1);
        if (!rest.empty()) {
            EXPECT_EQ(rest[0].name, all[i + 1].name);
        }
    }
    p.seek(root, 0, kSeekSet);
    EXPECT_EQ(p.entries(root, 4096).size(), 6U);
}

TEST_F(TmpfsTest, NamesThatGoWhileListingAreNoHarm) {
    for (int i = 0; i < 20; ++i)
        p.put("/" + std::to_string(i), "");
    ASSERT_EQ(p.open("/"), "OK");
    const Descriptor root = p.last;
    std::uint32_t seen = 0;
    for (auto some = p.entries(root, 64); !some.empty(); some = p.entries(root, 64)) {
        for (const auto& entry : some) {
            if (entry.name[0] == '.') continue;
            ++seen;
            EXPECT_EQ(p.unlink("/" + entry.name), "OK");  // rm -r
        }
    }
    EXPECT_EQ(seen, 20U);
    EXPECT_EQ(p.list("/").size(), 0U);
    // The one that is next goes:
    p.put("/a", "");
    p.put("/b", "");
    p.put("/c", "");
    p.seek(root, 0, kSeekSet);
    p.entries(root, 72);  // `.`, `..`, a
    p.unlink("/b");
    const auto rest = p.entries(root, 4096);
    ASSERT_EQ(rest.size(), 1U);
    EXPECT_EQ(rest[0].name, "c");
}

TEST_F(TmpfsTest, TooLittleRoomForAnEntryIsRefused) {
    ASSERT_EQ(p.open("/"), "OK");
    std::array<std::byte, 64> bytes{};
    MemorySink sink(bytes);
    EXPECT_EQ(answer(p.calls.read_directory(p.last, 23, sink)), "EINVAL");
    EXPECT_EQ(p.calls.read_directory(p.last, 24, sink).value(), 24U);
    test::BrokenSink broken(24);
    EXPECT_EQ(p.seek(p.last, 0, kSeekSet), "0");
    EXPECT_EQ(p.calls.read_directory(p.last, 100, broken).value(), 24U);
    EXPECT_EQ(answer(p.calls.read_directory(p.last, 100, broken)), "EFAULT");
}

// --- Limits ---

class SmallTmpfs : public TmpfsTest {
  protected:
    SmallTmpfs() {
        p.mkdir("/m");
        EXPECT_EQ(answer(p.calls.mount(small, "small", "/m")), "OK");
    }
    ~SmallTmpfs() override { EXPECT_EQ(answer(p.calls.unmount("/m")), "OK"); }

    Tmpfs small{world.parts(), {.pages = 4, .nodes = 6}};
};

TEST_F(SmallTmpfs, HoldsSoManyPagesAndNoMore) {
    p.put("/m/a", content(3));
    ASSERT_EQ(p.open("/m/b", kOpenCreate | kOpenReadWrite), "OK");
    const Descriptor b = p.last;
    EXPECT_EQ(p.write(b, content(2)), "4096");  // as much as goes
    EXPECT_EQ(p.write(b, "x"), "ENOSPC");
    EXPECT_EQ(p.pwrite(b, "in place", 10), "8");
    EXPECT_EQ(p.pwrite(b, "hole", 1 << 20), "ENOSPC");
    EXPECT_EQ(answer(p.calls.ftruncate(b, 1 << 20)), "OK");  // a hole is no page
    EXPECT_EQ(small.figures().free_blocks, 0U);
    EXPECT_EQ(p.unlink("/m/a"), "OK");
    EXPECT_EQ(small.figures().blocks, 4U);
    EXPECT_EQ(small.figures().free_blocks, 3U);
    EXPECT_EQ(p.pwrite(b, "hole", (1 << 20) - 2), "4");
    EXPECT_EQ(small.used_pages(), 3U);
    EXPECT_EQ(answer(p.calls.ftruncate(b, 0)), "OK");
    EXPECT_EQ(small.used_pages(), 0U);
    EXPECT_TRUE(p.calls.close(b).ok());
}

TEST_F(SmallTmpfs, HoldsSoManyNodesAndNoMore) {
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(p.mkdir("/m/" + std::to_string(i)), "OK");
    EXPECT_EQ(p.mkdir("/m/x"), "ENOSPC");
    EXPECT_EQ(p.symlink("t", "/m/x"), "ENOSPC");
    EXPECT_EQ(p.try_open("/m/x", kOpenCreate), "ENOSPC");
    EXPECT_EQ(small.figures().nodes, 6U);
    EXPECT_EQ(small.figures().free_nodes, 0U);
    EXPECT_EQ(p.rmdir("/m/0"), "OK");
    EXPECT_EQ(p.mkdir("/m/x"), "OK");
    small.check_invariants();
}

// --- Pages ---

// What a program stores into a mapping is what read() sees, and the other way round.
TEST_F(TmpfsTest, MappingsAndReadsMeet) {
    p.put("/f", content(2));
    ASSERT_EQ(p.open("/f", kOpenReadWrite), "OK");
    const Descriptor f = p.last;
    auto space = world.machine.new_space();
    world.machine.memory.load(space->pages().directory().frame());
    mm::MapRequest request;
    request.bytes = 2 * mm::kPageSize;
    request.rights = mm::Rights::read() | mm::Rights::write();
    request.shared = true;
    request.object = &object(f);
    request.object_rights = p.calls.mappable(f).value().opened_for;
    const mm::VirtAddr at = space->map(request).value();
    const auto touch = [&](bool store, std::uint32_t value) {
        for (;;) {
            const auto fault = store ? world.machine.machine.mmu.store(at, 1, mm::Ring::User, value)
                                     : world.machine.machine.mmu.load(at, 1, mm::Ring::User, value);
            if (!fault) return value;
            EXPECT_TRUE(mm::is_resolved(space->handle(*fault)));
        }
    };
    EXPECT_EQ(touch(false, 0), 'a');
    touch(true, 'Z');
    EXPECT_EQ(p.pread(f, 2, 0), "Za");
    EXPECT_EQ(p.pwrite(f, "Y", 0), "1");
    EXPECT_EQ(touch(false, 0), 'Y');
    // The mapping keeps the pages when the name and the descriptor are gone.
    EXPECT_TRUE(p.calls.close(f).ok());
    EXPECT_EQ(p.unlink("/f"), "OK");
    EXPECT_TRUE(world.root.busy());
    world.check();
    EXPECT_EQ(touch(false, 0), 'Y');
    const std::uint32_t before = world.root.node_count();
    world.machine.memory.load(world.machine.kernel.frame());
    space.reset();
    EXPECT_EQ(world.root.node_count(), before - 1);
    EXPECT_EQ(world.root.used_pages(), 0U);
}

// No descriptor and no name is left, but a program still has the pages.
TEST_F(TmpfsTest, AMappingKeepsTheFileSystemMounted) {
    Tmpfs other(world.parts(), {});
    p.mkdir("/m");
    ASSERT_EQ(answer(p.calls.mount(other, "x", "/m")), "OK");
    p.put("/m/f", "mapped");
    ASSERT_EQ(p.open("/m/f"), "OK");
    auto space = world.machine.new_space();
    mm::MapRequest request;
    request.bytes = mm::kPageSize;
    request.rights = mm::Rights::read();
    request.shared = true;
    request.object = &object(p.last);
    request.object_rights = mm::Rights::read();
    ASSERT_TRUE(space->map(request).ok());
    EXPECT_TRUE(p.calls.close(p.last).ok());
    EXPECT_EQ(p.unlink("/m/f"), "OK");
    EXPECT_EQ(other.uses(), 1U);
    EXPECT_EQ(answer(p.calls.unmount("/m")), "EBUSY");
    space.reset();
    EXPECT_EQ(answer(p.calls.unmount("/m")), "OK");
}

// A file that lost its last name does not get one again, as on Linux.
TEST_F(TmpfsTest, ARemovedFileIsNotLinked) {
    p.put("/f", "");
    const NodeRef root = world.mounts.root();
    const NodeRef file = root->look_up("f").take();
    EXPECT_EQ(p.unlink("/f"), "OK");
    EXPECT_EQ(answer(root->link("again", *file)), "ENOENT");
    EXPECT_EQ(p.stat("/again"), "ENOENT");
}

TEST_F(TmpfsTest, PagesGoToSwapAndComeBack) {
    p.put("/f", content(3));
    ASSERT_EQ(p.open("/f", kOpenReadWrite), "OK");
    const Descriptor f = p.last;
    for (std::uint32_t page = 0; page < 3; ++page) {
        const mm::FrameNumber frame = object(f).entry(page).frame();
        world.machine.policy.forget(frame);
        mm::SwapCluster cluster(world.machine.memory);
        cluster.add(frame);
        EXPECT_EQ(cluster.clean().pages, 1U);
        mm::evict(world.machine.memory, frame, 0);
    }
    EXPECT_EQ(object(f).swapped_pages(), 3U);
    EXPECT_EQ(p.attributes("/f").half_kib, 24U);
    world.check();
    EXPECT_EQ(p.read(f, 3 * mm::kPageSize), content(3));
    EXPECT_EQ(world.root.used_pages(), 3U);
    EXPECT_TRUE(p.calls.close(f).ok());
    EXPECT_EQ(p.unlink("/f"), "OK");
    EXPECT_EQ(world.machine.swap.statistics().used, mm::PageCount());
}

TEST_F(TmpfsTest, FilesWithoutNamesGoWithTheirUsers) {
    const std::uint32_t nodes = world.root.node_count();
    {
        const NodeRef file = world.root.create_unnamed(10000, p.who, Tmpfs::Promise::Pages).take();
        EXPECT_EQ(file->attributes().value().bytes, 10000U);
        EXPECT_EQ(file->attributes().value().links, 0U);
        EXPECT_EQ(file->object()->pages(), 3U);
        EXPECT_EQ(world.root.node_count(), nodes + 1);
        world.check();
    }
    EXPECT_EQ(world.root.node_count(), nodes);
    EXPECT_EQ(answer(world.root.create_unnamed(~std::uint64_t{0}, p.who, Tmpfs::Promise::Pages)),
              "EFBIG");
    EXPECT_EQ(world.root.node_count(), nodes);
}

// --- What is promised ---

TEST_F(TmpfsTest, SharedMemoryChargesItsWholeSizeFromTheStart) {
    mm::CommitAccount& commit = world.machine.commit;
    const mm::PageCount before = commit.committed();
    {
        const NodeRef file = world.root.create_unnamed(10000, p.who, Tmpfs::Promise::Size).take();
        EXPECT_EQ(commit.committed(), before + mm::PageCount(3));
        MemorySource source(std::as_bytes(std::span("x", 1)));
        EXPECT_TRUE(file->write(5000, 1, source).ok());
        world.root.count_pages();
        EXPECT_EQ(commit.committed(), before + mm::PageCount(3)) << "promised already";
        EXPECT_TRUE(file->resize(20000).ok());
        EXPECT_EQ(commit.committed(), before + mm::PageCount(5));
        EXPECT_TRUE(file->resize(1).ok());
        EXPECT_EQ(commit.committed(), before + mm::PageCount(1));
    }
    EXPECT_EQ(commit.committed(), before);
}

TEST_F(TmpfsTest, PromisesOfSharedMemoryCanBeRefused) {
    mm::CommitAccount& commit = world.machine.commit;
    commit.set_mode(mm::Overcommit::Never);
    const mm::PageCount left = commit.limit() - commit.committed();
    const std::uint32_t nodes = world.root.node_count();
    const std::uint64_t bytes = std::uint64_t{left.raw()} * mm::kPageSize;
    EXPECT_EQ(answer(world.root.create_unnamed(bytes + 1, p.who, Tmpfs::Promise::Size)), "ENOMEM");
    EXPECT_EQ(world.root.node_count(), nodes);
    {
        const NodeRef all = world.root.create_unnamed(bytes, p.who, Tmpfs::Promise::Size).take();
        EXPECT_EQ(commit.committed(), commit.limit());
        EXPECT_EQ(answer(all->resize(bytes + 1)), "ENOMEM");
        EXPECT_EQ(commit.committed(), commit.limit());
        EXPECT_EQ(all->attributes().value().bytes, bytes);
    }
    EXPECT_EQ(commit.limit() - commit.committed(), left);
}

TEST_F(TmpfsTest, FilesChargeThePagesTheyHave) {
    mm::CommitAccount& commit = world.machine.commit;
    const mm::PageCount before = commit.committed();
    p.put("/f", content(2));
    EXPECT_EQ(commit.committed(), before + mm::PageCount(2));
    EXPECT_EQ(answer(p.calls.truncate("/f", 1 << 20)), "OK");
    EXPECT_EQ(commit.committed(), before + mm::PageCount(2)) << "a hole is no page";
    commit.set_mode(mm::Overcommit::Never);
    const mm::PageCount left = commit.limit() - commit.committed();
    ASSERT_TRUE(commit.charge(left - mm::PageCount(1)).ok());
    ASSERT_EQ(p.open("/f", kOpenReadWrite), "OK");
    EXPECT_EQ(p.pwrite(p.last, content(3), mm::kPageSize), "8192") << "one that is there, one new";
    EXPECT_EQ(p.pwrite(p.last, "x", 5 * mm::kPageSize), "ENOSPC");
    EXPECT_EQ(p.pwrite(p.last, "y", 0), "1");
    commit.release(left - mm::PageCount(1));
    EXPECT_TRUE(p.calls.close(p.last).ok());
    EXPECT_EQ(p.unlink("/f"), "OK");
    EXPECT_EQ(commit.committed(), before);
}

// --- Out of memory at every allocation ---

class TmpfsFailure : public TmpfsTest {
  protected:
    /// Runs `call` with each allocation failing in turn until it succeeds. Answers how many failed.
    template <typename Call>
    std::uint32_t fail_each(Call call) {
        for (std::uint32_t n = 1;; ++n) {
            const auto names = p.list("/");
            const std::uint32_t live = world.live_objects();
            world.machine.slabs.reclaim();
            world.machine.machine.injector.fail_nth(n);
            const std::string result = call();
            world.machine.machine.injector.fail_nth(0);
            world.check();
            if (result == "OK") return n - 1;
            EXPECT_EQ(result, "ENOMEM") << n;
            EXPECT_EQ(p.list("/"), names) << n;
            EXPECT_EQ(world.live_objects(), live) << n;
        }
    }
};

TEST_F(TmpfsFailure, ChangesNothing) {
    p.mkdir("/d");  // slabs of directories and entries are partly used now
    p.put("/f", "");
    EXPECT_GE(fail_each([&] { return p.symlink(std::string(100, 't'), "/link"); }), 2U);
    const std::string longer = "/" + std::string(100, 'n');
    EXPECT_GE(fail_each([&] { return p.mkdir(longer); }), 1U);
    EXPECT_GE(fail_each([&] { return p.link("/f", "/" + std::string(101, 'n')); }), 0U);
    fail_each([&] { return p.rename("/f", "/" + std::string(102, 'n')); });
    fail_each([&] { return p.rename(longer, "/d"); });
    fail_each([&] { return p.mknod("/pipe", kModePipe); });
    EXPECT_EQ(p.unlink("/link"), "OK");
}

// With the slabs full to the brim, the next entry or node needs a frame.
TEST_F(TmpfsFailure, ChangesNothingWhenSlabsAreFull) {
    std::uint32_t failures = 0;
    for (int i = 0; i < 200; ++i) {
        const std::string name = "/" + std::to_string(i) + std::string(40, 'n');
        failures += fail_each([&] { return p.mkdir(name); });
    }
    EXPECT_GE(failures, 20U);
    EXPECT_EQ(p.list("/").size(), 200U);
}

}  // namespace
}  // namespace quire::fs
