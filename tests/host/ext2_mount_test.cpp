// Mounting ext2: what is mounted, what is refused and why, what the super block says meanwhile, and
// what becomes of nonsense on the disk.
#include <cstdlib>
#include <functional>
#include <sstream>

#include "tests/host/ext2_disk.h"

namespace quire::test {
namespace {

using Access = fs::Ext2::Access;

const Ext2Shape kSmall{.blocks = 1024, .nodes = 64};

/// What `steps` say to the log.
template <typename Steps>
std::string log_of(Steps steps) {
    setenv("QUIRE_LOG", "1", 1);
    testing::internal::CaptureStderr();
    steps();
    unsetenv("QUIRE_LOG");
    return testing::internal::GetCapturedStderr();
}

template <typename T>
void poke(DiskBytes& content, std::size_t place, T value) {
    std::memcpy(&content[place], &value, sizeof value);
}
template <typename T>
T peek(const DiskBytes& content, std::size_t place) {
    T value;
    std::memcpy(&value, &content[place], sizeof value);
    return value;
}
// Places in the super block.
constexpr std::size_t kState = 1024 + 58;
constexpr std::size_t kCompatible = 1024 + 92;
constexpr std::size_t kIncompatible = 1024 + 96;
constexpr std::size_t kReadOnlyCompatible = 1024 + 100;

class Ext2Mount : public testing::Test {
  protected:
    /// What mounting `content` says.
    static Error refusal(DiskBytes content, std::string* said = nullptr) {
        Ext2Disk m(std::move(content), false);
        Result<void> mounted;
        const std::string text = log_of([&] { mounted = m.fs.mount(m.disk, Access::ReadWrite); });
        if (said != nullptr) *said = text;
        EXPECT_FALSE(m.fs.is_mounted());
        EXPECT_EQ(m.disk.count(DiskImage::Kind::Write), 0U);
        EXPECT_EQ(m.machine.objects.count(), 0U);
        return mounted.error();
    }
};

TEST_F(Ext2Mount, TakesRevision0AndLargeInodes) {
    for (const Ext2Shape& shape :
         {Ext2Shape{.blocks = 1024, .nodes = 64, .revision = 0},
          Ext2Shape{.block_size = 4096, .blocks = 1024, .nodes = 64, .node_bytes = 256},
          Ext2Shape{.block_size = 2048, .blocks = 1024, .nodes = 64, .node_bytes = 2048},
          Ext2Shape{.blocks = 4096, .nodes = 512, .blocks_per_group = 512, .features = ""}}) {
        Ext2Disk m(shape);
        ASSERT_TRUE(m.make_directory("/d").ok());
        m.put("/d/f", pattern(100'000));
        EXPECT_EQ(m.names("/").at("d"), fs::NodeKind::Directory);
        EXPECT_TRUE(m.judge()["/d/f"].bytes == pattern(100'000));
    }
}

TEST_F(Ext2Mount, SpreadsDirectoriesOverGroupsAndKeepsFilesNearThem) {
    Ext2Disk m(Ext2Shape{.blocks = 4096, .nodes = 512, .blocks_per_group = 512});
    std::map<std::uint32_t, unsigned> groups;
    for (char name = 'a'; name < 'i'; ++name) {
        const std::string path = std::string("/") + name;
        ASSERT_TRUE(m.make_directory(path).ok());
        m.put(path + "/f", pattern(20'000));
        EXPECT_EQ((m.attributes(path).number - 1) / 64,
                  (m.attributes(path + "/f").number - 1) / 64);
        ++groups[(m.attributes(path).number - 1) / 64];
    }
    EXPECT_GE(groups.size(), 6U);
    m.judge();
}

TEST_F(Ext2Mount, NamesTheFeaturesItRefuses) {
    DiskBytes content = make_ext2(kSmall);
    const auto features = peek<std::uint32_t>(content, kIncompatible);
    const std::pair<std::uint32_t, const char*> unknown[] = {
        {0x0004, "needs_recovery"}, {0x0040, "extent"}, {0x10000, "encrypt"}, {1U << 30, "0x4"}};
    for (const auto& [bit, name] : unknown) {
        poke(content, kIncompatible, features | bit);
        std::string said;
        EXPECT_EQ(refusal(content, &said), Error::NotSupported);
        EXPECT_NE(said.find(name), std::string::npos) << said;
    }
}

TEST_F(Ext2Mount, MountsReadOnlyWhatItMustNotWrite) {
    DiskBytes content = make_ext2(kSmall);
    poke(content, kReadOnlyCompatible, peek<std::uint32_t>(content, kReadOnlyCompatible) | 0x400);
    Ext2Disk m(content, false);
    const std::string said = log_of([&] { m.mount(); });
    EXPECT_NE(said.find("metadata_csum"), std::string::npos) << said;
    EXPECT_TRUE(m.fs.read_only());
    EXPECT_EQ(m.create("/f").error(), Error::ReadOnly);
    EXPECT_EQ(m.make_directory("/d").error(), Error::ReadOnly);
    EXPECT_EQ(m.at("/")->change({}).error(), Error::ReadOnly);
    EXPECT_EQ(m.remove_directory("/lost+found").error(), Error::ReadOnly);
    EXPECT_EQ(m.rename("/lost+found", "/x").error(), Error::ReadOnly);
    m.names("/");
    EXPECT_TRUE(m.fs.sync().ok());
    m.unmount();
    EXPECT_EQ(m.disk.count(DiskImage::Kind::Write), 0U);
}

TEST_F(Ext2Mount, IgnoresFeaturesThatAreCompatible) {
    DiskBytes content = make_ext2(kSmall);
    poke(content, kCompatible, peek<std::uint32_t>(content, kCompatible) | 0x200 | 1U << 29);
    Ext2Disk m(content);
    EXPECT_FALSE(m.fs.read_only());
    EXPECT_TRUE(m.create("/f").ok());
}

TEST_F(Ext2Mount, SaysInTheSuperBlockThatItIsMounted) {
    Ext2Disk m(kSmall);
    EXPECT_EQ(peek<std::uint16_t>(m.disk.content(), kState), 0);
    m.put("/f", "x");
    ASSERT_TRUE(m.fs.sync().ok());
    EXPECT_EQ(peek<std::uint16_t>(m.disk.content(), kState), 0);
    EXPECT_EQ(check_ext2(m.disk.content()).code, 0);  // whole after each sync
    m.unmount();
    EXPECT_EQ(peek<std::uint16_t>(m.disk.content(), kState), 1);
}

TEST_F(Ext2Mount, LeavesADiskThatWasNotCleanAsItWas) {
    DiskBytes content = make_ext2(kSmall);
    poke(content, kState, std::uint16_t{0});
    Ext2Disk m(content, false);
    const std::string said = log_of([&] { m.mount(); });
    EXPECT_NE(said.find("e2fsck"), std::string::npos) << said;
    m.unmount();
    EXPECT_EQ(peek<std::uint16_t>(m.disk.content(), kState), 0);
}

TEST_F(Ext2Mount, IsBusyWhileANodeIsUsed) {
    Ext2Disk m(kSmall);
    {
        const fs::NodeRef root = m.at("/");
        EXPECT_EQ(m.fs.unmount().error(), Error::Busy);
    }
    m.judge();
}

TEST_F(Ext2Mount, RefusesWhatIsNoExt2) {
    EXPECT_EQ(refusal(DiskBytes(64 * 1024)), Error::Corrupted);
    EXPECT_EQ(refusal(DiskBytes(1024)), Error::Corrupted);
    const std::pair<std::size_t, std::uint32_t> wrong[] = {
        {24, 3},           // blocks of 8 KiB
        {4, 0xFFFFFFFF},   // more blocks than the disk has
        {4, 0},            // none
        {32, 0},           // groups without blocks
        {32, 0x7FFFFFFF},  // and with too many
        {40, 0},           // without inodes
        {40, 63},          // not whole blocks of them
        {0, 0xFFFFFFFF},   // more inodes than groups hold
        {20, 0},           // group 0 begins elsewhere
        {88, 96},          // inodes of 96 bytes
        {88, 2048},        // larger than a block
        {84, 3},           // the root is not reserved
        {76, 9},           // a revision to come
        {8, 0xFFFFFFFF},   // reserved blocks
    };
    for (const auto& [place, value] : wrong) {
        DiskBytes content = make_ext2(kSmall);
        poke(content, 1024 + place, value);
        EXPECT_EQ(refusal(content), Error::Corrupted) << place;
    }
}

TEST_F(Ext2Mount, RefusesGroupsWhoseMetadataLiesElsewhere) {
    for (const std::size_t field : {0U, 4U, 8U}) {
        for (const std::uint32_t block : {0U, 1U, 2U, 1023U, 1024U, 0xFFFFFFFFU}) {
            DiskBytes content = make_ext2(kSmall);
            poke(content, 2048 + field, block);
            if (field != 8 && block == 1023) continue;  // a place for a bitmap
            EXPECT_EQ(refusal(content), Error::Corrupted) << field << " " << block;
        }
    }
}

TEST_F(Ext2Mount, ReportsIoErrorsWhenMounting) {
    const auto error_with = [](const std::function<void(DiskImage&)>& failure) {
        Ext2Disk m(make_ext2(kSmall), false);
        failure(m.disk);
        const Result<void> mounted = m.fs.mount(m.disk, Access::ReadWrite);
        EXPECT_EQ(m.machine.objects.count(), 0U);
        return mounted.error();
    };
    using Kind = DiskImage::Kind;
    for (const std::uint32_t sector : {2U, 4U, 10U})  // super block, descriptors, root's inode
        EXPECT_EQ(
            error_with([&](DiskImage& disk) { disk.fail_sector(drivers::SectorNumber(sector)); }),
            Error::IoError)
            << sector;
    EXPECT_EQ(error_with([](DiskImage& disk) { disk.fail_nth(Kind::Write, 1); }), Error::IoError);
    EXPECT_EQ(error_with([](DiskImage& disk) { disk.fail_nth(Kind::Flush, 1); }), Error::IoError);
}

// --- Nonsense met later ---

class Ext2Nonsense : public testing::Test {
  protected:
    /// Makes nonsense of a good disk, by commands to debugfs.
    void spoil(const std::string& commands) {
        m.unmount();
        debugfs(m.disk.content(), commands, true);
        m.mount();
    }
    Ext2Disk m{Ext2Shape{.blocks = 2048, .nodes = 256}};
};

TEST_F(Ext2Nonsense, FollowsNoPointerOutOfTheDataArea) {
    for (const char* block : {"1", "2", "3", "4", "5", "8", "2048", "0xFFFFFFFF"}) {
        m.put("/f", pattern(2000));
        spoil(std::string("sif /f block[0] ") + block);
        std::string back(10, ' ');
        fs::MemorySink sink(std::as_writable_bytes(std::span(back)));
        fs::ReadAhead ahead;
        EXPECT_EQ(m.at("/f")->read(0, 10, sink, ahead).error(), Error::IoError) << block;
        EXPECT_FALSE(m.fs.read_only());
        spoil("sif /f block[0] 0");
    }
}

TEST_F(Ext2Nonsense, IsReadOnlyAfterItMetSomeWhileWriting) {
    m.put("/f", pattern(30'000));
    m.put("/g", "good");
    spoil("sif /f block[IND] 5");
    const std::string said = log_of([&] { EXPECT_TRUE(m.at("/f")->resize(0).ok()); });
    EXPECT_NE(said.find("inode 12, block 5"), std::string::npos) << said;
    EXPECT_TRUE(m.fs.read_only());
    EXPECT_EQ(m.create("/h").error(), Error::ReadOnly);
    EXPECT_EQ(Ext2Disk::write(*m.at("/g"), 0, "x").error(), Error::ReadOnly);
    EXPECT_EQ(m.get("/g"), "good");
    EXPECT_TRUE(m.fs.sync().ok());
    m.unmount();
    EXPECT_EQ(peek<std::uint16_t>(m.disk.content(), kState) & 3, 2);  // not clean, with errors
}

// A table that points to itself, everywhere.
TEST_F(Ext2Nonsense, DoesNotWalkTablesInCircles) {
    const fs::FileSystemFigures before = m.fs.figures();
    m.put("/f", "x", (12 + 256) * 1024);
    m.unmount();
    const std::string stat = debugfs(m.disk.content(), "stat /f");
    const auto table =
        static_cast<std::uint32_t>(std::stoul(stat.substr(stat.find("(DIND):") + 7)));
    for (std::size_t i = 0; i < 256; ++i)
        poke(m.disk.content(), std::size_t{table} * 1024 + 4 * i, table);
    m.mount();
    std::string back(1, ' ');
    fs::MemorySink sink(std::as_writable_bytes(std::span(back)));
    fs::ReadAhead ahead;
    EXPECT_TRUE(m.at("/f")->read((12 + 256) * 1024, 1, sink, ahead).ok());
    ASSERT_TRUE(m.remove("/f").ok());
    ASSERT_TRUE(m.fs.sync().ok());
    EXPECT_TRUE(m.fs.read_only());
    EXPECT_LE(m.fs.figures().free_blocks, before.free_blocks);
    m.unmount();
}

TEST_F(Ext2Nonsense, RefusesEntriesThatLeaveTheirBlock) {
    ASSERT_TRUE(m.make_directory("/d").ok());
    m.put("/d/f", "x");
    m.unmount();
    std::istringstream blocks(debugfs(m.disk.content(), "blocks /d"));
    std::string word;
    while (blocks >> word && word != "/d") {
    }
    std::uint32_t block = 0;
    blocks >> block;
    const DiskBytes good = m.disk.content();
    const std::pair<std::size_t, std::uint16_t> wrong[] = {
        {4, 0}, {4, 8}, {4, 13}, {16, 1016}, {16, 0}, {28, 2000}, {28, 996}};
    for (const auto& [place, value] : wrong) {
        poke(m.disk.content(), std::size_t{block} * 1024 + place, value);
        m.mount();
        EXPECT_EQ(m.at("/d")->look_up("none").error(), Error::Corrupted) << place;
        EXPECT_EQ(m.at("/d")->create("new", {}).error(), Error::Corrupted) << place;
        EXPECT_TRUE(m.fs.read_only());
        m.unmount();
        m.disk.content() = good;
    }
}

TEST_F(Ext2Nonsense, RefusesNamesOfInodesThatAreFreeReservedOrStrange) {
    m.put("/f", "x");
    for (const char* command : {"sif /f links_count 0", "sif /f mode 0x3000", "sif /f mode 0",
                                "sif /f flags 0x80000", "sif /f size 0xFFFFFFFFFFFF"}) {
        m.unmount();
        const DiskBytes good = m.disk.content();
        debugfs(m.disk.content(), command, true);
        m.mount();
        const Error error = m.find("/f").error();
        EXPECT_TRUE(error == Error::Corrupted || error == Error::NotSupported) << command;
        m.unmount();
        m.disk.content() = good;
        m.mount();
    }
    spoil("link <7> /reserved");
    EXPECT_EQ(m.find("/reserved").error(), Error::Corrupted);
}

TEST_F(Ext2Nonsense, HandsOutNoBlockThatHoldsMetadata) {
    spoil("freeb 4 20");
    const std::string bytes = pattern(100'000);
    ASSERT_TRUE(m.create("/f").ok());
    EXPECT_EQ(Ext2Disk::write(*m.at("/f"), 0, bytes).error(), Error::Corrupted);
    EXPECT_TRUE(m.fs.read_only());
}

TEST_F(Ext2Nonsense, DoesNotMakeAnInodeOfOneInUse) {
    m.put("/f", "precious");
    spoil("freei <12>");
    EXPECT_EQ(m.create("/g").error(), Error::Corrupted);
    EXPECT_EQ(m.get("/f"), "precious");
}

// --- What others made ---

TEST_F(Ext2Nonsense, TakesTheMarkOfAnIndexAwayBeforeItChangesADirectory) {
    ASSERT_TRUE(m.make_directory("/d").ok());
    for (unsigned i = 0; i < 100; ++i)
        ASSERT_TRUE(m.create("/d/" + std::string(40, 'n') + std::to_string(i)).ok());
    m.unmount();
    poke(m.disk.content(), kCompatible, peek<std::uint32_t>(m.disk.content(), kCompatible) | 0x20);
    ScratchFolder scratch;
    m.disk.save(scratch.path("image"));
    ASSERT_LE(run_tool({"e2fsck", "-fyD", scratch.path("image")}).code, 1);
    m.disk.content() = DiskImage::load(scratch.path("image"));
    ASSERT_NE(debugfs(m.disk.content(), "stat /d").find("Flags: 0x1000"), std::string::npos);
    const DiskBytes indexed = m.disk.content();
    const std::string old = "/d/" + std::string(40, 'n') + "57";
    const std::function<Result<void>()> changes[] = {
        [&] { return m.make_link("/d/new", "x").ok() ? Result<void>() : Error::IoError; },
        [&] { return m.remove(old); }, [&] { return m.link(old, "/d/new"); },
        [&] { return m.rename(old, "/out"); }, [&] { return m.rename("/lost+found", "/d/in"); }};
    for (const auto& change : changes) {
        m.disk.content() = indexed;
        m.mount();
        EXPECT_EQ(m.names("/d").size(), 102U);
        EXPECT_TRUE(m.find(old).ok());
        EXPECT_TRUE(change().ok());
        m.unmount();
        EXPECT_NE(debugfs(m.disk.content(), "stat /d").find("Flags: 0x0"), std::string::npos);
        const ToolRun run = check_ext2(m.disk.content());
        EXPECT_EQ(run.code, 0) << run.output;
    }
}

TEST_F(Ext2Nonsense, FreesExtendedAttributesWithTheirFile) {
    m.put("/f", "x");
    m.unmount();
    poke(m.disk.content(), kCompatible, peek<std::uint32_t>(m.disk.content(), kCompatible) | 0x08);
    debugfs(m.disk.content(), "ea_set /f user.name a-value", true);
    ASSERT_NE(debugfs(m.disk.content(), "ea_list /f").find("user.name"), std::string::npos);
    m.mount();
    EXPECT_EQ(m.attributes("/f").half_kib, 4U);
    const std::uint64_t free = m.fs.figures().free_blocks;
    ASSERT_TRUE(m.remove("/f").ok());
    EXPECT_EQ(m.fs.figures().free_blocks, free + 2);
    m.judge();
}

}  // namespace
}  // namespace quire::test
