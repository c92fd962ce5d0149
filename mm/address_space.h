// One program's memory: what each range of its addresses means (regions), what is there right now
// (page tables), and the calls that change either. This is the object a process owns.
//
//     call or fault --> regions: may it be, and what does it mean? --> pages: make it so
//
// The meaning is in the regions; a page table holds only what was touched, so that throwing every
// clean page away changes nothing that a program can see. What a call does and which error it gives
// is what Linux does (mmap(2) and its kin); an Error stands for the errno that its comment names
// (kernel/base/result.h). If an operation fails, nothing has changed, except where Linux documents
// otherwise; then its comment says so. Lengths are in bytes and are rounded up to whole pages, as
// in Linux.
//
// Memory is made free before anything is looked at (mm/user_memory.h), so no operation meets a
// page table that reclaim has changed behind its back. Locking: the space's lock is held.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "kernel/base/result.h"
#include "mm/fault.h"
#include "mm/fault_outcome.h"
#include "mm/needed_pages.h"
#include "mm/region_map.h"
#include "mm/user_memory.h"
#include "mm/user_pages.h"
#include "mm/working_set.h"

namespace quire::mm {

class PageMover;
enum class FaultAction : std::uint8_t;

/// RLIMIT_*: in bytes; LOCKED counts whole pages.
struct MemoryLimits {
    static constexpr std::uint32_t kUnlimited = ~0U;
    std::uint32_t address_space = kUnlimited;  // RLIMIT_AS: all regions together
    std::uint32_t data = kUnlimited;           // RLIMIT_DATA: break and private writable regions
    std::uint32_t stack = 8U << 20;            // RLIMIT_STACK: a region that grows down
    std::uint32_t locked = 8U << 20;           // RLIMIT_MEMLOCK
    bool may_lock_any = false;                 // CAP_IPC_LOCK: `locked` does not count
};

/// Where a map of an object may be used for, beside where it goes.
struct MapRequest {
    enum class Place : std::uint8_t {
        Anywhere,     // `address` is a hint, 0 is none
        Fixed,        // at `address`, in place of what is there (MAP_FIXED)
        FixedIfFree,  // at `address`, or AlreadyExists (MAP_FIXED_NOREPLACE)
    };
    VirtAddr address;
    std::uint32_t bytes = 0;
    Place place = Place::Anywhere;
    Rights rights;
    bool shared = false;
    bool grows_down = false;         // MAP_GROWSDOWN
    bool no_reserve = false;         // MAP_NORESERVE
    bool populate = false;           // MAP_POPULATE
    bool locked = false;             // MAP_LOCKED
    MemoryObject* object = nullptr;  // nullptr: anonymous, which is private here: shared anonymous
                                     // memory is an object of its own, made by the caller
    std::uint32_t object_page = 0;
    Rights object_rights{};  // how the file was opened

    /// Whether it was opened for what is asked: shared stores reach it, everything else reads it.
    [[nodiscard]] bool is_allowed() const {
        const bool stores = shared && rights.has(Rights::write());
        return object_rights.has(stores ? Rights::read() | Rights::write() : Rights::read());
    }
};

class AddressSpace {
  public:
    /// An empty address space around `pages`, which are empty. `memory` must stay.
    AddressSpace(UserMemory& memory, UserPages&& pages, const MemoryLimits& limits);
    AddressSpace(const AddressSpace&) = delete;
    AddressSpace& operator=(const AddressSpace&) = delete;
    /// Precondition: not loaded. Empties the space.
    ~AddressSpace();

    [[nodiscard]] UserPages& pages() { return pages_; }
    [[nodiscard]] RegionMap& regions() { return regions_; }
    [[nodiscard]] UserMemory& memory() const { return memory_; }
    [[nodiscard]] MemoryLimits& limits() { return limits_; }

    // mm/address_space.cpp ---------------------------------------------------------------------

    /// Makes this empty space a copy of `parent`: regions and what was promised; page tables are
    /// shared (docs/fork.md). Locks are not inherited; DONTFORK regions are left out.
    /// Errors: OutOfMemory (ENOMEM); this space is empty then.
    Result<void> fork_from(AddressSpace& parent);

    /// Unmaps everything, as exec and exit do.
    void empty();

