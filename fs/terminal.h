// What the file layer asks of a terminal: lines or characters in, text out. The line discipline and
// its ioctl calls are the kernel's.
#pragma once

#include <cstdint>

#include "fs/bytes.h"
#include "fs/wait.h"

namespace quire::fs {

class Terminal {
  public:
    /// What was typed, up to `bytes`. 0: end of file was typed.
    /// Errors: TryAgain (nothing there yet), BadAddress.
    virtual Result<std::uint32_t> read(std::uint32_t bytes, ByteSink& to) = 0;
    /// Errors: TryAgain (output is stopped), BadAddress.
    virtual Result<std::uint32_t> write(std::uint32_t bytes, ByteSource& from) = 0;
    [[nodiscard]] virtual Readiness readiness() = 0;
    /// Woken when readiness() may have changed.
    [[nodiscard]] virtual WaitQueue& changes() = 0;

  protected:
    ~Terminal() = default;
};

}  // namespace quire::fs
