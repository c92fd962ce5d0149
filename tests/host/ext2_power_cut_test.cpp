// The power goes after every single write of a session: e2fsck -p has to repair what is left, and
// what was fsynced before must be there under its name.
//
//     session:  create, write, fsync(a) ... write(a), rename(b), fsync(b) ...
//     log:      --w--w--w----w--f----------w---w-----w--w--w--f------
//                    a's promise '- holds whole --'- in part --------
//
// A promise is what a file held when fsync returned. It is kept from the last flush on: what was
// only written may be in the disk's own cache. From the beginning of the step that changes the file
// on, only those bytes are sure that are the same before and after; and after a rename either name
// will do. Nobody ever sees what lay in a block before it became his: before a session the free
// blocks are filled with a word that must not turn up in any file.
//
// QUIRE_SEED chooses the first session, QUIRE_SESSIONS how many there are of each shape.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <span>
#include <string_view>

#include "tests/host/ext2_machine.h"

namespace quire::test {
namespace {

constexpr std::size_t kForever = std::numeric_limits<std::size_t>::max();

struct Promise {
    std::size_t from = 0;  // entries of the log
    std::size_t until = kForever;
    fs::NodeKind kind = fs::NodeKind::File;
    std::vector<std::string> paths;  // one of them, or all
    bool under_all = false;
    std::string bytes;
    std::vector<bool> sure;  // which bytes
    bool whole = true;       // and there are no more
};

/// What may be relied on at every moment of a session.
class Promises {
  public:
    explicit Promises(FileModel& model) : model_(model) {}

    void make(ModelNode& node, std::size_t now, bool under_all) {
        if (node.places.empty()) return;
        end(node.id, now);
        Promise promise = state_of(node, now);
        promise.under_all = under_all;
        add(node.id, std::move(promise));
    }
    void make_all(std::size_t now) {
        for (ModelNode* node : model_.nodes([](const ModelNode&) { return true; }))
            make(*node, now, true);
    }

    /// After a step that began when the log had `before` entries.
    void follow(std::size_t before) {
        for (auto current = current_.begin(); current != current_.end();) {
            const std::uint32_t id = current->first;
            const std::size_t index = (current++)->second;
            const auto found = model_.nodes([&](const ModelNode& node) { return node.id == id; });
            if (found.empty() || found[0]->places.empty()) {
                end(id, before);
                continue;
            }
            const Promise now = state_of(*found[0], before);
            if (now.paths == all_[index].paths && now.bytes == all_[index].bytes) continue;
            Promise weaker = weakened(all_[index], now);
            end(id, before);
            add(id, std::move(weaker));
        }
    }

    [[nodiscard]] std::string broken_at(std::size_t cut,
                                        const std::map<std::string, NodeOnDisk>& disk) const {
        for (const Promise& promise : all_) {
            if (cut < promise.from || cut > promise.until) continue;
            const std::string wrong = broken(promise, disk);
            if (!wrong.empty()) return promise.paths[0] + ": " + wrong;
        }
        return "";
    }
    [[nodiscard]] std::size_t count() const { return all_.size(); }

  private:
    Promise state_of(ModelNode& node, std::size_t now) {
        Promise promise;
        promise.from = now;
        promise.kind = node.kind;
        promise.paths = model_.paths(node);
        promise.bytes = node.is(fs::NodeKind::File) ? node.bytes.all() : node.target;
        promise.sure.assign(promise.bytes.size(), true);
        return promise;
    }
    static Promise weakened(const Promise& old, const Promise& now) {
        Promise weaker = now;
        weaker.paths.insert(weaker.paths.end(), old.paths.begin(), old.paths.end());
        weaker.whole = false;
        const std::size_t common = std::min(old.bytes.size(), now.bytes.size());
        weaker.bytes.resize(common);
        weaker.sure.resize(common);
        for (std::size_t i = 0; i < common; ++i)
            weaker.sure[i] = old.sure[i] && old.bytes[i] == now.bytes[i];
        return weaker;
    }
    void add(std::uint32_t id, Promise promise) {
        current_[id] = all_.size();
        all_.push_back(std::move(promise));
    }
    void end(std::uint32_t id, std::size_t now) {
        const auto current = current_.find(id);
        if (current == current_.end()) return;
        all_[current->second].until = now;
        current_.erase(current);
    }

