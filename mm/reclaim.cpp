#include "mm/reclaim.h"

#include "mm/page_directory.h"
#include "mm/tell_event.h"

namespace quire::mm {

namespace {

// The largest number whose square is not above `value`.
std::uint32_t square_root(std::uint32_t value) {
    std::uint32_t root = 0;
    for (std::uint32_t bit = 1U << 15; bit != 0; bit /= 2) {
        const std::uint32_t tried = root + bit;
        if (std::uint64_t{tried} * tried <= value) root = tried;
    }
    return root;
}

// Remembers that reclaim runs, as long as it lives.
class Running {
  public:
    explicit Running(bool& running) : running_(running) {
        ASSERT(!running_);
        running_ = true;
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() { running_ = false; }

  private:
    bool& running_;
};

}  // namespace

Watermarks Watermarks::for_ram(PageCount ram) {
    constexpr std::uint32_t kKib = kPageSize / 1024;
    constexpr std::uint32_t kFewest = 2;
    // RAM is at most 2^20 frames, 2^22 KiB.
    const std::uint32_t usual = 4 * square_root(ram.raw() * kKib) / kKib;
    const std::uint32_t most = ram.raw() / 16;
    const std::uint32_t bounded = usual < most ? usual : most;
    const std::uint32_t min = bounded < kFewest ? kFewest : bounded;
    const std::uint32_t step = divide_up(min, 4U);
    return {PageCount(min), PageCount(min + step), PageCount(min + 2 * step)};
}

Reclaim::Reclaim(UserMemory& memory, SlabRegistry& slabs, const Watermarks& marks)
    : memory_(memory),
      frames_(slabs.frames()),
      slabs_(slabs),
      marks_(marks),
      access_(memory),
      stuck_(slabs.frames().table()) {
    set_marks(marks);
}

void Reclaim::set_marks(const Watermarks& marks) {
    ASSERT(marks.min <= marks.low && marks.low <= marks.high);
    marks_ = marks;
    frames_.set_reserve(marks.min);
}

Result<void> Reclaim::make_room_slowly(PageCount frames) {
    if (running_) {
        if (frames_.free_frames() < frames) return Error::OutOfMemory;
        return {};
    }
    const std::uint32_t errors = statistics_.to_swap.errors + statistics_.to_files.errors;
    ++statistics_.direct;
    // What RAM cannot hold in any case is not worth throwing everything else out.
    if (frames + marks_.min <= frames_.statistics().managed) {
        const Running running(running_);
        cause_ = EvictionCause::Direct;
        if (leaves_swap_alone()) try_failing_swap();
        reclaim_until(frames + marks_.low);
    }
    if (frames_.free_frames() >= frames + marks_.min) return {};
    ++statistics_.failures;
    shortage_ = {.wanted = frames,
                 .free = frames_.free_frames(),
                 .candidates = memory_.pages().policy().count(),
                 .slots = memory_.pages().swap().statistics().available,
                 .write_errors = statistics_.to_swap.errors + statistics_.to_files.errors - errors,
                 .leaves_swap_alone = leaves_swap_alone()};
    return Error::OutOfMemory;
}

// The disk may be well again, or well elsewhere: one run of this call will tell. It is asked less
// and less often.
void Reclaim::try_failing_swap() {
    if (calls_without_swap_ > 0) {
        --calls_without_swap_;
        return;
    }
    last_pause_ = last_pause_ < kMostCallsWithoutSwap ? 2 * last_pause_ + 1 : last_pause_;
    calls_without_swap_ = last_pause_;
    swap_failures_ = kMostSwapFailures - 1;
}

// A page that cannot leave is set aside until the end, so each is tried once, in whatever order the
// policy offers them.
void Reclaim::reclaim_until(PageCount target) {
    reclaim_slabs();
    while (frames_.free_frames() < target) {
        const std::uint32_t missing = (target - frames_.free_frames()).raw();
        if (evict_some(missing < kMostInRun ? missing : kMostInRun).chosen == 0) break;
    }
    put_back_stuck();
    // Nodes of page trees may have gone with the pages.
    if (frames_.free_frames() < target) reclaim_slabs();
}

void Reclaim::put_back_stuck() {
    while (!stuck_.empty()) {
        memory_.pages().policy().put_back(stuck_.pop_front());
        ++statistics_.put_back;
    }
}

void Reclaim::reclaim_slabs() {
    statistics_.slab_frames += slabs_.reclaim().raw();
    memory_.kernel().drop_kept();
}

bool Reclaim::run_background() {
    const PageCount goal = in_background_ ? marks_.high : marks_.low;
    in_background_ = false;
    if (running_ || frames_.free_frames() >= goal) return false;
    const Running running(running_);
    cause_ = EvictionCause::Background;
    ++statistics_.background;
    const Round round = evict_some(kMostInRun);
    put_back_stuck();
    // A step in vain ends it: the disk may be broken, or swap full.
    in_background_ = round.evicted != 0 && frames_.free_frames() < marks_.high;
    return in_background_;
}

Reclaim::Round Reclaim::evict_some(std::uint32_t most) {
    ASSERT(most <= kMostInRun);
    // What replacement has in its hands, before it takes any of it.
    memory_.pages().thrashing_signal().set_memory(memory_.pages().policy().count() +
                                                  stuck_.count());
    SwapCluster cluster(memory_);
    Round round;
    while (round.chosen < most) {
        const std::uint32_t looked_before = access_.entries_seen();
        const std::optional<FrameNumber> frame = memory_.pages().policy().choose(access_);
        if (!frame.has_value()) break;
        ++round.chosen;
        const VictimFate fate = fate_of(*frame);
        if (memory_.observer() != nullptr)
            tell_choice(*frame, fate, access_.entries_seen() - looked_before);
        if (fate == VictimFate::Stay) {
            stuck_.push_back(*frame);
        } else if (fate == VictimFate::WriteSwap) {
            cluster.add(*frame);
        } else {
            if (fate == VictimFate::WriteFile) write_file_page(*frame);
            if (evict_or_set_aside(*frame)) ++round.evicted;
        }
    }
    statistics_.chosen += round.chosen;
    if (!cluster.frames().empty()) round.evicted += send_to_swap(cluster);
    return round;
}

VictimFate Reclaim::fate_of(FrameNumber frame) {
    if (memory_.pages().pins().holds(frame)) return VictimFate::Stay;
    if (!must_be_written(memory_, frame)) return VictimFate::Leave;
    if (!SwapCluster::takes(memory_, frame)) return VictimFate::WriteFile;
    return leaves_swap_alone() ? VictimFate::Stay : VictimFate::WriteSwap;
}

void Reclaim::tell_choice(FrameNumber frame, VictimFate fate, std::uint32_t looks) {
    tell_of_frame(memory_, frame,
                  {.kind = EventKind::Choose, .cause = cause_, .fate = fate, .looks = looks});
}

bool Reclaim::evict_or_set_aside(FrameNumber frame) {
    if (must_be_written(memory_, frame)) {
        stuck_.push_back(frame);
        if (memory_.observer() != nullptr)
            tell_of_frame(memory_, frame, {.kind = EventKind::SetAside, .cause = cause_});
        return false;
    }
    evict_now(frame, memory_.pages().leaving(frame));
    return true;
}

void Reclaim::evict_now(FrameNumber frame, Shadow shadow) {
    if (memory_.records().state(frame) == FrameState::Object) {
        ++statistics_.evicted_object;
    } else if (memory_.pages().mappings(frame) == 0) {
        ++statistics_.evicted_unmapped;
    } else {
        ++statistics_.evicted_private;
    }
    if (memory_.observer() != nullptr)
        tell_of_frame(memory_, frame, {.kind = EventKind::Evict, .cause = cause_});
    evict(memory_, frame, shadow);
}

// The dirty pages around it are written with it: they lie next to it on the disk, probably.
void Reclaim::write_file_page(FrameNumber frame) {
    MemoryObject& object = memory_.pages().object_of(frame);
    const std::uint32_t first =
        align_down(memory_.records().object_of(frame).page_index, kMostInRun);
    // Whether it failed for this page is seen when it is asked whether it is clean.
    (void)write_back(memory_, object, first, first + kMostInRun, &statistics_.to_files);
}

// Returns how many of the pages in the cluster have left.
std::uint32_t Reclaim::send_to_swap(SwapCluster& cluster) {
    const PageCount victims(static_cast<std::uint32_t>(cluster.frames().size()));
    const PageCount slots = memory_.pages().swap().statistics().available;
    if (slots < victims) {
        take_slots_back(victims - slots);
    } else {
        cluster.add_neighbours((slots - victims).raw());
    }
    const WriteCount written = cluster.clean();
    statistics_.to_swap += written;
    swap_failures_ = written.pages != 0 ? 0 : swap_failures_ + written.errors;
    if (written.pages != 0) calls_without_swap_ = last_pause_ = 0;
    std::uint32_t evicted = 0;
    for (const FrameNumber frame : cluster.frames()) {
        const bool neighbour = memory_.records().has(frame, FrameFlag::Listed);
        if (!neighbour && evict_or_set_aside(frame)) ++evicted;
    }
    return evicted;
}

// A page in RAM may have a copy in swap that spares a write when it is evicted. When swap is full,
// those copies that no page table names are better given up: RAM and swap together then hold as
// much as they can. Looks at a bounded number of frames.
PageCount Reclaim::take_slots_back(PageCount wanted) {
    constexpr std::uint32_t kMostLooks = 1024;
    const FrameNumber end = memory_.records().end();
    PageCount taken;
    for (std::uint32_t i = 0; i < kMostLooks && i < end.raw() && taken < wanted; ++i) {
        hand_ = hand_ + PageCount(1) < end ? hand_ + PageCount(1) : FrameNumber();
        if (memory_.records().state(hand_) != FrameState::Private) continue;
        const SwapSlot copy = memory_.pages().swap_copy(hand_);
        if (copy == SwapSlot() || memory_.pages().swap().names(copy) != 0) continue;
        give_up_copy(memory_, hand_);
        ++taken;
    }
    statistics_.slots_taken_back += taken.raw();
    return taken;
}

PageCount Reclaim::drop_clean() {
    const Running running(running_);
    cause_ = EvictionCause::Drop;
    const PageCount before = frames_.free_frames();
    FrameTable& records = memory_.records();
    for (FrameNumber frame; frame < records.end(); ++frame) {
        const FrameState state = records.state(frame);
        const bool is_page = state == FrameState::Private || state == FrameState::Object;
        if (!is_page || !records.has(frame, FrameFlag::Listed)) continue;
        if (memory_.pages().pins().holds(frame) || must_be_written(memory_, frame)) continue;
        // Not the policy's choice: there is nothing to remember.
        memory_.pages().policy().forget(frame);
        evict_now(frame, 0);
    }
    reclaim_slabs();
    return frames_.free_frames() - before;
}

}  // namespace quire::mm
