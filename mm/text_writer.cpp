#include "mm/text_writer.h"

#include <cstdarg>

#include "libc/format.h"

namespace quire::mm {

void TextWriter::print(const char* format, ...) const {
    std::va_list arguments;
    va_start(arguments, format);
    (void)libc::format_to(write, context, format, arguments);  // the length is of no use here
    va_end(arguments);
}

}  // namespace quire::mm
