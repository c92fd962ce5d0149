// The nodes of a tmpfs, and the names in its directories. See fs/tmpfs.h.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "fs/credentials.h"
#include "fs/node.h"
#include "kernel/base/intrusive_list.h"
#include "mm/memory_object.h"
#include "mm/owned_frame.h"

namespace quire::fs {

class Tmpfs;
class TmpfsDirectory;

/// What all of them have: attributes in memory, and an end when nobody needs them.
class TmpfsNode : public Node {
  public:
    TmpfsNode(Tmpfs& system, const NewNode& what);

    Result<Attributes> attributes() override { return attributes_; }
    Result<void> change(const AttributeChange& change) override;

    [[nodiscard]] std::uint32_t links() const { return attributes_.links; }
    [[nodiscard]] std::uint32_t number() const { return attributes_.number; }
    void add_link();
    /// May destroy the node.
    void drop_link();

    ListHook list_hook;  // in the list of all nodes of the file system

  protected:
    ~TmpfsNode();
    void last_user_gone() override { destroy_if_unused(); }
    /// Nobody uses it, and it has no name.
    virtual void destroy() = 0;
    void destroy_if_unused();
    /// atime, as with the mount option relatime: not at each read.
    void note_read();
    /// mtime and ctime.
    void note_change();
    void note_status_change();

    Tmpfs& system_;
    Attributes attributes_;
};

/// A device, a named pipe, a socket: nothing but attributes.
class TmpfsSpecial final : public TmpfsNode {
  public:
    using TmpfsNode::TmpfsNode;

  private:
    void destroy() override;
};

/// Is told when a region that shows the pages of a file comes or has gone.
class MappingWatcher {
  public:
    virtual void mapped() = 0;
    virtual void unmapped() = 0;

  protected:
    ~MappingWatcher() = default;
};

class TmpfsFile final : public TmpfsNode {
  public:
    TmpfsFile(Tmpfs& system, const NewNode& what);
    ~TmpfsFile();

    Result<Attributes> attributes() override;
    Result<std::uint32_t> read(std::uint64_t offset, std::uint32_t bytes, ByteSink& to,
                               ReadAhead& ahead) override;
    /// Errors: NoSpace (the limit of pages; the commit account), FileTooBig.
    Result<std::uint32_t> write(std::uint64_t offset, std::uint32_t bytes,
                                ByteSource& from) override;
    /// Errors: OutOfMemory (the commit account, if it promises its size), FileTooBig.
    Result<void> resize(std::uint64_t bytes) override;
    [[nodiscard]] mm::MemoryObject* object() override { return &pages_; }

    /// Whether a region shows its pages.
    [[nodiscard]] bool is_mapped() { return !pages_.regions().empty(); }
    /// Brings the file system's count of pages up to date, and the commit account.
    void count_pages();
    /// `watcher` stays until another, or nullptr, is named here, or the file has gone.
    void watch(MappingWatcher* watcher) { watcher_ = watcher; }
    /// Its whole size is charged to the commit account from now on. Precondition: it is empty.
    void promise_size() { promises_size_ = true; }

  private:
    class Pages final : public mm::MemoryObject {
      public:
        Pages(mm::ObjectRegistry& registry, TmpfsFile& file)
            : MemoryObject(registry, Kind::SharedMemory, nullptr, 0), file_(file) {}
        [[nodiscard]] mm::ObjectOwner* owner() override { return &file_; }

      private:
        void last_user_gone() override { file_.pages_unused(); }
        void mapped() override {
            if (file_.watcher_ != nullptr) file_.watcher_->mapped();
        }
        void unmapped() override {
            if (file_.watcher_ != nullptr) file_.watcher_->unmapped();
        }
        TmpfsFile& file_;
    };

