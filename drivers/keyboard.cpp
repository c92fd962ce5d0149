#include "drivers/keyboard.h"

#include "kernel/base/assert.h"
#include "kernel/base/log.h"

namespace quire::drivers {

namespace {

constexpr std::uint16_t kDataPort = 0x60;
constexpr std::uint16_t kStatusPort = 0x64;
constexpr std::uint16_t kCommandPort = 0x64;

constexpr std::uint8_t kStatusOutputFull = 0x01;
constexpr std::uint8_t kStatusInputFull = 0x02;
constexpr std::uint8_t kStatusFromMouse = 0x20;
constexpr std::uint8_t kNobodyThere = 0xFF;

constexpr std::uint8_t kReadConfiguration = 0x20;
constexpr std::uint8_t kWriteConfiguration = 0x60;
constexpr std::uint8_t kDisableMouse = 0xA7;
constexpr std::uint8_t kDisableKeyboard = 0xAD;
constexpr std::uint8_t kEnableKeyboard = 0xAE;

constexpr std::uint32_t kKeyboardInterrupt = 0x01;
constexpr std::uint32_t kMouseInterrupt = 0x02;
constexpr std::uint32_t kKeyboardClockOff = 0x10;
constexpr std::uint32_t kMouseClockOff = 0x20;
constexpr std::uint32_t kTranslate = 0x40;

constexpr std::uint8_t kAck = 0xFA;
constexpr std::uint8_t kResend = 0xFE;

constexpr std::uint8_t kSetRate = 0xF3;
constexpr std::uint8_t kEnableScanning = 0xF4;
constexpr std::uint8_t kSetLeds = 0xED;
constexpr std::uint8_t kRate30After250ms = 0x00;

constexpr std::uint32_t kControllerLimit = 50'000;  // microseconds
constexpr std::uint8_t kMostResends = 3;
// More than this at once comes from a controller whose "output full" is stuck.
constexpr int kMostBytes = 64;

}  // namespace

Result<void> Keyboard::init() {
    present_ = false;
    if (hardware_.in8(kStatusPort) == kNobodyThere) {
        log(LogLevel::Info, "keyboard", "no keyboard controller");
        return Error::NotFound;
    }
    const Result<void> result = set_up_controller();
    present_ = result.ok();
    if (!present_) {
        log(LogLevel::Warning, "keyboard",
            "the keyboard controller does not answer; going on "
            "without a keyboard");
    }
    return result;
}

// No self-test (0xAA): it resets some controllers, and reading the configuration tests as much.
Result<void> Keyboard::set_up_controller() {
    TRY(send_to_controller(kDisableKeyboard));
    TRY(send_to_controller(kDisableMouse));
    discard_output();
    TRY(send_to_controller(kReadConfiguration));
    const std::uint32_t before = TRY(read_answer());
    const std::uint32_t off = kKeyboardClockOff | kMouseInterrupt;
    const std::uint32_t on = kKeyboardInterrupt | kTranslate | kMouseClockOff;
    TRY(send_to_controller(kWriteConfiguration));
    TRY(send_to_data_port(static_cast<std::uint8_t>((before & ~off) | on)));
    return send_to_controller(kEnableKeyboard);
}

Result<void> Keyboard::send_to_controller(std::uint8_t command) {
    TRY(wait_until_writable());
    hardware_.out8(kCommandPort, command);
    return {};
}

Result<void> Keyboard::send_to_data_port(std::uint8_t byte) {
    TRY(wait_until_writable());
    hardware_.out8(kDataPort, byte);
    return {};
}

Result<void> Keyboard::wait_until_writable() {
    PollDeadline deadline(pit_, kControllerLimit);
    while ((hardware_.in8(kStatusPort) & kStatusInputFull) != 0) {
        if (deadline.expired()) return Error::TimedOut;
    }
    return {};
}

Result<std::uint8_t> Keyboard::read_answer() {
    PollDeadline deadline(pit_, kControllerLimit);
    while ((hardware_.in8(kStatusPort) & kStatusOutputFull) == 0) {
        if (deadline.expired()) return Error::TimedOut;
    }
    return hardware_.in8(kDataPort);
}

void Keyboard::discard_output() {
    for (int count = 0; count < kMostBytes; ++count) {
        if ((hardware_.in8(kStatusPort) & kStatusOutputFull) == 0) return;
        hardware_.in8(kDataPort);
    }
}

void Keyboard::enable_interrupts() {
    if (!present_) return;
    const InterruptsOff guard(hardware_);
    // A byte left in the buffer keeps the IRQ line up, and the 8259 wants a fresh edge.
    discard_output();
    want(Command::SetRate);
    want(Command::Enable);
    want(Command::SetLeds);
    begin_next_command();
}

void Keyboard::on_interrupt() {
    ++statistics_.interrupts;
    if (!present_ || !take_output()) ++statistics_.spurious_interrupts;
}

void Keyboard::poll() {
    if (!present_) return;
    const InterruptsOff guard(hardware_);
    take_output();
}

// Interrupts are off. Handles every byte that waits; false when there was none.
bool Keyboard::take_output() {
    bool any = false;
    for (int count = 0; count < kMostBytes; ++count) {
        const std::uint8_t status = hardware_.in8(kStatusPort);
        if ((status & kStatusOutputFull) == 0) break;
        any = true;
        const std::uint8_t byte = hardware_.in8(kDataPort);
        if ((status & kStatusFromMouse) == 0) on_byte(byte);
    }
    return any;
}

void Keyboard::on_byte(std::uint8_t byte) {
    // Half a second without an answer: the keyboard was unplugged, or a byte was lost.
    if (phase_ != Phase::Idle && pit_.ticks() - sent_at_ > pit_.hz() / 2) {
        ++statistics_.abandoned_commands;
        finish_command();
    }
    if (!on_answer(byte)) on_scan_code(byte);
    if (phase_ == Phase::Idle) begin_next_command();
}

// True when `byte` was the keyboard's answer to us: neither code is a key's in set 1.
bool Keyboard::on_answer(std::uint8_t byte) {
    if (phase_ == Phase::Idle) return byte == kAck || byte == kResend;
    if (byte == kResend) {
        ++statistics_.resends;
        if (++resends_ > kMostResends) {
            ++statistics_.abandoned_commands;
            finish_command();
        } else {
            send_current_byte();
        }
        return true;
    }
    if (byte != kAck) return false;
    resends_ = 0;
    if (phase_ == Phase::CommandSent && current_ != Command::Enable) {
        phase_ = Phase::ArgumentSent;
        send_current_byte();
    } else {
        finish_command();
    }
    return true;
}

void Keyboard::on_scan_code(std::uint8_t byte) {
    ++statistics_.scan_codes;
    const std::uint8_t leds_before = decoder_.leds();
    const KeyEvent event = decoder_.feed(byte);
    if (decoder_.leds() != leds_before) want(Command::SetLeds);
    // Half an escape sequence would be worse than none.
    if (kRingSize - typed_.size() < event.size) {
        statistics_.dropped_characters += event.size;
    } else {
        for (const char character : event.text()) {
            const bool pushed = typed_.push(character);
            ASSERT(pushed);
        }
    }
}

void Keyboard::begin_next_command() {
    for (const Command command : {Command::SetRate, Command::Enable, Command::SetLeds}) {
        if (!is_wanted(command)) continue;
        wanted_ = static_cast<std::uint8_t>(wanted_ & ~(1U << static_cast<unsigned>(command)));
        current_ = command;
        phase_ = Phase::CommandSent;
        resends_ = 0;
        send_current_byte();
        return;
    }
}

// The controller's input buffer is free here: we speak only at the start, after its set-up, and
// just after the keyboard has spoken. Were it full, the byte would be lost and time out.
void Keyboard::send_current_byte() {
    std::uint8_t byte = 0;
    const bool argument = phase_ == Phase::ArgumentSent;
    switch (current_) {
    case Command::SetRate:
        byte = argument ? kRate30After250ms : kSetRate;
        break;
    case Command::Enable:
        byte = kEnableScanning;
        break;
    case Command::SetLeds:
        byte = argument ? decoder_.leds() : kSetLeds;
        break;
    case Command::None:
        ASSERT_UNREACHABLE();
    }
    sent_at_ = pit_.ticks();
    hardware_.out8(kDataPort, byte);
}

// Done or given up; lamps that could not be set are right again at their next change.
void Keyboard::finish_command() {
    current_ = Command::None;
    phase_ = Phase::Idle;
    resends_ = 0;
}

void Keyboard::want(Command command) {
    wanted_ = static_cast<std::uint8_t>(wanted_ | 1U << static_cast<unsigned>(command));
}

bool Keyboard::is_wanted(Command command) const {
    return (wanted_ >> static_cast<unsigned>(command) & 1U) != 0;
}

void Keyboard::check_invariants() const {
    ASSERT((phase_ == Phase::Idle) == (current_ == Command::None));
    ASSERT(resends_ <= kMostResends);
    decoder_.check_invariants();
    typed_.check_invariants();
}

}  // namespace quire::drivers
