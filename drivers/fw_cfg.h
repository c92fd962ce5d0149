// QEMU's firmware configuration device: named blobs handed to the guest (`-fw_cfg name=...`).
//
// Two ports: write a 16-bit selector to 0x510, then read the item byte by byte from 0x511. Item
// 0x19 is the directory: a big-endian count, then 64-byte entries of size, selector, reserved and
// a NUL-terminated name. (QEMU docs/specs/fw_cfg.)
#pragma once

#include <cstddef>
#include <cstdint>

#include "drivers/hardware.h"
#include "kernel/base/result.h"

namespace quire::drivers {

class FirmwareConfig {
  public:
    constexpr explicit FirmwareConfig(Hardware& hardware) : hardware_(hardware) {}

    /// Whether the device answers with its signature. Costs five port accesses.
    [[nodiscard]] bool present();

    /// Copies at most `capacity` bytes of the item called `name` into `buffer` and returns the
    /// item's whole size, which may be larger. Nothing is appended.
    /// Errors: NotFound (no such device or no such item); `buffer` is unchanged then.
    Result<std::uint32_t> read_file(const char* name, char* buffer, std::size_t capacity);

  private:
    struct Entry {
        std::uint32_t size;
        std::uint16_t selector;
    };

    Result<Entry> find(const char* name);
    void select(std::uint16_t selector);
    std::uint8_t next_byte();
    std::uint32_t next_big_endian(int bytes);

    Hardware& hardware_;
};

}  // namespace quire::drivers
