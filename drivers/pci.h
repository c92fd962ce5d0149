// PCI configuration space by mechanism 1, and what is on the buses.
//
//     CF8h: 31 enable | 23-16 bus | 15-11 device | 10-8 function | 7-2 register
//     CFCh: the register's 32 bits
//
// The scan follows bridges from bus 0, each bus once, so no bridge that lies makes it endless.
// (PCI Local Bus Specification 3.0, 3.2.2.3.2 and chapter 6.)
#pragma once

#include <cstdint>

#include "drivers/hardware.h"

namespace quire::drivers {

struct PciAddress {
    std::uint8_t bus = 0;
    std::uint8_t device = 0;    // 0 to 31
    std::uint8_t function = 0;  // 0 to 7

    bool operator==(const PciAddress&) const = default;
};

struct PciFunction {
    PciAddress address;
    std::uint16_t vendor = 0;
    std::uint16_t device = 0;
    std::uint8_t base_class = 0;
    std::uint8_t sub_class = 0;
    std::uint8_t interface = 0;
};

class Pci {
  public:
    static constexpr std::uint8_t kCommandRegister = 0x04;
    static constexpr std::uint32_t kCommandIo = 0x1;
    static constexpr std::uint32_t kCommandMemory = 0x2;
    static constexpr std::uint32_t kCommandBusMaster = 0x4;

    explicit Pci(Hardware& hardware) : hardware_(hardware) {}

    /// Whether the machine has PCI with mechanism 1.
    [[nodiscard]] bool present();

    /// `offset` is a multiple of 4. An absent function reads as all ones.
    std::uint32_t read(PciAddress address, std::uint8_t offset);
    void write(PciAddress address, std::uint8_t offset, std::uint32_t value);

    /// Base address register `number` (0 to 5) if it names I/O ports, else 0.
    std::uint16_t io_base(PciAddress address, unsigned number);
    /// Sets bits of the command register.
    void enable(PciAddress address, std::uint32_t bits);

    /// Calls visit(const PciFunction&) for every function there is, bus by bus. Nothing without
    /// PCI.
    template <typename Visit>
    void scan(Visit visit);

  private:
    static constexpr std::uint32_t kBuses = 256;
    /// Which buses are to be scanned, and which are known already.
    struct Buses {
        std::uint32_t known[kBuses / 32] = {};

        /// False if the bus was known.
        bool add(std::uint8_t bus) {
            std::uint32_t& word = known[bus / 32];
            const std::uint32_t bit = 1U << bus % 32;
            const bool is_new = (word & bit) == 0;
            word |= bit;
            return is_new;
        }
    };

    void select(PciAddress address, std::uint8_t offset);
    [[nodiscard]] bool read_function(PciAddress address, PciFunction& function);
    [[nodiscard]] bool has_functions(PciAddress address);
    [[nodiscard]] std::uint8_t bus_behind(const PciFunction& function);

    Hardware& hardware_;
};

template <typename Visit>
void Pci::scan(Visit visit) {
    if (!present()) return;
    Buses buses;
    std::uint8_t waiting[kBuses] = {0};
    std::uint32_t count = 1;
    buses.add(0);
    for (std::uint32_t next = 0; next < count; ++next) {
        for (unsigned slot = 0; slot < 32 * 8; ++slot) {
            const PciAddress address{waiting[next], static_cast<std::uint8_t>(slot / 8),
                                     static_cast<std::uint8_t>(slot % 8)};
            PciFunction function;
            if (!read_function(address, function)) {
                if (address.function == 0) slot += 7;  // nobody in this slot
                continue;
            }
            visit(function);
            const std::uint8_t behind = bus_behind(function);
            if (behind != 0 && buses.add(behind)) waiting[count++] = behind;
            if (address.function == 0 && !has_functions(address)) slot += 7;
        }
    }
}

}  // namespace quire::drivers
