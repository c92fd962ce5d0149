// Costs of the frame allocator, as the kernel compiles it, in a 32-bit program.
//
//     bench_frames ROW          prints one number, or runs the operation ROW for callgrind
//
// Each measured operation is one function that is not inlined, named measured_*: callgrind counts
// what happens inside it, so set-up and the loop round it cost nothing. Frames here are only
// accounted for; their bytes are never touched. Random numbers come from a fixed seed.
#include <signal.h>
#include <ucontext.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "mm/frame_allocator.h"

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

constexpr std::uint32_t kFrames = kMaxWindowFrames.raw();

std::uint32_t random_state = 12345;
std::uint32_t random_below(std::uint32_t limit) {  // xorshift32
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return static_cast<std::uint32_t>((std::uint64_t{random_state} * limit) >> 32);
}

FrameInfo records[kFrames];
std::uint32_t memory[FrameAllocator::words_needed(kMaxWindowFrames)];
FrameNumber held[kFrames];
std::uint32_t held_count = 0;

// --- The measured operations ---

[[gnu::noipa]] FrameNumber measured_take(FrameAllocator& frames) {
    return frames.take_frame().take();
}
[[gnu::noipa]] void measured_drop(FrameAllocator& frames, FrameNumber frame) {
    frames.drop_reference(frame);
}
[[gnu::noipa]] void measured_pair(FrameAllocator& frames) {
    Result<FrameNumber> frame = frames.take_frame();
    if (frame.ok()) frames.drop_reference(frame.value());
}
[[gnu::noipa]] void measured_owned_pair(FrameAllocator& frames) {
    Result<OwnedFrame> frame = frames.allocate();
}
[[gnu::noipa]] FrameNumber measured_churn(FrameAllocator& frames, FrameNumber frame) {
    frames.drop_reference(frame);
    return frames.take_frame().take();
}
[[gnu::noipa]] void measured_run_pair(FrameAllocator& frames, std::uint32_t order) {
    Result<OwnedFrame> run = frames.allocate_run(order);
}

// --- The states they are measured in ---

void fill(FrameAllocator& frames) {
    for (;;) {
        Result<FrameNumber> frame = frames.take_frame();
        if (!frame.ok()) return;
        held[held_count++] = frame.value();
    }
}

void free_at_random(FrameAllocator& frames, std::uint32_t used_percent) {
    const std::uint32_t keep = static_cast<std::uint32_t>(std::uint64_t{kFrames} * used_percent / 100);
    while (held_count > keep) {
        const std::uint32_t index = random_below(held_count);
        frames.drop_reference(held[index]);
        held[index] = held[--held_count];
    }
}

void churn(FrameAllocator& frames, std::uint32_t steps) {
    for (std::uint32_t step = 0; step < steps; ++step) {
        const std::uint32_t index = random_below(held_count);
        held[index] = measured_churn(frames, held[index]);
    }
}

// --- Counting instructions one by one: the trap flag stops after each ---

volatile std::uint32_t steps_taken;
void count_step(int) { steps_taken = steps_taken + 1; }

template <typename Function>
std::uint32_t instructions_of(Function function) {
    constexpr const char* kOn = "";
    (void)kOn;
    steps_taken = 0;
    asm volatile("pushfl; orl $0x100, (%%esp); popfl" ::: "memory", "cc");
    function();
    asm volatile("pushfl; andl $~0x100, (%%esp); popfl" ::: "memory", "cc");
    return steps_taken - 3;  // the last pushfl, andl, popfl; the call and its arguments stay in
}

std::uint32_t longest;
void note(std::uint32_t instructions) {
    if (instructions > longest) longest = instructions;
}

// Every order-0 operation of a life that goes up, down and round.
void longest_operation(FrameAllocator& frames) {
    signal(SIGTRAP, count_step);
    auto take = [&] {
        FrameNumber frame;
        note(instructions_of([&] { frame = measured_take(frames); }));
        held[held_count++] = frame;
    };
    auto drop = [&](std::uint32_t index) {
        const FrameNumber frame = held[index];
        note(instructions_of([&] { measured_drop(frames, frame); }));
        held[index] = held[--held_count];
    };
    for (int i = 0; i < 3000; ++i) take();
    while (held_count > 100) drop(random_below(held_count));
    while (held_count > 0) drop(held_count - 1);
    // The last frame back completes a run of 1,024 in a group of which no run was known.
    fill(frames);
    std::uint32_t last = 0;
    for (std::uint32_t i = held_count; i-- > 0;) {
        if (held[i].raw() / 1024 != 40) continue;
        if (held[i].raw() % 1024 == 777) {
            last = held[i].raw();
        } else {
            frames.drop_reference(held[i]);
        }
        held[i] = held[--held_count];
    }
    for (std::uint32_t order = 10; order > 5; --order) {
        Result<OwnedFrame> run = frames.allocate_run(order);  // makes the promises stale
    }
    note(instructions_of([&] { measured_drop(frames, FrameNumber(last)); }));
}

void report_share(FrameAllocator& frames, std::uint32_t used_percent) {
    fill(frames);
    free_at_random(frames, used_percent);
    churn(frames, 20 * kFrames);
    std::printf("%.1f\n", (1000 - frames.fragmentation(9)) / 10.0);
}

void report_mixed(FrameAllocator& frames) {
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
    for (OwnedFrame& run : runs) run.reset();
    const RunCounts after = frames.run_counts();
    std::printf("%s\n", std::memcmp(&before, &after, sizeof before) == 0 ? "100" : "0");
}

}  // namespace

int main(int argc, char** argv) {
    const char* row = argc > 1 ? argv[1] : "";
    FailureInjector injector;
    static FrameTable table(records);
    static FrameAllocator frames(table, memory, injector, {});
    frames.add_memory({FrameNumber(1), FrameNumber(kFrames)});
    auto is = [&](const char* name) { return std::strcmp(row, name) == 0; };

    if (is("bytes")) {
        std::printf("%.4f\n", (sizeof memory + sizeof frames) / double{kFrames});
    } else if (is("share50")) {
        report_share(frames, 50);
    } else if (is("share90")) {
        report_share(frames, 90);
    } else if (is("mixed")) {
        report_mixed(frames);
    } else if (is("longest")) {
        longest_operation(frames);
        std::printf("%u\n", longest);
    } else if (is("pair") || is("owned_pair")) {
        fill(frames);
        free_at_random(frames, 50);
        for (int i = 0; i < 20000; ++i) {
            // Move on through the map, so that every kind of word is met.
            if (i % 8 == 0) held[held_count++] = frames.take_frame().take();
            is("pair") ? measured_pair(frames) : measured_owned_pair(frames);
        }
        std::printf("20000\n");
    } else if (is("churn50") || is("churn90")) {
        fill(frames);
        free_at_random(frames, is("churn50") ? 50 : 90);
        churn(frames, 50000);
        std::printf("50000\n");
    } else if (is("order9") || is("order10")) {
        const std::uint32_t order = is("order9") ? 9 : 10;
        for (int i = 0; i < 20000; ++i) held[held_count++] = frames.take_frame().take();
        for (int i = 0; i < 2000; ++i) measured_run_pair(frames, order);
        std::printf("2000\n");
    } else {
        std::fprintf(stderr, "unknown row %s\n", row);
        return 2;
    }
    return 0;
}
