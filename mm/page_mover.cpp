#include "mm/page_mover.h"

#include <utility>

#include "libc/string.h"
#include "mm/physical_window.h"
#include "mm/swap_in.h"

namespace quire::mm {

PageMover::Piece PageMover::piece_at(PageNumber page) const {
    const PageNumber target = to_ + (page - from_.first);
    const std::uint32_t used =
        table_index(page) > table_index(target) ? table_index(page) : table_index(target);
    const PageCount in_table(kEntriesPerTable - used);
    const PageCount left = from_.end - page;
    return {page, target, left < in_table ? left : in_table};
}

Result<void> PageMover::make_own() {
    for (Piece piece = first_piece(); !piece.is_end(); piece = piece_after(piece)) {
        TRY(own_table(piece.from));
        if (!piece.is_table()) TRY(make_pages_own(PageRange::of(piece.from, piece.count)));
    }
    return {};
}

Result<void> PageMover::make_pages_own(PageRange range) {
    for (;;) {
        range.first = first_not_own(range);
        if (range.empty()) return {};
        TRY(make_page_own(range.first));
    }
}

// Nearly every page is private and has one owner: that is seen at once.
PageNumber PageMover::first_not_own(PageRange range) const {
    if (pages_.table_use(range.first) == TableUse::None) return range.end;
    const PageTable table(pages_.location(range.first).table);
    const FrameTable& records = memory_.records();
    for (; range.first < range.end; ++range.first) {
        const Pte pte = table.get(table_index(range.first));
        if (pte.is_resident() && records.is_sole_private(pte.frame())) continue;
        if (!is_own(pte)) break;
    }
    return range.first;
}

Result<void> PageMover::own_table(PageNumber page) {
    if (pages_.table_use(page) == TableUse::None) return {};
    if (pages_.table_use(page) == TableUse::Shared) {
        TRY(memory_.room().make_room(PageCount(1)));
        if (pages_.table_use(page) == TableUse::None) return {};
    }
    SpaceFlush flush(pages_);
    return pages_.own_table(page, *flush);
}

// Whether the page may be named by an entry at another index than now. A copy in swap that others
// name counts too: they would meet in its frame.
bool PageMover::is_own(Pte pte) const {
    const MappedPages& pages = memory_.pages();
    if (pte.is_empty() || pages.is_zero(pte)) return true;
    if (pte.is_swapped()) {
        const auto cached = pages.swap().cached(pte.slot());
        const bool is_mapped = cached.has_value() && pages.mappings(*cached) != 0;
        return pages.swap().names(pte.slot()) == 1 && !is_mapped;
    }
    if (memory_.records().state(pte.frame()) != FrameState::Private) return true;
    const SwapSlot copy = pages.swap_copy(pte.frame());
    const bool has_names = copy != SwapSlot() && pages.swap().names(copy) != 0;
    return pages.mappings(pte.frame()) == 1 && !has_names;
}

// One step towards it. Making room, and reading, may change the entry: then the caller looks again.
Result<void> PageMover::make_page_own(PageNumber page) {
    TRY(memory_.room().make_room(frames_to_fetch(kReadAhead) + PageCount(1)));
    const Pte pte = pages_.entry(page);
    if (is_own(pte)) return {};
    if (pte.is_swapped()) {
        const Fetched fetched = TRY(fetch_slot(memory_, pte.slot()));
        if (pages_.entry(page) != pte || is_own(pte)) return {};
        return copy_page(page, pte, fetched.frame);
    }
    if (memory_.pages().mappings(pte.frame()) > 1) return copy_page(page, pte, pte.frame());
    memory_.pages().forget_swap_copy(pte.frame());
    return {};
}

Result<void> PageMover::copy_page(PageNumber page, Pte before, FrameNumber content) {
    OwnedFrame fresh = TRY(memory_.frames().allocate());
    memcpy(frame_bytes(fresh.number()), frame_bytes(content), kPageSize);
    const bool writable = traits_.rights.has(Rights::write());
    const Pte shown = Pte::for_frame(fresh.number(), writable ? Protection::UserReadWrite
                                                              : Protection::UserReadOnly)
                          .with_lock(traits_.locked);
    const Pte pte = traits_.rights.empty() ? shown.hidden() : shown;
    SpaceFlush flush(pages_);
    const PteLocation at = pages_.location(page);
    pages_.put(page, pte, *flush);
    memory_.pages().remove(at, before, *flush);
    memory_.pages().add_private(fresh.release(), at, pte);
    ++memory_.statistics().copied;
    return {};
}

PageCount PageMover::frames_to_reserve() const {
    const std::uint32_t tables = directory_index(to_ + from_.count()) - directory_index(to_) + 1;
    return PageCount(from_.empty() ? 0 : tables);
}

// A table that moves as a whole only needs its place, which move() empties.
Result<void> PageMover::reserve(FlushBatch& batch) {
    for (Piece piece = first_piece(); !piece.is_end(); piece = piece_after(piece)) {
        if (piece.is_table()) continue;
        const bool has_source = pages_.table_use(piece.from) != TableUse::None;
        const bool has_target = pages_.table_use(piece.to) != TableUse::None;
        if (has_source || has_target) TRY(pages_.own_table(piece.to, batch));
    }
    return {};
}

void PageMover::cancel(FlushBatch& batch) {
    for (Piece piece = first_piece(); !piece.is_end(); piece = piece_after(piece))
        pages_.retire_empty_table(piece.to, batch);
}

// Page tables go when all has moved: until then, another piece may have to do with them.
void PageMover::move(FlushBatch& batch) {
    for (Piece piece = first_piece(); !piece.is_end(); piece = piece_after(piece)) {
        if (piece.is_table()) {
            move_table(piece, batch);
        } else {
            move_entries(piece, batch);
        }
    }
    for (Piece piece = first_piece(); !piece.is_end(); piece = piece_after(piece)) {
        pages_.retire_empty_table(piece.from, batch);
        pages_.retire_empty_table(piece.to, batch);
    }
}

void PageMover::move_table(const Piece& piece, FlushBatch& batch) {
    pages_.clear(PageRange::of(piece.to, piece.count), batch);
    if (pages_.table_use(piece.from) != TableUse::None) {
        pages_.directory().move_table(piece.from, piece.to, batch);
    }
}

void PageMover::move_entries(const Piece& piece, FlushBatch& batch) {
    if (pages_.table_use(piece.to) == TableUse::None) return;  // then there is no source either
    pages_.clear_entries(PageRange::of(piece.to, piece.count), batch);
    if (pages_.table_use(piece.from) == TableUse::None) return;
    pages_.move_entries(PageRange::of(piece.from, piece.count), piece.to, batch);
}

}  // namespace quire::mm
