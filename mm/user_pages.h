// The pages of one address space: what its page tables hold, and who else shares them.
//
//     parent's directory            child's directory               after a write by the child
//     PDE r/o ----+          +----- PDE r/o                  PDE r/o -> table    PDE -> copy
//                 v          v                                            |  ring  |
//              page table, references 2                                  +--------+
//
// fork shares page tables (Zhao, Gong, Fonseca, "On-demand-fork", EuroSys 2021): the child's
// directory names the parent's tables, read-only on both sides. Whoever changes an entry first
// makes a copy of that one table ("unshare"); the private pages in it become read-only in both, and
// the copy joins the ring of its siblings. The last one to name a table takes it over.
//
// Rule: an entry is changed only in a table that nobody shares. Two exceptions are the same for all
// sharers and let nobody write: bringing a page in (swap-in, a page of an object), and reclaim.
// Every operation that may need memory does so before it changes the first entry. What PTEs name is
// counted by MappedPages. Locking: the address space's lock is held.
#pragma once

#include <cstdint>

#include "kernel/base/result.h"
#include "mm/mapped_pages.h"
#include "mm/page_directory.h"
#include "mm/region_map.h"
#include "mm/user_memory.h"

namespace quire::mm {

/// The page table for a page, as its PDE says.
enum class TableUse : std::uint8_t {
    None,    // no table
    Own,     // nobody else names it, and it may be written through
    Last,    // nobody else names it any more, the PDE is still read-only
    Shared,  // other directories name it too
};

class UserPages {
  public:
    /// An address space that maps nothing. Errors: OutOfMemory.
    static Result<UserPages> create(UserMemory& memory);

    UserPages(UserPages&&) noexcept = default;
    UserPages& operator=(UserPages&&) = delete;
    /// Precondition: not loaded; clear() has emptied it.
    ~UserPages() = default;

    [[nodiscard]] PageDirectory& directory() { return directory_; }
    [[nodiscard]] const PageDirectory& directory() const { return directory_; }
    [[nodiscard]] Pte entry(PageNumber page) const { return directory_.entry(page); }

    [[nodiscard]] TableUse table_use(PageNumber page) const {
        return table_use(directory_.directory_entry(page));
    }
    [[nodiscard]] TableUse table_use(Pde pde) const {
        if (!pde.is_present()) return TableUse::None;
        if (memory_->records().references(pde.table()) > 1) return TableUse::Shared;
        return pde.is_writable() ? TableUse::Own : TableUse::Last;
    }
    /// Where the entry for `page` is stored. Precondition: there is a page table.
    [[nodiscard]] PteLocation location(PageNumber page) const {
        return {directory_.directory_entry(page).table(), table_index(page)};
    }

    /// Sees to it that the entry for `page` may be changed: makes the page table, copies a shared
    /// one, takes over the last. Errors: OutOfMemory; nothing has changed then.
    Result<void> own_table(PageNumber page, FlushBatch& batch);

    /// The same for the page tables that there are in `range`; makes none. Errors: OutOfMemory;
    /// some tables may be copies by then, which no program can see.
    Result<void> own_tables(PageRange range, FlushBatch& batch);

    /// The same for the at most two page tables that `range` covers in part: what clear() needs.
    Result<void> own_edges(PageRange range, FlushBatch& batch);

    /// How many of them own_edges() copies. Precondition: `range` is not empty.
    [[nodiscard]] PageCount tables_to_copy(PageRange range) const;

    /// Puts `entry` at `page` and adds the flush for what was there, which it returns; what either
    /// names is the caller's to count. Precondition: own_table(), or one of the exceptions above.
    Pte put(PageNumber page, Pte entry, FlushBatch& batch);

    /// Takes out every entry of `range` and all it names, and gives back page tables that became
    /// empty. Shared tables that lie in it as a whole are just left. Precondition: own_edges().
    void clear(PageRange range, FlushBatch& batch);

    /// The same for entries under one page table, which is the space's own and stays. Returns
    /// whether it is empty.
    bool clear_entries(PageRange range, FlushBatch& batch);

    /// Moves the entries of `from` to the pages from `to` on, where nothing is, and the records of
    /// private pages with them: the flush of the old place joins `batch`. The tables stay, even one
    /// that is empty. Preconditions: each range lies under one page table, which is the space's
    /// own; nobody else names the private pages, nor the slots, that move.
    void move_entries(PageRange from, PageNumber to, FlushBatch& batch);

    /// Takes out the page table for `page`, if there is one, nobody else names it and it is empty.
    void retire_empty_table(PageNumber page, FlushBatch& batch);

    /// Takes out every entry of the space, of which `regions` has all, and all it names.
    void clear_all(RegionMap& regions, FlushBatch& batch);

    /// Maps here what `parent` maps. Most tables are shared; those of `copied`, with pages that the
    /// child does not get or that the parent has locked, are copied entry by entry. `batch` is the
    /// parent's. Errors: OutOfMemory; what was shared or copied by then is here, to be cleared.
    Result<void> fork_from(UserPages& parent, RegionMap& regions, const TableSet& copied,
                           FlushBatch& batch);

    /// Calls visit(page, location, pte) for each entry of `range` that is not empty, in order. The
    /// visitor may change the entry by put().
    template <typename Visitor>
    void for_each(PageRange range, Visitor visit) const;

    /// Ends the duties of `batch`, by flushing if this space is the loaded one.
    void settle(FlushBatch& batch);

    /// Checks the directory, and the entries it owns against the counts' rules. Slow.
    void check_invariants() const;

  private:
    UserPages(UserMemory& memory, PageDirectory&& directory);

    // Whether the table for `page`, at one end of `range`, is shared and not covered as a whole.
    [[nodiscard]] bool is_shared_edge(PageNumber page, PageRange range) const;
    Result<void> unshare(PageNumber page, FlushBatch& batch);
    void copy_entries(PageTable from, PageTable to, std::uint32_t first, std::uint32_t end);
    Result<void> copy_region(UserPages& parent, Region& region, const TableSet& tables,
                             FlushBatch& batch);
    Result<void> copy_range(UserPages& parent, PageRange range, FlushBatch& batch);

    UserMemory* memory_;
    PageDirectory directory_;
};

/// A FlushBatch for one space that ends its duties when it goes out of scope.
class SpaceFlush {
  public:
    explicit SpaceFlush(UserPages& pages)
        : pages_(pages), batch_(pages.directory().frame_allocator()) {}
    SpaceFlush(const SpaceFlush&) = delete;
    SpaceFlush& operator=(const SpaceFlush&) = delete;
    ~SpaceFlush() { pages_.settle(batch_); }

    FlushBatch& operator*() { return batch_; }

  private:
    UserPages& pages_;
    FlushBatch batch_;
};

template <typename Visitor>
void UserPages::for_each(PageRange range, Visitor visit) const {
    for (PageNumber page = directory_.next_with_table(range.first); page < range.end;) {
        const FrameNumber table = directory_.directory_entry(page).table();
        const PageCount in_table(kEntriesPerTable - table_index(page));
        const PageCount left = range.end - page;
        const PageNumber end = page + (left < in_table ? left : in_table);
        for (; page < end; ++page) {
            const PteLocation at{table, table_index(page)};
            const Pte pte = entry_at(at);
            if (!pte.is_empty()) visit(page, at, pte);
        }
        if (page < range.end) page = directory_.next_with_table(page);
    }
}

}  // namespace quire::mm
