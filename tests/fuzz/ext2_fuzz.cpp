// Fuzz target: a small ext2 file system, damaged in some places, is mounted, walked, read, written,
// truncated, renamed in and unmounted again. Nothing may crash, hang, reach past the disk, or keep
// a frame or an object afterwards.
//
//     byte 0            which of the file systems that mke2fs made when the program began
//     bytes 1 ...       damage: how many places; for each a word of metadata, and what becomes of
//     it the rest          what is done then (FileCall-like choices), until the bytes are used up
//
// RAM and the memory manager stay from run to run: that is what makes a run cheap, and what shows a
// leak. A file system is damaged in memory only: a copy of 64 to 300 KiB each time.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <vector>

#include "fs/ext2.h"
#include "mm/reclaim.h"
#include "tests/host/disk_image.h"
#include "tests/host/ext2_tools.h"
#include "tests/host/memory_script.h"
#include "tests/host/user_machine.h"

namespace quire::test {
namespace {

using fs::NodeKind;
using fs::NodeRef;

constexpr std::uint32_t kMostEntries = 20'000;  // no directory of these disks can hold more
constexpr std::size_t kMostHeld = 12;
constexpr std::uint32_t kMostPatches = 12;

// Sinks and sources without memory of their own.
class Drain final : public fs::ByteSink {
  public:
    Result<void> take(std::span<const std::byte> piece) override {
        static std::array<std::byte, mm::kPageSize> hole;
        if (piece.size() > hole.size()) std::abort();
        std::memcpy(hole.data(), piece.data(), piece.size());  // every byte, for ASan
        return {};
    }
};

class Filler final : public fs::ByteSource {
  public:
    Result<void> give(std::span<std::byte> piece) override {
        std::memset(piece.data(), 0xA5, piece.size());
        return {};
    }
};

class Clock final : public fs::TimeSource {
  public:
    [[nodiscard]] fs::Timestamp now() const override { return {1'767'300'000, 0}; }
};

class Names final : public fs::DirectoryVisitor {
  public:
    bool visit(const fs::DirectoryEntry& entry) override {
        if (++seen > kMostEntries) std::abort();  // a list without an end
        if (names.size() < 16) names.emplace_back(entry.name);
        return true;
    }
    std::uint32_t seen = 0;
    std::vector<std::string> names;
};

// A clean file system, and where its metadata is.
struct Base {
    DiskBytes content;
    std::vector<std::uint32_t> words;  // offsets of words that are not zero, file data left out
};

constexpr char kData = 'd';  // all that is in files

void fill_tree(const std::string& root) {
    namespace files = std::filesystem;
    files::create_directories(root + "/a/b/c");
    std::ofstream(root + "/small") << std::string(100, kData);
    std::ofstream(root + "/a/large") << std::string(20'000, kData);
    std::ofstream(root + "/a/holes").seekp(300'000).write("d", 1);
    for (int i = 0; i < 6; ++i)
        std::ofstream(root + "/a/b/" + std::string(static_cast<std::size_t>(40 * i + 1), 'n'));
    files::create_hard_link(root + "/small", root + "/a/again");
    files::create_symlink("a/large", root + "/short");
    files::create_symlink(std::string(90, 'l'), root + "/long");
}

Base make_base(Ext2Shape shape) {
    const ScratchFolder folder;
    shape.tree = folder.path("tree");
    fill_tree(shape.tree);
    Base base;
    base.content = make_ext2(shape);
    for (std::uint32_t at = 0; at < base.content.size(); at += 4) {
        std::uint32_t word = 0;
        std::memcpy(&word, base.content.data() + at, 4);
        if (word != 0 && word != 0x64646464) base.words.push_back(at);
    }
    return base;
}

// What stays from run to run.
struct World {
    World()
        : machine(mm::FrameNumber(16 + 300)),
          reclaim(machine.memory, machine.slabs, mm::Watermarks::for_ram(mm::PageCount(300))) {
        machine.room.leave_to(reclaim);
        // 64 KiB, the smallest; revision 0; two groups; large blocks; no kinds in names.
        bases.push_back(make_base({.blocks = 64, .nodes = 32}));
        bases.push_back(make_base({.blocks = 80, .nodes = 32, .revision = 0}));
        bases.push_back(make_base({.blocks = 300, .nodes = 64, .blocks_per_group = 256}));
        bases.push_back(make_base({.block_size = 4096, .blocks = 64, .nodes = 32}));
        bases.push_back(make_base({.blocks = 72, .nodes = 32, .features = "sparse_super"}));
        objects = machine.objects.count();
    }
    UserMachine machine;
    mm::Reclaim reclaim;
    Clock clock;
    std::vector<Base> bases;
    DiskBytes content;  // of the disk, between two runs
    std::uint32_t objects = 0;
};

World& world() {
    static World* const the = new World;
    return *the;
}

void damage(const Base& base, DiskBytes& content, Choices& choices) {
    const std::uint32_t patches = choices.below(kMostPatches + 1);
    for (std::uint32_t i = 0; i < patches; ++i) {
        std::uint32_t at = base.words[choices.below(static_cast<std::uint32_t>(base.words.size()))];
        // A field beside one that is used is as good.
        if (choices.one_in(4)) at = (at + 4 * choices.below(32)) % (content.size() & ~3U);
        std::uint32_t word = 0;
        std::memcpy(&word, content.data() + at, 4);
        switch (choices.below(9)) {
        case 0:
            word = 0;
            break;
        case 1:
            word = ~0U;
            break;
        case 2:
            word += choices.below(2) == 0 ? 1U : ~0U;
            break;
        case 3:
            word ^= 1U << choices.below(32);
            break;
        case 4:
            word = choices.below(512);  // blocks and inodes that there are
            break;
        case 5:
            word = 0x80000000U >> choices.below(32);
            break;
        case 6:
            std::memcpy(
                &word,
                content.data() +
                    base.words[choices.below(static_cast<std::uint32_t>(base.words.size()))],
                4);
            break;
        case 7:
            word = (word & 0xFFFF0000U) | choices.below(65'536);
            break;
        default:
            word = choices.below(65'536) << 16 | choices.below(65'536);
            break;
        }
        std::memcpy(content.data() + at, &word, 4);
    }
}

class Session {
  public:
    Session(fs::Ext2& ext2, Choices& choices) : ext2_(ext2), choices_(choices) {}

    void walk(const NodeRef& node, std::uint32_t depth) {
        if (held_.size() < kMostHeld) held_.push_back(node);
        look_at(node);
        if (node->kind() != NodeKind::Directory || depth == 0) return;
        Names names;
        std::uint64_t position = 0;
        if (!node->read_directory(position, names).ok()) return;
        for (const std::string& name : names.names) {
            if (name == "." || name == ".." || budget_ == 0) continue;
            --budget_;
            const auto found = node->look_up(name);
            if (found.ok()) walk(found.value(), depth - 1);
        }
    }

    void act() {
        const NodeRef node = held_[choices_.below(static_cast<std::uint32_t>(held_.size()))];
        const std::string name = some_name();
        const std::uint32_t at =
            choices_.below(3) == 0 ? choices_.below(400'000) : choices_.below(30) * 1000;
        const std::uint32_t size = choices_.below(9000);
        Filler filler;
        switch (choices_.below(14)) {
        case 0:
        case 1:
            (void)node->write(at, size, filler).ok();
            break;
        case 2:
            (void)node->resize(at).ok();
            break;
        case 3:
            (void)node->remove(name, choices_.below(2) == 0).ok();
            break;
        case 4:
            create(node, name);
            break;
        case 5:
            (void)node->link(name, *some_node()).ok();
            break;
        case 6:
            (void)node->rename(name, *some_node(), some_name(), choices_.below(2) == 0).ok();
            break;
        case 7:
            (void)node->sync(false).ok();
            break;
        case 8:
            (void)ext2_.sync().ok();
            break;
        case 9:
            (void)world().reclaim.drop_clean();
            break;
        case 10:
            (void)node->change({.permissions = static_cast<std::uint16_t>(size & 0xFFF)}).ok();
            break;
        case 11:
            if (held_.size() > 1)
                held_.erase(held_.begin() +
                            choices_.below(static_cast<std::uint32_t>(held_.size())));
            break;
        case 12:
            look_at(node);
            break;
        default:
            if (const auto found = node->look_up(name); found.ok()) keep(found.value());
            break;
        }
    }

    [[nodiscard]] bool has_nodes() const { return !held_.empty(); }

  private:
    void look_at(const NodeRef& node) {
        Drain drain;
        fs::ReadAhead ahead;
        char target[300];
        (void)node->attributes().ok();
        (void)node->read(choices_.below(2) * 12'000, 30'000, drain, ahead).ok();
        (void)node->read_link(target).ok();
        if (node->kind() != NodeKind::Directory) return;
        Names names;
        std::uint64_t position = 0;
        (void)node->read_directory(position, names).ok();
    }
    void create(const NodeRef& node, const std::string& name) {
        constexpr NodeKind kKinds[] = {NodeKind::File, NodeKind::Directory, NodeKind::SymbolicLink,
                                       NodeKind::CharacterDevice};
        const std::string target(1 + choices_.below(100), 't');
        const auto made = node->create(
            name, {.kind = kKinds[choices_.below(4)], .permissions = 0644, .target = target});
        if (made.ok()) keep(made.value());
    }
    void keep(const NodeRef& node) {
        if (held_.size() < kMostHeld) held_.push_back(node);
    }
    const NodeRef& some_node() {
        return held_[choices_.below(static_cast<std::uint32_t>(held_.size()))];
    }
    std::string some_name() {
        constexpr const char* kNames[] = {"small", "a",    "b", "large",      "holes", "again",
                                          "short", "long", "c", "lost+found", "n"};
        const std::uint32_t which = choices_.below(16);
        if (which < std::size(kNames)) return kNames[which];
        return std::string(1 + choices_.below(which == 15 ? 255 : 9), 'm');
    }

    fs::Ext2& ext2_;
    Choices& choices_;
    std::vector<NodeRef> held_;
    std::uint32_t budget_ = 60;
};

void use(drivers::BlockDevice& disk, ByteChoices& choices) {
    World& here = world();
    fs::Ext2 ext2({here.machine.memory, here.machine.objects, here.machine.slabs, here.clock});
    const auto access =
        choices.one_in(8) ? fs::Ext2::Access::ReadOnly : fs::Ext2::Access::ReadWrite;
    if (!ext2.mount(disk, access).ok()) return;
    {
        Session session(ext2, choices);
        const auto root = ext2.root();
        if (root.ok()) session.walk(root.value(), 4);
        for (std::uint32_t i = 0; i < 40 && session.has_nodes() && !choices.empty(); ++i)
            session.act();
    }
    (void)ext2.figures();
    (void)ext2.unmount().ok();
}

void run(ByteChoices& choices) {
    World& here = world();
    const Base& base = here.bases[choices.below(static_cast<std::uint32_t>(here.bases.size()))];
    here.content = base.content;
    DiskImage disk(std::move(here.content));
    damage(base, disk.content(), choices);
    use(disk, choices);
    here.content = std::move(disk.content());
}

void expect_nothing_left() {
    World& here = world();
    static std::uint64_t runs = 0;
    if (here.machine.objects.count() != here.objects) std::abort();
    if (++runs % 1024 == 0) here.machine.check();
}

}  // namespace
}  // namespace quire::test

extern "C" int LLVMFuzzerInitialize(int* count, char*** words) {
    testing::InitGoogleTest(count, *words);
    testing::GTEST_FLAG(break_on_failure) = true;
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quire::test;
    ByteChoices choices(std::span(data, size));
    run(choices);
    expect_nothing_left();
    return 0;
}
