// An ATA channel: a cable with two drives, of which one works at a time.
//
//            begin()                       data by bus master          interrupt
//     Idle ---------> (Reset steps) ----> Dma ---------------------------------.
//      ^    drive's turn               \> PioIn, PioOut --block by block------ +--> ended
//      |                                \> NoData (flush) ---------------------'     |
//      '-----------------------------------------------------------------------------'
//
// Both drives' queues hand in one command each; when one ends, the other drive has its turn.
// on_interrupt() moves a command on; poll(), called while somebody waits, finds ends whose
// interrupt was lost and commands that take too long. Nothing here waits for more than
// milliseconds: a reset, too, is a few steps between which time passes.
//
// DMA that fails twice for its own reasons is given up for that drive: PIO from then on.
// (ATA/ATAPI-6, T13/1410D, chapter 9: protocols.)
#pragma once

#include <array>

#include "drivers/ata_bus_master.h"
#include "drivers/ata_probe.h"
#include "drivers/disk_driver.h"

namespace quire::drivers {

struct AtaStatistics {
    std::uint32_t interrupts = 0;
    std::uint32_t spurious_interrupts = 0;
    std::uint32_t lost_interrupts = 0;
    std::uint32_t time_outs = 0;
    std::uint32_t resets = 0;
};

class AtaChannel {
  public:
    static constexpr unsigned kDrives = 2;

    enum class Transfer : std::uint8_t { Pio, Dma };

    struct Place {
        const char* name;            // "ide0"; must stay
        std::uint16_t command_port;  // 1F0h, 170h
        std::uint16_t control_port;  // 3F6h, 376h
        std::uint16_t bus_master;    // 0: none
    };

    /// `table` is a frame in the window for the bus master's use alone (any number without one).
    AtaChannel(Hardware& hardware, const Pit& pit, const Place& place, mm::FrameNumber table);
    AtaChannel(const AtaChannel&) = delete;
    AtaChannel& operator=(const AtaChannel&) = delete;

    /// Asks both drives who they are, by polling, and switches their interrupts on. The tick must
    /// run before commands are given.
    void find_drives();

    [[nodiscard]] const AtaFinding& found(unsigned drive) const { return slots_[drive].finding; }
    [[nodiscard]] Transfer transfer(unsigned drive) const { return slots_[drive].transfer; }
    /// What BlockQueue drives. Precondition of its use: found() says Disk.
    [[nodiscard]] DiskDriver& driver(unsigned drive) { return slots_[drive]; }

    /// The handler for the channel's IRQ; `context` is the AtaChannel. Interrupts are off.
    static void interrupt(void* context) { static_cast<AtaChannel*>(context)->on_interrupt(); }
    void on_interrupt();

    [[nodiscard]] const AtaStatistics& statistics() const { return statistics_; }
    void check_invariants() const;

  private:
    enum class State : std::uint8_t {
        Idle,
        ResetHeld,   // SRST is set
        ResetReady,  // waiting for the drive to come back
        Dma,
        PioIn,
        PioOut,
        NoData,
        Settled,  // over before it had begun; poll() says so
    };

    class Slot final : public DiskDriver {
      public:
        void start(const DiskCommand& new_command, DiskListener& new_listener) override {
            channel->start(*this, new_command, new_listener);
        }
        void poll() override { channel->poll(); }

        AtaChannel* channel = nullptr;
        unsigned number = 0;
        AtaFinding finding;
        Transfer transfer = Transfer::Pio;
        std::uint8_t multiple = 1;      // sectors a block of PIO
        std::uint8_t dma_failures = 0;  // in a row
        bool dma_has_worked = false;
        DiskCommand command;
        DiskListener* listener = nullptr;  // while the command has not ended
    };

    void start(Slot& slot, const DiskCommand& command, DiskListener& listener);
    void begin(Slot& slot);
    void issue();
    void issue_transfer();
    void issue_flush();
    [[nodiscard]] bool select_current();
    void write_place();
    [[nodiscard]] bool needs_extended_addresses() const;
    [[nodiscard]] ata::Command transfer_command() const;
    void settle(std::optional<Error> error);
    void refuse(const char* why);
    void be_patient();

    void advance(std::uint8_t status);
    void finish_dma();
    void move_block();
    template <typename Move>
    void move_pieces(std::uint32_t bytes, Move move);
    void offer_first_block();
    void fail(std::uint8_t status, bool by_dma);
    void count_dma_failure();
    void end(std::optional<Error> error);

    void poll();
    void poll_reset();
    [[nodiscard]] bool is_back();
    [[nodiscard]] bool look_for_lost_end();
    void time_out();
    [[nodiscard]] std::uint64_t after(std::uint32_t seconds) const;

    const Pit& pit_;
    const char* name_;
    AtaTaskFile task_file_;
    AtaBusMaster bus_master_;

    std::array<Slot, kDrives> slots_;
    Slot* current_ = nullptr;  // whose turn it is; nullptr when idle
    State state_ = State::Idle;
    std::optional<Error> settled_;      // Settled: how
    bool reset_first_ = false;          // a command timed out: the drives are in an unknown state
    bool first_block_is_late_ = false;  // of a write by PIO, for which no interrupt comes
    std::uint64_t patience_ = 0;        // tick from which a lost interrupt is looked for
    std::uint64_t deadline_ = 0;        // tick at which the command has taken too long
    std::uint64_t step_done_ = 0;       // tick at which the next step of a reset may be done
    SectorCount left_;                  // PIO: sectors to be moved yet
    std::size_t piece_ = 0;             // PIO: where in the pieces
    std::uint32_t piece_done_ = 0;      // and how far into that
    AtaStatistics statistics_;
};

}  // namespace quire::drivers
