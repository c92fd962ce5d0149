// A machine with files: everything of fs/ above one tmpfs, and processes that make file calls.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fs/devfs.h"
#include "fs/file_calls.h"
#include "fs/pipe.h"
#include "fs/tmpfs.h"
#include "kernel/abi/dirent.h"
#include "kernel/abi/fcntl.h"
#include "kernel/abi/stat.h"
#include "tests/host/errno_name.h"
#include "tests/host/user_machine.h"

namespace quire::test {

/// A clock that the test sets.
class TestTime final : public fs::TimeSource {
  public:
    [[nodiscard]] fs::Timestamp now() const override { return {seconds, 0}; }
    std::uint32_t seconds = 1000;
};

/// Sleeps by doing what the test says somebody else does meanwhile; without anything to do a signal
/// comes.
class ScriptedSleeper final : public fs::Sleeper {
  public:
    Result<void> sleep(fs::WaitQueue& queue) override {
        ++sleeps;
        Alarm alarm;
        queue.add(alarm);
        const bool idle = steps.empty();
        if (!idle) {
            const std::function<void()> step = steps.front();
            steps.pop_front();
            step();
        }
        queue.remove(alarm);
        if (idle) return Error::Interrupted;
        EXPECT_TRUE(alarm.rung) << "who waits is not woken";
        return {};
    }

    std::deque<std::function<void()>> steps;
    std::uint32_t sleeps = 0;

  private:
    class Alarm final : public fs::Waiter {
      public:
        void wake() override { rung = true; }
        bool rung = false;
    };
};

/// A source whose bytes cannot be had from some point on: a bad pointer of the program.
class BrokenSource final : public fs::ByteSource {
  public:
    explicit BrokenSource(std::uint32_t good) : good_(good) {}
    Result<void> give(std::span<std::byte> piece) override {
        if (piece.size() > good_) return Error::BadAddress;
        good_ -= static_cast<std::uint32_t>(piece.size());
        std::memset(piece.data(), 'g', piece.size());
        return {};
    }

  private:
    std::uint32_t good_;
};
class BrokenSink final : public fs::ByteSink {
  public:
    explicit BrokenSink(std::uint32_t good) : good_(good) {}
    Result<void> take(std::span<const std::byte> piece) override {
        if (piece.size() > good_) return Error::BadAddress;
        good_ -= static_cast<std::uint32_t>(piece.size());
        return {};
    }

  private:
    std::uint32_t good_;
};

/// What all processes share.
class FileWorld {
  public:
    explicit FileWorld(mm::FrameNumber end = mm::FrameNumber(1024),
                       const fs::Tmpfs::Options& options = {.permissions = 0755})
        : machine(end), root(parts(), options) {
        EXPECT_TRUE(mounts.mount(root, {}, "root").ok());
    }
    ~FileWorld() {
        EXPECT_TRUE(mounts.unmount(*mounts.root().get()).ok()) << "somebody still uses a file";
    }

    [[nodiscard]] fs::Tmpfs::Parts parts() {
        return {machine.memory, machine.objects, tmpfs_caches, time};
    }
    void check() {
        machine.check();
        mounts.check_invariants();
        devices.check_invariants();
        pipes.check_invariants();
        root.check_invariants();
    }
    /// Objects of all slab caches that are in use.
    std::uint32_t live_objects() {
        std::uint32_t live = 0;
        machine.slabs.walk([&](const mm::SlabCache& cache) { live += cache.statistics().live; });
        return live;
    }

    UserMachine machine;
    TestTime time;
    fs::TmpfsCaches tmpfs_caches{machine.slabs};
    mm::ObjectCache<fs::Mount> mount_cache{machine.slabs, "mount"};
    mm::ObjectCache<fs::OpenFile> open_file_cache{machine.slabs, "open_file"};
    mm::ObjectCache<fs::Pipe> pipe_cache{machine.slabs, "pipe"};
    mm::ObjectCache<fs::DescriptorBlock> block_cache{machine.slabs, "descriptors"};
    fs::MountTable mounts{mount_cache};
    fs::DeviceTable devices;
    fs::PipeSystem pipes{machine.memory, pipe_cache, time};
    fs::FileLayer layer{machine.memory, mounts, devices, pipes, open_file_cache};
    fs::Tmpfs root;
};

/// A process, as far as files go. Calls answer as Linux does: "OK", "ENOENT", or what there is.
class TestProcess {
  public:
    explicit TestProcess(FileWorld& its_world)
        : world(its_world),
          view{its_world.mounts.root(), its_world.mounts.root()},
          table(its_world.block_cache),
          calls(its_world.layer, view, table, who, its_world.time, sleeper) {}

