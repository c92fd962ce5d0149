#include "mm/page_directory.h"

#include <bit>
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
    PageDirectory directory(frames, TRY(frames.allocate_zeroed()), &kernel);
    constexpr std::uint32_t kKernelEntries = kEntriesPerTable - kFirstKernelIndex;
    memcpy(frame_words(directory.frame()) + kFirstKernelIndex,
           frame_words(kernel.frame()) + kFirstKernelIndex, kKernelEntries * sizeof(std::uint32_t));
    ++kernel.sharers_;
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
      tables_(other.tables_) {
    ASSERT(other.sharers_ == 0);  // they point at it
}

PageDirectory::~PageDirectory() {
    if (is_moved_from()) return;
    ASSERT(sharers_ == 0);
    for (std::uint32_t i = 0; tables_ != PageCount(); ++i) {
        ASSERT(i < kEntriesPerTable && owns(i));
        const Pde pde = entries().get(i);
        ASSERT(!pde.is_large());
        if (pde.is_table()) drop_table(i);
    }
    if (kernel_ != nullptr) --kernel_->sharers_;
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
    ++tables_;
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
[[gnu::noinline]] void PageDirectory::share_group(EntryTable<Pde> theirs, std::uint32_t first) {
    const EntryTable<Pde> ours = entries();
    FrameTable& records = frames_->table();
    for (std::uint32_t i = first; i < first + TableSet::kInGroup; ++i) {
        const Pde pde = theirs.get(i);
        if (!pde.is_present()) continue;
        records.add_reference_to_table(pde.table());
        theirs.set(i, pde.without_write());
        ours.set(i, pde.without_write());
    }
}

std::uint32_t PageDirectory::share_tables(PageDirectory& parent, const TableSet& except) {
    ASSERT(tables_ == PageCount());
    const EntryTable<Pde> theirs = parent.entries();
    std::uint32_t left_out = 0;
    for (std::uint32_t group = 0; group < TableSet::kGroups; ++group) {
        const std::uint32_t first = group * TableSet::kInGroup;
        share_group(theirs, first);
        for (std::uint32_t bits = except.group(group); bits != 0; bits &= bits - 1) {
            const std::uint32_t index = first + static_cast<std::uint32_t>(std::countr_zero(bits));
            if (take_back(parent, index)) ++left_out;
        }
    }
    tables_ = parent.tables_ - PageCount(left_out);
    return tables_.raw();
}

// Undoes share_group() for one table, if there is one. True for one that there is.
bool PageDirectory::take_back(PageDirectory& parent, std::uint32_t index) {
    const Pde pde = entries().exchange(index, Pde());
    if (!pde.is_present()) return false;
    frames_->drop_reference(pde.table());
    if (frames_->table().references(pde.table()) == 1) {
        parent.entries().set(index, pde.with_protection(widest_protection(index)));
    }
    return true;
}

PageNumber PageDirectory::next_with_table(PageNumber page) const {
    const EntryTable<Pde> table = entries();
    std::uint32_t i = directory_index(page);
    if (i >= kFirstKernelIndex || table.get(i).is_present()) return page;
    while (++i < kFirstKernelIndex && !table.get(i).is_present()) {
    }
    return PageNumber(i * kEntriesPerTable);
}

Result<OwnedFrame> PageDirectory::new_table(PageNumber page) {
    OwnedFrame frame = TRY(frames_->allocate());
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
    --tables_;
    if (shared) {
        batch.add_everything();
        frames_->drop_reference(table);
    } else {
        ASSERT(used_entries(table) == 0);
        frames_->table().ring_remove(table);
        batch.retire(table);
    }
}

PageCount PageDirectory::retire_empty_tables(PageRange range, FlushBatch& batch) {
    const std::uint32_t first = divide_up(range.first.raw(), kEntriesPerTable);
    const std::uint32_t end = range.end.raw() / kEntriesPerTable;
    PageCount count;
    for (std::uint32_t i = first; i < end && i < kFirstKernelIndex; ++i) {
        const Pde pde = entries().get(i);
        if (!pde.is_table() || used_entries(pde.table()) != 0) continue;
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
    ++tables_;
    return table;
}

void PageDirectory::set_up_table(FrameNumber frame, std::uint32_t index) {
    FrameTable& records = frames_->table();
    records.set_state(frame, FrameState::PageTable);
    records.ring_alone(frame);
    records.set_tag(frame, index);
    records.set_place(frame, 0);
}

// Precondition: no CPU can have cached the PDE.
void PageDirectory::drop_table(std::uint32_t index) {
    const FrameNumber table = entries().exchange(index, Pde()).table();
    --tables_;
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
