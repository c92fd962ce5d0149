// What termios' output flags do to text on its way to the screen, and which column it gets to.
//
// Text is gathered and handed to the host in pieces. The column is what tabs and erasing need.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/process/terminal_host.h"

namespace quire::kernel {

class OutputProcessor {
  public:
    static constexpr std::uint32_t kTab = 8;

    explicit OutputProcessor(TerminalHost& host) : host_(host) {}

    /// A character, processed as `flags` (Termios::output) say.
    void put(char byte, std::uint32_t flags);
    /// Everything until now is shown.
    void flush();
    [[nodiscard]] std::uint32_t column() const { return column_; }

  private:
    static constexpr std::size_t kRoom = 256;
    void put_plain(char byte);

    TerminalHost& host_;
    std::array<char, kRoom> room_{};
    std::size_t used_ = 0;
    std::uint32_t column_ = 0;
};

}  // namespace quire::kernel
