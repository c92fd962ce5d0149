// Runs a FileScript on a file system and on the model, and stops where they differ.
//
//     FileScript --> FileJudge --+--> fs::FileSystem, through the interface of fs/node.h
//                                  |         | answer
//                                  +--> FileModel: may that be?
//
// It knows no file system by name: what only the disk can tell (e2fsck, debugfs), and what happens
// around a file system (mounting, reclaim), is its FileHost's affair.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "fs/node.h"
#include "tests/host/ext2_tools.h"
#include "tests/host/file_model.h"
#include "tests/host/file_script.h"

namespace quire::test {

/// The machine around a file system.
class FileHost {
  public:
    [[nodiscard]] virtual fs::FileSystem& files() = 0;
    /// Unmounts and mounts. An error, if one of them failed; is mounted in any case.
    virtual std::optional<Error> remount() = 0;
    /// Takes pages out of RAM: all that are clean, or some.
    virtual void reclaim(bool all) = 0;
    /// The clock that the file system looks at goes on by a second; returns the time.
    virtual std::uint32_t tick() = 0;
    /// What must hold between two steps; stops the test if it does not.
    virtual void check() = 0;

  protected:
    ~FileHost() = default;
};

struct FileFigures {
    std::array<std::uint32_t, kFileCalls> done{};
    std::array<std::uint32_t, kFileCalls> refused{};
    std::uint32_t full = 0;       // refused with NoSpace, or written in part
    std::uint32_t tolerated = 0;  // errors that the test had provoked
    std::uint32_t skipped = 0;
    FileFigures& operator+=(const FileFigures& other);
    [[nodiscard]] std::uint32_t steps() const;
};

class FileJudge {
  public:
    /// Takes what the file system holds already into the model. `host` stays.
    explicit FileJudge(FileHost& host);
    FileJudge(const FileJudge&) = delete;
    FileJudge& operator=(const FileJudge&) = delete;
    ~FileJudge() = default;

    /// One step; "" or what is wrong.
    std::string step(const FileStep& step);
    /// Everything, through the file system itself; "" or the first difference.
    std::string check_all();
    /// Lets go of what is open.
    void close_all();
    /// Whether debugfs sees what the model holds; "" or the first difference.
    [[nodiscard]] std::string compare(const std::map<std::string, NodeOnDisk>& disk);

    /// Calls may fail with this error from now on, and have then done nothing.
    void tolerate(std::optional<Error> error) { tolerated_ = error; }

    [[nodiscard]] FileModel& model() { return model_; }
    [[nodiscard]] const FileFigures& figures() const { return figures_; }
    /// The node that the last step was about, if it went well; nullptr otherwise. For Sync.
    [[nodiscard]] ModelNode* last_synced() const { return last_synced_; }

  private:
    struct Slot {
        ModelNode* node = nullptr;
        fs::NodeRef ref;
        fs::ReadAhead ahead;
    };

    std::string carry_out(const FileStep& step);
    std::string create(const FileStep& step);
    std::string write(const FileStep& step);
    std::string read(const FileStep& step);
    std::string resize(const FileStep& step);
    std::string link(const FileStep& step);
    std::string remove(const FileStep& step);
    std::string rename(const FileStep& step);
    std::string look_up(const FileStep& step);
    std::string list(const FileStep& step);
    std::string clear(const FileStep& step);
    std::string read_link(const FileStep& step);
    std::string attributes(const FileStep& step);
    std::string change(const FileStep& step);
    std::string open(const FileStep& step);
    std::string close(const FileStep& step);
    std::string sync(const FileStep& step);
    std::string remount();

    // What the step is about; nullptr: there is nothing like that.
    ModelNode* some_directory(std::uint32_t who);
    ModelNode* some_file(std::uint32_t who);
    ModelNode* some_node(std::uint32_t who);
    // By its path, or out of a slot.
    Result<fs::NodeRef> find(const ModelNode& node);

    std::string compare_attributes(const fs::Attributes& real, const ModelNode& node) const;
    std::string compare_bytes(const ModelNode& node, fs::Node& real, fs::ReadAhead& ahead,
                              std::uint64_t at, std::uint32_t count);
    std::string compare_list(ModelNode& directory, fs::Node& real, std::uint32_t at_a_time);
    std::string check_node(ModelNode& node);
    void adopt(ModelNode& directory, fs::Node& real);
    // What an answer means. `needs`: blocks that the call may take at most.
    std::string judge(std::optional<Error> answer, const Refusals& refusals, std::uint32_t needs);
    bool is_full(std::uint32_t needs);

    FileHost& host_;
    FileModel model_;
    std::array<Slot, kSlots> slots_;
    std::optional<Error> tolerated_;
    FileFigures figures_;
    FileCall call_ = FileCall::Check;
    bool was_done_ = false;  // the model is to follow
    std::uint32_t now_ = 0;
    ModelNode* last_synced_ = nullptr;
};

}  // namespace quire::test
