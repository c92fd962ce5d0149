// drivers/acpi_power: the tables of a firmware, whole, damaged, hostile and made of noise.
#include "drivers/acpi_power.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/host/seed.h"

namespace quire::drivers {
namespace {

// A MiB of low memory, and tables at kTables.
class Firmware final : public PhysicalReader {
  public:
    static constexpr std::uint32_t kTables = 0x7FE0000, kRsdt = kTables, kFadt = kTables + 0x100,
                                   kDsdt = kTables + 0x200, kRsdp = 0xF6A20;

    Firmware() : low_(1 << 20), high_(0x10000) {
        put(kRsdp, "RSD PTR ");
        put32(kRsdp + 16, kRsdt);
        put(kRsdt, "RSDT");
        put32(kRsdt + 4, 44);
        put32(kRsdt + 36, kDsdt);  // some other table first
        put32(kRsdt + 40, kFadt);
        put(kFadt, "FACP");
        put32(kFadt + 4, 116);
        put32(kFadt + 40, kDsdt);
        put32(kFadt + 48, 0xB2);
        byte(kFadt + 52) = 0xF1;
        put32(kFadt + 64, 0x604);
        put(kDsdt, "DSDT");
        set_code(std::string(500, 'x') + "\x08_S5_\x12\x06\x04\x0A\x05\x01" + std::string(2, '\0'));
        seal();
    }
    bool read(std::uint32_t address, std::span<std::uint8_t> to) override {
        for (std::size_t i = 0; i < to.size(); ++i, ++address) {
            if (!is_there(address)) return false;
            to[i] = byte(address);
        }
        return true;
    }
    static bool is_there(std::uint32_t address) {
        return address < 1U << 20 || (address >= kTables && address < kTables + 0x10000);
    }
    std::uint8_t& byte(std::uint32_t address) {
        return address < low_.size() ? low_[address] : high_[address - kTables];
    }
    void put(std::uint32_t address, const std::string& text) {
        for (const char character : text)
            byte(address++) = static_cast<std::uint8_t>(character);
    }
    void put32(std::uint32_t address, std::uint32_t value) {
        for (int i = 0; i < 4; ++i, value >>= 8)
            byte(address++) = static_cast<std::uint8_t>(value);
    }
    void set_code(const std::string& code) {
        put32(kDsdt + 4, static_cast<std::uint32_t>(36 + code.size()));
        put(kDsdt + 36, code);
    }
    // Makes each sum right.
    void seal() {
        sum(kRsdp, 20, 8);
        for (const std::uint32_t table : {kRsdt, kFadt, kDsdt})
            sum(table, length(table), 9);
    }
    std::uint32_t length(std::uint32_t table) {
        return byte(table + 4) | byte(table + 5) << 8U | byte(table + 6) << 16U;
    }