    /// Maps without an address go to the highest room below this page. For exec, which knows how
    /// large the stack may become; what is mapped stays where it is.
    void set_mmap_top(PageNumber top) { mmap_top_ = top; }
    [[nodiscard]] PageNumber mmap_top() const { return mmap_top_; }

    /// Makes a region where none is, and charges the commit account if its traits say so. What
    /// limits and neighbours say is not asked. Errors: OutOfMemory; nothing has changed then.
    Result<Region*> add_region(PageRange range, const RegionTraits& traits, MemoryObject* object,
                               std::uint32_t object_page);

    /// Pages in RAM, pages in swap. O(mapped).
    struct Figures {
        PageCount mapped, resident, swapped, locked, charged, tables;
    };
    [[nodiscard]] Figures figures();

    /// How many pages this space uses, as far as the policy looks at its pages: each look at one of
    /// its entries tells here. Whoever counts the space's running time ends the intervals:
    /// working_set().end_interval(figures().resident).
    [[nodiscard]] WorkingSet& working_set() { return working_set_; }

    void check_invariants();

    // mm/map.cpp -------------------------------------------------------------------------------

    /// mmap(2): where the pages are now; a hint that is not free is no error. The object, if any,
    /// has a user until this returns. Errors: InvalidArgument (EINVAL: length 0, address not
    /// aligned for Fixed, grows_down with an object); OutOfMemory (ENOMEM: no room, a limit, the
    /// commit account, the top of user space, too many regions); AlreadyExists (EEXIST);
    /// AccessDenied (EACCES: file not open for that); Overflow (EOVERFLOW: object page + length);
    /// NotPermitted (EPERM: below kFirstUserPage with Fixed; locked, with a limit of 0); TryAgain
    /// (EAGAIN: locked, over the limit). Nothing has changed then, not even at a fixed place, where
    /// Linux may have unmapped. What populate cannot bring in is no error.
    Result<VirtAddr> map(const MapRequest& request);

    /// munmap(2). A hole is no error. Errors: InvalidArgument (EINVAL: not aligned, length 0,
    /// beyond user space); OutOfMemory (ENOMEM: no memory to split a region or to unshare a page
    /// table). Flushes what it took away.
    Result<void> unmap(VirtAddr address, std::uint32_t bytes);

    /// mprotect(2). Works region by region: on OutOfMemory or AccessDenied what lies before has
    /// changed, as in Linux. `grows_down`: from the start of the region on. Flushes what it took
    /// away. Errors: InvalidArgument (EINVAL: not aligned; grows_down asked of a region that does
    /// not); OutOfMemory (ENOMEM: a hole, the range wraps, the commit account, RLIMIT_DATA, no
    /// memory to split a region or to unshare a page table); AccessDenied (EACCES: a shared map of
    /// a file that was not opened to write).
    Result<void> protect(VirtAddr address, std::uint32_t bytes, Rights rights, bool grows_down);

    /// brk(2): the new break, or the old one if it cannot be moved there.
    VirtAddr set_break(VirtAddr address);
    [[nodiscard]] VirtAddr current_break() const { return break_; }
    /// Where the break begins: above the program's image. For exec.
    void set_break_start(VirtAddr address);

    // mm/remap.cpp -----------------------------------------------------------------------------

    struct RemapRequest {
        VirtAddr address;
        std::uint32_t old_bytes = 0;
        std::uint32_t new_bytes = 0;
        bool may_move = false;  // MREMAP_MAYMOVE
        bool fixed = false;     // MREMAP_FIXED
        bool keep_old = false;  // MREMAP_DONTUNMAP: the pages move, the old region stays, empty
        VirtAddr new_address = {};
    };
    /// mremap(2): where the pages are now. Errors: InvalidArgument (not aligned, new length 0, old
    /// length 0 of a private region, fixed or keep_old without may_move, keep_old with another
    /// length, the places overlap or leave user space); BadAddress (EFAULT: no region, or the old
    /// range runs beyond it); NotPermitted (EPERM: below kFirstUserPage); TryAgain (EAGAIN: locked
    /// over the limit); OutOfMemory (ENOMEM: a limit, no room, the commit account); IoError (EIO: a
    /// page that had to be copied could not be read from swap). Nothing has changed then, not even
    /// at the fixed place. Flushes all it owes. O(pages that move), O(tables) for whole ones.
    Result<VirtAddr> remap(const RemapRequest& request);

    // mm/advise.cpp ----------------------------------------------------------------------------

