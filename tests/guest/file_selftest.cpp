// Files on the real machine: the tree that the image was made with, byte for byte, through whatever
// disk driver and however little memory there is; and files that are written, evicted, read again.
// A machine without a disk passes what needs none.
#include <array>
#include <charconv>

#include "kernel/abi/fcntl.h"
#include "kernel/crc32.h"
#include "kernel/files.h"
#include "kernel/selftest.h"
#include "kernel/virtual_memory.h"
#include "libc/string.h"

namespace quire::test {
namespace {

constexpr std::uint32_t kPieceBytes = 512;
using Piece = std::array<std::byte, kPieceBytes>;

bool has_disk(kernel::SelfTest& test) {
    if (test.system().files->has_root_disk()) return true;
    test.system().console.print("# no disk is mounted here\n");
    return false;
}

/// A file that is closed at the end, read or written piece by piece.
class File {
  public:
    File(kernel::SelfTest& test, std::string_view path, std::uint32_t flags)
        : calls_(test.system().files->calls()),
          descriptor_(calls_.open(abi::kAtWorkingDirectory, path, flags, 0644)) {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (is_open()) (void)calls_.close(descriptor_.value());
    }
    [[nodiscard]] bool is_open() const { return descriptor_.ok(); }
    /// 0 at the end, and after an error.
    std::uint32_t read(Piece& piece) {
        fs::MemorySink sink(piece);
        auto got = calls_.read(descriptor_.value(), kPieceBytes, sink);
        return got.ok() ? got.value() : 0;
    }
    bool write(std::span<const std::byte> bytes) {
        fs::MemorySource source(bytes);
        const auto done =
            calls_.write(descriptor_.value(), static_cast<std::uint32_t>(bytes.size()), source);
        return done.result.ok() && done.result.value() == bytes.size();
    }
    bool sync() { return calls_.fsync(descriptor_.value(), false).ok(); }

  private:
    fs::FileCalls& calls_;
    Result<fs::Descriptor> descriptor_;
};

std::uint32_t sum_of(kernel::SelfTest& test, std::string_view path) {
    static Piece piece;
    File file(test, path, abi::kOpenReadOnly);
    kernel::Crc32 crc;
    if (!file.is_open()) return crc.value();
    while (const std::uint32_t got = file.read(piece))
        crc.add(std::span(piece).first(got));
    return crc.value();
}

/// A line of /etc/sums: eight digits, a blank, a path.
bool line_agrees(kernel::SelfTest& test, std::string_view line) {
    std::uint32_t expected = 0;
    if (line.size() < 10) return false;
    if (std::from_chars(line.data(), line.data() + 8, expected, 16).ec != std::errc()) return false;
    if (sum_of(test, line.substr(9)) == expected) return true;
    test.system().console.print("# %.*s differs\n", static_cast<int>(line.size()), line.data());
    return false;
}

// 16 KiB of numbers that follow from `seed`.
constexpr std::uint32_t kWords = 4096;
std::uint32_t word_at(std::uint32_t seed, std::uint32_t i) {
    return (i + seed) * 2654435761U;
}

bool write_words(File& file, std::uint32_t seed) {
    static std::array<std::uint32_t, kPieceBytes / 4> words;
    for (std::uint32_t i = 0; i < kWords; i += words.size()) {
        for (std::uint32_t j = 0; j < words.size(); ++j)
            words[j] = word_at(seed, i + j);
        if (!file.write(std::as_bytes(std::span(words)))) return false;
    }
    return true;
}

bool has_words(File& file, std::uint32_t seed) {
    static Piece piece;
    std::uint32_t i = 0;
    while (const std::uint32_t got = file.read(piece)) {
        for (std::uint32_t at = 0; at < got; at += 4, ++i) {
            std::uint32_t word;
            memcpy(&word, piece.data() + at, sizeof(word));
            if (word != word_at(seed, i)) return false;
        }
    }
    return i == kWords;
}

// Written, evicted as far as it can be, and read again.
void check_round_trip(kernel::SelfTest& test, std::string_view path) {
    kernel::Files& files = *test.system().files;
    {
        File file(test, path, abi::kOpenWriteOnly | abi::kOpenCreate | abi::kOpenTruncate);
        CHECK(file.is_open());
        if (!file.is_open()) return;
        CHECK(write_words(file, 7));
        CHECK(file.sync());
    }
    (void)test.system().virtual_memory->reclaim().drop_clean();
    {
        File file(test, path, abi::kOpenReadOnly);
        CHECK(file.is_open() && has_words(file, 7));
    }
    CHECK(files.calls().unlink(abi::kAtWorkingDirectory, path).ok());
    CHECK(!files.calls().stat(abi::kAtWorkingDirectory, path).ok());
    test.system().virtual_memory->check_invariants();
    files.check_invariants();
}

SELFTEST(files_of_the_image_are_what_it_was_made_of) {
    if (!has_disk(test)) return;
    static Piece piece;
    File sums(test, "/etc/sums", abi::kOpenReadOnly);
    CHECK(sums.is_open());
    if (!sums.is_open()) return;
    static char line[512];
    std::size_t length = 0;
    unsigned lines = 0;
    while (const std::uint32_t got = sums.read(piece)) {
        for (std::uint32_t i = 0; i < got; ++i) {
            const char letter = static_cast<char>(piece[i]);
            if (letter != '\n') {
                if (length < sizeof(line)) line[length++] = letter;
                continue;
            }
            CHECK(line_agrees(test, {line, length}));
            length = 0;
            ++lines;
        }
    }
    CHECK(lines > 100);
}

SELFTEST(files_on_the_disk_come_back_after_eviction) {
    if (!has_disk(test) || test.system().files->root_disk().read_only()) return;
    check_round_trip(test, "/selftest");
    CHECK(test.system().files->sync());
}

SELFTEST(files_in_memory_come_back_after_eviction) {
    check_round_trip(test, "/tmp/selftest");
}

SELFTEST(files_of_proc_tell_of_this_machine) {
    static Piece piece;
    File meminfo(test, "/proc/meminfo", abi::kOpenReadOnly);
    CHECK(meminfo.is_open());
    if (!meminfo.is_open()) return;
    const std::uint32_t got = meminfo.read(piece);
    CHECK(std::string_view(reinterpret_cast<const char*>(piece.data()), got)
              .starts_with("MemTotal:"));
}

}  // namespace
}  // namespace quire::test
