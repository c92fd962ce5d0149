// The truth table of page faults: every combination of facts matches exactly one row, which names
// what textbooks call the event and says what is done about it.
#include "mm/fault_decision.h"

#include <gtest/gtest.h>

#include <concepts>
#include <vector>

namespace quire::mm {
namespace {

using Place = FaultFacts::Place;
using Allows = FaultFacts::Allows;
using Backing = FaultFacts::Backing;
using Page = FaultFacts::Page;
using Action = FaultAction;

// A set of values of one fact. Nothing said: any value.
template <typename Value>
class AnyOf {
  public:
    AnyOf() = default;
    template <std::same_as<Value>... Values>
    AnyOf(Values... values) : bits_(((1U << static_cast<unsigned>(values)) | ...)) {}
    [[nodiscard]] bool has(Value value) const {
        return (bits_ >> static_cast<unsigned>(value) & 1U) != 0;
    }

  private:
    unsigned bits_ = ~0U;
};

struct Row {
    const char* name;
    Action action;
    AnyOf<Place> place = {};
    AnyOf<Allows> allows = {};
    AnyOf<Access> access = {};
    AnyOf<Backing> backing = {};
    AnyOf<Page> page = {};
    AnyOf<TableUse> table = {};
    AnyOf<bool> past_end = {};
    AnyOf<bool> in_ram = {};
    AnyOf<bool> writable = {};
    AnyOf<bool> swap_copy = {};
    AnyOf<bool> same_for_all = {};
    AnyOf<bool> reserved_bit = {};
    AnyOf<Ring> ring = {};

