// What programs are owed: a naive model of the memory of a few processes, written from the manual
// pages of Linux (mmap(2) and its kin) and from nothing else.
//
//     a call --> the real memory --> Answer ---+
//        |                                     v
//        +-----> MemoryModel: may the answer be? --> "" or what was expected instead
//
// The model has neither page tables nor frames nor swap: a process is a list of runs of equal pages
// and the bytes that were written over zeros or over a file. Where Linux leaves the answer open
// (where an mmap goes, whether memory is short) the model judges whether what happened may be, and
// goes on from there: "follows". For that it may look at the real memory through RealMemory.
//
// Every call takes what was asked and the Answer, and says what is wrong with it; "" if nothing is.
// After an error that memory or a disk is to blame for, nothing has changed, or where Linux
// documents it, a first part of the range has.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "mm/address_space.h"
#include "mm/commit_account.h"
#include "tests/host/memory_script.h"

namespace quire::test {

const char* outcome_name(mm::FaultOutcome outcome);

using PageBytes = std::array<std::uint8_t, mm::kPageSize>;

/// What file `file` (1, 2, 3) holds at first.
constexpr std::uint8_t file_byte(std::uint32_t file, std::uint32_t page, std::uint32_t offset) {
    return static_cast<std::uint8_t>(file * 151 + page * 59 + offset * 7 + (offset >> 8) * 3 + 1);
}
/// The last page of file 2 is a part of a page; what follows the end there is nobody's.
inline constexpr std::array<std::uint32_t, kFiles> kFileBytes = {
    24 * mm::kPageSize, 9 * mm::kPageSize + 100, 40 * mm::kPageSize};

/// One page: some bytes written over zeros, or over what a page of a file held at first.
class PageContent {
  public:
    PageContent() = default;
    PageContent(std::uint32_t file, std::uint32_t page) : file_(file), page_(page) {}

    [[nodiscard]] std::uint8_t byte(std::uint32_t offset) const;
    void set_byte(std::uint32_t offset, std::uint8_t value);
    void fill(PageBytes& bytes) const;
    /// How many of its bytes are defined: fewer than a page at the end of a file.
    [[nodiscard]] std::uint32_t defined() const;

    bool may_be_gone = false;  // MADV_FREE: it may become zeros at any time, until it is written to

  private:
    std::uint32_t file_ = 0;
    std::uint32_t page_ = 0;
    std::vector<std::pair<std::uint16_t, std::uint8_t>> written_;  // each offset once
};

/// Pages that are next to each other and behave alike.
struct Run {
    std::uint32_t first = 0;
    std::uint32_t end = 0;
    mm::RegionTraits traits;
    std::uint32_t object = 0;  // number; 0: private anonymous memory
    std::uint32_t object_page = 0;

    [[nodiscard]] std::uint32_t pages() const { return end - first; }
    [[nodiscard]] std::uint32_t object_page_of(std::uint32_t page) const {
        return object == 0 ? 0 : object_page + (page - first);
    }
    /// Whether the two are alike apart from where they are.
    [[nodiscard]] bool is_like(const Run& other) const;
    bool operator==(const Run& other) const {
        return first == other.first && end == other.end && is_like(other) &&
               object_page == other.object_page;
    }
};
std::string print(const Run& run);

/// Runs in order of address, never overlapping, those that continue each other joined.
class RunList {
  public:
    RunList() = default;
    /// Precondition: in order, none overlapping.
    explicit RunList(std::vector<Run> runs) : runs_(std::move(runs)) { join(); }
    [[nodiscard]] const std::vector<Run>& all() const { return runs_; }
    [[nodiscard]] const Run* find(std::uint32_t page) const;
    /// The lowest run that ends after `page`.
    [[nodiscard]] const Run* first_ending_after(std::uint32_t page) const;
    [[nodiscard]] const Run* last_before(std::uint32_t page) const;
    [[nodiscard]] bool is_free(std::uint32_t first, std::uint32_t end) const;
    /// The first page of [first, end) that no run has; `end` if there is none.
    [[nodiscard]] std::uint32_t first_hole(std::uint32_t first, std::uint32_t end) const;
    [[nodiscard]] std::uint32_t pages() const;

