// A heap that watches its users: every block is wrapped in red zones and remembers who asked.
//
//      +----------------------------+-----------+- - - - - - - - -+-----------+
//      | Record: link, size, site   | red zone  | what the user   | red zone  |
//      | (in use)                   | 16 bytes  | asked for       | 16 bytes  |
//      +----------------------------+-----------+- - - - - - - - -+-----------+
//
// New memory is filled with 0xA5, so that reading before writing shows; freed memory with 0xF5, and
// it is held back in a ring for a while, so that a write after the free is seen when the block
// leaves. Damage is found on free, on realloc and by check_all(), and reported with the distance
// from the block and the place that allocated it. Built on the public face of Heap alone: switching
// it on is calling this class instead. Costs about 64 bytes a block.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libc/heap/heap.h"

namespace quire::heap {

/// Where a call came from: a name ("fs/ext2.cpp:120") or, without one, a return address.
struct CallSite {
    const char* name = nullptr;
    std::uintptr_t address = 0;

    bool operator==(const CallSite&) const = default;
};

struct DebugReport {
    enum class Kind : unsigned char {
        WroteBefore,     // in the red zone below the block
        WroteBehind,     // in the red zone above the block
        WroteAfterFree,  // in a block that had been freed
        DoubleFree,
        UnknownPointer,  // no block of this heap starts there
    };
    Kind kind;
    const void* block;     // what the user got
    std::size_t size;      // what the user asked for; 0 for an unknown pointer
    std::size_t distance;  // bytes from the block's nearest end, or from its start after free
    CallSite allocated;
    CallSite freed;  // only for what happens after a free
};

/// Writes the report as one line: "8 bytes past the block of 24 bytes allocated at main.c:7".
/// Returns the length; always ends with a zero byte. Precondition: capacity != 0.
std::size_t format_report(const DebugReport& report, char* buffer, std::size_t capacity);

class DebugHeap {
  public:
    using ReportFunction = void (*)(const DebugReport& report);

    static constexpr std::size_t kRedZone = 16;
    static constexpr std::uint8_t kRedZoneByte = 0xBD;
    static constexpr std::uint8_t kNewByte = 0xA5;
    static constexpr std::uint8_t kFreedByte = 0xF5;
    /// How many freed blocks are held back.
    static constexpr std::size_t kHeldBack = 64;

    DebugHeap(Heap& heap, ReportFunction report) : heap_(heap), report_(report) {}
    DebugHeap(const DebugHeap&) = delete;
    DebugHeap& operator=(const DebugHeap&) = delete;

    /// Like the functions of Heap; alignment up to kRedZone comes for free.
    [[nodiscard]] void* allocate(std::size_t size, CallSite site);
    [[nodiscard]] void* allocate_zeroed(std::size_t count, std::size_t size, CallSite site);
    [[nodiscard]] void* allocate_aligned(std::size_t alignment, std::size_t size, CallSite site);
    [[nodiscard]] void* reallocate(void* pointer, std::size_t size, CallSite site);
    void deallocate(void* pointer, CallSite site);
    [[nodiscard]] std::size_t usable_size(void* pointer);

    /// Looks at the red zones of every live block and at every block held back. Returns how much
    /// damage was reported; damage is reported once.
    std::size_t check_all();

    /// One row of the table of who holds what.
    struct SiteTotal {
        CallSite site;
        std::size_t blocks;
        std::size_t bytes;
    };
    /// Fills `table` with the call sites that hold most bytes, largest first, and returns how many
    /// rows there are. What finds no room in the table is summed in its last row, without a name.
    std::size_t who_holds(SiteTotal* table, std::size_t capacity);

    [[nodiscard]] std::size_t live_blocks() const { return live_blocks_; }
    [[nodiscard]] std::size_t live_bytes() const { return live_bytes_; }

    /// Gives everything held back to the heap, after a look at it.
    void flush();

  private:
    struct Record {
        Record* next;
        Record* previous;
        std::size_t size;
        std::size_t lead;  // bytes between what Heap gave and the Record
        CallSite allocated;
        CallSite freed;

        [[nodiscard]] std::uint8_t* payload() {
            return reinterpret_cast<std::uint8_t*>(this + 1) + kRedZone;
        }
        [[nodiscard]] void* base() { return reinterpret_cast<std::byte*>(this) - lead; }
    };

    [[nodiscard]] Record* find_live(const void* pointer) const;
    void report_wild(const void* pointer);
    void* adopt(std::byte* base, std::size_t lead, std::size_t size, CallSite site);
    void unlink(Record* record);
    bool check_red_zones(Record* record);
    bool check_freed(Record* record);
    void hold_back(Record* record);

    Heap& heap_;
    ReportFunction report_;
    Record* first_ = nullptr;  // every live block
    Record* held_back_[kHeldBack] = {};
    std::size_t next_held_ = 0;
    std::size_t live_blocks_ = 0;
    std::size_t live_bytes_ = 0;
};

}  // namespace quire::heap
