// Free blocks of SmallBins::kLimit bytes and more: true best fit in a bounded number of steps.
//
// Sizes are cut into half octaves (512..767, 768..1023, 1024..1535 ...). Each has a binary trie on
// the remaining bits of the size, the top one first: a node's left subtree holds the sizes whose
// next bit is 0. A node itself may have any size that fits its place, so there are no empty inner
// nodes. Blocks of equal size form a ring of which one is the node. Depth is bounded by the bits of
// a size, without rebalancing. (The shape is that of D. Lea's malloc 2.8 trees, 2005.)
#pragma once

#include <cstddef>
#include <cstdint>

#include "libc/heap/block.h"
#include "libc/heap/small_bins.h"

namespace quire::heap {

class FreeTree {
  public:
    FreeTree() = default;
    FreeTree(const FreeTree&) = delete;
    FreeTree& operator=(const FreeTree&) = delete;

    [[nodiscard]] bool empty() const { return map_ == 0; }

    /// Precondition: block->size() == size >= SmallBins::kLimit.
    void insert(Block* block, std::size_t size);

    /// Takes `block` out.
    void remove(Block* block, std::size_t size);

    /// Takes out the smallest block of at least `size`, or answers nullptr. `size` may be any.
    [[nodiscard]] Block* take(std::size_t size);

    /// The block take() would take out.
    [[nodiscard]] Block* smallest_from(std::size_t size) const {
        Node* node = find(size);
        return node == nullptr ? nullptr : node->next->block();
    }

    /// Checks every trie and calls `visit(context, block)` for each block. Returns how many.
    std::size_t check_invariants(void (*visit)(void* context, Block* block), void* context);

  private:
    static constexpr std::size_t kBins = 32;

    // In the payload of a free block. `owner` is where the one pointer to this node lives: a root
    // or a child slot of another node; nullptr in a ring member that is not the node.
    struct Node {
        Node* next;
        Node* previous;
        Node* child[2];
        Node** owner;

        static Node* of(Block* block) { return static_cast<Node*>(block->payload()); }
        Block* block() { return Block::of_payload(this); }
        [[nodiscard]] std::size_t size() { return block()->size(); }
        [[nodiscard]] Node* leftmost_child() { return child[0] != nullptr ? child[0] : child[1]; }
    };

    [[nodiscard]] Node* find(std::size_t size) const;
    void unlink_from_tree(Node* node, std::size_t size);
    static void put_in_place(Node* replacement, Node* node);
    std::size_t check_subtree(Node* node, std::size_t bin, std::size_t fixed_bits,
                              std::size_t fixed_mask, void (*visit)(void*, Block*), void* context);

    Node* roots_[kBins] = {};
    std::uint32_t map_ = 0;
};

}  // namespace quire::heap
