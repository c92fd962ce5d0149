// The tree below RegionMap: ranges of pages in order of address, and the room between them.
//
//                     [40,48)                   what lies below an address hangs left of it,
//                    /       \.                 what lies above it right of it
//             [10,20)         [60,61)
//                   \.
//                    [25,30)                    the widest room between two: 48..60, 12 pages
//
// An AVL tree: in every node the heights of the two subtrees differ by one at most, so n regions
// are never deeper than 1.44 log2 n (G. M. Adelson-Velsky, E. M. Landis, 1962). Of the balanced
// trees it is the flattest, which is what lookups want, and the shortest to write down: inserting
// and removing share one repair, which walks up, sums up and rotates. Red-black trees need a case
// analysis for each; AA trees are deeper; treaps need random numbers and promise nothing.
//
// The one idea: all that a node knows of its subtree (height, lowest and highest page, widest gap)
// is computed from its own range and its two children alone. So a change anywhere is put right on
// the way from there to the root. The links live in the regions: inserting cannot fail.
//
// An absent child is the node nil_, never nullptr. Its range holds every page: so a search always
// ends by finding something, and there is no room beside nil_. Neither needs a test of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "mm/types.h"

namespace quire::mm {

/// So many pages right below a region that grows down are no room for others, so that a stack that
/// overflows meets unmapped pages first. (Linux: stack_guard_gap.)
inline constexpr PageCount kStackGuardPages{256};

/// A range of pages that can be in a RegionTree.
class RegionNode {
  public:
    RegionNode& operator=(const RegionNode&) = delete;

    [[nodiscard]] PageRange range() const { return range_; }
    [[nodiscard]] bool is_linked() const { return height_ != 0; }

  protected:
    /// `guarded`: the pages right below are no room for others.
    RegionNode(PageRange range, bool guarded) : range_(range), guarded_(guarded) {}
    /// The same range, in no tree.
    RegionNode(const RegionNode& other) : range_(other.range_), guarded_(other.guarded_) {}
    /// Precondition: in no tree.
    ~RegionNode() { ASSERT(!is_linked()); }

  private:
    friend class RegionTree;

    // Where the room below this range ends. It may lie below the end of the range before: then
    // there is no room between the two.
    [[nodiscard]] PageNumber room_end() const {
        if (!guarded_) return range_.first;
        return range_.first.raw() < kStackGuardPages.raw() ? PageNumber(0)
                                                           : range_.first - kStackGuardPages;
    }

    RegionNode* children_[2]{};  // by Side; looked at by each step of a search, as is range_
    PageRange range_;
    RegionNode* parent_ = nullptr;  // nullptr: the root
    // Of the subtree of this node:
    PageNumber low_{};         // where the room below it ends
    PageNumber high_{};        // where the room above it starts
    PageCount widest_{};       // the widest room between two of its ranges
    std::uint8_t height_ = 0;  // 0: in no tree
    const bool guarded_;
};

class RegionTree {
  public:
    enum Side : std::uint8_t { Left, Right };

    RegionTree() = default;
    RegionTree(const RegionTree&) = delete;
    RegionTree& operator=(const RegionTree&) = delete;
    /// Precondition: empty().
    ~RegionTree() { ASSERT(empty()); }

    [[nodiscard]] bool empty() const { return root_ == &nil_; }

    /// The node whose range contains `page`, or nullptr. O(log n), and O(1) for the range that was
    /// found last.
    [[nodiscard]] RegionNode* find(PageNumber page) {
        if (last_found_->range_.contains(page)) {
            return last_found_->is_linked() ? last_found_ : nullptr;
        }
        RegionNode* node = descend(page);
        if (!node->is_linked()) return nullptr;
        last_found_ = node;
        return node;
    }

    /// The lowest node whose range ends after `page`, or nullptr. O(log n), and O(1) if that is the
    /// range that was found last, and contains the page.
    [[nodiscard]] RegionNode* first_ending_after(PageNumber page) const {
        const bool known = last_found_->range_.contains(page) && last_found_->is_linked();
        return known ? last_found_ : search_ending_after(page);
    }

    /// The node at the low or at the high end of all, or nullptr. O(log n).
    [[nodiscard]] RegionNode* outermost(Side side) const;

    /// The next node in order of address, on the given side of `node`, or nullptr. Over a whole
    /// walk O(1) a step. Precondition: `node` is in this tree.
    [[nodiscard]] RegionNode* neighbour(RegionNode& node, Side side) const;

    /// Precondition: `node` is in no tree; its range is not empty and overlaps no other. O(log n).
    void insert(RegionNode& node);

    /// Precondition: `node` is in this tree. O(log n).
    void remove(RegionNode& node);

    /// Gives `node` another range. Precondition: `node` is in this tree; the new range is not empty
    /// and lies between the neighbours. O(log n).
    void resize(RegionNode& node, PageRange range);

