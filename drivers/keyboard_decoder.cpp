#include "drivers/keyboard_decoder.h"

#include "kernel/base/assert.h"

namespace quire::drivers {

namespace {

constexpr std::uint8_t kBreak = 0x80;
constexpr std::uint8_t kPrefixE0 = 0xE0;
constexpr std::uint8_t kPrefixE1 = 0xE1;
constexpr std::uint8_t kErrorLow = 0x00;  // keyboard: detection error or buffer overrun
constexpr std::uint8_t kErrorHigh = 0xFF;
constexpr std::uint8_t kPauseFirst = 0x1D;
constexpr std::uint8_t kPauseSecond = 0x45;

constexpr std::uint8_t kExtended = KeyboardDecoder::kExtendedKey;
constexpr std::uint8_t kKeyTab = 0x0F;
constexpr std::uint8_t kKeyLeftShift = 0x2A;
constexpr std::uint8_t kKeyRightShift = 0x36;
constexpr std::uint8_t kKeyKeypad7 = 0x47;
constexpr std::uint8_t kKeyKeypadDot = 0x53;
constexpr std::uint8_t kKeyExtraIso = 0x56;
constexpr std::uint8_t kKeyKeypadEnter = kExtended | 0x1C;
constexpr std::uint8_t kKeyKeypadSlash = kExtended | 0x35;

// What a key types by itself, with Shift, and with Control (with or without Shift).
struct KeyCharacters {
    std::uint8_t plain = 0;
    std::uint8_t shifted = 0;
    std::uint8_t control = 0;
};

// NUL is a character here (Ctrl+Space), so "types nothing" is another number.
constexpr std::uint8_t kNothing = 0xFF;
constexpr std::uint8_t kEscape = 0x1B;
constexpr std::uint8_t kBackspace = 0x7F;

constexpr KeyCharacters letter(char small) {
    const auto code = static_cast<std::uint8_t>(small);
    return {code, static_cast<std::uint8_t>(code - 0x20), static_cast<std::uint8_t>(code & 0x1F)};
}
constexpr KeyCharacters sign(char plain, char shifted, std::uint8_t control = kNothing) {
    return {static_cast<std::uint8_t>(plain), static_cast<std::uint8_t>(shifted), control};
}
constexpr KeyCharacters kNoKey = {kNothing, kNothing, kNothing};

// By make code, 0x00 to 0x39, one line for a row of the keyboard.
// clang-format off
constexpr KeyCharacters kMainBlock[] = {
    kNoKey, {kEscape, kEscape, kEscape},
    sign('1', '!'), sign('2', '@', 0x00), sign('3', '#', 0x1B), sign('4', '$', 0x1C),
    sign('5', '%', 0x1D), sign('6', '^', 0x1E), sign('7', '&', 0x1F), sign('8', '*', 0x7F),
    sign('9', '('), sign('0', ')'), sign('-', '_', 0x1F), sign('=', '+'),
    {kBackspace, kBackspace, 0x08},
    {'\t', '\t', '\t'},
    letter('q'), letter('w'), letter('e'), letter('r'), letter('t'), letter('y'), letter('u'),
    letter('i'), letter('o'), letter('p'), sign('[', '{', 0x1B), sign(']', '}', 0x1D),
    {'\r', '\r', '\r'},
    kNoKey,  // left Control
    letter('a'), letter('s'), letter('d'), letter('f'), letter('g'), letter('h'), letter('j'),
    letter('k'), letter('l'), sign(';', ':'), sign('\'', '"', 0x07), sign('`', '~', 0x00),
    kNoKey,  // left Shift
    sign('\\', '|', 0x1C),
    letter('z'), letter('x'), letter('c'), letter('v'), letter('b'), letter('n'), letter('m'),
    sign(',', '<'), sign('.', '>'), sign('/', '?', 0x7F),
    kNoKey,  // right Shift
    sign('*', '*'),  // on the keypad
    kNoKey,  // left Alt
    sign(' ', ' ', 0x00),
};
// clang-format on
static_assert(sizeof(kMainBlock) / sizeof(kMainBlock[0]) == 0x3A);
static_assert(kMainBlock[0x10].plain == 'q' && kMainBlock[0x1E].plain == 'a');
static_assert(kMainBlock[0x2C].plain == 'z' && kMainBlock[0x39].plain == ' ');

// The keypad with Num Lock on and off, from 7 (0x47) to the dot (0x53).
constexpr char kKeypadDigits[] = "789-456+1230.";
constexpr std::string_view kKeypadCursor[] = {
    "\033[1~", "\033[A",  "\033[5~", "-",       "\033[D",  "\033[G",  "\033[C",
    "+",       "\033[4~", "\033[B",  "\033[6~", "\033[2~", "\033[3~",
};
static_assert(sizeof(kKeypadDigits) - 1 == sizeof(kKeypadCursor) / sizeof(kKeypadCursor[0]));

// F1 to F10 are 0x3B to 0x44, F11 and F12 are 0x57 and 0x58.
constexpr std::string_view kFunctionKeys[] = {
    "\033[[A",  "\033[[B",  "\033[[C",  "\033[[D",  "\033[[E",  "\033[17~",
    "\033[18~", "\033[19~", "\033[20~", "\033[21~", "\033[23~", "\033[24~",
};

constexpr std::uint8_t modifier_of(std::uint8_t key) {
    switch (key) {
    case kKeyLeftShift:
        return KeyboardDecoder::kLeftShift;
    case kKeyRightShift:
        return KeyboardDecoder::kRightShift;
    case 0x1D:
        return KeyboardDecoder::kLeftControl;
    case kExtended | 0x1D:
        return KeyboardDecoder::kRightControl;
    case 0x38:
        return KeyboardDecoder::kLeftAlt;
    case kExtended | 0x38:
        return KeyboardDecoder::kRightAlt;
    default:
        return 0;
    }
}

constexpr std::uint8_t lock_of(std::uint8_t key) {
    switch (key) {
    case 0x3A:
        return KeyboardDecoder::kCapsLock;
    case 0x45:
        return KeyboardDecoder::kNumLock;
    case 0x46:
        return KeyboardDecoder::kScrollLock;
    default:
        return 0;
    }
}

constexpr bool is_keypad(std::uint8_t key) {
    return key >= kKeyKeypad7 && key <= kKeyKeypadDot;
}

// Cursor and function keys; the grey ones have the codes of the keypad without Num Lock.
std::string_view sequence_of(std::uint8_t key) {
    if (key >= 0x3B && key <= 0x44) return kFunctionKeys[key - 0x3B];
    if (key == 0x57 || key == 0x58) return kFunctionKeys[key - 0x57 + 10];
    const auto base = static_cast<std::uint8_t>(key & ~kExtended);
    if (!is_keypad(base)) return {};
    const std::string_view sequence = kKeypadCursor[base - kKeyKeypad7];
    // There is no grey 5, plus or minus.
    const bool grey_exists = sequence.size() > 1 && base != 0x4C;
    return (key & kExtended) == 0 || grey_exists ? sequence : std::string_view{};
}

KeyCharacters characters_of(std::uint8_t key) {
    if (key < sizeof(kMainBlock) / sizeof(kMainBlock[0])) return kMainBlock[key];
    if (is_keypad(key)) {
        const auto digit = static_cast<std::uint8_t>(kKeypadDigits[key - kKeyKeypad7]);
        return {digit, digit, digit};
    }
    if (key == kKeyExtraIso) return sign('<', '>', 0x1C);
    if (key == kKeyKeypadEnter) return {'\r', '\r', '\r'};
    if (key == kKeyKeypadSlash) return sign('/', '/');
    return kNoKey;
}

constexpr bool is_letter(std::uint8_t character) {
    return character >= 'a' && character <= 'z';
}

void append(KeyEvent& event, std::uint8_t byte) {
    ASSERT(event.size < sizeof(event.bytes));
    event.bytes[event.size++] = static_cast<char>(byte);
}

}  // namespace

KeyEvent KeyboardDecoder::feed(std::uint8_t scan_code) {
    if (scan_code == kErrorLow || scan_code == kErrorHigh) {
        // Codes were lost, perhaps the release of a modifier.
        modifiers_ = 0;
        lock_keys_down_ = 0;
        prefix_ = Prefix::None;
        return {};
    }
    if (scan_code == kPrefixE0 || scan_code == kPrefixE1) {
        prefix_ = scan_code == kPrefixE0 ? Prefix::E0 : Prefix::E1;
        return {};
    }
    if (prefix_ == Prefix::E1 || prefix_ == Prefix::E1Control) return on_pause(scan_code);

    const bool extended = prefix_ == Prefix::E0;
    prefix_ = Prefix::None;
    const auto code = static_cast<std::uint8_t>(scan_code & ~kBreak);
    // Fake shifts surround grey keys so that programs of 1984 understood them.
    if (extended && (code == kKeyLeftShift || code == kKeyRightShift)) return {};

    KeyEvent event;
    event.key = extended ? code | kExtended : code;
    event.pressed = (scan_code & kBreak) == 0;
    if (on_modifier(event.key, event.pressed) || on_lock(event.key, event.pressed)) return event;
    if (event.pressed) type(event);
    return event;
}

// After E1: 1D or 9D, then 45 or C5. Anything else means that bytes were lost, and counts itself.
KeyEvent KeyboardDecoder::on_pause(std::uint8_t scan_code) {
    const auto code = static_cast<std::uint8_t>(scan_code & ~kBreak);
    const bool first = prefix_ == Prefix::E1;
    prefix_ = Prefix::None;
    if (code != (first ? kPauseFirst : kPauseSecond)) return feed(scan_code);
    if (first) {
        prefix_ = Prefix::E1Control;
        return {};
    }
    KeyEvent event;
    event.key = kPauseKey;
    event.pressed = (scan_code & kBreak) == 0;
    return event;
}

bool KeyboardDecoder::on_modifier(std::uint8_t key, bool pressed) {
    const std::uint32_t bit = modifier_of(key);
    modifiers_ = static_cast<std::uint8_t>(pressed ? modifiers_ | bit : modifiers_ & ~bit);
    return bit != 0;
}

bool KeyboardDecoder::on_lock(std::uint8_t key, bool pressed) {
    const std::uint32_t bit = lock_of(key);
    if (pressed && (lock_keys_down_ & bit) == 0) {
        locks_ = static_cast<std::uint8_t>(locks_ ^ bit);
    }
    lock_keys_down_ =
        static_cast<std::uint8_t>(pressed ? lock_keys_down_ | bit : lock_keys_down_ & ~bit);
    return bit != 0;
}

void KeyboardDecoder::type(KeyEvent& event) const {
    const std::uint8_t key = event.key;
    if (key == kKeyTab && holds(kLeftShift | kRightShift)) {
        for (const char byte : {'\033', '[', 'Z'})
            append(event, static_cast<std::uint8_t>(byte));
        return;
    }
    const std::string_view sequence = sequence_of(key);
    const bool keypad_digit = is_keypad(key) && (locks_ & kNumLock) != 0;
    if (sequence.size() > 1 && !keypad_digit) {
        for (const char byte : sequence)
            append(event, static_cast<std::uint8_t>(byte));
        return;
    }
    type_character(event, key);
}

void KeyboardDecoder::type_character(KeyEvent& event, std::uint8_t key) const {
    const KeyCharacters characters = characters_of(key);
    const bool shift = holds(kLeftShift | kRightShift);
    const bool caps = (locks_ & kCapsLock) != 0 && is_letter(characters.plain);
    std::uint8_t character = shift != caps ? characters.shifted : characters.plain;
    if (holds(kLeftControl | kRightControl)) character = characters.control;
    if (character == kNothing) return;
    if (holds(kLeftAlt | kRightAlt)) append(event, kEscape);
    append(event, character);
}

void KeyboardDecoder::check_invariants() const {
    ASSERT(modifiers_ < 0x40);
    ASSERT(locks_ < 0x08 && lock_keys_down_ < 0x08);
}

}  // namespace quire::drivers
