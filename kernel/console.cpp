#include "kernel/console.h"

#include "libc/format.h"

namespace quire::kernel {

void Console::write(const char* text, std::size_t length) {
    std::size_t start = 0;
    for (std::size_t i = 0; i < length; ++i) {
        if (text[i] != '\n') continue;
        write_plain(text + start, i - start);
        write_plain("\r\n", 2);
        start = i + 1;
    }
    write_plain(text + start, length - start);
}

void Console::write_plain(const char* text, std::size_t length) {
    if (length == 0) return;
    if (polling_) {
        serial_.write_polled(text, length);
    } else {
        serial_.write(text, length);
    }
    screen_.write(text, length);
}

void Console::print_arguments(const char* format, std::va_list arguments) {
    (void)libc::format_to(write_to, this, format, arguments);  // the length is of no use here
}

void Console::print(const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    print_arguments(format, arguments);
    va_end(arguments);
}

bool Console::read(char& byte) {
    std::uint8_t received = 0;
    if (serial_.read(received)) {
        byte = static_cast<char>(received);
        return true;
    }
    return keyboard_.read(byte);
}

}  // namespace quire::kernel
