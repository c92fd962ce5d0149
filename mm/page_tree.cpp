#include "mm/page_tree.h"

namespace quire::mm {

// Makes the tree at least `height` levels high, so that it covers more indexes.
Result<void> PageTree::grow_to(std::uint32_t height) {
    if (root_ == 0) {
        root_ = link_to(*TRY(nodes_.allocate()));
        height_ = height;
        return {};
    }
    while (height_ < height) {
        Node& root = *TRY(nodes_.allocate());
        root.words[0] = root_;
        put(root.taken, 0, true);
        put(root.marked, 0, !empty(node_at(root_).marked));
        root_ = link_to(root);
        ++height_;
    }
    return {};
}

// On failure some nodes of the path may have been made: prune(index) takes them away again.
Result<void> PageTree::try_path(std::uint32_t index, Path& path) {
    if (!covers(index) || root_ == 0) TRY(grow_to(height_for(index)));
    path[height_ - 1] = &node_at(root_);
    for (std::uint32_t level = height_ - 1; level > 0; --level) {
        Node& node = *path[level];
        const std::uint32_t place = place_of(index, level);
        if (node.words[place] == 0) {
            node.words[place] = link_to(*TRY(nodes_.allocate()));
            put(node.taken, place, true);
        }
        path[level - 1] = &node_at(node.words[place]);
    }
    return {};
}

bool PageTree::find_path(std::uint32_t index, Path& path) const {
    if (root_ == 0 || !covers(index)) return false;
    path[height_ - 1] = &node_at(root_);
    for (std::uint32_t level = height_ - 1; level > 0; --level) {
        const std::uint32_t link = path[level]->words[place_of(index, level)];
        if (link == 0) return false;
        path[level - 1] = &node_at(link);
    }
    return true;
}

Result<void> PageTree::make_path(std::uint32_t index, Path& path) {
    const Result<void> made = try_path(index, path);
    if (!made.ok()) prune(index);
    return made;
}

Result<void> PageTree::reserve(std::uint32_t index) {
    Path path{};
    TRY(make_path(index, path));
    put(path[0]->taken, place_of(index, 0), true);
    return {};
}

Result<void> PageTree::set(std::uint32_t index, std::uint32_t word) {
    Path path{};
    if (word != 0) {
        TRY(make_path(index, path));
        path[0]->words[place_of(index, 0)] = word;
        put(path[0]->taken, place_of(index, 0), true);
        return {};
    }
    if (!find_path(index, path)) return {};
    Node& leaf = *path[0];
    const std::uint32_t place = place_of(index, 0);
    leaf.words[place] = 0;
    put(leaf.taken, place, false);
    if (has(leaf.marked, place)) {
        put(leaf.marked, place, false);
        spread_mark(path, index);
    }
    if (empty(leaf.taken)) prune(index);
    return {};
}

// Releases the nodes on the way to `index` that have nothing left, and a root that is not needed.
void PageTree::prune(std::uint32_t index) {
    if (root_ == 0) return;
    Path path{};
    std::uint32_t level = height_ - 1;
    path[level] = &node_at(root_);
    while (level > 0 && covers(index)) {
        const std::uint32_t link = path[level]->words[place_of(index, level)];
        if (link == 0) break;
        path[--level] = &node_at(link);
    }
    for (; level < height_ && empty(path[level]->taken); ++level) {
        nodes_.release(path[level]);
        if (level + 1 == height_) {
            root_ = height_ = 0;
            return;
        }
        path[level + 1]->words[place_of(index, level + 1)] = 0;
        put(path[level + 1]->taken, place_of(index, level + 1), false);
    }
    lower_root();
}

void PageTree::lower_root() {
    while (height_ > 1) {
        Node& root = node_at(root_);
        if (root.taken[0] != 1 || root.taken[1] != 0) return;
        root_ = root.words[0];
        --height_;
        nodes_.release(&root);
    }
}

std::uint32_t* PageTree::find(std::uint32_t index) {
    if (root_ == 0 || !covers(index)) return nullptr;
    Node* node = &node_at(root_);
    for (std::uint32_t level = height_ - 1; level > 0; --level) {
        const std::uint32_t link = node->words[place_of(index, level)];
        if (link == 0) return nullptr;
        node = &node_at(link);
    }
    std::uint32_t& word = node->words[place_of(index, 0)];
    return word == 0 ? nullptr : &word;
}

bool PageTree::set_mark(std::uint32_t index, bool marked) {
    Path path{};
    if (!find_path(index, path)) ASSERT_UNREACHABLE();
    const std::uint32_t place = place_of(index, 0);
    ASSERT(path[0]->words[place_of(index, 0)] != 0);
    if (has(path[0]->marked, place) == marked) return false;
    put(path[0]->marked, place, marked);
    spread_mark(path, index);
    return true;
}

// Lets every inner place on the path say what the node below it has come to say.
void PageTree::spread_mark(const Path& path, std::uint32_t index) {
    for (std::uint32_t level = 1; level < height_; ++level)
        put(path[level]->marked, place_of(index, level), !empty(path[level - 1]->marked));
}

bool PageTree::is_marked(std::uint32_t index) const {
    Path path{};
    return find_path(index, path) && has(path[0]->marked, place_of(index, 0));
}

std::optional<PageTree::Entry> PageTree::next(std::uint32_t from, Node::Set Node::*which) const {
    while (root_ != 0 && covers(from)) {
        const Node* node = &node_at(root_);
        std::uint32_t level = height_ - 1;
        std::uint32_t place = next_in(node->*which, place_of(from, level));
        for (; place != Node::kPlaces; place = next_in(node->*which, place_of(from, level))) {
            if (place != place_of(from, level))
                from = (from & ~span_mask(level)) | place << level * Node::kBits;
            if (level == 0) break;
            node = &node_at(node->words[place]);
            --level;
        }
        if (place != Node::kPlaces && node->words[place] != 0)
            return Entry{from, node->words[place]};
        // Nothing more in this node, or a reservation: again from the root, for what comes after.
        from = (place == Node::kPlaces ? from | span_mask(level) : from) + 1;
        if (from == 0) break;
    }
    return std::nullopt;
}

void PageTree::clear() {
    if (root_ != 0) release_below(root_, height_ - 1);
    root_ = height_ = 0;
}

void PageTree::release_below(std::uint32_t link, std::uint32_t level) {
    Node& node = node_at(link);
    for (const std::uint32_t child : node.words)
        if (level > 0 && child != 0) release_below(child, level - 1);
    nodes_.release(&node);
}

std::uint32_t PageTree::count_below(const Node& node, std::uint32_t level) {
    std::uint32_t nodes = 1;
    for (const std::uint32_t child : node.words)
        if (level > 0 && child != 0) nodes += count_below(node_at(child), level - 1);
    return nodes;
}

void PageTree::check_invariants() const {
    ASSERT((root_ == 0) == (height_ == 0) && height_ <= kMaxHeight);
    if (root_ == 0) return;
    const Node& root = node_at(root_);
    ASSERT(height_ == 1 || root.taken[0] > 1 || root.taken[1] != 0);
    check_node(root, height_ - 1);
}

void PageTree::check_node(const Node& node, std::uint32_t level) const {
    (void)nodes_.cache().find_live(&node);
    ASSERT(!empty(node.taken));
    for (std::uint32_t place = 0; place < Node::kPlaces; ++place) {
        const std::uint32_t word = node.words[place];
        ASSERT(has(node.taken, place) || word == 0);
        ASSERT(!has(node.marked, place) || word != 0);
        if (level == 0) continue;
        ASSERT(has(node.taken, place) == (word != 0));
        if (word == 0) continue;
        ASSERT(has(node.marked, place) == !empty(node_at(word).marked));
        check_node(node_at(word), level - 1);
    }
}

}  // namespace quire::mm
