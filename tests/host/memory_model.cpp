// What the model is made of: contents, runs, how it follows, how it compares; and accesses. The
// calls are in memory_model_calls.cpp.
#include "tests/host/memory_model.h"
#include "tests/host/formatted.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "tests/host/formatted.h"

namespace quire::test {

using mm::FaultOutcome;

namespace {

// What the files held at first, so that pages of it are copied and not computed each time.
const PageBytes& file_page(std::uint32_t file, std::uint32_t page) {
    static const std::vector<std::vector<PageBytes>> files = [] {
        std::vector<std::vector<PageBytes>> made(kFiles);
        for (std::uint32_t f = 0; f < kFiles; ++f) {
            made[f].resize(mm::pages_for(kFileBytes[f]).raw());
            for (std::uint32_t p = 0; p < made[f].size(); ++p)
                for (std::uint32_t i = 0; i < mm::kPageSize; ++i)
                    made[f][p][i] = file_byte(f + 1, p, i);
        }
        return made;
    }();
    return files[file - 1][page];
}

constexpr std::uint32_t page_at(std::uint32_t address) {
    return address / mm::kPageSize;
}

}  // namespace

const char* outcome_name(FaultOutcome outcome) {
    constexpr const char* kNames[] = {"Resolved", "ResolvedByRead", "NotMapped",   "NotAllowed",
                                      "PastEnd",  "CannotRead",     "OutOfMemory", "KernelBug"};
    return kNames[static_cast<std::size_t>(outcome)];
}

// --- PageContent ---

std::uint8_t PageContent::byte(std::uint32_t offset) const {
    for (const auto& [where, value] : written_)
        if (where == offset) return value;
    return file_ == 0 ? 0 : file_page(file_, page_)[offset];
}

void PageContent::set_byte(std::uint32_t offset, std::uint8_t value) {
    for (auto& [where, old] : written_) {
        if (where != offset) continue;
        old = value;
        return;
    }
    written_.emplace_back(static_cast<std::uint16_t>(offset), value);
}

void PageContent::fill(PageBytes& bytes) const {
    if (file_ == 0) {
        bytes.fill(0);
    } else {
        bytes = file_page(file_, page_);
    }
    for (const auto& [where, value] : written_)
        bytes[where] = value;
}

std::uint32_t PageContent::defined() const {
    if (file_ == 0) return mm::kPageSize;
    return std::min(kFileBytes[file_ - 1] - page_ * mm::kPageSize, mm::kPageSize);
}

// --- Run and RunList ---

bool Run::is_like(const Run& other) const {
    return traits == other.traits && object == other.object;
}

std::string print(const Run& run) {
    const mm::RegionTraits& t = run.traits;
    std::string line = formatted("%x-%x %s%s%s most %u", run.first, run.end,
                                 t.rights.has(mm::Rights::read()) ? "r" : "-",
                                 t.rights.has(mm::Rights::write()) ? "w" : "-",
                                 t.rights.has(mm::Rights::execute()) ? "x" : "-", t.most.raw());
    if (run.object != 0) line += formatted(" object %u+%x", run.object, run.object_page);
    if (t.shared) line += " shared";
    if (t.grows_down) line += " growsdown";
    if (t.locked) line += t.lock_on_fault ? " lockedonfault" : " locked";
    if (t.no_reserve) line += " noreserve";
    if (t.charged) line += " charged";
    if (t.dont_fork) line += " dontfork";
    if (t.advice != mm::Advice::Normal) line += formatted(" advice %d", static_cast<int>(t.advice));
    return line;
}

const Run* RunList::find(std::uint32_t page) const {
    const Run* run = first_ending_after(page);
    return run != nullptr && run->first <= page ? run : nullptr;
}

const Run* RunList::first_ending_after(std::uint32_t page) const {
    for (const Run& run : runs_)
        if (run.end > page) return &run;
    return nullptr;
}

const Run* RunList::last_before(std::uint32_t page) const {
    const Run* last = nullptr;
    for (const Run& run : runs_)
        if (run.end <= page) last = &run;
    return last;
}

bool RunList::is_free(std::uint32_t first, std::uint32_t end) const {
    const Run* run = first_ending_after(first);
    return run == nullptr || run->first >= end;
}

std::uint32_t RunList::first_hole(std::uint32_t first, std::uint32_t end) const {
    for (const Run& run : runs_)
        if (run.first <= first && first < run.end) first = run.end;
    return std::min(first, end);
}

std::uint32_t RunList::pages() const {
    std::uint32_t sum = 0;
    for (const Run& run : runs_)
        sum += run.pages();
    return sum;
}

std::vector<Run> RunList::part(std::uint32_t first, std::uint32_t end) const {
    std::vector<Run> found;
    for (const Run& run : runs_) {
        Run piece = run;
        piece.first = std::max(run.first, first);
        piece.end = std::min(run.end, end);
        if (piece.first >= piece.end) continue;
        piece.object_page = run.object_page_of(piece.first);
        found.push_back(piece);
    }
    return found;
}

void RunList::split_at(std::uint32_t page) {
    for (std::size_t i = 0; i < runs_.size(); ++i) {
        if (page <= runs_[i].first || runs_[i].end <= page) continue;
        Run high = runs_[i];
        high.first = page;
        high.object_page = runs_[i].object_page_of(page);
        runs_[i].end = page;
        runs_.insert(runs_.begin() + static_cast<std::ptrdiff_t>(i) + 1, high);
        return;
    }
}

void RunList::join() {
    std::vector<Run> joined;
    for (const Run& run : runs_) {
        if (!joined.empty()) {
            Run& low = joined.back();
            if (low.end == run.first && low.is_like(run) &&
                low.object_page_of(run.first) == run.object_page) {
                low.end = run.end;
                continue;
            }
        }
        joined.push_back(run);
    }
    runs_ = std::move(joined);
}

void RunList::remove(std::uint32_t first, std::uint32_t end) {
    split_at(first);
    split_at(end);
    std::erase_if(runs_, [&](const Run& run) { return first <= run.first && run.end <= end; });
    join();
}

void RunList::insert(const Run& run) {
    const auto place = std::find_if(runs_.begin(), runs_.end(),
                                    [&](const Run& other) { return other.first >= run.end; });
    runs_.insert(place, run);
    join();
}

std::string Answer::print() const {
    std::string line = ok ? formatted("success, value %x", value) : error_name(error);
    if (memory_is_short) line += ", memory short";
    if (read_failed) line += ", a read failed";
    if (write_failed) line += ", a write failed";
    return line;
}

// --- Figures of a run ---

StepFigures& StepFigures::operator+=(const StepFigures& other) {
    for (std::uint32_t i = 0; i < kMemoryCalls; ++i) {
        done[i] += other.done[i];
        refused[i] += other.refused[i];
    }
    for (std::size_t i = 0; i < outcomes.size(); ++i)
        outcomes[i] += other.outcomes[i];
    skipped += other.skipped;
    return *this;
}

std::uint32_t StepFigures::steps() const {
    std::uint32_t sum = 0;
    for (std::uint32_t i = 0; i < kMemoryCalls; ++i)
        sum += done[i] + refused[i];
    return sum;
}

// --- The model's figures ---

MemoryModel::MemoryModel(RealMemory& real, const Promises& promises)
    : real_(real), promises_(promises), next_object_(kFiles + 1) {
    for (std::uint32_t file = 1; file <= kFiles; ++file)
        objects_[file].pages = mm::pages_for(kFileBytes[file - 1]).raw();
}

std::uint32_t MemoryModel::new_shared_memory(std::uint32_t pages, bool no_reserve) {
    objects_[next_object_].pages = pages;
    objects_[next_object_].promised = no_reserve ? 0 : pages;
    return next_object_++;
}

std::uint32_t MemoryModel::shared_memories() {
    std::set<std::uint32_t> used;
    for (const Space& space : spaces_)
        for (const Run& run : space.runs.all())
            used.insert(run.object);
    std::erase_if(objects_, [&](const auto& object) {
        return object.first > kFiles && !used.contains(object.first);
    });
    return static_cast<std::uint32_t>(objects_.size()) - kFiles;
}

std::uint32_t MemoryModel::committed() const {
    std::uint32_t sum = 0;
    for (const Space& space : spaces_)
        for (const Run& run : space.runs.all())
            if (run.traits.charged) sum += run.pages();
    for (const auto& [number, object] : objects_)
        sum += object.promised;
    return sum;
}

std::uint32_t MemoryModel::may_be_charged() const {
    std::uint32_t sum = 0;
    for (const auto& [number, object] : objects_)
        if (number > kFiles && object.promised == 0) sum += object.pages;
    return sum;
}

bool MemoryModel::may_promise(std::uint32_t pages) const {
    return may_promise_instead(pages, 0);
}

bool MemoryModel::may_promise_instead(std::uint32_t pages, std::int64_t released) const {
    switch (promises_.mode) {
    case mm::Overcommit::Always:
        return true;
    case mm::Overcommit::Heuristic:
        return pages <= promises_.ram + promises_.swap;
    case mm::Overcommit::Never:
        return std::int64_t{committed()} - released + pages <=
               std::int64_t{promises_.ram / 2} + promises_.swap;
    }
    return false;
}

std::uint32_t MemoryModel::object_pages(std::uint32_t object) const {
    return objects_.at(object).pages;
}

PageContent MemoryModel::content_of_object(std::uint32_t object, std::uint32_t page) const {
    const auto& changed = objects_.at(object).changed;
    const auto found = changed.find(page);
    if (found != changed.end()) return found->second;
    return object <= kFiles ? PageContent(object, page) : PageContent();
}

void MemoryModel::object_content(std::uint32_t object, std::uint32_t page, PageBytes& bytes) const {
    content_of_object(object, page).fill(bytes);
}

std::uint32_t MemoryModel::object_defined(std::uint32_t object, std::uint32_t page) const {
    return content_of_object(object, page).defined();
}

const PageContent* MemoryModel::content(const Space& space, const Run& run, std::uint32_t page,
                                        PageContent& scratch) const {
    const auto found = space.contents.find(page);
    if (found != space.contents.end()) return &found->second;
    if (run.object == 0) return nullptr;
    scratch = content_of_object(run.object, run.object_page_of(page));
    return &scratch;
}

void MemoryModel::expected_bytes(std::uint32_t process, std::uint32_t page,
                                 PageBytes& bytes) const {
    const Space& space = spaces_[process];
    PageContent scratch;
    const PageContent* model = content(space, *space.runs.find(page), page, scratch);
    (model != nullptr ? *model : PageContent()).fill(bytes);
}

bool MemoryModel::has_freed_pages(std::uint32_t process) const {
    const auto& contents = spaces_[process].contents;
    return std::any_of(contents.begin(), contents.end(),
                       [](const auto& content) { return content.second.may_be_gone; });
}

PageContent& MemoryModel::content_to_write(Space& space, const Run& run, std::uint32_t page) {
    const std::uint32_t index = run.object_page_of(page);
    if (run.traits.shared) {
        auto& changed = objects_.at(run.object).changed;
        return changed.try_emplace(index, content_of_object(run.object, index)).first->second;
    }
    const auto found = space.contents.find(page);
    if (found != space.contents.end()) return found->second;
    return space.contents[page] =
               run.object == 0 ? PageContent() : content_of_object(run.object, index);
}

void MemoryModel::forget(Space& space, std::uint32_t first, std::uint32_t end) {
    space.runs.remove(first, end);
    space.contents.erase(space.contents.lower_bound(first), space.contents.lower_bound(end));
    space.pinned.erase(space.pinned.lower_bound(first), space.pinned.lower_bound(end));
}

// --- Following ---

// A page given to MADV_FREE is what it was, or zeros.
std::string MemoryModel::settle(std::uint32_t process, std::uint32_t page) {
    Space& space = spaces_[process];
    const auto found = space.contents.find(page);
    if (found == space.contents.end() || !found->second.may_be_gone) return {};
    PageBytes real, old;
    real_.peek(process, page, real);
    found->second.fill(old);
    if (real == old) return {};
    space.contents.erase(found);
    if (real == PageBytes{}) return {};
    return formatted("page %x was freed (MADV_FREE), and is neither as it was nor zeros", page);
}

void MemoryModel::follow_private(std::uint32_t process, std::uint32_t first, std::uint32_t end) {
    Space& space = spaces_[process];
    for (const Run& run : space.runs.part(first, end)) {
        if (run.object == 0 || run.traits.shared) continue;
        for (std::uint32_t page = run.first; page < run.end; ++page) {
            if (space.contents.contains(page) || !real_.has_private_page(process, page)) continue;
            space.contents[page] = content_of_object(run.object, run.object_page_of(page));
        }
    }
}

// Pages that may or may not have been given up.
std::string MemoryModel::follow_dropped(std::uint32_t process, std::uint32_t first,
                                        std::uint32_t end) {
    Space& space = spaces_[process];
    for (const Run& run : space.runs.part(first, end)) {
        for (std::uint32_t page = run.first; page < run.end; ++page) {
            const auto found = space.contents.find(page);
            if (found == space.contents.end()) continue;
            PageBytes real, old;
            real_.peek(process, page, real);
            found->second.fill(old);
            if (real == old) continue;
            space.contents.erase(found);
            PageContent scratch;
            const PageContent* dropped = content(space, run, page, scratch);
            if (dropped == nullptr) dropped = &scratch;
            dropped->fill(old);
            if (real != old) return formatted("page %x is neither as it was nor given up", page);
        }
    }
    return {};
}

// The real runs are those of `after` up to some page, and as before from there on. All before
// `must_until` has changed, nothing from `may_until` on.
std::string MemoryModel::follow_runs(std::uint32_t process, const RunList& after,
                                     std::uint32_t must_until, std::uint32_t may_until,
                                     bool in_order) {
    Space& space = spaces_[process];
    const RunList before = space.runs;
    space.runs = real_.runs(process);
    const RunList& real = space.runs;
    std::set<std::uint32_t> edges;
    for (const RunList* list : {&before, &after, &real})
        for (const Run& run : list->all())
            edges.insert({run.first, run.end});
    bool ended = false;
    for (auto edge = edges.begin(); edge != edges.end() && std::next(edge) != edges.end(); ++edge) {
        const std::uint32_t first = *edge, end = *std::next(edge);
        const std::vector<Run> is = real.part(first, end), was = before.part(first, end),
                               will = after.part(first, end);
        const bool is_old = is == was, is_new = is == will;
        const std::string shown =
            is.empty() ? formatted("%x-%x nothing", first, end) : print(is[0]);
        if (!is_old && !is_new)
            return shown + " instead of " + (was.empty() ? "nothing" : print(was[0])) + " or " +
                   (will.empty() ? "nothing" : print(will[0]));
        if (is_old && is_new) continue;
        if (is_new && ended && in_order) return shown + " has changed, but not all before it";
        if (is_new && first >= may_until) return shown + " has changed, and should not have";
        if (is_old && end <= must_until) return shown + " has not changed";
        ended |= is_old;
    }
    return {};
}

// Pages of locked regions that are in RAM must stay there.
void MemoryModel::pin(std::uint32_t process, std::uint32_t first, std::uint32_t end) {
    Space& space = spaces_[process];
    for (const Run& run : space.runs.part(first, end)) {
        if (!run.traits.locked || run.traits.lock_on_fault) continue;
        for (std::uint32_t page = run.first; page < run.end; ++page)
            if (real_.is_resident(process, page)) space.pinned.insert(page);
    }
}

// Pages were brought in ahead as far as that went: those of a private map of a file perhaps as
// copies, and locked ones stay.
void MemoryModel::brought_in(std::uint32_t process, std::uint32_t first, std::uint32_t end) {
    follow_private(process, first, end);
    pin(process, first, end);
}

// --- Comparing ---

std::string MemoryModel::compare_regions(std::uint32_t process) {
    const RunList real = real_.runs(process);
    const RunList& model = spaces_[process].runs;
    if (real == model) return {};
    for (std::size_t i = 0;; ++i) {
        const Run* is = i < real.all().size() ? &real.all()[i] : nullptr;
        const Run* should = i < model.all().size() ? &model.all()[i] : nullptr;
        if (is != nullptr && should != nullptr && *is == *should) continue;
        return formatted("process %u has %s instead of %s", process,
                         is == nullptr ? "no more regions" : print(*is).c_str(),
                         should == nullptr ? "no more" : print(*should).c_str());
    }
}

std::string MemoryModel::compare_contents(std::uint32_t process) {
    Space& space = spaces_[process];
    const std::vector<Run> runs = space.runs.all();
    for (const Run& run : runs) {
        for (std::uint32_t page = run.first; page < run.end; ++page) {
            const bool written = space.contents.contains(page);
            if (!written && run.object == 0 && !real_.is_resident(process, page) &&
                !real_.has_private_page(process, page))
                continue;
            if (!written && run.object != 0 && run.object_page_of(page) >= object_pages(run.object))
                continue;
            if (const std::string wrong = settle(process, page); !wrong.empty()) return wrong;
            PageBytes real, expected{};
            PageContent scratch;
            const PageContent* model = content(space, run, page, scratch);
            real_.peek(process, page, real);
            if (model != nullptr) model->fill(expected);
            const std::uint32_t defined = model != nullptr ? model->defined() : mm::kPageSize;
            if (std::memcmp(real.data(), expected.data(), defined) == 0) continue;
            std::uint32_t at = 0;
            while (real[at] == expected[at])
                ++at;
            return formatted("process %u, address %x holds %02x instead of %02x", process,
                             page * mm::kPageSize + at, real[at], expected[at]);
        }
    }
    for (const std::uint32_t page : space.pinned)
        if (!real_.is_resident(process, page))
            return formatted("process %u, page %x is locked, and not in RAM", process, page);
    return {};
}

// --- Accesses ---

bool MemoryModel::can_grow(std::uint32_t process, const Run& stack, std::uint32_t page) {
    const Space& space = spaces_[process];
    if (!stack.traits.grows_down || page < mm::kFirstUserPage.raw()) return false;
    const std::uint32_t end = real_.region_after(process, stack.first).end.raw();
    if (std::uint64_t{end - page} * mm::kPageSize > space.limits.stack) return false;
    const std::uint32_t more = stack.first - page;
    if (!may_expand(space, stack.traits, more)) return false;
    if (stack.traits.locked && !may_lock(space, more)) return false;
    if (stack.traits.charged && !may_promise(more)) return false;
    const Run* before = space.runs.last_before(stack.first);
    return before == nullptr || before->traits.grows_down || before->traits.rights.empty() ||
           page - before->end >= mm::kStackGuardPages.raw();
}

// `grows` says whether a stack grows down to the page first.
FaultOutcome MemoryModel::expected_outcome(std::uint32_t process, std::uint32_t page,
                                           mm::Access access, bool& grows) {
    const Space& space = spaces_[process];
    grows = false;
    if (page >= mm::kFirstKernelPage.raw()) return FaultOutcome::NotMapped;
    const Run* run = space.runs.first_ending_after(page);
    if (run == nullptr) return FaultOutcome::NotMapped;
    if (run->first > page) {
        if (!can_grow(process, *run, page)) return FaultOutcome::NotMapped;
        grows = true;
    }
    const mm::Rights rights = run->traits.rights;
    if (access == mm::Access::Write ? !rights.has(mm::Rights::write()) : rights.empty())
        return FaultOutcome::NotAllowed;
    if (!grows && run->object != 0 && !space.contents.contains(page) &&
        run->object_page_of(page) >= object_pages(run->object))
        return FaultOutcome::PastEnd;
    return FaultOutcome::Resolved;
}

std::string MemoryModel::judge_access(std::uint32_t process, std::uint32_t at, std::uint32_t size,
                                      mm::Access access, FaultOutcome outcome,
                                      const Answer& answer) {
    Space& space = spaces_[process];
    const RunList before = space.runs;
    RunList after = before;
    FaultOutcome expected = FaultOutcome::Resolved;
    const std::uint32_t last = page_at(at + size - 1);
    for (std::uint32_t page = page_at(at); page <= last; ++page) {
        bool grows = false;
        expected = expected_outcome(process, page, access, grows);
        if (grows) {
            Run stack = *space.runs.first_ending_after(page);
            space.runs.remove(stack.first, stack.end);
            stack.first = page;
            space.runs.insert(stack);
            after = space.runs;
        }
        if (expected != FaultOutcome::Resolved) break;
    }
    space.runs = before;
    const bool resolved = mm::is_resolved(outcome);
    const bool excused = (outcome == FaultOutcome::OutOfMemory && answer.memory_is_short) ||
                         (outcome == FaultOutcome::CannotRead && answer.read_failed);
    if (!excused && (resolved ? FaultOutcome::Resolved : outcome) != expected)
        return formatted("outcome %s instead of %s", outcome_name(outcome), outcome_name(expected));
    if (after == before) return {};
    return follow_runs(process, after, resolved ? ~0U : 0, ~0U);
}

std::string MemoryModel::load(std::uint32_t process, std::uint32_t at, std::uint32_t size,
                              FaultOutcome outcome, std::uint32_t value, const Answer& answer) {
    const std::string wrong = judge_access(process, at, size, mm::Access::Read, outcome, answer);
    if (!wrong.empty() || !mm::is_resolved(outcome)) return wrong;
    Space& space = spaces_[process];
    for (std::uint32_t i = 0; i < size; ++i) {
        const std::uint32_t page = page_at(at + i), offset = (at + i) % mm::kPageSize;
        if (const std::string unsettled = settle(process, page); !unsettled.empty())
            return unsettled;
        PageContent scratch;
        const PageContent* model = content(space, *space.runs.find(page), page, scratch);
        if (model != nullptr && offset >= model->defined()) continue;
        const std::uint32_t expected = model == nullptr ? 0 : model->byte(offset);
        const std::uint32_t real = value >> (8 * i) & 0xFF;
        if (real != expected)
            return formatted("address %x reads %02x instead of %02x", at + i, real, expected);
    }
    return {};
}

std::string MemoryModel::store(std::uint32_t process, std::uint32_t at, std::uint32_t size,
                               FaultOutcome outcome, std::uint32_t value, const Answer& answer) {
    const std::string wrong = judge_access(process, at, size, mm::Access::Write, outcome, answer);
    const std::uint32_t last = page_at(at + size - 1);
    if (!wrong.empty()) return wrong;
    if (!mm::is_resolved(outcome)) {
        // The first page may have become the process's own before the second one failed.
        follow_private(process, page_at(at), last + 1);
        return {};
    }
    Space& space = spaces_[process];
    const auto write_to = [&](PageContent& content, std::uint32_t page) {
        for (std::uint32_t i = 0; i < size; ++i)
            if (page_at(at + i) == page)
                content.set_byte((at + i) % mm::kPageSize,
                                 static_cast<std::uint8_t>(value >> (8 * i)));
    };
    // Both pages are there before a byte is written: one may be a copy of what the other shows.
    for (std::uint32_t page = page_at(at); page <= last; ++page)
        content_to_write(space, *space.runs.find(page), page);
    for (std::uint32_t page = page_at(at); page <= last; ++page) {
        PageContent& content = content_to_write(space, *space.runs.find(page), page);
        write_to(content, page);
        if (!content.may_be_gone) continue;
        // It was not gone, or it was: the store tells.
        content.may_be_gone = false;
        PageBytes real, expected;
        real_.peek(process, page, real);
        content.fill(expected);
        if (real == expected) continue;
        content = PageContent();
        write_to(content, page);
        content.fill(expected);
        if (real != expected)
            return formatted("page %x was freed (MADV_FREE) and written to, and is neither", page);
    }
    return {};
}

}  // namespace quire::test
