// What tests of reads and writes share: objects of both kinds, each with the bytes it should hold,
// sinks and sources that do something in the middle, and reclaim that takes all it can get.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <map>
#include <utility>
#include <vector>

#include "fs/object_io.h"
#include "mm/reclaim.h"
#include "tests/host/fault_machine.h"
#include "tests/host/seed.h"

namespace quire::test {

using Bytes = std::vector<std::byte>;

/// Asks before it takes a piece; a false answer is BadAddress.
class RacingSink final : public fs::ByteSink {
  public:
    explicit RacingSink(std::function<bool()> before) : before_(std::move(before)) {}
    Result<void> take(std::span<const std::byte> piece) override {
        if (!before_()) return Error::BadAddress;
        bytes.insert(bytes.end(), piece.begin(), piece.end());
        return {};
    }
    Bytes bytes;

  private:
    std::function<bool()> before_;
};

/// Asks before it gives a piece, in the middle of it, and after it.
class RacingSource final : public fs::ByteSource {
  public:
    RacingSource(Bytes bytes, std::function<bool()> meanwhile)
        : bytes_(std::move(bytes)), meanwhile_(std::move(meanwhile)) {}
    Result<void> give(std::span<std::byte> piece) override {
        EXPECT_LE(given_ + piece.size(), bytes_.size());
        if (!meanwhile_()) return Error::BadAddress;
        for (std::size_t i = 0; i < piece.size(); ++i) {
            piece[i] = bytes_[given_++];
            if (i == piece.size() / 2 && !meanwhile_()) return Error::BadAddress;
        }
        if (!meanwhile_()) return Error::BadAddress;
        return {};
    }

  private:
    Bytes bytes_;
    std::function<bool()> meanwhile_;
    std::size_t given_ = 0;
};

class ObjectIoMachine : public testing::Test, public FaultWorld {
  protected:
    static constexpr mm::PageNumber kMap{0x20000};

    ObjectIoMachine() {
        machine.room.leave_to(reclaim);
        for (std::uint32_t page = 0; page < disk.pages(); ++page)
            std::ranges::copy(random_bytes(mm::kPageSize), disk.page(page).begin());
        for (mm::MemoryObject* object : objects())
            contents_[object].resize(static_cast<std::size_t>(object->bytes()));
        for (std::uint32_t page = 0; page < disk.pages(); ++page)
            expect(file, std::uint64_t{page} * mm::kPageSize, disk.page(page));
        for (mm::MemoryObject* object : {&small, &small_shared}) {
            object->set_bytes(3000);
            contents_[object].resize(3000);
        }
        put_expected(small, 0, 3000);
        std::ranges::copy(contents_[&small], small_disk.page(0).begin());
    }
    ~ObjectIoMachine() override {
        check_all();
        machine.memory.load(machine.kernel.frame());
        child.reset();
        space.reset();
    }

    std::vector<mm::MemoryObject*> objects() { return {&file, &shared, &small, &small_shared}; }

    // --- What the objects should hold ---

    Bytes random_bytes(std::size_t count) {
        Bytes bytes(count);
        for (std::byte& byte : bytes)
            byte = std::byte{static_cast<unsigned char>(1 + random_.below(255))};
        return bytes;
    }
    Bytes expected_of(mm::MemoryObject& object, std::uint64_t offset, std::uint64_t bytes) {
        const Bytes& all = contents_[&object];
        const auto first = static_cast<std::size_t>(std::min<std::uint64_t>(offset, all.size()));
        const auto count =
            static_cast<std::size_t>(std::min<std::uint64_t>(bytes, all.size() - first));
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
        return Bytes(begin, begin + static_cast<std::ptrdiff_t>(count));
    }
    /// Of `file`.
    Bytes expected(std::uint64_t offset, std::uint64_t bytes) {
        return expected_of(file, offset, bytes);
    }
    void expect(mm::MemoryObject& object, std::uint64_t offset, std::span<const std::byte> bytes) {
        if (bytes.empty()) return;
        Bytes& all = contents_[&object];
        const auto first = static_cast<std::size_t>(offset);
        all.resize(std::max(all.size(), first + bytes.size()));
        std::ranges::copy(bytes, all.begin() + static_cast<std::ptrdiff_t>(first));
    }
    /// New bytes are to be there.
    void put_expected(mm::MemoryObject& object, std::uint64_t offset, std::size_t count) {
        expect(object, offset, random_bytes(count));
    }
    Bytes read_all(mm::MemoryObject& object) {
        fs::ReadAhead other;
        Bytes all(static_cast<std::size_t>(object.bytes()));
        fs::MemorySink sink(all);
        EXPECT_EQ(fs::read_object(machine.memory, object, 0, 1U << 24, sink, other).take(),
                  all.size());
        return all;
    }
    /// Everything that can be checked at rest; with `thorough`, every byte.
    void check_all(bool thorough = false) {
        EXPECT_TRUE(machine.pages.pins().empty());
        for (mm::MemoryObject* object : objects()) {
            object->check_invariants(machine.machine.table);
            if (object->bytes() >= 1U << 24) continue;  // a test of the last byte
            EXPECT_EQ(object->bytes(), contents_[object].size());
            EXPECT_TRUE(!thorough || read_all(*object) == contents_[object]);
        }
        machine.check();
    }

    // --- Reads and writes ---

    using FaultWorld::read;
    using FaultWorld::write;

