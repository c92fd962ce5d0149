#include "kernel/swap_areas.h"

#include "kernel/kernel_heap.h"
#include "libc/format.h"
#include "mm/swap_off.h"

namespace quire::kernel {

Result<const SwapAreas::Area*> SwapAreas::add(fs::DiskDevice& disk, std::optional<int> priority) {
    for (Area& area : areas_) {
        if (area.area.has_value()) continue;
        TRY(disk.claim());
        area.device = &disk;
        const Result<void> started = start(area, priority);
        if (!started.ok()) {
            release(area);
            return started.error();
        }
        tell_size();
        return &area;
    }
    return Error::NotPermitted;
}

// What was taken when it fails is the caller's to give back.
Result<void> SwapAreas::start(Area& area, std::optional<int> priority) {
    fs::SwapArea& disk = area.area.emplace(area.device->disk());
    if (disk.disk().read_only()) return Error::ReadOnly;
    const mm::OwnedFrame frame = TRY(kernel_memory_.frames().allocate());
    TRY(disk.read_header(frame.number()));
    const std::uint32_t records = mm::SwapSpace::records_needed(disk.size());
    area.records = kmalloc(records * sizeof(mm::SlotRecord));
    if (area.records == nullptr) return Error::OutOfMemory;
    area.id = TRY(memory_.swap().add_area(disk.store(), disk.size(),
                                          priority.value_or(lowest_priority() - 1),
                                          {static_cast<mm::SlotRecord*>(area.records), records}));
    (void)snprintf(area.path.data(), area.path.size(), "/dev/%s", disk.disk().name());
    return {};
}

// Of those that asked for none, which are below 0; -1 without any.
int SwapAreas::lowest_priority() const {
    int lowest = -1;
    memory_.swap().walk_areas([&](mm::AreaId, const mm::SwapSpace::Area& area) {
        if (area.priority < lowest) lowest = area.priority;
    });
    return lowest;
}

Result<void> SwapAreas::remove(const fs::DiskDevice& disk) {
    for (Area& area : areas_) {
        if (!area.area.has_value() || area.device != &disk) continue;
        const mm::PageCount slots = area.area->size() - mm::PageCount(1);
        if (!memory_.commit().may_lose_swap(slots)) return Error::OutOfMemory;
        TRY(mm::swap_off(memory_.user_memory(), area.id));
        release(area);
        tell_size();
        return {};
    }
    return Error::InvalidArgument;
}

void SwapAreas::release(Area& area) {
    area.device->release_claim();
    kfree(area.records);
    area.records = nullptr;
    area.area.reset();
    area.device = nullptr;
}

void SwapAreas::tell_size() {
    memory_.commit().set_swap(memory_.swap().statistics().total);
}

void SwapAreas::check_invariants() const {
    std::uint32_t known = 0;
    memory_.swap().walk_areas([&](mm::AreaId, const mm::SwapSpace::Area&) { ++known; });
    for (const Area& area : areas_) {
        if (!area.area.has_value()) continue;
        ASSERT(area.device != nullptr && area.records != nullptr && known != 0);
        ASSERT(memory_.swap().area(area.id).slots.count() == area.area->size());
        --known;
    }
    ASSERT(known == 0);
}

}  // namespace quire::kernel
