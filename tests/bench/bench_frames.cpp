// Costs of the frame allocator, as the kernel compiles it, in a 32-bit program.
//
//     bench_frames ROW          prints one number, or runs the operation ROW for callgrind
//
// Each measured operation is one function that is not inlined, named measured_*: callgrind counts
// what happens inside it, its own entry and exit included, so set-up and the loop round it cost
// nothing. Rows come for the whole allocator (record, references, checks, injected failures) and
// for the bitmap alone. Frames are only accounted for; their bytes are never touched. Random
// numbers come from a fixed seed.
#include <signal.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "mm/frame_allocator.h"
#include "mm/machine.h"

alignas(4096) std::byte phys_window[4096];

namespace quire {
void assertion_failed(const char* condition, const char* file, int line, const char*) {
    std::fprintf(stderr, "%s:%d: %s\n", file, line, condition);
    std::abort();
}
namespace mm::machine {
void poison_frame(FrameNumber) {}
void unpoison_frame(FrameNumber) {}
}  // namespace mm::machine
}  // namespace quire

namespace {

using namespace quire;
using namespace quire::mm;

constexpr std::uint32_t kMaxFrames = kMaxWindowFrames.raw();

std::uint32_t random_state = 12345;
std::uint32_t random_below(std::uint32_t limit) {  // xorshift32
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return static_cast<std::uint32_t>((std::uint64_t{random_state} * limit) >> 32);
}

FrameInfo records[kMaxFrames];
std::uint32_t memory[FrameAllocator::words_needed(kMaxWindowFrames)];
FrameNumber held[kMaxFrames];
std::uint32_t held_count = 0;

// The bitmap with the calls of an allocator, and nothing else.
class BitmapAlone {
  public:
    explicit BitmapAlone(std::uint32_t frames) : bitmap_(frames, memory) {
        for (std::uint32_t frame = 1; frame < frames; ++frame)
            bitmap_.give(frame);
    }
    Result<FrameNumber> take_frame() {
        if (bitmap_.hand() == 0 && !bitmap_.fill_hand(kWindow) && !bitmap_.fill_hand(kDma)) {
            return Error::OutOfMemory;
        }
        return FrameNumber(bitmap_.take_from_hand(bitmap_.hand()));
    }
    void drop_reference(FrameNumber frame) { bitmap_.give(frame.raw()); }
    std::uint32_t take_words(std::uint32_t order) { return bitmap_.take_words(order, kWindow); }
    void give_words(std::uint32_t frame, std::uint32_t order) { bitmap_.give_words(frame, order); }