    Result<std::uint32_t> try_read(mm::MemoryObject& object, std::uint64_t offset,
                                   std::uint32_t bytes, Bytes* answer = nullptr) {
        RacingSink sink([] { return true; });
        const Result<std::uint32_t> result =
            fs::read_object(machine.memory, object, offset, bytes, sink, ahead);
        EXPECT_EQ(sink.bytes.size(), result.ok() ? result.value() : 0);
        if (answer != nullptr) *answer = sink.bytes;
        return result;
    }
    Bytes read(mm::MemoryObject& object, std::uint64_t offset, std::uint32_t bytes) {
        Bytes answer;
        EXPECT_TRUE(try_read(object, offset, bytes, &answer).ok());
        return answer;
    }
    /// Writes new bytes, of which as many are expected as it says.
    Result<std::uint32_t> try_write(mm::MemoryObject& object, std::uint64_t offset,
                                    std::uint32_t bytes) {
        const Bytes fresh = random_bytes(bytes);
        fs::MemorySource source(fresh);
        const Result<std::uint32_t> result =
            fs::write_object(machine.memory, object, offset, bytes, source);
        if (result.ok()) expect(object, offset, std::span(fresh).first(result.value()));
        return result;
    }
    std::uint32_t write(mm::MemoryObject& object, std::uint64_t offset, std::uint32_t bytes) {
        Result<std::uint32_t> result = try_write(object, offset, bytes);
        EXPECT_TRUE(result.ok());
        return result.ok() ? result.value() : 0;
    }
    /// With the file system's part of it: what the disk holds past the end is no more.
    Result<void> resize(mm::MemoryObject& object, std::uint64_t bytes) {
        const Result<void> result = fs::resize_object(machine.memory, object, bytes);
        for (std::uint32_t page = object.pages(); &object == &file && page < disk.pages(); ++page)
            std::ranges::fill(disk.page(page), std::byte{});
        if (result.ok() && bytes < 1U << 24)
            contents_[&object].resize(static_cast<std::size_t>(bytes));
        return result;
    }

    // --- Programs and reclaim ---

    void show(mm::MemoryObject& object, const mm::RegionTraits& how) {
        mm::RegionTraits traits = how;
        traits.advice = mm::Advice::Random;
        add(kMap, 64, traits, &object);
    }
    std::optional<unsigned> load_byte(std::uint32_t page) {
        return read(kMap + mm::PageCount(page));
    }
    bool store_byte(std::uint32_t page, unsigned value) {
        return write(kMap + mm::PageCount(page), value);
    }
    /// A program stores into the rest of page 0.
    void store_past_the_end(mm::MemoryObject& object) {
        show(object, shared_map());
        EXPECT_TRUE(load_byte(0).has_value());
        for (std::uint32_t at = static_cast<std::uint32_t>(object.bytes()); at < 4096; ++at) {
            while (const auto fault =
                       machine.machine.mmu.store(mm::start_of(kMap) + at, 1, mm::Ring::User, 0xEE))
                ASSERT_TRUE(mm::is_resolved(running().handle(*fault)));
        }
    }
    void evict_everything() {
        const mm::PageCount all = machine.machine.frames.statistics().managed;
        EXPECT_FALSE(reclaim.make_room(all - reclaim.marks().min).ok());
    }

    // --- Making everything fail in turn ---

    using Operation = std::function<Result<std::uint32_t>()>;

    /// Does each with the first allocation failing, the second, and so on, from a cold start each
    /// time; answers how many were made to fail. An operation that fails must have changed nothing
    /// but what it says.
    std::uint32_t fail_every_allocation(std::initializer_list<Operation> operations) {
        mm::FailureInjector& injector = machine.machine.injector;
        for (const Operation& operation : operations) {
            for (std::uint32_t n = 1;; ++n) {
                evict_everything();
                machine.slabs.reclaim();
                injector.fail_nth(n);
                const Result<std::uint32_t> result = operation();
                EXPECT_TRUE(result.ok() || result.error() == Error::OutOfMemory);
                const bool over = injector.armed();
                injector.fail_nth(0);
                check_all(true);
                if (over) break;
            }
        }
        return injector.injected();
    }
    /// The same with the reads of the file and of swap.
    std::uint32_t fail_every_read(std::initializer_list<Operation> operations) {
        std::uint32_t failed = 0;
        for (const Operation& operation : operations) {
            for (std::uint32_t n = 1;; ++n) {
                evict_everything();
                disk.forget_calls();
                machine.store.forget_calls();
                disk.fail_nth_read(n);
                machine.store.fail_nth_read(n);
                const Result<std::uint32_t> result = operation();
                EXPECT_TRUE(result.ok() || result.error() == Error::IoError);
                disk.fail_nth_read(0);
                machine.store.fail_nth_read(0);
                if (disk.reads() < n && machine.store.reads() < n) break;
                ++failed;
                check_all(true);
            }
        }
        return failed;
    }

    MemoryStore small_disk{4};
    PagedObject small{machine, mm::MemoryObject::Kind::File, &small_disk, 1};
    PagedObject small_shared{machine, mm::MemoryObject::Kind::SharedMemory, nullptr, 1};
    mm::Reclaim reclaim{
        machine.memory, machine.slabs, {mm::PageCount(2), mm::PageCount(2), mm::PageCount(2)}};
    fs::ReadAhead ahead;

  private:
    std::map<mm::MemoryObject*, Bytes> contents_;
    Random random_{1};
};

}  // namespace quire::test
