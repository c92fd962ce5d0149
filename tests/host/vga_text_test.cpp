// The VGA driver's port side: the cursor registers, written when needed and only then.
#include <gtest/gtest.h>

#include <vector>

#include "drivers/vga_text.h"
#include "tests/host/simulated_hardware.h"

namespace quire::drivers {
namespace {

class SimulatedCrtc final : public test::SimulatedDevice {
  public:
    std::uint8_t in8(std::uint16_t offset) override {
        return offset == 1 ? registers[index_] : 0xFF;
    }
    void out8(std::uint16_t offset, std::uint8_t value) override {
        if (offset == 0) {
            index_ = value % 32;
        } else {
            registers[index_] = value;
            ++writes;
        }
    }
    [[nodiscard]] int cursor() const { return registers[14] * 256 + registers[15]; }
    [[nodiscard]] bool cursor_on() const { return (registers[10] & 0x20) == 0; }

    std::uint8_t registers[32] = {};
    int writes = 0;

  private:
    std::uint8_t index_ = 0;
};

// The attribute controller at 0x3C0/0x3C1 with its flip-flop, and the status port 0x3DA.
class SimulatedAttributes final : public test::SimulatedDevice {
  public:
    std::uint8_t in8(std::uint16_t offset) override {
        if (offset == 1) return registers[index_ & 0x1F];
        if (offset == 0x1A) data_next_ = false;
        return 0;
    }
    void out8(std::uint16_t offset, std::uint8_t value) override {
        if (offset != 0) return;
        if (data_next_) {
            registers[index_ & 0x1F] = value;
        } else {
            index_ = value;
        }
        data_next_ = !data_next_;
    }
    [[nodiscard]] bool display_on() const { return (index_ & 0x20) != 0; }
    std::uint8_t registers[32] = {};
    bool data_next_ = true;  // as a BIOS may leave it

  private:
    std::uint8_t index_ = 0;
};

struct Machine {
    Machine() : cells(Terminal::kCells) {
        attributes.registers[0x10] = 0x0C;
        hardware.attach(attributes, 0x3C0, 0x1B);
        hardware.attach(crtc, 0x3D4, 2);
        vga.init();
    }
    void write(const std::string& text) { vga.write(text.data(), text.size()); }

    test::SimulatedHardware hardware;
    SimulatedCrtc crtc;
    SimulatedAttributes attributes;
    std::vector<std::uint16_t> cells;
    VgaText vga{hardware, cells.data()};
};

TEST(VgaText, ClearsTheScreenAndTurnsBlinkingOff) {
    Machine machine;
    EXPECT_EQ(machine.cells[1999], 0x0720);
    EXPECT_EQ(machine.attributes.registers[0x10], 0x04);
    EXPECT_TRUE(machine.attributes.display_on());
    EXPECT_FALSE(machine.attributes.data_next_);
    EXPECT_EQ(machine.crtc.cursor(), 0);
    EXPECT_TRUE(machine.crtc.cursor_on());
}

TEST(VgaText, MovesTheCursorOncePerWrite) {
    Machine machine;
    const int before = machine.crtc.writes;
    machine.write("hello\r\nworld");
    EXPECT_EQ(machine.crtc.cursor(), 85);
    EXPECT_EQ(machine.crtc.writes, before + 2);
    EXPECT_EQ(machine.cells[80] & 0xFF, 'w');
    machine.write("");
    machine.write("\033[31m");
    EXPECT_EQ(machine.crtc.writes, before + 2);
}

TEST(VgaText, HidesAndShowsTheCursor) {
    Machine machine;
    machine.write("\033[?25lxyz");
    EXPECT_FALSE(machine.crtc.cursor_on());
    const int before = machine.crtc.writes;
    machine.write("more");
    EXPECT_EQ(machine.crtc.writes, before);
    machine.write("\033[?25h");
    EXPECT_TRUE(machine.crtc.cursor_on());
    EXPECT_EQ(machine.crtc.cursor(), 7);
    EXPECT_TRUE(machine.hardware.interrupts_on());
}

}  // namespace
}  // namespace quire::drivers
