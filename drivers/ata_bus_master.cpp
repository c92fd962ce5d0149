#include "drivers/ata_bus_master.h"

#include "drivers/disk_driver.h"
#include "mm/physical_window.h"

namespace quire::drivers {

namespace {

constexpr std::uint16_t kCommand = 0;
constexpr std::uint16_t kStatus = 2;
constexpr std::uint16_t kTable = 4;

constexpr std::uint8_t kStart = 0x01;
constexpr std::uint8_t kTowardsRam = 0x08;

constexpr std::uint8_t kActive = 0x01;
constexpr std::uint8_t kFailed = 0x02;
constexpr std::uint8_t kInterrupt = 0x04;
// Error and interrupt are cleared by writing ones; the rest says which drives the BIOS set up.
constexpr std::uint8_t kAcknowledge = kFailed | kInterrupt;
constexpr std::uint8_t kDrivesSetUp = 0x60;

constexpr std::uint32_t kLast = 1U << 31;
constexpr std::uint32_t kBoundary = 65'536;

constexpr std::uint16_t offset(std::uint16_t port, std::uint16_t by) {
    return static_cast<std::uint16_t>(port + by);
}

}  // namespace

void AtaBusMaster::prepare(std::span<const BlockBuffer> pieces, Direction direction) {
    ASSERT(present());
    write_table(pieces);
    direction_ = direction == Direction::ToRam ? kTowardsRam : std::uint8_t{0};
    hardware_.out8(offset(port_, kCommand), direction_);
    hardware_.out32(offset(port_, kTable), mm::start_of(table_).raw());
    const std::uint8_t status = hardware_.in8(offset(port_, kStatus));
    hardware_.out8(offset(port_, kStatus),
                   static_cast<std::uint8_t>((status & kDrivesSetUp) | kAcknowledge));
}

// Pieces that lie side by side in RAM become one entry, as far as the boundary lets them.
void AtaBusMaster::write_table(std::span<const BlockBuffer> pieces) {
    ASSERT(!pieces.empty() && pieces.size() <= kMostPieces);
    std::uint32_t* entry = mm::frame_words(table_);
    std::uint32_t start = pieces[0].address.raw();
    std::uint32_t bytes = 0;
    for (const BlockBuffer& piece : pieces) {
        const std::uint32_t address = piece.address.raw();
        if (bytes != 0 && (address != start + bytes || address % kBoundary == 0)) {
            *entry++ = start;
            *entry++ = bytes % kBoundary;
            start = address;
            bytes = 0;
        }
        bytes += piece.bytes;
    }
    *entry++ = start;
    *entry = (bytes % kBoundary) | kLast;
}

void AtaBusMaster::start() {
    // The table must be in RAM before the device is told to look at it.
    asm volatile("" : : : "memory");
    hardware_.out8(offset(port_, kCommand), static_cast<std::uint8_t>(direction_ | kStart));
}

bool AtaBusMaster::interrupted() {
    return (hardware_.in8(offset(port_, kStatus)) & kInterrupt) != 0;
}

AtaBusMaster::Outcome AtaBusMaster::stop() {
    const std::uint8_t status = hardware_.in8(offset(port_, kStatus));
    hardware_.out8(offset(port_, kCommand), direction_);
    hardware_.out8(offset(port_, kStatus),
                   static_cast<std::uint8_t>((status & kDrivesSetUp) | kAcknowledge));
    return {.error = (status & kFailed) != 0, .incomplete = (status & kActive) != 0};
}

}  // namespace quire::drivers
