// The console: everything printed goes to the serial line and to the screen; input comes from the
// serial line and the keyboard. Either may be absent.
//
// Text has plain '\n'; the console makes it "\r\n". After use_polling() nothing depends on
// interrupts any more: the way a panic prints.
#pragma once

#include <cstdarg>
#include <cstddef>

#include "drivers/keyboard.h"
#include "drivers/serial.h"
#include "drivers/vga_text.h"

namespace quire::kernel {

class Console {
  public:
    constexpr Console(drivers::SerialPort& serial, drivers::VgaText& screen,
                      drivers::Keyboard& keyboard)
        : serial_(serial), screen_(screen), keyboard_(keyboard) {}

    void write(const char* text, std::size_t length);
    /// As it is: '\n' moves down and not to the left.
    void write_plain(const char* text, std::size_t length);
    /// write() as a libc::FormatWriter; `console` is the Console.
    static void write_to(void* console, const char* text, std::size_t length) {
        static_cast<Console*>(console)->write(text, length);
    }
    [[gnu::format(printf, 2, 3)]] void print(const char* format, ...);
    void print_arguments(const char* format, std::va_list arguments);

    /// Takes the next byte typed; false when nobody has typed.
    [[nodiscard]] bool read(char& byte);

    void use_polling() { polling_ = true; }
    /// Waits until everything printed has left the machine.
    void flush() { serial_.flush(); }

  private:
    drivers::SerialPort& serial_;
    drivers::VgaText& screen_;
    drivers::Keyboard& keyboard_;
    bool polling_ = false;
};

}  // namespace quire::kernel
