// Something whose pages have names (object, page index): a file, or anonymous shared memory.
//
//      31                        8 7      2 1 0
//     +---------------------------+--------+---+
//     | 0                                  | 0 |  empty    never read, or a hole
//     | frame (20)                |   0    | 1 |  frame    in RAM
//     | slot (20)                 |   0    | 2 |  slot     shared memory, swapped out
//     | shadow (24), not 0        |   0    | 3 |  shadow   was in RAM, evicted
//     +---------------------------+--------+---+
//
// The one idea: the pages of an object that are in RAM are found here by everybody, by every
// mapping, by read(2) and by write(2). This is the page cache; there is no other.
//
// Who holds what:
//   frame   The entry holds one reference to the frame. Who puts a frame in hands over a reference
//           of its own; who takes the entry out takes over the object's. The frame's record is set
//           by FrameTable::set_object(frame, {id, index}) before, and names nothing else while the
//           entry stands. Each PTE that maps the frame holds a reference of its own.
//   slot    The entry is one name of the slot (SwapSpace::add_name), handed over in the same way.
//   users   Open files and regions are users. The object lives as long as it has one;
//           last_user_gone() is then called and may destroy it.
// The object itself never touches frame references or slots. It neither reads nor writes its store:
// those who move pages ask for store().
//
// Invariants: entries with a frame or slot lie below pages(); the counts of resident, swapped and
// dirty pages are right; a page is marked dirty in the tree exactly when its frame has
// FrameFlag::Dirty. Locking is the caller's.
#pragma once

#include <cstdint>
#include <optional>

#include "kernel/base/intrusive_list.h"
#include "kernel/base/result.h"
#include "mm/backing_store.h"
#include "mm/frame_table.h"
#include "mm/page_entry.h"
#include "mm/page_tree.h"
#include "mm/region.h"
#include "mm/replacement_policy.h"
#include "mm/write_errors.h"

namespace quire::mm {

class ObjectRegistry;

/// What an object is the memory of, for whoever made it: a file's node (fs/node.h).
class ObjectOwner {
  protected:
    ~ObjectOwner() = default;
};

/// Where one page of an object is: one of the pictures above, as a value.
class ObjectEntry {
  public:
    /// The empty entry.
    constexpr ObjectEntry() = default;
    static constexpr ObjectEntry for_frame(FrameNumber frame) {
        ASSERT(frame.raw() != 0 && frame.raw() < 1U << 20);
        return ObjectEntry(frame.raw() << kShift | kFrame);
    }
    static constexpr ObjectEntry for_slot(SwapSlot slot) {
        ASSERT(slot.raw() != 0 && slot <= kMaxSwapSlot);
        return ObjectEntry(slot.raw() << kShift | kSlot);
    }
    /// Shadow 0, of which nothing is known, makes the empty entry.
    static constexpr ObjectEntry for_shadow(Shadow shadow) {
        ASSERT(shadow <= kMaxShadow);
        return shadow == 0 ? ObjectEntry() : ObjectEntry(shadow << kShift | kShadow);
    }
    static constexpr ObjectEntry from_raw(std::uint32_t raw) { return ObjectEntry(raw); }
    [[nodiscard]] constexpr std::uint32_t raw() const { return raw_; }
    constexpr bool operator==(const ObjectEntry&) const = default;

    [[nodiscard]] constexpr bool is_empty() const { return raw_ == 0; }
    [[nodiscard]] constexpr bool is_frame() const { return kind() == kFrame; }
    [[nodiscard]] constexpr bool is_slot() const { return kind() == kSlot; }
    [[nodiscard]] constexpr bool is_shadow() const { return kind() == kShadow; }

    /// Precondition: is_frame().
    [[nodiscard]] constexpr FrameNumber frame() const {
        ASSERT(is_frame());
        return FrameNumber(raw_ >> kShift);
    }
    /// Precondition: is_slot().
    [[nodiscard]] constexpr SwapSlot slot() const {
        ASSERT(is_slot());
        return SwapSlot(raw_ >> kShift);
    }
    /// What is remembered of an evicted page; 0 for every other entry.
    [[nodiscard]] constexpr Shadow shadow() const { return is_shadow() ? raw_ >> kShift : 0; }

