// Random reads, writes, resizes, stores into mappings, write-back and reclaim against plain byte
// vectors, on disks that fail now and then; and the block cache against a model of what the disk
// may hold at any time.
#include <cstdlib>

#include "fs/block_cache.h"
#include "fs/write_back_daemon.h"
#include "tests/host/disk_image.h"
#include "tests/host/object_io_machine.h"

namespace quire::fs {
namespace {

using mm::PageCount;
using test::Bytes;

class PageCacheModel : public test::ObjectIoMachine {
  protected:
    static constexpr mm::PageNumber kSharedMap{0x30000};

    PageCacheModel() {
        mm::RegionTraits traits = shared_map();
        add(kMap, 64, traits, &file);
        traits.advice = mm::Advice::Random;
        add(kSharedMap, 64, traits, &shared);
    }
    std::uint32_t below(std::size_t limit) {
        return static_cast<std::uint32_t>(random.below(limit));
    }
    mm::MemoryObject& any_object() { return below(2) == 0 ? file : shared; }

    // A program's store of one byte. It may find no such page, or no room, or a bad disk.
    void store(mm::MemoryObject& object, std::uint64_t offset, std::byte value) {
        const mm::VirtAddr base = mm::start_of(&object == &file ? kMap : kSharedMap);
        const mm::VirtAddr at = base + static_cast<std::uint32_t>(offset);
        while (const auto fault = machine.machine.mmu.store(
                   at, 1, mm::Ring::User, std::to_integer<std::uint32_t>(value))) {
            const mm::FaultOutcome outcome = running().handle(*fault);
            if (mm::is_resolved(outcome)) continue;
            EXPECT_TRUE(outcome == mm::FaultOutcome::PastEnd ||
                        outcome == mm::FaultOutcome::CannotRead ||
                        outcome == mm::FaultOutcome::OutOfMemory);
            EXPECT_TRUE(outcome != mm::FaultOutcome::PastEnd ||
                        offset >= mm::kPageSize * std::uint64_t{object.pages()});
            return;
        }
        if (offset < object.bytes()) expect(object, offset, std::span(&value, 1));
    }
    // What happens while bytes are copied.
    bool something() {
        const std::uint32_t what = below(20);
        if (what == 0) evict_everything();
        if (what == 1) (void)mm::write_back(machine.memory, file, 0, 64);
        if (what == 2) reclaim.drop_clean();
        if (what == 3) (void)load_byte(below(64));
        return what != 19;
    }
    void read_some(mm::MemoryObject& object, std::uint64_t offset, std::uint32_t bytes) {
        test::RacingSink sink([&] { return something(); });
        const Result<std::uint32_t> result =
            read_object(machine.memory, object, offset, bytes, sink, ahead);
        const std::uint32_t count = result.ok() ? result.value() : 0;
        ASSERT_EQ(sink.bytes, expected_of(object, offset, count));
        ASSERT_TRUE(!result.ok() || bytes == 0 || count != 0 || offset >= object.bytes());
    }
    // A source that fails may have changed bytes that are not counted: only one that does not give
    // anything then leaves them as they were.
    void write_some(mm::MemoryObject& object, std::uint64_t offset, std::uint32_t bytes) {
        const Bytes fresh = random_bytes(bytes);
        bool fails = false;
        class Source final : public ByteSource {
          public:
            Source(PageCacheModel& its_model, std::span<const std::byte> its_bytes, bool& its_end)
                : model(its_model), bytes(its_bytes), failed(its_end) {}
            Result<void> give(std::span<std::byte> piece) override {
                failed = !model.something();
                if (failed) return Error::BadAddress;
                std::ranges::copy(bytes.first(piece.size()), piece.begin());
                bytes = bytes.subspan(piece.size());
                (void)model.something();
                return {};
            }
            PageCacheModel& model;
            std::span<const std::byte> bytes;
            bool& failed;
        } source(*this, fresh, fails);
        const Result<std::uint32_t> result =
            write_object(machine.memory, object, offset, bytes, source);
        if (result.ok()) expect(object, offset, std::span(fresh).first(result.value()));
        ASSERT_TRUE(!result.ok() || result.value() == bytes || fails || failing_);
    }
    void break_something() {
        failing_ = true;
        const std::uint32_t n = 1 + below(6);
        switch (below(5)) {
        case 0:
            return disk.fail_nth_read(n);
        case 1:
            return disk.fail_nth_write(n);
        case 2:
            return machine.store.fail_nth_read(n);
        case 3:
            return machine.store.fail_nth_write(n);
        default:
            return machine.machine.injector.fail_nth(n);
        }
    }
    void mend() {
        failing_ = false;
        disk.fail_nth_read(0);
        disk.fail_nth_write(0);
        machine.store.fail_nth_read(0);
        machine.store.fail_nth_write(0);
        machine.machine.injector.fail_nth(0);
    }
    void step() {
        mm::MemoryObject& object = any_object();
        const std::uint32_t offset = below(below(4) == 0 ? 64 * 4096 : 20 * 4096);
        const std::uint32_t bytes = below(below(3) == 0 ? 6 * 4096 : 200);
        const std::uint32_t start = below(3) == 0 ? offset & ~4095U : offset;
        switch (below(10)) {
        case 0:
        case 1:
        case 2:
            return read_some(object, start, bytes);
        case 3:
        case 4:
        case 5:
            return write_some(object, start, start + bytes > 64 * 4096 ? 0 : bytes);
        case 6:
        case 7:
            return store(object, offset, random_bytes(1)[0]);
        case 8:
            (void)resize(object, below(5) == 0 ? start & ~4095U : start);
            return;
        default:
            (void)something();
            return (void)daemon.step(now += below(4));
        }
    }

