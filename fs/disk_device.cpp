#include "fs/disk_device.h"

#include "mm/evict.h"
#include "mm/write_back.h"

namespace quire::fs {

DiskDevice::DiskDevice(DeviceTable& table, std::uint32_t number, drivers::BlockDevice& disk,
                       mm::UserMemory& memory, mm::ObjectRegistry& objects)
    : Device(table, NodeKind::BlockDevice, number, disk.name(),
             disk.read_only() ? std::uint16_t{0440} : std::uint16_t{0660}),
      disk_(disk),
      memory_(memory),
      store_(disk),
      pages_(objects, mm::MemoryObject::Kind::File, &store_, store_.bytes()) {}

DiskDevice::~DiskDevice() {
    forget_pages();
}

Result<void> DiskDevice::claim() {
    if (claimed_ || writers_ != 0 || pages_.is_mapped_for_stores()) return Error::Busy;
    TRY(mm::write_back(memory_, pages_, 0, pages_.pages()));
    claimed_ = true;
    return {};
}

void DiskDevice::release_claim() {
    ASSERT(claimed_);
    claimed_ = false;
}

Result<void> DiskDevice::opened(OpenMode mode) {
    if (!mode.write) return {};
    if (disk_.read_only()) return Error::ReadOnly;
    if (claimed_) return Error::Busy;
    ++writers_;
    return {};
}

void DiskDevice::closed(OpenMode mode) {
    if (mode.write) --writers_;
}

Result<std::uint32_t> DiskDevice::read(std::uint64_t offset, std::uint32_t bytes, ByteSink& to,
                                       ReadAhead& ahead) {
    return read_object(memory_, pages_, offset, bytes, to, ahead);
}

Result<std::uint32_t> DiskDevice::write(std::uint64_t offset, std::uint32_t bytes,
                                        ByteSource& from) {
    const std::uint64_t end = pages_.bytes();
    if (offset >= end) return Error::NoSpace;
    if (bytes > end - offset) bytes = static_cast<std::uint32_t>(end - offset);
    return write_object(memory_, pages_, offset, bytes, from);
}

Result<void> DiskDevice::sync(bool) {
    TRY(mm::write_back(memory_, pages_, 0, pages_.pages()));
    return disk_.flush();
}

// What cannot be written now is lost, and nobody is left to be told but through fsync before.
void DiskDevice::last_user_gone() {
    if (!pages_.regions().empty()) return;
    (void)sync(false);
    forget_pages();
}

void DiskDevice::forget_pages() {
    mm::drop_pages(memory_, pages_, 0, pages_.pages());
}

}  // namespace quire::fs