  private:
    static constexpr std::uint32_t kShift = 8;
    static constexpr std::uint32_t kFrame = 1;
    static constexpr std::uint32_t kSlot = 2;
    static constexpr std::uint32_t kShadow = 3;

    constexpr explicit ObjectEntry(std::uint32_t raw) : raw_(raw) {}
    [[nodiscard]] constexpr std::uint32_t kind() const { return raw_ & 3; }

    std::uint32_t raw_ = 0;
};
static_assert(sizeof(ObjectEntry) == 4 && std::is_trivially_copyable_v<ObjectEntry>);

class MemoryObject {
  public:
    enum class Kind : std::uint8_t {
        File,          // backed by a store
        SharedMemory,  // backed by swap; what was never written is zero
    };
    using Regions = IntrusiveList<Region, &Region::object_hook>;

    /// Page indexes have 32 bits, and the last one is kept for "the end".
    static constexpr std::uint64_t kMaxBytes = std::uint64_t{0xFFFFFFFF} << kPageShift;

    struct ResidentPage {
        std::uint32_t index;
        FrameNumber frame;
    };
    struct IndexedEntry {
        std::uint32_t index;
        ObjectEntry entry;
    };

    /// An object without pages in RAM, known to `registry` under an id of its own, without users.
    /// `registry` and `store` must stay. Takes no memory. Preconditions: bytes <= kMaxBytes; a File
    /// has a store and SharedMemory has none (nullptr).
    MemoryObject(ObjectRegistry& registry, Kind kind, BackingStore* store, std::uint64_t bytes);
    MemoryObject(const MemoryObject&) = delete;
    MemoryObject& operator=(const MemoryObject&) = delete;

    /// 24 bits, never 0: what the frame records call this object.
    [[nodiscard]] std::uint32_t id() const { return id_; }
    [[nodiscard]] Kind kind() const { return kind_; }
    /// nullptr: nobody has a name for it, as anonymous shared memory. mm itself never asks.
    [[nodiscard]] virtual ObjectOwner* owner() { return nullptr; }
    /// nullptr for SharedMemory.
    [[nodiscard]] BackingStore* store() const { return store_; }

    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    /// The pages that overlap the size: a fault on a page at or past this is a bus error.
    [[nodiscard]] std::uint32_t pages() const {
        return static_cast<std::uint32_t>((bytes_ + (kPageSize - 1)) >> kPageShift);
    }
    /// Changes the size; shadows past the new end are forgotten. Preconditions: bytes <= kMaxBytes;
    /// no frame and no slot lies past the new end: they are unmapped and taken out before.
    void set_bytes(std::uint64_t bytes);

    // --- Pages ---

    [[nodiscard]] ObjectEntry entry(std::uint32_t page_index) const {
        return ObjectEntry::from_raw(pages_.get(page_index));
    }

    /// Says where the page is from now on. References and names change hands as told at the head of
    /// this file: what the entry held before is the caller's, who asked entry() first. A frame that
    /// leaves loses its mark of being dirty here; FrameFlag::Dirty is its new owner's affair. Ends
    /// a reservation. Preconditions: page_index < pages(), or `entry` is empty; no slot in a File;
    /// no frame in the place of another frame, no slot in that of another slot. Errors: OutOfMemory
    /// (a node of the tree); nothing has changed then, all is still the caller's. Cannot happen if
    /// `entry` is empty, if the page had an entry, or is reserved.
    Result<void> set_entry(std::uint32_t page_index, ObjectEntry entry);

    /// Makes sure that the next set_entry() of the page succeeds, whatever becomes of other pages
    /// meanwhile. Must be followed by it, by set_entry(i, entry(i)) if the plan came to nothing.
    /// Precondition: page_index < pages(). Errors: OutOfMemory; nothing has changed then.
    Result<void> reserve(std::uint32_t page_index);

    /// The first page with an entry, or in RAM, or dirty, at or after `from`; or nothing.
    [[nodiscard]] std::optional<IndexedEntry> next_entry(std::uint32_t from) const;
    [[nodiscard]] std::optional<ResidentPage> next_resident(std::uint32_t from) const;
    [[nodiscard]] std::optional<ResidentPage> next_dirty(std::uint32_t from) const;

