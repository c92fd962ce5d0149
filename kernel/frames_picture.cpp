// The monitor's `frames`: all of RAM as a coloured picture, one cell for a run of frames, and a
// legend with counts. And `mmck`, which looks at everything at once.
//
// A cell shows the state that most of its frames are in, as a letter on a colour; colours are
// ANSI's, so that the screen and a terminal on the serial line show the same. Only what is free has
// no colour.
#include <array>

#include "cpu/irq.h"
#include "kernel/files.h"
#include "kernel/kernel_heap.h"
#include "kernel/memory.h"
#include "kernel/monitor.h"

namespace quire::kernel {
namespace {

constexpr std::uint32_t kColumns = 64;
constexpr std::uint32_t kMaxRows = 16;

struct Look {
    mm::FrameState state;
    char letter;
    const char* style;  // the parameters of SGR
};
constexpr Look kLooks[] = {
    {mm::FrameState::Reserved, 'r', "37;41"},
    {mm::FrameState::Private, 'p', "30;42"},
    {mm::FrameState::KernelHeap, 'h', "37;45"},
    {mm::FrameState::Free, '.', "90"},
    {mm::FrameState::Object, 'f', "97;44"},
    {mm::FrameState::KernelStack, 's', "30;105"},
    {mm::FrameState::Zeroed, '0', "37"},
    {mm::FrameState::PageTable, 'T', "30;43"},
    {mm::FrameState::Device, 'd', "30;106"},
    {mm::FrameState::Absent, ' ', "0"},
    {mm::FrameState::PageDirectory, 'D', "30;103"},
    {mm::FrameState::Used, 'u', "30;46"},
};
constexpr std::uint32_t kLegendColumns = 3;

using StateCounts = std::array<mm::PageCount, mm::kFrameStates>;

const Look& look_of(mm::FrameState state) {
    for (const Look& look : kLooks) {
        if (look.state == state) return look;
    }
    ASSERT_UNREACHABLE();
}

// The state of most of the frames in `range`; of equals, the one with the higher number, as used
// frames are the more interesting ones.
mm::FrameState main_state(const mm::FrameTable& table, mm::FrameRange range) {
    StateCounts counts{};
    for (mm::FrameNumber frame = range.first; frame < range.end; ++frame) {
        ++counts[static_cast<std::size_t>(table.state(frame))];
    }
    std::size_t most = 0;
    for (std::size_t state = 1; state < counts.size(); ++state) {
        if (counts[state] >= counts[most]) most = state;
    }
    return static_cast<mm::FrameState>(most);
}

void print_legend(Console& console, const mm::FrameTable& table) {
    StateCounts counts{};
    table.count_states(counts);
    std::uint32_t shown = 0;
    for (const Look& look : kLooks) {
        const mm::PageCount count = counts[static_cast<std::size_t>(look.state)];
        if (count == mm::PageCount(0)) continue;
        console.print("%s\x1b[%sm%c\x1b[0m %-14s %6u", shown % kLegendColumns == 0 ? "\n" : "   ",
                      look.style, look.letter, mm::frame_state_name(look.state), count.raw());
        ++shown;
    }
    console.print("\n");
}

void run_frames(System& system, Arguments) {
    const mm::FrameTable& table = system.memory->table();
    const std::uint32_t frames = table.end().raw();
    const std::uint32_t per_cell = divide_up(frames, kColumns * kMaxRows);
    Console& console = system.console;
    console.print("%u frames, %u to a cell, %u KiB to a row\n", frames, per_cell,
                  per_cell * kColumns * 4);
    const Look* last = nullptr;
    for (std::uint32_t first = 0; first < frames; first += per_cell) {
        const std::uint32_t cell = first / per_cell;
        if (cell % kColumns == 0) {
            console.print("\x1b[0m%s%08X ", cell == 0 ? "" : "\n", first << 12);
            last = nullptr;
        }
        const std::uint32_t end = first + per_cell < frames ? first + per_cell : frames;
        const Look& look =
            look_of(main_state(table, {mm::FrameNumber(first), mm::FrameNumber(end)}));
        if (&look != last) console.print("\x1b[0;%sm", look.style);
        last = &look;
        console.write(&look.letter, 1);
    }
    console.print("\x1b[0m");
    print_legend(console, table);
}
MONITOR_COMMAND(frames, "", "a picture of all RAM, frame by frame", run_frames);

void run_mmck(System& system, Arguments) {
    {
        cpu::InterruptGuard guard;
        system.memory->check_invariants();
        check_kernel_heap();
    }
    system.console.print("  frame records, free frames, page tables, slabs and heap agree\n");
    system.virtual_memory->check_invariants();
    system.files->check_invariants();
    system.console.print("  objects, swap slots, policy and files agree\n");
}
MONITOR_COMMAND(mmck, "", "cross-check all memory structures", run_mmck);

}  // namespace
}  // namespace quire::kernel