  private:
    static constexpr FrameBitmap::Groups kDma{0, 4};
    static constexpr FrameBitmap::Groups kWindow{4, kMaxFrames / 1024};
    FrameBitmap bitmap_;
};

// --- The measured operations ---

// The same frame, of which the compiler no longer knows that it was just taken: a pair is measured
// as if its halves were far apart. Costs no instruction.
[[gnu::always_inline]] inline FrameNumber forget_origin(FrameNumber frame) {
    std::uint32_t raw = frame.raw();
    asm volatile("" : "+r"(raw) : : "memory");
    return FrameNumber(raw);
}

template <typename Frames>
[[gnu::noipa]] FrameNumber measured_take(Frames& frames) {
    return frames.take_frame().take();
}
template <typename Frames>
[[gnu::noipa]] void measured_drop(Frames& frames, FrameNumber frame) {
    frames.drop_reference(frame);
}
template <typename Frames>
[[gnu::noipa]] void measured_pair(Frames& frames) {
    Result<FrameNumber> frame = frames.take_frame();
    if (frame.ok()) frames.drop_reference(forget_origin(frame.value()));
}
template <typename Frames>
[[gnu::noipa]] FrameNumber measured_churn(Frames& frames, FrameNumber frame) {
    frames.drop_reference(frame);
    return frames.take_frame().take();
}
[[gnu::noipa]] void measured_owned_pair(FrameAllocator& frames) {
    Result<OwnedFrame> frame = frames.allocate();
}
[[gnu::noipa]] void measured_run_pair(FrameAllocator& frames, std::uint32_t order) {
    Result<FrameNumber> run = frames.take_run(order);
    if (run.ok()) frames.drop_reference(forget_origin(run.value()));
}
[[gnu::noipa]] void measured_run_pair(BitmapAlone& frames, std::uint32_t order) {
    const std::uint32_t run = frames.take_words(order);
    if (run != FrameBitmap::kNone) frames.give_words(forget_origin(FrameNumber(run)).raw(), order);
}

// --- The states they are measured in ---

template <typename Frames>
void fill(Frames& frames) {
    for (;;) {
        Result<FrameNumber> frame = frames.take_frame();
        if (!frame.ok()) return;
        held[held_count++] = frame.value();
    }
}

template <typename Frames>
void free_at_random(Frames& frames, std::uint32_t used_percent) {
    const auto keep = static_cast<std::uint32_t>(std::uint64_t{held_count} * used_percent / 100);
    while (held_count > keep) {
        const std::uint32_t index = random_below(held_count);
        frames.drop_reference(held[index]);
        held[index] = held[--held_count];
    }
}

template <typename Frames>
void churn(Frames& frames, std::uint32_t steps) {
    for (std::uint32_t step = 0; step < steps; ++step) {
        const std::uint32_t index = random_below(held_count);
        held[index] = measured_churn(frames, held[index]);
    }
}

// --- The rows ---

template <typename Frames>
int run_row(Frames& frames, const char* row) {
    auto is = [&](const char* name) { return std::strcmp(row, name) == 0; };
    std::uint32_t operations = 20000;
    if (is("pair")) {
        fill(frames);
        free_at_random(frames, 50);
        for (std::uint32_t i = 0; i < operations; ++i) {
            // Move on through the map, so that every kind of word is met.
            if (i % 8 == 0) held[held_count++] = frames.take_frame().take();
            measured_pair(frames);
        }
    } else if (is("churn50") || is("churn90")) {
        operations = 50000;
        fill(frames);
        free_at_random(frames, is("churn50") ? 50 : 90);
        churn(frames, operations);
    } else if (is("order9") || is("order10") || is("orders")) {
        operations = 2000;
        for (int i = 0; i < 20000; ++i)
            held[held_count++] = frames.take_frame().take();
        for (std::uint32_t i = 0; i < operations; ++i) {
            const std::uint32_t order = is("orders") ? 5 + random_below(6) : is("order9") ? 9 : 10;
            measured_run_pair(frames, order);
        }
    } else {
        std::fprintf(stderr, "unknown row %s\n", row);
        return 2;
    }
    std::printf("%u\n", operations);
    return 0;
}

int owned_pair(FrameAllocator& frames) {
    fill(frames);
    free_at_random(frames, 50);
    for (int i = 0; i < 20000; ++i) {
        if (i % 8 == 0) held[held_count++] = frames.take_frame().take();
        measured_owned_pair(frames);
    }
    std::printf("20000\n");
    return 0;
}

// The share of free frames in free aligned blocks of 2 MiB, after 20 steps a frame.
int report_share(FrameAllocator& frames, std::uint32_t used_percent) {
    fill(frames);
    const std::uint32_t all = held_count;
    free_at_random(frames, used_percent);
    churn(frames, 20 * all);
    std::printf("%.1f\n", (1000 - frames.fragmentation(9)) / 10.0);
    return 0;
}

// 10^6 requests of mixed orders, everything freed: are the largest runs those of the start?
int report_mixed(FrameAllocator& frames) {
    const RunCounts before = frames.run_counts();
    static OwnedFrame runs[2000];
    for (std::uint32_t i = 0; i < 1000000; ++i) {
        OwnedFrame& place = runs[random_below(2000)];
        Result<OwnedFrame> run = frames.allocate_run(random_below(11));
        if (run.ok()) {
            place = run.take();
        } else {
            place.reset();
        }
    }
    for (OwnedFrame& run : runs)
        run.reset();
    const RunCounts after = frames.run_counts();
    std::printf("%s\n", std::memcmp(&before, &after, sizeof before) == 0 ? "100" : "0");
    return 0;
}

// --- Counting instructions one by one: the trap flag stops the program after each ---

volatile std::uint32_t steps_taken;
void count_step(int) {
    steps_taken = steps_taken + 1;
}

std::uint32_t longest = 0;

template <typename Function>
void note(Function function) {
    steps_taken = 0;
    asm volatile("pushfl; orl $0x100, (%%esp); popfl" ::: "memory", "cc");
    function();
    asm volatile("pushfl; andl $~0x100, (%%esp); popfl" ::: "memory", "cc");
    const std::uint32_t instructions = steps_taken - 3;  // less pushfl, andl, popfl
    if (instructions > longest) longest = instructions;
}

void take_counted(FrameAllocator& frames) {
    FrameNumber frame;
    note([&] { frame = measured_take(frames); });
    held[held_count++] = frame;
}

void drop_counted(FrameAllocator& frames, std::uint32_t index) {
    const FrameNumber frame = held[index];
    note([&] { measured_drop(frames, frame); });
    held[index] = held[--held_count];
}

// One life up and down, then the worst cases there are: a single frame is wanted when the hand is
// empty and a group is in hand of which most has to be promised again; and the frame that completes
// a run of 1,024 in a group of which nothing was known.
int longest_operation(FrameAllocator& frames) {
    signal(SIGTRAP, count_step);
    for (int i = 0; i < 400; ++i)
        take_counted(frames);
    while (held_count > 200)
        drop_counted(frames, random_below(held_count));
    while (held_count > 0)
        drop_counted(frames, held_count - 1);
    fill(frames);
    FrameNumber last;
    for (std::uint32_t i = held_count; i-- > 0;) {
        if (held[i].raw() / 1024 != 40) continue;
        if (held[i].raw() % 1024 == 777) {
            last = held[i];
        } else {
            frames.drop_reference(held[i]);
        }
        held[i] = held[--held_count];
    }
    for (std::uint32_t order = 10; order > 0; --order) {  // withdraws every promise of the group
        while (frames.take_run(order).ok()) {
        }
    }
    for (std::uint32_t frame = 50 * 1024; frame < 50 * 1024 + 96; ++frame) {
        if (frame / 32 % 2 == 0) frames.drop_reference(FrameNumber(frame));  // two words apart
    }
    (void)frames.take_run(5);
    take_counted(frames);
    for (std::uint32_t frame = 40 * 1024; frame < 41 * 1024; ++frame) {
        if (frames.table().in_use(FrameNumber(frame)) && FrameNumber(frame) != last) {
            frames.drop_reference(FrameNumber(frame));
        }
    }
    note([&] { measured_drop(frames, last); });
    std::printf("%u\n", longest);
    return 0;
}

}  // namespace

