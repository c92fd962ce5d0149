#include "mm/policy_generations.h"

namespace quire::mm {

GenerationPolicy::Rhythm GenerationPolicy::rhythm_after(std::uint32_t age) {
    if (age < kGenerationsPerMemory / 2) return Rhythm::Half;
    if (age < kGenerationsPerMemory) return Rhythm::Whole;
    if (age < 2 * kGenerationsPerMemory) return Rhythm::Double;
    return Rhythm::Unknown;
}

GenerationPolicy::Rhythm GenerationPolicy::end_life(Rhythm rhythm, std::uint32_t age) {
    worth_[static_cast<std::size_t>(rhythm)].end(age);
    return rhythm_after(age);
}

// The tables are made anew each time as many lives have begun as half of the pages: sooner than the
// shortest loop that does not fit.
void GenerationPolicy::begin_life(Rhythm rhythm) {
    worth_[static_cast<std::size_t>(rhythm)].begin();
    ++lives_;
    if (lives_ < WorthTable::kMostLives - 1 && 2 * lives_ < count_.raw()) return;
    lives_ = 0;
    least_worth_.reset();
    for (WorthTable& table : worth_)
        table.update();
}

bool GenerationPolicy::generation_is_empty(std::uint32_t generation) const {
    for (std::uint32_t rhythm = 0; rhythm < kRhythms; ++rhythm) {
        if (!lists_[generation % kGenerations + rhythm * kGenerations].empty()) return false;
    }
    return true;
}

// The lists go round: while the oldest generation has pages, the youngest stays open for more.
void GenerationPolicy::count_use() {
    ++uses_;
    if (uses_ < divide_up(count_.raw(), kGenerationsPerMemory)) return;
    if (!generation_is_empty(generation_ + 1)) return;
    ++generation_;
    uses_ = 0;
    least_worth_.reset();
}

void GenerationPolicy::insert(FrameNumber frame, Rhythm rhythm) {
    const std::uint8_t mark = mark_of(generation_, rhythm);
    marks_[frame.raw()] = mark;
    lists_[mark].push_back(frame);
    ++count_;
    if (least_worth_.has_value() && worth_of_list(mark) < worth_of_list(*least_worth_))
        least_worth_ = mark;
}

void GenerationPolicy::take_out(FrameNumber frame) {
    lists_[marks_[frame.raw()]].remove(frame);
    --count_;
    if (newest_ == frame) newest_.reset();
}

void GenerationPolicy::admit(FrameNumber frame, Arrival arrival, Shadow shadow) {
    if (__builtin_expect(arrival == Arrival::Demand && shadow == 0, 1)) {
        marks_[frame.raw()] = kWaiting;
        waiting_.push_back(frame);
        return;
    }
    take_in_waiting();
    enter(frame, arrival, shadow);
}

void GenerationPolicy::take_in_waiting() {
    while (!waiting_.empty())
        enter(waiting_.pop_front(), Arrival::Demand, 0);
}

void GenerationPolicy::enter(FrameNumber frame, Arrival arrival, Shadow shadow) {
    Rhythm rhythm = Rhythm::Unknown;
    if (arrival == Arrival::Demand) {
        if ((shadow & kKnown) != 0) {
            const std::uint32_t age = (generation_ - (shadow >> 2)) % kShadowGenerations;
            rhythm = end_life(static_cast<Rhythm>(shadow % kRhythms), age);
        }
        count_use();
        newest_ = frame;
    }
    insert(frame, rhythm);
    begin_life(rhythm);
}

FrameList& GenerationPolicy::list_of(FrameNumber frame) {
    const std::uint8_t mark = marks_[frame.raw()];
    // cppcheck-suppress returnTempReference ; both are members
    return mark == kWaiting ? waiting_ : lists_[mark];
}

void GenerationPolicy::forget_all(std::span<const FrameNumber> frames) {
    while (!frames.empty()) {
        FrameList& list = list_of(frames.front());
        const std::span<const FrameNumber> rest = list.remove_run(frames);
        if (&list != &waiting_)
            count_ -= PageCount(static_cast<std::uint32_t>(frames.size() - rest.size()));
        frames = rest;
    }
    if (newest_.has_value() && !table_.has(*newest_, FrameFlag::Listed)) newest_.reset();
}

// `frame` was found used. Use within a generation is one use, and with the one before it does not
// count as a new one in time: else a loop that touches its pages twice would seem twice as long.
void GenerationPolicy::renew(FrameNumber frame) {
    const std::uint8_t mark = marks_[frame.raw()];
    const std::uint32_t age = age_of_mark(mark);
    Rhythm rhythm = rhythm_of(mark);
    take_out(frame);
    if (age != 0) {
        rhythm = end_life(rhythm, age);
        if (age > 1) count_use();
    }
    insert(frame, rhythm);
    if (age != 0) begin_life(rhythm);
}

std::uint32_t GenerationPolicy::age_of(FrameNumber frame) {
    take_in_waiting();
    return age_of_mark(marks_[frame.raw()]);
}

// From the generation before the youngest to the oldest, and again. In the youngest a look could
// change nothing.
void GenerationPolicy::scan_next_list() {
    std::uint32_t rhythm = static_cast<std::uint32_t>(rhythm_of(scan_list_)) + 1;
    std::uint32_t age = age_of_mark(scan_list_);
    if (rhythm == kRhythms) {
        rhythm = 0;
        age = age % (kGenerations - 1) + 1;
    }
    scan_list_ = mark_of(generation_ - age, static_cast<Rhythm>(rhythm));
    scan_left_ = lists_[scan_list_].count();
}

void GenerationPolicy::scan(BoundedLooks& looks) {
    std::uint32_t to_look_at = kScan;
    for (std::uint32_t lists = 0; to_look_at != 0 && lists < kLists;) {
        FrameList& list = lists_[scan_list_];
        if (scan_left_ == PageCount() || list.empty() || age_of_mark(scan_list_) == 0) {
            scan_next_list();
            ++lists;
            continue;
        }
        --scan_left_;
        --to_look_at;
        const FrameNumber frame = list.rotate();
        if (looks.used(frame)) renew(frame);
    }
}

std::uint32_t GenerationPolicy::worth_of_list(std::uint32_t list) const {
    return worth_[static_cast<std::size_t>(rhythm_of(list))].worth(age_of_mark(list));
}

// Of lists worth the same, the oldest. Precondition: not all are empty.
std::uint32_t GenerationPolicy::find_least_worth() const {
    std::optional<std::uint32_t> least;
    for (std::uint32_t age = kGenerations; age-- != 0;) {
        for (std::uint32_t rhythm = 0; rhythm < kRhythms; ++rhythm) {
            const std::uint32_t list = mark_of(generation_ - age, static_cast<Rhythm>(rhythm));
            if (lists_[list].empty()) continue;
            if (!least.has_value() || worth_of_list(list) < worth_of_list(*least)) least = list;
        }
    }
    ASSERT(least.has_value());
    return *least;
}

// Precondition: not all lists are empty.
FrameNumber GenerationPolicy::least_worth() {
    if (!least_worth_.has_value() || lists_[*least_worth_].empty())
        least_worth_ = find_least_worth();
    return lists_[*least_worth_].front();
}

std::optional<FrameNumber> GenerationPolicy::choose(AccessedBits& bits) {
    take_in_waiting();
    if (count_ == PageCount()) return std::nullopt;
    BoundedLooks looks(bits);
    // The access for which it came is known: only further ones are to be seen.
    if (newest_.has_value()) (void)looks.used(*newest_);
    newest_.reset();
    scan(looks);
    FrameNumber victim = least_worth();
    while (looks.any_left() && looks.used(victim)) {
        renew(victim);
        victim = least_worth();
    }
    take_out(victim);
    return victim;
}

void GenerationPolicy::put_back(FrameNumber frame) {
    insert(frame, rhythm_of(marks_[frame.raw()]));
}

Shadow GenerationPolicy::evicted(FrameNumber frame) {
    const std::uint8_t mark = marks_[frame.raw()];
    const std::uint32_t generation = (generation_ - age_of_mark(mark)) % kShadowGenerations;
    return kKnown | generation << 2 | static_cast<std::uint32_t>(rhythm_of(mark));
}

std::optional<FrameNumber> GenerationPolicy::take_any() {
    take_in_waiting();
    if (count_ == PageCount()) return std::nullopt;
    const FrameNumber frame = least_worth();
    take_out(frame);
    return frame;
}

void GenerationPolicy::check_invariants() const {
    PageCount counted;
    for (std::uint32_t mark = 0; mark < kLists; ++mark) {
        const FrameList& list = lists_[mark];
        list.check_invariants();
        if (list.empty()) continue;
        counted += list.count();
        FrameNumber frame = list.front();
        for (PageCount seen; seen < list.count(); ++seen, frame = list.next(frame))
            ASSERT(marks_[frame.raw()] == mark);
    }
    ASSERT(counted == count_);
    waiting_.check_invariants();
    FrameNumber frame = waiting_.empty() ? FrameNumber() : waiting_.front();
    for (PageCount seen; seen < waiting_.count(); ++seen, frame = waiting_.next(frame))
        ASSERT(marks_[frame.raw()] == kWaiting);
    ASSERT(!newest_.has_value() || table_.has(*newest_, FrameFlag::Listed));
    if (least_worth_.has_value() && !lists_[*least_worth_].empty())
        ASSERT(worth_of_list(*least_worth_) == worth_of_list(find_least_worth()));
    ASSERT(scan_list_ < kLists);
}

}  // namespace quire::mm
