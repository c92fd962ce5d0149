#include "mm/write_back.h"

#include "libc/string.h"
#include "mm/address_space.h"
#include "mm/evict.h"
#include "mm/memory_event.h"
#include "mm/physical_window.h"

namespace quire::mm {

namespace {

// Marks frames as under I/O as long as it lives.
class BusyFrames {
  public:
    BusyFrames(FrameTable& records, std::span<const FrameNumber> frames)
        : records_(records), frames_(frames) {
        for (const FrameNumber frame : frames_) {
            ASSERT(!records_.has(frame, FrameFlag::Busy));
            records_.set(frame, FrameFlag::Busy);
        }
    }
    BusyFrames(const BusyFrames&) = delete;
    BusyFrames& operator=(const BusyFrames&) = delete;
    ~BusyFrames() {
        for (const FrameNumber frame : frames_)
            records_.clear(frame, FrameFlag::Busy);
    }

  private:
    FrameTable& records_;
    std::span<const FrameNumber> frames_;
};

// Calls write(i, some) for the frames from the i-th on, all at once or, if that fails, each alone;
// then done(i, result) for each of them.
template <typename Write, typename Done>
WriteCount write_together(std::span<const FrameNumber> frames, Write write, Done done) {
    WriteCount count;
    const auto attempt = [&](std::uint32_t first, std::span<const FrameNumber> some) {
        const Result<void> result = write(first, some);
        ++count.calls;
        if (!result.ok()) ++count.errors;
        return result;
    };
    const auto size = static_cast<std::uint32_t>(frames.size());
    const Result<void> all = attempt(0, frames);
    for (std::uint32_t i = 0; i < size; ++i) {
        const bool alone = !all.ok() && size > 1;
        const Result<void> result = alone ? attempt(i, frames.subspan(i, 1)) : all;
        if (result.ok()) ++count.pages;
        done(i, result);
    }
    return count;
}

class DirtyGatherer final : public MappingVisitor {
  public:
    explicit DirtyGatherer(UserMemory& memory) : memory_(memory) {}

    bool visit(PteLocation at, Pte pte) override {
        if (!pte.is_dirty()) return true;
        found = true;
        exchange_entry(memory_.records(), at, pte.without_dirty());
        if (pte.is_present()) memory_.flush_entry(at);
        return true;
    }

    bool found = false;

  private:
    UserMemory& memory_;
};

class WriteProtector final : public MappingVisitor {
  public:
    explicit WriteProtector(UserMemory& memory) : memory_(memory) {}

    bool visit(PteLocation at, Pte pte) override {
        if (!pte.is_writable()) return true;
        exchange_entry(memory_.records(), at, pte.without_write());
        if (pte.is_present()) memory_.flush_entry(at);
        return true;
    }

  private:
    UserMemory& memory_;
};

// The dirty pages in a row that begin with `page`, below `end`.
struct DirtyRun {
    std::uint32_t first;
    std::uint32_t count = 0;
    std::array<FrameNumber, kMostInRun> frames;