    void become(std::uint32_t user, std::uint32_t group) {
        who.user = who.real_user = user;
        who.group = who.real_group = group;
    }

    // --- Calls with the working directory, and what they answer ---

    std::string open(std::string_view path, std::uint32_t flags = 0, std::uint32_t mode = 0644) {
        const Result<fs::Descriptor> opened =
            calls.open(abi::kAtWorkingDirectory, path, flags | abi::kOpenLargeFile, mode);
        if (!opened.ok()) return answer(opened);
        last = opened.value();
        return "OK";
    }
    /// open() and close().
    std::string try_open(std::string_view path, std::uint32_t flags = 0,
                         std::uint32_t mode = 0644) {
        const std::string result = open(path, flags, mode);
        if (result == "OK") {
            EXPECT_TRUE(calls.close(last).ok());
        }
        return result;
    }
    std::string mkdir(std::string_view path, std::uint32_t mode = 0755) {
        return answer(calls.mkdir(kHere, path, mode));
    }
    std::string mknod(std::string_view path, std::uint32_t mode, std::uint32_t device = 0) {
        return answer(calls.mknod(kHere, path, mode, device));
    }
    std::string symlink(std::string_view target, std::string_view path) {
        return answer(calls.symlink(target, kHere, path));
    }
    std::string link(std::string_view from, std::string_view to) {
        return answer(calls.link(kHere, from, kHere, to));
    }
    std::string unlink(std::string_view path) { return answer(calls.unlink(kHere, path)); }
    std::string rmdir(std::string_view path) { return answer(calls.rmdir(kHere, path)); }
    std::string rename(std::string_view from, std::string_view to, std::uint32_t flags = 0) {
        return answer(calls.rename(kHere, from, kHere, to, flags));
    }
    std::string stat(std::string_view path) { return answer(calls.stat(kHere, path)); }
    std::string lstat(std::string_view path) {
        return answer(calls.stat(kHere, path, abi::kAtNoFollow));
    }
    fs::Attributes attributes(std::string_view path) {
        const auto status = calls.stat(kHere, path, abi::kAtNoFollow);
        EXPECT_TRUE(status.ok()) << path << ": " << answer(status);
        return status.ok() ? status.value().attributes : fs::Attributes{};
    }
    std::string chdir(std::string_view path) { return answer(calls.chdir(path)); }
    std::string chmod(std::string_view path, std::uint32_t mode) {
        return answer(calls.chmod(kHere, path, mode));
    }
    std::string chown(std::string_view path, std::uint32_t user, std::uint32_t group) {
        return answer(calls.chown(kHere, path, user, group));
    }
    std::string access(std::string_view path, std::uint32_t mode) {
        return answer(calls.access(kHere, path, mode));
    }
    std::string readlink(std::string_view path) {
        std::vector<char> room(8192);
        const auto count = calls.readlink(kHere, path, room);
        return count.ok() ? std::string(room.data(), count.value()) : answer(count);
    }
    std::string getcwd() {
        std::vector<char> room(4096);
        const auto path = calls.getcwd(room);
        return path.ok() ? std::string(path.value()) : answer(path);
    }

    // --- Bytes ---

