#include "libc/heap/run_map.h"

#include <bit>

#include "kernel/base/assert.h"

namespace quire::heap {

bool RunMap::make_leaf(Arena& arena, std::size_t unit) {
    Block* block = arena.allocate(block_size_for(sizeof(Leaf)));
    if (block == nullptr) return false;
    auto* leaf = static_cast<Leaf*>(block->payload());
    *leaf = {};
    leaves_[unit / kUnitsInLeaf] = leaf;
    return true;
}

void RunMap::drop_unused_leaf(Arena& arena, std::size_t unit) {
    Leaf*& leaf = leaves_[unit / kUnitsInLeaf];
    if (leaf->runs != 0 || leaf == &first_) return;
    arena.deallocate(Block::of_payload(leaf));
    leaf = &no_runs_;
}

bool RunMap::is_leaf(const void* payload) const {
    for (const Leaf* leaf : leaves_) {
        if (leaf == payload) return true;
    }
    return false;
}

void RunMap::check_invariants() const {
    for (const Leaf* leaf : leaves_) {
        std::uint32_t runs = 0;
        for (const std::uint32_t bits : leaf->bits)
            runs += static_cast<std::uint32_t>(std::popcount(bits));
        ASSERT(runs == leaf->runs);
        ASSERT(leaf != &no_runs_ || runs == 0);
    }
}

}  // namespace quire::heap