    /// Calls visit(page_index, frame) for each page of [first, end) in RAM, in order. The visitor
    /// may take out the page it is given.
    template <typename Visitor>
    void for_each_resident(std::uint32_t first, std::uint32_t end, Visitor visit) const {
        for (std::optional<ResidentPage> page = next_resident(first);
             page.has_value() && page->index < end; page = next_resident(page->index + 1))
            visit(page->index, page->frame);
    }

    /// The page differs from what its store holds, or no longer does: sets or clears the mark here
    /// and FrameFlag::Dirty in the record of its frame. Precondition: the page is in RAM.
    void set_dirty(FrameTable& frames, std::uint32_t page_index) {
        change_dirty(frames, page_index, true);
    }
    void set_clean(FrameTable& frames, std::uint32_t page_index) {
        change_dirty(frames, page_index, false);
    }

    [[nodiscard]] std::uint32_t resident_pages() const { return resident_; }
    [[nodiscard]] std::uint32_t swapped_pages() const { return swapped_; }
    [[nodiscard]] std::uint32_t dirty_pages() const { return dirty_; }

    // --- Write-back ---

    /// What went wrong when dirty pages were written; recorded by write_back().
    [[nodiscard]] WriteErrors& write_errors() { return write_errors_; }
    [[nodiscard]] const WriteErrors& write_errors() const { return write_errors_; }

    /// For the write-back daemon: how often in a row it has come by and found something dirty.
    [[nodiscard]] std::uint8_t dirty_visits() const { return dirty_visits_; }
    void set_dirty_visits(std::uint8_t visits) { dirty_visits_ = visits; }

    // --- Users and regions (reverse mapping) ---

    void add_user() { ++users_; }
    /// Precondition: users() != 0. May destroy the object: nothing may be done with it afterwards
    /// by a caller who is no other user of it.
    void drop_user();
    [[nodiscard]] std::uint32_t users() const { return users_; }

    /// `region` shows pages of this object from now on, and is a user of it. Called by the region's
    /// constructor. Precondition: region.object() is this object; the region is in no list.
    void attach(Region& region);
    /// The opposite, as drop_user(); called by the region's destructor.
    void detach(Region& region);

    /// The regions that show pages of this object, oldest first. For walks; attach() and detach()
    /// change it.
    [[nodiscard]] Regions& regions() { return regions_; }
    /// Whether a region was made through a descriptor that was open for writing; it may be closed
    /// by now. O(regions).
    [[nodiscard]] bool is_mapped_by_writer();
    /// Whether programs can store into its pages through a region, now or after mprotect.
    /// O(regions).
    [[nodiscard]] bool is_mapped_for_stores();

    ListHook registry_hook;  // in ObjectRegistry's bucket

    /// Checks tree, counts, regions, the registry, and that the record of each resident frame says
    /// Object, this id, this index, referenced, and dirty exactly when marked. O(pages in RAM).
    void check_invariants(const FrameTable& frames);

  protected:
    /// Called when the last user has gone. A file may keep its pages for the next one; shared
    /// memory gives frames and slots back. Either may destroy the object.
    virtual void last_user_gone() = 0;
    /// A region has come, or has gone. It is a user in both; the object may lose all others here.
    virtual void mapped() {}
    virtual void unmapped() {}

    /// Leaves the registry. Preconditions: no users, no page in RAM, none in a slot.
    ~MemoryObject();

  private:
    void change_dirty(FrameTable& frames, std::uint32_t page_index, bool dirty);
    void count_dirty(bool dirty);
    [[nodiscard]] static std::optional<ResidentPage> resident(std::optional<PageTree::Entry> found);

    PageTree pages_;
    std::uint64_t bytes_;
    ObjectRegistry& registry_;
    BackingStore* store_;
    Regions regions_;
    std::uint32_t id_ = 0;
    std::uint32_t users_ = 0;
    std::uint32_t resident_ = 0;
    std::uint32_t swapped_ = 0;
    std::uint32_t dirty_ = 0;
    WriteErrors write_errors_;
    Kind kind_;
    std::uint8_t dirty_visits_ = 0;
};
static_assert(sizeof(void*) != 4 || sizeof(MemoryObject) <= 80);

}  // namespace quire::mm
