// The regions of one address space, in order of address, never overlapping.
//
//     10                                                                          C0000
//     | |text|data|   |heap|            |map|map|      |map|    .guard.|stack|        |
//
// RegionMap says what regions mean to each other: which touch and continue one another, how one
// becomes two, where a new one has room. Finding and ordering is the tree's (mm/region_tree.h).
// Page tables are not its business: who removes a region has unmapped its pages before.
//
// Invariant: every region lies inside kUserPages and overlaps no other. split() is the one
// operation on regions that exist that needs memory; it fails before it changes anything. Locking
// is the caller's.
#pragma once

#include <cstdint>
#include <optional>

#include "kernel/base/result.h"
#include "mm/layout.h"
#include "mm/object_cache.h"
#include "mm/region.h"
#include "mm/region_tree.h"

namespace quire::mm {

/// Where regions may lie.
inline constexpr PageRange kUserPages{kFirstUserPage, kFirstKernelPage};

class RegionMap {
  public:
    /// An empty map. `cache` is where create() and split() get regions and destroy() and merge()
    /// give them back; it must stay.
    explicit RegionMap(ObjectCache<Region>& cache) : cache_(cache) {}
    RegionMap(const RegionMap&) = delete;
    RegionMap& operator=(const RegionMap&) = delete;
    /// Precondition: no region is left.
    ~RegionMap() = default;

    // --- Looking ---

    /// The region that contains `page`, or nullptr. O(log n); O(1) for the region found last.
    [[nodiscard]] Region* find(PageNumber page) { return region(tree_.find(page)); }

    /// The lowest region that ends after `page`: the one that contains it, or else the next one
    /// above. nullptr if there is none. O(log n). (Linux: find_vma.)
    [[nodiscard]] Region* first_ending_after(PageNumber page) const {
        return region(tree_.first_ending_after(page));
    }

    /// In order of address; nullptr at the end. Over a whole walk O(1) a step. Precondition of the
    /// first two: the region is in this map.
    [[nodiscard]] Region* next(Region& of) const {
        return region(tree_.neighbour(of, RegionTree::Right));
    }
    [[nodiscard]] Region* previous(Region& of) const {
        return region(tree_.neighbour(of, RegionTree::Left));
    }
    [[nodiscard]] Region* first() const { return region(tree_.outermost(RegionTree::Left)); }
    [[nodiscard]] Region* last() const { return region(tree_.outermost(RegionTree::Right)); }

    /// Whether no region has a page of `range`. Guards count as free. O(log n).
    [[nodiscard]] bool is_free(PageRange range) const;

    /// Where to put `count` new pages so that they lie inside `within` and kUserPages, touch no
    /// region's pages and leave kStackGuardPages below each region that grows down (up to the next
    /// region, if that is nearer): the start that is highest, or lowest. nullopt if there is no
    /// such place. Precondition: count is not 0. O(log n).
    [[nodiscard]] std::optional<PageNumber> find_gap_from_top(PageRange within,
                                                              PageCount count) const;
    [[nodiscard]] std::optional<PageNumber> find_gap_from_bottom(PageRange within,
                                                                 PageCount count) const;

    /// How many regions there are, and how many pages they have together.
    [[nodiscard]] std::uint32_t size() const { return size_; }
    [[nodiscard]] PageCount total_pages() const { return total_pages_; }
    /// The most that total_pages() has been.
    [[nodiscard]] PageCount peak_pages() const { return peak_pages_; }

    // --- Changing ---

    /// Makes a region and inserts it; the arguments are those of Region. Preconditions: those of
    /// Region and of insert(). Errors: OutOfMemory; nothing has changed then.
    Result<Region*> create(AddressSpace& space, PageRange range, const RegionTraits& traits,
                           MemoryObject* object, std::uint32_t object_page);

    /// Removes a region and releases it. Precondition: it is in this map and from its cache.
    void destroy(Region& region);

    /// Makes this empty map a copy of `parent`, for `space`: with every region, but none is locked,
    /// so that neighbours may be alike that were not. Errors: OutOfMemory; nothing has changed
    /// then. O(n).
    Result<void> copy_from(const RegionMap& parent, AddressSpace& space);

    /// Releases all regions. Precondition: all are from its cache. O(n).
    void clear();

    /// Takes in a region that the caller made. Cannot fail. Preconditions: it is in no map, lies
    /// inside kUserPages and overlaps no region. If it is to be destroyed, split or merged here, it
    /// comes from this map's cache. O(log n).
    void insert(Region& region);

    /// Gives a region back to the caller. Precondition: it is in this map. O(log n).
    void remove(Region& region);

    /// Gives a region new ends; object_page is then what `range.first` shows. Preconditions: it is
    /// in this map; the range is not empty, inside kUserPages and between the neighbours. O(log n).
    void resize(Region& region, PageRange range, std::uint32_t object_page);

    /// Cuts a region in two:
    ///
    ///     | region                   |   ->   | region     | answer       |
    ///                  ^ at                                 ^ at
    ///
    /// Precondition: it is in this map, `at` is strictly inside it. Errors: OutOfMemory; nothing
    /// has changed then. O(log n).
    Result<Region*> split(Region& region, PageNumber at);

    /// Joins a region with the one before and the one after it, where they continue one another.
    /// Answers the region that has all the pages now, the lowest of them; those that were joined to
    /// it are released. Precondition: it is in this map, all from its cache. O(log n).
    Region& merge(Region& region);

    /// Whether one region could stand for both: they touch, behave alike, and `high` shows the
    /// pages of the object that follow those of `low`, or both are anonymous.
    [[nodiscard]] static bool continues(const Region& low, const Region& high);

    /// The tree is sound, each region is sound and inside kUserPages, the counts are right. O(n
    /// log n).
    void check_invariants() const;

  private:
    void add_pages(PageCount count) {
        total_pages_ += count;
        if (peak_pages_ < total_pages_) peak_pages_ = total_pages_;
    }
    // Every node of tree_ is a Region.
    static Region* region(RegionNode* node) { return static_cast<Region*>(node); }

    ObjectCache<Region>& cache_;
    RegionTree tree_;
    std::uint32_t size_ = 0;
    PageCount total_pages_;
    PageCount peak_pages_;
};

}  // namespace quire::mm
