// Between a disk's queue and the driver of its controller: one command at a time.
//
//     BlockQueue --start(command)--> DiskDriver --registers--> drive
//         ^                              |
//         '-------command_ended()--------'   from its interrupt, or from poll()
//
// The driver never waits. It says how a command ended exactly once, and never from within start():
// so a queue that starts the next command from command_ended() does not call itself.
#pragma once

#include <optional>
#include <span>

#include "drivers/block_device.h"

namespace quire::drivers {

struct DiskCommand {
    enum class Kind : std::uint8_t { Read, Write, Flush, Reset };

    Kind kind = Kind::Read;
    SectorNumber first;                   // Read, Write
    SectorCount count;                    // Read, Write: 1 to kMostSectors
    std::span<const BlockBuffer> pieces;  // that many sectors, in order, at most kMostPieces
};

/// What every driver takes in one command. 256 sectors is what the oldest ATA commands can say.
inline constexpr SectorCount kMostSectors{256};
inline constexpr std::size_t kMostPieces = 128;

class DiskListener {
  public:
    /// The command that was started last is over. Interrupts are off. Errors: IoError (the drive
    /// said so), TimedOut (it did not answer in time).
    virtual void command_ended(std::optional<Error> error) = 0;

  protected:
    ~DiskListener() = default;
};

class DiskDriver {
  public:
    /// Begins the command. Its pieces must stay until it has ended. Interrupts are off, and the
    /// command before must have ended.
    virtual void start(const DiskCommand& command, DiskListener& listener) = 0;

    /// Looks after the command under way without being asked by an interrupt: takes notice of an
    /// end whose interrupt was lost, and ends what takes too long. Whoever waits calls it about
    /// once a tick. Interrupts are off.
    virtual void poll() = 0;

  protected:
    ~DiskDriver() = default;
};

/// How a caller sleeps while a disk works.
class DiskWaiter {
  public:
    /// Called with interrupts off: lets them in, returns with them off after at least one came.
    virtual void sleep() = 0;

  protected:
    ~DiskWaiter() = default;
};

}  // namespace quire::drivers
