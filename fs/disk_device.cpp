#include "fs/disk_device.h"

#include <array>

#include "libc/string.h"
#include "mm/evict.h"
#include "mm/physical_window.h"
#include "mm/write_back.h"

namespace quire::fs {

namespace {

using drivers::BlockBuffer;
using drivers::BlockRequest;
using drivers::kSectorSize;
using drivers::SectorNumber;

constexpr std::uint32_t kSectorsPerPage = mm::kPageSize / kSectorSize;

// As many frames as one request of ours has buffers.
constexpr std::size_t kMostBuffers = 16;

std::uint64_t bytes_of(const drivers::BlockDevice& disk) {
    return std::uint64_t{disk.sectors().raw()} * kSectorSize;
}

}  // namespace

DiskDevice::DiskDevice(DeviceTable& table, std::uint32_t number, drivers::BlockDevice& disk,
                       mm::UserMemory& memory, mm::ObjectRegistry& objects)
    : Device(table, NodeKind::BlockDevice, number, disk.name(),
             disk.read_only() ? std::uint16_t{0440} : std::uint16_t{0660}),
      disk_(disk),
      memory_(memory),
      store_(disk),
      pages_(objects, mm::MemoryObject::Kind::File, &store_, bytes_of(disk)) {}

DiskDevice::~DiskDevice() {
    forget_pages();
}

std::uint64_t DiskDevice::bytes() const {
    return bytes_of(disk_);
}

Result<void> DiskDevice::claim() {
    if (claimed_ || writers_ != 0) return Error::Busy;
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

// How much of a page lies on the disk.
std::uint32_t DiskDevice::Store::bytes_on_disk(std::uint32_t page) const {
    const std::uint64_t start = std::uint64_t{page} << mm::kPageShift;
    const std::uint64_t end = bytes_of(disk_);
    if (start >= end) return 0;
    return end - start < mm::kPageSize ? static_cast<std::uint32_t>(end - start) : mm::kPageSize;
}

Result<void> DiskDevice::Store::read(std::uint32_t first_page,
                                     std::span<const mm::FrameNumber> frames) {
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const std::uint32_t bytes = bytes_on_disk(first_page + static_cast<std::uint32_t>(i));
        memset(mm::frame_bytes(frames[i]) + bytes, 0, mm::kPageSize - bytes);
    }
    return transfer(BlockRequest::Kind::Read, first_page, frames);
}

Result<void> DiskDevice::Store::write(std::uint32_t first_page,
                                      std::span<const mm::FrameNumber> frames) {
    return transfer(BlockRequest::Kind::Write, first_page, frames);
}

// Moves what lies on the disk of the pages, a request for so many frames.
Result<void> DiskDevice::Store::transfer(BlockRequest::Kind kind, std::uint32_t first_page,
                                         std::span<const mm::FrameNumber> frames) {
    while (!frames.empty()) {
        std::array<BlockBuffer, kMostBuffers> buffers;
        const std::size_t most = frames.size() < kMostBuffers ? frames.size() : kMostBuffers;
        std::size_t count = 0;
        for (; count < most; ++count) {
            const auto page = first_page + static_cast<std::uint32_t>(count);
            buffers[count] = {mm::start_of(frames[count]), bytes_on_disk(page)};
            if (buffers[count].bytes == 0) break;
        }
        if (count == 0) return {};
        const SectorNumber first(first_page * kSectorsPerPage);
        const std::span<const BlockBuffer> pieces = std::span(buffers).first(count);
        if (kind == BlockRequest::Kind::Read) {
            TRY(disk_.read(first, pieces));
        } else {
            TRY(disk_.write(first, pieces));
        }
        first_page += static_cast<std::uint32_t>(count);
        frames = frames.subspan(count);
    }
    return {};
}

}  // namespace quire::fs
