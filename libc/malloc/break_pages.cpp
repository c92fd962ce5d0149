#include "libc/malloc/break_pages.h"

#include "kernel/base/align.h"

namespace quire::libc {

void* BreakPages::extend(std::size_t bytes) {
    const std::uintptr_t now = calls_.set_break(0);
    const std::uintptr_t start = align_up(now, std::uintptr_t{kPage});
    if (start < now || bytes > UINTPTR_MAX - start) return nullptr;
    const std::uintptr_t wanted = start + bytes;
    if (calls_.set_break(wanted) != wanted) return nullptr;
    end_ = wanted;
    return reinterpret_cast<void*>(start);
}

void BreakPages::shrink(std::size_t bytes) {
    // The kernel takes back what it gave, always; if it did not, can_shrink() would tell.
    const std::uintptr_t wanted = end_ - bytes;
    calls_.set_break(wanted);
    end_ = wanted;
}

}  // namespace quire::libc
