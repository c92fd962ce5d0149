#include "mm/region_tree.h"

namespace quire::mm {

namespace {

template <typename T>
constexpr T larger(T a, T b) {
    return a < b ? b : a;
}

}  // namespace

RegionNode* RegionTree::search_ending_after(PageNumber page) const {
    RegionNode* best = nullptr;
    for (RegionNode* node = root_; node != &nil_;) {
        if (page < node->range_.end) {
            best = node;
            node = node->children_[Left];
        } else {
            node = node->children_[Right];
        }
    }
    return best;
}

// The last node of the subtree of `node`, which is not nil_, on one side.
RegionNode* RegionTree::edge(RegionNode* node, Side side) const {
    while (node->children_[side] != &nil_)
        node = node->children_[side];
    return node;
}

RegionNode* RegionTree::outermost(Side side) const {
    return empty() ? nullptr : edge(root_, side);
}

RegionNode* RegionTree::neighbour(RegionNode& node, Side side) const {
    if (node.children_[side] != &nil_) return edge(node.children_[side], other(side));
    RegionNode* child = &node;
    RegionNode* parent = node.parent_;
    while (parent != nullptr && parent->children_[side] == child) {
        child = parent;
        parent = parent->parent_;
    }
    return parent;
}

// --- Changing ---

void RegionTree::insert(RegionNode& node) {
    ASSERT(!node.is_linked() && !node.range_.empty());
    RegionNode* parent = nullptr;
    Side side = Left;
    for (RegionNode* below = root_; below != &nil_; below = below->children_[side]) {
        ASSERT(!below->range_.overlaps(node.range_));
        parent = below;
        side = node.range_.first < below->range_.first ? Left : Right;
    }
    node.children_[Left] = node.children_[Right] = &nil_;
    node.parent_ = parent;
    node.low_ = node.room_end();
    node.high_ = node.range_.end;
    node.widest_ = PageCount();
    node.height_ = 1;
    (parent == nullptr ? root_ : parent->children_[side]) = &node;
    repair(parent);
    last_found_ = &node;
}

void RegionTree::remove(RegionNode& node) {
    ASSERT(node.is_linked());
    RegionNode* left = node.children_[Left];
    RegionNode* right = node.children_[Right];
    if (left == &nil_ || right == &nil_) {
        replace(node, left == &nil_ ? right : left);
        repair(node.parent_);
    } else {
        // The next in order takes the place, and with it what the nodes above know of the place.
        RegionNode& heir = *edge(right, Left);
        RegionNode* lowest = heir.parent_ == &node ? &heir : heir.parent_;
        replace(heir, heir.children_[Right]);
        replace(node, &heir);
        adopt(heir, Left, left);
        adopt(heir, Right, node.children_[Right]);
        heir.low_ = node.low_;
        heir.high_ = node.high_;
        heir.widest_ = node.widest_;
        heir.height_ = node.height_;
        repair(lowest);
        repair(&heir);  // the first repair stops below the heir if nothing changed there
    }
    node.height_ = 0;
    if (last_found_ == &node) last_found_ = root_;
}

void RegionTree::resize(RegionNode& node, PageRange range) {
    ASSERT(node.is_linked() && !range.empty());
    const RegionNode* before = neighbour(node, Left);
    const RegionNode* after = neighbour(node, Right);
    ASSERT(before == nullptr || before->range_.end <= range.first);
    ASSERT(after == nullptr || range.end <= after->range_.first);
    node.range_ = range;
    repair(&node);
}

void RegionTree::adopt(RegionNode& parent, Side side, RegionNode* child) {
    parent.children_[side] = child;
    if (child != &nil_) child->parent_ = &parent;
}

// Puts `heir`, which may be nil_, where `node` hangs.
void RegionTree::replace(RegionNode& node, RegionNode* heir) {
    RegionNode* parent = node.parent_;
    if (parent != nullptr)
        return adopt(*parent, parent->children_[Right] == &node ? Right : Left, heir);
    root_ = heir;
    if (heir != &nil_) heir->parent_ = nullptr;
}

// Computes what `node` knows of its subtree. Says whether that changed.
bool RegionTree::sum_up(RegionNode& node) const {
    const RegionNode& left = *node.children_[Left];
    const RegionNode& right = *node.children_[Right];
    const PageNumber low = &left == &nil_ ? node.room_end() : left.low_;
    const PageNumber high = &right == &nil_ ? node.range_.end : right.high_;
    const PageCount beside = larger(room_below(node).count(), room_above(node).count());
    const PageCount widest = larger(beside, larger(left.widest_, right.widest_));
    const auto height = static_cast<std::uint8_t>(1 + larger(left.height_, right.height_));
    const bool changed =
        low != node.low_ || high != node.high_ || widest != node.widest_ || height != node.height_;
    node.low_ = low;
    node.high_ = high;
    node.widest_ = widest;
    node.height_ = height;
    return changed;
}

// Turns the child on one side up into the place of `node`. The order stays a, node, b, up, c:
//
//        node                 up
//       /    \               /  \.
//      a      up     ->   node   c
//            /  \         /  \.
//           b    c       a    b
RegionNode* RegionTree::rotate_up(RegionNode& node, Side side) {
    RegionNode& up = *node.children_[side];
    replace(node, &up);
    adopt(node, side, up.children_[other(side)]);
    adopt(up, other(side), &node);
    sum_up(node);
    sum_up(up);
    return &up;
}

// Brings the heights of the two subtrees, which differ by two at most, to a difference of one at
// most; answers the node that is on top then. If the inner grandchild is the high one (b above),
// rotating would only move it to the other side: it is turned up first.
RegionNode* RegionTree::balance(RegionNode& node) {
    const int lean = node.children_[Right]->height_ - node.children_[Left]->height_;
    if (lean >= -1 && lean <= 1) return &node;
    const Side side = lean > 0 ? Right : Left;
    RegionNode& child = *node.children_[side];
    if (child.children_[other(side)]->height_ > child.children_[side]->height_) {
        rotate_up(child, other(side));
    }
    return rotate_up(node, side);
}

// Puts sums and balance right from `node` up. Where neither changes it is done: what lies above
// was computed from nothing else.
void RegionTree::repair(RegionNode* node) {
    while (node != nullptr) {
        const bool changed = sum_up(*node);
        RegionNode* top = balance(*node);
        if (!changed && top == node) return;
        node = top->parent_;
    }
}

// --- Finding room ---

std::optional<PageNumber> RegionTree::find_room(PageRange within, PageCount count,
                                                Side from) const {
    ASSERT(count != PageCount(0));
    const Request request{within, count, from};
    if (empty()) return fit(within, request);
    const PageRange below{within.first, root_->low_};
    const PageRange above{root_->high_, within.end};
    const std::optional<PageNumber> nearest = fit(from == Right ? above : below, request);
    if (nearest) return nearest;
    const std::optional<PageNumber> inside = room_inside(*root_, request);
    if (inside) return inside;
    return fit(from == Right ? below : above, request);
}

// The same between the ranges of one subtree. A subtree that lies inside `within` and has a wide
// enough gap holds an answer; only those that the ends of `within` cut may be searched in vain,
// and these are two in each row of the tree.
std::optional<PageNumber> RegionTree::room_inside(const RegionNode& node,
                                                  const Request& request) const {
    if (node.widest_ < request.count) return std::nullopt;
    if (node.high_ <= request.within.first || request.within.end <= node.low_) return std::nullopt;
    const bool from_top = request.from == Right;
    const Side far = other(request.from);
    if (const auto start = room_inside(*node.children_[request.from], request)) return start;
    if (const auto start = fit(from_top ? room_above(node) : room_below(node), request))
        return start;
    if (const auto start = fit(from_top ? room_below(node) : room_above(node), request))
        return start;
    return room_inside(*node.children_[far], request);
}

std::optional<PageNumber> RegionTree::fit(PageRange room, const Request& request) {
    const PageRange usable = room.intersection(request.within);
    if (usable.count() < request.count) return std::nullopt;
    return request.from == Right ? usable.end - request.count : usable.first;
}

// --- Checking ---

void RegionTree::check_invariants() const {
    ASSERT(nil_.height_ == 0 && nil_.widest_ == PageCount(0) && nil_.low_ == PageNumber(0));
    ASSERT((last_found_ == &nil_) == empty());
    if (empty()) return;
    ASSERT(root_->parent_ == nullptr);
    check_subtree(*root_);
    bool last_found_is_here = false;
    RegionNode* node = edge(root_, Left);
    for (RegionNode* next = nullptr; node != nullptr; node = next) {
        next = neighbour(*node, Right);
        ASSERT(!node->range_.empty());
        ASSERT(next == nullptr || node->range_.end <= next->range_.first);
        ASSERT(next == nullptr || neighbour(*next, Left) == node);
        last_found_is_here |= node == last_found_;
    }
    ASSERT(last_found_is_here);
}

void RegionTree::check_subtree(RegionNode& node) const {
    for (RegionNode* child : node.children_) {
        if (child == &nil_) continue;
        ASSERT(child->parent_ == &node);
        check_subtree(*child);
    }
    const int left = node.children_[Left]->height_;
    const int right = node.children_[Right]->height_;
    ASSERT(node.height_ == 1 + larger(left, right) && left - right >= -1 && left - right <= 1);

    RegionNode* last = edge(&node, Right);
    RegionNode* lower = edge(&node, Left);
    ASSERT(node.low_ == lower->room_end() && node.high_ == last->range_.end);
    PageCount widest;
    while (lower != last) {
        RegionNode* upper = neighbour(*lower, Right);
        widest = larger(widest, PageRange{lower->range_.end, upper->room_end()}.count());
        lower = upper;
    }
    ASSERT(node.widest_ == widest);
}

}  // namespace quire::mm