    enum class AdviceCall : std::uint8_t {
        Normal,
        Random,
        Sequential,
        WillNeed,
        DontNeed,
        Free,
        DontFork,
        DoFork,
        PopulateRead,
        PopulateWrite,
        Nothing,  // a hint without use here: only a hole is told
    };
    /// madvise(2). A hole in the range is OutOfMemory after the rest was done, as in Linux.
    /// Free drops pages at once. WillNeed reads a bounded number of pages ahead; what goes wrong
    /// there is no error. Errors: InvalidArgument (not aligned, wraps; DontNeed or Free of locked
    /// pages; Free of an object; populate of what the region forbids), OutOfMemory (ENOMEM: a hole;
    /// populate found no memory), TryAgain (EAGAIN: no memory to split a region or to unshare a
    /// page table), BadAddress (EFAULT: populate met SIGBUS). What lies before has been done then.
    Result<void> advise(VirtAddr address, std::uint32_t bytes, AdviceCall advice);

    /// mincore(2): one byte a page, 1 if it is in RAM, mapped here or not. Precondition: `answer`
    /// has at least as many bytes as pages. Errors: InvalidArgument (not aligned), OutOfMemory
    /// (ENOMEM: a hole, or beyond user space); what lies before has been answered then.
    Result<void> residence(VirtAddr address, std::uint32_t bytes, std::span<std::uint8_t> answer);

    enum class Sync : std::uint8_t {
        Start,
        Wait,
    };
    /// msync(2): writes dirty pages of shared file maps back, if `how` is Wait. Errors:
    /// InvalidArgument (not aligned), OutOfMemory (ENOMEM: wraps; a hole, after the rest was done),
    /// Busy (EBUSY: `invalidate` and a locked region), IoError (EIO); what lies before has been
    /// written then.
    Result<void> sync(VirtAddr address, std::uint32_t bytes, Sync how, bool invalidate);

    // mm/lock.cpp ------------------------------------------------------------------------------

    enum class LockMode : std::uint8_t { Now, OnFault };
    /// mlock(2), mlock2(2). The range is rounded out to whole pages. Errors: NotPermitted (EPERM:
    /// limit 0); OutOfMemory (ENOMEM: over the limit); InvalidArgument (wraps); nothing has changed
    /// then. OutOfMemory (ENOMEM: a hole, or no memory to split a region or to unshare a page
    /// table): what lies before is locked, though not brought in. OutOfMemory (ENOMEM: PROT_NONE or
    /// SIGBUS) and TryAgain (EAGAIN: memory is short): all is locked, but not all brought in.
    Result<void> lock(VirtAddr address, std::uint32_t bytes, LockMode mode);
    /// munlock(2). Errors: InvalidArgument (wraps), OutOfMemory (ENOMEM: a hole, or no memory to
    /// split a region); what lies before is unlocked then.
    Result<void> unlock(VirtAddr address, std::uint32_t bytes);

    struct LockAll {
        bool current = false, future = false, on_fault = false;
    };
    /// mlockall(2), munlockall(2). Regions that cannot be locked, and pages that cannot be brought
    /// in, are left as they are. Errors: InvalidArgument (neither current nor future), NotPermitted
    /// (EPERM: limit 0), OutOfMemory (ENOMEM: over the limit); nothing has changed then.
    Result<void> lock_all(LockAll what);
    void unlock_all();

    // mm/page_fault.cpp ------------------------------------------------------------------------

    /// Answers a page fault in user space, from ring 3 or from the kernel's copies.
    FaultOutcome handle(const Fault& fault);

    /// The step that handle() would take first, where it found room; it is not taken. For people
    /// who want to know what an access would do (mm/fault_decision.h).
    [[nodiscard]] FaultAction first_step(const Fault& fault);

    /// Brings the pages of `range` in as if each were read, or written, and stops at the first that
    /// cannot be. Precondition: regions cover the range.
    FaultOutcome populate(PageRange range, Access access);

  private:
    // Frames that an operation on a few page tables and regions may need.
    static constexpr PageCount kFewFrames{8};
    // More regions than this are refused, for they are kernel memory (Linux: max_map_count).
    static constexpr std::uint32_t kMostRegions = 65530;
    // Below a stack of the usual limit, its guard pages included.
    static constexpr PageNumber kUsualMmapTop{kFirstKernelPage - PageCount(2048) -
                                              kStackGuardPages};

