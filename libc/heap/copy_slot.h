// What realloc copies when a block outgrows its slot: nearly always two to four units. A loop over
// so few costs as much again as the copying, so this is a jump into a row of copies.
#pragma once

#include <cstddef>

#include "libc/heap/run.h"

namespace quire::heap {

/// Copies `units` units of kAlignment bytes. Precondition: 1 <= units <= kSlotClasses.
[[gnu::always_inline]] inline void copy_slot(void* to, const void* from, std::size_t units) {
    struct [[gnu::may_alias]] Unit {
        std::size_t low;
        std::size_t high;
    };
    const auto copy = [=](std::size_t unit) {
        static_cast<Unit*>(to)[unit] = static_cast<const Unit*>(from)[unit];
    };
    static_assert(sizeof(Unit) == kAlignment && kSlotClasses <= 12);
    switch (units) {
    case 12:
        copy(11);
        [[fallthrough]];
    case 11:
        copy(10);
        [[fallthrough]];
    case 10:
        copy(9);
        [[fallthrough]];
    case 9:
        copy(8);
        [[fallthrough]];
    case 8:
        copy(7);
        [[fallthrough]];
    case 7:
        copy(6);
        [[fallthrough]];
    case 6:
        copy(5);
        [[fallthrough]];
    case 5:
        copy(4);
        [[fallthrough]];
    case 4:
        copy(3);
        [[fallthrough]];
    case 3:
        copy(2);
        [[fallthrough]];
    case 2:
        copy(1);
        [[fallthrough]];
    case 1:
        copy(0);
        return;
    default:
        __builtin_unreachable();
    }
}

template <typename Owner>
[[nodiscard, gnu::noinline]] HEAP_CALL void* reallocate_other(Owner& owner, void* pointer,
                                                              std::size_t size) {
    void* target = reallocate_any(owner.parts(), pointer, size);
    return target != nullptr ? owner.leave_with(target) : owner.leave_without_memory();
}

}  // namespace quire::heap
