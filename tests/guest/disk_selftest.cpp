// Disks on the real machine: what the host cannot show are interrupts, the bus master's view of
// RAM, and what is on the disk we booted from. A machine without disks passes what needs none.
//
// Only a swap partition and RAM disks are written to; the partition gets its content back.
#include <array>

#include "cpu/irq.h"
#include "kernel/disks.h"
#include "kernel/memory.h"
#include "kernel/selftest.h"
#include "libc/string.h"
#include "mm/physical_window.h"

namespace quire::test {
namespace {

using drivers::BlockBuffer;
using drivers::BlockDevice;
using drivers::BlockRequest;
using drivers::SectorCount;
using drivers::SectorNumber;

constexpr std::uint32_t kSectorsPerFrame = mm::kPageSize / drivers::kSectorSize;
constexpr std::uint8_t kLinuxSwap = 0x82;

/// Frames that lie anywhere, and their buffers.
template <std::size_t kFrames>
class Frames {
  public:
    explicit Frames(kernel::SelfTest& test) {
        for (std::size_t i = 0; i < kFrames; ++i) {
            auto allocated = test.system().memory->frames().allocate_zeroed();
            if (!allocated.ok()) return;
            frames_[i] = allocated.take();
            buffers_[i] = {mm::start_of(frames_[i].number()), mm::kPageSize};
        }
        ready_ = true;
    }
    [[nodiscard]] bool ready() const { return ready_; }
    [[nodiscard]] std::span<const BlockBuffer> buffers(std::size_t count = kFrames) const {
        return std::span(buffers_).first(count);
    }
    [[nodiscard]] std::byte* bytes(std::size_t i) const {
        return mm::frame_bytes(frames_[i].number());
    }
    [[nodiscard]] std::uint32_t* words(std::size_t i) const {
        return mm::frame_words(frames_[i].number());
    }

