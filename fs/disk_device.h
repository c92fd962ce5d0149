// A disk, or a part of one, as a file: /dev/hda, /dev/hda1.
//
//     read, write, mmap --> pages of a memory object --> BackingStore --> sectors of the
//     BlockDevice
//
// The pages are the page cache's like any file's: written back by sync and reclaim, and forgotten
// when nobody has the device open any more, so that the next one sees what is on the disk by then.
//
// A mounted file system has a cache of its own. So a device that is mounted or swapped to is
// claimed: it may be read, which shows the disk as it is, but not opened for writing. A mapping
// outlives the open file, so one that may write the device stands in the way as well.
#pragma once

#include <cstdint>

#include "drivers/block_device.h"
#include "fs/device_table.h"
#include "fs/disk_store.h"
#include "mm/object_registry.h"
#include "mm/user_memory.h"

namespace quire::fs {

class DiskDevice final : public Device {
  public:
    /// Everything handed in must stay. Takes no memory. Precondition: the device's name stays.
    DiskDevice(DeviceTable& table, std::uint32_t number, drivers::BlockDevice& disk,
               mm::UserMemory& memory, mm::ObjectRegistry& objects);
    /// Precondition: nobody has it open, no region shows its pages.
    ~DiskDevice();

    [[nodiscard]] drivers::BlockDevice& disk() const { return disk_; }
    [[nodiscard]] std::uint64_t bytes() const { return store_.bytes(); }

    /// For who mounts it, or swaps to it: nobody writes to it from now on, and what was written is
    /// on the disk. Errors: Busy (claimed, open for writing, or a mapping may write it), IoError.
    Result<void> claim();
    void release_claim();

    Result<void> opened(OpenMode mode) override;
    void closed(OpenMode mode) override;
    Result<std::uint32_t> read(std::uint64_t offset, std::uint32_t bytes, ByteSink& to,
                               ReadAhead& ahead) override;
    /// Errors: NoSpace (at or past the end).
    Result<std::uint32_t> write(std::uint64_t offset, std::uint32_t bytes,
                                ByteSource& from) override;
    Result<void> sync(bool data_only) override;
    Result<std::uint64_t> end() override { return bytes(); }
    [[nodiscard]] mm::MemoryObject* object() override { return &pages_; }

  protected:
    void last_user_gone() override;

  private:
    class Pages final : public mm::MemoryObject {
      public:
        using MemoryObject::MemoryObject;

      private:
        void last_user_gone() override {}
    };

    void forget_pages();

    drivers::BlockDevice& disk_;
    mm::UserMemory& memory_;
    DiskStore store_;
    Pages pages_;
    std::uint32_t writers_ = 0;
    bool claimed_ = false;
};

}  // namespace quire::fs
