// A tree of files as simply as it can be written: maps, strings and no disk. What the file systems
// of fs/ are compared with.
//
// It follows fs/node.h and the manual pages of rename(2), unlink(2), rmdir(2), link(2). The calls
// may_...() name the errors with which a call may be refused; none: it must succeed, unless the
// disk is full. What is done is done by the calls without may.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fs/node.h"

namespace quire::test {

/// The bytes of a file, of which only those count that were written.
class SparseBytes {
  public:
    [[nodiscard]] std::uint64_t size() const { return size_; }
    void resize(std::uint64_t size);
    void write(std::uint64_t at, std::string_view bytes);
    /// [at, at + count), as far as there are any.
    [[nodiscard]] std::string read(std::uint64_t at, std::uint64_t count) const;
    [[nodiscard]] std::string all() const { return read(0, size_); }

  private:
    static constexpr std::uint64_t kPiece = 4096;
    std::map<std::uint64_t, std::string> pieces_;  // by number; each kPiece long
    std::uint64_t size_ = 0;
};

struct ModelNode {
    std::uint32_t id = 0;      // in order of creation
    std::uint32_t number = 0;  // the inode's, as the file system says
    fs::NodeKind kind = fs::NodeKind::File;
    std::uint32_t permissions = 0;
    std::uint32_t user = 0;
    std::uint32_t group = 0;
    std::uint32_t device = 0;
    std::uint32_t links = 0;
    std::uint32_t opens = 0;                                 // slots that hold it
    std::uint32_t modified = 0;                              // seconds; 0: not known
    SparseBytes bytes;                                       // of a file
    std::string target;                                      // of a symbolic link
    std::map<std::string, ModelNode*> names;                 // of a directory
    ModelNode* parent = nullptr;                             // of a directory that has a name
    std::set<std::pair<std::uint32_t, std::string>> places;  // (directory's id, name)

    [[nodiscard]] bool is(fs::NodeKind what) const { return kind == what; }
    [[nodiscard]] bool is_directory() const { return is(fs::NodeKind::Directory); }
};

/// With which errors a call may be refused; none: it has to succeed.
using Refusals = std::vector<Error>;

class FileModel {
  public:
    FileModel();

    [[nodiscard]] ModelNode& root() { return *nodes_.at(kRoot); }
    /// nullptr: none.
    [[nodiscard]] static ModelNode* find(ModelNode& directory, const std::string& name);
    [[nodiscard]] ModelNode& node(std::uint32_t id) { return *nodes_.at(id); }
    /// All that there are, or those that `wanted` says yes to, in the order of creation.
    template <typename Wanted>
    [[nodiscard]] std::vector<ModelNode*> nodes(Wanted wanted) {
        std::vector<ModelNode*> found;
        for (const auto& [id, node] : nodes_)
            if (wanted(*node)) found.push_back(node.get());
        return found;
    }
    /// One of its paths. Precondition: it has a name, or is the root.
    [[nodiscard]] std::string path(const ModelNode& node);
    [[nodiscard]] std::vector<std::string> paths(const ModelNode& node);

    [[nodiscard]] Refusals may_create(ModelNode& directory, const std::string& name) const;
    ModelNode& create(ModelNode& directory, const std::string& name, fs::NodeKind kind);

    [[nodiscard]] Refusals may_link(ModelNode& directory, const std::string& name) const;
    void link(ModelNode& directory, const std::string& name, ModelNode& node);

    [[nodiscard]] Refusals may_remove(ModelNode& directory, const std::string& name,
                                      bool as_directory) const;
    void remove(ModelNode& directory, const std::string& name);

    [[nodiscard]] Refusals may_rename(ModelNode& from, const std::string& old_name, ModelNode& to,
                                      const std::string& new_name, bool no_replace) const;
    void rename(ModelNode& from, const std::string& old_name, ModelNode& to,
                const std::string& new_name);

    void open(ModelNode& node) { ++node.opens; }
    void close(ModelNode& node);

  private:
    static constexpr std::uint32_t kRoot = 1;

    static void add_name(ModelNode& directory, const std::string& name, ModelNode& node);
    static void take_name(ModelNode& directory, const std::string& name);
    void drop_if_unused(ModelNode& node);

    std::map<std::uint32_t, std::unique_ptr<ModelNode>> nodes_;
    std::uint32_t next_id_ = kRoot;
};

}  // namespace quire::test
