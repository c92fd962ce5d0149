#include "mm/slot_map.h"

namespace quire::mm {

SlotMap::SlotMap(std::uint32_t slots, std::span<std::uint32_t> memory)
    : slots_(slots),
      free_(slots, memory),
      whole_(divide_up(slots, kCluster), memory.subspan(BitTree::words_needed(slots))) {}

void SlotMap::release_all() {
    free_.fill();
    whole_.fill();
    if (slots_ % kCluster != 0) whole_.erase(slots_ / kCluster);
}

bool SlotMap::move_hand() {
    if (free_.empty()) return false;
    if (!whole_.empty()) {
        const std::uint32_t after = whole_.next(hand_ + 1);
        hand_ = after != kNone ? after : whole_.next(0);
    } else {
        const std::uint32_t after = free_.next((hand_ + 1) * kCluster);
        hand_ = (after != kNone ? after : free_.next(0)) / kCluster;
    }
    return true;
}

SlotMap::Run SlotMap::take_run(std::uint32_t most) {
    ASSERT(most != 0);
    const std::uint32_t first = take();
    if (first == kNone) return {0, 0};
    std::uint32_t end = first + 1;
    while (end - first < most && end < slots_ && is_free(end))
        take(end++);
    return {first, end - first};
}

void SlotMap::check_invariants() const {
    free_.check_invariants();
    whole_.check_invariants();
    for (std::uint32_t cluster = 0; cluster < divide_up(slots_, kCluster); ++cluster)
        ASSERT(whole_.contains(cluster) == (free_.word(cluster) == ~0U));
}

}  // namespace quire::mm
