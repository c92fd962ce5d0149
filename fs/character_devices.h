// The character devices of /dev: null, zero, full, random, urandom, mem, console, tty.
//
//     1:1 mem  1:3 null  1:5 zero  1:7 full  1:8 random  1:9 urandom  5:0 tty  5:1 console
//
// Numbers and behaviour are Linux's: null(4), zero(4), full(4), random(4), mem(4), tty(4).
#pragma once

#include "fs/device_table.h"
#include "fs/random_source.h"
#include "fs/terminal.h"
#include "mm/frame_table.h"

namespace quire::fs {

/// Reads end at once, writes vanish.
class NullDevice final : public Device {
  public:
    explicit NullDevice(DeviceTable& table)
        : Device(table, NodeKind::CharacterDevice, device_number(1, 3), "null", 0666) {}
    Result<std::uint32_t> read(std::uint64_t, std::uint32_t, ByteSink&, ReadAhead&) override;
    /// What the writer has is not even looked at, as on Linux.
    Result<std::uint32_t> write(std::uint64_t, std::uint32_t bytes, ByteSource&) override {
        return bytes;
    }
    [[nodiscard]] Seeking seeking() const override { return Seeking::Ignored; }
};

/// Reads as zeroes without end. Writes vanish, or, for /dev/full, find the disk full.
class ZeroDevice final : public Device {
  public:
    enum class Kind : std::uint8_t { Zero, Full };
    ZeroDevice(DeviceTable& table, Kind kind)
        : Device(table, NodeKind::CharacterDevice, device_number(1, kind == Kind::Zero ? 5 : 7),
                 kind == Kind::Zero ? "zero" : "full", 0666),
          kind_(kind) {}
    Result<std::uint32_t> read(std::uint64_t, std::uint32_t bytes, ByteSink& to,
                               ReadAhead&) override;
    /// Errors: NoSpace (full).
    Result<std::uint32_t> write(std::uint64_t, std::uint32_t bytes, ByteSource&) override;
    [[nodiscard]] bool maps_zeroes() const override { return kind_ == Kind::Zero; }
    [[nodiscard]] Seeking seeking() const override { return Seeking::Ignored; }

  private:
    Kind kind_;
};

/// Two names for one generator (fs/random_source.h). What is written is stirred in.
class RandomDevice final : public Device {
  public:
    enum class Kind : std::uint8_t { Random, Urandom };
    /// Precondition: `source` stays.
    RandomDevice(DeviceTable& table, Kind kind, RandomSource& source)
        : Device(table, NodeKind::CharacterDevice, device_number(1, kind == Kind::Random ? 8 : 9),
                 kind == Kind::Random ? "random" : "urandom", 0666),
          source_(source) {}
    Result<std::uint32_t> read(std::uint64_t, std::uint32_t bytes, ByteSink& to,
                               ReadAhead&) override;
    Result<std::uint32_t> write(std::uint64_t, std::uint32_t bytes, ByteSource& from) override;
    [[nodiscard]] Seeking seeking() const override { return Seeking::Ignored; }

  private:
    RandomSource& source_;
};

/// RAM by physical address, to look at. Only what the kernel manages as RAM is there: other
/// addresses may be devices, which change when they are read.
class MemoryDevice final : public Device {
  public:
    /// Precondition: `records` stays.
    MemoryDevice(DeviceTable& table, const mm::FrameTable& records)
        : Device(table, NodeKind::CharacterDevice, device_number(1, 1), "mem", 0440),
          records_(records) {}
    /// Errors: BadAddress (no RAM there).
    Result<std::uint32_t> read(std::uint64_t offset, std::uint32_t bytes, ByteSink& to,
                               ReadAhead&) override;
    /// Errors: NotPermitted, always.
    Result<std::uint32_t> write(std::uint64_t, std::uint32_t, ByteSource&) override {
        return Error::NotPermitted;
    }

  private:
    [[nodiscard]] bool is_ram(std::uint64_t address) const;

    const mm::FrameTable& records_;
};

/// A terminal as /dev has it: the console, and tty, which is the terminal that controls whoever
/// opens it; there is one terminal, so both are that.
class TerminalDevice final : public Device {
  public:
    enum class Kind : std::uint8_t { Tty, Console };
    /// Precondition: `terminal` stays.
    TerminalDevice(DeviceTable& table, Kind kind, Terminal& terminal)
        : Device(table, NodeKind::CharacterDevice, device_number(5, kind == Kind::Tty ? 0 : 1),
                 kind == Kind::Tty ? "tty" : "console", kind == Kind::Tty ? 0666 : 0600),
          kind_(kind),
          terminal_(terminal) {}
    /// Errors: NoDevice (tty, and the caller has no controlling terminal). (Linux: tty_open.)
    Result<void> opened(OpenMode) override;
    Result<std::uint32_t> read(std::uint64_t, std::uint32_t bytes, ByteSink& to,
                               ReadAhead&) override;
    Result<std::uint32_t> write(std::uint64_t, std::uint32_t bytes, ByteSource& from) override;
    [[nodiscard]] Seeking seeking() const override { return Seeking::Refused; }
    [[nodiscard]] WaitQueue* changes() override { return &terminal_.changes(); }
    [[nodiscard]] Readiness readiness() override { return terminal_.readiness(); }
    [[nodiscard]] Terminal* terminal() override { return &terminal_; }

  private:
    Kind kind_;
    Terminal& terminal_;
};

}  // namespace quire::fs
