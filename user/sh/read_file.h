// Whole files as texts: scripts, /etc/passwd, what a command has printed.
#pragma once

#include "user/sh/text_builder.h"

namespace quire::shell {

/// Puts all that an open file has left to `to`. 0 or -errno.
long read_all(int file, TextBuilder& to);
/// The same of the file of that name.
long read_file(const char* path, TextBuilder& to);

}  // namespace quire::shell
