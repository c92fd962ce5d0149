// getdents64(2): a directory's entries, as programs read them (kernel/abi/dirent.h).
#pragma once

#include <cstdint>

#include "fs/bytes.h"
#include "fs/node.h"

namespace quire::fs {

/// Hands whole entries from `position` on to `to`, as many as fit into `bytes`, and moves
/// `position` behind them. Returns their bytes; 0: the end. May sleep. Errors: InvalidArgument (not
/// even one fits), BadAddress, those of read_directory(); if some entries were handed over before,
/// their bytes are returned in place of the error.
Result<std::uint32_t> read_entries(Node& directory, std::uint64_t& position, std::uint32_t bytes,
                                   ByteSink& to);

}  // namespace quire::fs
