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

UserPages::UserPages(UserMemory& memory, PageDirectory&& directory)
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

bool UserPages::is_shared_edge(PageNumber page, PageRange range) const {
    return table_use(page) == TableUse::Shared && !range.contains(table_around(page));
}

PageCount UserPages::tables_to_copy(PageRange range) const {
    PageCount tables;
    const PageNumber last = range.end - PageCount(1);
    if (is_shared_edge(range.first, range)) ++tables;
    if (directory_index(last) != directory_index(range.first) && is_shared_edge(last, range))
        ++tables;
    return tables;
}

Result<void> UserPages::own_edges(PageRange range, FlushBatch& batch) {
    if (range.empty()) return {};
    for (PageNumber page : {range.first, range.end - PageCount(1)})
        if (is_shared_edge(page, range)) TRY(unshare(page, batch));
    return {};
}

// No write permission is left to flush: while the table was shared, its PDE was read-only in every
// directory, and fork flushed what was there before. What the CPU may hold is the PDE itself, and
// any INVLPG makes it forget that (SDM 3A 4.10.4.1).
Result<void> UserPages::unshare(PageNumber page, FlushBatch& batch) {
    OwnedFrame fresh = TRY(directory_.new_table(page));
    const FrameNumber old = directory_.directory_entry(page).table();
    memory_->records().ring_insert_before(old, fresh.number());
    copy_entries(PageTable(old), PageTable(fresh.number()), 0, kEntriesPerTable);
    directory_.replace_shared_table(page, std::move(fresh));
    batch.add(page, Scope::OneSpace);
    ++memory_->statistics().tables_copied;
    return {};
}

// Most tables hold a few entries among many empty ones, which `to` has already.
void UserPages::copy_entries(PageTable from, PageTable to, std::uint32_t first, std::uint32_t end) {
    MappedPages& pages = memory_->pages();
    std::uint32_t used = 0;
    for (std::uint32_t i = from.next_used(first, end); i < end; i = from.next_used(i, end)) {
        const std::uint32_t run = pages.copy_private(from, to, i, end);
        used += run;
        i += run;
        if (run != 0) continue;
        const Pte copy = pages.copied(from.get(i));
        to.set(i++, copy);
        if (!copy.is_empty()) ++used;
    }
    FrameTable& records = memory_->records();
    records.set_place(to.frame(), records.place(to.frame()) + used);
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
            if (clear_entries({page, end}, batch)) directory_.retire_table(page, batch);
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
bool UserPages::clear_entries(PageRange range, FlushBatch& batch) {
    const PageTable table(location(range.first).table);
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
    return left == 0;
}

void UserPages::retire_empty_table(PageNumber page, FlushBatch& batch) {
    const TableUse use = table_use(page);
    if (use == TableUse::None || use == TableUse::Shared) return;
    if (memory_->records().place(location(page).table) == 0) directory_.retire_table(page, batch);
}

// There is one CPU, and it is here: no accessed or dirty bit comes between reading and storing.
void UserPages::move_entries(PageRange from, PageNumber to, FlushBatch& batch) {
    const PageTable source(location(from.first).table);
    const PageTable target(location(to).table);
    const std::uint32_t first = table_index(from.first);
    const std::uint32_t end = first + from.count().raw();
    std::uint32_t moved = 0;
    for (std::uint32_t i = source.next_used(first, end); i < end; i = source.next_used(i, end)) {
        const PteLocation goal{target.frame(), table_index(to) + (i - first)};
        std::uint32_t run = memory_->pages().move_private({source.frame(), i}, goal, end - i);
        if (run == 0) {
            target.set(goal.index, source.exchange(i, Pte()));
            run = 1;
        }
        batch.add_pages(PageRange::of(from.first + PageCount(i - first), PageCount(run)));
        moved += run;
        i += run;
    }
    FrameTable& records = memory_->records();
    records.set_place(source.frame(), records.place(source.frame()) - moved);
    records.set_place(target.frame(), records.place(target.frame()) + moved);
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
    const PageTable to(location(range.first).table);
    copy_entries(PageTable(from), to, first, first + range.count().raw());
    batch.add_everything();
    return {};
}

void UserPages::settle(FlushBatch& batch) {
    if (batch.is_empty()) return;
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
