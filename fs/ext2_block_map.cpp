#include "fs/ext2_block_map.h"

#include "kernel/base/log.h"

namespace quire::fs::ext2 {

namespace {

constexpr std::uint32_t kMostTables = 3;

}  // namespace

// --- Looking ---

Result<BlockMap::Way> BlockMap::way_to(FileBlock at) const {
    Way way;
    way.place = at.raw();
    if (way.place < kDirectPointers) {
        way.index[0] = way.place;
        return way;
    }
    way.place -= kDirectPointers;
    for (way.tables = 1; way.tables <= kMostTables; ++way.tables) {
        if (way.place >= span(way.tables)) {
            way.place -= span(way.tables);
            continue;
        }
        way.index[0] = kDirectPointers - 1 + way.tables;
        for (std::uint32_t i = 1; i <= way.tables; ++i)
            way.index[i] = way.place >> (way.tables - i) * table_shift() & (span(1) - 1);
        return way;
    }
    return Error::FileTooBig;
}

Result<BlockMap::Pointers> BlockMap::open_table(std::uint32_t pointer) {
    TRY(allocator_.groups().check_data(inode_.number(), {DiskBlock(pointer), 1}));
    Block block = TRY(allocator_.cache().get(pointer));
    auto* first = block.at<std::uint32_t>(0);
    return Pointers{std::move(block), first, span(1)};
}

Result<BlockRun> BlockMap::find(FileBlock at, std::uint32_t most) {
    const Way way = TRY(way_to(at));
    Pointers pointers = top();
    for (std::uint32_t i = 0; i < way.tables; ++i) {
        const std::uint32_t pointer = pointers.first[way.index[i]];
        if (pointer == 0) {
            const std::uint32_t reach = span(way.tables - i);
            const std::uint32_t left = reach - (way.place & (reach - 1));
            return BlockRun{DiskBlock(), left < most ? left : most};
        }
        pointers = TRY(open_table(pointer));
    }
    const std::uint32_t* here = pointers.first + way.last();
    const std::uint32_t left = pointers.count - way.last();
    BlockRun run{DiskBlock(*here), 1};
    const std::uint32_t step = run.is_hole() ? 0 : 1;
    while (run.count < most && run.count < left && here[run.count] == *here + run.count * step)
        ++run.count;
    if (!run.is_hole()) TRY(allocator_.groups().check_data(inode_.number(), run));
    return run;
}

// --- Adding ---

// Behind what the pointer before it shows: a table lies between the blocks it is read with.
DiskBlock BlockMap::goal_for_table(const Pointers& pointers, std::uint32_t index) const {
    if (index != 0 && pointers.first[index - 1] != 0)
        return DiskBlock(pointers.first[index - 1] + 1);
    if (pointers.table.valid()) return DiskBlock(pointers.table.number() + 1);
    const Geometry& geometry = allocator_.geometry();
    return geometry.first_block_of(geometry.group_of(inode_.number()));
}

void BlockMap::count_blocks(std::uint32_t added) {
    inode_->sectors += added * allocator_.geometry().sectors_per_block();
    inode_.set_dirty();
}

// The holder is changed first, then the inode behind it. Takes its change back if that order cannot
// be had.
Result<void> BlockMap::set(Pointers& pointers, std::uint32_t index, BlockRun run) {
    for (std::uint32_t i = 0; i < run.count; ++i)
        pointers.first[index + i] = run.first.raw() + i;
    if (pointers.table.valid()) {
        pointers.table.set_dirty();
        const Result<void> ordered =
            allocator_.cache().write_before(pointers.table, inode_.block());
        if (!ordered.ok()) {
            for (std::uint32_t i = 0; i < run.count; ++i)
                pointers.first[index + i] = 0;
            pointers.table.set_dirty();
            return ordered;
        }
    }
    count_blocks(run.count);
    return {};
}

Result<BlockMap::Pointers> BlockMap::add_table(Pointers& pointers, std::uint32_t index) {
    BlockCache& cache = allocator_.cache();
    const BlockRun run = TRY(allocator_.allocate_blocks(goal_for_table(pointers, index), 1));
    Result<Block> block = cache.get_new(run.first.raw());
    Result<void> answer;
    if (!block.ok()) answer = block.error();
    if (answer.ok()) answer = cache.write_before(block.value(), holder(pointers));
    if (answer.ok()) answer = set(pointers, index, run);
    if (!answer.ok()) {
        allocator_.free_later(run);  // later, as it is dirty in the cache
        return answer.error();
    }
    auto* first = block.value().at<std::uint32_t>(0);
    return Pointers{block.take(), first, span(1)};
}

Result<BlockMap::Pointers> BlockMap::make_tables(const Way& way) {
    Pointers pointers = top();
    for (std::uint32_t i = 0; i < way.tables; ++i) {
        const std::uint32_t pointer = pointers.first[way.index[i]];
        pointers = TRY(pointer == 0 ? add_table(pointers, way.index[i]) : open_table(pointer));
    }
    return pointers;
}

Result<std::uint32_t> BlockMap::make_way(FileBlock at) {
    const Way way = TRY(way_to(at));
    const Pointers pointers = TRY(make_tables(way));
    return pointers.count - way.last();
}

Result<void> BlockMap::point(FileBlock at, BlockRun& run, const Block* fresh) {
    while (run.count != 0) {
        const Way way = TRY(way_to(at));
        Pointers pointers = TRY(make_tables(way));
        BlockRun part{run.first, pointers.count - way.last()};
        if (part.count > run.count) part.count = run.count;
        for (std::uint32_t i = 0; i < part.count; ++i)
            if (pointers.first[way.last() + i] != 0)
                return allocator_.volume().corrupted(inode_.number(), part.first,
                                                     "a table that is in its map twice");
        if (fresh != nullptr) TRY(allocator_.cache().write_before(*fresh, holder(pointers)));
        TRY(set(pointers, way.last(), part));
        at += part.count;
        run = {run.first + part.count, run.count - part.count};
    }
    return {};
}

// --- Cutting ---

// Recursion goes down the tables: three deep at most.
void BlockMap::cut(FileBlock from) {
    freed_ = 0;
    for (std::uint32_t index = 0; index < kDirectPointers; ++index)
        if (index >= from.raw()) cut_top(index, 0, 0);
    std::uint64_t base = kDirectPointers;
    for (std::uint32_t tables = 1; tables <= kMostTables; ++tables) {
        const std::uint32_t index = kDirectPointers - 1 + tables;
        const std::uint64_t end = base + span(tables);
        if (from.raw() < end)
            cut_top(index, tables,
                    from.raw() <= base ? 0 : static_cast<std::uint32_t>(from.raw() - base));
        base = end;
    }
}

// Cuts what a pointer of the inode reaches, from its block number `from` on.
void BlockMap::cut_top(std::uint32_t index, std::uint32_t tables, std::uint32_t from) {
    const std::uint32_t pointer = inode_->pointers[index];
    if (pointer == 0) return;
    if (from == 0) {
        inode_->pointers[index] = 0;
        inode_.set_dirty();
        free_tree(pointer, tables);
        return;
    }
    Result<Pointers> table = open_table(pointer);
    if (table.ok()) {
        cut_table(table.value(), tables, from);
    } else {
        allocator_.volume().note_damage();
    }
}

void BlockMap::cut_table(Pointers& table, std::uint32_t tables, std::uint32_t from) {
    const std::uint32_t reach = span(tables - 1);
    std::uint32_t index = from >> (tables - 1) * table_shift();
    const std::uint32_t inner = from & (reach - 1);
    if (inner != 0) {
        if (table.first[index] != 0) {
            Result<Pointers> child = open_table(table.first[index]);
            if (child.ok()) cut_table(child.value(), tables - 1, inner);
        }
        ++index;
    }
    free_pointers(table, index, tables);
    // The inode changes too: who syncs it has the table on the disk. Without that order a power
    // cut leaves blocks past the end, which e2fsck takes care of.
    (void)allocator_.cache().write_before(table.table, inode_.block());
}

// Pointers go first, then what they show: it may be on its way to be free before the last of them.
void BlockMap::free_pointers(Pointers& table, std::uint32_t from, std::uint32_t tables) {
    BlockRun run;
    for (std::uint32_t i = from; i < table.count && !freed_too_many(); ++i) {
        const std::uint32_t pointer = table.first[i];
        if (pointer == 0) continue;
        table.first[i] = 0;
        table.table.set_dirty();
        if (tables > 1) {
            free_tree(pointer, tables - 1);
        } else if (run.count != 0 && run.end().raw() == pointer) {
            ++run.count;
        } else {
            give_back(run);
            run = {DiskBlock(pointer), 1};
        }
    }
    give_back(run);
}

// Nothing points to the tree any more.
void BlockMap::free_tree(std::uint32_t pointer, std::uint32_t tables) {
    if (tables != 0) {
        Result<Pointers> table = open_table(pointer);
        if (!table.ok()) {
            log(LogLevel::Error, "ext2", "%s: inode %u: what table %u points to is lost",
                allocator_.volume().name(), static_cast<unsigned>(inode_.number().raw()),
                static_cast<unsigned>(pointer));
            allocator_.volume().note_damage();
            return;
        }
        BlockRun run;
        for (std::uint32_t i = 0; i < table.value().count && !freed_too_many(); ++i) {
            const std::uint32_t child = table.value().first[i];
            if (child == 0) continue;
            if (tables > 1) {
                free_tree(child, tables - 1);
            } else if (run.count != 0 && run.end().raw() == child) {
                ++run.count;
            } else {
                give_back(run);
                run = {DiskBlock(child), 1};
            }
        }
        give_back(run);
    }
    give_back({DiskBlock(pointer), 1});
}

void BlockMap::give_back(BlockRun run) {
    if (run.count == 0 || freed_too_many()) return;
    if (!allocator_.groups().check_data(inode_.number(), run).ok()) return;
    freed_ += run.count;
    if (freed_too_many()) {
        (void)allocator_.volume().corrupted(inode_.number(), run.first,
                                            "it has more blocks than the disk");
        return;
    }
    const std::uint32_t sectors = run.count * allocator_.geometry().sectors_per_block();
    inode_->sectors = inode_->sectors > sectors ? inode_->sectors - sectors : 0;
    inode_.set_dirty();
    allocator_.free_later(run);
}

}  // namespace quire::fs::ext2