    [[nodiscard]] bool matches(const FaultFacts& facts) const {
        return place.has(facts.place) && allows.has(facts.allows) && access.has(facts.access) &&
               backing.has(facts.backing) && page.has(facts.page) && table.has(facts.table) &&
               past_end.has(facts.past_end) && in_ram.has(facts.in_ram) &&
               writable.has(facts.writable) && swap_copy.has(facts.swap_copy) &&
               same_for_all.has(facts.same_for_all) && reserved_bit.has(facts.reserved_bit) &&
               ring.has(facts.ring);
    }
};

// Shorthand for the rows below.
const AnyOf<Access> kReads{Access::Read, Access::Fetch};
const AnyOf<Access> kWrite{Access::Write};
const AnyOf<Allows> kSome{Allows::Reading, Allows::Writing};
const AnyOf<Backing> kAnonymous{Backing::Anonymous};
const AnyOf<Backing> kPrivateObject{Backing::PrivateObject};
const AnyOf<Backing> kSharedObject{Backing::SharedObject};
const AnyOf<Backing> kObject{Backing::PrivateObject, Backing::SharedObject};
const AnyOf<Backing> kPrivate{Backing::Anonymous, Backing::PrivateObject};
const AnyOf<TableUse> kATable{TableUse::Own, TableUse::Last, TableUse::Shared};
const AnyOf<TableUse> kNotShared{TableUse::None, TableUse::Own, TableUse::Last};
const AnyOf<TableUse> kMineToRead{TableUse::Own, TableUse::Last};
const AnyOf<TableUse> kFree{TableUse::None, TableUse::Own};

// A row of a fault in a region whose rights permit the access.
Row reads(const char* name, Action action, AnyOf<Backing> backing, AnyOf<Page> page,
          AnyOf<TableUse> table) {
    Row row{.name = name, .action = action};
    row.place = Place::InRegion;
    row.allows = kSome;
    row.access = kReads;
    row.backing = backing;
    row.page = page;
    row.table = table;
    row.reserved_bit = false;
    return row;
}
Row writes(const char* name, Action action, AnyOf<Backing> backing, AnyOf<Page> page,
           AnyOf<TableUse> table) {
    Row row = reads(name, action, backing, page, table);
    row.allows = Allows::Writing;
    row.access = kWrite;
    return row;
}
Row with(Row row, AnyOf<bool> Row::*fact, bool value) {
    row.*fact = AnyOf<bool>(value);
    return row;
}

std::vector<Row> outside_rows() {
    Row reserved{.name = "corrupted page table", .action = Action::KernelBug};
    reserved.reserved_bit = true;
    Row oops{.name = "kernel oops", .action = Action::KernelBug};
    oops.place = Place::KernelHalf;
    oops.ring = Ring::Kernel;
    Row kernel{.name = "segmentation fault: kernel address", .action = Action::SegvMapErr};
    kernel.place = Place::KernelHalf;
    kernel.ring = Ring::User;
    Row hole{.name = "segmentation fault: nothing there", .action = Action::SegvMapErr};
    hole.place = Place::Hole;
    Row stack{.name = "stack growth", .action = Action::GrowStack};
    stack.place = Place::BelowStack;
    Row none{.name = "protection fault: PROT_NONE", .action = Action::SegvAccErr};
    none.place = Place::InRegion;
    none.allows = Allows::Nothing;
    Row read_only{.name = "protection fault: write to read-only", .action = Action::SegvAccErr};
    read_only.place = Place::InRegion;
    read_only.allows = Allows::Reading;
    read_only.access = kWrite;
    for (Row* row : {&oops, &kernel, &hole, &stack, &none, &read_only})
        row->reserved_bit = false;
    return {reserved, oops, kernel, hole, stack, none, read_only};
}

std::vector<Row> read_rows() {
    const auto missing = [](const Row& row) { return with(row, &Row::past_end, false); };
    const auto in_ram = [](const Row& row) { return with(row, &Row::in_ram, true); };
    const auto on_disk = [](const Row& row) { return with(row, &Row::in_ram, false); };
    const auto agreed = [](const Row& row) { return with(row, &Row::same_for_all, true); };
    const auto differs = [](const Row& row) { return with(row, &Row::same_for_all, false); };
    const AnyOf<TableUse> any;
    const TableUse shared = TableUse::Shared;
    return {
        reads("zero page", Action::MapZeroFrame, kAnonymous, Page::Empty, kNotShared),
        agreed(reads("zero page, for all", Action::MapZeroFrame, kAnonymous, Page::Empty, shared)),
        differs(
            reads("zero page, not for all", Action::UnshareTable, kAnonymous, Page::Empty, shared)),
        with(reads("bus error: past the end", Action::BusError, kObject, Page::Empty, any),
             &Row::past_end, true),
        missing(on_disk(reads("demand paging (major fault)", Action::FetchObjectPage, kObject,
                              Page::Empty, any))),
        missing(in_ram(reads("page-cache hit (minor fault)", Action::MapObjectPage, kObject,
                             Page::Empty, kNotShared))),
        missing(agreed(in_ram(reads("page-cache hit, for all", Action::MapObjectPage, kObject,
                                    Page::Empty, shared)))),
        missing(differs(in_ram(reads("page-cache hit, not for all", Action::UnshareTable, kObject,
                                     Page::Empty, shared)))),
        on_disk(reads("swap-in (major fault)", Action::SwapIn, kPrivate, Page::Swapped, kATable)),
        in_ram(
            reads("swap-cache hit", Action::MapCachedSlot, kPrivate, Page::Swapped, kMineToRead)),
        agreed(in_ram(reads("swap-cache hit, for all", Action::MapCachedSlot, kPrivate,
                            Page::Swapped, shared))),
        differs(in_ram(reads("swap-cache hit, not for all", Action::UnshareTable, kPrivate,
                             Page::Swapped, shared))),
        reads("spurious fault: zero page", Action::Retry, kAnonymous, Page::Zero, kATable),
        reads("spurious fault: private page", Action::Retry, kPrivate, {Page::Sole, Page::Several},
              kATable),
        reads("spurious fault: object's page", Action::Retry, kObject, Page::Object, kATable),
    };
}

std::vector<Row> write_rows() {
    const auto missing = [](const Row& row) { return with(row, &Row::past_end, false); };
    const auto in_ram = [](const Row& row) { return with(row, &Row::in_ram, true); };
    const auto on_disk = [](const Row& row) { return with(row, &Row::in_ram, false); };
    const auto clean = [](const Row& row) { return with(row, &Row::swap_copy, false); };
    const AnyOf<TableUse> any;
    const AnyOf<Page> frames{Page::Sole, Page::Several};
    std::vector<Row> rows{
        writes("demand-zero", Action::FillWithZeros, kAnonymous, Page::Empty, kFree),
        writes("demand-zero after a read", Action::FillWithZeros, kAnonymous, Page::Zero,
               TableUse::Own),
        with(writes("bus error: write past the end", Action::BusError, kObject, Page::Empty, any),
             &Row::past_end, true),
        missing(on_disk(writes("demand paging for a write", Action::FetchObjectPage, kObject,
                               Page::Empty, any))),
        missing(in_ram(writes("copy-on-write of a file's page never mapped", Action::CopyPage,
                              kPrivateObject, Page::Empty, kFree))),
        missing(in_ram(writes("page-cache hit for a write", Action::MapObjectPage, kSharedObject,
                              Page::Empty, kFree))),
        writes("copy-on-write", Action::CopyPage, kPrivate, Page::Several, TableUse::Own),
        writes("copy-on-write of a file's page", Action::CopyPage, kPrivateObject, Page::Object,
               TableUse::Own),
        with(clean(writes("copy-on-write: reuse", Action::TakeOverPage, kPrivate, Page::Sole,
                          TableUse::Own)),
             &Row::writable, false),
        with(clean(writes("spurious fault: private page", Action::Retry, kPrivate, Page::Sole,
                          TableUse::Own)),
             &Row::writable, true),
        with(writes("write to a clean swapped-in page", Action::ForgetSwapCopy, kPrivate,
                    Page::Sole, TableUse::Own),
             &Row::swap_copy, true),
        with(writes("write-notify", Action::MakeWritable, kSharedObject, Page::Object,
                    TableUse::Own),
             &Row::writable, false),
        with(writes("spurious fault: shared page", Action::Retry, kSharedObject, Page::Object,
                    TableUse::Own),
             &Row::writable, true),
        on_disk(writes("swap-in for a write", Action::SwapIn, kPrivate, Page::Swapped, kATable)),
        in_ram(writes("swap-cache hit for a write", Action::MapCachedSlot, kPrivate, Page::Swapped,
                      TableUse::Own)),
    };
    // Whatever would be done to the entry: the page table first.
    const struct {
        const char* name;
        Action action;
        TableUse table;
    } tables[] = {
        {"copy-on-write of a page table", Action::UnshareTable, TableUse::Shared},
        {"copy-on-write of a page table: reuse", Action::TakeOverTable, TableUse::Last},
    };
    for (const auto& [name, action, table] : tables) {
        rows.push_back(writes(name, action, kAnonymous, {Page::Empty, Page::Zero}, table));
        rows.push_back(missing(in_ram(writes(name, action, kObject, Page::Empty, table))));
        rows.push_back(writes(name, action, kPrivate, frames, table));
        rows.push_back(writes(name, action, kObject, Page::Object, table));
        rows.push_back(in_ram(writes(name, action, kPrivate, Page::Swapped, table)));
    }
    return rows;
}

// Broken invariants, whether the access is a read or a write that the region allows.
std::vector<Row> impossible_rows() {
    std::vector<Row> rows;
    for (const auto make : {reads, writes}) {
        const auto add = [&](const char* name, AnyOf<Backing> backing, AnyOf<Page> page,
                             AnyOf<TableUse> table) {
            rows.push_back(make(name, Action::KernelBug, backing, page, table));
        };
        add("impossible: hidden page in a region with rights", {}, Page::Hidden, {});
        add("impossible: zero frame in front of an object", kObject, Page::Zero, {});
        add("impossible: private page in a shared map", kSharedObject, {Page::Sole, Page::Several},
            {});
        add("impossible: swap slot in a shared map", kSharedObject, Page::Swapped, {});
        add("impossible: object's page in anonymous memory", kAnonymous, Page::Object, {});
        add("impossible: entry without a page table", kAnonymous, Page::Zero, TableUse::None);
        add("impossible: entry without a page table", kPrivate,
            {Page::Sole, Page::Several, Page::Swapped}, TableUse::None);
        add("impossible: entry without a page table", kObject, Page::Object, TableUse::None);
    }
    return rows;
}

std::vector<Row> all_rows() {
    std::vector<Row> rows = outside_rows();
    for (const auto& part : {read_rows(), write_rows(), impossible_rows()})
        rows.insert(rows.end(), part.begin(), part.end());
    return rows;
}

// Calls visit(facts) for every combination there is.
template <typename Visitor>
void for_each_combination(Visitor visit) {
    constexpr unsigned kSizes[] = {3, 2, 2, 4, 3, 3, 2, 7, 2, 2, 2, 4, 2};
    unsigned total = 1;
    for (const unsigned size : kSizes)
        total *= size;
    for (unsigned number = 0; number < total; ++number) {
        unsigned rest = number;
        unsigned digit[std::size(kSizes)];
        for (std::size_t i = 0; i < std::size(kSizes); ++i) {
            digit[i] = rest % kSizes[i];
            rest /= kSizes[i];
        }
        visit(FaultFacts{.access = static_cast<Access>(digit[0]),
                         .ring = static_cast<Ring>(digit[1]),
                         .reserved_bit = digit[2] != 0,
                         .place = static_cast<Place>(digit[3]),
                         .allows = static_cast<Allows>(digit[4]),
                         .backing = static_cast<Backing>(digit[5]),
                         .past_end = digit[6] != 0,
                         .page = static_cast<Page>(digit[7]),
                         .writable = digit[8] != 0,
                         .swap_copy = digit[9] != 0,
                         .in_ram = digit[10] != 0,
                         .table = static_cast<TableUse>(digit[11]),
                         .same_for_all = digit[12] != 0});
    }
}

TEST(FaultDecision, EveryCombinationOfFactsIsDecidedAsItsOneRowSays) {
    const std::vector<Row> rows = all_rows();
    std::vector<unsigned> hits(rows.size());
    for_each_combination([&](const FaultFacts& facts) {
        const Row* found = nullptr;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (!rows[i].matches(facts)) continue;
            ++hits[i];
            ASSERT_TRUE(found == nullptr) << found->name << " and " << rows[i].name;
            found = &rows[i];
        }
        ASSERT_NE(found, nullptr) << "no row for page " << static_cast<int>(facts.page)
                                  << ", backing " << static_cast<int>(facts.backing) << ", table "
                                  << static_cast<int>(facts.table);
        ASSERT_STREQ(fault_action_name(decide(facts)), fault_action_name(found->action))
            << found->name;
    });
    for (std::size_t i = 0; i < rows.size(); ++i)
        EXPECT_NE(hits[i], 0U) << rows[i].name;
}

// What the rows say one by one, seen from the promise they keep together.
TEST(FaultDecision, NothingIsWrittenThroughASharedPageTable) {
    for_each_combination([](const FaultFacts& facts) {
        if (facts.table != TableUse::Shared || facts.place != Place::InRegion) return;
        switch (decide(facts)) {
        case Action::FillWithZeros:
        case Action::CopyPage:
        case Action::TakeOverPage:
        case Action::MakeWritable:
        case Action::ForgetSwapCopy:
        case Action::TakeOverTable:
            FAIL() << fault_action_name(decide(facts));
        case Action::MapZeroFrame:
        case Action::MapObjectPage:
        case Action::MapCachedSlot:
            ASSERT_TRUE(facts.same_for_all && facts.access != Access::Write);
            break;
        default:
            break;
        }
    });
}

TEST(FaultDecision, AStepThatMapsReadOnlyDoesNotEndAWrite) {
    EXPECT_FALSE(is_last_step(Action::MapCachedSlot, Access::Write));
    EXPECT_TRUE(is_last_step(Action::MapCachedSlot, Access::Read));
    EXPECT_TRUE(is_last_step(Action::FillWithZeros, Access::Write));
    EXPECT_TRUE(is_last_step(Action::Retry, Access::Write));
    for (const Action action : {Action::FetchObjectPage, Action::SwapIn, Action::ForgetSwapCopy,
                                Action::UnshareTable, Action::TakeOverTable, Action::GrowStack}) {
        EXPECT_FALSE(is_last_step(action, Access::Read)) << fault_action_name(action);
    }
    // The zero frame is only ever mapped for a read.
    for_each_combination([](const FaultFacts& facts) {
        ASSERT_TRUE(decide(facts) != Action::MapZeroFrame || facts.access != Access::Write);
    });
}

TEST(FaultDecision, NamesEveryAction) {
    for (unsigned i = 0; i <= static_cast<unsigned>(Action::KernelBug); ++i)
        EXPECT_STRNE(fault_action_name(static_cast<Action>(i)), "?") << i;
}

}  // namespace
}  // namespace quire::mm