    fs::WriteOutcome write_outcome(fs::Descriptor descriptor, std::string_view text) {
        fs::MemorySource source(std::as_bytes(std::span(text)));
        return calls.write(descriptor, static_cast<std::uint32_t>(text.size()), source);
    }
    /// The number of bytes, or the errno.
    std::string write(fs::Descriptor descriptor, std::string_view text) {
        return count_of(write_outcome(descriptor, text).result);
    }
    std::string pwrite(fs::Descriptor descriptor, std::string_view text, std::int64_t offset) {
        fs::MemorySource source(std::as_bytes(std::span(text)));
        return count_of(
            calls.pwrite(descriptor, static_cast<std::uint32_t>(text.size()), offset, source)
                .result);
    }
    /// The bytes, or the errno.
    std::string read(fs::Descriptor descriptor, std::uint32_t bytes = 256) {
        std::string text(bytes, '\0');
        fs::MemorySink sink(std::as_writable_bytes(std::span(text)));
        const auto count = calls.read(descriptor, bytes, sink);
        if (!count.ok()) return answer(count);
        text.resize(count.value());
        return text;
    }
    std::string pread(fs::Descriptor descriptor, std::uint32_t bytes, std::int64_t offset) {
        std::string text(bytes, '\0');
        fs::MemorySink sink(std::as_writable_bytes(std::span(text)));
        const auto count = calls.pread(descriptor, bytes, offset, sink);
        if (!count.ok()) return answer(count);
        text.resize(count.value());
        return text;
    }
    std::string seek(fs::Descriptor descriptor, std::int64_t offset, std::uint32_t whence) {
        const auto place = calls.lseek(descriptor, offset, whence);
        return place.ok() ? std::to_string(place.value()) : answer(place);
    }
    /// Makes a file with this content.
    void put(std::string_view path, std::string_view text, std::uint32_t mode = 0644) {
        ASSERT_EQ(open(path, abi::kOpenCreate | abi::kOpenTruncate | abi::kOpenWriteOnly, mode),
                  "OK");
        EXPECT_EQ(write(last, text), std::to_string(text.size()));
        EXPECT_TRUE(calls.close(last).ok());
    }
    /// The content of a file, or the errno.
    std::string get(std::string_view path) {
        const std::string opened = open(path);
        if (opened != "OK") return opened;
        std::string all;
        for (std::string piece = read(last, 4096); !piece.empty(); piece = read(last, 4096))
            all += piece;
        EXPECT_TRUE(calls.close(last).ok());
        return all;
    }

    struct Entry {
        std::string name;
        std::uint64_t number;
        std::uint64_t offset;
        std::uint8_t kind;
    };
    /// The entries that one getdents64 with so much room gives.
    std::vector<Entry> entries(fs::Descriptor descriptor, std::uint32_t room) {
        std::vector<std::byte> bytes(room);
        fs::MemorySink sink(bytes);
        const auto count = calls.read_directory(descriptor, room, sink);
        EXPECT_TRUE(count.ok()) << answer(count);
        std::vector<Entry> result;
        for (std::uint32_t at = 0; count.ok() && at < count.value();) {
            abi::DirectoryEntry64 head;
            std::memcpy(&head, bytes.data() + at, sizeof head);
            EXPECT_EQ(head.bytes % 8, 0);
            const char* name = reinterpret_cast<const char*>(bytes.data() + at + sizeof head);
            result.push_back({name, head.number, head.offset, head.kind});
            at += head.bytes;
        }
        return result;
    }
    /// All names of a directory but `.` and `..`, with their kinds.
    std::map<std::string, fs::NodeKind> list(std::string_view path, std::uint32_t room = 4096) {
        std::map<std::string, fs::NodeKind> names;
        EXPECT_EQ(open(path, abi::kOpenDirectory), "OK") << path;
        const fs::Descriptor directory = last;
        for (auto some = entries(directory, room); !some.empty(); some = entries(directory, room))
            for (const Entry& entry : some)
                EXPECT_TRUE(names.emplace(entry.name, fs::NodeKind{entry.kind}).second)
                    << entry.name << " twice";
        EXPECT_TRUE(calls.close(directory).ok());
        EXPECT_EQ(names.erase("."), 1U);
        EXPECT_EQ(names.erase(".."), 1U);
        return names;
    }

    static constexpr std::int32_t kHere = abi::kAtWorkingDirectory;

    FileWorld& world;
    fs::FileView view;
    fs::DescriptorTable table;
    fs::Credentials who;
    ScriptedSleeper sleeper;
    fs::FileCalls calls;
    fs::Descriptor last = 0;  // what open() gave

  private:
    static std::string count_of(const Result<std::uint32_t>& count) {
        return count.ok() ? std::to_string(count.value()) : answer(count);
    }
};

/// The usual test: one world, one process, which is root.
class FileTest : public testing::Test {
  protected:
    ~FileTest() override {
        world.check();
        p.table.check_invariants();
    }

    FileWorld world;
    TestProcess p{world};
};

}  // namespace quire::test