    /// The parts of runs that lie in [first, end).
    [[nodiscard]] std::vector<Run> part(std::uint32_t first, std::uint32_t end) const;
    void remove(std::uint32_t first, std::uint32_t end);
    /// Precondition: its pages are free.
    void insert(const Run& run);
    /// Calls change(run) for each part of a run in [first, end).
    template <typename Change>
    void change(std::uint32_t first, std::uint32_t end, Change change) {
        split_at(first);
        split_at(end);
        for (Run& run : runs_)
            if (first <= run.first && run.end <= end) change(run);
        join();
    }

    bool operator==(const RunList&) const = default;

  private:
    void split_at(std::uint32_t page);
    void join();

    std::vector<Run> runs_;
};

/// What a run of steps was worth.
struct StepFigures {
    std::array<std::uint32_t, kMemoryCalls> done{};     // calls that succeeded
    std::array<std::uint32_t, kMemoryCalls> refused{};  // that gave an error
    std::array<std::uint32_t, 8> outcomes{};            // of loads and stores
    std::uint32_t skipped = 0;                          // of nobody, or where it must not be done

    StepFigures& operator+=(const StepFigures& other);
    [[nodiscard]] std::uint32_t steps() const;
};

/// What came of a call.
struct Answer {
    bool ok = true;
    Error error{};
    std::uint32_t value = 0;  // an address
    // What happened meanwhile, and so excuses an error:
    bool memory_is_short = false;  // next to nothing could be evicted
    bool read_failed = false;      // of any disk
    bool write_failed = false;

    static Answer of(const Result<void>& result) {
        Answer answer;
        answer.ok = result.ok();
        if (!answer.ok) answer.error = result.error();
        return answer;
    }
    static Answer of(const Result<mm::VirtAddr>& result) {
        Answer answer;
        answer.ok = result.ok();
        if (answer.ok) answer.value = result.value().raw();
        if (!answer.ok) answer.error = result.error();
        return answer;
    }
    [[nodiscard]] std::string print() const;
};

/// What the model may look at, to follow. Looking changes nothing.
class RealMemory {
  public:
    [[nodiscard]] virtual RunList runs(std::uint32_t process) = 0;
    /// The first region that ends after `page`; empty if there is none. A run may be several
    /// regions: whether those that continue each other are one depends on when they met and, in
    /// Linux, on whether both were written to.
    [[nodiscard]] virtual mm::PageRange region_after(std::uint32_t process, std::uint32_t page) = 0;
    /// Whether the page is the process's own, in RAM or in swap: no zeros, no page of an object.
    [[nodiscard]] virtual bool has_private_page(std::uint32_t process, std::uint32_t page) = 0;
    [[nodiscard]] virtual bool is_resident(std::uint32_t process, std::uint32_t page) = 0;
    /// What the process would read. Precondition: a run has the page, its object too.
    virtual void peek(std::uint32_t process, std::uint32_t page, PageBytes& bytes) = 0;

  protected:
    ~RealMemory() = default;
};

class MemoryModel {
  public:
    struct Promises {
        mm::Overcommit mode;
        std::uint32_t ram;   // pages
        std::uint32_t swap;  // pages
    };

    /// No process. The files exist. `real` must stay.
    MemoryModel(RealMemory& real, const Promises& promises);

    // --- Processes ---

    [[nodiscard]] bool exists(std::uint32_t process) const { return spaces_[process].exists; }
    void spawn(std::uint32_t process, std::uint32_t break_start);
    std::string fork(std::uint32_t process, std::uint32_t child, const Answer& answer);
    void exit(std::uint32_t process);
    [[nodiscard]] mm::MemoryLimits& limits(std::uint32_t process) {
        return spaces_[process].limits;
    }

    // --- Calls ---

