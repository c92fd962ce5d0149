// A simulated IDE channel with two drives and a bus master, after ATA/ATAPI-6 and the Bus Master
// IDE document. The driver under test sees registers, time and an interrupt line; the test sees
// what is on the disks, and breaks things.
//
// It is stern: what a driver may not do (a command while a drive is busy, data moved without DRQ, a
// bad PRD table, sectors past the end) is counted in `violations` with the reason of the last.
#pragma once

#include <array>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "mm/physical_window.h"
#include "tests/host/simulated_hardware.h"

namespace quire::test {

using Sector = std::array<std::uint8_t, 512>;

/// One drive. Sectors that were never written hold a pattern of their number.
class SimulatedAtaDrive {
  public:
    enum class Kind { Absent, Disk, Packet };

    Kind kind = Kind::Absent;
    std::uint64_t sectors = 1U << 20;
    std::string model = "SIMULATED DISK";
    bool has_lba = true;
    bool has_extended = true;
    bool has_dma = true;
    bool dma_chosen = true;
    bool has_flush = true;
    bool dma_unknown = false;  // aborts DMA commands, whatever it said
    std::uint8_t most_multiple = 16;
    std::uint32_t sector_words = 256;
    std::uint64_t command_time = 50;  // microseconds to the first block, or for all by DMA
    std::uint64_t block_time = 5;

    // Faults. A count of -1 is for ever.
    std::map<std::uint64_t, int> bad_sectors;  // fails that many more times
    std::uint8_t bad_sector_error = 0x40;      // UNC; QEMU says ABRT (04h) instead
    int hang = 0;                              // this many commands never end
    int lose_interrupts = 0;                   // this many interrupts are not raised
    int dma_errors = 0;                        // this many DMA commands fail in the bus master
    int dma_short = 0;                         // this many end before all is moved
    int crc_errors = 0;
    int faults = 0;        // this many commands end with device fault
    int missing_data = 0;  // this many blocks come without DRQ
    int fail_flush = 0;
    int refuse_multiple = 0;
    bool dead_after_reset = false;

    std::map<std::uint64_t, Sector> written;
    std::vector<std::uint8_t> commands;  // all it was given
    int flushes = 0;

    static Sector pattern(std::uint64_t number);
    [[nodiscard]] Sector content(std::uint64_t number) const {
        const auto found = written.find(number);
        return found == written.end() ? pattern(number) : found->second;
    }
    [[nodiscard]] std::array<std::uint16_t, 256> identity() const;

    std::uint8_t multiple = 0;  // as SET MULTIPLE left it
};

class SimulatedAtaChannel final : public SimulatedDevice {
  public:
    // Offsets at which the registers are attached.
    static constexpr std::uint16_t kCommandBlock = 0;
    static constexpr std::uint16_t kControl = 8;
    static constexpr std::uint16_t kBusMaster = 16;

    std::array<SimulatedAtaDrive, 2> drives;
    bool floating = false;    // no cable
    int junk = -1;            // what every register reads as, if not negative
    bool stuck_busy = false;  // junk: BSY for ever
    int violations = 0;
    std::string last_violation;
    int resets = 0;
    int dma_commands = 0;

    void attach_to(SimulatedHardware& hardware, std::uint16_t command, std::uint16_t control,
                   std::uint16_t bus_master) {
        hardware.attach(*this, command, 8, kCommandBlock);
        hardware.attach(*this, control, 1, kControl);
        if (bus_master != 0) hardware.attach(*this, bus_master, 8, kBusMaster);
    }

    std::uint8_t in8(std::uint16_t offset) override;
    void out8(std::uint16_t offset, std::uint8_t value) override;
    std::uint16_t in16(std::uint16_t offset) override;
    void out16(std::uint16_t offset, std::uint16_t value) override;
    std::uint32_t in32(std::uint16_t) override;
    void out32(std::uint16_t offset, std::uint32_t value) override;
    void advance(std::uint64_t now) override;
    bool interrupt_line() override { return interrupt_ && (control_ & 2) == 0; }

    [[nodiscard]] bool busy() const { return (status_ & 0x80) != 0; }

  private:
    enum class Protocol { None, DataIn, DataOut, Dma, NoData };
    enum class Direction { In, Out };

    [[nodiscard]] SimulatedAtaDrive& selected() { return drives[device_ >> 4 & 1]; }
    [[nodiscard]] bool present() { return selected().kind != SimulatedAtaDrive::Kind::Absent; }
    [[nodiscard]] bool somebody() const {
        return drives[0].kind != SimulatedAtaDrive::Kind::Absent ||
               drives[1].kind != SimulatedAtaDrive::Kind::Absent;
    }
    void violate(const std::string& why) {
        ++violations;
        last_violation = why;
    }

    [[nodiscard]] std::uint8_t read_status();
    void command(std::uint8_t code);
    void begin_transfer(std::uint8_t code);
    [[nodiscard]] bool read_place(bool extended);
    void fail(std::uint8_t error);
    void complete();
    void raise();
    void next_block();
    void block_is_through();
    void run_dma();
    bool take_bad_sector(std::uint64_t number);
    static bool use_up(int& count) {
        if (count == 0) return false;
        if (count > 0) --count;
        return true;
    }
    void reset();

    // The task file; count and LBA are two bytes deep.
    std::uint8_t count_[2] = {1, 0};
    std::uint8_t lba_[3][2] = {{1, 0}, {0, 0}, {0, 0}};
    std::uint8_t device_ = 0xA0;
    std::uint8_t error_ = 1;
    std::uint8_t status_ = 0x50;
    std::uint8_t control_ = 0;
    bool interrupt_ = false;

    Protocol protocol_ = Protocol::None;
    Direction direction_ = Direction::In;
    std::uint8_t code_ = 0;
    std::uint64_t place_ = 0;  // next sector
    std::uint32_t left_ = 0;   // sectors
    std::uint32_t block_ = 1;  // sectors a DRQ block
    bool first_block_ = true;  // none of this transfer was moved yet
    std::vector<std::uint8_t> buffer_;
    std::size_t buffer_at_ = 0;
    std::uint64_t now_ = 0;
    std::uint64_t ready_at_ = 0;  // when the drive goes on; 0: nothing is under way
    bool hanging_ = false;

    std::uint8_t bm_command_ = 0;
    std::uint8_t bm_status_ = 0;
    std::uint32_t bm_table_ = 0;
};

}  // namespace quire::test
