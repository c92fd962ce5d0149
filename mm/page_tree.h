// A radix tree from page indexes (32 bits) to 32-bit words: what an object's pages are found by.
//
//     index   31   30 29   24 23   18 17   12 11    6 5     0
//            +-------+-------+-------+-------+-------+-------+
//            | lvl 5 | lvl 4 | lvl 3 | lvl 2 | lvl 1 | leaf  |      6 bits a level
//            +-------+-------+-------+-------+-------+-------+
//
//     root --> node --> node --> leaf --> word            height 3: indexes below 64^3
//              64 children       64 words
//
// The tree is only as high as its highest index needs: a file of up to 64 pages (256 KiB) has one
// node, of up to 16 MiB two levels. A node keeps two sets of its 64 places: which are taken, and
// which are marked, for the owner's use (dirty pages); an inner place is marked when anything below
// it is. So the next entry and the next marked one are found without a look at those between.
//
// A place is taken when its word is not 0, or when it is reserved: reserve() makes the way to an
// index, and keeps it until the next set() of that index, which then cannot fail.
//
// Invariants: every node has a place that is taken; the root of a tree higher than one level has
// one other than the first (or else the tree would be lower); marked places are taken. Nodes lie in
// frames, and name each other by their distance from phys_window: 32 bits on every machine.
// Locking is the caller's. (Linux calls this an XArray, and once called it radix_tree.)
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>

#include "kernel/base/result.h"
#include "mm/object_cache.h"
#include "mm/physical_window.h"
#include "mm/types.h"

namespace quire::mm {

/// One node: 64 words or 64 children, and a bit of each set for every one of them.
struct PageTreeNode {
    static constexpr std::uint32_t kBits = 6;
    static constexpr std::uint32_t kPlaces = 1U << kBits;
    using Set = std::array<std::uint32_t, kPlaces / 32>;

    std::array<std::uint32_t, kPlaces> words{};
    Set taken{};
    Set marked{};
};
static_assert(sizeof(PageTreeNode) == 272 && alignof(PageTreeNode) == 4);

class PageTree {
  public:
    using Node = PageTreeNode;
    using NodeCache = ObjectCache<PageTreeNode>;

    struct Entry {
        std::uint32_t index;
        std::uint32_t word;
        bool operator==(const Entry&) const = default;
    };

    /// An empty tree, whose nodes will come from `nodes`, which stays. Takes no memory.
    explicit PageTree(NodeCache& nodes) : nodes_(nodes) {}
    PageTree(const PageTree&) = delete;
    PageTree& operator=(const PageTree&) = delete;
    ~PageTree() { clear(); }

    /// The word at `index`; 0 if there is none.
    [[nodiscard]] std::uint32_t get(std::uint32_t index) const {
        if (!covers(index)) return 0;
        std::uint32_t link = root_;
        for (std::uint32_t shift = height_ * Node::kBits; shift != 0 && link != 0;) {
            shift -= Node::kBits;
            link = node_at(link).words[index >> shift & (Node::kPlaces - 1)];
        }
        return link;
    }

    /// Puts `word` at `index`, over what was there; 0 takes the entry, its mark and its reservation
    /// away. A mark stays while one word follows another. O(height), at most 6 nodes.
    /// Errors: OutOfMemory (a node is missing); nothing has changed then. Cannot happen when word
    /// is 0, when index has a word already, and when it is reserved.
    Result<void> set(std::uint32_t index, std::uint32_t word);

    /// Makes sure that the next set() of `index` succeeds, whatever happens to other indexes until
    /// then. That set() ends the reservation, be its word 0 or not.
    /// Errors: OutOfMemory; nothing has changed then.
    Result<void> reserve(std::uint32_t index);

    /// The word at `index`, to be changed into any other but 0; nullptr if there is none. Good
    /// until something else is put into the tree or taken out.
    [[nodiscard]] std::uint32_t* find(std::uint32_t index);

    /// Marks the entry at `index`, or takes the mark away; says whether that changed anything.
    /// Precondition: it has a word.
    bool set_mark(std::uint32_t index, bool marked);
    [[nodiscard]] bool is_marked(std::uint32_t index) const;

