#include "drivers/serial.h"

#include "kernel/base/assert.h"

namespace quire::drivers {

namespace {

// Registers, as offsets from the port's base.
constexpr std::uint16_t kData = 0;             // DLAB: divisor, low byte
constexpr std::uint16_t kInterruptEnable = 1;  // DLAB: divisor, high byte
constexpr std::uint16_t kInterruptId = 2;      // read
constexpr std::uint16_t kFifoControl = 2;      // write
constexpr std::uint16_t kLineControl = 3;
constexpr std::uint16_t kModemControl = 4;
constexpr std::uint16_t kLineStatus = 5;
constexpr std::uint16_t kModemStatus = 6;
constexpr std::uint16_t kScratch = 7;

constexpr std::uint8_t kEnableReceive = 0x01;
constexpr std::uint8_t kEnableTransmit = 0x02;
constexpr std::uint8_t kEnableLineStatus = 0x04;

constexpr std::uint8_t kIdNothingPending = 0x01;
constexpr std::uint8_t kIdCause = 0x0E;
constexpr std::uint8_t kIdFifosOn = 0xC0;

constexpr std::uint8_t kFifoOnCleared14 = 0xC7;  // enable, clear both, trigger level 14

constexpr std::uint8_t kLine8n1 = 0x03;
constexpr std::uint8_t kLineDivisorAccess = 0x80;
constexpr std::uint8_t kDivisor115200 = 1;

constexpr std::uint8_t kModemReady = 0x0B;     // DTR, RTS, and OUT2, which gates the IRQ line
constexpr std::uint8_t kModemLoopback = 0x1E;  // loop, OUT2, OUT1, RTS

constexpr std::uint8_t kStatusDataReady = 0x01;
constexpr std::uint8_t kStatusOverrun = 0x02;
constexpr std::uint8_t kStatusLineErrors = 0x1C;
constexpr std::uint8_t kStatusHoldingEmpty = 0x20;
constexpr std::uint8_t kStatusAllSent = 0x40;
constexpr std::uint8_t kNobodyThere = 0xFF;

constexpr std::uint32_t kLoopbackLimit = 20'000;  // microseconds; a character takes 87
// An interrupt that reports more causes than this in a row comes from a broken device.
constexpr int kMostCauses = 256;

}  // namespace

Result<void> SerialPort::init() {
    model_ = Model::Absent;
    interrupt_driven_ = false;
    out(kInterruptEnable, 0);
    // The high half of this register reads as zero on every UART.
    if ((in(kInterruptEnable)&0xF0) != 0) return Error::NotFound;
    set_line_parameters();
    // The 8250 has no scratch register and some emulators no loopback: either one is proof.
    if (!scratch_register_holds() && !loopback_echoes()) return Error::NotFound;

    out(kFifoControl, kFifoOnCleared14);
    const bool fifos = (in(kInterruptId)&kIdFifosOn) == kIdFifosOn;
    // The 16550 without A sets only one of the two bits: its FIFO is broken, so it stays off.
    if (!fifos) out(kFifoControl, 0);
    out(kModemControl, kModemReady);
    model_ = fifos ? Model::Uart16550 : Model::Uart8250;
    return {};
}

void SerialPort::set_line_parameters() {
    out(kLineControl, kLineDivisorAccess);
    out(kData, kDivisor115200);
    out(kInterruptEnable, 0);
    out(kLineControl, kLine8n1);
}

bool SerialPort::scratch_register_holds() {
    for (const std::uint8_t pattern : {std::uint8_t{0x5A}, std::uint8_t{0xA5}}) {
        out(kScratch, pattern);
        // An empty bus may give back the last byte driven on it: drive another one.
        out(kLineControl, kLine8n1);
        if (in(kScratch) != pattern) return false;
    }
    return true;
}

bool SerialPort::loopback_echoes() {
    constexpr std::uint8_t kProbe = 0xAE;
    out(kModemControl, kModemLoopback);
    out(kData, kProbe);
    PollDeadline deadline(pit_, kLoopbackLimit);
    for (;;) {
        const std::uint8_t status = in(kLineStatus);
        if (status == kNobodyThere) return false;
        if ((status & kStatusDataReady) != 0) return in(kData) == kProbe;
        if (deadline.expired()) return false;
    }
}

void SerialPort::enable_interrupts() {
    if (!present()) return;
    const InterruptsOff guard(hardware_);
    // Reading these clears whatever the firmware left pending; the 8259 wants a fresh edge.
    read_line_status();
    in(kData);
    in(kInterruptId);
    in(kModemStatus);
    interrupt_driven_ = true;
    interrupt_enable_ = kEnableReceive | kEnableLineStatus;
    out(kInterruptEnable, interrupt_enable_);
}

void SerialPort::on_interrupt() {
    ++statistics_.interrupts;
    if (!present()) {
        ++statistics_.spurious_interrupts;
        return;
    }
    // The 8259 sees edges only, so every cause must be served before we leave.
    for (int causes = 0; causes < kMostCauses; ++causes) {
        const std::uint8_t id = in(kInterruptId);
        if ((id & kIdNothingPending) != 0) {
            if (causes == 0) ++statistics_.spurious_interrupts;
            return;
        }
        switch (id & kIdCause) {
        case 0x0C:
        case 0x04:
            receive();
            break;
        case 0x02:
            pump();
            break;
        case 0x06:
            read_line_status();
            break;
        default:
            in(kModemStatus);
            break;
        }
    }
}

void SerialPort::write(const char* bytes, std::size_t size) {
    if (!present()) {
        statistics_.bytes_dropped += static_cast<std::uint32_t>(size);
        return;
    }
    while (size != 0) {
        {
            const InterruptsOff guard(hardware_);
            if (!guard.were_on() || !interrupt_driven_) {
                send_polled(bytes, size);
                return;
            }
            while (size != 0 && to_send_.push(static_cast<std::uint8_t>(*bytes))) {
                ++bytes;
                --size;
            }
            pump();
        }
        if (size == 0) return;
        ++statistics_.full_ring_waits;
        // With interrupts on again: the handler may well have made room before we look.
        if (!wait_until_sent(kStatusHoldingEmpty)) break;
    }
    statistics_.bytes_dropped += static_cast<std::uint32_t>(size);
}

bool SerialPort::try_write(const char* bytes, std::size_t size) {
    if (!present()) return false;
    const InterruptsOff guard(hardware_);
    ASSERT(interrupt_driven_);
    if (size > kRingSize - to_send_.size()) return false;
    for (std::size_t i = 0; i < size; ++i)
        if (!to_send_.push(static_cast<std::uint8_t>(bytes[i]))) ASSERT_UNREACHABLE();
    pump();
    return true;
}

void SerialPort::write_polled(const char* bytes, std::size_t size) {
    if (!present()) {
        statistics_.bytes_dropped += static_cast<std::uint32_t>(size);
        return;
    }
    const InterruptsOff guard(hardware_);
    send_polled(bytes, size);
}

void SerialPort::flush() {
    if (!present()) return;
    const InterruptsOff guard(hardware_);
    drain_ring();
    wait_until_sent(kStatusAllSent);
}

// Interrupts are off. What the ring holds was written earlier and goes first.
void SerialPort::send_polled(const char* bytes, std::size_t size) {
    drain_ring();
    while (size != 0) {
        if (!wait_until_sent(kStatusHoldingEmpty)) {
            ++statistics_.bytes_dropped;
            ++bytes;
            --size;
            continue;
        }
        for (int room = transmit_room(); room != 0 && size != 0; --room, ++bytes, --size) {
            out(kData, static_cast<std::uint8_t>(*bytes));
            ++statistics_.bytes_sent;
        }
    }
}

// Interrupts are off. A stuck UART empties the ring too: its bytes are dropped.
void SerialPort::drain_ring() {
    while (!to_send_.empty()) {
        if (wait_until_sent(kStatusHoldingEmpty)) {
            pump();
            continue;
        }
        std::uint8_t lost = 0;
        while (to_send_.pop(lost)) {
            ++statistics_.bytes_dropped;
        }
    }
    set_transmit_interrupt(false);
}

// Interrupts are off. Fills the UART from the ring if it has room; true when it had.
bool SerialPort::pump() {
    const bool room = (read_line_status() & kStatusHoldingEmpty) != 0;
    if (room) {
        stuck_ = false;
        std::uint8_t byte = 0;
        for (int room_left = transmit_room(); room_left != 0 && to_send_.pop(byte); --room_left) {
            out(kData, byte);
            ++statistics_.bytes_sent;
        }
    }
    set_transmit_interrupt(!to_send_.empty());
    return room;
}

// Waits for `status_bits`. A port found stuck is asked once and not waited for again.
bool SerialPort::wait_until_sent(std::uint8_t status_bits) {
    if ((read_line_status() & status_bits) == status_bits) {
        stuck_ = false;
        return true;
    }
    if (stuck_) return false;
    PollDeadline deadline(pit_, kStuckLimit);
    while (!deadline.expired()) {
        if ((read_line_status() & status_bits) == status_bits) return true;
    }
    stuck_ = true;
    return false;
}

// Reading the register clears its error bits, so every read counts them.
std::uint8_t SerialPort::read_line_status() {
    const std::uint8_t status = in(kLineStatus);
    if ((status & kStatusOverrun) != 0) ++statistics_.fifo_overruns;
    if ((status & kStatusLineErrors) != 0) ++statistics_.line_errors;
    return status;
}

void SerialPort::receive() {
    for (int count = 0; count < kMostCauses; ++count) {
        if ((read_line_status() & kStatusDataReady) == 0) return;
        const std::uint8_t byte = in(kData);
        ++statistics_.bytes_received;
        if (!received_.push(byte)) ++statistics_.receive_overruns;
    }
}

void SerialPort::set_transmit_interrupt(bool wanted) {
    const std::uint8_t others = interrupt_enable_ & static_cast<std::uint8_t>(~kEnableTransmit);
    const auto enable = static_cast<std::uint8_t>(wanted ? others | kEnableTransmit : others);
    if (!interrupt_driven_ || enable == interrupt_enable_) return;
    interrupt_enable_ = enable;
    out(kInterruptEnable, enable);
}

void SerialPort::check_invariants() const {
    to_send_.check_invariants();
    received_.check_invariants();
    ASSERT(present() || to_send_.empty());
    ASSERT(interrupt_driven_ || interrupt_enable_ == 0);
}

}  // namespace quire::drivers
