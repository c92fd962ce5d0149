// What a Heap is made of. Its functions are local ones of heap.cpp over this, not members: a local
// function takes its arguments in registers on i386, where a member takes them from the stack.
#pragma once

#include "libc/heap/arena.h"
#include "libc/heap/mappings.h"
#include "libc/heap/recent_blocks.h"
#include "libc/heap/run_set.h"

namespace quire::heap {

/// What was wrong with a pointer given to us.
enum class HeapMisuse : unsigned char {
    DoubleFree,       // it was a block once, and is free
    ForeignPointer,   // it never came from this heap
    InteriorPointer,  // it points into a block, not at its start
    CorruptedHeader,  // the block's header does not agree with its neighbours
};
/// The enumerator in words: "double free".
const char* misuse_text(HeapMisuse misuse);

/// Told of each misuse before the call is refused; may log, or end the program.
using MisuseReport = void (*)(HeapMisuse misuse, const void* pointer);

struct HeapParts {
    HeapParts(PageSource& source, MisuseReport misuse_report, unsigned recent_share)
        : arena(source),
          runs(arena),
          recent(recent_share),
          mappings(source, arena),
          report(misuse_report) {}

    /// An owner (heap_paths.h) that lets go of nothing.
    static constexpr bool kBlocksInline = true;
    [[nodiscard]] HeapParts& parts() { return *this; }
    void leave() {}
    [[nodiscard]] void* leave_with(void* result) { return result; }
    [[nodiscard]] void* leave_without_memory() { return nullptr; }

    /// Whether `pointer` is the payload of a block of the arena in use, but no run.
    [[nodiscard]] bool is_block(void* pointer) const {
        return arena.contains(pointer) && !runs.run_at(arena.unit_of(pointer)) &&
               arena.looks_allocated(Block::of_payload(pointer));
    }
    /// Reports what is wrong with `pointer`.
    void refuse(void* pointer);
    [[nodiscard]] HeapMisuse diagnose(void* pointer);

    Arena arena;
    RunSet runs;
    RecentBlocks recent;
    Mappings mappings;
    MisuseReport report;
};

}  // namespace quire::heap
