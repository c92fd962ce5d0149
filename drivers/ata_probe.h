// Finds out what is at the end of an ATA cable: nothing, a disk, a drive of another kind.
//
// Runs at boot, by polling, with the drive's interrupt off. Each wait is bounded by the PIT, so a
// channel that floats, a controller that lies and a drive that hangs cost seconds at most.
#pragma once

#include "drivers/ata_identity.h"
#include "drivers/ata_task_file.h"
#include "drivers/pit.h"

namespace quire::drivers {

struct AtaFinding {
    enum class Kind : std::uint8_t {
        Nothing,
        Disk,
        Packet,  // ATAPI: CD-ROM and the like, which Quire does not drive; only its model is known
    };

    Kind kind = Kind::Nothing;
    AtaIdentity identity;
};

class AtaProbe {
  public:
    AtaProbe(AtaTaskFile& task_file, const Pit& pit, const char* channel)
        : task_file_(task_file), pit_(pit), channel_(channel) {}

    /// Asks drive 0 or 1 who it is. What does not answer as it should counts as nothing, with a
    /// line in the log if it answered at all.
    AtaFinding identify(unsigned drive);

    /// Lets the drive move blocks of `sectors` (a power of two). Errors: NotSupported (it refused),
    /// TimedOut; it moves single sectors then.
    Result<void> set_multiple(unsigned drive, std::uint8_t sectors);

  private:
    using Words = std::array<std::uint16_t, kIdentityWords>;

    [[nodiscard]] bool somebody_is_there(unsigned drive);
    [[nodiscard]] bool is_packet_drive();
    Result<void> wait_until_idle();
    Result<void> read_identity(Words& words);

    AtaTaskFile& task_file_;
    const Pit& pit_;
    const char* channel_;
};

}  // namespace quire::drivers
