#include "libc/heap/free_tree.h"

#include <bit>

#include "kernel/base/assert.h"

namespace quire::heap {
namespace {

constexpr unsigned kSizeBits = 8 * sizeof(std::size_t);
constexpr unsigned kFirstOctave = static_cast<unsigned>(std::countr_zero(SmallBins::kLimit));

constexpr unsigned octave_of(std::size_t size) {
    return kSizeBits - 1 - static_cast<unsigned>(std::countl_zero(size));
}

/// The half octave of `size`; the last bin takes all that is beyond.
constexpr std::size_t bin_of(std::size_t size, std::size_t bins) {
    const unsigned octave = octave_of(size);
    const std::size_t bin = 2 * (octave - kFirstOctave) + (size >> (octave - 1) & 1);
    return bin < bins ? bin : bins - 1;
}

/// How far left a size is shifted so that the first bit its bin does not fix is on top.
constexpr unsigned key_shift(std::size_t bin, std::size_t bins) {
    if (bin == bins - 1) return 0;
    const unsigned octave = kFirstOctave + static_cast<unsigned>(bin / 2);
    return kSizeBits - (octave - 1);
}

constexpr std::size_t top_bit(std::size_t key) {
    return key >> (kSizeBits - 1);
}

static_assert(bin_of(SmallBins::kLimit, 32) == 0 && bin_of(SIZE_MAX, 32) == 31);

}  // namespace

void FreeTree::insert(Block* block, std::size_t size) {
    const std::size_t bin = bin_of(size, kBins);
    Node* node = Node::of(block);
    node->child[0] = node->child[1] = nullptr;
    node->next = node->previous = node;
    Node** slot = &roots_[bin];
    std::size_t key = size << key_shift(bin, kBins);
    while (*slot != nullptr) {
        Node* other = *slot;
        if (other->size() == size) {
            node->owner = nullptr;
            node->next = other->next;
            node->previous = other;
            other->next->previous = node;
            other->next = node;
            return;
        }
        slot = &other->child[top_bit(key)];
        key <<= 1;
    }
    *slot = node;
    node->owner = slot;
    map_ |= 1U << bin;
}

void FreeTree::remove(Block* block, std::size_t size) {
    Node* node = Node::of(block);
    Node* next = node->next;
    if (next != node) {
        node->previous->next = next;
        next->previous = node->previous;
        if (node->owner != nullptr) put_in_place(next, node);
        return;
    }
    unlink_from_tree(node, size);
}

// Gives `replacement`, which is in no trie, the place of `node`.
void FreeTree::put_in_place(Node* replacement, Node* node) {
    *node->owner = replacement;
    replacement->owner = node->owner;
    for (std::size_t side = 0; side < 2; ++side) {
        Node* child = node->child[side];
        replacement->child[side] = child;
        if (child != nullptr) child->owner = &replacement->child[side];
    }
}

// Any leaf below a node may stand in for it: the bits that lead to the node are the leaf's, too.
void FreeTree::unlink_from_tree(Node* node, std::size_t size) {
    Node* leaf = node;
    for (;;) {
        Node* child = leaf->child[1] != nullptr ? leaf->child[1] : leaf->child[0];
        if (child == nullptr) break;
        leaf = child;
    }
    *leaf->owner = nullptr;
    if (leaf != node) {
        put_in_place(leaf, node);
        return;
    }
    const std::size_t bin = bin_of(size, kBins);
    if (roots_[bin] == nullptr) map_ &= ~(1U << bin);
}

Block* FreeTree::take(std::size_t size) {
    Node* node = find(size);
    if (node == nullptr) return nullptr;
    // A ring member leaves without touching the trie.
    Block* block = node->next->block();
    remove(block, block->size());
    return block;
}

FreeTree::Node* FreeTree::find(std::size_t size) const {
    Node* best = nullptr;
    std::size_t best_rest = 0 - size;  // a node that is too small wraps to this or more
    Node* node = nullptr;
    std::uint32_t larger_bins = ~0U;
    if (size >= SmallBins::kLimit) {
        const std::size_t bin = bin_of(size, kBins);
        larger_bins = ~1U << bin;
        // Down the path of `size`; what branches off to the right is larger than `size`, and the
        // last such subtree holds the smallest of those.
        Node* right = nullptr;
        std::size_t key = size << key_shift(bin, kBins);
        for (node = roots_[bin]; node != nullptr; key <<= 1) {
            const std::size_t rest = node->size() - size;
            if (rest < best_rest) {
                best = node;
                best_rest = rest;
                if (rest == 0) return best;
            }
            Node* larger = node->child[1];
            node = node->child[top_bit(key)];
            if (larger != nullptr && larger != node) right = larger;
        }
        node = right;
    }
    if (node == nullptr && best == nullptr) {
        const std::uint32_t bins = map_ & larger_bins;
        if (bins == 0) return nullptr;
        node = roots_[std::countr_zero(bins)];
    }
    // All of this subtree fits; the smallest is on its leftmost path.
    for (; node != nullptr; node = node->leftmost_child()) {
        const std::size_t rest = node->size() - size;
        if (rest < best_rest) {
            best = node;
            best_rest = rest;
        }
    }
    return best;
}

std::size_t FreeTree::check_subtree(Node* node, std::size_t bin, std::size_t fixed_bits,
                                    std::size_t fixed_mask, void (*visit)(void*, Block*),
                                    void* context) {
    const std::size_t size = node->size();
    ASSERT(bin_of(size, kBins) == bin);
    ASSERT(((size << key_shift(bin, kBins)) & fixed_mask) == fixed_bits);
    ASSERT(*node->owner == node);
    std::size_t count = 0;
    Node* member = node;
    do {
        ASSERT(member->size() == size);
        ASSERT(member->next->previous == member);
        ASSERT(member == node || member->owner == nullptr);
        visit(context, member->block());
        ++count;
        member = member->next;
    } while (member != node);
    const std::size_t bit = fixed_mask == 0 ? ~(SIZE_MAX >> 1) : (fixed_mask & -fixed_mask) >> 1;
    for (std::size_t side = 0; side < 2; ++side) {
        if (node->child[side] == nullptr) continue;
        ASSERT(node->child[side]->owner == &node->child[side]);
        count += check_subtree(node->child[side], bin, fixed_bits | (side != 0 ? bit : 0),
                               fixed_mask | bit, visit, context);
    }
    return count;
}

std::size_t FreeTree::check_invariants(void (*visit)(void*, Block*), void* context) {
    std::size_t count = 0;
    for (std::size_t bin = 0; bin < kBins; ++bin) {
        ASSERT(((map_ >> bin & 1) != 0) == (roots_[bin] != nullptr));
        if (roots_[bin] != nullptr) {
            ASSERT(roots_[bin]->owner == &roots_[bin]);
            count += check_subtree(roots_[bin], bin, 0, 0, visit, context);
        }
    }
    return count;
}

}  // namespace quire::heap
