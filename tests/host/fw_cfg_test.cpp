// QEMU's firmware configuration: the directory walk, and machines that lack the device.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "drivers/fw_cfg.h"
#include "tests/host/simulated_hardware.h"

namespace quire::drivers {
namespace {

class SimulatedFwCfg final : public test::SimulatedDevice {
  public:
    std::map<int, std::string> items{{0, "QEMU"}};

    void add_file(const std::string& name, const std::string& content) {
        const int selector = 0x20 + count_++;
        items[selector] = content;
        entries_ += big_endian(content.size(), 4) + big_endian(static_cast<unsigned>(selector), 2) +
                    big_endian(0, 2) + name + std::string(56 - name.size(), '\0');
        items[0x19] = big_endian(static_cast<unsigned>(count_), 4) + entries_;
    }
    void out16(std::uint16_t offset, std::uint16_t value) override {
        if (offset != 0) return;
        selected_ = value;
        position_ = 0;
    }
    void out8(std::uint16_t, std::uint8_t) override {}
    std::uint8_t in8(std::uint16_t offset) override {
        if (offset != 1) return 0xFF;
        const std::string& item = items[selected_];
        return position_ < item.size() ? static_cast<std::uint8_t>(item[position_++]) : 0;
    }
    static std::string big_endian(std::size_t value, int bytes) {
        std::string text;
        while (bytes-- != 0)
            text.push_back(static_cast<char>(value >> (8 * bytes) & 0xFF));
        return text;
    }

  private:
    int selected_ = 0;
    int count_ = 0;
    std::size_t position_ = 0;
    std::string entries_;
};

struct Machine {
    Machine() { hardware.attach(device, 0x510, 2); }
    test::SimulatedHardware hardware;
    SimulatedFwCfg device;
    FirmwareConfig config{hardware};
    char buffer[16] = "untouched";
};

TEST(FirmwareConfig, ReadsTheNamedItem) {
    Machine machine;
    machine.device.add_file("opt/quire/cmd", "short name");
    machine.device.add_file("opt/quire/cmdline2", "long name");
    machine.device.add_file("opt/quire/cmdline", "test=all");
    machine.device.add_file("opt/after", "x");
    EXPECT_EQ(machine.config.read_file("opt/quire/cmdline", machine.buffer, 16).value(), 8U);
    EXPECT_STREQ(machine.buffer, "test=alld");
}

TEST(FirmwareConfig, StopsAtTheCapacityAndTellsTheSize) {
    Machine machine;
    machine.device.add_file("opt/quire/cmdline", "a long command line");
    EXPECT_EQ(machine.config.read_file("opt/quire/cmdline", machine.buffer, 4).value(), 19U);
    EXPECT_STREQ(machine.buffer, "a louched");
}

TEST(FirmwareConfig, FindsNothingUnderAnotherName) {
    Machine machine;
    machine.device.add_file("opt/quire/cmdline", "text");
    EXPECT_EQ(machine.config.read_file("opt/quire/cmd", machine.buffer, 16).error(),
              Error::NotFound);
    EXPECT_EQ(machine.config.read_file("opt/quire/cmdline3", machine.buffer, 16).error(),
              Error::NotFound);
    EXPECT_STREQ(machine.buffer, "untouched");
}

// A name that fills its field has no NUL: a longer one must not match it.
TEST(FirmwareConfig, FindsNothingUnderALongerName) {
    Machine machine;
    const std::string name(56, 'n');
    machine.device.add_file(name, "text");
    EXPECT_EQ(machine.config.read_file((name + "nn").c_str(), machine.buffer, 16).error(),
              Error::NotFound);
}

TEST(FirmwareConfig, FindsNothingInAnEmptyDirectory) {
    Machine machine;
    EXPECT_EQ(machine.config.read_file("any", machine.buffer, 16).error(), Error::NotFound);
}

TEST(FirmwareConfig, FindsNothingOnAnotherMachine) {
    test::SimulatedHardware hardware;
    FirmwareConfig config(hardware);
    char buffer[4];
    EXPECT_FALSE(config.present());
    EXPECT_EQ(config.read_file("opt/quire/cmdline", buffer, 4).error(), Error::NotFound);
    EXPECT_LT(hardware.now(), 10U);
}

// A directory of nonsense (every byte 0xFF) is given up, not walked for ever.
TEST(FirmwareConfig, GivesUpOnANonsenseDirectory) {
    Machine machine;
    machine.device.items[0x19] = std::string(4, '\xFF');
    EXPECT_EQ(machine.config.read_file("any", machine.buffer, 16).error(), Error::NotFound);
    EXPECT_LT(machine.hardware.now(), 100'000U);
}

}  // namespace
}  // namespace quire::drivers
