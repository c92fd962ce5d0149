// Costs of files in the page cache, as the kernel compiles them, in a 32-bit program. The disk
// costs nothing, and neither does the copying: a sink that takes nothing, a source that gives none.
//
//     bench_file_cache ROW      prints what callgrind's count of measured_... is to be divided by
//
//     hit          page tree: the entry of a page at random of 16,384 (64 MiB)
//     read         read_object() of a page at random that is in RAM
//     write        write_object() of one that is in RAM, and dirty
//     cold4k       8 MiB in sequence, 4 KiB a call, nothing in RAM; per page
//     cold64k      the same, 64 KiB a call
//     append       8 MiB written past the end, 4 KiB a call; per page
//     block        BlockCache::get() of a block in RAM, and its end
//     calls4k, calls64k    calls of the store for cold4k and cold64k
//     bytes        beside the frame, for each page of 8 MiB in RAM; in hundredths
#include <cstring>

#include "fs/block_cache.h"
#include "fs/object_io.h"
#include "tests/bench/bench_machine.h"

namespace {

using namespace quire::fs;

constexpr std::uint32_t kPages = 2048;       // 8 MiB
constexpr std::uint32_t kManyPages = 16384;  // 64 MiB
constexpr std::uint32_t kTurns = 5000;

std::uint32_t random_state = 12345;
std::uint32_t random_below(std::uint32_t limit) {  // xorshift32
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return static_cast<std::uint32_t>((std::uint64_t{random_state} * limit) >> 32);
}

class NoSink final : public ByteSink {
  public:
    Result<void> take(std::span<const std::byte>) override { return {}; }
};
class NoSource final : public ByteSource {
  public:
    Result<void> give(std::span<std::byte>) override { return {}; }
};
class CountingStore final : public BackingStore {
  public:
    Result<void> read(std::uint32_t, std::span<const FrameNumber>) override {
        ++calls;
        return {};
    }
    Result<void> write(std::uint32_t, std::span<const FrameNumber>) override { return {}; }
    std::uint32_t calls = 0;
};
class NoDisk final : public quire::drivers::BlockDevice {
  public:
    void submit(quire::drivers::BlockRequest& request) override { request.done = true; }
    void wait(quire::drivers::BlockRequest&) override {}
    [[nodiscard]] quire::drivers::SectorCount sectors() const override {
        return quire::drivers::SectorCount(1U << 16);
    }
    [[nodiscard]] bool read_only() const override { return false; }
    [[nodiscard]] const char* name() const override { return "none"; }
};

[[gnu::noipa]] std::uint32_t measured_hit(const MemoryObject& object, std::uint32_t index) {
    return object.entry(index).raw();
}
[[gnu::noipa]] void measured_read(UserMemory& memory, MemoryObject& object, std::uint64_t offset,
                                  std::uint32_t bytes, ByteSink& to, ReadAhead& ahead) {
    if (!read_object(memory, object, offset, bytes, to, ahead).ok()) std::abort();
}
[[gnu::noipa]] void measured_write(UserMemory& memory, MemoryObject& object, std::uint64_t offset,
                                   std::uint32_t bytes, ByteSource& from) {
    if (!write_object(memory, object, offset, bytes, from).ok()) std::abort();
}
[[gnu::noipa]] void measured_block(BlockCache& cache, std::uint32_t number) {
    if (!cache.get(number).ok()) std::abort();
}

struct Bench {
    Machine machine;
    CountingStore store;
    NoSink sink;
    NoSource source;
    ReadAhead ahead;

    File& file(std::uint32_t pages) { return *new File(machine.objects, store, pages); }
    void read(File& file, std::uint32_t call) {
        for (std::uint64_t at = 0; at < file.bytes(); at += call)
            measured_read(machine.memory, file, at, call, sink, ahead);
    }
    // In RAM without being counted.
    File& cached(std::uint32_t pages) {
        File& object = file(pages);
        for (std::uint32_t index = 0; index < pages; index += 16)
            if (!read_object(machine.memory, object, std::uint64_t{index} << kPageShift,
                             16 * kPageSize, sink, ahead)
                     .ok())
                std::abort();
        return object;
    }
};

std::uint32_t run(Bench& bench, const char* row) {
    const auto is = [row](const char* name) { return std::strcmp(row, name) == 0; };
    UserMemory& memory = bench.machine.memory;
    if (is("hit") || is("read") || is("write")) {
        File& file = bench.cached(kManyPages);
        for (std::uint32_t index = 0; is("write") && index < kManyPages; ++index)
            file.set_dirty(memory.records(), index);
        for (std::uint32_t turn = 0; turn < kTurns; ++turn) {
            const std::uint32_t index = random_below(kManyPages);
            const std::uint64_t at = std::uint64_t{index} << kPageShift;
            if (is("hit")) measured_hit(file, index);
            if (is("read")) measured_read(memory, file, at, kPageSize, bench.sink, bench.ahead);
            if (is("write")) measured_write(memory, file, at, kPageSize, bench.source);
        }
        return kTurns;
    }
    if (is("cold4k") || is("calls4k")) {
        bench.read(bench.file(kPages), kPageSize);
        return is("cold4k") ? kPages : bench.store.calls;
    }
    if (is("cold64k") || is("calls64k")) {
        bench.read(bench.file(kPages), 16 * kPageSize);
        return is("cold64k") ? kPages : bench.store.calls;
    }
    if (is("append")) {
        File& file = bench.file(0);
        for (std::uint32_t index = 0; index < kPages; ++index)
            measured_write(memory, file, file.bytes(), kPageSize, bench.source);
        return kPages;
    }
    if (is("block")) {
        NoDisk disk;
        BlockCache cache(memory, bench.machine.objects, disk, 1024);
        const Block other = cache.get(8).take();
        for (std::uint32_t turn = 0; turn < kTurns; ++turn)
            measured_block(cache, 8 + turn % 4);
        return kTurns;
    }
    if (is("bytes")) {
        bench.machine.slabs.reclaim();
        const PageCount before = bench.machine.frames.free_frames();
        bench.cached(kPages);
        bench.machine.slabs.reclaim();
        const std::uint32_t taken = (before - bench.machine.frames.free_frames()).raw();
        const std::uint32_t beside = (taken - kPages) * kPageSize;
        return (100 * beside) / kPages + 100 * static_cast<std::uint32_t>(sizeof(FrameInfo));
    }
    std::fprintf(stderr, "unknown row %s\n", row);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Bench& bench = *new Bench();  // never destroyed: its pages are still there
    const std::uint32_t answer = run(bench, argc > 1 ? argv[1] : "");
    std::printf("%u\n", answer);
    return answer == 0 ? 2 : 0;
}