  private:
    std::array<mm::OwnedFrame, kFrames> frames_;
    std::array<BlockBuffer, kFrames> buffers_{};
    bool ready_ = false;
};

/// The disk we booted from, if it is one that Quire drives.
BlockDevice* boot_disk(kernel::SelfTest& test) {
    BlockDevice* disk = test.system().disks->device("hda");
    if (disk == nullptr) test.system().console.print("# there is no hda here\n");
    return disk;
}

SELFTEST(disk_the_boot_sectors_are_read) {
    BlockDevice* disk = boot_disk(test);
    if (disk == nullptr) return;
    const Frames<1> frames(test);
    CHECK(disk->read(SectorNumber(0), frames.buffers()).ok());
    CHECK(frames.bytes(0)[510] == std::byte{0x55} && frames.bytes(0)[511] == std::byte{0xAA});
    CHECK(memcmp(frames.bytes(0) + drivers::kSectorSize + 4, "QUIRE-S2", 8) == 0);
}

std::uint32_t add_to_sum(std::uint32_t sum, const std::uint32_t* words, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i)
        sum = (sum << 1 | sum >> 31) + words[i];
    return sum;
}

// The kernel's file, which the BIOS read into RAM, read again by our own driver: its checksum is
// the one that stands in the image's header (boot/layout.inc).
SELFTEST(disk_the_kernels_own_file_has_its_checksum) {
    BlockDevice* disk = boot_disk(test);
    if (disk == nullptr) return;
    const Frames<1> header(test);
    const Frames<16> frames(test);
    CHECK(header.ready() && frames.ready());
    CHECK(disk->read(SectorNumber(1), header.buffers()).ok());
    const std::uint32_t first = header.words(0)[4];
    const std::uint32_t bytes = header.words(0)[5];
    const std::uint32_t expected = header.words(0)[6];
    CHECK(bytes == test.system().boot.kernel_file_bytes);
    std::uint32_t sum = 0;
    std::uint32_t words_left = (bytes + 3) / 4;
    for (std::uint32_t at = first; words_left != 0; at += 16 * kSectorsPerFrame) {
        CHECK(disk->read(SectorNumber(at), frames.buffers()).ok());
        for (std::size_t i = 0; i < 16 && words_left != 0; ++i) {
            const std::uint32_t count = words_left < 1024 ? words_left : 1024;
            sum = add_to_sum(sum, frames.words(i), count);
            words_left -= count;
        }
    }
    CHECK(sum == expected);
}

SELFTEST(disk_many_requests_at_once_are_joined) {
    auto& drive = test.system().disks->drive(0);
    if (boot_disk(test) == nullptr) return;
    const Frames<16> together(test);
    const Frames<16> single(test);
    const std::uint32_t merged = drive.queue->statistics().merged;
    std::array<BlockRequest, 16> requests;
    for (std::uint32_t i = 0; i < 16; ++i) {
        requests[i].first = SectorNumber(i * kSectorsPerFrame);
        requests[i].buffers = together.buffers().subspan(i, 1);
        drive.queue->submit(requests[i]);
    }
    for (BlockRequest& request : requests) {
        drive.queue->wait(request);
        CHECK(!request.error.has_value());
    }
    for (std::uint32_t i = 0; i < 16; ++i) {
        CHECK(drive.queue->read(SectorNumber(i * kSectorsPerFrame), single.buffers().subspan(i, 1))
                  .ok());
        CHECK(memcmp(together.bytes(i), single.bytes(i), mm::kPageSize) == 0);
    }
    CHECK(drive.queue->statistics().merged >= merged);
    drive.queue->check_invariants();
    drive.channel->check_invariants();
}

SELFTEST(disk_nothing_is_read_past_the_end) {
    const Frames<1> frames(test);
    for (BlockDevice* device : test.system().disks->devices()) {
        const std::uint32_t end = device->sectors().raw();
        const Result<void> past = device->read(SectorNumber(end - 1), frames.buffers());
        CHECK(!past.ok() && past.error() == Error::BadAddress);
        const BlockBuffer last{frames.buffers()[0].address, drivers::kSectorSize};
        CHECK(device->read(SectorNumber(end - 1), std::span(&last, 1)).ok());
    }
}

SELFTEST(disk_a_partition_is_a_part_of_its_disk) {
    auto& drive = test.system().disks->drive(0);
    if (boot_disk(test) == nullptr) return;
    const Frames<1> whole(test);
    const Frames<1> part(test);
    for (auto& partition : drive.partitions) {
        if (!partition.has_value()) continue;
        CHECK(test.system().disks->device(partition->name()) == &*partition);
        CHECK(drive.queue->read(partition->place().first + SectorCount(2), whole.buffers()).ok());
        CHECK(partition->read(SectorNumber(2), part.buffers()).ok());
        CHECK(memcmp(whole.bytes(0), part.bytes(0), mm::kPageSize) == 0);
    }
}

// A disk may be waited for where interrupts are off, as in a page fault.
SELFTEST(disk_waits_with_interrupts_off) {
    BlockDevice* disk = boot_disk(test);
    if (disk == nullptr) return;
    const Frames<1> frames(test);
    const cpu::InterruptGuard guard;
    CHECK(disk->read(SectorNumber(0), frames.buffers()).ok());
    CHECK(!cpu::interrupts_enabled());
    CHECK(frames.bytes(0)[510] == std::byte{0x55});
}

// Writes two patterns to the device's first sectors, reads each back, and restores them.
void write_and_read_back(kernel::SelfTest& test, BlockDevice& device) {
    const Frames<8> before(test);
    const Frames<8> pattern(test);
    const Frames<8> after(test);
    CHECK(before.ready() && pattern.ready() && after.ready());
    CHECK(device.read(SectorNumber(0), before.buffers()).ok());
    for (std::uint32_t turn = 1; turn <= 2; ++turn) {
        for (std::uint32_t frame = 0; frame < 8; ++frame) {
            for (std::uint32_t word = 0; word < 1024; ++word)
                pattern.words(frame)[word] = turn << 28 | frame << 16 | word;
        }
        CHECK(device.write(SectorNumber(0), pattern.buffers()).ok());
        CHECK(device.flush().ok());
        CHECK(device.read(SectorNumber(0), after.buffers()).ok());
        for (std::size_t frame = 0; frame < 8; ++frame)
            CHECK(memcmp(pattern.bytes(frame), after.bytes(frame), mm::kPageSize) == 0);
    }
    CHECK(device.write(SectorNumber(0), before.buffers()).ok());
    CHECK(device.read(SectorNumber(0), after.buffers()).ok());
    CHECK(memcmp(before.bytes(7), after.bytes(7), mm::kPageSize) == 0);
}

SELFTEST(disk_a_swap_partition_is_written_and_read_back) {
    kernel::Disks& disks = *test.system().disks;
    unsigned written = 0;
    for (unsigned index = 0; index < kernel::Disks::kDrives; ++index) {
        auto& drive = disks.drive(index);
        if (!drive.queue.has_value() || drive.queue->read_only()) continue;
        for (const drivers::PartitionEntry& entry : drive.table.entries()) {
            if (entry.type != kLinuxSwap || entry.place.count < SectorCount(64)) continue;
            const auto number = static_cast<std::size_t>(&entry - drive.table.entries().data());
            write_and_read_back(test, *drive.partitions[number]);
            ++written;
        }
    }
    test.system().console.print("# %u swap partitions written\n", written);
}

SELFTEST(disk_a_ram_disk_is_written_and_read_back) {
    auto run = test.system().memory->frames().allocate_run(4);
    CHECK(run.ok());
    if (!run.ok()) return;
    drivers::RamDisk disk("scratch", {mm::frame_bytes(run.value().number()), 16 * mm::kPageSize});
    write_and_read_back(test, disk);
}

}  // namespace
}  // namespace quire::test