    static std::string broken(const Promise& promise,
                              const std::map<std::string, NodeOnDisk>& disk) {
        std::string wrong = "is not there";
        for (const std::string& path : promise.paths) {
            const auto found = disk.find(path);
            const std::string here =
                found == disk.end() ? "is not there: " + path : differs(promise, found->second);
            if (here.empty() && !promise.under_all) return "";
            if (!here.empty() && promise.under_all) return here;
            wrong = here;
        }
        return wrong;
    }
    static std::string differs(const Promise& promise, const NodeOnDisk& real) {
        if (real.kind != static_cast<std::uint32_t>(promise.kind)) return "is of another kind";
        if (promise.kind != fs::NodeKind::File && promise.kind != fs::NodeKind::SymbolicLink)
            return "";
        if (promise.whole && real.bytes.size() != promise.bytes.size())
            return "has " + std::to_string(real.bytes.size()) + " bytes, not " +
                   std::to_string(promise.bytes.size());
        if (real.bytes.size() < promise.bytes.size()) return "is too short";
        for (std::size_t i = 0; i < promise.bytes.size(); ++i)
            if (promise.sure[i] && real.bytes[i] != promise.bytes[i])
                return "byte " + std::to_string(i) + " is another";
        return "";
    }

    FileModel& model_;
    std::vector<Promise> all_;
    std::map<std::uint32_t, std::size_t> current_;  // of each node, its place in all_
};

class Session {
  public:
    explicit Session(const Ext2Shape& shape) : machine_(make_ext2(shape), 256) {
        EXPECT_EQ(machine_.mount(), "");
        hide_secrets();
        files_ = std::make_unique<FileJudge>(machine_);
        promises_ = std::make_unique<Promises>(files_->model());
        EXPECT_TRUE(machine_.ext2.sync().ok());
        machine_.disk.start_log();
    }

    void run(const FileScript& script) {
        for (const FileStep& step : script) {
            const std::size_t before = machine_.disk.log().size();
            EXPECT_EQ(files_->step(step), "") << print(step);
            promises_->follow(before);
            if (step.call == FileCall::SyncAll) promises_->make_all(last_flush());
            if (files_->last_synced() != nullptr)
                promises_->make(*files_->last_synced(), last_flush(), false);
        }
        files_->close_all();
    }

    /// Cuts after every write, or after every `stride`-th of them. Returns how many cuts.
    /// From entry `first` of the log on.
    std::size_t cut_everywhere(CutLoss loss, std::size_t stride, std::size_t first = 0) {
        std::size_t writes = 0, cuts = 0;
        for (std::size_t i = first; i <= machine_.disk.log().size(); ++i) {
            if (i != 0 && machine_.disk.log()[i - 1].kind != DiskImage::Kind::Write) continue;
            if (writes++ % stride != 0) continue;
            ++cuts;
            if (!judge(i, loss)) break;
        }
        return cuts;
    }
    [[nodiscard]] std::size_t promises() const { return promises_->count(); }
    [[nodiscard]] std::size_t log_entries() const { return machine_.disk.log().size(); }
    [[nodiscard]] FileModel& model() { return files_->model(); }

    /// What has to hold besides, at every cut: "" or what is wrong.
    using Rule = std::function<std::string(const std::map<std::string, NodeOnDisk>&)>;
    void expect_always(Rule rule) { rule_ = std::move(rule); }

  private:
    static constexpr std::string_view kSecret = "do not read me! ";

