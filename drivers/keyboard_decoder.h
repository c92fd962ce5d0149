// Turns PS/2 scan codes into the bytes a Linux console sends: the US layout, complete.
//
//     make 0x1E, break 0x9E                  the 'a' key
//     E0 48 / E0 C8                          grey Up; E0 2A, E0 36 are fake shifts and mean nothing
//     E1 1D 45 E1 9D C5                      Pause
//
// It speaks scan code set 1, into which the 8042 translates. Pure: bytes go in, bytes come out.
// Invariant: a modifier is held only between its make and its break code; an error byte from the
// keyboard (codes were lost) releases them all, so no Shift stays pressed for ever.
// (IBM PC keyboard scan codes; `man 4 console_codes`, Linux default key map.)
#pragma once

#include <cstdint>
#include <string_view>

namespace quire::drivers {

/// What one scan code byte amounted to.
struct KeyEvent {
    /// The key: its make code, plus kExtendedKey for those with an E0 prefix. 0: no key yet.
    std::uint8_t key = 0;
    bool pressed = false;
    std::uint8_t size = 0;
    char bytes[6] = {};

    /// What the key types, empty for most releases and modifiers. Ctrl+Space types a NUL.
    [[nodiscard]] std::string_view text() const { return {bytes, size}; }
};

class KeyboardDecoder {
  public:
    static constexpr std::uint8_t kExtendedKey = 0x80;
    static constexpr std::uint8_t kPauseKey = 0x80 | 0x45;

    // Modifiers held, for modifiers().
    static constexpr std::uint8_t kLeftShift = 0x01;
    static constexpr std::uint8_t kRightShift = 0x02;
    static constexpr std::uint8_t kLeftControl = 0x04;
    static constexpr std::uint8_t kRightControl = 0x08;
    static constexpr std::uint8_t kLeftAlt = 0x10;
    static constexpr std::uint8_t kRightAlt = 0x20;

    // Locks, for leds(): as the keyboard's command 0xED wants them.
    static constexpr std::uint8_t kScrollLock = 0x01;
    static constexpr std::uint8_t kNumLock = 0x02;
    static constexpr std::uint8_t kCapsLock = 0x04;

    KeyEvent feed(std::uint8_t scan_code);

    [[nodiscard]] std::uint8_t modifiers() const { return modifiers_; }
    [[nodiscard]] std::uint8_t leds() const { return locks_; }

    void check_invariants() const;

  private:
    enum class Prefix : std::uint8_t { None, E0, E1, E1Control };

    KeyEvent on_pause(std::uint8_t scan_code);
    bool on_modifier(std::uint8_t key, bool pressed);
    bool on_lock(std::uint8_t key, bool pressed);
    void type(KeyEvent& event) const;
    void type_character(KeyEvent& event, std::uint8_t key) const;
    [[nodiscard]] bool holds(std::uint8_t modifiers) const { return (modifiers_ & modifiers) != 0; }

    Prefix prefix_ = Prefix::None;
    std::uint8_t modifiers_ = 0;
    std::uint8_t locks_ = 0;
    std::uint8_t lock_keys_down_ = 0;  // so that auto-repeat toggles a lock only once
};

}  // namespace quire::drivers
