#include "drivers/pci.h"

#include "kernel/base/assert.h"

namespace quire::drivers {

namespace {

constexpr std::uint16_t kAddressPort = 0xCF8;
constexpr std::uint16_t kDataPort = 0xCFC;
constexpr std::uint32_t kEnable = 1U << 31;

constexpr std::uint8_t kIdentity = 0x00;  // vendor and device
constexpr std::uint8_t kClass = 0x08;
constexpr std::uint8_t kHeaderType = 0x0C;
constexpr std::uint8_t kBaseAddresses = 0x10;
constexpr std::uint8_t kBusNumbers = 0x18;  // of a bridge: primary, secondary, subordinate

constexpr std::uint16_t kNobody = 0xFFFF;
constexpr std::uint8_t kBridgeClass = 0x06;
constexpr std::uint8_t kPciBridge = 0x04;

constexpr std::uint8_t byte_of(std::uint32_t value, unsigned number) {
    return static_cast<std::uint8_t>(value >> 8 * number);
}

}  // namespace

// The address port keeps what was written to it; an empty bus reads as ones.
bool Pci::present() {
    hardware_.out32(kAddressPort, kEnable);
    return hardware_.in32(kAddressPort) == kEnable;
}

void Pci::select(PciAddress address, std::uint8_t offset) {
    ASSERT(offset % 4 == 0 && address.device < 32 && address.function < 8);
    hardware_.out32(kAddressPort, kEnable | static_cast<std::uint32_t>(address.bus) << 16 |
                                      static_cast<std::uint32_t>(address.device) << 11 |
                                      static_cast<std::uint32_t>(address.function) << 8 | offset);
}

std::uint32_t Pci::read(PciAddress address, std::uint8_t offset) {
    const InterruptsOff guard(hardware_);  // two ports, one access
    select(address, offset);
    return hardware_.in32(kDataPort);
}

void Pci::write(PciAddress address, std::uint8_t offset, std::uint32_t value) {
    const InterruptsOff guard(hardware_);
    select(address, offset);
    hardware_.out32(kDataPort, value);
}

std::uint16_t Pci::io_base(PciAddress address, unsigned number) {
    ASSERT(number < 6);
    const std::uint32_t value =
        read(address, static_cast<std::uint8_t>(kBaseAddresses + 4 * number));
    const bool names_ports = (value & 1) != 0 && value < 0x10000;
    return names_ports ? static_cast<std::uint16_t>(value & 0xFFFC) : std::uint16_t{0};
}

// The upper half is status, where ones clear; so zeroes are written there.
void Pci::enable(PciAddress address, std::uint32_t bits) {
    const std::uint32_t command = read(address, kCommandRegister) & 0xFFFF;
    write(address, kCommandRegister, command | bits);
}

bool Pci::read_function(PciAddress address, PciFunction& function) {
    const std::uint32_t identity = read(address, kIdentity);
    if ((identity & 0xFFFF) == kNobody) return false;
    const std::uint32_t kind = read(address, kClass);
    function = {.address = address,
                .vendor = static_cast<std::uint16_t>(identity & 0xFFFF),
                .device = static_cast<std::uint16_t>(identity >> 16),
                .base_class = byte_of(kind, 3),
                .sub_class = byte_of(kind, 2),
                .interface = byte_of(kind, 1)};
    return true;
}

bool Pci::has_functions(PciAddress address) {
    return (byte_of(read(address, kHeaderType), 2) & 0x80) != 0;
}

// The bus on a bridge's far side, 0 if it is none.
std::uint8_t Pci::bus_behind(const PciFunction& function) {
    if (function.base_class != kBridgeClass || function.sub_class != kPciBridge) return 0;
    if ((byte_of(read(function.address, kHeaderType), 2) & 0x7F) != 1) return 0;
    return byte_of(read(function.address, kBusNumbers), 1);
}

}  // namespace quire::drivers
