// A disk in host memory: it keeps a log of all that is asked of it, fails on demand, and can tell
// what would be left if the power went after any write.
//
//     origin --write 1--write 2--flush--write 3--write 4--write 5 ...       the log
//                                  |       |
//                                  |       '-- cut here: origin, writes 1 to 3
//                                  '---------- what is not lost for certain, whatever else is
//
// It is as mean as BlockDevice allows: nothing is carried out before somebody waits, requests in
// the queue together may be carried out in any order, and what a read fills holds junk until it is
// done. An access past the end, or with buffers that are none, fails the running test.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "drivers/block_device.h"

namespace quire::test {

using DiskBytes = std::vector<std::byte>;

/// How much of what was written is lost when the power goes.
enum class CutLoss : std::uint8_t {
    Nothing,    // all writes before the cut are whole
    TornLast,   // only some first sectors of the last one arrived
    Unflushed,  // each sector written since the last flush arrived or not, by chance
};

/// What a write that fails leaves on the disk.
enum class FailedWrite : std::uint8_t { ChangesNothing, WritesHalf, WritesJunk };

class DiskImage final : public drivers::BlockDevice {
  public:
    using Kind = drivers::BlockRequest::Kind;

    /// One request, as it was carried out.
    struct Access {
        Kind kind;
        drivers::SectorNumber first;
        drivers::SectorCount sectors;
        bool failed;
        DiskBytes bytes;  // of a write: what the sectors hold after it
    };

    static constexpr unsigned char kJunk = 0xE7;

    /// A disk with this content. Precondition: whole sectors.
    explicit DiskImage(DiskBytes content);
    /// A disk full of zeros.
    explicit DiskImage(drivers::SectorCount sectors);
    DiskImage(const DiskImage&) = delete;
    DiskImage& operator=(const DiskImage&) = delete;
    /// A request that is still in the queue fails the running test.
    ~DiskImage();

    // --- BlockDevice ---

    void submit(drivers::BlockRequest& request) override;
    void wait(drivers::BlockRequest& request) override;
    [[nodiscard]] drivers::SectorCount sectors() const override;
    [[nodiscard]] bool read_only() const override { return read_only_; }
    [[nodiscard]] const char* name() const override { return "image"; }

    // --- The content, to look at and to change behind everybody's back ---

    [[nodiscard]] DiskBytes& content() { return content_; }
    [[nodiscard]] std::span<std::byte> sector(drivers::SectorNumber sector);
    void set_read_only(bool read_only) { read_only_ = read_only; }
    /// Takes the content from a file, whose size becomes the disk's; or writes it to one.
    static DiskBytes load(const std::string& path);
    static void save(const DiskBytes& content, const std::string& path);
    void save(const std::string& path) const { save(content_, path); }

    // --- Failures; all are IoError ---

    /// The n-th request of this kind from now on fails, once; 0: none.
    void fail_nth(Kind kind, std::uint32_t n) { nth_[index(kind)] = n; }
    /// Every request of this kind fails until this is taken back.
    void fail_all(Kind kind, bool fail) { all_[index(kind)] = fail; }
    /// Every access to this sector fails; nothing: no sector is bad.
    void fail_sector(std::optional<drivers::SectorNumber> sector) { bad_sector_ = sector; }
    void set_failed_write(FailedWrite leaves) { failed_write_ = leaves; }
    /// Requests in the queue together are carried out in an order that this seed chooses.
    void shuffle(std::uint64_t seed) { order_.emplace(seed); }

    // --- The log ---

    /// Forgets the log; the content of this moment is the origin of cut() from now on.
    void start_log();
    /// Keeps none from now on: for fuzzing.
    void stop_log();
    [[nodiscard]] const std::vector<Access>& log() const { return log_; }
    [[nodiscard]] std::uint32_t count(Kind kind) const { return counts_[index(kind)]; }

    /// What the disk holds if the power goes after the first `accesses` entries of the log. The
    /// seed is for those losses that are left to chance. Precondition: start_log() was called.
    [[nodiscard]] DiskBytes cut(std::size_t accesses, CutLoss loss, std::uint64_t seed = 0) const;

  private:
    static constexpr std::size_t index(Kind kind) { return static_cast<std::size_t>(kind); }
    [[nodiscard]] bool is_well_formed(const drivers::BlockRequest& request) const;
    [[nodiscard]] bool may_overtake(std::size_t place) const;
    [[nodiscard]] std::size_t choose();
    void carry_out(drivers::BlockRequest& request);
    [[nodiscard]] bool must_fail(const drivers::BlockRequest& request);
    void transfer(drivers::BlockRequest& request, bool fails);

    DiskBytes content_;
    DiskBytes origin_;
    std::vector<Access> log_;
    std::vector<drivers::BlockRequest*> queue_;
    std::optional<std::mt19937_64> order_;
    std::array<std::uint32_t, 3> nth_{};
    std::array<bool, 3> all_{};
    std::array<std::uint32_t, 3> counts_{};
    std::optional<drivers::SectorNumber> bad_sector_;
    FailedWrite failed_write_ = FailedWrite::WritesHalf;
    bool read_only_ = false;
    bool logs_ = false;
};

}  // namespace quire::test