    void destroy() override { pages_.drop_user(); }
    void pages_unused();
    [[nodiscard]] bool allows(std::uint32_t more_pages) const;
    [[nodiscard]] std::uint32_t bytes_allowed(std::uint64_t offset, std::uint32_t bytes) const;
    void charge_existing(mm::PageCount pages);

    Pages pages_;  // the file is a user of its own pages
    std::uint32_t counted_pages_ = 0;
    MappingWatcher* watcher_ = nullptr;
    mm::PageCount charged_;  // to the commit account
    bool promises_size_ = false;
};

class TmpfsLink final : public TmpfsNode {
  public:
    static constexpr std::uint32_t kShort = 64;

    /// `room` holds targets that are not short; else it is empty.
    TmpfsLink(Tmpfs& system, const NewNode& what, mm::OwnedFrame room);
    Result<std::uint32_t> read_link(std::span<char> room) override;

  private:
    void destroy() override;
    [[nodiscard]] char* target();

    std::array<char, kShort> short_;
    mm::OwnedFrame long_;
};

/// Where a name that is longer than usual stands.
struct TmpfsLongName {
    std::array<char, 256> text;
};

/// A name in a directory.
struct TmpfsEntry {
    static constexpr std::uint32_t kShort = 28;

    [[nodiscard]] std::string_view name() const {
        return {long_name != nullptr ? long_name->text.data() : short_name.data(), length};
    }

    TmpfsDirectory* directory = nullptr;
    TmpfsNode* node = nullptr;
    std::uint64_t cookie = 0;  // its position in the directory, never given twice
    TmpfsLongName* long_name = nullptr;
    ListHook directory_hook;
    ListHook hash_hook;
    std::uint32_t length = 0;
    std::array<char, kShort> short_name;
};

class TmpfsDirectory final : public TmpfsNode {
  public:
    using TmpfsNode::TmpfsNode;

    Result<Attributes> attributes() override;
    Result<NodeRef> look_up(std::string_view name) override;
    Result<NodeRef> create(std::string_view name, const NewNode& what) override;
    Result<void> link(std::string_view name, Node& node) override;
    Result<void> remove(std::string_view name, bool directory) override;
    Result<void> rename(std::string_view old_name, Node& new_parent, std::string_view new_name,
                        bool no_replace) override;
    Result<void> read_directory(std::uint64_t& position, DirectoryVisitor& visitor) override;
    Result<NodeRef> parent() override;

    [[nodiscard]] bool empty() const { return entry_count_ == 0; }
    /// Takes all names away, those of directories below too.
    void clear();
    void set_parent(TmpfsDirectory& parent) { parent_ = &parent; }

    /// Calls visit(entry) for each name.
    template <typename Visitor>
    void walk(Visitor visit) {
        for (TmpfsEntry& entry : entries_)
            visit(entry);
    }
    void check_invariants();

  private:
    using Entries = IntrusiveList<TmpfsEntry, &TmpfsEntry::directory_hook>;

    void destroy() override;
    // Puts a new entry, which has a name, into the directory; the node gets a link.
    void insert(TmpfsEntry& entry, TmpfsNode& node);
    // Takes an entry out and frees it. The node's link is the caller's.
    void take_out(TmpfsEntry& entry);
    // A subdirectory came or went: its `..` is a link to this one.
    void adopt(TmpfsNode& node);
    void disown(TmpfsNode& node);
    [[nodiscard]] bool is_below(const TmpfsNode& ancestor) const;
    [[nodiscard]] Result<void> check_replace(const TmpfsNode& moved, TmpfsNode& replaced) const;
    [[nodiscard]] Entries::Iterator first_at(std::uint64_t position);

    Entries entries_;
    TmpfsDirectory* parent_ = nullptr;     // nullptr: it was removed
    TmpfsEntry* next_to_visit_ = nullptr;  // where the last read_directory() stopped
    std::uint64_t next_cookie_ = 2;        // 0 and 1 are `.` and `..`
    std::uint32_t entry_count_ = 0;
};

}  // namespace quire::fs
