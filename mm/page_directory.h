// PageDirectory: one linear address space as the CPU sees it (SDM 3A 4.3).
//
//     linear address   | directory index | table index | byte in page |
//                              |               |              |
//     CR3 -> directory --> PDE [.] -> table --> PTE [.] -> frame + byte
//
// The directory owns its frame and the page tables of its half; what the PTEs name belongs to the
// caller. It knows nothing of regions or reasons: it maps, unmaps, changes and translates pages.
//
// Directories may share page tables of the user's half, as fork makes them do. The record of a page
// table tells how many PDEs name it (references), how many of its entries are in use (place) and
// its directory index (tag), and links tables that began as copies of each other into a ring. While
// two PDEs or more name a table, each is read-only, and map() and its like may not touch it.
//
// The kernel's half (0xC0000000 and up) is the same in every directory. All page tables it will
// ever need are there before the second directory is made, which copies the 256 kernel PDEs; from
// then on these PDEs never change, only PTEs below them do. So a kernel mapping made in one address
// space is in all of them at once: no list of directories to update, and no fault to repair a
// missing PDE later, which could strike while the kernel switches to the very stack it misses.
//
// So the frame of a directory that has ended is as good as new: its user half is empty, its kernel
// half right. The kernel's directory keeps a few of them for the next ones.
#pragma once

#include <cstdint>
#include <optional>

#include "kernel/base/result.h"
#include "mm/flush_duty.h"
#include "mm/layout.h"
#include "mm/owned_frame.h"
#include "mm/page_entry.h"
#include "mm/page_table.h"
#include "mm/table_set.h"
#include "mm/types.h"

namespace quire::mm {

class FrameAllocator;

/// Where an address leads, and what both levels together allow.
struct Translation {
    FrameNumber frame;
    std::uint32_t offset = 0;
    Protection protection = Protection::KernelReadOnly;
    bool large = false;

    [[nodiscard]] constexpr PhysAddr address() const { return start_of(frame) + offset; }
    constexpr bool operator==(const Translation&) const = default;
};

/// The rights two levels give together: each may only take away (SDM 3A 4.6.1).
constexpr Protection both_allow(Protection outer, Protection inner) {
    const bool user = is_user(outer) && is_user(inner);
    const bool writable = is_writable(outer) && is_writable(inner);
    if (user) return writable ? Protection::UserReadWrite : Protection::UserReadOnly;
    return writable ? Protection::KernelReadWrite : Protection::KernelReadOnly;
}

class PageDirectory {
  public:
    /// An empty directory: the kernel's own. Errors: OutOfMemory.
    static Result<PageDirectory> create(FrameAllocator& frames);

    /// A directory that shares the kernel's half with `kernel` and maps nothing else. `kernel` must
    /// outlive it and may no more gain or lose kernel PDEs. Errors: OutOfMemory.
    static Result<PageDirectory> create(FrameAllocator& frames, PageDirectory& kernel);

    /// Precondition: nobody shares the kernel half of `other`.
    PageDirectory(PageDirectory&& other) noexcept;
    PageDirectory& operator=(PageDirectory&&) = delete;

    /// Frees the directory's own page tables; its frame goes, or is kept by the kernel's directory.
    /// Preconditions: it is not loaded, its own half maps nothing, nobody shares its kernel half.
    ~PageDirectory();

    /// What CR3 is loaded with.
    [[nodiscard]] FrameNumber frame() const { return entries().frame(); }

    /// Where `address` leads; nothing if it is not present.
    [[nodiscard]] std::optional<Translation> translate(VirtAddr address) const;

    /// The entry for `page`; within a 4 MiB page, the entry a page table would have for it.
    [[nodiscard]] Pte entry(PageNumber page) const;
    [[nodiscard]] Pde directory_entry(PageNumber page) const {
        return entries().get(directory_index(page));
    }

    /// Puts `entry` (present or swapped) where nothing is. Precondition: the page may be mapped at
    /// all, that is, it is not among the first sixteen. No flush needed. Takes no reference: the
    /// caller keeps account of what the entry names. Errors: AlreadyExists (something is there);
    /// OutOfMemory (no frame for a page table). Nothing has changed then.
    Result<void> map(PageNumber page, Pte entry);

    /// Puts `entry` in place of what `page` has. Preconditions: the page has an entry that is not
    /// empty and lies in no 4 MiB page. The entry that was there comes out of the duty.
    StalePage replace(PageNumber page, Pte entry);

    /// Takes out the entry of `page`; an empty one is allowed. Precondition: no 4 MiB page.
    StalePage unmap(PageNumber page);

    /// Changes the rights of `page`. Precondition: it is present and lies in no 4 MiB page. A flush
    /// is owed even for a right that was given: without it, the CPU may fault once more.
    StalePage protect(PageNumber page, Protection protection);

    /// Clears the accessed or the dirty bit of `page`, which must be present and not large. The old
    /// entry tells what the bit was. Unless flushed, the CPU may not set it again (SDM 3A 4.8).
    StalePage clear_accessed(PageNumber page);
    StalePage clear_dirty(PageNumber page);

    /// Maps the 4 MiB from `first` by one large `entry`. Precondition: `first` is aligned, the CPU
    /// has 4 MiB pages switched on. Errors: AlreadyExists (also if there is an empty page table).
    Result<void> map_large(PageNumber first, Pde entry);

    /// Takes out the 4 MiB page at `first`. Precondition: it is there. Returns the entry as it was.
    Pde unmap_large(PageNumber first, FlushBatch& batch);

