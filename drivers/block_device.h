// A disk, or a part of one: numbered sectors that are read and written in runs.
//
//     submit(request) ---> queue ---> one command at a time ---> interrupt ---> request.done
//     wait(request)   ...........................sleeps.........................'
//
// A request names the sectors and the pieces of RAM they go to or come from, so that one command
// can fill frames that lie anywhere. It belongs to whoever made it and must stay in place, with its
// buffers, until it is done. Requests that lie side by side on the disk may be carried out as one
// command; those in the queue together may be carried out in any order, but a Flush comes after
// every Write submitted before it, and no request that overlaps a write in the queue overtakes it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "kernel/base/intrusive_list.h"
#include "kernel/base/result.h"
#include "kernel/base/strong_unit.h"
#include "mm/types.h"

namespace quire::drivers {

inline constexpr std::uint32_t kSectorSize = 512;

/// A length in sectors, and a place counted from the beginning of the device. 32 bits: 2 TiB.
using SectorCount = Quantity<struct SectorCountTag>;
using SectorNumber = Position<struct SectorNumberTag, SectorCount>;

/// A piece of RAM in the physical window. Both numbers are multiples of kSectorSize, and the piece
/// does not cross the end of a frame.
struct BlockBuffer {
    mm::PhysAddr address;
    std::uint32_t bytes;
};

struct BlockRequest {
    enum class Kind : std::uint8_t { Read, Write, Flush };

    Kind kind = Kind::Read;
    SectorNumber first;                    // not for Flush
    std::span<const BlockBuffer> buffers;  // their bytes, in order; none for Flush

    // What became of it; valid once `done`.
    bool done = false;
    std::optional<Error> error;  // IoError, TimedOut, NotPermitted (read-only), BadAddress
    SectorNumber bad_sector;     // the first that failed, as far as the device says; else `first`

    // The device's, from submit() until done.
    ListHook queue_hook;
    SectorCount length;  // sectors(), counted once
    SectorCount origin;  // where the partition begins to which `first` refers

    /// How many sectors the buffers hold.
    [[nodiscard]] SectorCount sectors() const {
        std::uint32_t bytes = 0;
        for (const BlockBuffer& buffer : buffers)
            bytes += buffer.bytes;
        return SectorCount(bytes / kSectorSize);
    }

    /// For devices: where the request begins and ends on the device that carries it out.
    [[nodiscard]] SectorNumber device_first() const { return first + origin; }
    [[nodiscard]] SectorNumber device_end() const { return first + origin + length; }

    /// For devices: the request is done. `bad` is the first sector that failed, on the device that
    /// carried it out.
    void finish(std::optional<Error> with, SectorNumber bad) {
        error = with;
        bad_sector = with.has_value() ? bad - origin : first;
        origin = SectorCount();
        done = true;
    }
};

class BlockDevice {
  public:
    /// Takes the request in, and returns at once. A request that cannot be carried out (past the
    /// end: BadAddress; a write to a read-only device: NotPermitted) is done with that error.
    virtual void submit(BlockRequest& request) = 0;

    /// Sleeps until the request is done: it always gets done, by a time-out if by nothing else.
    virtual void wait(BlockRequest& request) = 0;

    [[nodiscard]] virtual SectorCount sectors() const = 0;
    [[nodiscard]] virtual bool read_only() const = 0;
    /// As /dev has it: "hda", "hda1". Stays as long as the device.
    [[nodiscard]] virtual const char* name() const = 0;

    /// submit() and wait() in one. Errors: the request's. After an error, what the buffers of a
    /// read hold, or the sectors of a write, is undefined.
    Result<void> read(SectorNumber first, std::span<const BlockBuffer> buffers) {
        return carry_out(BlockRequest::Kind::Read, first, buffers);
    }
    Result<void> write(SectorNumber first, std::span<const BlockBuffer> buffers) {
        return carry_out(BlockRequest::Kind::Write, first, buffers);
    }
    /// What was written before outlives a power cut when this returns.
    Result<void> flush() { return carry_out(BlockRequest::Kind::Flush, {}, {}); }

  protected:
    ~BlockDevice() = default;

    /// What submit() begins with: makes the request new and holds it against the device. False: it
    /// was refused, and is done.
    [[nodiscard]] bool take_in(BlockRequest& request) const {
        request.done = false;
        request.error.reset();
        request.length = request.sectors();
        const std::uint64_t end =
            std::uint64_t{request.first.raw()} + request.origin.raw() + request.length.raw();
        if (request.kind != BlockRequest::Kind::Flush && end > sectors().raw()) {
            request.finish(Error::BadAddress, request.device_first());
        } else if (request.kind == BlockRequest::Kind::Write && read_only()) {
            request.finish(Error::NotPermitted, request.device_first());
        }
        return !request.done;
    }

  private:
    Result<void> carry_out(BlockRequest::Kind kind, SectorNumber first,
                           std::span<const BlockBuffer> buffers) {
        BlockRequest request;
        request.kind = kind;
        request.first = first;
        request.buffers = buffers;
        submit(request);
        wait(request);
        if (request.error.has_value()) return *request.error;
        return {};
    }
};

}  // namespace quire::drivers
