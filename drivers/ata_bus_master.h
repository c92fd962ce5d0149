// The bus master of an IDE channel: it moves a command's data between drive and RAM by itself.
//
//     +0 command: bit 0 start, bit 3 towards RAM       PRD table: one entry for each piece
//     +2 status:  bit 0 active, 1 error, 2 interrupt    31            16 15             0
//     +4 address of the PRD table                       |  address                      |
//                                                       | bit 31: last |  bytes         |
//
// A piece is at most 64 KiB and crosses no 64 KiB boundary; 0 bytes stands for 64 KiB. The table is
// one frame. (Programming Interface for Bus Master IDE Controller, 1.0.)
#pragma once

#include <span>

#include "drivers/block_device.h"
#include "drivers/hardware.h"

namespace quire::drivers {

class AtaBusMaster {
  public:
    enum class Direction : std::uint8_t { ToRam, FromRam };

    struct Outcome {
        bool error = false;       // it could not reach RAM
        bool incomplete = false;  // the drive ended before the table did
    };

    /// `port` is the channel's of the controller's fourth base address, 0 if there is none. `table`
    /// is a frame in the window, and stays the caller's; nobody else writes to it.
    AtaBusMaster(Hardware& hardware, std::uint16_t port, mm::FrameNumber table)
        : hardware_(hardware), port_(port), table_(table) {}

    [[nodiscard]] bool present() const { return port_ != 0; }

    /// Makes the table; the command may be given to the drive then. Precondition: idle; at most
    /// kMostPieces pieces.
    void prepare(std::span<const BlockBuffer> pieces, Direction direction);
    /// Begins to move data, after the drive got its command.
    void start();
    /// Whether the drive has raised its interrupt since prepare().
    [[nodiscard]] bool interrupted();
    /// Ends whatever is under way.
    Outcome stop();

  private:
    void write_table(std::span<const BlockBuffer> pieces);

    Hardware& hardware_;
    std::uint16_t port_;
    mm::FrameNumber table_;
    std::uint8_t direction_ = 0;
};

}  // namespace quire::drivers