    /// Turns the 4 MiB page around `page` into a page table that maps the same with the same
    /// rights; does nothing where there is none. No flush needed: no translation changes, so the
    /// CPU may use old or new (SDM 3A 4.10.2.3). Errors: OutOfMemory.
    Result<void> split(PageNumber page);

    /// Makes page tables for every page of `range`, so that map() needs no memory there. Errors:
    /// AlreadyExists (there is a page table or a large page), OutOfMemory. Nothing has changed
    /// then.
    Result<void> reserve_tables(PageRange range);

    /// The page table for `page`, made now if there is none. No flush needed.
    /// Precondition: no 4 MiB page there. Errors: OutOfMemory.
    Result<PageTable> ensure_table(PageNumber page);

    /// Whether another directory names the table for `page` too. Precondition: there is one.
    [[nodiscard]] bool is_shared(PageNumber page) const {
        return frames_->table().references(directory_entry(page).table()) > 1;
    }

    /// Names here every table of the user's half of `parent` but those of `except`, and says how
    /// many those are. In both directories their PDEs become read-only, so the TLB has to forget
    /// what `parent` maps there: the caller's duty. Precondition: this half is empty.
    std::uint32_t share_tables(PageDirectory& parent, const TableSet& except);

    /// The first page at or after `page` that a table of the user's half is there for, or
    /// kFirstKernelPage.
    [[nodiscard]] PageNumber next_with_table(PageNumber page) const {
        const std::uint32_t index = directory_index(page);
        const std::uint32_t next = user_tables_.next(index);
        return next == index ? page : PageNumber(next * kEntriesPerTable);
    }

    /// Names `table`, an unnamed one made by new_table(), in place of the shared one for `page`.
    /// The caller's duty is to flush any page: the CPU may have cached the PDE.
    void replace_shared_table(PageNumber page, OwnedFrame table);

    /// The table for `from` is the one for `to` from now on. The duty for all it maps joins
    /// `batch`. Preconditions: it is not shared, there is none for `to`, both are in the user's
    /// half.
    void move_table(PageNumber from, PageNumber to, FlushBatch& batch);

    /// An empty page table for `page` that no directory names. Errors: OutOfMemory.
    Result<OwnedFrame> new_table(PageNumber page);

    /// Lifts the write protection of the PDE for `page`. Precondition: the table is no longer
    /// shared. No flush needed: at worst the CPU faults once more.
    void allow_writes(PageNumber page);

    /// Takes out the table for `page`, which is empty or shared; an empty one is freed when `batch`
    /// is flushed. Precondition: user's half. The duty for what a shared one maps joins `batch`.
    void retire_table(PageNumber page, FlushBatch& batch);

    /// Takes out all tables of the user's half that other directories name, too. The duty for what
    /// they map joins `batch`.
    void leave_shared_tables(FlushBatch& batch);

    /// Takes out those page tables of the user half that lie wholly in `range` and are empty. They
    /// are freed when `batch` is flushed. Returns how many.
    PageCount retire_empty_tables(PageRange range, FlushBatch& batch);

    /// Whose frames the page tables are.
    [[nodiscard]] FrameAllocator& frame_allocator() const { return *frames_; }
    /// Whether the directory went to another object; this one may only be destroyed.
    [[nodiscard]] bool is_moved_from() const { return directory_.empty(); }

    /// Frames kept for directories to come, and giving them back. Precondition: it is the kernel's.
    [[nodiscard]] PageCount kept() const { return PageCount(kept_count_); }
    void drop_kept();

    /// Page tables in this directory, shared ones included.
    [[nodiscard]] PageCount tables() const { return tables_; }

    /// Every entry is well-formed, no frame serves twice, the count of tables is right, and the
    /// kernel's half agrees with the kernel's directory. Slow.
    void check_invariants() const;

  private:
    static constexpr std::uint32_t kMostKept = 4;

    PageDirectory(FrameAllocator& frames, OwnedFrame directory, PageDirectory* kernel);
    void keep(OwnedFrame directory);
    OwnedFrame take_kept();

    [[nodiscard]] EntryTable<Pde> entries() const { return EntryTable<Pde>(directory_.number()); }
    [[nodiscard]] bool may_change_pde(std::uint32_t index) const {
        return index < kFirstKernelIndex || (kernel_ == nullptr && sharers_ == 0);
    }
    [[nodiscard]] bool owns(std::uint32_t index) const {
        return index < kFirstKernelIndex || kernel_ == nullptr;
    }
    [[nodiscard]] PageTable table_of(PageNumber page) const;
    Result<PageTable> make_table(std::uint32_t index);
    void set_up_table(FrameNumber frame, std::uint32_t index);
    void count_table(std::uint32_t index);
    void uncount_table(std::uint32_t index);
    void drop_table(std::uint32_t index);
    [[nodiscard]] std::uint32_t used_entries(FrameNumber table) const;
    Pte put(PageTable table, std::uint32_t index, Pte entry);
    void check_table(std::uint32_t index, Pde pde) const;

    FrameAllocator* frames_;
    OwnedFrame directory_;
    PageDirectory* kernel_;  // whose kernel half this one shares; nullptr: it is the kernel's
    PageCount tables_;
    TableSet user_tables_;       // which of them are in the user's half
    std::uint32_t sharers_ = 0;  // directories that share this one's kernel half
    // Of the kernel's directory: frames that are ready to be directories, chained by their records.
    FrameNumber kept_;
    std::uint32_t kept_count_ = 0;
};

}  // namespace quire::mm
