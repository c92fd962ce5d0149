// A region: a range of pages of one address space that were mapped together and behave alike.
// (Linux: VMA.)
//
//     address space    | range().first                range().end |
//                      +--------+--------+--------+--------+------+
//                      | page   |        |        |        |
//                      +---|----+--------+--------+--------+
//                          v
//     object     | 0 | object_page() | ...                    a file, or shared memory
//
// A region says what may be there, the page tables say what is there. Private anonymous memory has
// no object: its pages start as zeroes, and the page-table entries are all there is to know.
//
// Invariant: a region is in its object's list of regions for as long as it lives; that list is how
// all mappings of an object's page are found. The object must outlive the region. Only the map that
// holds it changes its range (mm/region_map.h).
#pragma once

#include <cstdint>

#include "kernel/base/intrusive_list.h"
#include "mm/region_tree.h"
#include "mm/rights.h"

namespace quire::mm {

class AddressSpace;
class MemoryObject;

/// In which order a program will touch the pages (madvise(2)): how much is to be read ahead.
enum class Advice : std::uint8_t { Normal, Random, Sequential };

/// How the pages behave: what mmap, mprotect, mlock and madvise set. Two neighbours merge only if
/// all of it is equal.
struct RegionTraits {
    Rights rights = {};          // what is allowed now
    Rights most = {};            // what mprotect may ever allow; holds `rights`
    bool shared = false;         // stores go to the object; else they are private: copy-on-write
    bool grows_down = false;     // MAP_GROWSDOWN: a fault just below extends it
    bool locked = false;         // mlock: its pages are never victims
    bool lock_on_fault = false;  // MLOCK_ONFAULT, only with locked: pages are not brought in ahead
    bool no_reserve = false;     // MAP_NORESERVE
    bool charged = false;        // its pages are counted by the commit account
    bool dont_fork : 1 = false;  // MADV_DONTFORK: a child does not get it
    bool of_writer : 1 = false;  // the descriptor it was made through was open for writing
    Advice advice = Advice::Normal;

    constexpr bool operator==(const RegionTraits&) const = default;
};

class Region : public RegionNode {
  public:
    /// Enters the region in the list of `object`, which may be nullptr: private anonymous memory.
    /// `object_page`: the page of the object that the first page shows; without an object it does
    /// not count and reads as 0. Preconditions: the range is not empty; `most` holds `rights`;
    /// what is shared has an object; lock_on_fault only with locked; `space` and `object` stay.
    Region(AddressSpace& space, PageRange range, RegionTraits traits, MemoryObject* object,
           std::uint32_t object_page);
    /// What a child gets of `parent`'s region: the same, but not locked. In no map yet.
    Region(const Region& parent, AddressSpace& space);
    /// Leaves the object's list. Precondition: in no map.
    ~Region();

    [[nodiscard]] const RegionTraits& traits() const { return traits_; }
    /// Preconditions as for the constructor; grows_down stays as it is, for the map counts on it.
    /// TLB duty: none here; who takes rights away changes the page tables and flushes.
    void set_traits(const RegionTraits& traits);

    [[nodiscard]] AddressSpace& space() const { return space_; }
    /// nullptr: private anonymous memory.
    [[nodiscard]] MemoryObject* object() const { return object_; }
    /// The page of the object that range().first shows; 0 without an object.
    [[nodiscard]] std::uint32_t object_page() const { return object_page_; }
    /// The page of the object that `page` shows; 0 without an object. Precondition: `page` is in
    /// the region, or is its end.
    [[nodiscard]] std::uint32_t object_page_of(PageNumber page) const {
        ASSERT(range().first <= page && page <= range().end);
        return object_ == nullptr ? 0 : object_page_ + (page - range().first).raw();
    }

    /// Whether one of its pages shows page `object_page` of the object, and which one does.
    [[nodiscard]] bool shows(std::uint32_t object_page) const {
        return object_page - object_page_ < range().count().raw();
    }
    /// Precondition: shows(object_page).
    [[nodiscard]] PageNumber page_that_shows(std::uint32_t object_page) const {
        ASSERT(shows(object_page));
        return range().first + PageCount(object_page - object_page_);
    }

    /// The preconditions of the constructor still hold.
    void check_invariants() const;

  private:
    friend class RegionMap;
    void set_object_page(std::uint32_t page) { object_page_ = object_ == nullptr ? 0 : page; }

    RegionTraits traits_;
    AddressSpace& space_;
    MemoryObject* object_;
    std::uint32_t object_page_ = 0;

  public:
    ListHook object_hook;  // in the object's list of regions
};

static_assert(sizeof(void*) != 4 || sizeof(Region) == 64);

}  // namespace quire::mm
