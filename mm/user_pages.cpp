#include "mm/user_pages.h"

#include <bit>
#include <utility>

#include "mm/frame_allocator.h"

namespace quire::mm {

namespace {

constexpr PageRange kUserHalf{kFirstUserPage, kFirstKernelPage};

PageNumber first_page_of_table(std::uint32_t index) {
    return PageNumber(index * kEntriesPerTable);
}
PageRange table_around(PageNumber page) {
    return PageRange::of(first_page_of_table(directory_index(page)), PageCount(kEntriesPerTable));
}

}  // namespace

Result<UserPages> UserPages::create(UserMemory& memory) {
    return UserPages(memory, TRY(PageDirectory::create(memory.frames(), memory.kernel())));
}

UserPages::UserPages(UserMemory& memory, PageDirectory directory)
    : memory_(&memory), directory_(std::move(directory)) {}

Result<void> UserPages::own_table(PageNumber page, FlushBatch& batch) {
    switch (table_use(page)) {
    case TableUse::Own:
        return {};
    case TableUse::None:
        TRY(directory_.ensure_table(page));
        return {};
    case TableUse::Last:
        directory_.allow_writes(page);
        ++memory_->statistics().tables_taken_over;
        return {};
    case TableUse::Shared:
        break;
    }
    return unshare(page, batch);
}

Result<void> UserPages::own_tables(PageRange range, FlushBatch& batch) {
    for (PageNumber page = range.first; page < range.end; page = table_around(page).end) {
        page = directory_.next_with_table(page);
        if (page < range.end) TRY(own_table(page, batch));
    }
    return {};
}

Result<void> UserPages::own_edges(PageRange range, FlushBatch& batch) {
    if (range.empty()) return {};
    for (PageNumber page : {range.first, range.end - PageCount(1)}) {
        const bool whole = range.contains(table_around(page));
        if (!whole && table_use(page) == TableUse::Shared) TRY(unshare(page, batch));
    }
    return {};
}

// No write permission is left to flush: while the table was shared, its PDE was read-only in every
// directory, and fork flushed what was there before. What the CPU may hold is the PDE itself, and
// any INVLPG makes it forget that (SDM 3A 4.10.4.1).
Result<void> UserPages::unshare(PageNumber page, FlushBatch& batch) {
    OwnedFrame fresh = TRY(directory_.new_table(page));
    const FrameNumber old = directory_.directory_entry(page).table();
    memory_->records().ring_insert_before(old, fresh.number());
    copy_entries(old, fresh.number(), 0, kEntriesPerTable);
    directory_.replace_shared_table(page, std::move(fresh));
    batch.add(page, Scope::OneSpace);
    ++memory_->statistics().tables_copied;
    return {};
}

// Both tables keep the page, so a private one becomes read-only in both. Says whether any did.
bool UserPages::copy_entries(FrameNumber from, FrameNumber to, std::uint32_t first,
                             std::uint32_t end) {
    MappedPages& pages = memory_->pages();
    std::uint32_t used = 0;
    bool narrowed = false;
    for (std::uint32_t i = first; i < end; ++i) {
        const Pte original = PageTable(from).get(i);
        const Pte copy = pages.copied(original);
        PageTable(to).set(i, copy);
        if (copy.is_empty()) continue;
        ++used;
        if (!copy.is_resident() || copy.is_writable() || !original.is_writable()) continue;
        PageTable(from).set(i, original.without_write());
        narrowed = true;
    }
    FrameTable& records = memory_->records();
    records.set_place(to, records.place(to) + used);
    return narrowed;
}

Pte UserPages::put(PageNumber page, Pte entry, FlushBatch& batch) {
    const Pte before = exchange_entry(memory_->records(), location(page), entry);
    if (before.is_present()) batch.add(page, Scope::OneSpace);
    return before;
}

void UserPages::clear(PageRange range, FlushBatch& batch) {
    for (PageNumber page = directory_.next_with_table(range.first); page < range.end;) {
        const PageRange table = table_around(page);
        const PageNumber end = range.end < table.end ? range.end : table.end;
        if (!directory_.is_shared(page)) {
            clear_in_table({page, end}, batch);
        } else if (range.contains(table)) {
            directory_.retire_table(page, batch);
        }
        if (end == range.end) return;
        page = directory_.next_with_table(end);
    }
}

// What others use, too, is left to them. The rest is looked for where regions are: a table has room
// for 1,024 entries, and a stack uses some 30 of them.
void UserPages::clear_all(RegionMap& regions, FlushBatch& batch) {
    directory_.leave_shared_tables(batch);
    for (Region* region = regions.first(); region != nullptr && directory_.tables() != PageCount();
         region = regions.next(*region))
        clear(region->range(), batch);
}

// The count of entries in use ends the walk early; it is brought up to date at the end. Plain pages
// go many at a time, between them the others one by one.
void UserPages::clear_in_table(PageRange range, FlushBatch& batch) {
    const PageNumber first = range.first;
    const PageTable table(location(first).table);
    FrameTable& records = memory_->records();
    MappedPages& pages = memory_->pages();
    std::uint32_t left = records.place(table.frame());
    FrameBuffer plain;
    while (!range.empty() && left != 0) {
        plain.start(left);
        range.first = pages.take_plain(table, range, plain, batch);
        pages.remove_plain(plain, batch);
        left -= plain.count();
        if (range.empty() || plain.full()) continue;
        const PteLocation at{table.frame(), table_index(range.first)};
        const Pte before = table.exchange(at.index, Pte());
        if (before.is_present()) batch.add(range.first, Scope::OneSpace);
        pages.remove(at, before, batch);
        --left;
        ++range.first;
    }
    records.set_place(table.frame(), left);
    if (left == 0) directory_.retire_table(first, batch);
}

Result<void> UserPages::fork_from(UserPages& parent, RegionMap& regions, const TableSet& copied,
                                  FlushBatch& batch) {
    const std::uint32_t shared = directory_.share_tables(parent.directory_, copied);
    memory_->statistics().tables_shared += shared;
    if (shared != 0) batch.add_everything();
    if (copied.empty()) return {};
    for (Region* region = regions.first(); region != nullptr; region = regions.next(*region)) {
        if (!region->traits().dont_fork) TRY(copy_region(parent, *region, copied, batch));
    }
    return {};
}

// Copies the entries of `region` in those of its page tables that are in `tables`.
Result<void> UserPages::copy_region(UserPages& parent, Region& region, const TableSet& tables,
                                    FlushBatch& batch) {
    const PageRange range = region.range();
    for (PageNumber page = range.first; page < range.end;) {
        const PageNumber table_end = table_around(page).end;
        const PageNumber end = range.end < table_end ? range.end : table_end;
        if (tables.has(directory_index(page)) && parent.table_use(page) != TableUse::None) {
            TRY(copy_range(parent, {page, end}, batch));
        }
        page = end;
    }
    return {};
}

// Precondition: `range` lies under one page table, and nothing is mapped there yet.
Result<void> UserPages::copy_range(UserPages& parent, PageRange range, FlushBatch& batch) {
    const FrameNumber from = parent.location(range.first).table;
    if (table_use(range.first) == TableUse::None) {
        const PageTable fresh = TRY(directory_.ensure_table(range.first));
        memory_->records().ring_insert_before(from, fresh.frame());
        ++memory_->statistics().tables_copied;
    }
    const std::uint32_t first = table_index(range.first);
    if (copy_entries(from, location(range.first).table, first, first + range.count().raw())) {
        batch.add_everything();
    }
    return {};
}

void UserPages::settle(FlushBatch& batch) {
    if (memory_->is_loaded(directory_.frame())) {
        batch.flush();
    } else {
        batch.not_loaded();
    }
}

void UserPages::check_invariants() const {
    directory_.check_invariants();
    for_each(kUserHalf, [this](PageNumber, PteLocation, Pte pte) {
        ASSERT(!pte.is_locked() || pte.is_resident());
        if (!pte.is_resident()) return;
        const MappedPages& pages = memory_->pages();
        ASSERT(pte.is_user() && !pte.is_global());
        if (pages.is_zero(pte)) {
            ASSERT(!pte.is_writable());
        } else if (memory_->records().state(pte.frame()) == FrameState::Private) {
            const bool only = pages.mappings(pte.frame()) == 1;
            ASSERT(!pte.is_writable() || (only && pages.swap_copy(pte.frame()) == SwapSlot()));
        } else {
            ASSERT(memory_->records().state(pte.frame()) == FrameState::Object);
        }
    });
}

}  // namespace quire::mm
