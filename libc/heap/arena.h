// The arena: one range of pages cut into blocks, close to best fit, neighbours joined as soon as
// they are free.
//
//      base                                                        top            end
//      | used | used | free | used | free | used | used ...| used | what is left  |
//
// The last block, the top, belongs to no list. It shrinks when nothing else fits, takes in a free
// neighbour below, grows by pages from the source, and gives pages back when it is large beside
// the arena. It is never smaller than one header, which ends every walk.
// Where somebody else has moved the break in between, what is theirs stays in the arena as one
// block in the third state (block.h), a fence: neighbours leave it alone, and nobody can free it.
// Invariants: blocks tile [base, end); no two free blocks touch; a free block is in the bin of its
// size; its upper neighbour knows that it is free.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "libc/heap/block.h"
#include "libc/heap/free_bins.h"
#include "libc/heap/page_source.h"

namespace quire::heap {

class Arena {
  public:
    explicit Arena(PageSource& source) : source_(source) {}
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    /// A block of at least `size` in use, a block size; nullptr, nothing changed, without memory.
    [[nodiscard]] HEAP_CALL Block* allocate(std::size_t size);
    /// The same from the top, whatever free blocks there are.
    [[nodiscard]] HEAP_CALL Block* allocate_at_end(std::size_t size);
    /// The same with a payload at a multiple of `alignment`, a power of two > kAlignment.
    [[nodiscard]] HEAP_CALL Block* allocate_aligned(std::size_t alignment, std::size_t size);
    /// A block of at least `least` bytes whose payload ends a word before a multiple of `boundary`,
    /// a power of two, and lies between two of these: as small as that allows.
    [[nodiscard]] HEAP_CALL Block* allocate_up_to(std::size_t boundary, std::size_t least);

    /// Precondition: `block` passed looks_allocated().
    HEAP_CALL void deallocate(Block* block);

    /// Makes `block` at least `size` large without moving it; false, nothing changed: cannot.
    [[nodiscard]] HEAP_CALL bool grow(Block* block, std::size_t size);
    /// Makes `block` at least `size` large by moving it down into the free block below it, together
    /// with its contents. Returns where it is now; nullptr, nothing changed: there is no room.
    [[nodiscard]] HEAP_CALL Block* grow_down(Block* block, std::size_t size);
    /// Cuts `block` down to `size` where that frees a block.
    HEAP_CALL void shrink(Block* block, std::size_t size);

    /// Whether `address` may be a payload: in the range of the blocks, and aligned.
    [[nodiscard]] bool contains(const void* address) const {
        const auto place = reinterpret_cast<std::uintptr_t>(address);
        return place % kAlignment == 0 && place > reinterpret_cast<std::uintptr_t>(base_) &&
               place - kWord < reinterpret_cast<std::uintptr_t>(top_);
    }
    /// Whether `address` lies below the top: where blocks start.
    [[nodiscard]] bool below_top(const void* address) const {
        return reinterpret_cast<std::uintptr_t>(address) < reinterpret_cast<std::uintptr_t>(top_);
    }
    /// Whether header, size and upper neighbour agree that `block` is in use.
    /// Precondition: contains() its payload.
    [[nodiscard]] bool looks_allocated(Block* block) const {
        return block->used() && block->size() - 1 < distance(block, top_) &&
               block->next()->previous_used();
    }

    /// Whether `block` is a fence: only these are in the third state and so large.
    [[nodiscard]] bool is_fence(Block* block) const {
        return block->recent() && block->size() > source_.page_size();
    }

    /// Whether the size of `block` could be one: for walks over a heap that may be broken.
    [[nodiscard]] bool plausible(Block* block) const {
        return block->size() >= kMinimumBlock && block->size() <= distance(block, top_);
    }

    /// How many bytes lie between the start of the arena and `address`; huge if it is below.
    [[nodiscard]] std::size_t offset_of(const void* address) const {
        return reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(base_);
    }
    /// How many units of kAlignment bytes lie between the start of the arena and `address`; huge
    /// if it is below or not aligned.
    [[nodiscard]] std::size_t unit_of(const void* address) const {
        return std::rotr(offset_of(address), std::countr_zero(kAlignment));
    }
    /// The bytes of all blocks that are not free.
    [[nodiscard]] std::size_t used() const { return used_; }
    [[nodiscard]] std::byte* base() const { return base_; }
    [[nodiscard]] std::size_t extent() const { return extent_; }
    /// From here to the end nothing was ever written.
    [[nodiscard]] std::byte* fresh() const { return fresh_; }
    [[nodiscard]] bool source_zeroed() const { return source_.zeroed(); }

    /// How the arena breathes: a top of `trim_from` bytes or more is given back (and only if it is
    /// a sixteenth of the arena), and at least `ahead` bytes more than needed are asked of the
    /// source. An arena that breathes in more than it may hold gives back at once: ahead <
    /// trim_from.
    void set_steps(std::size_t trim_from, std::size_t ahead) {
        trim_from_ = trim_from;
        ahead_ = ahead;
        if (top_ != nullptr) limits_changed();
    }
    [[nodiscard]] std::size_t trim_from() const { return trim_from_; }
    [[nodiscard]] std::size_t ahead() const { return ahead_; }

    /// Gives back every whole page of the top but `keep` bytes. Returns how many bytes went.
    std::size_t trim(std::size_t keep);

    /// The first block, or nullptr while there are no pages; the walk ends at top().
    [[nodiscard]] Block* first() const {
        return base_ == nullptr ? nullptr : Block::at(base_ + kWord);
    }
    [[nodiscard]] Block* top() const { return top_; }
    /// How large the top is. It reaches one word past the end, where a next header would be.
    [[nodiscard]] std::size_t top_size() const {
        return top_ == nullptr ? 0 : distance(top_, base_ + extent_) + kWord;
    }

    void check_invariants();

  private:
    static std::size_t distance(const void* from, const void* to) {
        return reinterpret_cast<std::uintptr_t>(to) - reinterpret_cast<std::uintptr_t>(from);
    }
    /// A part of a block: bytes to leave below it, and its size.
    struct Part {
        std::size_t lead;
        std::size_t size;
    };
    static std::size_t lead_to(std::size_t alignment, Block* block);
    static Part part_up_to(std::size_t boundary, std::size_t least, Block* block);
    template <typename PartOf>
    Block* take_part_of_top(PartOf part_of);
    HEAP_CALL Block* take_part(Block* block, Part part);
    HEAP_CALL Block* carve_top(std::size_t size);
    HEAP_CALL Block* cut_out(Block* block, std::size_t lead, std::size_t size);
    HEAP_CALL void make_free(Block* block, std::size_t size);
    void join_top(Block* block);
    [[nodiscard]] bool reserve_top(std::size_t size);
    [[nodiscard]] bool extend(std::size_t size);
    [[nodiscard]] bool start();
    void fence(std::byte* pages);
    void limits_changed();

    PageSource& source_;
    Block* top_ = nullptr;
    std::byte* trim_below_ = nullptr;  // a top that starts below this is worth giving back
    std::byte* base_ = nullptr;
    std::size_t extent_ = 0;
    std::size_t used_ = 0;
    std::byte* fresh_ = nullptr;
    std::size_t trim_from_ = 16 * 1024;
    std::size_t ahead_ = 0;
    FreeBins bins_;
};

}  // namespace quire::heap
