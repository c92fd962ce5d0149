// The registers of an ATA channel, which its two drives share: the task file.
//
//     command block (1F0h, 170h)                    control block (3F6h, 376h)
//     +0 data           +4 LBA 8-15 (mid)           read:  alternate status, acknowledges nothing
//     +1 error/features +5 LBA 16-23 (high)         write: device control (SRST, nIEN)
//     +2 sector count   +6 device: 1 L 1 D LBA 24-27
//     +3 LBA 0-7        +7 status / command
//
// Reading the status acknowledges the drive's interrupt. For 48-bit commands count and LBA
// registers are written twice, the upper half first. (ATA/ATAPI-6, T13/1410D, chapters 7 and 9.)
#pragma once

#include "drivers/block_device.h"
#include "drivers/hardware.h"

namespace quire::drivers {

namespace ata {

inline constexpr std::uint8_t kError = 0x01;        // see the error register
inline constexpr std::uint8_t kDataRequest = 0x08;  // DRQ: a block of data is to be moved
inline constexpr std::uint8_t kDeviceFault = 0x20;
inline constexpr std::uint8_t kReady = 0x40;
inline constexpr std::uint8_t kBusy = 0x80;
/// A channel without drives floats: all bits read as one.
inline constexpr std::uint8_t kFloating = 0xFF;

inline constexpr std::uint8_t kErrorAbort = 0x04;
inline constexpr std::uint8_t kErrorCrc = 0x80;  // on the cable, with Ultra DMA

inline constexpr std::uint8_t kInterruptsOff = 0x02;  // nIEN
inline constexpr std::uint8_t kSoftReset = 0x04;      // SRST, for both drives

enum class Command : std::uint8_t {
    ReadSectors = 0x20,
    ReadSectorsExt = 0x24,
    ReadDmaExt = 0x25,
    ReadMultipleExt = 0x29,
    WriteSectors = 0x30,
    WriteSectorsExt = 0x34,
    WriteDmaExt = 0x35,
    WriteMultipleExt = 0x39,
    IdentifyPacket = 0xA1,
    ReadMultiple = 0xC4,
    WriteMultiple = 0xC5,
    SetMultiple = 0xC6,
    ReadDma = 0xC8,
    WriteDma = 0xCA,
    FlushCache = 0xE7,
    FlushCacheExt = 0xEA,
    Identify = 0xEC,
};

}  // namespace ata

class AtaTaskFile {
  public:
    static constexpr std::uint16_t kDataPort = 0;

    AtaTaskFile(Hardware& hardware, std::uint16_t command_port, std::uint16_t control_port)
        : hardware_(hardware), command_port_(command_port), control_port_(control_port) {}

    /// Acknowledges the drive's interrupt.
    std::uint8_t status() { return hardware_.in8(at(7)); }
    std::uint8_t alternate_status() { return hardware_.in8(control_port_); }
    std::uint8_t error() { return hardware_.in8(at(1)); }
    std::uint8_t lba_mid() { return hardware_.in8(at(4)); }
    std::uint8_t lba_high() { return hardware_.in8(at(5)); }

    void control(std::uint8_t value) { hardware_.out8(control_port_, value); }

    /// Addresses drive 0 (master) or 1 (slave), and gives it the 400 ns it may take to notice.
    void select(unsigned drive) {
        hardware_.out8(at(6), static_cast<std::uint8_t>(0xA0 | drive << 4));
        settle();
    }
    /// 400 ns: reading a port takes 100 at least.
    void settle() {
        for (int i = 0; i < 4; ++i)
            alternate_status();
    }

    /// The place for a command with 28-bit addresses. Precondition: it ends at sector 2^28 at most,
    /// and has 1 to 256 sectors.
    void set_place(unsigned drive, SectorNumber first, SectorCount count);
    /// The same with 48-bit addresses.
    void set_extended_place(unsigned drive, SectorNumber first, SectorCount count);
    void set_count(std::uint8_t count) { hardware_.out8(at(2), count); }
    void set_lba_low(std::uint8_t value) { hardware_.out8(at(3), value); }
    std::uint8_t count() { return hardware_.in8(at(2)); }
    std::uint8_t lba_low() { return hardware_.in8(at(3)); }

    void command(ata::Command command) {
        hardware_.out8(at(7), static_cast<std::uint8_t>(command));
    }

    void read_data(void* words, std::uint32_t bytes) {
        hardware_.in16_block(at(kDataPort), words, bytes / 2);
    }
    void write_data(const void* words, std::uint32_t bytes) {
        hardware_.out16_block(at(kDataPort), words, bytes / 2);
    }

  private:
    [[nodiscard]] std::uint16_t at(unsigned offset) const {
        return static_cast<std::uint16_t>(command_port_ + offset);
    }
    void set_lba(std::uint32_t low24);

    Hardware& hardware_;
    std::uint16_t command_port_;
    std::uint16_t control_port_;
};

inline constexpr SectorNumber kEndOfShortAddresses{1U << 28};

}  // namespace quire::drivers
