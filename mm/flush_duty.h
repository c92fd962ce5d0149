// The duty to forget a translation, as a value that cannot be overlooked.
//
// The CPU keeps translations in its TLB and does not notice when a table changes (SDM 3A 4.10). So
// an operation that takes something away (a page, the right to write, a dirty bit) returns a
// StalePage, which asserts in its destructor that somebody ended it:
//
//     const Pte before = directory.unmap(page).flush();            // INVLPG, then the old entry
//     const Pte before = directory.unmap(page).join(batch);        // many pages, one flush later
//     const Pte before = directory.unmap(page).not_loaded();       // no TLB can hold it
//
// The old entry comes out only at the end: its frame may be given away once the duty (or the batch
// it joined) is done, and not before. Making an entry present owes nothing: x86 does not cache
// what is not present (SDM 3A 4.10.2.3).
#pragma once

#include <cstdint>

#include "mm/frame_table.h"
#include "mm/page_entry.h"
#include "mm/types.h"

namespace quire::mm {

class FlushBatch;
class FrameAllocator;

class [[nodiscard]] StalePage {
  public:
    StalePage(PageNumber page, Pte before) : page_(page), before_(before) {}
    StalePage(StalePage&& other) noexcept
        : page_(other.page_), before_(other.before_), ended_(other.ended_) {
        other.ended_ = true;
    }
    StalePage(const StalePage&) = delete;
    StalePage& operator=(const StalePage&) = delete;
    StalePage& operator=(StalePage&&) = delete;
    ~StalePage() { ASSERT(ended_); }

    /// Makes the CPU forget the page, if it may have cached it. Returns the entry as it was.
    /// Precondition: the directory is the loaded one, or the page is in the kernel's half.
    Pte flush();

    /// Leaves the flush to `batch`. Returns the entry as it was; what it names stays reserved until
    /// the batch is flushed.
    Pte join(FlushBatch& batch);

    /// Says that no TLB holds the page, as its directory has not been loaded since the last flush.
    /// Precondition: the page is not global. Returns the entry as it was.
    Pte not_loaded();

  private:
    Pte end();

    PageNumber page_;
    Pte before_;
    bool ended_ = false;
};

/// Collects duties and ends them together: a few pages one by one, many by forgetting everything.
/// Also keeps frames whose last mapping went, and page tables that were taken out of a directory,
/// until no walk can reach them any more: the CPU caches directory entries too (SDM 3A 4.10.3). The
/// destructor asserts that nothing is owed.
class FlushBatch {
  public:
    /// Up to here single INVLPGs are the cheaper way.
    static constexpr std::uint32_t kMaxPages = 32;

    /// Retired tables go back to `frames`.
    explicit FlushBatch(FrameAllocator& frames);
    FlushBatch(const FlushBatch&) = delete;
    FlushBatch& operator=(const FlushBatch&) = delete;
    ~FlushBatch() { ASSERT(is_empty()); }

    void add(PageNumber page, Scope scope) {
        if (scope == Scope::Global) global_ = true;
        if (everything_) return;
        everything_ = pages_ == kMaxPages;
        if (!everything_) page_[pages_++] = page.raw();
    }

    /// For all of `pages`, of one address space.
    void add_pages(PageRange pages) {
        if (pages.count() > PageCount(kMaxPages)) everything_ = true;
        for (; !everything_ && pages.first < pages.end; ++pages.first)
            add(pages.first, Scope::OneSpace);
    }

    /// For a 4 MiB page: the CPU may keep it in pieces, and INVLPG promises to find all of them
    /// only while the tables still say that it is large (SDM 3A 4.10.4.1). So everything must go.
    void add_large(Scope scope);

    /// Whether one page more makes no difference.
    [[nodiscard]] bool forgets_everything() const { return everything_; }

    /// For more pages than anybody counts: forgets everything that is not global.
    void add_everything() { everything_ = true; }

    /// Takes over an empty page table that no directory names any more.
    void retire(FrameNumber table);

    /// Takes over the last reference to `frame`, which is in no list.
    void drop_later(FrameNumber frame) {
        ASSERT(!records_->has(frame, FrameFlag::Listed));
        records_->set_chain(frame, doomed_);
        doomed_ = frame;
    }

    /// The same for a chain of frames that have one reference each, from `first` to `last`.
    void drop_chain_later(FrameNumber first, FrameNumber last) {
        records_->set_chain(last, doomed_);
        doomed_ = first;
    }

    [[nodiscard]] bool is_empty() const {
        return pages_ == 0 && !everything_ && !has_retired_ && doomed_ == FrameNumber();
    }

    /// Makes the CPU forget all that joined, then frees frames and retired tables. The batch is
    /// empty afterwards and may be used again. Precondition: as for StalePage::flush().
    void flush();

    /// As StalePage::not_loaded(), for all that joined.
    void not_loaded();

  private:
    void release_all();

    FrameAllocator* frames_;
    FrameTable* records_;
    std::uint32_t page_[kMaxPages];  // the numbers of `pages_` pages
    std::uint32_t pages_ = 0;
    bool everything_ = false;  // more than kMaxPages, or a large page
    bool global_ = false;      // one of them is global
    bool has_retired_ = false;
    FrameNumber retired_;  // the first of a chain through the tables' first words
    FrameNumber doomed_;   // the first of a chain; frame 0: none
};

}  // namespace quire::mm