    /// The first entry at or after `from`, or nothing: of all, or of the marked ones. O(height) for
    /// each leaf passed that holds nothing but reservations.
    [[nodiscard]] std::optional<Entry> next_used(std::uint32_t from) const {
        return next(from, &Node::taken);
    }
    [[nodiscard]] std::optional<Entry> next_marked(std::uint32_t from) const {
        return next(from, &Node::marked);
    }

    /// Forgets every entry and reservation and releases all nodes.
    void clear();

    [[nodiscard]] bool empty() const { return root_ == 0; }
    [[nodiscard]] std::uint32_t height() const { return height_; }

    /// How many nodes the tree has. O(nodes).
    [[nodiscard]] std::uint32_t count_nodes() const {
        return root_ == 0 ? 0 : count_below(node_at(root_), height_ - 1);
    }

    /// Checks every node, and that it is one of the cache's. O(nodes).
    void check_invariants() const;

  private:
    static constexpr std::uint32_t kMaxHeight = 6;

    // The way from the root down to an index. nodes[0] is the leaf, where it exists.
    using Path = std::array<Node*, kMaxHeight>;

    // The place of `index` in a node of `level`; the leaf's level is 0.
    static constexpr std::uint32_t place_of(std::uint32_t index, std::uint32_t level) {
        return index >> (level * Node::kBits) & (Node::kPlaces - 1);
    }
    // The index bits below a node of `level`: it covers span_mask(level) + 1 indexes.
    static constexpr std::uint32_t span_mask(std::uint32_t level) {
        return level + 1 >= kMaxHeight ? ~0U : (1U << (level + 1) * Node::kBits) - 1;
    }
    static constexpr std::uint32_t height_for(std::uint32_t index) {
        std::uint32_t height = 1;
        while (index > span_mask(height - 1))
            ++height;
        return height;
    }
    static bool has(const Node::Set& set, std::uint32_t place) {
        return (set[place / 32] >> place % 32 & 1) != 0;
    }
    static void put(Node::Set& set, std::uint32_t place, bool member) {
        const std::uint32_t bit = 1U << place % 32;
        set[place / 32] = member ? set[place / 32] | bit : set[place / 32] & ~bit;
    }
    static bool empty(const Node::Set& set) { return (set[0] | set[1]) == 0; }
    // The first member at or after `place`, or kPlaces.
    static std::uint32_t next_in(const Node::Set& set, std::uint32_t place) {
        const std::uint32_t half = place / 32;
        const std::uint32_t rest = set[half] & ~0U << place % 32;
        if (rest != 0) return half * 32 + static_cast<std::uint32_t>(std::countr_zero(rest));
        if (half == 1 || set[1] == 0) return Node::kPlaces;
        return 32 + static_cast<std::uint32_t>(std::countr_zero(set[1]));
    }

    static Node& node_at(std::uint32_t link) {
        return *reinterpret_cast<Node*>(phys_window + link);
    }
    static std::uint32_t link_to(const Node& node) {
        return static_cast<std::uint32_t>(reinterpret_cast<const std::byte*>(&node) - phys_window);
    }

    [[nodiscard]] bool covers(std::uint32_t index) const {
        return height_ == kMaxHeight || index >> height_ * Node::kBits == 0;
    }
    Result<void> grow_to(std::uint32_t height);
    Result<void> try_path(std::uint32_t index, Path& path);
    Result<void> make_path(std::uint32_t index, Path& path);
    [[nodiscard]] bool find_path(std::uint32_t index, Path& path) const;
    void prune(std::uint32_t index);
    void lower_root();
    void spread_mark(const Path& path, std::uint32_t index);
    [[nodiscard]] std::optional<Entry> next(std::uint32_t from, Node::Set Node::*which) const;
    void release_below(std::uint32_t link, std::uint32_t level);
    static std::uint32_t count_below(const Node& node, std::uint32_t level);
    void check_node(const Node& node, std::uint32_t level) const;

    NodeCache& nodes_;
    std::uint32_t root_ = 0;    // 0: the tree is empty
    std::uint32_t height_ = 0;  // in nodes; 0 exactly when it is empty
};

}  // namespace quire::mm
