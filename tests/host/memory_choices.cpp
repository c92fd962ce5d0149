// How scripts come about: what StepMaker chooses, and with what liking.
//
// Three small windows of pages lie around borders between page tables, a fourth at the top of user
// space where mmap puts what has no address. All that is mapped lies there or moves there, so that
// collisions, splits and merges are frequent.
#include <algorithm>
#include <iterator>

#include "mm/address_space.h"
#include "mm/layout.h"
#include "tests/host/memory_script.h"

namespace quire::test {

namespace {

using mm::kEntriesPerTable;
using mm::kPageSize;

constexpr std::uint32_t kBorders[] = {0xBF400, 0xBF800, 0xBFC00};
constexpr std::uint32_t kReach = 44;  // pages on both sides of a border

struct Weight {
    MemoryCall call;
    std::uint32_t weight;
};
constexpr Weight kWeights[] = {
    {MemoryCall::Map, 70},       {MemoryCall::Unmap, 30},     {MemoryCall::Protect, 45},
    {MemoryCall::Break, 7},      {MemoryCall::Remap, 45},     {MemoryCall::Advise, 45},
    {MemoryCall::Residence, 10}, {MemoryCall::Sync, 12},      {MemoryCall::Lock, 12},
    {MemoryCall::Unlock, 12},    {MemoryCall::LockAll, 2},    {MemoryCall::UnlockAll, 5},
    {MemoryCall::Fork, 20},      {MemoryCall::Exit, 12},      {MemoryCall::Spawn, 5},
    {MemoryCall::Load, 170},     {MemoryCall::Store, 260},    {MemoryCall::Prefetch, 15},
    {MemoryCall::Reclaim, 20},   {MemoryCall::Background, 6}, {MemoryCall::DropClean, 3},
    {MemoryCall::DiskErrors, 4}, {MemoryCall::Limit, 3},      {MemoryCall::SwapOff, 2},
};

constexpr std::uint32_t sum_of_weights() {
    std::uint32_t sum = 0;
    for (const Weight& weight : kWeights)
        sum += weight.weight;
    return sum;
}

MemoryCall some_call(Choices& choices) {
    std::uint32_t at = choices.below(sum_of_weights());
    for (const Weight& weight : kWeights) {
        if (at < weight.weight) return weight.call;
        at -= weight.weight;
    }
    return MemoryCall::Check;
}

}  // namespace

std::uint32_t ByteChoices::below(std::uint32_t limit) {
    std::uint32_t value = 0;
    for (std::uint64_t reach = 1; reach < limit && !bytes_.empty(); reach <<= 8) {
        value = value << 8 | bytes_.front();
        bytes_ = bytes_.subspan(1);
    }
    return value % limit;
}

MemoryWorld some_world(Choices& choices) {
    constexpr std::uint32_t kFrames[] = {64, 72, 96, 128, 192, 512};
    constexpr std::uint32_t kSwaps[] = {0, 24, 64, 150, 400, 1500};
    constexpr std::uint32_t kSecondSwaps[] = {0, 0, 30, 200};
    MemoryWorld world;
    world.frames = kFrames[choices.below(std::size(kFrames))];
    world.swap = kSwaps[choices.below(std::size(kSwaps))];
    world.swap2 = kSecondSwaps[choices.below(std::size(kSecondSwaps))];
    world.overcommit = choices.one_in(5) ? 2 : choices.below(2);
    world.policy = choices.below(16);
    return world;
}

CallSet some_calls(Choices& choices) {
    if (choices.one_in(2)) return kAllCalls;
    CallSet calls = only(MemoryCall::Map) | only(MemoryCall::Store);
    const std::uint32_t left_out = 2 + choices.below(3);
    for (std::uint32_t i = 0; i < kMemoryCalls; ++i)
        if (!choices.one_in(left_out)) calls |= only(static_cast<MemoryCall>(i));
    return calls;
}

// --- Where ---

std::uint32_t StepMaker::some_page() {
    if (one_in(4)) return mm::kFirstKernelPage.raw() - 1 - below(2 * kReach);
    return kBorders[below(std::size(kBorders))] - kReach + below(2 * kReach);
}

std::uint32_t StepMaker::some_pages() {
    if (one_in(4)) return 1 + below(40);
    if (one_in(40)) return kEntriesPerTable;
    return 1 + below(6);
}

StepMaker::Place StepMaker::some_place() {
    const std::vector<Place>& mapped = mapped_[process_];
    if (mapped.empty() || one_in(12)) return {some_page(), some_pages()};
    const Place whole = mapped[below(static_cast<std::uint32_t>(mapped.size()))];
    if (one_in(4)) return whole;
    const std::uint32_t skipped = below(std::min(whole.pages, 64U));
    const std::uint32_t past_the_end = one_in(8) ? 1 : 0;
    return {whole.page + skipped, 1 + below(std::min(whole.pages - skipped, 40U)) + past_the_end};
}

// --- One step ---

// A process that exists, or one that does not; any, if there is none such.
std::uint32_t StepMaker::somebody(bool alive) {
    const std::uint32_t start = below(kProcesses);
    for (std::uint32_t i = 0; i < kProcesses; ++i) {
        const std::uint32_t process = (start + i) % kProcesses;
        if (((alive_ >> process & 1) != 0) == alive) return process;
    }
    return start;
}

MemoryStep StepMaker::step(MemoryCall call) const {
    MemoryStep step;
    step.call = call;
    step.process = process_;
    return step;
}

MemoryStep StepMaker::step_at(MemoryCall call, Place place) const {
    MemoryStep made = step(call);
    made.at = place.page * kPageSize;
    made.size = place.pages * kPageSize;
    return made;
}

std::uint32_t StepMaker::some_rights() {
    constexpr std::uint32_t kUsual[] = {3, 3, 3, 3, 3, 3, 3, 3, 3, 1, 1, 0, 2, 4, 5, 7};
    return kUsual[below(std::size(kUsual))];
}

// Now and then a program asks for nonsense.
void StepMaker::spoil(MemoryStep& step) {
    constexpr std::uint32_t kStrange[] = {
        0,          1,          0xFFF,      0x1000,     0xF000,     0x10000,    0xBFFFF000,
        0xC0000000, 0xC0001000, 0x7FFFFFFF, 0x80000000, 0xFFFFF000, 0xFFFFFFFF,
    };
    std::uint32_t MemoryStep::*const fields[] = {&MemoryStep::at, &MemoryStep::size,
                                                 &MemoryStep::to, &MemoryStep::length,
                                                 &MemoryStep::page};
    std::uint32_t& field = step.*fields[below(std::size(fields))];
    switch (below(4)) {
    case 0:
        field = kStrange[below(std::size(kStrange))];
        return;
    case 1:
        field += 1 + below(kPageSize - 1);
        return;
    case 2:
        step.at += below(kPageSize);
        return;
    default:
        step.size -= std::min(step.size, below(kPageSize));
    }
}

MemoryStep StepMaker::some_map() {
    MemoryStep made = step_at(MemoryCall::Map, {some_page(), some_pages()});
    made.rights = some_rights();
    if (!one_in(3)) made.flags |= MapFlag::kFixed;
    if (one_in(12)) made.flags |= MapFlag::kNoReplace;
    if (one_in(3)) made.flags |= MapFlag::kShared;
    if (one_in(12)) made.flags |= MapFlag::kGrowsDown;
    if (made.size > 64 * kPageSize || one_in(8)) made.flags |= MapFlag::kNoReserve;
    if (made.size <= 64 * kPageSize && one_in(10)) made.flags |= MapFlag::kPopulate;
    if (made.size <= 64 * kPageSize && one_in(25)) made.flags |= MapFlag::kLocked;
    if (one_in(20)) made.flags |= MapFlag::kReadOnly;
    if (one_in(60)) made.flags |= MapFlag::kWriteOnly;
    if (one_in(3)) made.object = 1 + below(kFiles);
    if ((made.flags & MapFlag::kShared) != 0 && one_in(2))
        made.object = static_cast<std::uint32_t>(ObjectChoice::SharedMemory);
    if (made.object != 0) made.page = below(one_in(3) ? 30 : 6);
    if ((made.flags & MapFlag::kFixed) == 0 && one_in(2)) made.at = 0;
    return made;
}

MemoryStep StepMaker::some_remap() {
    const Place from = some_place();
    MemoryStep made = step_at(MemoryCall::Remap, from);
    const std::uint32_t lengths[] = {from.pages, from.pages, 1, 1 + below(40),
                                     from.pages + below(8)};
    made.length = lengths[below(std::size(lengths))] * kPageSize;
    if (one_in(30)) made.size = 0;
    if (!one_in(4)) made.flags |= RemapFlag::kMayMove;
    if (one_in(10)) {
        made.flags |= RemapFlag::kKeepOld | RemapFlag::kMayMove;
        made.length = made.size;
    }
    if (!one_in(2)) return made;
    made.flags |= RemapFlag::kFixed;
    made.to = some_page() * kPageSize;
    // The same place in another page table, or another's place.
    if (one_in(3)) made.to = made.at ^ kEntriesPerTable * kPageSize;
    if (one_in(5)) made.to = some_place().page * kPageSize;
    return made;
}

MemoryStep StepMaker::some_step(MemoryCall call) {
    if (call == MemoryCall::Map) return some_map();
    if (call == MemoryCall::Remap) return some_remap();
    MemoryStep made = step(call);
    const Place place = some_place();
    switch (call) {
    case MemoryCall::Unmap:
    case MemoryCall::Residence:
    case MemoryCall::Unlock:
        return step_at(call, place);
    case MemoryCall::Protect:
        made = step_at(call, place);
        made.rights = some_rights();
        if (one_in(15)) made.flags = ProtectFlag::kGrowsDown;
        return made;
    case MemoryCall::Advise:
        made = step_at(call, place);
        made.value = below(10);
        if (one_in(3))
            made.value = static_cast<std::uint32_t>(mm::AddressSpace::AdviceCall::DontNeed);
        return made;
    case MemoryCall::Sync:
        made = step_at(call, place);
        made.flags = below(4);
        return made;
    case MemoryCall::Lock:
        made = step_at(call, place);
        made.flags = one_in(4) ? LockFlag::kOnFault : 0;
        return made;
    case MemoryCall::LockAll:
        made.flags = below(8);
        return made;
    case MemoryCall::Break:
        made.at = (kBorders[1] - 24 + below(64)) * kPageSize + (one_in(3) ? below(kPageSize) : 0);
        if (one_in(12)) made.at = 0;
        return made;
    case MemoryCall::Fork:
        made.value = somebody(false);
        return made;
    case MemoryCall::Exit:
    case MemoryCall::Spawn:
        made.process = somebody(call == MemoryCall::Exit);
        return made;
    case MemoryCall::Prefetch:
        made.at = place.page * kPageSize;
        return made;
    case MemoryCall::Reclaim:
        made.value = one_in(4) ? 1 + below(64) : 1 + below(12);
        return made;
    case MemoryCall::DiskErrors:
        made.object = below(2 + kFiles);
        made.flags = 1 + below(3);
        made.value = one_in(2) ? 0 : 1 + below(4);
        return made;
    case MemoryCall::Limit:
        made.flags = 1U << below(5);
        made.value = (1 + below(200)) * kPageSize;
        if (made.flags == LimitFlag::kLocked && one_in(4)) made.value = 0;
        return made;
    case MemoryCall::SwapOff:
        made.value = below(2);
        return made;
    default:
        return made;
    }
}

// --- Several steps ---

void StepMaker::add(Steps& steps, const MemoryStep& step) {
    if ((enabled_ & only(step.call)) == 0) return;
    steps.push_back(without_idle_fields(step));
    note(step);
}

// Takes the pages of `place` out; says whether all were there.
bool StepMaker::take_place(std::vector<Place>& places, Place place) {
    std::vector<Place> left;
    std::uint32_t found = 0;
    for (const Place& each : places) {
        const std::uint32_t first = std::max(each.page, place.page);
        const std::uint32_t end = std::min(each.end(), place.end());
        if (first >= end) {
            left.push_back(each);
            continue;
        }
        found += end - first;
        if (each.page < first) left.push_back({each.page, first - each.page});
        if (end < each.end()) left.push_back({end, each.end() - end});
    }
    places = left;
    return found == place.pages;
}

void StepMaker::add_place(std::vector<Place>& places, Place place) {
    take_place(places, place);
    if (place.pages != 0 && place.pages <= kEntriesPerTable) places.push_back(place);
}

// What the steps to come had better know.
void StepMaker::note(const MemoryStep& step) {
    std::vector<Place>& mapped = mapped_[step.process];
    const Place at{step.at / kPageSize, step.size / kPageSize};
    switch (step.call) {
    case MemoryCall::Fork:
        alive_ |= 1U << step.value;
        mapped_[step.value] = mapped;
        return;
    case MemoryCall::Spawn:
        alive_ |= 1U << step.process;
        return;
    case MemoryCall::Exit:
        alive_ &= ~(1U << step.process);
        mapped.clear();
        return;
    case MemoryCall::Map:
        if ((step.flags & MapFlag::kFixed) != 0) add_place(mapped, at);
        return;
    case MemoryCall::Remap:
        if ((step.flags & RemapFlag::kMayMove) != 0 && take_place(mapped, at) &&
            (step.flags & RemapFlag::kFixed) != 0)
            add_place(mapped, {step.to / kPageSize, step.length / kPageSize});
        return;
    case MemoryCall::Unmap:
        take_place(mapped, at);
        return;
    default:
        return;
    }
}

void StepMaker::add_accesses(Steps& steps, Place place, std::uint32_t count) {
    constexpr std::uint32_t kOffsets[] = {0, 0, 0, 1, 4, 0x800, 0xFFC, 0xFFD, 0xFFE, 0xFFF};
    constexpr std::uint32_t kSizes[] = {1, 1, 4, 4, 2};
    for (; count != 0; --count) {
        MemoryStep made = step(one_in(3) ? MemoryCall::Load : MemoryCall::Store);
        // Large places are used at their beginning, so that steps meet there.
        const std::uint32_t reach = one_in(6) ? place.pages : std::min(place.pages, 12U);
        made.at = (place.page + below(std::max(reach, 1U))) * kPageSize +
                  kOffsets[below(std::size(kOffsets))];
        made.size = kSizes[below(std::size(kSizes))];
        if (made.call == MemoryCall::Store) made.value = one_in(12) ? 0 : below(0xFFFFFFFF);
        add(steps, made);
    }
}

// Both sides write to what they share, and one of them may go.
void StepMaker::add_fork(Steps& steps) {
    const std::uint32_t parent = process_;
    MemoryStep fork = step(MemoryCall::Fork);
    fork.value = somebody(false);
    if (one_in(3)) {
        MemoryStep advise = step_at(MemoryCall::Advise, some_place());
        advise.value = static_cast<std::uint32_t>(mm::AddressSpace::AdviceCall::DontFork);
        add(steps, advise);
    }
    add(steps, fork);
    const Place place = some_place();
    for (std::uint32_t turns = below(4); turns != 0; --turns) {
        process_ = one_in(2) ? parent : fork.value;
        add_accesses(steps, one_in(3) ? some_place() : place, 1 + below(3));
    }
    if (one_in(5)) add(steps, step(MemoryCall::Exit));
    process_ = one_in(2) ? parent : fork.value;
    add_accesses(steps, place, 2);
}

void StepMaker::add_flips(Steps& steps) {
    const Place place = some_place();
    for (std::uint32_t turns = 1 + below(3); turns != 0; --turns) {
        MemoryStep protect = step_at(MemoryCall::Protect, place);
        protect.rights = below(4);
        add(steps, protect);
        add_accesses(steps, place, 1 + below(2));
        if (one_in(4)) add(steps, some_step(MemoryCall::Reclaim));
    }
    MemoryStep protect = step_at(MemoryCall::Protect, place);
    protect.rights = 3;
    add(steps, protect);
}

// Locked pages while memory is short.
void StepMaker::add_locks(Steps& steps) {
    const Place place = some_place();
    MemoryStep lock = step_at(MemoryCall::Lock, place);
    lock.flags = one_in(4) ? LockFlag::kOnFault : 0;
    add(steps, lock);
    add_accesses(steps, place, 2);
    MemoryStep reclaim = step(MemoryCall::Reclaim);
    reclaim.value = 8 + below(200);
    add(steps, reclaim);
    add_accesses(steps, place, 2);
    if (!one_in(3)) add(steps, step_at(MemoryCall::Unlock, place));
}

void StepMaker::add_stack(Steps& steps) {
    const Place place{some_page(), 1 + below(3)};
    MemoryStep map = step_at(MemoryCall::Map, place);
    map.rights = 3;
    map.flags = MapFlag::kFixed | MapFlag::kGrowsDown;
    add(steps, map);
    const std::uint32_t below_it = 1 + below(12);
    add_accesses(steps, {place.page - below_it, below_it + place.pages}, 1 + below(5));
}

// A page table that its region fills, shared and then moved as a whole.
void StepMaker::add_whole_table(Steps& steps) {
    const std::uint32_t border = below(std::size(kBorders));
    const Place place{kBorders[border], kEntriesPerTable};
    const Place target{kBorders[(border + 1 + below(2)) % std::size(kBorders)], kEntriesPerTable};
    MemoryStep map = some_map();
    map.at = place.page * kPageSize;
    map.size = place.pages * kPageSize;
    map.flags = MapFlag::kFixed | MapFlag::kNoReserve | (map.flags & MapFlag::kShared);
    add(steps, map);
    add_accesses(steps, place, 1 + below(4));
    if (!one_in(3)) add_fork(steps);
    MemoryStep move = step_at(MemoryCall::Remap, place);
    move.length = one_in(4) ? move.size + 4 * kPageSize : move.size;
    move.to = target.page * kPageSize;
    move.flags = RemapFlag::kMayMove | RemapFlag::kFixed;
    add(steps, move);
    add_accesses(steps, target, 1 + below(4));
    MemoryStep reclaim = step(MemoryCall::Reclaim);
    reclaim.value = 8 + below(200);
    if (one_in(2)) add(steps, reclaim);
    if (one_in(4)) add(steps, some_step(MemoryCall::SwapOff));
    add_accesses(steps, target, 2);
}

// A limit, and soon none again.
void StepMaker::add_limit(Steps& steps) {
    const MemoryStep limit = some_step(MemoryCall::Limit);
    add(steps, limit);
    for (std::uint32_t count = 1 + below(6); count != 0; --count)
        add(steps, some_step(some_call(choices_)));
    MemoryStep none = limit;
    none.value = limit.flags == LimitFlag::kStack ? 0x800000 : 0xFFFFFFFF;
    if (limit.flags == LimitFlag::kMayLock) none.value = 0;
    add(steps, none);
}

// The disk fails for a while, and is whole again.
void StepMaker::add_disk_errors(Steps& steps) {
    const MemoryStep errors = some_step(MemoryCall::DiskErrors);
    add(steps, errors);
    for (std::uint32_t count = 1 + below(8); count != 0; --count) {
        if (one_in(3)) add(steps, some_step(MemoryCall::Reclaim));
        if (one_in(3)) add(steps, some_step(some_call(choices_)));
        add_accesses(steps, some_place(), 2);
    }
    MemoryStep well = errors;
    well.flags = well.value = 0;
    add(steps, well);
}

void StepMaker::add_to(Steps& steps) {
    if (alive_ == 0) add(steps, some_step(MemoryCall::Spawn));
    if (one_in(16) || (alive_ >> process_ & 1) == 0) process_ = somebody(true);
    MemoryCall call = some_call(choices_);
    if (mapped_[process_].size() < 3 && !one_in(3)) call = MemoryCall::Map;
    switch (call) {
    case MemoryCall::Load:
    case MemoryCall::Store:
        return add_accesses(steps, some_place(), 1 + below(3));
    case MemoryCall::Fork:
        return add_fork(steps);
    case MemoryCall::DiskErrors:
        return add_disk_errors(steps);
    case MemoryCall::Limit:
        return add_limit(steps);
    case MemoryCall::Lock:
        if (one_in(2)) return add_locks(steps);
        break;
    case MemoryCall::Protect:
        if (one_in(3)) return add_flips(steps);
        break;
    case MemoryCall::Map:
        if (one_in(12)) return add_stack(steps);
        if (one_in(20)) return add_whole_table(steps);
        break;
    default:
        break;
    }
    MemoryStep made = some_step(call);
    if (one_in(12)) spoil(made);
    add(steps, made);
}

MemoryScript MemoryScript::decode(std::span<const std::uint8_t> bytes) {
    constexpr std::size_t kMostSteps = 2000;
    ByteChoices choices(bytes);
    MemoryScript script{some_world(choices), {}};
    StepMaker maker(choices, some_calls(choices));
    while (!choices.empty() && script.steps.size() < kMostSteps)
        maker.add_to(script.steps);
    return script;
}

MemoryScript random_script(std::uint64_t seed, const MemoryWorld& world, std::size_t steps,
                           CallSet enabled) {
    RandomChoices choices(seed);
    MemoryScript script{world, {}};
    StepMaker maker(choices, enabled);
    while (script.steps.size() < steps)
        maker.add_to(script.steps);
    return script;
}

}  // namespace quire::test