    // A file takes all there is, and goes.
    void hide_secrets() {
        std::string secrets;
        while (secrets.size() < 4096)
            secrets += kSecret;
        const fs::NodeRef root = machine_.ext2.root().take();
        const auto made = root->create("secrets", {.kind = fs::NodeKind::File});
        ASSERT_TRUE(made.ok());
        for (std::uint64_t at = 0;; at += secrets.size()) {
            fs::MemorySource source(std::as_bytes(std::span(secrets)));
            const auto count =
                made.value()->write(at, static_cast<std::uint32_t>(secrets.size()), source);
            if (!count.ok() || count.value() < secrets.size()) break;
        }
        EXPECT_TRUE(machine_.ext2.sync().ok());
        EXPECT_TRUE(root->remove("secrets", false).ok());
    }

    static std::string secrets_in(const std::map<std::string, NodeOnDisk>& disk) {
        for (const auto& [path, node] : disk)
            if (node.bytes.find(kSecret) != std::string::npos) return path;
        return "";
    }

    // The entries of the log that are on the disk for certain.
    [[nodiscard]] std::size_t last_flush() const {
        std::size_t end = machine_.disk.log().size();
        while (end != 0 && machine_.disk.log()[end - 1].kind != DiskImage::Kind::Flush)
            --end;
        return end;
    }

    bool judge(std::size_t cut, CutLoss loss) {
        DiskBytes left = machine_.disk.cut(cut, loss, cut);
        const bool may_ask = loss != CutLoss::Nothing;
        const ToolRun repaired = repair_ext2(left, may_ask);
        const std::string where = "cut after entry " + std::to_string(cut) + " of the log";
        EXPECT_TRUE(repaired.code == 0 || repaired.code == 1) << where << "\n" << repaired.output;
        if (repaired.code != 0 && repaired.code != 1) return false;
        const auto disk = read_back(left);
        const std::string broken = promises_->broken_at(cut, disk);
        EXPECT_EQ(broken, "") << where << "\n" << repaired.output;
        EXPECT_EQ(secrets_in(disk), "") << where << ": shows what it never held";
        EXPECT_EQ(rule_ ? rule_(disk) : "", "") << where << "\n" << repaired.output;
        return !testing::Test::HasFailure();
    }