    test::Random random{test::seed()};
    WriteBackDaemon daemon{machine.memory, machine.objects, PageCount(100)};
    std::uint32_t now = 0;

  private:
    bool failing_ = false;
};

TEST_F(PageCacheModel, HoldsWhatWasWritten) {
    const char* steps = std::getenv("QUIRE_STEPS");
    const int count = steps != nullptr ? std::atoi(steps) : 4000;
    for (int i = 0; i < count && !HasFailure(); ++i) {
        if (below(5) == 0) break_something();
        step();
        mend();
        if (i % 64 == 0) check_all(i % 512 == 0);
    }
    evict_everything();
    check_all(true);
    EXPECT_TRUE(daemon.sync_all().ok());
    for (std::uint32_t page = 0; page < file.pages(); ++page) {
        Bytes whole = expected(std::uint64_t{page} * 4096, 4096);
        whole.resize(4096);
        EXPECT_TRUE(std::ranges::equal(disk.page(page), whole)) << page;
    }
}

// --- Blocks ---

// What the file system knows: what each block holds, and which orders it gave.
class BlockCacheModel : public test::FaultMachine {
  protected:
    static constexpr std::uint32_t kBlocks = 96;
    using Kind = drivers::BlockRequest::Kind;

    BlockCacheModel() { machine.room.leave_to(reclaim); }

    std::uint32_t below(std::size_t limit) {
        return static_cast<std::uint32_t>(random.below(limit));
    }

    // Each change of a block gets a number, which it then holds. A promise: version `first_version`
    // of `first` is on the disk before version `then_version` of `then`, or a later one of either.
    struct Promise {
        std::uint32_t first, first_version, then, then_version;
    };

    std::uint32_t version_on_disk(std::uint32_t number) {
        std::uint32_t version = 0;
        const std::uint32_t per_block = cache->block_size() / 512;
        std::memcpy(&version, disk.sector(drivers::SectorNumber(number * per_block)).data(), 4);
        return version;
    }
    void check_promises() {
        for (const Promise& promise : promises)
            ASSERT_TRUE(version_on_disk(promise.then) < promise.then_version ||
                        version_on_disk(promise.first) >= promise.first_version)
                << promise.first << " before " << promise.then;
    }
    void change(Block& block) {
        const std::uint32_t version = ++last_version;
        std::memcpy(block.bytes().data(), &version, 4);
        versions[block.number()] = version;
        block.set_dirty();
    }
    void step();
    void run(std::uint32_t block_size, int steps);