    DirtyRun(const MemoryObject& object, MemoryObject::ResidentPage page, std::uint32_t end)
        : first(page.index) {
        std::optional<MemoryObject::ResidentPage> next = page;
        while (next.has_value() && next->index == first + count && next->index < end) {
            frames[count++] = next->frame;
            if (count == kMostInRun) return;
            next = object.next_dirty(next->index + 1);
        }
    }
    [[nodiscard]] std::span<const FrameNumber> span() const { return {frames.data(), count}; }
};

// Programs may have stored past the end of the file, in its last page: that is no part of it, and
// must not be when it grows.
void zero_past_end(const MemoryObject& object, const DirtyRun& run) {
    const auto used = static_cast<std::uint32_t>(object.bytes() % kPageSize);
    const std::uint32_t last = object.pages() - 1;
    if (used == 0 || last < run.first || last - run.first >= run.count) return;
    memset(frame_bytes(run.frames[last - run.first]) + used, 0, kPageSize - used);
}

// A page counts as clean from the moment its write begins, so that a store into it meanwhile is
// not forgotten.
WriteCount write_run(UserMemory& memory, MemoryObject& object, const DirtyRun& run,
                     Result<void>& answer) {
    FrameTable& records = memory.records();
    for (std::uint32_t i = 0; i < run.count; ++i)
        object.set_clean(records, run.first + i);
    const BusyFrames busy(records, run.span());
    zero_past_end(object, run);
    return write_together(
        run.span(),
        [&](std::uint32_t i, std::span<const FrameNumber> frames) {
            return object.store()->write(run.first + i, frames);
        },
        [&](std::uint32_t i, const Result<void>& result) {
            if (result.ok()) return;
            object.set_dirty(records, run.first + i);
            if (result.error() != Error::Busy) object.write_errors().record(result.error());
            if (answer.ok()) answer = result.error();
        });
}

}  // namespace

void gather_dirty(UserMemory& memory, MemoryObject& object, std::uint32_t first,
                  std::uint32_t end) {
    FrameTable& records = memory.records();
    for (Region& region : object.regions()) {
        if (!region.traits().shared) continue;  // through a private map nobody writes the object
        const PageRange range = pages_that_show(region, first, end);
        region.space().pages().for_each(range, [&](PageNumber page, PteLocation at, Pte pte) {
            if (!pte.is_resident() || !pte.is_dirty()) return;
            exchange_entry(records, at, pte.without_dirty());
            if (pte.is_present()) memory.flush_entry(at);
            object.set_dirty(records, region.object_page_of(page));
        });
    }
}

bool must_be_written(UserMemory& memory, FrameNumber frame) {
    FrameTable& records = memory.records();
    if (records.state(frame) == FrameState::Private)
        return memory.pages().swap_copy(frame) == SwapSlot();
    DirtyGatherer gatherer(memory);
    memory.pages().for_each_mapping(frame, gatherer);
    if (gatherer.found)
        memory.pages().object_of(frame).set_dirty(records, records.object_of(frame).page_index);
    return records.has(frame, FrameFlag::Dirty);
}

Result<void> write_back(UserMemory& memory, MemoryObject& object, std::uint32_t first,
                        std::uint32_t end, WriteCount* count) {
    if (object.kind() != MemoryObject::Kind::File) return {};
    gather_dirty(memory, object, first, end);
    Result<void> answer;
    for (auto page = object.next_dirty(first); page.has_value() && page->index < end;) {
        const DirtyRun run(object, *page, end);
        const WriteCount written = write_run(memory, object, run, answer);
        if (EventObserver* const observer = memory.observer()) {
            observer->tell(nullptr, {.kind = EventKind::FileWrite,
                                     .pages = PageCount(run.count),
                                     .object = object.id(),
                                     .index = run.first,
                                     .failed = run.count - written.pages});
        }
        if (count != nullptr) *count += written;
        page = object.next_dirty(run.first + run.count);
    }
    return answer;
}

bool SwapCluster::takes(UserMemory& memory, FrameNumber frame) {
    if (memory.records().state(frame) == FrameState::Private) return true;
    return memory.pages().object_of(frame).kind() == MemoryObject::Kind::SharedMemory;
}

void SwapCluster::add(FrameNumber frame) {
    ASSERT(!full() && takes(memory_, frame) && !has(frame));
    frames_[count_++] = frame;
}

bool SwapCluster::has(FrameNumber frame) const {
    for (const FrameNumber other : frames())
        if (other == frame) return true;
    return false;
}

void SwapCluster::add_neighbours(std::uint32_t most) {
    const std::uint32_t victims = count_;
    for (std::uint32_t i = 0; i < victims; ++i) {
        const std::uint32_t added = count_ - victims;
        if (full() || added >= most) return;
        if (memory_.records().state(frames_[i]) != FrameState::Private) continue;
        add_after(memory_.records().pte_of(frames_[i]), most - added);
    }
}

void SwapCluster::add_after(PteLocation at, std::uint32_t most) {
    for (++at.index; at.index < kEntriesPerTable && most != 0 && !full(); ++at.index) {
        const Pte pte = entry_at(at);
        if (pte.is_resident() && has(pte.frame())) continue;
        if (!is_idle_neighbour(pte)) return;
        add(pte.frame());
        --most;
    }
}

bool SwapCluster::is_idle_neighbour(Pte pte) const {
    if (!pte.is_resident() || pte.is_accessed()) return false;
    const FrameTable& records = memory_.records();
    const FrameNumber frame = pte.frame();
    // In the policy's lists: neither locked, nor the zero frame, nor on its way somewhere.
    return records.state(frame) == FrameState::Private && records.has(frame, FrameFlag::Listed) &&
           memory_.pages().swap_copy(frame) == SwapSlot() && memory_.pages().mappings(frame) == 1 &&
           !memory_.pages().pins().holds(frame);
}

// Pages that are neighbours in memory become neighbours in swap, and are read ahead together. A
// page table's record orders its own pages; the tables may come in any order.
std::uint64_t SwapCluster::order_of(FrameNumber frame) const {
    const FrameTable& records = memory_.records();
    const bool is_private = records.state(frame) == FrameState::Private;
    const std::uint64_t object = is_private ? 0 : records.tag(frame);
    return object << 32 | records.place(frame);
}

void SwapCluster::sort() {
    for (std::uint32_t i = 1; i < count_; ++i) {
        const FrameNumber frame = frames_[i];
        std::uint32_t place = i;
        for (; place > 0 && order_of(frames_[place - 1]) > order_of(frame); --place)
            frames_[place] = frames_[place - 1];
        frames_[place] = frame;
    }
}

WriteCount SwapCluster::clean() {
    sort();
    SwapSpace& swap = memory_.pages().swap();
    WriteCount count;
    for (std::span<const FrameNumber> left = frames(); !left.empty();) {
        const Result<SlotRange> slots = swap.allocate_run(left);
        if (!slots.ok()) return count;  // swap is full
        const std::uint32_t size = slots.value().count().raw();
        count += write(slots.value(), left.first(size));
        left = left.subspan(size);
    }
    return count;
}

WriteCount SwapCluster::write(SlotRange slots, std::span<const FrameNumber> frames) {
    SwapSpace& swap = memory_.pages().swap();
    for (const FrameNumber frame : frames)
        take_out_of_reach(frame);
    const BusyFrames busy(memory_.records(), frames);
    const WriteCount count = write_together(
        frames,
        [&](std::uint32_t i, std::span<const FrameNumber> some) {
            return swap.write_run(slots.first + PageCount(i), some);
        },
        [&](std::uint32_t i, const Result<void>& result) {
            const SwapSlot slot = slots.first + PageCount(i);
            if (result.ok()) {
                name_by_slot(frames[i], slot);
            } else {
                swap.clear_cached(slot);
            }
        });
    if (EventObserver* const observer = memory_.observer()) {
        const auto size = static_cast<std::uint32_t>(frames.size());
        observer->tell(nullptr, {.kind = EventKind::SwapOut,
                                 .pages = PageCount(size),
                                 .slot = slots.first,
                                 .failed = size - count.pages});
    }
    return count;
}

void SwapCluster::take_out_of_reach(FrameNumber frame) {
    if (memory_.records().state(frame) == FrameState::Object)
        return unmap_object_page(memory_, frame);
    WriteProtector protector(memory_);
    memory_.pages().for_each_mapping(frame, protector);
}

// The slot, which caches the frame already, holds what the page holds: a private page has a copy
// from now on; a page of shared memory is where the object's entry says, and its frame is the swap
// cache's, whose reference is the one that was the object's.
void SwapCluster::name_by_slot(FrameNumber frame, SwapSlot slot) {
    FrameTable& records = memory_.records();
    if (records.state(frame) == FrameState::Private) {
        // Fewer page tables than frames name it.
        if (!records.add_reference(frame).ok()) ASSERT_UNREACHABLE();
    } else {
        MemoryObject& object = memory_.pages().object_of(frame);
        const std::uint32_t index = records.object_of(frame).page_index;
        // There is an entry to put this one over.
        if (!object.set_entry(index, ObjectEntry::for_slot(slot)).ok()) ASSERT_UNREACHABLE();
        memory_.pages().swap().add_name(slot);
        records.clear(frame, FrameFlag::Dirty);
        records.set_private(frame, PteLocation{FrameNumber(), 0});  // no PTE names it
    }
    records.set_tag(frame, slot.raw());
}

}  // namespace quire::mm
