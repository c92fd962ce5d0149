// The queue before a disk: requests in, commands out.
//
//     submit --> round: sorted by sector --> batch: neighbours, joined --> command, command, ...
//           \       ^ when it is empty                                   (the DiskDriver's)
//            '--> later: as they came
//
// Elevator: the arm goes up over the round, and from its end back to the lowest request. A round
// takes in at most kRoundLimit requests while the disk works on it; so no request is overtaken by
// more than that. Whatever may not be overtaken closes the round: a Flush, and a request that
// overlaps another where one of the two writes. It and all after it wait in `later`.
//
// Errors: a command that fails is tried again after a reset; then its first request goes sector by
// sector, to find the bad one. The others joined with it never notice. A drive that does not come
// back from a reset is gone: everything fails at once from then on.
//
// Invariant: each request taken in is in exactly one of round, later and batch until it is done;
// no two of round and batch overlap unless both read. All fields are touched with interrupts off.
#pragma once

#include <array>

#include "drivers/disk_driver.h"
#include "drivers/hardware.h"

namespace quire::drivers {

struct BlockStatistics {
    std::uint32_t requests = 0;  // taken in
    std::uint32_t refused = 0;   // past the end, or a write to what may only be read
    std::uint32_t merged = 0;    // requests that went along with another's command
    std::uint32_t commands = 0;  // handed to the driver, resets not counted
    std::uint64_t sectors_read = 0;
    std::uint64_t sectors_written = 0;
    std::uint32_t failed_commands = 0;
    std::uint32_t resets = 0;
    std::uint32_t errors = 0;  // requests that ended with one
};

class BlockQueue final : public BlockDevice, private DiskListener {
  public:
    static constexpr std::uint32_t kRoundLimit = 64;
    /// How often a command is tried before it is split, or given up.
    static constexpr std::uint8_t kAttempts = 2;

    enum class Access : std::uint8_t { ReadWrite, ReadOnly };

    struct Disk {
        const char* name;  // must stay
        SectorCount sectors;
        Access access = Access::ReadWrite;
    };

    BlockQueue(Hardware& hardware, DiskDriver& driver, DiskWaiter& waiter, const Disk& disk)
        : hardware_(hardware), driver_(driver), waiter_(waiter), disk_(disk) {}
    BlockQueue(const BlockQueue&) = delete;
    BlockQueue& operator=(const BlockQueue&) = delete;
    /// Precondition: no request is under way.
    ~BlockQueue() = default;

    void submit(BlockRequest& request) override;
    void wait(BlockRequest& request) override;
    [[nodiscard]] SectorCount sectors() const override { return disk_.sectors; }
    [[nodiscard]] bool read_only() const override { return disk_.access == Access::ReadOnly; }
    [[nodiscard]] const char* name() const override { return disk_.name; }

    [[nodiscard]] const BlockStatistics& statistics() const { return statistics_; }
    /// True once the drive did not come back from a reset.
    [[nodiscard]] bool gone() const { return gone_; }

    void check_invariants();

  private:
    using List = IntrusiveList<BlockRequest, &BlockRequest::queue_hook>;
    enum class Phase : std::uint8_t { Idle, Running, Resetting };

    void command_ended(std::optional<Error> error) override;

    [[nodiscard]] bool may_join_round(const BlockRequest& request);
    void join_round(BlockRequest& request);
    void open_round();
    bool choose_batch();
    void choose_flushes();
    void choose_neighbours();
    [[nodiscard]] BlockRequest& next_upwards();

    void start_next();
    void start_command();
    std::size_t gather_pieces();
    void start_reset();

    void on_success();
    void on_failure(Error error);
    void fail_first_request(Error error);
    void finish_first_request(std::optional<Error> error, SectorNumber bad);
    void lose_drive();

    Hardware& hardware_;
    DiskDriver& driver_;
    DiskWaiter& waiter_;
    Disk disk_;

    List round_;                    // sorted by sector
    List later_;                    // as they came
    List batch_;                    // one after the other on the disk; or Flushes
    std::uint32_t round_size_ = 0;  // taken into the round since it was opened
    SectorNumber arm_;              // where the last batch ended
    SectorNumber cursor_;           // what the batch has been carried out up to

    Phase phase_ = Phase::Idle;
    bool by_sector_ = false;  // the batch's first request goes sector by sector
    bool gone_ = false;
    std::uint8_t attempts_ = 0;  // of this command, that failed
    DiskCommand command_;
    std::array<BlockBuffer, kMostPieces> pieces_;
    BlockStatistics statistics_;
};

}  // namespace quire::drivers