    /// Makes this empty tree what `other` is: copy(node) answers a new node with the range of
    /// `node`, or nullptr. Nothing is searched or balanced, since the shape is the same. If one is
    /// missing this is false, and the tree is good for take_apart() only. O(n).
    template <typename Copy>
    [[nodiscard]] bool copy_from(const RegionTree& other, Copy copy);

    /// Takes out all nodes, and calls release(node) for each when it is in no tree any more. O(n).
    template <typename Release>
    void take_apart(Release release);

    /// The first page of `count` free pages inside `within`, as far to the given side as there are
    /// any, guards left free; or nullopt. Precondition: count is not 0. O(log n).
    [[nodiscard]] std::optional<PageNumber> find_room(PageRange within, PageCount count,
                                                      Side from) const;

    /// Order, links, balance; and each node's sums counted anew, range by range. O(n log n).
    void check_invariants() const;

  private:
    // What absent children and the empty tree point to.
    struct Nil : RegionNode {
        Nil() : RegionNode({PageNumber(0), PageNumber(UINT32_MAX)}, false) {
            low_ = range_.first;
            high_ = range_.end;
        }
    };
    struct Request {
        PageRange within;
        PageCount count;
        Side from;
    };

    static constexpr Side other(Side side) { return side == Left ? Right : Left; }

    // The first node on the way down to the left that does not lie above `page`; nil_ does not.
    static RegionNode* not_above(RegionNode* node, PageNumber page) {
        while (page < node->range_.first)
            node = node->children_[Left];
        return node;
    }
    // The node that contains `page`, or nil_.
    [[nodiscard]] RegionNode* descend(PageNumber page) const {
        RegionNode* node = not_above(root_, page);
        while (page >= node->range_.end)
            node = not_above(node->children_[Right], page);
        return node;
    }

    [[nodiscard]] RegionNode* search_ending_after(PageNumber page) const;
    [[nodiscard]] RegionNode* edge(RegionNode* node, Side side) const;
    // The room between a node and the nearest range of its subtree, on one side of it; empty if
    // there is none.
    static PageRange room_below(const RegionNode& node) {
        return {node.children_[Left]->high_, node.room_end()};
    }
    static PageRange room_above(const RegionNode& node) {
        return {node.range_.end, node.children_[Right]->low_};
    }
    [[nodiscard]] std::optional<PageNumber> room_inside(const RegionNode& node,
                                                        const Request& request) const;
    static std::optional<PageNumber> fit(PageRange room, const Request& request);

    void adopt(RegionNode& parent, Side side, RegionNode* child);
    void replace(RegionNode& node, RegionNode* heir);
    bool sum_up(RegionNode& node) const;
    RegionNode* rotate_up(RegionNode& node, Side side);
    RegionNode* balance(RegionNode& node);
    void repair(RegionNode* node);
    void check_subtree(RegionNode& node) const;
    template <typename Copy>
    bool copy_subtree(const RegionTree& other, const RegionNode& from, RegionNode*& place,
                      RegionNode* parent, Copy& copy);

    Nil nil_;
    RegionNode* root_ = &nil_;
    RegionNode* last_found_ = &nil_;  // a node of this tree; nil_ only while it is empty
};

template <typename Copy>
bool RegionTree::copy_from(const RegionTree& other, Copy copy) {
    ASSERT(empty());
    if (other.empty()) return true;
    if (!copy_subtree(other, *other.root_, root_, nullptr, copy)) return false;
    last_found_ = root_;
    return true;
}

// As deep as the tree is. What is missing of a subtree is nil_, so that take_apart() finds its way.
template <typename Copy>
bool RegionTree::copy_subtree(const RegionTree& other, const RegionNode& from, RegionNode*& place,
                              RegionNode* parent, Copy& copy) {
    RegionNode* const node = copy(from);
    if (node == nullptr) return false;
    node->parent_ = parent;
    node->children_[Left] = node->children_[Right] = &nil_;
    node->low_ = from.low_;
    node->high_ = from.high_;
    node->widest_ = from.widest_;
    node->height_ = from.height_;
    place = node;
    for (const Side side : {Left, Right}) {
        const RegionNode* const child = from.children_[side];
        if (child == &other.nil_) continue;
        if (!copy_subtree(other, *child, node->children_[side], node, copy)) return false;
    }
    return true;
}

// Down to a node without children, which goes; then on from its parent.
template <typename Release>
void RegionTree::take_apart(Release release) {
    RegionNode* node = empty() ? nullptr : root_;
    root_ = last_found_ = &nil_;
    while (node != nullptr) {
        const Side side = node->children_[Left] != &nil_ ? Left : Right;
        if (node->children_[side] != &nil_) {
            node = std::exchange(node->children_[side], &nil_);
            continue;
        }
        RegionNode* const parent = node->parent_;
        node->height_ = 0;
        release(*node);
        node = parent;
    }
}

}  // namespace quire::mm
