// The disks of this machine: found at boot, wired to their interrupts, known by their names.
//
//     PCI: an IDE controller?     its bus master, else PIO
//     ide0 (1F0h, IRQ 14)         hda master, hdb slave      queue, partitions hda1 hda2 ...
//     ide1 (170h, IRQ 15)         hdc master, hdd slave
//     ramdisk=SIZE                ram0
//
// A machine without any boots all the same, with a sentence in the log. Nothing that is found ever
// goes away. On the command line: `nodma` (PIO only), `disks=readonly`, `ramdisk=4M`.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "drivers/ata_channel.h"
#include "drivers/block_queue.h"
#include "drivers/partition_table.h"
#include "drivers/pci.h"
#include "drivers/ram_disk.h"
#include "fs/wait.h"
#include "mm/frame_allocator.h"

namespace quire::kernel {

class Threads;

/// Lets other threads run until a disk has answered or a tick has gone by, and measures how long
/// disks were waited for. Before there are threads the CPU sleeps.
class InterruptWaiter final : public drivers::DiskWaiter {
  public:
    /// From now on waiting is sleeping. `threads` must stay.
    void use(Threads& threads);

    void sleep() override;
    /// First thing in a disk's interrupt handler: the sleep ends here.
    void on_interrupt();
    /// Lets those who wait look again. In thread context.
    void wake_threads() { sleepers_.wake_all(); }

    /// In TSC clocks.
    [[nodiscard]] std::uint64_t slept() const { return slept_; }

  private:
    void wake();

    Threads* threads_ = nullptr;
    fs::WaitQueue sleepers_;
    bool asleep_ = false;
    std::uint64_t since_ = 0;
    std::uint64_t slept_ = 0;
};

class Disks {
  public:
    struct Options {
        bool use_dma = true;
        bool read_only = false;
        std::uint32_t ram_disk_bytes = 0;
    };

    static constexpr unsigned kChannels = 2;
    static constexpr unsigned kDrives = kChannels * drivers::AtaChannel::kDrives;

    /// Everything handed in must stay.
    Disks(drivers::Hardware& hardware, const drivers::Pit& pit, mm::FrameAllocator& frames,
          const Options& options)
        : hardware_(hardware), pit_(pit), frames_(frames), options_(options) {}
    Disks(const Disks&) = delete;
    Disks& operator=(const Disks&) = delete;

    /// Finds controllers, drives and partitions, with a line in the log for each disk. To be called
    /// once, when the tick runs. No memory or no disk is no error: there are just less devices.
    void find();

    /// All devices: whole disks, their partitions, RAM disks.
    [[nodiscard]] std::span<drivers::BlockDevice* const> devices() const {
        return std::span(devices_).first(count_);
    }
    /// The device called `name` ("hda", "hda1", "ram0"), or nullptr.
    [[nodiscard]] drivers::BlockDevice* device(std::string_view name) const;

    /// A whole ATA disk.
    struct Drive {
        std::array<char, 4> name{};  // "hda"
        const drivers::AtaChannel* channel = nullptr;
        unsigned number = 0;  // on the channel
        std::optional<drivers::BlockQueue> queue;
        drivers::PartitionTable table;
        std::array<std::array<char, 6>, drivers::PartitionTable::kMost> names{};  // "hda16"
        std::array<std::optional<drivers::Partition>, drivers::PartitionTable::kMost> partitions;
    };
    /// Drive 0 to kDrives - 1; its queue is empty where there is no disk.
    [[nodiscard]] Drive& drive(unsigned index) { return drives_[index]; }
    [[nodiscard]] InterruptWaiter& waiter() { return waiter_; }

  private:
    /// What an IRQ line is for.
    struct Line {
        std::optional<drivers::AtaChannel> channel;
        InterruptWaiter* waiter = nullptr;
    };

    static void on_interrupt(void* line);
    void look_at_controllers();
    void look_at_controller(drivers::Pci& pci, const drivers::PciFunction& function);
    void start_channel(unsigned index);
    void start_drive(unsigned index, drivers::AtaChannel& channel, unsigned number);
    void report_drive(const Drive& drive) const;
    void find_partitions(Drive& drive);
    void make_ram_disk();
    void add(drivers::BlockDevice& device);

    drivers::Hardware& hardware_;
    const drivers::Pit& pit_;
    mm::FrameAllocator& frames_;
    Options options_;
    InterruptWaiter waiter_;

    bool ide_seen_ = false;           // the first IDE controller has the PC's old ports
    std::uint16_t bus_master_ = 0;    // its bus master, 0: none
    bool native_[kChannels] = {};     // channels that are not at the PC's old ports
    const char* undriven_ = nullptr;  // a kind of controller we saw and cannot drive
    std::array<Line, kChannels> lines_;
    std::array<Drive, kDrives> drives_;
    std::optional<drivers::RamDisk> ram_disk_;

    static constexpr std::size_t kMostDevices = kDrives * (1 + drivers::PartitionTable::kMost) + 1;
    std::array<drivers::BlockDevice*, kMostDevices> devices_{};
    std::size_t count_ = 0;
};

/// The name of a partition's type, as far as Quire cares: "Linux", "Linux swap", or "".
const char* partition_type_name(std::uint8_t type);

}  // namespace quire::kernel
