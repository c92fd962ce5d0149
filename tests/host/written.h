// What a function writes to a mm::TextWriter, as a std::string.
#pragma once

#include <string>

#include "mm/text_writer.h"

namespace quire::test {

template <typename Function>
std::string written(Function function) {
    std::string text;
    function(mm::TextWriter{[](void* to, const char* piece, std::size_t length) {
                                static_cast<std::string*>(to)->append(piece, length);
                            },
                            &text});
    return text;
}

}  // namespace quire::test