    test::Random random{test::seed()};
    mm::Reclaim reclaim{machine.memory, machine.slabs, {PageCount(2), PageCount(2), PageCount(2)}};
    test::DiskImage disk{drivers::SectorCount(kBlocks * 8)};
    std::optional<BlockCache> cache;
    std::vector<Block> held;
    std::array<std::uint32_t, kBlocks> versions{};
    std::uint32_t last_version = 0;
    std::vector<Promise> promises;
};

void BlockCacheModel::step() {
    const std::uint32_t number = below(kBlocks);
    switch (below(12)) {
    case 0:
    case 1:
    case 2: {
        Result<Block> block = cache->get(number);
        if (!block.ok()) return;
        std::uint32_t version = 0;
        std::memcpy(&version, block.value().bytes().data(), 4);
        ASSERT_EQ(version, versions[number]);
        if (below(2) == 0) change(block.value());
        if (held.size() < 5) held.push_back(block.take());
        return;
    }
    case 3:
    case 4:
    case 5: {
        Result<Block> first = cache->get(number);
        Result<Block> then = cache->get(below(kBlocks));
        if (!first.ok() || !then.ok()) return;
        if (!cache->write_before(first.value(), then.value()).ok()) return;
        change(then.value());
        const std::uint32_t other = then.value().number();
        if (other != number) promises.push_back({number, versions[number], other, versions[other]});
        return;
    }
    case 6: {
        Result<Block> block = cache->get_new(number);
        if (block.ok()) change(block.value());
        return;
    }
    case 7:
        if (!held.empty()) (void)cache->write(held.back());
        return;
    case 8:
        if (below(4) == 0) (void)cache->write_all();
        return;
    case 9:
        if (held.empty()) return;
        std::swap(held[below(held.size())], held.back());
        held.pop_back();
        return;
    case 10: {
        const mm::PageCount all = machine.machine.frames.statistics().managed;
        (void)reclaim.make_room(all - reclaim.marks().min);
        return;
    }
    default:
        (void)mm::write_back(machine.memory, cache->object(), below(24), below(24) + 8);
        return;
    }
}

void BlockCacheModel::run(std::uint32_t block_size, int steps) {
    cache.emplace(machine.memory, machine.objects, disk, block_size);
    for (int i = 0; i < steps && !HasFatalFailure(); ++i) {
        const std::uint32_t n = 1 + below(4);
        if (below(6) == 0) disk.fail_nth(below(2) == 0 ? Kind::Read : Kind::Write, n);
        if (below(6) == 0) machine.machine.injector.fail_nth(n);
        step();
        disk.fail_nth(Kind::Read, 0);
        disk.fail_nth(Kind::Write, 0);
        machine.machine.injector.fail_nth(0);
        check_promises();
        cache->check_invariants();
        if (i % 200 != 0) continue;
        promises.clear();
        held.clear();
        machine.check();
    }
    held.clear();
    EXPECT_TRUE(cache->write_all().ok());
    EXPECT_EQ(cache->dirty_blocks(), 0U);
    EXPECT_EQ(cache->orders(), 0U);
    for (std::uint32_t number = 0; number < kBlocks; ++number)
        EXPECT_EQ(version_on_disk(number), versions[number]);
    cache.reset();
}

TEST_F(BlockCacheModel, KeepsEveryPromiseWithSmallBlocks) {
    run(1024, 6000);
}
TEST_F(BlockCacheModel, KeepsEveryPromiseWithBlocksOfAPage) {
    run(4096, 6000);
}

}  // namespace
}  // namespace quire::fs
