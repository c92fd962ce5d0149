// The serial driver against a simulated UART: nothing is lost, nothing hangs.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "drivers/serial.h"
#include "tests/host/simulated_uart.h"

namespace quire::drivers {
namespace {

std::string pattern_text(std::size_t size) {
    std::string text;
    for (std::size_t index = 0; index < size; ++index) {
        text.push_back(static_cast<char>('!' + index * 7 % 90));
    }
    return text;
}

struct Machine {
    Machine() {
        hardware.attach(pit_device, 0x40, 4);
        hardware.attach(uart, SerialPort::kCom1, 8);
        hardware.connect(pit_device, Pit::interrupt, &pit);
        pit.start(100);
    }
    void start_with_interrupts() {
        ASSERT_TRUE(port.init().ok());
        hardware.connect(uart, SerialPort::interrupt, &port);
        port.enable_interrupts();
    }
    void write(const std::string& text) { port.write(text.data(), text.size()); }
    std::string read_all() {
        std::string text;
        for (std::uint8_t byte = 0; port.read(byte);)
            text.push_back(static_cast<char>(byte));
        return text;
    }

    test::SimulatedHardware hardware;
    test::SimulatedPit pit_device;
    test::SimulatedUart uart;
    Pit pit{hardware};
    SerialPort port{hardware, pit, SerialPort::kCom1};
};

TEST(SerialPort, FindsA16550AndSetsTheLine) {
    Machine machine;
    ASSERT_TRUE(machine.port.init().ok());
    EXPECT_EQ(machine.port.model(), SerialPort::Model::Uart16550);
    EXPECT_EQ(machine.uart.line_control(), 0x03);
    EXPECT_EQ(machine.uart.divisor_low, 1);
    EXPECT_EQ(machine.uart.modem_control, 0x0B);
    machine.port.check_invariants();
}

TEST(SerialPort, FindsAnOldUartWithoutFifoOrScratchRegister) {
    Machine machine;
    machine.uart.has_fifo = false;
    machine.uart.has_scratch = false;
    ASSERT_TRUE(machine.port.init().ok());
    EXPECT_EQ(machine.port.model(), SerialPort::Model::Uart8250);
}

// The first 16550 shows half a mark: its FIFO loses bytes and must stay off.
TEST(SerialPort, LeavesTheFifoOfTheFirst16550Off) {
    Machine machine;
    machine.uart.fifo_mark = 0x80;
    ASSERT_TRUE(machine.port.init().ok());
    EXPECT_EQ(machine.port.model(), SerialPort::Model::Uart8250);
    EXPECT_FALSE(machine.uart.fifo_on());
}

TEST(SerialPort, FindsAUartWithoutLoopback) {
    Machine machine;
    machine.uart.has_loopback = false;
    EXPECT_TRUE(machine.port.init().ok());
}

TEST(SerialPort, RefusesADeviceThatIsNeither) {
    Machine machine;
    machine.uart.has_scratch = false;
    machine.uart.has_loopback = false;
    EXPECT_EQ(machine.port.init().error(), Error::NotFound);
    EXPECT_LT(machine.hardware.now(), 100'000U);
}

TEST(SerialPort, SwallowsEverythingWhenAbsent) {
    test::SimulatedHardware hardware;
    Pit pit(hardware);
    SerialPort port(hardware, pit, SerialPort::kCom2);
    EXPECT_EQ(port.init().error(), Error::NotFound);
    port.enable_interrupts();
    port.write("lost", 4);
    port.write_polled("lost", 4);
    port.flush();
    port.on_interrupt();
    std::uint8_t byte = 0;
    EXPECT_FALSE(port.read(byte));
    EXPECT_EQ(port.statistics().bytes_dropped, 8U);
    EXPECT_EQ(port.statistics().spurious_interrupts, 1U);
    EXPECT_LT(hardware.now(), 1000U);
    port.check_invariants();
}

TEST(SerialPort, PollsBeforeInterruptsAreSetUp) {
    Machine machine;
    ASSERT_TRUE(machine.port.init().ok());
    const std::string text = pattern_text(500);
    machine.write(text);
    machine.port.flush();
    EXPECT_EQ(machine.uart.wire, text);
}

TEST(SerialPort, SendsByInterruptWithoutMakingTheWriterWait) {
    Machine machine;
    machine.start_with_interrupts();
    const std::string text = pattern_text(2000);
    const std::uint64_t start = machine.hardware.now();
    machine.write(text);
    EXPECT_LT(machine.hardware.now() - start, 2000U);
    EXPECT_LT(machine.uart.wire.size(), 100U);
    machine.hardware.pass_time(2100 * 87);
    EXPECT_EQ(machine.uart.wire, text);
    EXPECT_GT(machine.port.statistics().interrupts, 100U);
    machine.port.check_invariants();
}

TEST(SerialPort, NeedsNoInterruptForAShortLine) {
    Machine machine;
    machine.start_with_interrupts();
    machine.write("short line\r\n");
    machine.hardware.pass_time(5000);
    EXPECT_EQ(machine.uart.wire, "short line\r\n");
    EXPECT_EQ(machine.port.statistics().interrupts, 0U);
}

// Three rings' worth at once: the writer waits, nothing is lost, nothing changes places.
TEST(SerialPort, LosesNothingWhenTheRingIsFull) {
    for (const bool has_fifo : {true, false}) {
        Machine machine;
        machine.uart.has_fifo = has_fifo;
        machine.start_with_interrupts();
        const std::string text = pattern_text(12'000);
        machine.write(text);
        machine.port.flush();
        EXPECT_EQ(machine.uart.wire, text);
        EXPECT_EQ(machine.uart.overwritten(), 0);
        EXPECT_GT(machine.port.statistics().full_ring_waits, 0U);
        EXPECT_EQ(machine.port.statistics().bytes_sent, text.size());
    }
}

TEST(SerialPort, LosesNothingWhenInterruptsNeverCome) {
    Machine machine;
    ASSERT_TRUE(machine.port.init().ok());
    machine.port.enable_interrupts();  // but no handler is connected
    const std::string text = pattern_text(12'000);
    machine.write(text);
    machine.port.flush();
    EXPECT_EQ(machine.uart.wire, text);
}

TEST(SerialPort, KeepsOrderWhenInterruptsAreOff) {
    Machine machine;
    machine.start_with_interrupts();
    machine.write("first ");
    const bool were_on = machine.hardware.interrupts_save();
    machine.write("second ");
    EXPECT_FALSE(machine.hardware.interrupts_on());
    machine.hardware.interrupts_restore(were_on);
    machine.write("third ");
    machine.port.write_polled("fourth", 6);
    machine.port.flush();
    EXPECT_EQ(machine.uart.wire, "first second third fourth");
    EXPECT_TRUE(machine.hardware.interrupts_on());
}

// A handler that prints and then dies must have printed.
TEST(SerialPort, LeavesNothingInTheRingWhenInterruptsAreOff) {
    Machine machine;
    machine.start_with_interrupts();
    machine.write(pattern_text(300));
    const InterruptsOff guard(machine.hardware);
    machine.write(pattern_text(200));
    EXPECT_EQ(machine.port.statistics().bytes_sent, 500U);
}

TEST(SerialPort, TriesToWriteAllOrNothingAndNeverWaits) {
    Machine machine;
    machine.start_with_interrupts();
    const std::string text = pattern_text(3000);
    const std::uint64_t start = machine.hardware.now();
    EXPECT_TRUE(machine.port.try_write(text.data(), text.size()));
    EXPECT_FALSE(machine.port.try_write(text.data(), text.size()));
    EXPECT_TRUE(machine.port.try_write("end", 3));
    EXPECT_LT(machine.hardware.now() - start, 2000U);
    EXPECT_EQ(machine.port.statistics().full_ring_waits, 0U);
    machine.hardware.pass_time(3100 * 87);
    EXPECT_EQ(machine.uart.wire, text + "end");
}

TEST(SerialPort, TriesToWriteWithInterruptsOffToo) {
    Machine machine;
    machine.start_with_interrupts();
    const std::string text = pattern_text(100);
    {
        const InterruptsOff guard(machine.hardware);
        const std::uint64_t start = machine.hardware.now();
        EXPECT_TRUE(machine.port.try_write(text.data(), text.size()));
        EXPECT_LT(machine.hardware.now() - start, 2000U);
    }
    machine.hardware.pass_time(200 * 87);
    EXPECT_EQ(machine.uart.wire, text);
}

TEST(SerialPort, TriesInVainWhenAbsent) {
    test::SimulatedHardware hardware;
    Pit pit(hardware);
    SerialPort port(hardware, pit, SerialPort::kCom2);
    EXPECT_FALSE(port.try_write("lost", 4));
}

TEST(SerialPort, WaitsForTheLastBitInFlush) {
    Machine machine;
    machine.start_with_interrupts();
    machine.write("bye");
    machine.port.flush();
    EXPECT_TRUE(machine.uart.idle());
}

// A stuck transmitter costs one time-out, not one a byte, and heals when it moves again.
TEST(SerialPort, SurvivesAStuckTransmitter) {
    Machine machine;
    ASSERT_TRUE(machine.port.init().ok());
    machine.uart.stuck = true;
    machine.port.write_polled(pattern_text(100).data(), 100);
    EXPECT_LT(machine.hardware.now(), 6'000'000U);
    EXPECT_EQ(machine.port.statistics().bytes_dropped, 84U);  // a FIFO's worth went in
    machine.uart.stuck = false;
    machine.hardware.pass_time(2000);
    machine.port.write_polled("alive", 5);
    machine.port.flush();
    EXPECT_EQ(machine.uart.wire.substr(machine.uart.wire.size() - 5), "alive");
}

TEST(SerialPort, SurvivesATransmitterStuckWithAFullRing) {
    Machine machine;
    machine.uart.byte_time = 1;
    machine.start_with_interrupts();
    machine.uart.stuck = true;
    machine.write(pattern_text(6000));
    EXPECT_GT(machine.port.statistics().bytes_dropped, 1000U);
    machine.port.flush();
    machine.port.check_invariants();
    EXPECT_LT(machine.hardware.now(), 6'000'000U);
}

TEST(SerialPort, ReceivesByInterrupt) {
    Machine machine;
    machine.start_with_interrupts();
    const std::string text = pattern_text(300);
    for (char character : text) {
        machine.uart.arrive(static_cast<std::uint8_t>(character));
        machine.hardware.pass_time(87);
    }
    EXPECT_EQ(machine.read_all(), text);
    EXPECT_EQ(machine.port.statistics().bytes_received, 300U);
}

TEST(SerialPort, CountsWhatItCouldNotKeep) {
    Machine machine;
    machine.start_with_interrupts();
    for (int count = 0; count < 1100; ++count) {
        machine.uart.arrive('x');
        machine.hardware.pass_time(10);
    }
    EXPECT_EQ(machine.read_all().size(), 1024U);
    EXPECT_EQ(machine.port.statistics().receive_overruns, 76U);
}

TEST(SerialPort, CountsOverrunsAndBreaksOfTheUart) {
    Machine machine;
    machine.start_with_interrupts();
    const bool were_on = machine.hardware.interrupts_save();
    for (int count = 0; count < 20; ++count)
        machine.uart.arrive('x');
    machine.hardware.pass_time(10);
    machine.hardware.interrupts_restore(were_on);
    machine.hardware.pass_time(10);
    EXPECT_EQ(machine.read_all().size(), 16U);
    EXPECT_EQ(machine.port.statistics().fifo_overruns, 1U);
    machine.uart.raise_break();
    machine.hardware.pass_time(10);
    EXPECT_EQ(machine.port.statistics().line_errors, 1U);
}

TEST(SerialPort, CountsSpuriousInterrupts) {
    Machine machine;
    machine.start_with_interrupts();
    const std::uint32_t before = machine.port.statistics().spurious_interrupts;
    machine.hardware.raise_spurious(machine.uart);
    EXPECT_EQ(machine.port.statistics().spurious_interrupts, before + 1);
}

// A device whose interrupt cause never goes away must not hold the handler for ever.
TEST(SerialPort, LeavesTheHandlerOfABrokenDevice) {
    class Broken final : public test::SimulatedDevice {
      public:
        std::uint8_t in8(std::uint16_t offset) override {
            if (offset == 7) return scratch_;
            return offset == 1 ? 0 : 0x0E;
        }
        void out8(std::uint16_t offset, std::uint8_t value) override {
            if (offset == 7) scratch_ = value;
        }

      private:
        std::uint8_t scratch_ = 0;
    };
    test::SimulatedHardware hardware;
    Broken broken;
    hardware.attach(broken, SerialPort::kCom1, 8);
    Pit pit(hardware);
    SerialPort port(hardware, pit, SerialPort::kCom1);
    ASSERT_TRUE(port.init().ok());
    port.enable_interrupts();
    port.on_interrupt();
    EXPECT_LT(hardware.now(), 10'000U);
}

// Any mixture of writers (plain, polled, interrupts off) and pauses sends every byte in order.
RC_GTEST_PROP(SerialPort, SendsEveryByteInOrder, (const std::vector<std::uint8_t>& steps)) {
    Machine machine;
    machine.uart.has_fifo = *rc::gen::arbitrary<bool>();
    machine.start_with_interrupts();
    std::string expected;
    for (std::uint8_t step : steps) {
        const std::string text = pattern_text(step);
        switch (step % 4) {
        case 0:
            machine.hardware.pass_time(step * 20U);
            continue;
        case 1:
            machine.port.write_polled(text.data(), text.size());
            break;
        case 2: {
            const InterruptsOff guard(machine.hardware);
            machine.write(text);
            break;
        }
        default:
            machine.write(text);
        }
        expected += text;
        machine.port.check_invariants();
    }
    machine.port.flush();
    RC_ASSERT(machine.uart.wire == expected);
    RC_ASSERT(machine.port.statistics().bytes_dropped == 0U);
}

}  // namespace
}  // namespace quire::drivers
