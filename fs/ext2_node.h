// A file, directory, link or device of an ext2 disk, in memory: what fs/node.h asks for.
//
//     Ext2Node --- number ---> inode on the disk, in the block cache: all it knows is there
//        '--- files only: MemoryObject (pages in RAM) <--> Store (pages on the disk)
//
// A node without users stays for the next look-up, with its pages, until there are too many of
// them (Ext2). One without names is freed on the disk when its last user goes.
//
// What changes names is in fs/ext2_names.cpp and fs/ext2_rename.cpp, with the order in which it
// reaches the disk.
#pragma once

#include <optional>

#include "fs/ext2_directory.h"
#include "fs/ext2_store.h"
#include "fs/node.h"

namespace quire::fs {

class Ext2;

namespace ext2 {

class Ext2Node final : public Node {
  public:
    /// What becomes of it when nobody uses it any more.
    enum class Life : std::uint8_t {
        Unborn,    // it goes: the disk does not know of it yet
        Named,     // it stays for the next one
        Nameless,  // it goes, with all it has on the disk
    };

    /// The node of inode `number`, a file of `bytes` bytes if it is one. Unborn.
    Ext2Node(Ext2& file_system, InodeNumber number, NodeKind kind, std::uint64_t bytes);
    /// Precondition: no pages, no promises.
    ~Ext2Node() = default;

    Result<Attributes> attributes() override;
    Result<void> change(const AttributeChange& change) override;
    Result<NodeRef> look_up(std::string_view name) override;
    Result<NodeRef> create(std::string_view name, const NewNode& what) override;
    Result<void> link(std::string_view name, Node& node) override;
    Result<void> remove(std::string_view name, bool directory) override;
    Result<void> rename(std::string_view old_name, Node& new_parent, std::string_view new_name,
                        bool no_replace) override;
    Result<void> read_directory(std::uint64_t& position, DirectoryVisitor& visitor) override;
    Result<std::uint32_t> read_link(std::span<char> room) override;
    Result<std::uint32_t> read(std::uint64_t offset, std::uint32_t bytes, ByteSink& to,
                               ReadAhead& ahead) override;
    Result<std::uint32_t> write(std::uint64_t offset, std::uint32_t bytes,
                                ByteSource& from) override;
    Result<void> resize(std::uint64_t bytes) override;
    Result<void> sync(bool data_only) override;
    [[nodiscard]] mm::MemoryObject* object() override;

    // --- For Ext2 ---

    [[nodiscard]] InodeNumber number() const { return number_; }
    [[nodiscard]] Life life() const { return life_; }
    void set_life(Life life) { life_ = life; }
    /// Whether somebody has it, or a mapping of it.
    [[nodiscard]] bool is_used() const;
    /// Writes its dirty pages to the disk. Errors: the first; what could not be written stays
    /// dirty.
    Result<void> write_pages();
    /// Throws its pages away, and what was promised for them. Precondition: nobody has a mapping.
    void drop_pages();
    /// Frees what the inode has on the disk, and the inode. Precondition: no links, no pages.
    Result<void> free_on_disk();
    /// A directory whose way from the root may not be on the disk yet: it is new, or has grown,
    /// since the last settle().
    [[nodiscard]] bool is_young() const;

    ListHook table_hook;
    ListHook idle_hook;

  private:
    // The pages of a file.
    class Pages final : public mm::MemoryObject {
      public:
        Pages(Ext2Node& node, mm::ObjectRegistry& objects, mm::BackingStore& store,
              std::uint64_t bytes)
            : MemoryObject(objects, Kind::File, &store, bytes), node_(node) {}
        ~Pages() = default;
        [[nodiscard]] mm::ObjectOwner* owner() override { return &node_; }

      private:
        void last_user_gone() override { node_.last_user_gone(); }
        Ext2Node& node_;
    };
    struct Content {
        Content(Ext2Node& node, Allocator& allocator, mm::ObjectRegistry& objects,
                std::uint64_t bytes)
            : store(allocator, node.number(), objects.nodes()), pages(node, objects, store, bytes) {
            store.set_object(pages);
        }
        Store store;
        Pages pages;
    };

    void last_user_gone() override;
    [[nodiscard]] Allocator& allocator() const;
    [[nodiscard]] Volume& volume() const;
    [[nodiscard]] std::uint32_t now() const { return volume().now(); }
    [[nodiscard]] Result<Inode> load() const;
    /// As load(), of a directory that still has a name: names may be looked up and made.
    [[nodiscard]] Result<Inode> load_directory() const;
    void note_young();
    void note_read();
    void note_names_changed(Inode& inode) const;
    Result<void> prepare_size(std::uint64_t bytes);
    Result<std::uint32_t> write_some(std::uint64_t offset, std::uint32_t bytes, ByteSource& from);
    void free_attributes(Inode& inode);

    // --- Names (ext2_names.cpp) ---

    void forget_name(std::string_view name) const;
    Result<void> forget_index(Inode& inode) const;
    Result<Entry> room_for(Directory& names, std::string_view name);
    Result<NodeRef> make(Inode& parent, Directory& names, Entry& room, std::string_view name,
                         InodeNumber number, const NewNode& what);
    Result<Block> make_content(Inode& inode, const NewNode& what, const Directory& names,
                               BlockRun& run);
    void fill(Inode& inode, const NewNode& what, BlockRun content) const;
    Result<void> add_name(Inode& parent, const Directory& names, Entry& room, std::string_view name,
                          const Inode& inode);
    Result<void> order_name(const Inode& parent, const Entry& entry, const Inode& inode) const;
    Result<void> drop_link(Inode& inode, const Block& name) const;

    // --- Rename (ext2_rename.cpp) ---

    struct Move;
    Result<void> check_replacement(Move& move) const;
    Result<void> move_name(Move& move);
    Result<void> replace(Move& move);
    Result<void> replace_in_block(Move& move);
    Result<void> replace_across(Move& move);
    Result<void> finish_move(Move& move);
    std::optional<Entry> keep_in_lost_and_found(const Inode& inode, const Block& then);
    Result<void> expect_not_below(InodeNumber start, InodeNumber above) const;
    Result<void> set_parent(Inode& directory, InodeNumber parent) const;

    Ext2& ext2_;
    InodeNumber number_;
    Life life_ = Life::Unborn;
    bool read_noted_ = false;  // the time of the last read is later than that of the last change
    std::uint32_t young_at_ = ~0U;  // Allocator::settled() when the way to it changed
    std::optional<Content> content_;
};

}  // namespace ext2
}  // namespace quire::fs
