// A disk in RAM: for tests, and for `ramdisk=SIZE` on the command line. What it holds is lost when
// the machine stops. It is done with a request before submit() returns.
#pragma once

#include <cstddef>
#include <span>

#include "drivers/block_device.h"

namespace quire::drivers {

class RamDisk final : public BlockDevice {
  public:
    /// `storage` is whole sectors, at most 2 TiB; it and `name` must stay.
    RamDisk(const char* name, std::span<std::byte> storage);

    void submit(BlockRequest& request) override;
    void wait(BlockRequest& request) override { ASSERT(request.done); }
    [[nodiscard]] SectorCount sectors() const override { return sectors_; }
    [[nodiscard]] bool read_only() const override { return false; }
    [[nodiscard]] const char* name() const override { return name_; }

  private:
    const char* name_;
    std::byte* storage_;
    SectorCount sectors_;
};

}  // namespace quire::drivers
