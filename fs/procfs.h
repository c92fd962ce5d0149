// /proc: files that are made of what the kernel knows, at the moment they are read.
//
//     ProcDirectory (the root)
//       +-- ProcText "meminfo" --read--> its function writes the text --> a page of it
//       +-- ProcText "uptime"  ...
//       +-- whatever somebody adds
//       '-- what a ProcSource makes when it is asked for: a directory for each process
//
// The tree is made of objects that belong to whoever adds them: a part of the kernel that has
// something to tell makes a ProcText with a function of its own and adds it to a directory. It may
// go when it was taken out and its last user has gone. What comes and goes too often for that is
// left to a source, which makes nodes for those who look them up.
//
// A text is made anew for each read, and cut out of it what was asked for, a page at most. So it
// takes one frame for the length of a read, and a reader who takes several reads may see figures of
// several moments.
//
// Invariants: the nodes of a directory have ascending numbers, and different names. Locking is the
// caller's.
#pragma once

#include <cstdint>
#include <string_view>

#include "fs/node.h"
#include "kernel/base/intrusive_list.h"
#include "mm/text_writer.h"
#include "mm/user_memory.h"

namespace quire::fs {

class Procfs;
class ProcDirectory;

/// What all nodes of /proc have.
class ProcNode : public Node {
  public:
    /// `name` must stay.
    ProcNode(Procfs& system, NodeKind kind, std::string_view name, std::uint16_t permissions);

    [[nodiscard]] std::string_view name() const { return name_; }
    [[nodiscard]] std::uint32_t number() const { return number_; }
    [[nodiscard]] bool is_in_tree() const { return directory_hook.is_linked(); }
    /// Takes it out of its directory. Who uses it goes on doing so. Precondition: is_in_tree().
    void remove_from_tree();

    Result<Attributes> attributes() override;
    Result<void> change(const AttributeChange&) override { return Error::NotPermitted; }
    /// Of a process's files: the process's. Else root's.
    void set_owner(std::uint32_t user, std::uint32_t group) {
        user_ = user;
        group_ = group;
    }

    ListHook directory_hook;

  protected:
    /// Precondition: no users. Leaves the tree.
    ~ProcNode();
    void last_user_gone() override {}
    Procfs& system_;

  private:
    std::string_view name_;
    std::uint32_t number_;
    std::uint32_t user_ = 0;
    std::uint32_t group_ = 0;
    std::uint16_t permissions_;
};

/// A file of text.
class ProcText final : public ProcNode {
  public:
    /// Writes all of the text, the same however often it is called. Errors: the read's.
    using Function = Result<void> (*)(void* context, const mm::TextWriter& out);
    /// Takes what somebody has written, without the end of the line. Errors: the write's.
    using Setter = Result<void> (*)(void* context, std::string_view text);
    static constexpr std::size_t kLongestValue = 31;

    /// `setter` nullptr: cannot be written. Precondition: `context` stays as long as it is used.
    ProcText(Procfs& system, std::string_view name, Function function, void* context,
             std::uint16_t permissions = 0444, Setter setter = nullptr)
        : ProcNode(system, NodeKind::File, name, permissions),
          function_(function),
          setter_(setter),
          context_(context) {}

    Result<std::uint32_t> read(std::uint64_t offset, std::uint32_t bytes, ByteSink& to,
                               ReadAhead& ahead) override;
    /// A value is written at once and whole, whatever the offset.
    /// Errors: InvalidArgument (cannot be written; longer than kLongestValue); the setter's.
    Result<std::uint32_t> write(std::uint64_t, std::uint32_t bytes, ByteSource& from) override;
    /// Opened with O_TRUNC: nothing is kept that could be cut.
    Result<void> resize(std::uint64_t) override;

  private:
    Function function_;
    Setter setter_;
    void* context_;
};

/// As ProcText::read(), for nodes of others: what `function` writes, from `offset` on, up to a
/// page.
Result<std::uint32_t> read_text(mm::UserMemory& memory, std::uint64_t offset, std::uint32_t bytes,
                                ByteSink& to, ProcText::Function function, void* context);

/// More names of a directory, whose nodes are made when they are looked up.
class ProcSource {
  public:
    /// Errors: NotFound, OutOfMemory.
    virtual Result<NodeRef> look_up(std::string_view name) = 0;
    /// As Node::read_directory(), without `.` and `..`; positions are below 2^32.
    virtual Result<void> read_names(std::uint64_t& position, DirectoryVisitor& visitor) = 0;

  protected:
    ~ProcSource() = default;
};

class ProcDirectory final : public ProcNode {
  public:
    /// An empty directory; to be empty again when it is destroyed.
    ProcDirectory(Procfs& system, std::string_view name, std::uint16_t permissions = 0555)
        : ProcNode(system, NodeKind::Directory, name, permissions) {}

    /// `node` is to be seen here from now on. It stays its owner's.
    /// Preconditions: in no directory; its name is not here yet; added in the order of making.
    void add(ProcNode& node);
    /// Its names are to be seen here, too, behind the others. They are different ones, and their
    /// nodes have numbers from kFirstOfSources on. Precondition: there is no source yet; it stays.
    void add_source(ProcSource& source);

    Result<NodeRef> look_up(std::string_view name) override;
    Result<void> read_directory(std::uint64_t& position, DirectoryVisitor& visitor) override;
    Result<NodeRef> parent() override;

    void check_invariants();

  private:
    IntrusiveList<ProcNode, &ProcNode::directory_hook> nodes_;
    ProcDirectory* parent_ = nullptr;
    ProcSource* source_ = nullptr;
};

class Procfs final : public FileSystem {
  public:
    /// Everything handed in must stay.
    Procfs(mm::UserMemory& memory, const TimeSource& time)
        : memory_(memory), made_(time.now()), tree_(*this, "") {}

    /// Numbers of nodes that sources make begin here.
    static constexpr std::uint32_t kFirstOfSources = 1 << 16;

    [[nodiscard]] ProcDirectory& tree() { return tree_; }
    /// When it was made: what its nodes tell as their times.
    [[nodiscard]] Timestamp made() const { return made_; }

    [[nodiscard]] const char* type() const override { return "proc"; }
    [[nodiscard]] Result<NodeRef> root() override { return NodeRef(tree_); }
    [[nodiscard]] FileSystemFigures figures() override;
    [[nodiscard]] bool read_only() const override { return false; }
    Result<void> sync() override { return {}; }

  private:
    friend class ProcNode;
    friend class ProcText;

    mm::UserMemory& memory_;
    Timestamp made_;
    std::uint32_t next_number_ = 2;  // 0 and 1 are positions of `.` and `..`
    ProcDirectory tree_;
};

}  // namespace quire::fs
