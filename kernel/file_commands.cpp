// Monitor commands on files, disks' contents and the page cache: what a shell will do with programs
// of its own. They go through the same calls as programs will (fs/file_calls.h).
#include <array>

#include "kernel/abi/dirent.h"
#include "kernel/abi/fcntl.h"
#include "kernel/crc32.h"
#include "kernel/files.h"
#include "kernel/kernel_heap.h"
#include "kernel/monitor.h"
#include "kernel/virtual_memory.h"
#include "libc/format.h"
#include "libc/string.h"
#include "mm/evict.h"

namespace quire::kernel {
namespace {

constexpr std::uint32_t kPieceBytes = 4096;
constexpr std::uint32_t kMostPath = 512;

void complain(System& system, std::string_view what, Error error) {
    system.console.print("  %.*s: %s\n", static_cast<int>(what.size()), what.data(),
                         error_name(error));
}

std::string_view path_at(Arguments arguments, std::size_t index) {
    return arguments.size() > index ? arguments[index] : std::string_view("/");
}

/// A piece of the kernel heap for the length of a command.
class Buffer {
  public:
    explicit Buffer(std::uint32_t bytes) : bytes_(kmalloc(bytes)), size_(bytes) {}
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() { kfree(bytes_); }
    [[nodiscard]] bool valid() const { return bytes_ != nullptr; }
    [[nodiscard]] std::span<std::byte> span() const {
        return {static_cast<std::byte*>(bytes_), size_};
    }
    [[nodiscard]] char* text() const { return static_cast<char*>(bytes_); }

  private:
    void* bytes_;
    std::uint32_t size_;
};

/// A file open as long as this lives.
class Opened {
  public:
    Opened(fs::FileCalls& calls, std::string_view path, std::uint32_t flags)
        : calls_(calls),
          descriptor_(
              calls.open(abi::kAtWorkingDirectory, path, flags | abi::kOpenLargeFile, 0644)) {}
    Opened(const Opened&) = delete;
    Opened& operator=(const Opened&) = delete;
    ~Opened() {
        if (descriptor_.ok()) (void)calls_.close(descriptor_.value());
    }
    [[nodiscard]] const Result<fs::Descriptor>& descriptor() const { return descriptor_; }

    /// Calls take(piece) for each piece of the file, in order. Errors: read()'s, OutOfMemory.
    template <typename Taker>
    Result<std::uint64_t> read_all(Taker take) {
        const Buffer buffer(kPieceBytes);
        if (!buffer.valid()) return Error::OutOfMemory;
        std::uint64_t total = 0;
        for (;;) {
            fs::MemorySink sink(buffer.span());
            const std::uint32_t got = TRY(calls_.read(descriptor_.value(), kPieceBytes, sink));
            if (got == 0) return total;
            take(buffer.span().first(got));
            total += got;
        }
    }

