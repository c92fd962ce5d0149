// PCI configuration space and the scan of its buses, on simulated machines, some of which lie.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <tuple>
#include <vector>

#include "drivers/pci.h"
#include "tests/host/simulated_hardware.h"

namespace quire::drivers {
namespace {

/// Configuration mechanism 1 at CF8h: functions are 64 registers of 32 bits.
class SimulatedPci final : public test::SimulatedDevice {
  public:
    using Place = std::tuple<int, int, int>;  // bus, device, function

    std::map<Place, std::array<std::uint32_t, 64>> functions;
    std::uint32_t writes = 0;

    std::array<std::uint32_t, 64>& add(int bus, int device, int function,
                                       std::uint32_t class_code) {
        auto& registers = functions[{bus, device, function}];
        registers.fill(0);
        registers[0] = 0x7010'8086;
        registers[2] = class_code << 8;
        return registers;
    }
    void add_bridge(int bus, int device, std::uint32_t secondary) {
        auto& registers = add(bus, device, 0, 0x060400);
        registers[3] = 0x0001'0000;
        registers[6] = secondary << 8;
    }

    std::uint8_t in8(std::uint16_t) override { return 0xFF; }
    void out8(std::uint16_t, std::uint8_t) override {}
    std::uint32_t in32(std::uint16_t offset) override {
        if (offset == 0) return address_;
        std::uint32_t* found = selected();
        return found == nullptr ? 0xFFFFFFFF : *found;
    }
    void out32(std::uint16_t offset, std::uint32_t value) override {
        if (offset == 0) {
            address_ = value & 0x80FFFFFC;
        } else if (std::uint32_t* found = selected()) {
            ++writes;
            *found = value;
        }
    }

  private:
    std::uint32_t* selected() {
        const auto found =
            functions.find({address_ >> 16 & 0xFF, address_ >> 11 & 31, address_ >> 8 & 7});
        if ((address_ & 0x80000000) == 0 || found == functions.end()) return nullptr;
        return &found->second[address_ >> 2 & 63];
    }

    std::uint32_t address_ = 0;
};

class PciTest : public ::testing::Test {
  protected:
    PciTest() { hardware.attach(bus, 0xCF8, 8); }

    std::vector<PciAddress> scan() {
        std::vector<PciAddress> found;
        pci.scan([&found](const PciFunction& function) { found.push_back(function.address); });
        return found;
    }

    test::SimulatedHardware hardware;
    SimulatedPci bus;
    Pci pci{hardware};
};

using Places = std::vector<PciAddress>;

TEST_F(PciTest, FindsFunctionsOfOneAndManyFunctionDevices) {
    bus.add(0, 0, 0, 0x060000);
    bus.add(0, 1, 0, 0x060100)[3] = 0x0080'0000;  // has several functions
    bus.add(0, 1, 1, 0x010180);
    bus.add(0, 1, 3, 0x068000);
    bus.add(0, 31, 0, 0x020000);
    bus.add(0, 31, 1, 0x020000);  // a ghost: its device has one function only
    EXPECT_EQ(scan(), (Places{{0, 0, 0}, {0, 1, 0}, {0, 1, 1}, {0, 1, 3}, {0, 31, 0}}));
}

TEST_F(PciTest, DecodesTheClass) {
    bus.add(0, 3, 0, 0x010180);
    int visits = 0;
    pci.scan([&visits](const PciFunction& function) {
        ++visits;
        EXPECT_EQ(function.vendor, 0x8086);
        EXPECT_EQ(function.device, 0x7010);
        EXPECT_EQ(function.base_class, 0x01);
        EXPECT_EQ(function.sub_class, 0x01);
        EXPECT_EQ(function.interface, 0x80);
    });
    EXPECT_EQ(visits, 1);
}

TEST_F(PciTest, FollowsBridges) {
    bus.add_bridge(0, 2, 5);
    bus.add_bridge(5, 0, 6);
    bus.add(6, 1, 0, 0x010180);
    EXPECT_EQ(scan(), (Places{{0, 2, 0}, {5, 0, 0}, {6, 1, 0}}));
}

TEST_F(PciTest, BridgesThatLeadBackDoNotMakeItEndless) {
    bus.add_bridge(0, 2, 5);
    bus.add_bridge(5, 0, 5);
    bus.add_bridge(5, 1, 0);
    bus.add_bridge(0, 3, 5);
    EXPECT_EQ(scan().size(), 4U);
}

TEST_F(PciTest, EveryBusCanBeThere) {
    for (int number = 0; number < 256; ++number)
        bus.add_bridge(number, 0, static_cast<std::uint32_t>(number + 1) & 0xFF);
    EXPECT_EQ(scan().size(), 256U);
}

TEST(Pci, AMachineWithoutPciHasNothing) {
    test::SimulatedHardware hardware;
    Pci pci(hardware);
    EXPECT_FALSE(pci.present());
    pci.scan([](const PciFunction&) { FAIL(); });
}

TEST_F(PciTest, IoBasesAreOnlyThoseOfPorts) {
    auto& registers = bus.add(0, 1, 1, 0x010180);
    registers[8] = 0xC001;
    registers[4] = 0xFEBF'0000;  // memory
    registers[5] = 0x0001'C001;  // no port has such a number
    EXPECT_EQ(pci.io_base({0, 1, 1}, 4), 0xC000);
    EXPECT_EQ(pci.io_base({0, 1, 1}, 0), 0);
    EXPECT_EQ(pci.io_base({0, 1, 1}, 1), 0);
    EXPECT_EQ(pci.io_base({0, 9, 0}, 4), 0);
}

// The status half has bits that are cleared by writing ones.
TEST_F(PciTest, EnablingLeavesTheStatusAlone) {
    auto& registers = bus.add(0, 1, 1, 0x010180);
    registers[1] = 0xFFFF'0001;
    pci.enable({0, 1, 1}, Pci::kCommandBusMaster);
    EXPECT_EQ(registers[1], 0x0000'0005U);
}

}  // namespace
}  // namespace quire::drivers
