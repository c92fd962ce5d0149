#include "kernel/process/futex.h"

namespace quire::kernel {

Result<FutexKey> futex_key(mm::AddressSpace& space, mm::VirtAddr word) {
    if (word.raw() % sizeof(std::uint32_t) != 0) return Error::InvalidArgument;
    const mm::PageNumber page = mm::page_of(word);
    const mm::Region* region = space.regions().find(page);
    if (region == nullptr) return Error::BadAddress;
    if (!region->traits().shared) return FutexKey{&space, word.raw()};
    const std::uint64_t start = std::uint64_t{region->object_page_of(page)} << mm::kPageShift;
    return FutexKey{region->object(), start + mm::offset_in_page(word)};
}

// Words that are near each other go to different lists.
std::uint32_t FutexTable::index_of(const FutexKey& key) {
    constexpr std::uint32_t kMixer = 0x9E3779B1;  // 2^32 divided by the golden ratio
    constexpr std::uint32_t kTopBits = 26;
    const auto whose = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(key.whose) >> 4);
    const auto place = static_cast<std::uint32_t>(key.place >> 2);
    return ((whose ^ place) * kMixer) >> kTopBits;
}

std::uint32_t FutexTable::wake(const FutexKey& key, std::uint32_t most, std::uint32_t bits) {
    List& list = list_of(key);
    std::uint32_t woken = 0;
    for (auto next = list.begin(); next != list.end() && woken < most;) {
        FutexWaiter& waiter = *next;
        ++next;
        if (waiter.key != key || (waiter.bits & bits) == 0) continue;
        list.remove(waiter);
        waiter.queue.wake_all();
        ++woken;
    }
    return woken;
}

std::uint32_t FutexTable::move(const FutexKey& from, const FutexKey& to, std::uint32_t most) {
    if (from == to) return 0;
    List& list = list_of(from);
    std::uint32_t moved = 0;
    for (auto next = list.begin(); next != list.end() && moved < most;) {
        FutexWaiter& waiter = *next;
        ++next;
        if (waiter.key != from) continue;
        list.remove(waiter);
        waiter.key = to;
        add(waiter);
        ++moved;
    }
    return moved;
}

void FutexTable::check_invariants() {
    for (std::uint32_t i = 0; i < kLists; ++i) {
        lists_[i].check_invariants();
        for (const FutexWaiter& waiter : lists_[i])
            ASSERT(index_of(waiter.key) == i);
    }
}

}  // namespace quire::kernel