    class PageFault;  // mm/page_fault.cpp

    Result<void> copy_from(AddressSpace& parent);
    void tell_release();
    // Whether all that there is goes to a child as it is.
    [[nodiscard]] bool is_plain() const {
        return locked_ == PageCount() && dont_fork_ == PageCount();
    }
    [[nodiscard]] TableSet tables_to_copy();
    [[nodiscard]] PageCount frames_to_fork();
    Result<void> charge_copy(AddressSpace& parent);
    Result<void> charge_each(AddressSpace& parent);
    void settle_copy();
    // Keep locked_, charged_, data_ and dont_fork_, for `size` pages that begin or cease to be of a
    // kind.
    void count_region(const RegionTraits& traits, PageCount size);
    void uncount_region(const RegionTraits& traits, PageCount size);
    static bool is_data(const RegionTraits& traits);
    void check_counts();
    void check_entries();

    // mm/map.cpp: what mmap, brk and mremap have in common.
    [[nodiscard]] Result<PageRange> choose_place(const MapRequest& request) const;
    // Whether new pages may lie there: no region, no guard of one that grows down.
    [[nodiscard]] bool has_room(PageRange range) const;
    [[nodiscard]] std::optional<PageNumber> find_room(PageCount count) const;
    // What the limits and the commit account know of the pages that regions have of a range.
    struct Counts {
        PageCount all, data, locked, charged;
        friend Counts operator+(const Counts& a, const Counts& b) {
            return {a.all + b.all, a.data + b.data, a.locked + b.locked, a.charged + b.charged};
        }
    };
    [[nodiscard]] Counts counts_in(PageRange range) const;
    [[nodiscard]] Counts counts_left_out();
    // RLIMIT_AS and RLIMIT_DATA; RLIMIT_MEMLOCK. For `more` pages beside those there are, of which
    // `gone` will be gone by then.
    [[nodiscard]] bool may_have(PageCount more, bool data, const Counts& gone = {}) const;
    [[nodiscard]] bool may_have_data(PageCount more, const Counts& gone = {}) const;
    [[nodiscard]] bool may_lock(PageCount more, const Counts& gone = {}) const;
    // As add_region(), but a neighbour that the new pages continue takes them in.
    Result<Region*> extend_or_add(PageRange range, const RegionTraits& traits, MemoryObject* object,
                                  std::uint32_t object_page);
    // As add_region(), in place of what is there.
    Result<Region*> replace(PageRange range, const RegionTraits& traits, MemoryObject* object,
                            std::uint32_t object_page);
    [[nodiscard]] RegionTraits traits_for(const MapRequest& request) const;
    // Populates pages of one region for the use they are meant for, up to the first that cannot be
    // brought in, unless they are to be locked by their faults.
    FaultOutcome bring_in(PageRange range, const RegionTraits& traits);

    // mm/unmap.cpp: what takes pages or pieces out of regions. Errors, where there are any:
    // OutOfMemory; nothing that a program can see has changed then.
    // Makes room only if memory is needed. Regions may cover the range or not.
    Result<void> unmap_range(PageRange range);
    // What is to be unmapped.
    struct Hole {
        PageRange range;    // of which regions lose their pages
        PageRange cleared;  // of which page tables do: also the rest of the shared tables at the
                            // ends of `range`, if no region uses that. Nothing is mapped there, and
                            // a table that is cleared as a whole is left, without being copied.
    };
    [[nodiscard]] Hole hole_at(PageRange range) const;
    // The same in two steps, without making room: what may fail, and what may not. The second
    // flushes, because with a region its object may go, and that one's frames.
    Result<void> prepare_unmap(const Hole& hole, FlushBatch& batch);
    void finish_unmap(const Hole& hole, FlushBatch& batch);
    [[nodiscard]] PageCount frames_to_unmap(const Hole& hole) const;
    // Whether others name the page table for `page`, too.
    [[nodiscard]] bool is_shared(PageNumber page) const;
    void remove_regions(PageRange range);
    // The opposite of the charge and the count in add_region().
    void forget_pages(const RegionTraits& traits, PageCount size);
    // RegionMap::split(), up to kMostRegions.
    Result<Region*> split(Region& region, PageNumber at);
    // Makes `piece` of `region`, which holds it, a region of its own, and answers that.
    Result<Region*> isolate(Region& region, PageRange piece);

