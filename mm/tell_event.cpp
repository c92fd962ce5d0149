#include "mm/tell_event.h"

#include "mm/address_space.h"

namespace quire::mm {

namespace {

// The first entry that names a frame.
class FirstMapping final : public MappingVisitor {
  public:
    bool visit(PteLocation at, Pte) override {
        found = at;
        return false;
    }
    std::optional<PteLocation> found;
};

AddressSpace* space_with(UserMemory& memory, FrameNumber table, PageNumber page) {
    for (SpaceNode& node : memory.spaces()) {
        const Pde pde = node.space.pages().directory().directory_entry(page);
        if (pde.is_table() && pde.table() == table) return &node.space;
    }
    return nullptr;
}

}  // namespace

void tell_of_frame(UserMemory& memory, FrameNumber frame, MemoryEvent event) {
    const FrameTable& records = memory.records();
    const bool is_object = records.state(frame) == FrameState::Object;
    event.frame = frame;
    if (is_object) {
        event.object = records.object_of(frame).object;
        event.index = records.object_of(frame).page_index;
        event.mappings = records.references(frame) - 1;
    } else {
        event.slot = memory.pages().swap_copy(frame);
        event.mappings = memory.pages().mappings(frame);
    }
    FirstMapping first;
    memory.pages().for_each_mapping(frame, first);
    const AddressSpace* space = nullptr;
    if (first.found.has_value()) {
        const PageNumber page(records.tag(first.found->table) * kEntriesPerTable +
                              first.found->index);
        event.address = start_of(page);
        space = space_with(memory, first.found->table, page);
    }
    memory.observer()->tell(space, event);
}

void tell_thrashing(UserMemory& memory) {
    const ThrashingSignal& signal = memory.pages().thrashing_signal();
    if (!memory.thrashing_is_news(signal.thrashing())) return;
    memory.observer()->tell(
        nullptr,
        {.kind = EventKind::Thrashing, .on = signal.thrashing(), .percent = signal.percent()});
}

}  // namespace quire::mm
