#include "kernel/virtual_memory.h"

#include "kernel/base/log.h"
#include "kernel/kernel_heap.h"
#include "kernel/panic.h"
#include "mm/tell_event.h"
#include "mm/user_memory_check.h"

namespace quire::kernel {
namespace {

// A byte for each frame, for the policies.
std::span<std::uint8_t> make_marks(std::uint32_t frames) {
    void* bytes = kmalloc(frames);
    if (bytes == nullptr) panic("no memory for the replacement policies' marks");
    return {static_cast<std::uint8_t*>(bytes), frames};
}

mm::OwnedFrame zero_frame(mm::FrameAllocator& frames) {
    auto frame = frames.allocate_zeroed();
    if (!frame.ok()) panic("no frame for the zero page");
    return frame.take();
}

// Memory of kmalloc() for the length of a check.
class Scratch {
  public:
    explicit Scratch(std::uint32_t count)
        : words_{static_cast<std::uint32_t*>(kcalloc(count, sizeof(std::uint32_t))), count} {}
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() { kfree(words_.data()); }
    [[nodiscard]] std::span<std::uint32_t> words() const { return words_; }

  private:
    std::span<std::uint32_t> words_;
};

std::uint32_t highest_slot(const mm::SwapSpace& swap) {
    std::uint32_t end = 1;
    swap.walk_areas([&](mm::AreaId, const mm::SwapSpace::Area& area) {
        if (area.slots.end.raw() > end) end = area.slots.end.raw();
    });
    return end;
}

}  // namespace

VirtualMemory::VirtualMemory(Memory& memory, mm::PolicyKind policy)
    : regions_(memory.slabs(), "vm_area_struct"),
      nodes_(memory.slabs(), "radix_tree_node"),
      objects_(nodes_),
      policies_(memory.table(), make_marks(memory.table().end().raw()), policy),
      pages_(memory.frames(), swap_, objects_, policies_.current(), zero_frame(memory.frames())),
      commit_(memory.frames().statistics().managed),
      reclaim_(memory_, memory.slabs(),
               mm::Watermarks::for_ram(memory.frames().statistics().managed)),
      memory_({.pages = pages_,
               .kernel = memory.map().directory(),
               .regions = regions_,
               .commit = commit_,
               .room = reclaim_}) {
    memory_.load(memory.map().directory().frame());
}

mm::PageCount VirtualMemory::total_pages() {
    return memory_.frames().statistics().managed + swap_.statistics().total;
}

void VirtualMemory::change_policy(mm::PolicyKind kind) {
    if (kind == policies_.kind()) return;
    policies_.change_to(kind);
    pages_.change_policy(policies_.current());
}

bool VirtualMemory::idle_step(std::uint64_t now) {
    if (now != last_second_) {
        last_second_ = now;
        pages_.thrashing_signal().second_over();
        if (memory_.observer() != nullptr) mm::tell_thrashing(memory_);
    }
    return reclaim_.run_background();
}

void VirtualMemory::check_invariants() {
    const Scratch frames(memory_.records().end().raw());
    const Scratch slots(highest_slot(swap_));
    if (frames.words().data() == nullptr || slots.words().data() == nullptr) {
        quire::log(LogLevel::Warning, "mmck", "no memory to recount user memory with");
        return;
    }
    mm::UserMemoryCheck(memory_, frames.words(), slots.words()).run();
    policies_.check_invariants();
}

}  // namespace quire::kernel
