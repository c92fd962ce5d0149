// Fuzz target: any bytes as a memory map, the answer checked byte by byte.
//
// The first byte chooses the limit, the second how many reservations follow the map; every 13 bytes
// then make one entry with small numbers, so that overlaps and odd edges are frequent.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

#include "mm/boot_memory.h"
#include "tests/host/boot_memory_oracle.h"

namespace quire {
void assertion_failed(const char* condition, const char* file, int line, const char* function) {
    std::fprintf(stderr, "%s:%d: %s: assertion failed: %s\n", file, line, function, condition);
    std::abort();
}
}  // namespace quire

namespace {

using namespace quire;
using namespace quire::mm;

class Bytes {
  public:
    explicit Bytes(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
    bool empty() const { return bytes_.empty(); }
    std::uint64_t take(std::size_t count) {
        std::uint64_t value = 0;
        for (; count > 0 && !bytes_.empty(); --count) {
            value = value << 8 | bytes_.front();
            bytes_ = bytes_.subspan(1);
        }
        return value;
    }

  private:
    std::span<const std::uint8_t> bytes_;
};

MemoryMapEntry next_entry(Bytes& bytes) {
    MemoryMapEntry entry{};
    const std::uint64_t shape = bytes.take(1);
    entry.base = bytes.take(4) << (shape & 1 ? 8 : 0);
    entry.length = bytes.take(4) << (shape & 2 ? 12 : 0);
    if (shape & 4) entry.base = ~entry.base;
    if (shape & 8) entry.length = ~entry.length;
    entry.type = static_cast<std::uint32_t>(shape & 16 ? bytes.take(1) : 1);
    entry.attributes = shape & 32 ? 0 : 1;
    return entry;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bytes bytes({data, size});
    const std::uint32_t limit =
        bytes.take(1) & 1 ? 1U << 20 : static_cast<std::uint32_t>(bytes.take(2));
    const std::uint64_t reservations = bytes.take(1) % 24;
    std::vector<FrameRange> reserved;
    for (std::uint64_t i = 0; i < reservations; ++i) {
        const FrameNumber first(static_cast<std::uint32_t>(bytes.take(2)));
        reserved.push_back(
            FrameRange::of(first, PageCount(static_cast<std::uint32_t>(bytes.take(1)))));
    }
    std::vector<MemoryMapEntry> entries;
    while (!bytes.empty() && entries.size() < 200)
        entries.push_back(next_entry(bytes));

    BootMemory memory(entries, FrameNumber(limit));
    memory.check_invariants();
    if (memory.dropped_frames() == PageCount(0) &&
        test::first_disagreement(entries, limit, memory) != -1) {
        std::abort();
    }
    for (const FrameRange& range : reserved) {
        memory.reserve(range, "fuzz");
        memory.check_invariants();
        for (const FrameRange& usable : memory.usable()) {
            if (usable.overlaps(range)) std::abort();
        }
    }
    (void)memory.take(PageCount(3), {FrameNumber(0), FrameNumber(limit)}, "table");
    memory.check_invariants();
    return 0;
}
