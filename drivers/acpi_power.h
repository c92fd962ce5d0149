// How to switch the machine off, as its firmware's tables tell it (ACPI 1.0b, 5.2).
//
//     RSDP ("RSD PTR ", below 1 MiB) --> RSDT --> FADT ("FACP"): ports PM1a_CNT, PM1b_CNT, SMI_CMD
//                                                  '--> DSDT: byte code; the package \_S5 in it
//
// The byte code is not run: the package is found by its name, and its first two numbers are what
// goes into SLP_TYP. Nothing in memory is trusted: each table's sum must be right, lengths are
// bounded, and whatever does not fit means that there is no answer. Pure: memory comes from a
// reader, and what is to be written where goes out as a value.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace quire::drivers {

/// Physical memory, to be looked at.
class PhysicalReader {
  public:
    /// Fills `to` with what lies at `address`. False: nothing can be read there.
    [[nodiscard]] virtual bool read(std::uint32_t address, std::span<std::uint8_t> to) = 0;

  protected:
    ~PhysicalReader() = default;
};

/// What there is to be written, and where: in this order.
struct PowerOff {
    std::uint16_t command_port = 0;  // SMI_CMD, a byte; 0: ACPI is on, or there is no need
    std::uint8_t enable = 0;         // what it is given
    std::uint16_t control_a = 0;     // PM1a_CNT, 16 bits
    std::uint16_t value_a = 0;       // SLP_TYP and SLP_EN, beside the bits that are there
    std::uint16_t control_b = 0;     // PM1b_CNT; 0: none
    std::uint16_t value_b = 0;

    /// The bits of PM1_CNT that value_a and value_b replace.
    static constexpr std::uint16_t kSleepMask = 15U << 10;
    static constexpr std::uint16_t kAcpiIsOn = 1;  // SCI_EN in PM1a_CNT
};

/// Nothing: there are no such tables, or they are damaged.
[[nodiscard]] std::optional<PowerOff> find_power_off(PhysicalReader& memory);

}  // namespace quire::drivers
