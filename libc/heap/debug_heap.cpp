#include "libc/heap/debug_heap.h"

#include "kernel/base/align.h"
#include "libc/string.h"

namespace quire::heap {
namespace {

constexpr std::size_t kNowhere = SIZE_MAX;

/// The first of `count` bytes that is not `expected`, or kNowhere.
std::size_t first_other(const std::uint8_t* bytes, std::size_t count, std::uint8_t expected) {
    for (std::size_t i = 0; i < count; ++i) {
        if (bytes[i] != expected) return i;
    }
    return kNowhere;
}

}  // namespace

void* DebugHeap::allocate(std::size_t size, CallSite site) {
    return allocate_aligned(kRedZone, size, site);
}

void* DebugHeap::allocate_zeroed(std::size_t count, std::size_t size, CallSite site) {
    std::size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) return nullptr;
    void* pointer = allocate(bytes, site);
    if (pointer != nullptr) memset(pointer, 0, bytes);
    return pointer;
}

void* DebugHeap::allocate_aligned(std::size_t alignment, std::size_t size, CallSite site) {
    if (!is_power_of_two(alignment) || size > kLargestRequest) return nullptr;
    if (alignment < kRedZone) alignment = kRedZone;
    // The payload is aligned, hence the record and the red zone before it end at a multiple.
    const std::size_t front = align_up(sizeof(Record) + kRedZone, alignment);
    if (front > kLargestRequest - size - kRedZone) return nullptr;
    auto* base =
        static_cast<std::byte*>(heap_.allocate_aligned(alignment, front + size + kRedZone));
    if (base == nullptr) return nullptr;
    return adopt(base, front - sizeof(Record) - kRedZone, size, site);
}

// Makes a live block of fresh memory: record, red zones, poison.
void* DebugHeap::adopt(std::byte* base, std::size_t lead, std::size_t size, CallSite site) {
    auto* record = reinterpret_cast<Record*>(base + lead);
    *record = {first_, nullptr, size, lead, site, {}};
    if (first_ != nullptr) first_->previous = record;
    first_ = record;
    memset(record->payload() - kRedZone, kRedZoneByte, kRedZone);
    memset(record->payload(), kNewByte, size);
    memset(record->payload() + size, kRedZoneByte, kRedZone);
    ++live_blocks_;
    live_bytes_ += size;
    return record->payload();
}

// Searches the list, so that a wrong pointer is never followed.
DebugHeap::Record* DebugHeap::find_live(const void* pointer) const {
    Record* record = first_;
    while (record != nullptr && record->payload() != pointer)
        record = record->next;
    return record;
}

void DebugHeap::report_wild(const void* pointer) {
    for (Record* record : held_back_) {
        if (record == nullptr || record->payload() != pointer) continue;
        report_({DebugReport::Kind::DoubleFree, pointer, record->size, 0, record->allocated,
                 record->freed});
        return;
    }
    report_({DebugReport::Kind::UnknownPointer, pointer, 0, 0, {}, {}});
}

void DebugHeap::unlink(Record* record) {
    if (record->next != nullptr) record->next->previous = record->previous;
    if (record->previous != nullptr) {
        record->previous->next = record->next;
    } else {
        first_ = record->next;
    }
    --live_blocks_;
    live_bytes_ -= record->size;
}

// The byte nearest to the block tells how far the write went wrong. Mends the zones.
bool DebugHeap::check_red_zones(Record* record) {
    std::uint8_t* below = record->payload() - kRedZone;
    std::uint8_t* above = record->payload() + record->size;
    bool whole = true;
    if (first_other(below, kRedZone, kRedZoneByte) != kNowhere) {
        std::size_t distance = 1;
        while (below[kRedZone - distance] == kRedZoneByte)
            ++distance;
        report_({DebugReport::Kind::WroteBefore,
                 record->payload(),
                 record->size,
                 distance,
                 record->allocated,
                 {}});
        whole = false;
    }
    const std::size_t behind = first_other(above, kRedZone, kRedZoneByte);
    if (behind != kNowhere) {
        report_({DebugReport::Kind::WroteBehind,
                 record->payload(),
                 record->size,
                 behind,
                 record->allocated,
                 {}});
        whole = false;
    }
    memset(below, kRedZoneByte, kRedZone);
    memset(above, kRedZoneByte, kRedZone);
    return whole;
}

bool DebugHeap::check_freed(Record* record) {
    const std::size_t wrong = first_other(record->payload(), record->size, kFreedByte);
    if (wrong == kNowhere) return true;
    report_({DebugReport::Kind::WroteAfterFree, record->payload(), record->size, wrong,
             record->allocated, record->freed});
    memset(record->payload(), kFreedByte, record->size);
    return false;
}

// Takes the place of the block that has been held back longest.
void DebugHeap::hold_back(Record* record) {
    Record* oldest = held_back_[next_held_];
    held_back_[next_held_] = record;
    next_held_ = (next_held_ + 1) % kHeldBack;
    if (oldest == nullptr) return;
    check_freed(oldest);
    heap_.deallocate(oldest->base());
}

void DebugHeap::deallocate(void* pointer, CallSite site) {
    if (pointer == nullptr) return;
    Record* record = find_live(pointer);
    if (record == nullptr) {
        report_wild(pointer);
        return;
    }
    check_red_zones(record);
    unlink(record);
    record->freed = site;
    memset(record->payload(), kFreedByte, record->size);
    hold_back(record);
}

// Always moves: a program that keeps the old pointer is found out.
void* DebugHeap::reallocate(void* pointer, std::size_t size, CallSite site) {
    if (pointer == nullptr) return allocate(size, site);
    Record* record = find_live(pointer);
    if (record == nullptr) {
        report_wild(pointer);
        return nullptr;
    }
    void* target = allocate(size, site);
    if (target == nullptr) return nullptr;
    memcpy(target, pointer, record->size < size ? record->size : size);
    deallocate(pointer, site);
    return target;
}

std::size_t DebugHeap::usable_size(void* pointer) {
    if (pointer == nullptr) return 0;
    const Record* record = find_live(pointer);
    if (record == nullptr) report_wild(pointer);
    return record == nullptr ? 0 : record->size;
}

std::size_t DebugHeap::check_all() {
    std::size_t damaged = 0;
    for (Record* record = first_; record != nullptr; record = record->next) {
        if (!check_red_zones(record)) ++damaged;
    }
    for (Record* record : held_back_) {
        if (record != nullptr && !check_freed(record)) ++damaged;
    }
    return damaged;
}

void DebugHeap::flush() {
    for (std::size_t i = 0; i < kHeldBack; ++i)
        hold_back(nullptr);
}

}  // namespace quire::heap
