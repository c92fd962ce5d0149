// A machine with an ext2 disk, for tests: nodes by path, files as strings, and the judges.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "fs/ext2.h"
#include "mm/reclaim.h"
#include "tests/host/disk_image.h"
#include "tests/host/ext2_tools.h"
#include "tests/host/user_machine.h"

namespace quire::test {

/// A clock that goes on by one second each time it is asked.
class TickingClock final : public fs::TimeSource {
  public:
    [[nodiscard]] fs::Timestamp now() const override { return {++seconds_, 0}; }

  private:
    mutable std::uint32_t seconds_ = 1'767'300'000;
};

class Ext2Disk {
  public:
    explicit Ext2Disk(DiskBytes content, bool mounted = true) : disk(std::move(content)) {
        machine.room.leave_to(reclaim);
        if (mounted) mount();
    }
    explicit Ext2Disk(const Ext2Shape& shape) : Ext2Disk(make_ext2(shape)) {}

    void mount(fs::Ext2::Access access = fs::Ext2::Access::ReadWrite) {
        const Result<void> mounted = fs.mount(disk, access);
        ASSERT_TRUE(mounted.ok()) << error_name(mounted.error());
    }
    void unmount() {
        fs.check_invariants();
        const Result<void> unmounted = fs.unmount();
        ASSERT_TRUE(unmounted.ok()) << error_name(unmounted.error());
        EXPECT_EQ(machine.objects.count(), 0U);
        machine.check();
    }
    void remount() {
        unmount();
        mount();
    }

    // --- Nodes by path: "/a/b" ---

    Result<fs::NodeRef> find(const std::string& path) {
        Result<fs::NodeRef> node = fs.root();
        std::size_t start = 1;
        while (node.ok() && start < path.size()) {
            const std::size_t end = std::min(path.find('/', start), path.size());
            Result<fs::NodeRef> next =
                node.value()->look_up(std::string_view(path).substr(start, end - start));
            if (!next.ok()) return next.error();
            node.value() = next.take();
            start = end + 1;
        }
        return node;
    }
    fs::NodeRef at(const std::string& path) {
        Result<fs::NodeRef> node = find(path);
        EXPECT_TRUE(node.ok()) << path << ": " << error_name(node.error());
        return node.ok() ? node.take() : fs::NodeRef();
    }
    fs::NodeRef parent_of(const std::string& path) {
        const std::size_t slash = path.rfind('/');
        return at(slash == 0 ? "/" : path.substr(0, slash));
    }
    static std::string_view last_of(const std::string& path) {
        return std::string_view(path).substr(path.rfind('/') + 1);
    }

    // --- System calls ---

    Result<fs::NodeRef> create(const std::string& path, const fs::NewNode& what) {
        return parent_of(path)->create(last_of(path), what);
    }
    Result<fs::NodeRef> create(const std::string& path) {
        return create(path, {.kind = fs::NodeKind::File, .permissions = 0644});
    }
    Result<fs::NodeRef> make_directory(const std::string& path) {
        return create(path, {.kind = fs::NodeKind::Directory, .permissions = 0755});
    }
    Result<fs::NodeRef> make_link(const std::string& path, std::string_view target) {
        return create(path,
                      {.kind = fs::NodeKind::SymbolicLink, .permissions = 0777, .target = target});
    }
    Result<void> link(const std::string& old_path, const std::string& new_path) {
        const fs::NodeRef node = at(old_path);
        return parent_of(new_path)->link(last_of(new_path), *node);
    }
    Result<void> remove(const std::string& path) {
        return parent_of(path)->remove(last_of(path), false);
    }
    Result<void> remove_directory(const std::string& path) {
        return parent_of(path)->remove(last_of(path), true);
    }
    Result<void> rename(const std::string& old_path, const std::string& new_path,
                        bool no_replace = false) {
        const fs::NodeRef to = parent_of(new_path);
        return parent_of(old_path)->rename(last_of(old_path), *to, last_of(new_path), no_replace);
    }

    static Result<std::uint32_t> write(fs::Node& node, std::uint64_t offset,
                                       std::string_view text) {
        fs::MemorySource source(std::as_bytes(std::span(text)));
        return node.write(offset, static_cast<std::uint32_t>(text.size()), source);
    }
    /// Makes the file if it is not there.
    void put(const std::string& path, std::string_view text, std::uint64_t offset = 0) {
        if (!find(path).ok()) {
            ASSERT_TRUE(create(path).ok()) << path;
        }
        const Result<std::uint32_t> count = write(*at(path), offset, text);
        ASSERT_TRUE(count.ok()) << path << ": " << error_name(count.error());
        ASSERT_EQ(count.value(), text.size()) << path;
    }
    static std::string read(fs::Node& node) {
        const auto bytes = static_cast<std::size_t>(node.attributes().take().bytes);
        std::string text(bytes, '?');
        fs::MemorySink sink(std::as_writable_bytes(std::span(text)));
        fs::ReadAhead ahead;
        const Result<std::uint32_t> count =
            node.read(0, static_cast<std::uint32_t>(bytes), sink, ahead);
        EXPECT_TRUE(count.ok()) << error_name(count.error());
        EXPECT_EQ(count.ok() ? count.value() : 0, bytes);
        return text;
    }
    std::string get(const std::string& path) { return read(*at(path)); }
    Result<void> sync(const std::string& path) { return at(path)->sync(false); }
    fs::Attributes attributes(const std::string& path) { return at(path)->attributes().take(); }

    /// The names in a directory, with their kinds; "." and ".." as well.
    std::map<std::string, fs::NodeKind> names(const std::string& path) {
        struct Collector final : fs::DirectoryVisitor {
            bool visit(const fs::DirectoryEntry& entry) override {
                EXPECT_TRUE(names.emplace(entry.name, entry.kind).second) << entry.name;
                return true;
            }
            std::map<std::string, fs::NodeKind> names;
        } collector;
        std::uint64_t position = 0;
        EXPECT_TRUE(at(path)->read_directory(position, collector).ok());
        return collector.names;
    }

    // --- Judges ---

    /// Unmounts; e2fsck has nothing to say. What debugfs reads is the answer.
    std::map<std::string, NodeOnDisk> judge() {
        unmount();
        const ToolRun run = check_ext2(disk.content());
        EXPECT_EQ(run.code, 0) << run.output;
        return read_back(disk.content());
    }

    UserMachine machine{mm::FrameNumber(kHostFrames.raw())};
    mm::Reclaim reclaim{
        machine.memory, machine.slabs, {mm::PageCount(64), mm::PageCount(80), mm::PageCount(96)}};
    DiskImage disk;
    TickingClock clock;
    fs::Ext2 fs{{machine.memory, machine.objects, machine.slabs, clock}};
};

/// Bytes that differ from place to place, without a zero.
inline std::string pattern(std::size_t bytes, unsigned seed = 1) {
    std::string text(bytes, '\0');
    std::uint32_t state = seed * 2654435761U + 1;
    for (char& byte : text) {
        state = state * 1664525U + 1013904223U;
        byte = static_cast<char>((state >> 24) | 1);
    }
    return text;
}

}  // namespace quire::test
