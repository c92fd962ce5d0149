// A partition: a run of a disk's sectors that is a device itself.
#pragma once

#include "drivers/block_device.h"

namespace quire::drivers {

class Partition final : public BlockDevice {
  public:
    struct Place {
        SectorNumber first;  // of the disk
        SectorCount count;
    };

    /// Precondition: the place lies on the disk. Disk and `name` must stay.
    Partition(BlockDevice& disk, const char* name, Place place)
        : disk_(disk), name_(name), place_(place) {
        ASSERT(place.first.raw() <= disk.sectors().raw());
        ASSERT(place.count.raw() <= disk.sectors().raw() - place.first.raw());
    }

    void submit(BlockRequest& request) override {
        if (!take_in(request)) return;
        request.origin += place_.first - SectorNumber(0);
        disk_.submit(request);
    }
    void wait(BlockRequest& request) override { disk_.wait(request); }
    [[nodiscard]] SectorCount sectors() const override { return place_.count; }
    [[nodiscard]] bool read_only() const override { return disk_.read_only(); }
    [[nodiscard]] const char* name() const override { return name_; }

    [[nodiscard]] const BlockDevice& disk() const { return disk_; }
    [[nodiscard]] const Place& place() const { return place_; }

  private:
    BlockDevice& disk_;
    const char* name_;
    Place place_;
};

}  // namespace quire::drivers
