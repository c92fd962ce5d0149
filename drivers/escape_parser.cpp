#include "drivers/escape_parser.h"

#include "kernel/base/assert.h"

namespace quire::drivers {

namespace {

constexpr std::uint8_t kBell = 0x07;
constexpr std::uint8_t kCancel = 0x18;
constexpr std::uint8_t kSubstitute = 0x1A;
constexpr std::uint8_t kEscape = 0x1B;
constexpr std::uint8_t kDelete = 0x7F;

constexpr bool is_between(std::uint8_t byte, std::uint8_t low, std::uint8_t high) {
    return byte >= low && byte <= high;
}

}  // namespace

EscapeParser::Action EscapeParser::feed(std::uint8_t byte) {
    if (state_ == State::String || state_ == State::StringEscape) return on_string(byte);
    if (byte == kEscape) {
        state_ = State::Escape;
        return Action::None;
    }
    if (byte == kCancel || byte == kSubstitute) {
        state_ = State::Ground;
        return Action::None;
    }
    if (byte < 0x20) {
        final_ = byte;
        return Action::Control;
    }
    if (byte == kDelete) return Action::None;

    switch (state_) {
    case State::Ground:
        return finish(Action::Print, byte);
    case State::Escape:
        return on_escape(byte);
    case State::Csi:
    case State::CsiIgnored:
        return on_csi(byte);
    case State::Skip:
        return finish(Action::None, byte);
    case State::String:
    case State::StringEscape:
        break;
    }
    ASSERT_UNREACHABLE();
}

EscapeParser::Action EscapeParser::on_escape(std::uint8_t byte) {
    switch (byte) {
    case '[':
        start_csi();
        return Action::None;
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_':
        state_ = State::String;
        return Action::None;
    default:
        break;
    }
    // An intermediate byte: ESC ( B chooses a character set, ESC # 8 a test picture.
    if (is_between(byte, 0x20, 0x2F)) {
        state_ = State::Skip;
        return Action::None;
    }
    return finish(Action::Escape, byte);
}

EscapeParser::Action EscapeParser::on_csi(std::uint8_t byte) {
    if (is_between(byte, 0x40, 0x7E)) {
        return finish(state_ == State::Csi ? Action::Csi : Action::None, byte);
    }
    if (state_ == State::CsiIgnored) return Action::None;
    if (is_between(byte, '0', '9')) {
        add_digit(byte - static_cast<std::uint32_t>('0'));
    } else if (byte == ';' || byte == ':') {
        if (parameter_count_ == 0) parameter_count_ = 1;
        if (parameter_count_ < kMaxParameters) {
            parameters_[parameter_count_++] = 0;
        } else {
            state_ = State::CsiIgnored;
        }
    } else if (is_between(byte, 0x3C, 0x3F) && parameter_count_ == 0 && marker_ == 0) {
        marker_ = byte;
    } else {
        // An intermediate byte, a misplaced marker, or no ASCII: nothing we know looks like this.
        state_ = State::CsiIgnored;
    }
    return Action::None;
}

// The text of a string (a window title, a palette entry) is for other terminals. A line end ends
// it too, or one stray ESC ] in a binary file would swallow all that follows.
EscapeParser::Action EscapeParser::on_string(std::uint8_t byte) {
    if (byte == kBell || byte == kCancel || byte == kSubstitute) {
        state_ = State::Ground;
    } else if (byte == '\n' || byte == '\r') {
        return finish(Action::Control, byte);
    } else if (byte == kEscape) {
        state_ = State::StringEscape;
    } else if (state_ == State::StringEscape) {
        state_ = State::Ground;
        // Only ESC \ ends a string; any other escape sequence has cut it short and begins here.
        if (byte >= 0x20 && byte != '\\') return on_escape(byte);
    }
    return Action::None;
}

void EscapeParser::start_csi() {
    state_ = State::Csi;
    marker_ = 0;
    parameter_count_ = 0;
    parameters_[0] = 0;
}

void EscapeParser::add_digit(std::uint32_t digit) {
    if (parameter_count_ == 0) parameter_count_ = 1;
    std::uint16_t& parameter = parameters_[parameter_count_ - 1];
    const std::uint32_t value = parameter * 10U + digit;
    parameter = static_cast<std::uint16_t>(value < kLargestParameter ? value : kLargestParameter);
}

EscapeParser::Action EscapeParser::finish(Action action, std::uint8_t byte) {
    state_ = State::Ground;
    final_ = byte;
    return action;
}

void EscapeParser::check_invariants() const {
    ASSERT(parameter_count_ <= kMaxParameters);
    for (const std::uint16_t parameter : parameters_) {
        ASSERT(parameter <= kLargestParameter);
    }
    ASSERT(marker_ == 0 || is_between(marker_, 0x3C, 0x3F));
}

}  // namespace quire::drivers
