#include "mm/object_pages.h"

#include "mm/swap_in.h"
#include "mm/tell_event.h"

namespace quire::mm {

namespace {

// Pages of an object, [first, end), none of which is in RAM.
struct IndexRun {
    std::uint32_t first;
    std::uint32_t end;
    [[nodiscard]] std::uint32_t count() const { return end - first; }
};

// Places in an object's tree: reserved together, and given up together unless they are filled.
class ReservedPlaces {
  public:
    explicit ReservedPlaces(MemoryObject& object) : object_(object) {}
    ReservedPlaces(const ReservedPlaces&) = delete;
    ReservedPlaces& operator=(const ReservedPlaces&) = delete;
    ~ReservedPlaces() {
        for (std::uint32_t index = run_.first; index < run_.end; ++index)
            put(index, object_.entry(index));
    }

    Result<void> reserve(IndexRun run) {
        run_ = {run.first, run.first};
        for (; run_.end < run.end; ++run_.end)
            TRY(object_.reserve(run_.end));
        return {};
    }

    /// Precondition: reserved.
    void put(std::uint32_t index, ObjectEntry entry) {
        if (!object_.set_entry(index, entry).ok()) ASSERT_UNREACHABLE();
    }
    void filled() { run_.end = run_.first; }

  private:
    MemoryObject& object_;
    IndexRun run_{0, 0};
};

// The page and its neighbours without a gap, of one aligned group.
IndexRun worth_reading(const MemoryObject& object, std::uint32_t index, PageCount window) {
    const auto missing = [&](std::uint32_t other) { return !object.entry(other).is_frame(); };
    const std::uint32_t first = align_down(index, window.raw());
    const std::uint32_t left = object.pages() - first;
    const std::uint32_t end = first + (left < window.raw() ? left : window.raw());
    IndexRun run{index, index + 1};
    while (run.first > first && missing(run.first - 1))
        --run.first;
    while (run.end < end && missing(run.end))
        ++run.end;
    return run;
}

// Reads all of `run` from the store, or none. `wanted` is the one that somebody waits for.
Result<FrameNumber> read_run(UserMemory& memory, MemoryObject& object, IndexRun run,
                             std::uint32_t wanted) {
    ReservedPlaces places(object);
    FramesToFill frames(memory.frames());
    TRY(places.reserve(run));
    TRY(frames.allocate(run.count()));
    const std::span<const FrameNumber> numbers = frames.numbers();
    TRY(object.store()->read(run.first, numbers));
    for (std::uint32_t index = run.first; index < run.end; ++index) {
        const FrameNumber frame = numbers[index - run.first];
        const Shadow shadow = object.entry(index).shadow();
        memory.records().set_object(frame, {object.id(), index});
        places.put(index, ObjectEntry::for_frame(frame));
        memory.pages().brought_in(frame, index == wanted ? Arrival::Demand : Arrival::ReadAhead,
                                  shadow);
    }
    places.filled();
    const FrameNumber frame = numbers[wanted - run.first];
    frames.release();
    if (EventObserver* const observer = memory.observer()) {
        observer->tell(nullptr, {.kind = EventKind::FileRead,
                                 .pages = PageCount(run.count()),
                                 .frame = frame,
                                 .object = object.id(),
                                 .index = run.first,
                                 .wanted = wanted});
        tell_thrashing(memory);
    }
    return frame;
}

Result<Fetched> read_from_store(UserMemory& memory, MemoryObject& object, std::uint32_t index,
                                PageCount window) {
    const IndexRun run = worth_reading(object, index, window);
    if (run.count() > 1) {
        const Result<FrameNumber> frame = read_run(memory, object, run, index);
        if (frame.ok()) return Fetched{frame.value(), true};
    }
    return Fetched{TRY(read_run(memory, object, {index, index + 1}, index)), true};
}

// The frame leaves the swap cache for the object, and takes the place of the slot in the entry: the
// cache's reference becomes the object's. The content is nowhere else then.
Result<Fetched> bring_back(UserMemory& memory, MemoryObject& object, std::uint32_t index,
                           PageCount window) {
    const SwapSlot slot = object.entry(index).slot();
    const Fetched fetched = TRY(fetch_slot(memory, slot, window));
    ASSERT(memory.pages().mappings(fetched.frame) == 0);
    SwapSpace& swap = memory.pages().swap();
    swap.clear_cached(slot);
    memory.records().set_object(fetched.frame, {object.id(), index});
    if (!object.set_entry(index, ObjectEntry::for_frame(fetched.frame)).ok()) ASSERT_UNREACHABLE();
    object.set_dirty(memory.records(), index);
    swap.drop_name(slot);
    return fetched;
}

Result<Fetched> make_zero_page(UserMemory& memory, MemoryObject& object, std::uint32_t index) {
    OwnedFrame frame = TRY(memory.frames().allocate_zeroed());
    const FrameNumber number = frame.number();
    TRY(enter_page(memory, object, index, frame));
    return Fetched{number, false};
}

}  // namespace

Result<Fetched> fetch_page(UserMemory& memory, MemoryObject& object, std::uint32_t index,
                           PageCount window) {
    ASSERT(index < object.pages());
    const ObjectEntry entry = object.entry(index);
    if (entry.is_frame()) return Fetched{entry.frame(), false};
    if (entry.is_slot()) return bring_back(memory, object, index, window);
    if (object.kind() == MemoryObject::Kind::File) {
        return read_from_store(memory, object, index, window);
    }
    return make_zero_page(memory, object, index);
}

Result<void> enter_page(UserMemory& memory, MemoryObject& object, std::uint32_t index,
                        OwnedFrame& frame) {
    const ObjectEntry before = object.entry(index);
    ASSERT(!before.is_frame());
    const FrameNumber number = frame.number();
    TRY(object.set_entry(index, ObjectEntry::for_frame(number)));
    memory.records().set_object(number, {object.id(), index});
    memory.pages().brought_in(frame.release(), Arrival::Demand, before.shadow());
    if (before.is_slot()) memory.pages().drop_slot(before.slot());
    return {};
}

}  // namespace quire::mm
