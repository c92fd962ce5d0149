// The file layer of the running kernel: what is mounted where, which disks swap, who writes back.
//
//     /        ext2 on the first Linux partition (root=hda1 names another), else an empty tmpfs
//     /dev     devtmpfs      /proc   proc      /tmp   tmpfs
//     swap     every partition of type 82h with a swap signature (`noswap`: none)
//
// A disk without any of it, or with nonsense on it, is no reason not to boot: the log says what is
// missing, and the monitor works. Until there are processes the monitor is the only user, with
// calls() as its view of the files.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "fs/character_devices.h"
#include "fs/devfs.h"
#include "fs/device_table.h"
#include "fs/disk_device.h"
#include "fs/ext2.h"
#include "fs/file_calls.h"
#include "fs/file_layer.h"
#include "fs/mount_table.h"
#include "fs/open_file.h"
#include "fs/pipe.h"
#include "fs/procfs.h"
#include "fs/random_source.h"
#include "fs/system_files.h"
#include "fs/tmpfs.h"
#include "fs/write_back_daemon.h"
#include "kernel/disks.h"
#include "kernel/swap_areas.h"
#include "kernel/system_report.h"
#include "kernel/tty.h"
#include "kernel/tunables.h"
#include "kernel/virtual_memory.h"

namespace quire::kernel {

/// The wall clock, for file systems.
class WallClock final : public fs::TimeSource {
  public:
    explicit WallClock(const Clock& clock) : clock_(clock) {}
    [[nodiscard]] fs::Timestamp now() const override;

  private:
    const Clock& clock_;
};

/// Nobody can be woken while the monitor waits: it is told so instead of sleeping.
class NoSleeper final : public fs::Sleeper {
  public:
    Result<void> sleep(fs::WaitQueue&) override { return Error::Interrupted; }
};

class Files {
  public:
    struct Options {
        std::string_view root = {};  // a device's name; empty: the first Linux partition
        bool read_only = false;
        bool swap = true;
    };

    /// Everything handed in must stay. Mounts nothing yet.
    Files(System& system, VirtualMemory& memory, Disks& disks);
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;

    /// Mounts and swaps on, with a line in the log for each. Panics only if there is no memory for
    /// an empty tmpfs.
    void start(const Options& options);

    /// Writes everything that is dirty, of all file systems. Says whether all went well.
    bool sync();

    /// The files as root sees them, from /.
    [[nodiscard]] fs::FileCalls& calls() { return *calls_; }
    [[nodiscard]] fs::FileLayer& layer() { return layer_; }
    [[nodiscard]] const fs::TimeSource& time() const { return time_; }
    /// /tmp; also of shared memory without a name.
    [[nodiscard]] fs::Tmpfs& tmp() { return tmp_; }
    [[nodiscard]] fs::RandomSource& random() { return random_; }
    [[nodiscard]] fs::Procfs& proc() { return proc_; }
    [[nodiscard]] fs::DescriptorTable::BlockCache& descriptor_blocks() {
        return descriptor_blocks_;
    }
    [[nodiscard]] fs::MountTable& mounts() { return mounts_; }
    /// /dev/console and /dev/tty.
    [[nodiscard]] Tty& tty() { return tty_; }
    [[nodiscard]] fs::WriteBackDaemon& write_back() { return write_back_; }
    [[nodiscard]] fs::Ext2& root_disk() { return ext2_; }
    [[nodiscard]] KernelReport& report() { return report_; }
    [[nodiscard]] bool has_root_disk() const { return ext2_.is_mounted(); }

    [[nodiscard]] SwapAreas& swaps() { return swaps_; }
    [[nodiscard]] const SwapAreas& swaps() const { return swaps_; }

    /// The disk whose bytes these are, or nullptr.
    [[nodiscard]] fs::DiskDevice* disk_behind(const fs::Node& bytes);
    /// Disks and partitions as /dev has them.
    [[nodiscard]] std::span<const std::optional<fs::DiskDevice>> disk_devices() const {
        return disk_devices_;
    }

    /// A step of write-back. Says whether there is more to do. May sleep.
    bool idle_step(std::uint64_t now);

    void check_invariants();

  private:
    static constexpr std::size_t kMostDiskDevices = 16;

    void make_devices();
    void mount_root(const Options& options);
    [[nodiscard]] drivers::BlockDevice* root_device(const Options& options);
    void mount(fs::FileSystem& system, const char* source, const char* path);
    void swap_on(fs::DiskDevice& device);
    void swap_on_all();

    System& system_;
    VirtualMemory& memory_;
    Disks& disks_;
    WallClock time_;
    NoSleeper sleeper_;
    Tty tty_;
    fs::RandomSource random_;

    mm::ObjectCache<fs::Mount> mount_cache_;
    mm::ObjectCache<fs::OpenFile> open_files_;
    mm::ObjectCache<fs::Pipe> pipe_cache_;
    fs::DescriptorTable::BlockCache descriptor_blocks_;
    fs::TmpfsCaches tmpfs_caches_;
    fs::MountTable mounts_;
    fs::DeviceTable devices_;
    fs::PipeSystem pipes_;
    fs::FileLayer layer_;
    fs::WriteBackDaemon write_back_;

    fs::NullDevice null_;
    fs::ZeroDevice zero_;
    fs::ZeroDevice full_;
    fs::RandomDevice random_device_;
    fs::RandomDevice urandom_device_;
    fs::MemoryDevice memory_device_;
    fs::TerminalDevice tty_device_;
    fs::TerminalDevice console_device_;
    std::array<std::optional<fs::DiskDevice>, kMostDiskDevices> disk_devices_;

    fs::Ext2 ext2_;
    const drivers::BlockDevice* root_device_ = nullptr;  // what ext2_ is on, once mounted
    fs::Tmpfs root_tmpfs_;                               // where there is no disk
    fs::Tmpfs dev_;
    fs::Tmpfs tmp_;
    fs::Procfs proc_;
    KernelReport report_;
    fs::SystemFiles system_files_;
    Tunables tunables_;
    SwapAreas swaps_;

    fs::FileView view_;
    fs::DescriptorTable descriptors_;
    fs::Credentials root_user_;
    std::optional<fs::FileCalls> calls_;
};

}  // namespace quire::kernel
