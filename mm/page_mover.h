// Moves what a range of pages maps to other addresses of the same space: the page-table part of
// mremap(2).
//
//     from    |   . a b|c d e f g h i j|k l     |          |   page tables: where a range lies
//                  |                                           equally in its tables, those that
//     to      |        |           |   . a b|c d e f g h i j|  it covers go over as a whole
//
// A private page that several spaces map is at the same index of sibling tables, which is how all
// its mappings are found (mm/mapped_pages.h). An entry that moves alone would break that, so a page
// that has other owners is copied before it moves, and one that has none takes its record along. A
// whole table keeps its indexes and its siblings, so nothing in it matters.
//
// Three steps: make_own() may sleep and fail, and what it does no program can see; reserve() takes
// what memory is needed; move() cannot fail. Locking: the address space's lock is held.
#pragma once

#include "kernel/base/result.h"
#include "mm/region.h"
#include "mm/user_memory.h"
#include "mm/user_pages.h"

namespace quire::mm {

class PageMover {
  public:
    /// For the pages of `from`, which lie in a region of these `traits`. `to` does not overlap
    /// them. Nothing is done yet.
    PageMover(UserMemory& memory, UserPages& pages, PageRange from, PageNumber to,
              const RegionTraits& traits)
        : memory_(memory), pages_(pages), from_(from), to_(to), traits_(traits) {}
    PageMover(const PageMover&) = delete;
    PageMover& operator=(const PageMover&) = delete;
    ~PageMover() = default;

    /// Makes the page tables, and each private page that moves alone, the space's own: those with
    /// other owners are copied, from swap if need be. Makes room for itself. May sleep. Eviction
    /// undoes nothing of it. Errors: OutOfMemory, IoError; some pages may be copies by then.
    Result<void> make_own();

    /// How many frames reserve() may take.
    [[nodiscard]] PageCount frames_to_reserve() const;

    /// Makes the page tables that pages go to the space's own. Room has been made. Precondition:
    /// make_own(). Errors: OutOfMemory; cancel() takes back what was done by then.
    Result<void> reserve(FlushBatch& batch);
    /// Gives page tables back that reserve() made and nothing is in.
    void cancel(FlushBatch& batch);

    /// Takes out what is mapped at the new place, and puts there what the old one maps, which maps
    /// nothing then. Precondition: reserve(), and no room made since.
    void move(FlushBatch& batch);

  private:
    // Pages that lie under one page table at either place.
    struct Piece {
        PageNumber from;
        PageNumber to;
        PageCount count;
        [[nodiscard]] bool is_table() const { return count == PageCount(kEntriesPerTable); }
        [[nodiscard]] bool is_end() const { return count == PageCount(); }
    };
    [[nodiscard]] Piece first_piece() const { return piece_at(from_.first); }
    [[nodiscard]] Piece piece_after(const Piece& piece) const {
        return piece_at(piece.from + piece.count);
    }
    [[nodiscard]] Piece piece_at(PageNumber page) const;

    [[nodiscard]] bool is_own(Pte pte) const;
    // The first page of `range`, which lies under one page table, whose entry is not own; or its
    // end.
    [[nodiscard]] PageNumber first_not_own(PageRange range) const;
    Result<void> own_table(PageNumber page);
    Result<void> make_pages_own(PageRange range);
    Result<void> make_page_own(PageNumber page);
    Result<void> copy_page(PageNumber page, Pte before, FrameNumber content);
    void move_table(const Piece& piece, FlushBatch& batch);
    void move_entries(const Piece& piece, FlushBatch& batch);

    UserMemory& memory_;
    UserPages& pages_;
    PageRange from_;
    PageNumber to_;
    RegionTraits traits_;
};

}  // namespace quire::mm