    Ext2Machine machine_;
    std::unique_ptr<FileJudge> files_;
    std::unique_ptr<Promises> promises_;
    Rule rule_;
};

FileScript some_session(std::uint64_t seed, std::size_t steps) {
    RandomChoices choices(seed);
    FileScript script =
        random_files(choices, steps, {.reach = 30'000, .names = 12, .remounts = false});
    // More fsyncs, and more reclaim in between, than programs usually have.
    for (std::size_t i = 0; i < script.size(); ++i) {
        if (i % 5 == 4) script[i].call = FileCall::Sync;
        if (i % 23 == 22) script[i].call = FileCall::Reclaim;
        if (i % 31 == 30) script[i].call = FileCall::SyncAll;
    }
    return script;
}

constexpr std::size_t kStride = sizeof(void*) == 8 ? 1 : 5;  // the 32-bit run is a sample

// A file deep down in folders as new as itself, each with so many others in it that no two inodes
// of the way are in one block; then only the file is synced. Again and again.
FileScript new_folders() {
    constexpr std::uint32_t kOthers = 9, kFolder = 7, kFile = 0, kPermissions = 0644;
    FileScript script;
    std::uint32_t nodes = 2, folders = 2, files = 0;  // with the root and lost+found
    const auto create = [&](std::uint32_t where, std::uint32_t name, std::uint32_t kind) {
        script.push_back({.call = FileCall::Create,
                          .who = where,
                          .name = name,
                          .at = kPermissions,
                          .value = kind});
        ++nodes;
        ++(kind == kFolder ? folders : files);
    };
    for (std::uint32_t depth = 0; depth < 6; ++depth) {
        const std::uint32_t here = depth == 0 ? 0 : folders - 1;
        for (std::uint32_t i = 0; i < kOthers; ++i)
            create(here, i, kFile);
        create(here, 20, kFolder);
        create(folders - 1, 30, kFile);
        script.push_back({.call = FileCall::Write, .who = files - 1, .size = 2000, .value = depth});
        if (depth % 2 == 1)
            script.push_back({.call = FileCall::Sync, .who = nodes - 1, .value = 1});
    }
    return script;
}

// One file has nearly all blocks, and gives them up; another one takes them and is synced, while
// the first may still have them on the disk: its inode is in another block.
FileScript handed_on(bool truncated) {
    constexpr std::uint32_t kFiles = 12, kMost = 300'000;
    FileScript script;
    for (std::uint32_t i = 0; i < kFiles; ++i)
        script.push_back({.call = FileCall::Create, .name = i, .at = 0644});
    script.push_back({.call = FileCall::Write, .who = 0, .size = kMost, .value = 1});
    script.push_back({.call = FileCall::SyncAll});
    if (truncated) {
        script.push_back({.call = FileCall::Resize, .who = 0, .size = 5000});
    } else {
        script.push_back({.call = FileCall::Remove, .name = 0, .at = 3});
    }
    const std::uint32_t last = truncated ? kFiles - 1 : kFiles - 2;
    script.push_back({.call = FileCall::Write, .who = last, .size = kMost, .value = 2});
    script.push_back({.call = FileCall::Sync, .who = last + 2, .value = 1});
    return script;
}

// A file moves from one folder to another; then a new file in the old folder is synced, which takes
// the block along in which the old name was. (A folder that moves: Ext2Order, docs/ext2.md.)
FileScript moved_away() {
    constexpr std::uint32_t kFolder = 7, kFillers = 9;
    FileScript script = {{.call = FileCall::Create, .name = 20, .at = 0755, .value = kFolder},
                         {.call = FileCall::Create, .name = 21, .at = 0755, .value = kFolder},
                         {.call = FileCall::Create, .who = 2, .name = 0, .at = 0755}};
    for (std::uint32_t i = 0; i < kFillers; ++i)
        script.push_back({.call = FileCall::Create, .name = 1 + i, .at = 0644});
    script.push_back({.call = FileCall::Write, .size = 2000, .value = 1});
    script.push_back({.call = FileCall::SyncAll});
    script.push_back(
        {.call = FileCall::Rename, .who = 2, .to = 3, .to_name = 5, .at = 5, .value = 1});
    script.push_back({.call = FileCall::Create, .who = 2, .name = 1, .at = 0644});
    script.push_back({.call = FileCall::Write, .who = kFillers + 1, .size = 2000, .value = 2});
    script.push_back({.call = FileCall::Sync, .who = 5 + kFillers, .value = 1});
    return script;
}

// As editors save a file: its new version is written beside it, synced, and takes its name.
// Whenever the power goes, the name leads to one version, whole. `beside`: in its folder (0), or in
// the one that is made first (2).
void expect_a_save_is_all_or_nothing(std::uint32_t beside) {
    constexpr std::uint32_t kFillers = 9, kSize = 3000;
    Session session({.blocks = 400, .nodes = 64});
    session.run({{.call = FileCall::Create, .name = 20, .at = 0755, .value = 7},
                 {.call = FileCall::Create, .name = 0, .at = 0644},
                 {.call = FileCall::Write, .size = kSize, .value = 1}});
    for (std::uint32_t i = 0; i < kFillers; ++i)  // the versions' inodes are not in one block
        session.run({{.call = FileCall::Create, .name = 2 + i, .at = 0644}});
    session.run({{.call = FileCall::SyncAll}});
    const auto saved = [&] { return session.model().root().names.at("n0")->bytes.all(); };
    std::set<std::string> versions = {saved()};
    const std::size_t first = session.log_entries();
    for (std::uint32_t version = 2; version < 5; ++version) {
        session.run(
            {{.call = FileCall::Create, .who = beside, .name = 1, .at = 0644},
             {.call = FileCall::Write, .who = kFillers + 1, .size = kSize, .value = version},
             {.call = FileCall::Sync, .who = kFillers + 4, .value = 1},
             {.call = FileCall::Rename, .who = beside, .name = 1, .at = 5, .value = 1},
             {.call = FileCall::SyncAll}});
        versions.insert(saved());
    }
    EXPECT_EQ(versions.size(), 4U);
    session.expect_always([&](const std::map<std::string, NodeOnDisk>& disk) {
        const auto found = disk.find("/n0");
        if (found == disk.end()) return "the file is not there";
        return versions.count(found->second.bytes) == 1 ? "" : "it is neither the old nor the new";
    });
    EXPECT_GT(session.cut_everywhere(CutLoss::Nothing, 1, first), 10U);
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* given = std::getenv(variable);
    return given != nullptr ? std::strtoull(given, nullptr, 0) : otherwise;
}

void expect_every_cut_survives(const Ext2Shape& shape, std::uint64_t usual_seed,
                               std::size_t steps) {
    const std::uint64_t first = number_from("QUIRE_SEED", usual_seed);
    const std::uint64_t sessions = number_from("QUIRE_SESSIONS", 2);
    std::size_t cuts = 0, promises = 0;
    for (std::uint64_t i = 0; i < sessions && !testing::Test::HasFailure(); ++i) {
        SCOPED_TRACE("QUIRE_SEED=" + std::to_string(first + i));
        Session session(shape);
        session.run(some_session(first + i, steps));
        cuts += session.cut_everywhere(CutLoss::Nothing, kStride);
        promises += session.promises();
    }
    std::printf("  %zu cuts, %zu promises\n", cuts, promises);
    EXPECT_GT(cuts, sessions * 30 / kStride);
    EXPECT_GT(promises, sessions * steps / 8);
}

TEST(Ext2PowerCut, AfterEveryWriteInNewFolders) {
    Session session({.blocks = 1024, .nodes = 128});
    session.run(new_folders());
    EXPECT_GT(session.cut_everywhere(CutLoss::Nothing, 1), 10U);
    EXPECT_EQ(session.promises(), 3U);
}

TEST(Ext2PowerCut, AfterEveryWriteWhenBlocksAreHandedOn) {
    for (const bool truncated : {false, true}) {
        Session session({.blocks = 400, .nodes = 64});
        session.run(handed_on(truncated));
        EXPECT_GT(session.cut_everywhere(CutLoss::Nothing, 1), 10U);
        EXPECT_GE(session.promises(), 12U);
    }
}

TEST(Ext2PowerCut, AfterEveryWriteWhenAFileMovesAway) {
    Session session({.blocks = 400, .nodes = 64});
    session.run(moved_away());
    EXPECT_GT(session.cut_everywhere(CutLoss::Nothing, 1), 6U);
    EXPECT_GT(session.promises(), 13U);
}

TEST(Ext2PowerCut, ASaveInOneFolderIsAllOrNothing) {
    expect_a_save_is_all_or_nothing(0);
}

TEST(Ext2PowerCut, ASaveOutOfAnotherFolderIsAllOrNothing) {
    expect_a_save_is_all_or_nothing(2);
}

TEST(Ext2PowerCut, AfterEveryWriteOn1KiBBlocks) {
    expect_every_cut_survives({.blocks = 512, .nodes = 64}, 1, 150);
}

TEST(Ext2PowerCut, AfterEveryWriteOn4KiBBlocks) {
    expect_every_cut_survives({.block_size = 4096, .blocks = 256, .nodes = 64}, 11, 150);
}

TEST(Ext2PowerCut, AfterEveryWriteInSeveralGroups) {
    expect_every_cut_survives({.blocks = 1024, .nodes = 64, .blocks_per_group = 256}, 21, 100);
}

}  // namespace
}  // namespace quire::test