    // mm/protect.cpp
    // How the entries of a region change with its rights.
    struct EntryChange;
    // Gives `piece` of `region` other rights. Answers where the region that holds it then ends.
    Result<PageNumber> protect_piece(Region& region, PageRange piece, Rights rights);
    Result<PageNumber> change_piece(Region& region, PageRange piece, const RegionTraits& after);
    Result<Region*> prepare_change(Region& region, PageRange piece, EntryChange change,
                                   FlushBatch& batch);
    [[nodiscard]] PageCount frames_to_protect(const Region& region, PageRange piece,
                                              EntryChange change) const;
    void change_entries(PageRange piece, const RegionTraits& traits, FlushBatch& batch);
    void change_table(PageRange piece, const RegionTraits& traits, FlushBatch& batch);
    static std::uint32_t narrow_entries(PageTable table, std::uint32_t first, std::uint32_t end,
                                        Rights rights);
    std::uint32_t widen_entries(PageTable table, std::uint32_t first, std::uint32_t end,
                                bool shared);

    // mm/break.cpp
    Result<void> grow_break(PageRange range);
    bool shrink_break(PageRange range);

    // mm/remap.cpp: what becomes of a range, and the steps of a move (reserve, or cancel; commit).
    struct Relocation;
    Result<VirtAddr> remap_pages(const RemapRequest& request);
    Result<VirtAddr> remap_larger(const RemapRequest& request, Relocation plan);
    Result<VirtAddr> remap_to(const RemapRequest& request, Relocation plan);
    Result<void> check_growth(const Relocation& plan);
    Result<void> grow_in_place(Region& region, PageRange above);
    [[nodiscard]] std::optional<PageNumber> find_room_like(PageRange from, PageCount count) const;
    Result<VirtAddr> relocate(const Relocation& plan);
    Result<Region*> reserve_move(const Relocation& plan, PageMover& mover, FlushBatch& batch);
    void cancel_move(const Relocation& plan, PageMover& mover, FlushBatch& batch);
    void commit_move(const Relocation& plan, PageMover& mover, Region& fresh, FlushBatch& batch);
    void leave_old_place(const Relocation& plan);

    // mm/advise.cpp: the pieces that regions have of a range.
    Result<void> drop_pages_of(PageRange piece);
    Result<void> change_advice(Region& region, PageRange piece, AdviceCall advice);
    void read_ahead(const Region& region, PageRange piece, std::uint32_t& reads_left);
    [[nodiscard]] bool can_be_read_ahead(const Region& region, PageNumber page) const;
    Result<void> fetch_ahead(const Region& region, PageNumber page);
    Result<void> populate_all(PageRange range, Access access);
    // The frame that holds what the page holds, mapped here or not; none if it is not in RAM.
    [[nodiscard]] std::optional<FrameNumber> frame_of(PageNumber page);

    // mm/lock.cpp
    [[nodiscard]] bool may_lock_at_all() const;
    Result<void> change_locks(PageRange range, bool locked, bool on_fault);
    // Precondition: `piece` is in `region`. Errors: OutOfMemory; nothing has changed then.
    Result<void> change_lock(Region& region, PageRange piece, bool locked, bool on_fault);
    [[nodiscard]] PageCount frames_to_lock(const Region& region, PageRange piece,
                                           bool locked) const;
    void set_lock_bits(PageRange range, bool locked, FlushBatch& batch);
    // set_traits(), and the counts.
    void change_traits(Region& region, const RegionTraits& traits);
    // bring_in() for each region. Precondition: regions cover the range.
    FaultOutcome bring_all_in(PageRange range);

    UserMemory& memory_;
    UserPages pages_;
    RegionMap regions_;
    MemoryLimits limits_;
    SpaceNode node_;
    VirtAddr break_start_;
    VirtAddr break_;
    PageNumber mmap_top_ = kUsualMmapTop;
    NeededPages needed_;
    LockAll future_locks_;  // mlockall(MCL_FUTURE): for regions to come
    PageCount locked_;      // pages of locked regions
    PageCount charged_;     // pages the commit account counts for this space
    PageCount data_;        // pages that RLIMIT_DATA counts
    PageCount dont_fork_;   // pages of regions that a child does not get
    WorkingSet working_set_;
};

}  // namespace quire::mm
