// The first line of a script: which program reads it.
//
//     #! /bin/sh -e\n      interpreter "/bin/sh", argument "-e": all that follows is one argument
//
// Rules as of Linux (fs/binfmt_script.c): the line counts up to 255 bytes; an interpreter's name
// that is cut off there is none, an argument is just cut. execve(2).
#pragma once

#include <string_view>

#include "kernel/base/result.h"

namespace quire::kernel {

struct ScriptLine {
    std::string_view interpreter;
    std::string_view argument;  // empty: none
};

[[nodiscard]] constexpr bool is_script(std::string_view head) {
    return head.starts_with("#!");
}

/// `head`: how the file begins, 256 bytes if it has as many. The answer lies in it.
/// Precondition: is_script(head). Errors: NotExecutable.
Result<ScriptLine> parse_script(std::string_view head);

}  // namespace quire::kernel
