// What each call owes its caller, in the order in which Linux 6.1 asks (mmap(2), munmap(2), brk(2),
// mprotect(2), mremap(2), madvise(2), mincore(2), msync(2), mlock(2), fork(2)).
#include <algorithm>
#include <cstdio>

#include "tests/host/formatted.h"
#include "tests/host/memory_model.h"

namespace quire::test {

using mm::AddressSpace;
using mm::MapRequest;
using mm::RegionTraits;
using mm::Rights;

namespace {

constexpr std::uint32_t kFirst = mm::kFirstUserPage.raw();
constexpr std::uint32_t kTop = mm::kFirstKernelPage.raw();
constexpr std::uint32_t kTopAddress = kTop * mm::kPageSize;
constexpr std::uint32_t kGuard = mm::kStackGuardPages.raw();

constexpr std::uint32_t page_at(std::uint32_t address) {
    return address / mm::kPageSize;
}
constexpr bool is_aligned(std::uint32_t address) {
    return address % mm::kPageSize == 0;
}
// Linux's PAGE_ALIGN: up to whole pages, past the end of all addresses to 0.
constexpr std::uint32_t whole_pages(std::uint32_t bytes) {
    return (bytes + mm::kPageSize - 1) & ~(mm::kPageSize - 1);
}

bool is_data(const RegionTraits& traits) {
    return !traits.shared && !traits.grows_down && traits.rights.has(Rights::write());
}

template <typename Kind>
std::uint32_t count(const RunList& runs, Kind kind) {
    std::uint32_t sum = 0;
    for (const Run& run : runs.all())
        if (kind(run.traits)) sum += run.pages();
    return sum;
}
std::uint32_t charged_in(const RunList& runs, std::uint32_t first, std::uint32_t end) {
    std::uint32_t sum = 0;
    for (const Run& run : runs.part(first, end))
        if (run.traits.charged) sum += run.pages();
    return sum;
}

// Whether new pages may be here if the kernel chooses: free, and not a stack's guard.
bool is_place(const RunList& runs, std::uint32_t first, std::uint32_t pages) {
    if (first < kFirst || pages > kTop || first > kTop - pages) return false;
    if (!runs.is_free(first, first + pages)) return false;
    const Run* next = runs.first_ending_after(first);
    return next == nullptr || !next->traits.grows_down || first + pages + kGuard <= next->first;
}

bool has_place(const RunList& runs, std::uint32_t pages) {
    if (is_place(runs, kFirst, pages)) return true;
    for (const Run& run : runs.all())
        if (is_place(runs, run.end, pages)) return true;
    return false;
}

}  // namespace

MemoryModel::Judgement MemoryModel::judge(const Answer& answer, std::optional<Error> expected) {
    if (answer.ok) {
        if (!expected.has_value()) return {Course::Done, {}};
        return {Course::Wrong, answer.print() + " instead of " + error_name(*expected)};
    }
    if (expected == answer.error) return {Course::Refused, {}};
    if (answer.error == Error::OutOfMemory && answer.memory_is_short) return {Course::Excused, {}};
    if (answer.error == Error::IoError && (answer.read_failed || answer.write_failed))
        return {Course::Excused, {}};
    return {Course::Wrong, answer.print() + " instead of " +
                               (expected.has_value() ? error_name(*expected) : "success")};
}

// --- Limits ---

bool MemoryModel::may_expand_data(const Space& space, const RegionTraits& traits,
                                  std::int64_t pages) const {
    return !is_data(traits) || space.limits.data == mm::MemoryLimits::kUnlimited ||
           count(space.runs, is_data) + pages <= page_at(space.limits.data);
}

bool MemoryModel::may_expand(const Space& space, const RegionTraits& traits,
                             std::int64_t pages) const {
    if (space.limits.address_space != mm::MemoryLimits::kUnlimited &&
        space.runs.pages() + pages > page_at(space.limits.address_space))
        return false;
    return may_expand_data(space, traits, pages);
}

bool MemoryModel::may_lock_at_all(const Space& space) {
    return space.limits.may_lock_any || space.limits.locked != 0;
}

bool MemoryModel::may_lock(const Space& space, std::uint32_t more) {
    const auto locked = [](const RegionTraits& traits) { return traits.locked; };
    return space.limits.may_lock_any ||
           count(space.runs, locked) + more <= page_at(space.limits.locked);
}

// --- Processes ---

void MemoryModel::spawn(std::uint32_t process, std::uint32_t break_start) {
    Space& space = spaces_[process];
    space = Space();
    space.exists = true;
    space.break_start = space.break_now = break_start;
}

void MemoryModel::exit(std::uint32_t process) {
    spaces_[process] = Space();
    shared_memories();
}

std::string MemoryModel::fork(std::uint32_t process, std::uint32_t child, const Answer& answer) {
    const Space& parent = spaces_[process];
    Space copy = parent;
    copy.pinned.clear();
    copy.future = {};
    std::uint32_t charged = 0;
    bool region_too_large = false;
    for (const Run& run : parent.runs.all()) {
        if (run.traits.dont_fork) {
            forget(copy, run.first, run.end);
        } else if (run.traits.charged) {
            charged += run.pages();
            region_too_large |= !may_promise(run.pages());
        }
    }
    copy.runs.change(0, kTop,
                     [](Run& run) { run.traits.locked = run.traits.lock_on_fault = false; });
    const bool refused = promises_.mode == mm::Overcommit::Never && !may_promise(charged);
    // Neighbours that became one region may be more than could be promised at once.
    if (!answer.ok && region_too_large && answer.error == Error::OutOfMemory) return {};
    const Judgement judgement =
        judge(answer, refused ? std::optional(Error::OutOfMemory) : std::nullopt);
    if (judgement.course == Course::Done) spaces_[child] = copy;
    return judgement.difference;
}

// --- mmap ---

std::optional<Error> MemoryModel::place_error(const Space& space, const MapRequest& request) {
    if (request.bytes == 0) return Error::InvalidArgument;
    const std::uint32_t size = whole_pages(request.bytes);
    if (size == 0) return Error::OutOfMemory;
    if (request.object_page + page_at(size) < request.object_page) return Error::Overflow;
    if (size > kTopAddress) return Error::OutOfMemory;
    const std::uint32_t address = request.address.raw();
    if (request.place == MapRequest::Place::Anywhere) {
        if (!has_place(space.runs, page_at(size))) return Error::OutOfMemory;
        return std::nullopt;
    }
    if (address > kTopAddress - size) return Error::OutOfMemory;
    if (!is_aligned(address)) return Error::InvalidArgument;
    if (page_at(address) < kFirst) return Error::NotPermitted;
    if (request.place == MapRequest::Place::FixedIfFree &&
        !space.runs.is_free(page_at(address), page_at(address + size)))
        return Error::AlreadyExists;
    return std::nullopt;
}

std::optional<Error> MemoryModel::kind_error(const Space& space, const MapRequest& request,
                                             const RegionTraits& traits) {
    if (request.locked && !may_lock_at_all(space)) return Error::NotPermitted;
    if (traits.locked && !may_lock(space, page_at(whole_pages(request.bytes))))
        return Error::TryAgain;
    if (request.object == nullptr) return std::nullopt;
    if (request.shared && request.rights.has(Rights::write()) &&
        !request.object_rights.has(Rights::write()))
        return Error::AccessDenied;
    if (!request.object_rights.has(Rights::read())) return Error::AccessDenied;
    if (request.grows_down) return Error::InvalidArgument;
    return std::nullopt;
}

std::optional<Error> MemoryModel::map_error(const Space& space, const MapRequest& request,
                                            const RegionTraits& traits, bool succeeded) const {
    if (const auto error = place_error(space, request); error.has_value()) return error;
    if (const auto error = kind_error(space, request, traits); error.has_value()) return error;
    const std::uint32_t pages = page_at(whole_pages(request.bytes));
    Space left = space;
    std::uint32_t released = 0, replaced = 0;
    if (request.place == MapRequest::Place::Fixed) {
        const std::uint32_t first = page_at(request.address.raw());
        released = charged_in(space.runs, first, first + pages);
        left.runs.remove(first, first + pages);
        replaced = space.runs.pages() - left.runs.pages();
    }
    // Linux takes every page that is replaced for one of the same kind.
    const bool exactly = may_expand(left, traits, pages);
    const bool roughly = may_expand(space, traits, std::int64_t{pages} - replaced);
    if (succeeded ? !exactly && !roughly : !exactly || !roughly) return Error::OutOfMemory;
    if (traits.charged && !may_promise_instead(pages, released)) return Error::OutOfMemory;
    return std::nullopt;
}

RegionTraits MemoryModel::map_traits(const Space& space, const MapRequest& request) const {
    RegionTraits traits;
    traits.rights = request.rights;
    traits.most = Rights::all();
    const bool for_writing = request.object_rights.has(Rights::write());
    traits.of_writer = request.object != nullptr && for_writing;
    if (request.shared && !for_writing) traits.most = Rights::read() | Rights::execute();
    traits.shared = request.shared;
    traits.grows_down = request.grows_down;
    traits.locked = request.locked || space.future.future;
    traits.lock_on_fault = traits.locked && space.future.future && space.future.on_fault;
    traits.no_reserve = request.no_reserve && promises_.mode != mm::Overcommit::Never;
    traits.charged = !traits.shared && traits.rights.has(Rights::write()) && !traits.no_reserve;
    return traits;
}

std::string MemoryModel::map(std::uint32_t process, const MapRequest& request, std::uint32_t object,
                             const Answer& answer) {
    Space& space = spaces_[process];
    const RegionTraits traits = map_traits(space, request);
    const Judgement judgement = judge(answer, map_error(space, request, traits, answer.ok));
    if (judgement.course != Course::Done) return judgement.difference;
    const std::uint32_t pages = page_at(whole_pages(request.bytes));
    const std::uint32_t first = page_at(answer.value);
    const std::uint32_t asked = page_at(request.address.raw());
    if (!is_aligned(answer.value)) return formatted("placed at %x", answer.value);
    if (request.place == MapRequest::Place::Anywhere) {
        if (!is_place(space.runs, first, pages)) return formatted("placed at page %x", first);
        const std::uint32_t hint = asked == 0 ? 0 : std::max(asked, kFirst);
        if (hint != 0 && is_place(space.runs, hint, pages) && first != hint)
            return formatted("placed at page %x, not at %x as asked", first, hint);
    } else if (first != asked) {
        return formatted("placed at page %x instead of %x", first, asked);
    }
    forget(space, first, first + pages);
    space.runs.insert(
        {first, first + pages, traits, object, object == 0 ? 0 : request.object_page});
    if (request.populate || traits.locked) brought_in(process, first, first + pages);
    return {};
}

// --- munmap, mprotect, brk ---

std::string MemoryModel::unmap(std::uint32_t process, std::uint32_t at, std::uint32_t size,
                               const Answer& answer) {
    const bool invalid =
        !is_aligned(at) || at > kTopAddress || size > kTopAddress - at || size == 0;
    const Judgement judgement =
        judge(answer, invalid ? std::optional(Error::InvalidArgument) : std::nullopt);
    if (judgement.course == Course::Done)
        forget(spaces_[process], page_at(at), page_at(at + whole_pages(size)));
    return judgement.difference;
}

std::string MemoryModel::protect(std::uint32_t process, std::uint32_t at, std::uint32_t size,
                                 Rights rights, bool grows_down, const Answer& answer) {
    Space& space = spaces_[process];
    if (!is_aligned(at)) return judge(answer, Error::InvalidArgument).difference;
    if (size == 0) return judge(answer, std::nullopt).difference;
    if (at + whole_pages(size) <= at) return judge(answer, Error::OutOfMemory).difference;
    std::uint32_t first = page_at(at);
    const std::uint32_t end = first + page_at(whole_pages(size));
    const Run* start = space.runs.first_ending_after(first);
    if (start == nullptr || start->first >= end)
        return judge(answer, Error::OutOfMemory).difference;
    if (grows_down) {
        if (!start->traits.grows_down) return judge(answer, Error::InvalidArgument).difference;
        // From the beginning of the region on, which may be a part of the run.
        first = std::max(first, start->first);
        first = real_.region_after(process, first).first.raw();
    } else if (start->first > first) {
        return judge(answer, Error::OutOfMemory).difference;
    }
    const ProtectPlan plan = plan_protect(space, first, end, rights);
    const Judgement judgement = judge(answer, plan.expected);
    if (judgement.course == Course::Wrong) return judgement.difference;
    // A hole refuses with the error that short memory does: one cannot tell how far it came.
    const bool was_short = answer.error == Error::OutOfMemory && answer.memory_is_short;
    const bool is_excused =
        judgement.course == Course::Excused || (judgement.course == Course::Refused && was_short);
    const std::uint32_t must = is_excused ? 0 : plan.must_until;
    const std::vector<Run> before = space.runs.part(first, end);
    if (std::string wrong = follow_runs(process, plan.after, must, plan.may_until); !wrong.empty())
        return wrong;
    // Locked private pages that may now be written are copied at once, as in Linux
    // (mprotect_fixup): no fault is left for later.
    for (const Run& run : before) {
        const RegionTraits& was = run.traits;
        if (!was.locked || was.shared || was.rights.has(Rights::write())) continue;
        for (const Run& is : space.runs.part(run.first, run.end))
            if (is.traits.rights.has(Rights::write())) brought_in(process, is.first, is.end);
    }
    return {};
}

// Region by region, up to the first that refuses.
MemoryModel::ProtectPlan MemoryModel::plan_protect(const Space& space, std::uint32_t first,
                                                   std::uint32_t end, Rights rights) const {
    const std::uint32_t hole = space.runs.first_hole(first, end);
    ProtectPlan plan{space.runs, hole, hole, {}};
    if (hole != end) plan.expected = Error::OutOfMemory;
    const bool writes = rights.has(Rights::write());
    std::int64_t promised = 0;
    Space changed = space;
    for (const Run& run : space.runs.part(first, hole)) {
        RegionTraits traits = run.traits;
        traits.rights = rights;
        if (!traits.most.has(rights)) {
            plan.expected = Error::AccessDenied;
            plan.must_until = plan.may_until = run.first;
            break;
        }
        const bool charge = writes && !run.traits.rights.has(Rights::write()) && !traits.charged &&
                            !traits.shared && !traits.no_reserve;
        const bool too_much_data = writes && rights != run.traits.rights &&
                                   !may_expand(changed, traits, run.pages()) &&
                                   may_expand(changed, run.traits, run.pages());
        if (too_much_data || (charge && !may_promise_instead(run.pages(), -promised))) {
            plan.expected = Error::OutOfMemory;
            plan.must_until = run.first;
            plan.may_until = run.end;  // what is a run here may be several regions there
        }
        if (charge) promised += run.pages();
        traits.charged |= charge;
        changed.runs.change(run.first, run.end, [&](Run& part) { part.traits = traits; });
        if (plan.must_until == run.first) break;
    }
    plan.after = changed.runs;
    return plan;
}

std::string MemoryModel::set_break(std::uint32_t process, std::uint32_t at, const Answer& answer) {
    Space& space = spaces_[process];
    const std::uint32_t old = space.break_now;
    const std::uint32_t old_end = page_at(whole_pages(old));
    const std::uint32_t new_end = page_at(whole_pages(at));
    bool moves = false, open = answer.memory_is_short;
    Run heap{old_end, new_end, {}, 0, 0};
    if (at >= space.break_start && whole_pages(at) != 0 && at <= kTopAddress &&
        (space.limits.data == mm::MemoryLimits::kUnlimited ||
         at - space.break_start <= space.limits.data)) {
        if (at <= old) {
            moves = true;
            // Linux 6.1 refuses if nothing is left of the heap there; others do not.
            open |= new_end < old_end && space.runs.is_free(new_end, old_end);
        } else if (new_end == old_end) {
            moves = true;
        } else {
            heap.traits = heap_traits(space);
            moves = may_grow_heap(space, heap);
        }
    }
    if (answer.value != (moves ? at : old) && !(open && answer.value == old))
        return formatted("the break is %x, was %x, asked for %x", answer.value, old, at);
    if (answer.value != at || at == old) return {};
    space.break_now = at;
    if (new_end < old_end) forget(space, new_end, old_end);
    if (new_end > old_end) {
        space.runs.insert(heap);
        brought_in(process, old_end, new_end);
    }
    return {};
}

RegionTraits MemoryModel::heap_traits(const Space& space) {
    RegionTraits traits;
    traits.rights = Rights::read() | Rights::write();
    traits.most = Rights::all();
    traits.charged = true;
    traits.locked = space.future.future;
    traits.lock_on_fault = space.future.future && space.future.on_fault;
    return traits;
}

// A page stays free above the heap, and the guard of a stack.
bool MemoryModel::may_grow_heap(const Space& space, const Run& heap) const {
    const Run* next = space.runs.first_ending_after(heap.first);
    if (next != nullptr) {
        const std::uint32_t guard = next->traits.grows_down ? kGuard : 0;
        if (heap.end + 1 + guard > next->first) return false;
    }
    return may_expand(space, heap.traits, heap.pages()) && may_promise(heap.pages()) &&
           (!heap.traits.locked || may_lock(space, heap.pages()));
}

// --- mremap ---

struct MemoryModel::RemapPlan {
    std::uint32_t first = 0, old_pages = 0, new_pages = 0;
    bool may_move = false;
    bool keeps_old = false;              // MREMAP_DONTUNMAP
    std::optional<std::uint32_t> fixed;  // page
    std::optional<Error> expected;
    bool must_stay = false;  // in place: it shrinks, or there is room
    bool may_stay = false;
    Space left;  // without what the call takes away first
};

// vma_to_resize().
void MemoryModel::plan_resize(RemapPlan& plan) const {
    const Run* run = plan.left.runs.find(plan.first);
    const std::uint32_t size = plan.old_pages;
    if (run == nullptr || (size == 0 && !run->traits.shared)) {
        plan.expected = run == nullptr ? Error::BadAddress : Error::InvalidArgument;
        return;
    }
    if (size > run->end - plan.first) {
        plan.expected = Error::BadAddress;
        return;
    }
    if (size == plan.new_pages) return;
    const std::uint32_t more = plan.new_pages - size;
    const RegionTraits& traits = run->traits;
    if (run->object != 0 &&
        run->object_page_of(plan.first) + plan.new_pages < run->object_page_of(plan.first)) {
        plan.expected = Error::InvalidArgument;
    } else if (traits.locked && !may_lock(plan.left, more)) {
        plan.expected = Error::TryAgain;
    } else if (!may_expand(plan.left, traits, more)) {
        plan.expected = Error::OutOfMemory;
    }
}

MemoryModel::RemapPlan MemoryModel::plan_remap(const Space& space,
                                               const AddressSpace::RemapRequest& request) const {
    RemapPlan plan;
    plan.left = space;
    plan.may_move = request.may_move;
    plan.keeps_old = request.keep_old;
    const std::uint32_t at = request.address.raw();
    const std::uint32_t old_size = whole_pages(request.old_bytes);
    const std::uint32_t new_size = whole_pages(request.new_bytes);
    plan.first = page_at(at);
    plan.old_pages = page_at(old_size);
    plan.new_pages = page_at(new_size);
    plan.expected = Error::InvalidArgument;
    if ((request.fixed || request.keep_old) && !request.may_move) return plan;
    if (request.keep_old && request.old_bytes != request.new_bytes) return plan;
    if (!is_aligned(at) || new_size == 0) return plan;
    if (space.runs.find(plan.first) == nullptr) {
        plan.expected = Error::BadAddress;
        return plan;
    }
    const bool tail_is_beyond =
        old_size > new_size &&
        (at + new_size > kTopAddress || old_size - new_size > kTopAddress - (at + new_size));
    // Without MREMAP_FIXED Linux asks the same of an address that nothing goes to: 0 here.
    if (request.fixed || request.keep_old) {
        const std::uint32_t to = request.new_address.raw();
        if (!is_aligned(to) || new_size > kTopAddress || to > kTopAddress - new_size) return plan;
        if (at + old_size > to && to + new_size > at) return plan;
    }
    if (request.fixed) {
        const std::uint32_t to = request.new_address.raw();
        plan.fixed = page_at(to);
        forget(plan.left, page_at(to), page_at(to + new_size));
    }
    if (plan.old_pages > plan.new_pages) {
        if (tail_is_beyond) return plan;
        forget(plan.left, plan.first + plan.new_pages, plan.first + plan.old_pages);
        plan.old_pages = plan.new_pages;
        plan.must_stay = !request.fixed;
    } else {
        plan.must_stay = !request.fixed && !request.keep_old && plan.old_pages == plan.new_pages;
    }
    plan.expected = std::nullopt;
    if (plan.must_stay) return plan;
    plan_resize(plan);
    if (plan.expected.has_value()) return plan;
    // The old region stays beside the new one.
    const RegionTraits& traits = plan.left.runs.find(plan.first)->traits;
    if (plan.keeps_old && !may_expand(plan.left, traits, plan.new_pages))
        plan.expected = Error::OutOfMemory;
    if (plan.expected.has_value()) return plan;
    if (request.fixed) {
        if (*plan.fixed < kFirst) plan.expected = Error::NotPermitted;
    } else {
        plan_place(plan);
    }
    if (!plan.expected.has_value()) plan_promise(plan, space);
    return plan;
}

// In Linux 6.1 what is promised comes last: in move_vma().
void MemoryModel::plan_promise(RemapPlan& plan, const Space& space) const {
    if (!plan.left.runs.find(plan.first)->traits.charged) return;
    const auto charged = [](const RegionTraits& each) { return each.charged; };
    const std::int64_t released =
        std::int64_t{count(space.runs, charged)} - count(plan.left.runs, charged);
    const std::uint32_t more = plan.new_pages - (plan.keeps_old ? 0 : plan.old_pages);
    if (more != 0 && !may_promise_instead(more, released)) plan.expected = Error::OutOfMemory;
}

// Growing: in place if there is room, or else somewhere else, if it may.
void MemoryModel::plan_place(RemapPlan& plan) const {
    const RunList& runs = plan.left.runs;
    const std::uint32_t end = plan.first + plan.old_pages;
    const std::uint32_t new_end = plan.first + plan.new_pages;
    const bool fits = plan.new_pages <= kTop && new_end <= kTop;
    plan.may_stay = !plan.keeps_old && fits && plan.old_pages != 0 &&
                    runs.find(plan.first)->end == end && runs.is_free(end, new_end);
    plan.must_stay = plan.may_stay && is_place(runs, end, new_end - end);
    const bool may_go = plan.may_move && plan.new_pages <= kTop && has_place(runs, plan.new_pages);
    if (!plan.may_stay && !may_go) plan.expected = Error::OutOfMemory;
}

// What the run at plan.first is like from now on, at page `to`.
void MemoryModel::move(Space& space, const RemapPlan& plan, std::uint32_t to) {
    const std::uint32_t from = plan.first, end = plan.first + plan.old_pages;
    Run run = space.runs.part(from, from + 1).front();
    std::map<std::uint32_t, PageContent> contents;
    std::set<std::uint32_t> pinned;
    for (std::uint32_t page = from; page < end; ++page) {
        const auto found = space.contents.find(page);
        if (found != space.contents.end()) contents[page - from + to] = found->second;
        if (space.pinned.contains(page)) pinned.insert(page - from + to);
    }
    const std::vector<Run> old = space.runs.part(from, end);
    forget(space, from, end);
    for (Run kept : old) {
        if (!plan.keeps_old) break;
        kept.traits.locked = kept.traits.lock_on_fault = false;
        space.runs.insert(kept);
    }
    run.first = to;
    run.end = to + plan.new_pages;
    space.runs.insert(run);
    space.contents.merge(contents);
    space.pinned.merge(pinned);
}

std::string MemoryModel::remap(std::uint32_t process, const AddressSpace::RemapRequest& request,
                               const Answer& answer) {
    Space& space = spaces_[process];
    const RemapPlan plan = plan_remap(space, request);
    Answer judged = answer;
    // Two regions that could be one are still two: the old range runs into the second.
    const mm::PageRange region = real_.region_after(process, plan.first);
    if (!answer.ok && answer.error == Error::BadAddress && is_aligned(request.address.raw()) &&
        !region.empty() && region.end.raw() < plan.first + std::max(plan.old_pages, 1U))
        return {};
    // The manual page does not say which of the two: for low addresses, and for a second map of the
    // page over which it is to go.
    const bool over_itself = plan.expected == Error::BadAddress && plan.old_pages == 0;
    if ((plan.expected == Error::NotPermitted || over_itself) && !answer.ok &&
        answer.error == Error::InvalidArgument)
        judged.error = *plan.expected;
    // In place only, and there is nothing but a stack's guard.
    const bool guarded = plan.may_stay && !plan.must_stay && !plan.may_move;
    if (guarded && !answer.ok && answer.error == Error::OutOfMemory) return {};
    const Judgement judgement = judge(judged, plan.expected);
    if (judgement.course != Course::Done) return judgement.difference;
    return finish_remap(process, plan, answer.value);
}

std::string MemoryModel::finish_remap(std::uint32_t process, const RemapPlan& plan,
                                      std::uint32_t address) {
    Space& space = spaces_[process];
    const std::uint32_t to = page_at(address);
    if (!is_aligned(address)) return formatted("moved to %x", address);
    if (plan.fixed.has_value()) {
        if (to != *plan.fixed) return formatted("moved to page %x instead of %x", to, *plan.fixed);
    } else if (plan.must_stay || (to == plan.first && plan.old_pages != 0)) {
        if (to != plan.first) return formatted("moved to page %x, with room where it was", to);
        if (!plan.must_stay && !plan.may_stay) return formatted("grown in place without room");
    } else if (!plan.may_move || !is_place(plan.left.runs, to, plan.new_pages)) {
        return formatted("moved to page %x", to);
    }
    space = plan.left;
    const bool only_shrinks = plan.must_stay && plan.old_pages == plan.new_pages;
    if (!only_shrinks) {
        move(space, plan, to);
        const Run& run = *space.runs.find(to);
        if (run.traits.locked) brought_in(process, to + plan.old_pages, to + plan.new_pages);
    }
    return {};
}

// --- madvise, mincore, msync ---

std::string MemoryModel::advise(std::uint32_t process, std::uint32_t at, std::uint32_t size,
                                AddressSpace::AdviceCall advice, const Answer& answer) {
    using Call = AddressSpace::AdviceCall;
    Space& space = spaces_[process];
    const std::uint32_t whole = whole_pages(size);
    if (!is_aligned(at) || (size != 0 && whole == 0) || at + whole < at)
        return judge(answer, Error::InvalidArgument).difference;
    if (whole == 0) return judge(answer, std::nullopt).difference;
    const std::uint32_t first = page_at(at), end = first + page_at(whole);
    std::optional<Error> expected;
    if (space.runs.first_hole(first, end) != end) expected = Error::OutOfMemory;
    RunList after = space.runs;
    std::vector<Run> done;
    for (const Run& run : space.runs.part(first, end)) {
        const std::optional<Error> refused = advice_error(space, run, advice);
        if (refused.has_value()) {
            expected = refused;
            if (advice == Call::PopulateRead || advice == Call::PopulateWrite) done.push_back(run);
            break;
        }
        done.push_back(run);
        after.change(run.first, run.end, [&](Run& part) { give_advice(part.traits, advice); });
    }
    const bool populates = advice == Call::PopulateRead || advice == Call::PopulateWrite;
    // Older kernels populate what follows a hole, newer ones do not get there.
    const bool at_hole = populates && expected.has_value() && !answer.ok &&
                         answer.error == Error::OutOfMemory &&
                         space.runs.first_hole(first, end) != end;
    Judgement judgement = judge(answer, at_hole ? Error::OutOfMemory : expected);
    if (!answer.ok && answer.error == Error::TryAgain && answer.memory_is_short)
        judgement = {Course::Excused, {}};
    // A disk error is a SIGBUS to a program.
    if (populates && answer.read_failed && !answer.ok && answer.error == Error::BadAddress)
        judgement = {Course::Excused, {}};
    if (judgement.course == Course::Wrong) return judgement.difference;
    const bool excused = judgement.course == Course::Excused;
    for (const Run& run : done) {
        if (advice == Call::DontNeed && !excused)
            space.contents.erase(space.contents.lower_bound(run.first),
                                 space.contents.lower_bound(run.end));
        if (advice == Call::Free)
            for (auto page = space.contents.lower_bound(run.first);
                 page != space.contents.lower_bound(run.end); ++page)
                page->second.may_be_gone = true;
        if (populates) brought_in(process, run.first, run.end);
    }
    if (advice == Call::DontNeed && excused) {
        const std::string wrong = follow_dropped(process, first, end);
        if (!wrong.empty()) return wrong;
    }
    return follow_runs(process, after, excused ? 0 : ~0U, ~0U);
}

std::optional<Error> MemoryModel::advice_error(const Space& space, const Run& run,
                                               AddressSpace::AdviceCall advice) const {
    using Call = AddressSpace::AdviceCall;
    const Rights rights = run.traits.rights;
    const bool writes = advice == Call::PopulateWrite;
    switch (advice) {
    case Call::DontNeed:
    case Call::Free:
        if (run.traits.locked || (advice == Call::Free && run.object != 0))
            return Error::InvalidArgument;
        return std::nullopt;
    case Call::PopulateRead:
    case Call::PopulateWrite:
        if (!rights.has(writes ? Rights::write() : Rights::read())) return Error::InvalidArgument;
        for (std::uint32_t page = run.first; run.object != 0 && page < run.end; ++page)
            if (!space.contents.contains(page) &&
                run.object_page_of(page) >= object_pages(run.object))
                return Error::BadAddress;
        return std::nullopt;
    default:
        return std::nullopt;
    }
}

void MemoryModel::give_advice(RegionTraits& traits, AddressSpace::AdviceCall advice) {
    using Call = AddressSpace::AdviceCall;
    if (advice == Call::Normal) traits.advice = mm::Advice::Normal;
    if (advice == Call::Random) traits.advice = mm::Advice::Random;
    if (advice == Call::Sequential) traits.advice = mm::Advice::Sequential;
    if (advice == Call::DontFork) traits.dont_fork = true;
    if (advice == Call::DoFork) traits.dont_fork = false;
}

std::string MemoryModel::residence(std::uint32_t process, std::uint32_t at, std::uint32_t size,
                                   const Answer& answer) {
    const std::uint64_t end = std::uint64_t{at} + size;
    const std::uint32_t first = page_at(at);
    std::optional<Error> expected;
    if (!is_aligned(at)) {
        expected = Error::InvalidArgument;
    } else if (end > kTopAddress) {
        expected = Error::OutOfMemory;
    } else if (size != 0) {
        const auto end_page = static_cast<std::uint32_t>((end + mm::kPageSize - 1) / mm::kPageSize);
        if (spaces_[process].runs.first_hole(first, end_page) != end_page)
            expected = Error::OutOfMemory;
    }
    return judge(answer, expected).difference;
}

std::string MemoryModel::sync(std::uint32_t process, std::uint32_t at, std::uint32_t size,
                              AddressSpace::Sync how, bool invalidate, const Answer& answer) {
    const RunList& runs = spaces_[process].runs;
    const std::uint32_t whole = whole_pages(size);
    if (!is_aligned(at)) return judge(answer, Error::InvalidArgument).difference;
    if (at + whole < at) return judge(answer, Error::OutOfMemory).difference;
    const std::uint32_t first = page_at(at), end = first + page_at(whole);
    const std::uint32_t hole = runs.first_hole(first, end);
    std::optional<Error> expected;
    if (hole != end) expected = Error::OutOfMemory;
    // Only MS_ASYNC alone stops at a hole; it never asks for locks.
    (void)how;
    for (const Run& run : runs.part(first, end))
        if (invalidate && run.traits.locked) expected = Error::Busy;
    return judge(answer, expected).difference;
}

// --- mlock ---

std::string MemoryModel::lock(std::uint32_t process, std::uint32_t at, std::uint32_t size,
                              AddressSpace::LockMode mode, const Answer& answer) {
    Space& space = spaces_[process];
    const std::uint32_t whole = whole_pages(size + at % mm::kPageSize);
    const std::uint32_t start = at - at % mm::kPageSize;
    const std::uint32_t first = page_at(start), end = first + page_at(whole);
    // A length that wraps to nothing: Linux does nothing, the manual page says EINVAL.
    if (size != 0 && whole == 0 && !answer.ok && answer.error == Error::InvalidArgument) return {};
    std::optional<Error> expected;
    std::uint32_t again = 0;
    for (const Run& run : space.runs.part(first, end))
        if (run.traits.locked) again += run.pages();
    if (!may_lock_at_all(space)) {
        expected = Error::NotPermitted;
    } else if (!may_lock(space, page_at(whole) - again)) {
        expected = Error::OutOfMemory;
    } else if (start + whole < start) {
        expected = Error::InvalidArgument;
    }
    if (expected.has_value() || whole == 0) return judge(answer, expected).difference;
    RegionTraits wanted;
    wanted.locked = true;
    wanted.lock_on_fault = mode == AddressSpace::LockMode::OnFault;
    return judge_lock(process, first, end, wanted, answer);
}

std::string MemoryModel::unlock(std::uint32_t process, std::uint32_t at, std::uint32_t size,
                                const Answer& answer) {
    const std::uint32_t whole = whole_pages(size + at % mm::kPageSize);
    const std::uint32_t start = at - at % mm::kPageSize;
    if (size != 0 && whole == 0 && !answer.ok && answer.error == Error::InvalidArgument) return {};
    if (start + whole < start) return judge(answer, Error::InvalidArgument).difference;
    if (whole == 0) return judge(answer, std::nullopt).difference;
    return judge_lock(process, page_at(start), page_at(start + whole), {}, answer);
}

// mlock or munlock of what there is up to the first hole. An error may leave a first part done:
// Linux does, the manual page does not say.
std::string MemoryModel::judge_lock(std::uint32_t process, std::uint32_t first, std::uint32_t end,
                                    const RegionTraits& wanted, const Answer& answer) {
    Space& space = spaces_[process];
    const std::uint32_t hole = space.runs.first_hole(first, end);
    std::optional<Error> expected;
    if (hole != end) expected = Error::OutOfMemory;
    RunList after = space.runs;
    after.change(first, hole, [&](Run& run) {
        run.traits.locked = wanted.locked;
        run.traits.lock_on_fault = wanted.lock_on_fault;
    });
    const bool brings_in = wanted.locked && !wanted.lock_on_fault;
    if (brings_in && !expected.has_value() && !can_bring_in(space, first, end))
        expected = Error::OutOfMemory;
    Judgement judgement = judge(answer, expected);
    if (brings_in && !answer.ok && answer.error == Error::TryAgain && answer.memory_is_short)
        judgement = {Course::Excused, {}};
    if (brings_in && !answer.ok && answer.error == Error::OutOfMemory && answer.read_failed)
        judgement = {Course::Excused, {}};
    if (judgement.course == Course::Wrong) return judgement.difference;
    const bool done = judgement.course == Course::Done;
    const std::string wrong = follow_runs(process, after, done ? end : 0, hole);
    if (!wrong.empty()) return wrong;
    if (!wanted.locked)
        space.pinned.erase(space.pinned.lower_bound(first), space.pinned.lower_bound(hole));
    if (!brings_in) return {};
    brought_in(process, first, hole);
    for (std::uint32_t page = first; done && page < end; ++page)
        if (!space.pinned.contains(page))
            return formatted("page %x is locked, and not in RAM", page);
    return {};
}

// Whether every page of the range can be brought in by a program that locks it.
bool MemoryModel::can_bring_in(const Space& space, std::uint32_t first, std::uint32_t end) const {
    for (const Run& run : space.runs.part(first, end)) {
        if (run.traits.rights.empty()) return false;
        for (std::uint32_t page = run.first; run.object != 0 && page < run.end; ++page)
            if (!space.contents.contains(page) &&
                run.object_page_of(page) >= object_pages(run.object))
                return false;
    }
    return true;
}

std::string MemoryModel::lock_all(std::uint32_t process, AddressSpace::LockAll what,
                                  const Answer& answer) {
    Space& space = spaces_[process];
    std::optional<Error> expected;
    if (!what.current && !what.future) {
        expected = Error::InvalidArgument;
    } else if (!may_lock_at_all(space)) {
        expected = Error::NotPermitted;
    } else if (what.current && !space.limits.may_lock_any &&
               space.runs.pages() > page_at(space.limits.locked)) {
        expected = Error::OutOfMemory;
    }
    const Judgement judgement = judge(answer, expected);
    if (judgement.course != Course::Done) return judgement.difference;
    space.future = {};
    if (what.future) space.future = what;
    if (!what.current) return {};
    RunList after = space.runs;
    after.change(0, kTop, [&](Run& run) {
        run.traits.locked = true;
        run.traits.lock_on_fault = what.on_fault;
    });
    // Regions that cannot be locked for want of memory are left as they are.
    const std::string wrong =
        follow_runs(process, after, answer.memory_is_short ? 0 : ~0U, ~0U, false);
    brought_in(process, 0, kTop);
    return wrong;
}

std::string MemoryModel::unlock_all(std::uint32_t process, const Answer& answer) {
    Space& space = spaces_[process];
    const Judgement judgement = judge(answer, std::nullopt);
    if (judgement.course != Course::Done) return judgement.difference;
    space.future = {};
    space.pinned.clear();
    space.runs.change(0, kTop,
                      [](Run& run) { run.traits.locked = run.traits.lock_on_fault = false; });
    return {};
}

}  // namespace quire::test
