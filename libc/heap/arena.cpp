#include "libc/heap/arena.h"

#include "kernel/base/align.h"
#include "kernel/base/assert.h"
#include "libc/string.h"

namespace quire::heap {
namespace {

/// The top is trimmed when it is larger than this part of the arena, too.
constexpr std::size_t kTrimFraction = 16;
/// How much more than needed is asked of the source at once: this part of the arena.
constexpr std::size_t kExtendFraction = 256;

}  // namespace

Block* Arena::allocate(std::size_t size) {
    Block* block = bins_.find(size);
    if (block == nullptr) return allocate_at_end(size);
    const std::size_t have = block->size();
    bins_.remove(block);
    if (have - size < kMinimumBlock) {
        used_ += have;
        block->set_used();
        block->after(have)->set_previous_used();
        return block;
    }
    used_ += size;
    block->set_head(size | Block::kPreviousUsed | Block::kUsed);
    Block* rest = block->after(size);
    rest->set_free(have - size);
    bins_.insert(rest, have - size);
    return block;
}

Block* Arena::allocate_at_end(std::size_t size) {
    if (top_ == nullptr && !start()) return nullptr;
    if (!reserve_top(size)) return nullptr;
    return carve_top(size);
}

// Makes the top large enough for carve_top(size). Where it lies may change: extend() may fence.
bool Arena::reserve_top(std::size_t size) {
    return top_size() >= size + kAlignment || extend(size + kAlignment);
}

// Precondition: the top has `size` bytes and a header more.
Block* Arena::carve_top(std::size_t size) {
    Block* block = top_;
    block->set_head(size | Block::kPreviousUsed | Block::kUsed);
    used_ += size;
    top_ = block->after(size);
    top_->set_head(Block::kPreviousUsed);
    std::byte* untouched = reinterpret_cast<std::byte*>(top_ + 1);
    if (untouched > fresh_) fresh_ = untouched;
    return block;
}

void Arena::deallocate(Block* block) {
    std::size_t size = block->size();
    Block* next = block->after(size);
    used_ -= size;
    block->clear_used();
    if (!block->previous_used()) {
        const std::size_t below = block->previous_size();
        block = block->previous();
        bins_.remove(block);
        size += below;
    }
    if (next == top_) {
        join_top(block);
        return;
    }
    if (!next->is_free()) {
        next->clear_previous_used();
    } else {
        const std::size_t above = next->size();
        bins_.remove(next);
        size += above;
    }
    block->set_free(size);
    bins_.insert(block, size);
}

// Moves the start of the top down to `block`, which has left its list.
void Arena::join_top(Block* block) {
    top_ = block;
    block->set_head(Block::kPreviousUsed);
    if (reinterpret_cast<std::byte*>(block) < trim_below_) trim(0);
}

bool Arena::grow(Block* block, std::size_t size) {
    const std::size_t have = block->size();
    Block* next = block->after(have);
    if (next == top_ && !reserve_top(size - have)) return false;
    if (next == top_) {
        carve_top(size - have);
        block->set_head(size | (block->head() & Block::kFlags));
        return true;
    }
    if (!next->is_free() || have + next->size() < size) return false;
    const std::size_t together = have + next->size();
    bins_.remove(next);
    used_ += next->size();
    block->set_head(together | (block->head() & Block::kFlags));
    block->after(together)->set_previous_used();
    shrink(block, size);
    return true;
}

Block* Arena::grow_down(Block* block, std::size_t size) {
    if (block->previous_used()) return nullptr;
    const std::size_t have = block->size();
    const std::size_t below = block->previous_size();
    Block* next = block->next();
    const std::size_t above = next == top_ || !next->is_free() ? 0 : next->size();
    if (below + have + above < size) return nullptr;
    Block* target = block->previous();
    bins_.remove(target);
    if (above != 0) bins_.remove(next);
    used_ += below + above;
    const std::size_t flags = block->head() & Block::kMoved;
    memmove(target->payload(), block->payload(), have - kWord);
    target->set_head((below + have + above) | flags | Block::kPreviousUsed | Block::kUsed);
    target->next()->set_previous_used();
    shrink(target, size);
    return target;
}

void Arena::shrink(Block* block, std::size_t size) {
    const std::size_t have = block->size();
    if (have - size < kMinimumBlock) return;
    Block* rest = block->after(size);
    rest->set_head((have - size) | Block::kPreviousUsed | Block::kUsed);
    block->set_head(size | (block->head() & Block::kFlags));
    deallocate(rest);
}

// The first page: asks where the arena is.
bool Arena::start() {
    const std::size_t page = source_.page_size();
    std::byte* pages = static_cast<std::byte*>(source_.extend(page));
    if (pages == nullptr) return false;
    base_ = pages;
    extent_ = page;
    top_ = first();
    top_->set_head(Block::kPreviousUsed);
    fresh_ = reinterpret_cast<std::byte*>(top_ + 1);
    limits_changed();
    return true;
}

// Makes the top at least `size` large.
bool Arena::extend(std::size_t size) {
    const std::size_t page = source_.page_size();
    while (top_size() < size) {
        const std::size_t missing = align_up(size - top_size(), page);
        const std::size_t part = extent_ / kExtendFraction;
        const std::size_t ahead = align_down(part > ahead_ ? part : ahead_, page);
        std::size_t bytes = missing + ahead;
        auto* pages = static_cast<std::byte*>(source_.extend(bytes));
        if (pages == nullptr && ahead != 0) {
            bytes = missing;
            pages = static_cast<std::byte*>(source_.extend(bytes));
        }
        if (pages == nullptr) return false;
        if (pages != base_ + extent_) fence(pages);
        extent_ = distance(base_, pages) + bytes;
        limits_changed();
    }
    return true;
}

// The arena goes on at `pages`. What lies between belongs to somebody else and becomes a fence:
//
//      | old top, free now | fence: header | somebody else's ... | header of the new top ...
//                                          end of the arena      pages
void Arena::fence(std::byte* pages) {
    std::size_t rest = top_size() - kAlignment;
    Block* block = top_;
    Block* gap = block->after(rest);
    if (rest < kMinimumBlock) {
        gap = block;
        rest = 0;
    }
    const std::size_t size = distance(gap, pages + kWord);
    gap->set_head(size | Block::kMoved | (rest == 0 ? Block::kPreviousUsed : 0));
    used_ += size;
    if (rest != 0) {
        block->set_free(rest);
        bins_.insert(block, rest);
    }
    top_ = gap->after(size);
    top_->set_head(Block::kPreviousUsed);
    fresh_ = reinterpret_cast<std::byte*>(top_ + 1);
}

std::size_t Arena::trim(std::size_t keep) {
    if (top_ == nullptr || top_size() < keep + kAlignment) return 0;
    const std::size_t bytes = align_down(top_size() - kAlignment - keep, source_.page_size());
    if (bytes == 0 || !source_.can_shrink()) return 0;
    extent_ -= bytes;
    source_.shrink(bytes);
    if (fresh_ > base_ + extent_) fresh_ = base_ + extent_;
    limits_changed();
    return bytes;
}

void Arena::limits_changed() {
    const std::size_t part = extent_ / kTrimFraction;
    const std::size_t threshold = part > trim_from_ ? part : trim_from_;
    trim_below_ = extent_ > threshold ? base_ + (extent_ - threshold) : base_;
}

void Arena::check_invariants() {
    if (top_ == nullptr) return;
    std::size_t free_blocks = 0;
    std::size_t used = 0;
    bool previous_used = true;
    Block* block = first();
    for (; block != top_; block = block->next()) {
        ASSERT(distance(block, top_) < extent_);
        ASSERT(block->size() >= kMinimumBlock);
        ASSERT(block->previous_used() == previous_used);
        previous_used = !block->is_free();
        if (previous_used) {
            used += block->size();
            continue;
        }
        ++free_blocks;
        ASSERT(block->previous_used());
        ASSERT(block->next()->previous_size() == block->size());
    }
    ASSERT(used == used_);
    ASSERT(previous_used && top_->previous_used());
    ASSERT(top_size() >= kAlignment && top_size() <= extent_);
    ASSERT(fresh_ >= reinterpret_cast<std::byte*>(top_ + 1) && fresh_ <= base_ + extent_);
    const std::size_t listed = bins_.check_invariants([](Block* one) { ASSERT(one->is_free()); });
    ASSERT(listed == free_blocks);
}

}  // namespace quire::heap
