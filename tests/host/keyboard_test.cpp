// The 8042 driver: set-up, the conversation about lamps and repeat rate, and broken machines.
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "drivers/keyboard.h"
#include "tests/host/simulated_hardware.h"

namespace quire::drivers {
namespace {

// An 8042 with a keyboard behind it. Bytes reach the output buffer one at a time, `delay`
// microseconds apart; the interrupt line is up while one is there.
class Simulated8042 final : public test::SimulatedDevice {
  public:
    std::uint64_t delay = 5;
    bool never_writable = false;
    bool never_answers = false;       // the controller swallows its own commands
    bool keyboard_unplugged = false;  // no answer to anything sent to the keyboard
    int resend_next = 0;              // answer RESEND this many times
    std::uint8_t configuration = 0x45;
    bool keyboard_on = true;
    std::uint8_t leds = 0xFF;
    std::uint8_t rate = 0xFF;
    bool scanning = false;
    std::vector<int> commands;  // what the keyboard was told

    void key(std::initializer_list<int> codes) {
        for (int code : codes)
            queue_.push_back({static_cast<std::uint8_t>(code), false});
    }
    void mouse(int byte) { queue_.push_back({static_cast<std::uint8_t>(byte), true}); }

    std::uint8_t in8(std::uint16_t offset) override {
        if (offset == 4) {
            return static_cast<std::uint8_t>((full_ ? 1 : 0) | (never_writable ? 2 : 0) |
                                             (full_ && output_.from_mouse ? 0x20 : 0));
        }
        if (offset != 0) return 0xFF;
        full_ = false;
        ready_at_ = now_ + delay;
        return output_.value;
    }

    void out8(std::uint16_t offset, std::uint8_t value) override {
        if (offset == 4) {
            on_controller_command(value);
        } else if (offset == 0 && writing_configuration_) {
            writing_configuration_ = false;
            configuration = value;
        } else if (offset == 0) {
            on_keyboard_command(value);
        }
    }
    void advance(std::uint64_t now) override {
        now_ = now;
        if (full_ || now < ready_at_) return;
        std::deque<Byte>& source = answers_.empty() && keyboard_on ? queue_ : answers_;
        if (source.empty()) return;
        output_ = source.front();
        source.pop_front();
        full_ = true;
    }
    bool interrupt_line() override {
        return full_ && !output_.from_mouse && (configuration & 1) != 0;
    }

  private:
    struct Byte {
        std::uint8_t value;
        bool from_mouse;
    };

    void on_controller_command(std::uint8_t command) {
        writing_configuration_ = command == 0x60;
        if (never_answers) return;
        if (command == 0x20) answers_.push_back({configuration, false});
        if (command == 0xAD) keyboard_on = false;
        if (command == 0xAE) keyboard_on = true;
    }
    void on_keyboard_command(std::uint8_t byte) {
        if (keyboard_unplugged) return;
        if (resend_next > 0) {
            --resend_next;
            queue_.push_back({0xFE, false});
            return;
        }
        commands.push_back(byte);
        queue_.push_back({0xFA, false});
        if (argument_of_ == 0xED) leds = byte;
        if (argument_of_ == 0xF3) rate = byte;
        const bool is_argument = argument_of_ != 0;
        if (byte == 0xF4 && !is_argument) scanning = true;
        argument_of_ = !is_argument && (byte == 0xED || byte == 0xF3) ? byte : 0;
    }

    std::deque<Byte> queue_;    // from the keyboard and the mouse; held back when switched off
    std::deque<Byte> answers_;  // from the controller itself
    Byte output_{};
    bool full_ = false;
    bool writing_configuration_ = false;
    int argument_of_ = 0;
    std::uint64_t now_ = 0;
    std::uint64_t ready_at_ = 0;
};

struct Machine {
    Machine() {
        hardware.attach(pit_device, 0x40, 4);
        hardware.connect(pit_device, Pit::interrupt, &pit);
        hardware.attach(device, 0x60, 5);
        pit.start(100);
    }
    void start() {
        const bool were_on = hardware.interrupts_save();
        ASSERT_TRUE(keyboard.init().ok());
        hardware.connect(device, Keyboard::interrupt, &keyboard);
        keyboard.enable_interrupts();
        hardware.interrupts_restore(were_on);
        hardware.pass_time(1000);
    }
    std::string typed() {
        hardware.pass_time(2000);
        keyboard.check_invariants();
        std::string text;
        for (char byte = 0; keyboard.read(byte);)
            text.push_back(byte);
        return text;
    }

