#include "drivers/vga_text.h"

namespace quire::drivers {

namespace {

constexpr std::uint16_t kCrtcIndex = 0x3D4;
constexpr std::uint16_t kCrtcData = 0x3D5;
constexpr std::uint8_t kCursorStart = 0x0A;
constexpr std::uint8_t kCursorEnd = 0x0B;
constexpr std::uint8_t kCursorHigh = 0x0E;
constexpr std::uint8_t kCursorLow = 0x0F;
constexpr std::uint8_t kCursorOff = 0x20;
constexpr std::uint8_t kCursorFirstLine = 13;
constexpr std::uint8_t kCursorLastLine = 14;

constexpr std::uint16_t kInputStatus = 0x3DA;
constexpr std::uint16_t kAttribute = 0x3C0;
constexpr std::uint16_t kAttributeRead = 0x3C1;
// Bit 5 keeps the palette in the hands of the display while register 0x10 is spoken to.
constexpr std::uint8_t kModeControl = 0x30;
constexpr std::uint8_t kModeBlink = 0x08;

}  // namespace

void VgaText::init() {
    const InterruptsOff guard(hardware_);
    disable_blinking();
    terminal_.reset();
    write_crtc(kCursorEnd, kCursorLastLine);
    shown_cursor_ = kHidden;
    update_cursor();
}

void VgaText::write(const char* bytes, std::size_t size) {
    // An interrupt handler that writes too must find neither the terminal nor the CRTC's index
    // register half changed.
    const InterruptsOff guard(hardware_);
    terminal_.write(bytes, size);
    update_cursor();
}

// The attribute controller has one port for index and data; reading the input status sets it
// back to index.
void VgaText::disable_blinking() {
    hardware_.in8(kInputStatus);
    hardware_.out8(kAttribute, kModeControl);
    const std::uint8_t mode = hardware_.in8(kAttributeRead);
    hardware_.out8(kAttribute, mode & static_cast<std::uint8_t>(~kModeBlink));
    hardware_.in8(kInputStatus);
}

void VgaText::write_crtc(std::uint8_t index, std::uint8_t value) {
    hardware_.out8(kCrtcIndex, index);
    hardware_.out8(kCrtcData, value);
}

void VgaText::update_cursor() {
    const std::uint32_t wanted = terminal_.cursor_visible()
                                     ? terminal_.row() * Terminal::kColumns + terminal_.column()
                                     : kHidden;
    if (wanted == shown_cursor_) return;
    if (wanted == kHidden) {
        write_crtc(kCursorStart, kCursorOff);
    } else {
        if (shown_cursor_ == kHidden) write_crtc(kCursorStart, kCursorFirstLine);
        write_crtc(kCursorHigh, static_cast<std::uint8_t>(wanted >> 8));
        write_crtc(kCursorLow, static_cast<std::uint8_t>(wanted & 0xFF));
    }
    shown_cursor_ = wanted;
}

}  // namespace quire::drivers
