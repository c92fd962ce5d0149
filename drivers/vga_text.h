// The VGA text screen: a Terminal whose cells are the adapter's memory, and the hardware cursor.
//
// One idea: port writes are dear, so the cursor is moved once for each write(), and only if it
// moved or was switched on or off. (IBM VGA: CRT controller registers 0x0A, 0x0E, 0x0F.)
#pragma once

#include <cstddef>
#include <cstdint>

#include "drivers/hardware.h"
#include "drivers/terminal.h"

namespace quire::drivers {

class VgaText {
  public:
    static constexpr std::uint32_t kPhysicalAddress = 0xB8000;

    /// `cells` is where the caller has mapped kPhysicalAddress.
    constexpr VgaText(Hardware& hardware, std::uint16_t* cells)
        : hardware_(hardware), terminal_(cells) {}

    /// Clears the screen, shows the cursor, and makes attribute bit 7 a bright background
    /// instead of blinking.
    void init();

    /// Draws `size` bytes; see Terminal for what they may contain. May be called with interrupts
    /// on or off, also from an interrupt handler.
    void write(const char* bytes, std::size_t size);

    [[nodiscard]] Terminal& terminal() { return terminal_; }

  private:
    static constexpr std::uint32_t kHidden = Terminal::kCells;

    void write_crtc(std::uint8_t index, std::uint8_t value);
    void disable_blinking();
    void update_cursor();

    Hardware& hardware_;
    Terminal terminal_;
    std::uint32_t shown_cursor_ = kHidden;  // a cell, or kHidden
};

}  // namespace quire::drivers