  private:
    fs::FileCalls& calls_;
    Result<fs::Descriptor> descriptor_;
};

char kind_letter(fs::NodeKind kind) {
    switch (kind) {
    case fs::NodeKind::Pipe:
        return 'p';
    case fs::NodeKind::CharacterDevice:
        return 'c';
    case fs::NodeKind::Directory:
        return 'd';
    case fs::NodeKind::BlockDevice:
        return 'b';
    case fs::NodeKind::File:
        return '-';
    case fs::NodeKind::SymbolicLink:
        return 'l';
    case fs::NodeKind::Socket:
        return 's';
    }
    return '?';
}

void print_status(System& system, std::string_view name, const fs::Attributes& what) {
    char permissions[10] = "rwxrwxrwx";
    for (unsigned i = 0; i < 9; ++i)
        if ((what.permissions >> (8 - i) & 1) == 0) permissions[i] = '-';
    system.console.print("  %c%s %3u %5u %5u %10llu %7u %.*s\n", kind_letter(what.kind),
                         permissions, what.links, what.user, what.group,
                         static_cast<unsigned long long>(what.bytes), what.number,
                         static_cast<int>(name.size()), name.data());
}

// Calls visit(name, kind) for each name in the directory, `.` and `..` left out.
template <typename Visitor>
Result<void> each_name(fs::FileCalls& calls, std::string_view path, Visitor visit) {
    const Opened directory(calls, path, abi::kOpenReadOnly | abi::kOpenDirectory);
    if (!directory.descriptor().ok()) return directory.descriptor().error();
    const Buffer buffer(kPieceBytes);
    if (!buffer.valid()) return Error::OutOfMemory;
    for (;;) {
        fs::MemorySink sink(buffer.span());
        const std::uint32_t got =
            TRY(calls.read_directory(directory.descriptor().value(), kPieceBytes, sink));
        if (got == 0) return {};
        for (std::uint32_t at = 0; at < got;) {
            const auto* entry =
                reinterpret_cast<const abi::DirectoryEntry64*>(buffer.span().data() + at);
            const std::string_view name(buffer.text() + at + sizeof(*entry));
            at += entry->bytes;
            if (name != "." && name != "..") visit(name);
        }
    }
}

std::uint32_t join(char* room, std::string_view directory, std::string_view name) {
    const bool slash = directory.empty() || directory.back() != '/';
    return static_cast<std::uint32_t>(
        snprintf(room, kMostPath, "%.*s%s%.*s", static_cast<int>(directory.size()),
                 directory.data(), slash ? "/" : "", static_cast<int>(name.size()), name.data()));
}

void ls(System& system, Arguments arguments) {
    fs::FileCalls& calls = system.files->calls();
    const std::string_view path = path_at(arguments, 1);
    const auto status = calls.stat(abi::kAtWorkingDirectory, path);
    if (!status.ok()) return complain(system, path, status.error());
    if (status.value().attributes.kind != fs::NodeKind::Directory)
        return print_status(system, path, status.value().attributes);
    const Buffer room(kMostPath);
    if (!room.valid()) return complain(system, path, Error::OutOfMemory);
    const Result<void> done = each_name(calls, path, [&](std::string_view name) {
        const std::uint32_t length = join(room.text(), path, name);
        const auto of_name =
            calls.stat(abi::kAtWorkingDirectory, {room.text(), length}, abi::kAtNoFollow);
        if (of_name.ok()) {
            print_status(system, name, of_name.value().attributes);
        } else {
            complain(system, name, of_name.error());
        }
    });
    if (!done.ok()) complain(system, path, done.error());
}
MONITOR_COMMAND(ls, "[PATH]", "names and attributes of files", ls);

void cat(System& system, Arguments arguments) {
    for (const std::string_view path : arguments.subspan(1)) {
        Opened file(system.files->calls(), path, abi::kOpenReadOnly);
        if (!file.descriptor().ok()) return complain(system, path, file.descriptor().error());
        const auto read = file.read_all([&](std::span<const std::byte> piece) {
            system.console.print("%.*s", static_cast<int>(piece.size()),
                                 reinterpret_cast<const char*>(piece.data()));
        });
        if (!read.ok()) complain(system, path, read.error());
    }
}
MONITOR_COMMAND(cat, "PATH...", "print files", cat);

// A directory that is still to be looked at. The stack is small and trees are deep: so the way down
// is kept in the heap.
struct PendingDirectory {
    PendingDirectory* next;
    std::uint32_t length;
    char path[kMostPath];
};

void sum_file(System& system, std::string_view path) {
    Opened file(system.files->calls(), path, abi::kOpenReadOnly);
    if (!file.descriptor().ok()) return complain(system, path, file.descriptor().error());
    Crc32 crc;
    const auto read = file.read_all([&](std::span<const std::byte> piece) { crc.add(piece); });
    if (!read.ok()) return complain(system, path, read.error());
    system.console.print("  %08x %10llu %.*s\n", crc.value(),
                         static_cast<unsigned long long>(read.value()),
                         static_cast<int>(path.size()), path.data());
}

void sum_name(System& system, std::string_view path, PendingDirectory*& pending) {
    const auto status =
        system.files->calls().stat(abi::kAtWorkingDirectory, path, abi::kAtNoFollow);
    if (!status.ok()) return complain(system, path, status.error());
    if (status.value().attributes.kind == fs::NodeKind::File) return sum_file(system, path);
    if (status.value().attributes.kind != fs::NodeKind::Directory) return;
    auto* directory = static_cast<PendingDirectory*>(kmalloc(sizeof(PendingDirectory)));
    if (directory == nullptr) return complain(system, path, Error::OutOfMemory);
    directory->length = static_cast<std::uint32_t>(path.size());
    memcpy(directory->path, path.data(), path.size());
    directory->next = pending;
    pending = directory;
}

// A line a file: "CRC-32 BYTES PATH", which the host can compute too.
void sum(System& system, Arguments arguments) {
    const Buffer room(kMostPath);
    if (!room.valid()) return complain(system, "sum", Error::OutOfMemory);
    PendingDirectory* pending = nullptr;
    sum_name(system, path_at(arguments, 1), pending);
    while (pending != nullptr) {
        PendingDirectory* directory = pending;
        pending = directory->next;
        const std::string_view path(directory->path, directory->length);
        const Result<void> done =
            each_name(system.files->calls(), path, [&](std::string_view name) {
                const std::uint32_t length = join(room.text(), path, name);
                if (length >= kMostPath) return complain(system, name, Error::NameTooLong);
                sum_name(system, {room.text(), length}, pending);
            });
        if (!done.ok()) complain(system, path, done.error());
        kfree(directory);
    }
}
MONITOR_COMMAND(sum, "[PATH]", "CRC-32 of every file of a tree", sum);

// The words after the path, with one blank between them, and a line feed.
void write(System& system, Arguments arguments) {
    if (arguments.size() < 3) return system.console.print("usage: write PATH WORDS...\n");
    Opened file(system.files->calls(), arguments[1],
                abi::kOpenWriteOnly | abi::kOpenCreate | abi::kOpenAppend);
    if (!file.descriptor().ok()) return complain(system, arguments[1], file.descriptor().error());
    for (std::size_t i = 2; i < arguments.size(); ++i) {
        const std::string_view ends[] = {arguments[i], i + 1 == arguments.size() ? "\n" : " "};
        for (const std::string_view text : ends) {
            fs::MemorySource source(std::as_bytes(std::span(text.data(), text.size())));
            const auto done = system.files->calls().write(
                file.descriptor().value(), static_cast<std::uint32_t>(text.size()), source);
            if (!done.result.ok()) return complain(system, arguments[1], done.result.error());
        }
    }
}
MONITOR_COMMAND(write, "PATH WORDS...", "append a line to a file", write);

void cp(System& system, Arguments arguments) {
    if (arguments.size() != 3) return system.console.print("usage: cp FROM TO\n");
    fs::FileCalls& calls = system.files->calls();
    Opened from(calls, arguments[1], abi::kOpenReadOnly);
    if (!from.descriptor().ok()) return complain(system, arguments[1], from.descriptor().error());
    const Opened to(calls, arguments[2],
                    abi::kOpenWriteOnly | abi::kOpenCreate | abi::kOpenTruncate);
    if (!to.descriptor().ok()) return complain(system, arguments[2], to.descriptor().error());
    std::optional<Error> failed;
    const auto read = from.read_all([&](std::span<const std::byte> piece) {
        if (failed.has_value()) return;
        fs::MemorySource source(piece);
        const auto done =
            calls.write(to.descriptor().value(), static_cast<std::uint32_t>(piece.size()), source);
        if (!done.result.ok()) failed = done.result.error();
        system.files->write_back().throttle();
    });
    if (!read.ok()) return complain(system, arguments[1], read.error());
    if (failed.has_value()) complain(system, arguments[2], *failed);
}
MONITOR_COMMAND(cp, "FROM TO", "copy a file", cp);

// Commands that are one call with one path.
void on_path(System& system, Arguments arguments,
             Result<void> (*call)(fs::FileCalls& calls, std::string_view path)) {
    if (arguments.size() != 2) return system.console.print("usage: a command and a path\n");
    const Result<void> done = call(system.files->calls(), arguments[1]);
    if (!done.ok()) complain(system, arguments[1], done.error());
}

void rm(System& system, Arguments arguments) {
    on_path(system, arguments, [](fs::FileCalls& calls, std::string_view path) {
        return calls.unlink(abi::kAtWorkingDirectory, path);
    });
}
MONITOR_COMMAND(rm, "PATH", "remove a file", rm);

void rmdir(System& system, Arguments arguments) {
    on_path(system, arguments, [](fs::FileCalls& calls, std::string_view path) {
        return calls.rmdir(abi::kAtWorkingDirectory, path);
    });
}
MONITOR_COMMAND(rmdir, "PATH", "remove an empty directory", rmdir);

void mkdir(System& system, Arguments arguments) {
    on_path(system, arguments, [](fs::FileCalls& calls, std::string_view path) {
        return calls.mkdir(abi::kAtWorkingDirectory, path, 0755);
    });
}
MONITOR_COMMAND(mkdir, "PATH", "make a directory", mkdir);

void cd(System& system, Arguments arguments) {
    on_path(system, arguments,
            [](fs::FileCalls& calls, std::string_view path) { return calls.chdir(path); });
}
MONITOR_COMMAND(cd, "PATH", "change the working directory", cd);

void mv(System& system, Arguments arguments) {
    if (arguments.size() != 3) return system.console.print("usage: mv FROM TO\n");
    const Result<void> done = system.files->calls().rename(abi::kAtWorkingDirectory, arguments[1],
                                                           abi::kAtWorkingDirectory, arguments[2]);
    if (!done.ok()) complain(system, arguments[1], done.error());
}
MONITOR_COMMAND(mv, "FROM TO", "rename a file or directory", mv);

void sync(System& system, Arguments) {
    if (!system.files->sync()) system.console.print("  some of it could not be written\n");
}
MONITOR_COMMAND(sync, "", "write everything that is dirty to the disks", sync);

void df(System& system, Arguments) {
    system.console.print("  %-12s %10s %10s %8s %8s  %s\n", "source", "KiB", "free", "files",
                         "free", "type");
    system.files->mounts().walk([&](fs::Mount& mount) {
        const fs::FileSystemFigures figures = mount.file_system.figures();
        const std::uint32_t kib = figures.block_size / 1024;
        system.console.print("  %-12s %10u %10u %8u %8u  %s\n", mount.source.data(),
                             static_cast<std::uint32_t>(figures.blocks) * kib,
                             static_cast<std::uint32_t>(figures.free_blocks) * kib,
                             static_cast<std::uint32_t>(figures.nodes),
                             static_cast<std::uint32_t>(figures.free_nodes),
                             mount.file_system.type());
    });
}
MONITOR_COMMAND(df, "", "room on each file system", df);

void drop(System& system, Arguments) {
    const mm::PageCount gained = system.virtual_memory->reclaim().drop_clean();
    system.console.print("  %u frames\n", gained.raw());
}
MONITOR_COMMAND(drop, "", "evict every clean page", drop);

}  // namespace
}  // namespace quire::kernel