    /// `object`: the number of the object that request.object stands for.
    std::string map(std::uint32_t process, const mm::MapRequest& request, std::uint32_t object,
                    const Answer& answer);
    std::string unmap(std::uint32_t process, std::uint32_t at, std::uint32_t size,
                      const Answer& answer);
    std::string protect(std::uint32_t process, std::uint32_t at, std::uint32_t size,
                        mm::Rights rights, bool grows_down, const Answer& answer);
    /// The answer's value is the break.
    std::string set_break(std::uint32_t process, std::uint32_t at, const Answer& answer);
    std::string remap(std::uint32_t process, const mm::AddressSpace::RemapRequest& request,
                      const Answer& answer);
    std::string advise(std::uint32_t process, std::uint32_t at, std::uint32_t size,
                       mm::AddressSpace::AdviceCall advice, const Answer& answer);
    std::string residence(std::uint32_t process, std::uint32_t at, std::uint32_t size,
                          const Answer& answer);
    std::string sync(std::uint32_t process, std::uint32_t at, std::uint32_t size,
                     mm::AddressSpace::Sync how, bool invalidate, const Answer& answer);
    std::string lock(std::uint32_t process, std::uint32_t at, std::uint32_t size,
                     mm::AddressSpace::LockMode mode, const Answer& answer);
    std::string unlock(std::uint32_t process, std::uint32_t at, std::uint32_t size,
                       const Answer& answer);
    std::string lock_all(std::uint32_t process, mm::AddressSpace::LockAll what,
                         const Answer& answer);
    std::string unlock_all(std::uint32_t process, const Answer& answer);

    // --- Accesses ---

    /// A load of `size` bytes that succeeded with `value`, or ended in `outcome`.
    std::string load(std::uint32_t process, std::uint32_t at, std::uint32_t size,
                     mm::FaultOutcome outcome, std::uint32_t value, const Answer& answer);
    std::string store(std::uint32_t process, std::uint32_t at, std::uint32_t size,
                      mm::FaultOutcome outcome, std::uint32_t value, const Answer& answer);

    // --- What there is ---

    /// A new object of shared memory, and its number; its pages are promised, unless `no_reserve`.
    /// Precondition: may_promise(pages), or no_reserve.
    std::uint32_t new_shared_memory(std::uint32_t pages, bool no_reserve = false);
    [[nodiscard]] bool may_promise(std::uint32_t pages) const;
    /// Objects of shared memory that somebody maps. The others are forgotten.
    std::uint32_t shared_memories();
    [[nodiscard]] std::uint32_t committed() const;
    /// Pages of shared memory that is not promised as a whole: each may be charged when it is
    /// there.
    [[nodiscard]] std::uint32_t may_be_charged() const;
    [[nodiscard]] const RunList& runs(std::uint32_t process) const { return spaces_[process].runs; }
    [[nodiscard]] std::uint32_t object_pages(std::uint32_t object) const;
    void object_content(std::uint32_t object, std::uint32_t page, PageBytes& bytes) const;
    [[nodiscard]] std::uint32_t object_defined(std::uint32_t object, std::uint32_t page) const;

    /// What the page of the process holds. Precondition: a run has the page, its object too.
    void expected_bytes(std::uint32_t process, std::uint32_t page, PageBytes& bytes) const;

    /// Whether some page was given to MADV_FREE, and not written to since.
    [[nodiscard]] bool has_freed_pages(std::uint32_t process) const;

    /// Regions as they should be, break and figures; cheap.
    std::string compare_regions(std::uint32_t process);
    /// Every page of the process, byte for byte; and that pages which must be in RAM are.
    std::string compare_contents(std::uint32_t process);

  private:
    struct Object {
        std::uint32_t pages = 0;
        std::uint32_t promised = 0;  // of them
        std::map<std::uint32_t, PageContent> changed;
    };
    struct Space {
        bool exists = false;
        RunList runs;
        std::map<std::uint32_t, PageContent> contents;  // private pages that were written
        std::set<std::uint32_t> pinned;                 // mlock brought them in, and they must stay
        mm::MemoryLimits limits;
        mm::AddressSpace::LockAll future;
        std::uint32_t break_start = 0;
        std::uint32_t break_now = 0;
    };
    enum class Course : std::uint8_t { Done, Refused, Excused, Wrong };
    struct Judgement {
        Course course;
        std::string difference;
    };