// bench_frames ROW [alone] [FRAMES]
int main(int argc, char** argv) {
    const char* row = argc > 1 ? argv[1] : "";
    const bool alone = argc > 2 && std::strcmp(argv[2], "alone") == 0;
    const std::uint32_t frame_count =
        argc > 3 ? static_cast<std::uint32_t>(std::strtoul(argv[3], nullptr, 0)) : kMaxFrames;
    if (frame_count > kMaxFrames) return 2;
    if (alone) {
        static BitmapAlone bitmap(frame_count);
        return run_row(bitmap, row);
    }
    static FailureInjector injector;
    static FrameTable table({records, frame_count});
    static FrameAllocator frames(table, memory, injector, {});
    frames.add_memory({FrameNumber(1), FrameNumber(frame_count)});
    auto is = [&](const char* name) { return std::strcmp(row, name) == 0; };

    if (is("bytes")) {
        std::printf("%.4f\n", (sizeof memory + sizeof frames) / double{kMaxFrames});
        return 0;
    }
    if (is("share50")) return report_share(frames, 50);
    if (is("share90")) return report_share(frames, 90);
    if (is("mixed")) return report_mixed(frames);
    if (is("longest")) return longest_operation(frames);
    if (is("owned_pair")) return owned_pair(frames);
    return run_row(frames, row);
}
