// Splits a terminal's byte stream into characters, control codes and escape sequences.
//
//     Ground -ESC-> Escape -[-> Csi -final byte-> Ground
//                     |-] P X ^ _-> String -BEL, ESC \ or line end-> Ground
//                     |-( ) # % space...-> Skip one byte
//
// One idea: whatever comes in, every byte is consumed and the parser is back in Ground after a
// bounded detour, so no sequence, known or not, leaves rubbish on the screen. Control codes act
// even inside a sequence; CAN, SUB and ESC abort it, as on a VT100. (ECMA-48, VT100 manual.)
#pragma once

#include <cstdint>

namespace quire::drivers {

class EscapeParser {
  public:
    enum class Action : std::uint8_t {
        None,     // the byte was swallowed
        Print,    // show final()
        Control,  // obey the control code final(), below 0x20
        Escape,   // ESC final()
        Csi,      // ESC [ marker() parameters final()
    };

    static constexpr std::uint32_t kMaxParameters = 16;
    static constexpr std::uint32_t kLargestParameter = 9999;

    /// Takes one byte. What Action::Csi tells about holds until the next call.
    Action feed(std::uint8_t byte);

    [[nodiscard]] std::uint8_t final() const { return final_; }

    /// '?', '<', '=' or '>' when the parameters began with it, else 0.
    [[nodiscard]] std::uint8_t marker() const { return marker_; }

    [[nodiscard]] std::uint32_t parameter_count() const { return parameter_count_; }

    /// Parameter `index`, or `fallback` when it was left out or given as 0 (which in nearly all
    /// sequences means the same).
    [[nodiscard]] std::uint32_t parameter(std::uint32_t index, std::uint32_t fallback) const {
        if (index >= parameter_count_ || parameters_[index] == 0) return fallback;
        return parameters_[index];
    }

    void check_invariants() const;

  private:
    enum class State : std::uint8_t { Ground, Escape, Csi, CsiIgnored, Skip, String, StringEscape };

    Action on_escape(std::uint8_t byte);
    Action on_csi(std::uint8_t byte);
    Action on_string(std::uint8_t byte);
    void start_csi();
    void add_digit(std::uint32_t digit);
    Action finish(Action action, std::uint8_t byte);

    State state_ = State::Ground;
    std::uint8_t final_ = 0;
    std::uint8_t marker_ = 0;
    std::uint32_t parameter_count_ = 0;
    std::uint16_t parameters_[kMaxParameters] = {};
};

}  // namespace quire::drivers