  private:
    void sum(std::uint32_t first, std::uint32_t bytes, std::uint32_t place) {
        byte(first + place) = 0;
        std::uint8_t total = 0;
        for (std::uint32_t i = 0; i < bytes; ++i)
            total = static_cast<std::uint8_t>(total + byte(first + i));
        byte(first + place) = static_cast<std::uint8_t>(-total);
    }
    std::vector<std::uint8_t> low_, high_;
};

TEST(AcpiPower, IsFoundThroughTheTables) {
    Firmware firmware;
    const auto found = find_power_off(firmware);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->control_a, 0x604);
    EXPECT_EQ(found->value_a, 5 << 10 | 1 << 13);
    EXPECT_EQ(found->value_b, 1 << 10 | 1 << 13);
    EXPECT_EQ(found->control_b, 0);
    EXPECT_EQ(found->command_port, 0xB2);
    EXPECT_EQ(found->enable, 0xF1);
}

TEST(AcpiPower, ThePointerMayLieInTheEbda) {
    Firmware firmware;
    firmware.put(Firmware::kRsdp, "no");
    EXPECT_FALSE(find_power_off(firmware).has_value());
    firmware.byte(0x40E) = 0x00;
    firmware.byte(0x40F) = 0x9F;  // segment 9F00h
    firmware.put(0x9F000 + 0x3F0, "RSD PTR ");
    firmware.put32(0x9F000 + 0x3F0 + 16, Firmware::kRsdt);
    std::uint8_t sum = 0;
    for (std::uint32_t i = 0; i < 20; ++i)
        sum = static_cast<std::uint8_t>(sum + firmware.byte(0x9F000 + 0x3F0 + i));
    firmware.byte(0x9F000 + 0x3F0 + 8) = static_cast<std::uint8_t>(-sum);
    EXPECT_TRUE(find_power_off(firmware).has_value());
}

// Each way in which a package may be written, at each place of a piece, up to the table's last
// byte.
TEST(AcpiPower, ThePackageIsFoundWhereverItLies) {
    const std::string codes[] = {
        std::string("\x08_S5_\x12\x06\x04\x0A\x03\x0A\x03", 12),
        std::string("\x08\x5C_S5_\x12\x06\x04\x0A\x03\x0A\x03", 13),
        std::string("\x08_S5_\x12\x46\x00\x02\x0B\x03\x00\x0C\x03\x00\x00\x00", 17),
        std::string("\x08_S5_\x12\x04\x01\x0A\x03", 10),
    };
    for (const std::string& code : codes) {
        for (std::size_t before = 225; before < 265; ++before) {
            Firmware firmware;
            firmware.set_code(std::string(before, 'y') + code);
            firmware.seal();
            const auto found = find_power_off(firmware);
            ASSERT_TRUE(found.has_value()) << before;
            ASSERT_EQ(found->value_a, 3 << 10 | 1 << 13) << before;
            ASSERT_EQ(found->value_b, 3 << 10 | 1 << 13) << before;
        }
    }
}

TEST(AcpiPower, APackageThatIsCutOffIsNone) {
    const std::string code("\x08_S5_\x12\x06\x02\x0A\x03\x0A\x03", 12);
    for (std::size_t bytes = 0; bytes < code.size(); ++bytes) {
        Firmware firmware;
        firmware.set_code(code.substr(0, bytes));
        firmware.seal();
        EXPECT_EQ(find_power_off(firmware).has_value(), bytes >= 12) << bytes;
    }
}

TEST(AcpiPower, AWrongSumAnywhereIsNoAnswer) {
    for (const std::uint32_t place : {Firmware::kRsdp + 10, Firmware::kRsdt + 20,
                                      Firmware::kFadt + 110, Firmware::kDsdt + 300}) {
        Firmware firmware;
        ++firmware.byte(place);
        EXPECT_FALSE(find_power_off(firmware).has_value()) << std::hex << place;
    }
}

TEST(AcpiPower, LengthsAndAddressesAreNotTrusted) {
    for (const std::uint32_t table : {Firmware::kRsdt, Firmware::kFadt, Firmware::kDsdt}) {
        for (const std::uint32_t bytes : {0U, 35U, 36U, 0x20000U, 0x80000000U, ~0U}) {
            Firmware firmware;
            firmware.put32(table + 4, bytes);
            EXPECT_FALSE(find_power_off(firmware).has_value()) << bytes;
        }
    }
    for (const std::uint32_t address : {0U, 0x500U, 0x8000000U, ~0U - 10, ~0U}) {
        Firmware firmware;
        firmware.put32(Firmware::kFadt + 40, address);
        firmware.seal();
        EXPECT_FALSE(find_power_off(firmware).has_value()) << address;
    }
    for (const std::uint32_t port : {0U, 0x10000U, ~0U}) {
        Firmware firmware;
        firmware.put32(Firmware::kFadt + 64, port);
        firmware.seal();
        EXPECT_FALSE(find_power_off(firmware).has_value()) << port;
    }
}

// All addresses can be read: then a length alone would keep the reader busy.
class Endless final : public PhysicalReader {
  public:
    bool read(std::uint32_t address, std::span<std::uint8_t> to) override {
        bytes += to.size();
        if (Firmware::is_there(address)) return firmware.read(address, to);
        std::fill(to.begin(), to.end(), std::uint8_t{0});
        return true;
    }
    Firmware firmware;
    std::uint64_t bytes = 0;
};

TEST(AcpiPower, NoLengthKeepsItBusy) {
    for (const std::uint32_t table : {Firmware::kRsdt, Firmware::kFadt, Firmware::kDsdt}) {
        Endless memory;
        memory.firmware.put32(table + 4, 0xF0000000);
        EXPECT_FALSE(find_power_off(memory).has_value());
        EXPECT_LT(memory.bytes, 4U << 20);
    }
}

// Noise with right sums: whatever comes out, nothing else is read, and it ends.
TEST(AcpiPower, NoiseDoesNoHarm) {
    test::Random random(test::seed());
    const auto below = [&](std::uint32_t limit) {
        return static_cast<std::uint32_t>(random.below(limit));
    };
    for (int round = 0; round < 300; ++round) {
        Firmware firmware;
        for (int i = 0; i < 20; ++i) {
            const std::uint32_t table = below(2) == 0 ? Firmware::kDsdt : Firmware::kFadt;
            firmware.byte(table + 10 + below(560)) = static_cast<std::uint8_t>(below(256));
        }
        if (firmware.length(Firmware::kDsdt) < 0x8000 && firmware.length(Firmware::kFadt) < 0x8000)
            firmware.seal();
        const auto found = find_power_off(firmware);
        EXPECT_TRUE(!found.has_value() || found->control_a != 0);
    }
}

}  // namespace
}  // namespace quire::drivers
