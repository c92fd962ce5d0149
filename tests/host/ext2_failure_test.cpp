// Every read, every write and every flush of a session fails in turn. The call in which it happens
// may say IoError, and has then done nothing; all others go on as if nothing had been. At the end
// the disk holds what the model holds.
#include <gtest/gtest.h>

#include <cstring>

#include "tests/host/child_run.h"
#include "tests/host/ext2_machine.h"

namespace quire::test {
namespace {

using Kind = DiskImage::Kind;

constexpr std::size_t kMostRuns = sizeof(void*) == 8 ? 400 : 60;

struct Plan {
    Kind kind;
    std::uint32_t nth;  // 0: none fails
};

struct Counts {
    std::uint32_t requests[3] = {};
    std::uint32_t tolerated = 0;
};

class Ext2Failure : public testing::Test {
  protected:
    static FileScript session(std::uint64_t seed) {
        RandomChoices choices(seed);
        FileScript script = random_files(choices, 250, {.reach = 100'000, .names = 16});
        for (std::size_t i = 0; i < script.size(); i += 6)
            script[i] = {.call = FileCall::Reclaim};  // so that there is something to read
        for (std::size_t i = 3; i < script.size(); i += 12)
            script[i].call = FileCall::Sync;
        return script;
    }

    // In a child: an assertion is a failure of this run only.
    ChildReport run(const Plan& plan, Counts& counts) {
        return run_in_child(
            [&](std::size_t& step, void* room) {
                Counts own;
                std::string wrong = run_here(plan, step, own);
                std::memcpy(room, &own, sizeof own);
                return wrong;
            },
            &counts, sizeof counts);
    }

    std::string run_here(const Plan& plan, std::size_t& step, Counts& counts) {
        Ext2Machine machine(image_, 128);
        std::string wrong = machine.mount();
        if (!wrong.empty()) return "mount: " + wrong;
        FileJudge files(machine);
        files.tolerate(Error::IoError);
        machine.disk.start_log();
        machine.disk.fail_nth(plan.kind, plan.nth);
        for (step = 0; step < script_.size(); ++step) {
            const bool was_to_come = machine.disk.count(plan.kind) < plan.nth;
            wrong = files.step(script_[step]);
            if (wrong.empty() && was_to_come && machine.disk.count(plan.kind) >= plan.nth)
                wrong = broken_promise(machine, files);
            if (!wrong.empty()) return print(script_[step]) + wrong;
        }
        for (const Kind kind : {Kind::Read, Kind::Write, Kind::Flush})
            counts.requests[static_cast<std::size_t>(kind)] = machine.disk.count(kind);
        machine.disk.fail_nth(plan.kind, 0);
        files.tolerate(std::nullopt);
        counts.tolerated = files.figures().tolerated;
        files.close_all();
        wrong = files.check_all();
        if (!wrong.empty()) return wrong;
        // What failed is tried again, and an error that nobody heard of is told once.
        if (!machine.ext2.sync().ok()) (void)machine.ext2.sync();
        wrong = machine.unmount();
        if (!wrong.empty()) return "unmount: " + wrong;
        DiskBytes left = machine.disk.content();
        const ToolRun repaired = repair_ext2(left);
        if (repaired.code > 1) return "e2fsck: " + repaired.output;
        auto disk = read_back(left);
        // The session may have removed it; e2fsck makes it again.
        if (FileModel::find(files.model().root(), "lost+found") == nullptr &&
            disk.erase("/lost+found") == 1)
            --disk.at("/").links;
        return files.compare(disk);
    }

    // In the step that is over a request failed. If it was an fsync that went well all the same,
    // the disk must hold what it said.
    static std::string broken_promise(Ext2Machine& machine, FileJudge& files) {
        ModelNode* node = files.last_synced();
        if (node == nullptr || !node->is(fs::NodeKind::File) || node->places.empty()) return "";
        DiskBytes left = machine.disk.content();
        (void)repair_ext2(left);
        const auto disk = read_back(left);
        const auto found = disk.find(files.model().path(*node));
        if (found == disk.end()) return "fsync went well, and the file is not on the disk";
        if (found->second.bytes != node->bytes.all())
            return "fsync went well, and the disk holds other bytes";
        return "";
    }

    void fail_each(Kind kind) {
        Counts all;
        const ChildReport undisturbed = run({kind, 0}, all);
        ASSERT_TRUE(undisturbed.ok) << undisturbed.what;
        const std::uint32_t requests = all.requests[static_cast<std::size_t>(kind)];
        EXPECT_GT(requests, 20U);
        const auto stride = static_cast<std::uint32_t>(requests / kMostRuns + 1);
        std::uint32_t noticed = 0;
        for (std::uint32_t nth = 1; nth <= requests; nth += stride) {
            Counts counts;
            const ChildReport report = run({kind, nth}, counts);
            noticed += counts.tolerated;
            EXPECT_TRUE(report.ok)
                << "request " << nth << ", step " << report.step << ": " << report.what;
            if (!report.ok) return;
        }
        std::printf("  %u requests, each %u. failed, %u calls noticed\n", requests, stride,
                    noticed);
        EXPECT_GT(noticed, 0U);
    }

    DiskBytes image_ = make_ext2({.blocks = 1024, .nodes = 64});
    FileScript script_ = session(3);
};

TEST_F(Ext2Failure, EveryReadInTurn) {
    fail_each(Kind::Read);
}

TEST_F(Ext2Failure, EveryWriteInTurn) {
    fail_each(Kind::Write);
}

TEST_F(Ext2Failure, EveryFlushInTurn) {
    fail_each(Kind::Flush);
}

}  // namespace
}  // namespace quire::test