    static Judgement judge(const Answer& answer, std::optional<Error> expected);
    [[nodiscard]] bool may_expand(const Space& space, const mm::RegionTraits& traits,
                                  std::int64_t pages) const;
    [[nodiscard]] bool may_expand_data(const Space& space, const mm::RegionTraits& traits,
                                       std::int64_t pages) const;
    [[nodiscard]] static bool may_lock(const Space& space, std::uint32_t more);
    [[nodiscard]] static bool may_lock_at_all(const Space& space);
    [[nodiscard]] bool may_promise_instead(std::uint32_t pages, std::int64_t released) const;

    std::optional<Error> map_error(const Space& space, const mm::MapRequest& request,
                                   const mm::RegionTraits& traits, bool succeeded) const;
    static std::optional<Error> place_error(const Space& space, const mm::MapRequest& request);
    static std::optional<Error> kind_error(const Space& space, const mm::MapRequest& request,
                                           const mm::RegionTraits& traits);
    struct ProtectPlan {
        RunList after;
        std::uint32_t must_until, may_until;
        std::optional<Error> expected;
    };
    [[nodiscard]] ProtectPlan plan_protect(const Space& space, std::uint32_t first,
                                           std::uint32_t end, mm::Rights rights) const;
    [[nodiscard]] static mm::RegionTraits heap_traits(const Space& space);
    [[nodiscard]] bool may_grow_heap(const Space& space, const Run& heap) const;
    [[nodiscard]] std::optional<Error> advice_error(const Space& space, const Run& run,
                                                    mm::AddressSpace::AdviceCall advice) const;
    static void give_advice(mm::RegionTraits& traits, mm::AddressSpace::AdviceCall advice);
    [[nodiscard]] bool can_bring_in(const Space& space, std::uint32_t first,
                                    std::uint32_t end) const;
    [[nodiscard]] mm::RegionTraits map_traits(const Space& space,
                                              const mm::MapRequest& request) const;
    struct RemapPlan;
    [[nodiscard]] RemapPlan plan_remap(const Space& space,
                                       const mm::AddressSpace::RemapRequest& request) const;
    void plan_resize(RemapPlan& plan) const;
    void plan_place(RemapPlan& plan) const;
    void plan_promise(RemapPlan& plan, const Space& space) const;
    static void move(Space& space, const RemapPlan& plan, std::uint32_t to);
    std::string finish_remap(std::uint32_t process, const RemapPlan& plan, std::uint32_t to);
    std::string judge_lock(std::uint32_t process, std::uint32_t first, std::uint32_t end,
                           const mm::RegionTraits& wanted, const Answer& answer);

    static void forget(Space& space, std::uint32_t first, std::uint32_t end);
    [[nodiscard]] PageContent content_of_object(std::uint32_t object, std::uint32_t page) const;
    /// Nothing: zeros.
    const PageContent* content(const Space& space, const Run& run, std::uint32_t page,
                               PageContent& scratch) const;
    PageContent& content_to_write(Space& space, const Run& run, std::uint32_t page);
    std::string settle(std::uint32_t process, std::uint32_t page);
    void follow_private(std::uint32_t process, std::uint32_t first, std::uint32_t end);
    std::string follow_dropped(std::uint32_t process, std::uint32_t first, std::uint32_t end);
    std::string follow_runs(std::uint32_t process, const RunList& after, std::uint32_t must_until,
                            std::uint32_t may_until, bool in_order = true);
    void pin(std::uint32_t process, std::uint32_t first, std::uint32_t end);
    void brought_in(std::uint32_t process, std::uint32_t first, std::uint32_t end);

    mm::FaultOutcome expected_outcome(std::uint32_t process, std::uint32_t page, mm::Access access,
                                      bool& grows);
    std::string judge_access(std::uint32_t process, std::uint32_t at, std::uint32_t size,
                             mm::Access access, mm::FaultOutcome outcome, const Answer& answer);
    bool can_grow(std::uint32_t process, const Run& stack, std::uint32_t page);

    RealMemory& real_;
    Promises promises_;
    std::array<Space, kProcesses> spaces_;
    std::map<std::uint32_t, Object> objects_;
    std::uint32_t next_object_;
};

}  // namespace quire::test
