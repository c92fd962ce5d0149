// Blocks of an arena that lie as asked: at a multiple of an alignment, or up to a boundary. Each is
// cut out of a larger free block or of the top, and what is left over on both sides stays free.
#include "kernel/base/align.h"
#include "libc/heap/arena.h"

namespace quire::heap {
namespace {

/// How many free blocks are looked at for one that reaches a boundary: of those that may just be
/// large enough, and of those that must be.
constexpr int kLooks = 2;

}  // namespace

// The bytes to leave below the payload of `block` so that it starts at a multiple of `alignment`:
// none, or enough for a block.
std::size_t Arena::lead_to(std::size_t alignment, Block* block) {
    const auto payload = reinterpret_cast<std::uintptr_t>(block->payload());
    const std::size_t lead = align_up(payload, alignment) - payload;
    return lead == 0 || lead >= kMinimumBlock ? lead : lead + alignment;
}

// The top may begin elsewhere once there is more of it: then so does the part.
template <typename PartOf>
Block* Arena::take_part_of_top(PartOf part_of) {
    if (top_ == nullptr && !start()) return nullptr;
    for (;;) {
        Block* block = top_;
        const Part part = part_of(block);
        if (!reserve_top(part.lead + part.size)) return nullptr;
        if (top_ == block) return cut_out(carve_top(part.lead + part.size), part.lead, part.size);
    }
}

Block* Arena::allocate_aligned(std::size_t alignment, std::size_t size) {
    // The best fit may happen to lie well; a block that is larger by the alignment always does.
    Block* block = bins_.find(size);
    if (block != nullptr && lead_to(alignment, block) + size > block->size()) {
        block = bins_.find(size + alignment + kMinimumBlock);
    }
    const auto part_of = [&](Block* whole) { return Part{lead_to(alignment, whole), size}; };
    return block == nullptr ? take_part_of_top(part_of) : take_part(block, part_of(block));
}

// Precondition: `block` is free and in a bin.
Block* Arena::take_part(Block* block, Part part) {
    bins_.remove(block);
    used_ += block->size();
    block->next()->set_previous_used();
    return cut_out(block, part.lead, part.size);
}

// Where allocate_up_to() would put its block in `block`, if that is large enough.
Arena::Part Arena::part_up_to(std::size_t boundary, std::size_t least, Block* block) {
    const auto payload = reinterpret_cast<std::uintptr_t>(block->payload());
    std::uintptr_t end = (payload + least + boundary - 1) & ~(boundary - 1);
    std::size_t lead = end - payload > boundary ? end - payload - boundary : 0;
    if (lead == kAlignment) {  // too small for a block
        lead += boundary;
        end += boundary;
    }
    return {lead, end - payload - lead};
}

Block* Arena::allocate_up_to(std::size_t boundary, std::size_t least) {
    const std::uintptr_t mask = ~(boundary - 1);
    // How much of a block lies below the last boundary that it reaches is quickly said.
    const auto reaches = [&](Block* block) {
        const auto payload = reinterpret_cast<std::uintptr_t>(block->payload());
        const std::uintptr_t last = (payload + block->size()) & mask;
        return static_cast<std::ptrdiff_t>(last - payload) >= static_cast<std::ptrdiff_t>(least);
    };
    Block* found = bins_.find_that(least, kLooks, reaches);
    if (found == nullptr) found = bins_.find_that(boundary, kLooks, reaches);
    if (found != nullptr) {
        const Part part = part_up_to(boundary, least, found);
        if (part.lead + part.size <= found->size()) return take_part(found, part);
    }
    return take_part_of_top([&](Block* block) { return part_up_to(boundary, least, block); });
}

// Makes a block of at least `size` that starts `lead` bytes into `block`, which counts as used and
// is in no bin; what is left over below and above it, if anything, is free. No neighbour to join
// it with can be free, as `block` was free or top.
Block* Arena::cut_out(Block* block, std::size_t lead, std::size_t size) {
    std::size_t have = block->size() - lead;
    Block* cut = block->after(lead);
    if (lead != 0) make_free(block, lead);
    if (have - size >= kMinimumBlock) {
        make_free(cut->after(size), have - size);
        cut->after(have)->clear_previous_used();
        have = size;
    }
    cut->set_head(have | Block::kUsed | (lead == 0 ? Block::kPreviousUsed : 0));
    return cut;
}

void Arena::make_free(Block* block, std::size_t size) {
    used_ -= size;
    block->set_free(size);
    bins_.insert(block, size);
}

}  // namespace quire::heap
