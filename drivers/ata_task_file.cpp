#include "drivers/ata_task_file.h"

namespace quire::drivers {

namespace {

constexpr std::uint8_t kByLba = 0x40;
constexpr std::uint8_t kAlwaysSet = 0xA0;

constexpr std::uint8_t byte_of(std::uint32_t value, unsigned number) {
    return static_cast<std::uint8_t>(value >> 8 * number);
}

constexpr std::uint8_t device_register(unsigned drive, std::uint32_t upper_lba) {
    return static_cast<std::uint8_t>(kAlwaysSet | kByLba | drive << 4 | upper_lba);
}

}  // namespace

void AtaTaskFile::set_lba(std::uint32_t low24) {
    hardware_.out8(at(3), byte_of(low24, 0));
    hardware_.out8(at(4), byte_of(low24, 1));
    hardware_.out8(at(5), byte_of(low24, 2));
}

// A count of 256 is written as 0.
void AtaTaskFile::set_place(unsigned drive, SectorNumber first, SectorCount count) {
    ASSERT(first + count <= kEndOfShortAddresses);
    set_count(byte_of(count.raw(), 0));
    set_lba(first.raw());
    hardware_.out8(at(6), device_register(drive, first.raw() >> 24));
}

// Sector numbers have 32 bits here, so the two uppermost bytes are zero.
void AtaTaskFile::set_extended_place(unsigned drive, SectorNumber first, SectorCount count) {
    set_count(byte_of(count.raw(), 1));
    set_lba(first.raw() >> 24);
    set_count(byte_of(count.raw(), 0));
    set_lba(first.raw());
    hardware_.out8(at(6), device_register(drive, 0));
}

}  // namespace quire::drivers