    test::SimulatedHardware hardware;
    test::SimulatedPit pit_device;
    Simulated8042 device;
    Pit pit{hardware};
    Keyboard keyboard{hardware, pit};
};

TEST(Keyboard, SetsUpControllerAndKeyboard) {
    Machine machine;
    machine.device.configuration = 0x12;  // mouse interrupt on, keyboard clock off
    machine.device.key({0x1C, 0x9C});     // left over from the firmware
    machine.start();
    EXPECT_EQ(machine.device.configuration, 0x61);
    EXPECT_TRUE(machine.device.keyboard_on);
    EXPECT_EQ(machine.device.commands, (std::vector<int>{0xF3, 0x00, 0xF4, 0xED, 0x00}));
    EXPECT_TRUE(machine.device.scanning);
    EXPECT_EQ(machine.typed(), "");
    EXPECT_EQ(machine.keyboard.statistics().abandoned_commands, 0U);
}

TEST(Keyboard, TypesByInterrupt) {
    Machine machine;
    machine.start();
    machine.device.key({0x2A, 0x06, 0x86, 0xAA, 0xE0, 0x48, 0xE0, 0xC8, 0x1D, 0x2E, 0xAE, 0x9D});
    EXPECT_EQ(machine.typed(), "%\033[A\003");
    EXPECT_EQ(machine.keyboard.statistics().scan_codes, 12U);
}

TEST(Keyboard, LightsTheLampsOfLocks) {
    Machine machine;
    machine.start();
    machine.device.key({0x3A, 0xBA});
    EXPECT_EQ(machine.typed(), "");
    EXPECT_EQ(machine.device.leds, 0x04);
    machine.device.key({0x45, 0xC5, 0x3A, 0xBA, 0x46, 0xC6});
    machine.typed();
    EXPECT_EQ(machine.device.leds, 0x03);
    EXPECT_EQ(machine.keyboard.leds(), 0x03);
}

// Keys pressed while the lamps are being set arrive between the answers and are not lost.
TEST(Keyboard, LosesNoKeyDuringACommand) {
    Machine machine;
    machine.start();
    machine.device.key({0x3A, 0x1E, 0x9E, 0xBA, 0x30, 0xB0, 0x3A, 0xBA, 0x2E});
    EXPECT_EQ(machine.typed(), "ABc");
    EXPECT_EQ(machine.device.leds, 0x00);
}

// A lock that changes while its lamp is being set: the last state is what the lamps show.
TEST(Keyboard, ShowsTheLastStateOfALock) {
    for (std::uint64_t pause = 0; pause < 40; ++pause) {
        Machine machine;
        machine.start();
        machine.device.key({0x3A, 0xBA});
        machine.hardware.pass_time(pause);
        machine.device.key({0x3A, 0xBA});
        machine.typed();
        EXPECT_EQ(machine.device.leds, 0x00) << pause;
        EXPECT_EQ(machine.keyboard.leds(), 0x00);
    }
}

TEST(Keyboard, SendsAgainWhenAskedTo) {
    Machine machine;
    machine.start();
    machine.device.resend_next = 2;
    machine.device.key({0x3A, 0xBA});
    machine.typed();
    EXPECT_EQ(machine.device.leds, 0x04);
    EXPECT_EQ(machine.keyboard.statistics().resends, 2U);
}

TEST(Keyboard, GivesUpAfterTooManyResends) {
    Machine machine;
    machine.start();
    machine.device.resend_next = 4;
    machine.device.key({0x3A, 0xBA});
    machine.typed();
    EXPECT_EQ(machine.keyboard.statistics().abandoned_commands, 1U);
    machine.device.key({0x1E});
    EXPECT_EQ(machine.typed(), "A");
    // The lamps are right again at the next change.
    machine.device.key({0x45, 0xC5});
    machine.typed();
    EXPECT_EQ(machine.device.leds, 0x06);
}

// An answer that never comes does not stop the typing, and later commands go through.
TEST(Keyboard, SurvivesALostAnswer) {
    Machine machine;
    machine.start();
    machine.device.keyboard_unplugged = true;
    machine.device.key({0x3A, 0xBA, 0x1E});
    EXPECT_EQ(machine.typed(), "A");
    machine.device.keyboard_unplugged = false;
    machine.hardware.pass_time(700'000);
    machine.device.key({0x45, 0xC5, 0x1E});
    EXPECT_EQ(machine.typed(), "A");
    EXPECT_EQ(machine.keyboard.statistics().abandoned_commands, 1U);
    EXPECT_EQ(machine.device.leds, 0x06);
}

TEST(Keyboard, BootsOnAMachineWithoutController) {
    test::SimulatedHardware hardware;
    Pit pit(hardware);
    Keyboard keyboard(hardware, pit);
    EXPECT_EQ(keyboard.init().error(), Error::NotFound);
    EXPECT_FALSE(keyboard.present());
    keyboard.enable_interrupts();
    keyboard.on_interrupt();
    keyboard.poll();
    char byte = 0;
    EXPECT_FALSE(keyboard.read(byte));
    EXPECT_LT(hardware.now(), 10U);
}

TEST(Keyboard, DoesNotHangOnAControllerThatNeverTakesACommand) {
    Machine machine;
    machine.device.never_writable = true;
    EXPECT_EQ(machine.keyboard.init().error(), Error::TimedOut);
    EXPECT_LT(machine.hardware.now(), 60'000U);
}

TEST(Keyboard, DoesNotHangOnAControllerThatNeverAnswers) {
    Machine machine;
    machine.device.never_answers = true;
    EXPECT_EQ(machine.keyboard.init().error(), Error::TimedOut);
    EXPECT_LT(machine.hardware.now(), 60'000U);
    EXPECT_FALSE(machine.keyboard.present());
}

TEST(Keyboard, DropsWhatTheMouseSays) {
    Machine machine;
    machine.start();
    machine.device.mouse(0x1E);
    machine.device.key({0x30});
    machine.keyboard.poll();
    machine.hardware.pass_time(100);
    machine.keyboard.poll();
    EXPECT_EQ(machine.typed(), "b");
}

TEST(Keyboard, CanBePolledWithInterruptsOff) {
    Machine machine;
    machine.start();
    const InterruptsOff guard(machine.hardware);
    machine.device.key({0x1E, 0x9E});
    for (int count = 0; count < 10; ++count) {
        machine.hardware.pass_time(10);
        machine.keyboard.poll();
    }
    EXPECT_EQ(machine.typed(), "a");
}

TEST(Keyboard, CountsSpuriousInterrupts) {
    Machine machine;
    machine.start();
    const std::uint32_t before = machine.keyboard.statistics().spurious_interrupts;
    machine.hardware.raise_spurious(machine.device);
    EXPECT_EQ(machine.keyboard.statistics().spurious_interrupts, before + 1);
}

// A ring nobody reads drops whole sequences, never half of one.
TEST(Keyboard, DropsWholeSequencesWhenNobodyReads) {
    Machine machine;
    machine.start();
    for (int count = 0; count < 90; ++count) {
        machine.device.key({0xE0, 0x48, 0xE0, 0xC8});
        machine.hardware.pass_time(100);
    }
    const std::string text = machine.typed();
    EXPECT_EQ(text.size(), 255U);
    EXPECT_EQ(text.substr(252), "\033[A");
    EXPECT_EQ(machine.keyboard.statistics().dropped_characters, 15U);
}

}  // namespace
}  // namespace quire::drivers
