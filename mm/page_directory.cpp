#include "mm/page_directory.h"

#include <utility>

#include "libc/string.h"
#include "mm/frame_allocator.h"

namespace quire::mm {

namespace {

// PDEs allow all that their half may ever allow; the PTEs decide.
Protection widest_protection(std::uint32_t index) {
    return index < kFirstKernelIndex ? Protection::UserReadWrite : Protection::KernelReadWrite;
}

}  // namespace

Result<PageDirectory> PageDirectory::create(FrameAllocator& frames) {
    return PageDirectory(frames, TRY(frames.allocate_zeroed()), nullptr);
}

Result<PageDirectory> PageDirectory::create(FrameAllocator& frames, PageDirectory& kernel) {
    ASSERT(kernel.kernel_ == nullptr);
    ++kernel.sharers_;
    if (kernel.kept_count_ != 0) return PageDirectory(frames, kernel.take_kept(), &kernel);
    Result<OwnedFrame> zeroed = frames.allocate_zeroed();
    if (!zeroed.ok()) {
        --kernel.sharers_;
        return zeroed.error();
    }
    PageDirectory directory(frames, zeroed.take(), &kernel);
    constexpr std::uint32_t kKernelEntries = kEntriesPerTable - kFirstKernelIndex;
    memcpy(frame_words(directory.frame()) + kFirstKernelIndex,
           frame_words(kernel.frame()) + kFirstKernelIndex, kKernelEntries * sizeof(std::uint32_t));
    return directory;
}

PageDirectory::PageDirectory(FrameAllocator& frames, OwnedFrame directory, PageDirectory* kernel)
    : frames_(&frames), directory_(std::move(directory)), kernel_(kernel) {
    frames.table().set_state(directory_.number(), FrameState::PageDirectory);
}

PageDirectory::PageDirectory(PageDirectory&& other) noexcept
    : frames_(other.frames_),
      directory_(std::move(other.directory_)),
      kernel_(other.kernel_),
      tables_(other.tables_),
      user_tables_(other.user_tables_) {
    ASSERT(other.sharers_ == 0 && other.kept_count_ == 0);  // they point at it
}

PageDirectory::~PageDirectory() {
    if (is_moved_from()) return;
    ASSERT(sharers_ == 0);
    user_tables_.for_each([this](std::uint32_t index) { drop_table(index); });
    for (std::uint32_t i = kFirstKernelIndex; tables_ != PageCount(); ++i) {
        ASSERT(i < kEntriesPerTable && owns(i));
        const Pde pde = entries().get(i);
        ASSERT(!pde.is_large());
        if (pde.is_table()) drop_table(i);
    }
    if (kernel_ == nullptr) {
        drop_kept();
        return;
    }
    --kernel_->sharers_;
    kernel_->keep(std::move(directory_));
}

void PageDirectory::keep(OwnedFrame directory) {
    if (kept_count_ == kMostKept) return;
    ++kept_count_;
    const FrameNumber frame = directory.release();
    frames_->table().set_chain(frame, kept_);
    kept_ = frame;
}

OwnedFrame PageDirectory::take_kept() {
    const FrameNumber frame = kept_;
    kept_ = frames_->table().chain_next(frame);
    --kept_count_;
    return OwnedFrame::adopt(*frames_, frame);
}

void PageDirectory::drop_kept() {
    while (kept_count_ != 0)
        take_kept().reset();
}

std::optional<Translation> PageDirectory::translate(VirtAddr address) const {
    const PageNumber page = page_of(address);
    const Pte pte = entry(page);
    if (!pte.is_present()) return std::nullopt;
    const Pde pde = directory_entry(page);
    return Translation{pte.frame(), offset_in_page(address),
                       both_allow(pde.protection(), pte.protection()), pde.is_large()};
}

Pte PageDirectory::entry(PageNumber page) const {
    const Pde pde = directory_entry(page);
    if (pde.is_large()) return pde.piece(table_index(page));
    return pde.is_table() ? PageTable(pde.table()).get(table_index(page)) : Pte();
}

Result<void> PageDirectory::map(PageNumber page, Pte entry) {
    ASSERT(!entry.is_empty() && entry.is_well_formed());
    ASSERT(page >= kFirstUserPage && owns(directory_index(page)));
    if (!this->entry(page).is_empty()) return Error::AlreadyExists;
    const PageTable table =
        directory_entry(page).is_table() ? table_of(page) : TRY(make_table(directory_index(page)));
    put(table, table_index(page), entry);
    return {};
}

StalePage PageDirectory::replace(PageNumber page, Pte entry) {
    ASSERT(entry.is_well_formed());
    ASSERT(!this->entry(page).is_empty());
    return {page, put(table_of(page), table_index(page), entry)};
}

StalePage PageDirectory::unmap(PageNumber page) {
    if (entry(page).is_empty()) return {page, Pte()};
    return replace(page, Pte());
}

// There is one CPU, and it is here: between reading the entry and replacing it, nobody else stores
// to the page, so no accessed or dirty bit gets lost.
StalePage PageDirectory::protect(PageNumber page, Protection protection) {
    const Pte now = entry(page);
    ASSERT(now.is_present());
    return replace(page, now.with_protection(protection));
}

StalePage PageDirectory::clear_accessed(PageNumber page) {
    const Pte now = entry(page);
    ASSERT(now.is_present());
    return replace(page, now.without_accessed());
}

StalePage PageDirectory::clear_dirty(PageNumber page) {
    const Pte now = entry(page);
    ASSERT(now.is_present());
    return replace(page, now.without_dirty());
}

Result<void> PageDirectory::map_large(PageNumber first, Pde entry) {
    const std::uint32_t index = directory_index(first);
    ASSERT(table_index(first) == 0 && entry.is_large() && entry.is_well_formed());
    ASSERT(index != 0 && may_change_pde(index));  // the first 4 MiB hold the null page
    if (!entries().get(index).is_empty()) return Error::AlreadyExists;
    entries().set(index, entry);
    return {};
}

Pde PageDirectory::unmap_large(PageNumber first, FlushBatch& batch) {
    const std::uint32_t index = directory_index(first);
    ASSERT(table_index(first) == 0 && may_change_pde(index));
    const Pde before = entries().exchange(index, Pde());
    ASSERT(before.is_large());
    batch.add_large(before.is_global() ? Scope::Global : Scope::OneSpace);
    return before;
}

Result<void> PageDirectory::split(PageNumber page) {
    const std::uint32_t index = directory_index(page);
    const Pde large = entries().get(index);
    if (!large.is_large()) return {};
    ASSERT(may_change_pde(index));
    const PageTable table(TRY(frames_->take_frame()));
    set_up_table(table.frame(), index);
    count_table(index);
    for (std::uint32_t i = 0; i < kEntriesPerTable; ++i)
        table.set(i, large.piece(i));
    frames_->table().set_place(table.frame(), kEntriesPerTable);
    // Accessed, as the large entry may have been: the CPU may go on without looking here first.
    entries().set(index, Pde::for_table(table.frame(), widest_protection(index)).with_accessed());
    return {};
}

Result<void> PageDirectory::reserve_tables(PageRange range) {
    if (range.empty()) return {};
    const std::uint32_t first = directory_index(range.first);
    const std::uint32_t last = directory_index(range.end - PageCount(1));
    for (std::uint32_t i = first; i <= last; ++i) {
        if (!entries().get(i).is_empty()) return Error::AlreadyExists;
    }
    for (std::uint32_t i = first; i <= last; ++i) {
        const Result<PageTable> table = make_table(i);
        if (table.ok()) continue;
        while (i-- > first)
            drop_table(i);
        return table.error();
    }
    return {};
}

Result<PageTable> PageDirectory::ensure_table(PageNumber page) {
    const Pde pde = directory_entry(page);
    ASSERT(!pde.is_large());
    if (pde.is_table()) return PageTable(pde.table());
    return make_table(directory_index(page));
}

// The one loop of fork that runs for each 4 MiB, hence short.
std::uint32_t PageDirectory::share_tables(PageDirectory& parent, const TableSet& except) {
    ASSERT(tables_ == PageCount());
    const EntryTable<Pde> theirs = parent.entries();
    const EntryTable<Pde> ours = entries();
    FrameTable& records = frames_->table();
    user_tables_ = parent.user_tables_;
    user_tables_.remove(except);
    std::uint32_t count = 0;
    user_tables_.for_each([&](std::uint32_t index) {
        const Pde shared = theirs.get(index).without_write();
        records.add_reference_to_table(shared.table());
        theirs.set(index, shared);
        ours.set(index, shared);
        ++count;
    });
    tables_ = PageCount(count);
    return count;
}

Result<OwnedFrame> PageDirectory::new_table(PageNumber page) {
    OwnedFrame frame = TRY(frames_->allocate_zeroed());
    set_up_table(frame.number(), directory_index(page));
    return frame;
}

void PageDirectory::replace_shared_table(PageNumber page, OwnedFrame table) {
    const std::uint32_t index = directory_index(page);
    ASSERT(is_shared(page) && frames_->table().tag(table.number()) == index);
    const Pde fresh = Pde::for_table(table.release(), widest_protection(index)).with_accessed();
    frames_->drop_reference(entries().exchange(index, fresh).table());
}

void PageDirectory::move_table(PageNumber from, PageNumber to, FlushBatch& batch) {
    const std::uint32_t source = directory_index(from);
    const std::uint32_t target = directory_index(to);
    ASSERT(source < kFirstKernelIndex && target < kFirstKernelIndex);
    ASSERT(!is_shared(from) && entries().get(target).is_empty());
    const Pde pde = entries().exchange(source, Pde());
    entries().set(target, pde);
    uncount_table(source);
    count_table(target);
    frames_->table().set_tag(pde.table(), target);
    batch.add_everything();
}

void PageDirectory::allow_writes(PageNumber page) {
    ASSERT(!is_shared(page));
    const std::uint32_t index = directory_index(page);
    entries().set(index, entries().get(index).with_protection(widest_protection(index)));
}

void PageDirectory::retire_table(PageNumber page, FlushBatch& batch) {
    const std::uint32_t index = directory_index(page);
    ASSERT(index < kFirstKernelIndex);
    const bool shared = is_shared(page);
    const FrameNumber table = entries().exchange(index, Pde()).table();
    uncount_table(index);
    if (shared) {
        batch.add_everything();
        frames_->drop_reference(table);
    } else {
        ASSERT(used_entries(table) == 0);
        frames_->table().ring_remove(table);
        batch.retire(table);
    }
}

void PageDirectory::leave_shared_tables(FlushBatch& batch) {
    FrameTable& records = frames_->table();
    const EntryTable<Pde> ours = entries();
    PageCount left;
    user_tables_.for_each([&](std::uint32_t index) {
        const FrameNumber table = ours.get(index).table();
        if (records.references(table) == 1) return;
        records.drop_reference_to_table(table);
        ours.set(index, Pde());
        user_tables_.remove(index);
        ++left;
    });
    tables_ = tables_ - left;
    if (left != PageCount()) batch.add_everything();
}

PageCount PageDirectory::retire_empty_tables(PageRange range, FlushBatch& batch) {
    const std::uint32_t end = range.end.raw() / kEntriesPerTable;
    PageCount count;
    std::uint32_t i = user_tables_.next(divide_up(range.first.raw(), kEntriesPerTable));
    for (; i < end && i < kFirstKernelIndex; i = user_tables_.next(i + 1)) {
        if (used_entries(entries().get(i).table()) != 0) continue;
        retire_table(PageNumber(i * kEntriesPerTable), batch);
        ++count;
    }
    return count;
}

PageTable PageDirectory::table_of(PageNumber page) const {
    ASSERT(owns(directory_index(page)));
    return PageTable(directory_entry(page).table());
}

// No flush needed: the CPU did not cache the empty PDE.
Result<PageTable> PageDirectory::make_table(std::uint32_t index) {
    ASSERT(may_change_pde(index));
    OwnedFrame frame = TRY(frames_->allocate_zeroed());
    set_up_table(frame.number(), index);
    const PageTable table(frame.release());
    entries().set(index, Pde::for_table(table.frame(), widest_protection(index)));
    count_table(index);
    return table;
}

void PageDirectory::set_up_table(FrameNumber frame, std::uint32_t index) {
    FrameTable& records = frames_->table();
    records.set_state(frame, FrameState::PageTable);
    records.ring_alone(frame);
    records.set_tag(frame, index);
    records.set_place(frame, 0);
}

void PageDirectory::count_table(std::uint32_t index) {
    ++tables_;
    if (index < kFirstKernelIndex) user_tables_.add(index);
}

void PageDirectory::uncount_table(std::uint32_t index) {
    --tables_;
    if (index < kFirstKernelIndex) user_tables_.remove(index);
}

// Precondition: no CPU can have cached the PDE.
void PageDirectory::drop_table(std::uint32_t index) {
    const FrameNumber table = entries().exchange(index, Pde()).table();
    uncount_table(index);
    if (frames_->table().references(table) == 1) {
        ASSERT(used_entries(table) == 0);
        frames_->table().ring_remove(table);
    }
    frames_->drop_reference(table);
}

std::uint32_t PageDirectory::used_entries(FrameNumber table) const {
    return frames_->table().place(table);
}

Pte PageDirectory::put(PageTable table, std::uint32_t index, Pte entry) {
    ASSERT(frames_->table().references(table.frame()) == 1);
    return exchange_entry(frames_->table(), {table.frame(), index}, entry);
}

void PageDirectory::check_invariants() const {
    ASSERT(frames_->table().state(frame()) == FrameState::PageDirectory);
    PageCount found;
    for (std::uint32_t i = 0; i < kEntriesPerTable; ++i) {
        const Pde pde = entries().get(i);
        ASSERT(pde.is_well_formed());
        ASSERT(i >= kFirstKernelIndex || pde.is_table() == user_tables_.has(i));
        if (!owns(i)) {
            // The CPU sets accessed and dirty bits in each directory's own copy.
            const Pde kernels = kernel_->entries().get(i);
            ASSERT(pde.without_accessed().without_dirty() ==
                   kernels.without_accessed().without_dirty());
        } else if (pde.is_table()) {
            ++found;
            check_table(i, pde);
        }
    }
    ASSERT(found == tables_);
}

void PageDirectory::check_table(std::uint32_t index, Pde pde) const {
    const PageTable table(pde.table());
    const bool shared = frames_->table().references(table.frame()) > 1;
    ASSERT(pde.protection() == widest_protection(index) ||
           (index < kFirstKernelIndex && pde.protection() == Protection::UserReadOnly));
    ASSERT(!shared || !pde.is_writable());
    ASSERT(frames_->table().tag(table.frame()) == index);
    ASSERT(frames_->table().state(table.frame()) == FrameState::PageTable);
    ASSERT(used_entries(table.frame()) == table.used());
    for (std::uint32_t i = 0; i < index; ++i) {
        const Pde other = entries().get(i);
        ASSERT(!other.is_table() || other.table() != table.frame());
    }
    for (std::uint32_t i = 0; i < kEntriesPerTable; ++i) {
        const Pte pte = table.get(i);
        ASSERT(pte.is_well_formed());
        ASSERT(index < kFirstKernelIndex || !pte.is_present() || !pte.is_user());
    }
}

}  // namespace quire::mm
