// What the file layer asks of a terminal: lines or characters in, text out. The line discipline is
// the kernel's (kernel/process/line_discipline.h).
#pragma once

#include <cstdint>

#include "fs/bytes.h"
#include "fs/wait.h"
#include "mm/types.h"

namespace quire::fs {

class Terminal {
  public:
    /// What was typed, up to `bytes`. 0: end of file was typed.
    /// Errors: TryAgain (nothing there yet), BadAddress.
    virtual Result<std::uint32_t> read(std::uint32_t bytes, ByteSink& to) = 0;
    /// Errors: TryAgain (output is stopped), BadAddress.
    virtual Result<std::uint32_t> write(std::uint32_t bytes, ByteSource& from) = 0;
    /// ioctl(2): what `argument` is depends on the request; an address is one in the program that
    /// is loaded. Errors: NotTerminal (no such request), BadAddress, others of ioctl_tty(2).
    virtual Result<std::uint32_t> control(std::uint32_t request, mm::VirtAddr argument) = 0;
    /// Whether it is the controlling terminal of whoever asks.
    [[nodiscard]] virtual bool controls_caller() = 0;
    [[nodiscard]] virtual Readiness readiness() = 0;
    /// Woken when readiness() may have changed.
    [[nodiscard]] virtual WaitQueue& changes() = 0;

  protected:
    ~Terminal() = default;
};

}  // namespace quire::fs
