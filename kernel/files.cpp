#include "kernel/files.h"

#include "cpu/tsc.h"
#include "kernel/abi/fcntl.h"
#include "kernel/base/log.h"
#include "kernel/kernel_heap.h"
#include "kernel/memory.h"
#include "kernel/panic.h"
#include "kernel/system.h"
#include "libc/format.h"
#include "libc/string.h"

namespace quire::kernel {
namespace {

using DiskDevices = std::span<std::optional<fs::DiskDevice>>;

constexpr std::uint8_t kLinux = 0x83;
constexpr std::uint8_t kLinuxSwap = 0x82;
constexpr std::uint32_t kIdeMajor = 3;  // hda and hdb; hdc and hdd: 22
constexpr std::uint32_t kSecondIdeMajor = 22;
constexpr std::uint32_t kRamDiskMajor = 1;
constexpr std::uint32_t kMinorsOfDisk = 64;

// Calls visit(entry, device) for each partition of each disk until it says true.
template <typename Visitor>
void each_partition(Disks& disks, Visitor visit) {
    for (unsigned i = 0; i < Disks::kDrives; ++i) {
        Disks::Drive& drive = disks.drive(i);
        if (!drive.queue.has_value()) continue;
        const auto entries = drive.table.entries();
        for (std::size_t j = 0; j < entries.size(); ++j)
            if (visit(entries[j], *drive.partitions[j])) return;
    }
}

// Linux's number of a disk, by its name: hda1 is 3:1, hdd 22:64, ram0 1:0.
std::uint32_t disk_number(std::string_view name) {
    if (name.starts_with("ram")) return fs::device_number(kRamDiskMajor, 0);
    ASSERT(name.size() >= 3 && name[2] >= 'a' && name[2] <= 'd');
    const auto drive = static_cast<std::uint32_t>(name[2] - 'a');
    std::uint32_t partition = 0;
    for (const char digit : name.substr(3))
        partition = partition * 10 + static_cast<std::uint32_t>(digit - '0');
    return fs::device_number(drive < 2 ? kIdeMajor : kSecondIdeMajor,
                             drive % 2 * kMinorsOfDisk + partition);
}

fs::DiskDevice* device_of(DiskDevices devices, const drivers::BlockDevice& disk) {
    for (auto& device : devices)
        if (device.has_value() && &device->disk() == &disk) return &*device;
    return nullptr;
}

}  // namespace

fs::Timestamp WallClock::now() const {
    const std::uint64_t now = clock_.wall_clock_at_tick();
    return {static_cast<std::uint32_t>(now / kNanosecondsPerSecond),
            static_cast<std::uint32_t>(now % kNanosecondsPerSecond)};
}

Files::Files(System& system, VirtualMemory& memory, Disks& disks)
    : system_(system),
      memory_(memory),
      disks_(disks),
      time_(system.clock),
      tty_(system),
      mount_cache_(system.memory->slabs(), "mount"),
      open_files_(system.memory->slabs(), "filp"),
      pipe_cache_(system.memory->slabs(), "pipe"),
      descriptor_blocks_(system.memory->slabs(), "descriptors"),
      tmpfs_caches_(system.memory->slabs()),
      mounts_(mount_cache_),
      pipes_(memory.user_memory(), pipe_cache_, time_),
      layer_{memory.user_memory(), mounts_, devices_, pipes_, open_files_},
      write_back_(memory.user_memory(), memory.objects(),
                  system.memory->frames().statistics().managed),
      null_(devices_),
      zero_(devices_, fs::ZeroDevice::Kind::Zero),
      full_(devices_, fs::ZeroDevice::Kind::Full),
      random_device_(devices_, fs::RandomDevice::Kind::Random, random_),
      urandom_device_(devices_, fs::RandomDevice::Kind::Urandom, random_),
      memory_device_(devices_, system.memory->table()),
      tty_device_(devices_, fs::TerminalDevice::Kind::Tty, tty_.terminal()),
      console_device_(devices_, fs::TerminalDevice::Kind::Console, tty_.terminal()),
      ext2_({memory.user_memory(), memory.objects(), system.memory->slabs(), time_}),
      root_tmpfs_({memory.user_memory(), memory.objects(), tmpfs_caches_, time_},
                  {.permissions = 0755}),
      dev_({memory.user_memory(), memory.objects(), tmpfs_caches_, time_}, fs::kDevOptions),
      tmp_({memory.user_memory(), memory.objects(), tmpfs_caches_, time_},
           {.pages = system.memory->frames().statistics().managed.raw() / 2}),
      proc_(memory.user_memory(), time_),
      report_(system, memory, *this),
      system_files_(proc_, report_, layer_),
      tunables_(proc_, memory),
      swaps_(*system.memory, memory),
      descriptors_(descriptor_blocks_) {}

void Files::start(const Options& options) {
    const std::uint64_t seed[] = {cpu::read_tsc(), system_.clock.unix_time()};
    random_.add(std::as_bytes(std::span(seed)));
    mount_root(options);
    view_ = {.root = mounts_.root(), .directory = mounts_.root()};
    calls_.emplace(layer_, view_, descriptors_, root_user_, time_, sleeper_);
    make_devices();
    // Nobody opens it for writing any more.
    fs::DiskDevice* const root =
        root_device_ == nullptr ? nullptr : device_of(disk_devices_, *root_device_);
    if (root != nullptr) (void)root->claim();
    mount(dev_, "devtmpfs", "/dev");
    mount(proc_, "proc", "/proc");
    mount(tmp_, "tmpfs", "/tmp");
    if (options.swap) swap_on_all();
}

drivers::BlockDevice* Files::root_device(const Options& options) {
    if (!options.root.empty()) return disks_.device(options.root);
    drivers::BlockDevice* found = nullptr;
    each_partition(disks_, [&](const drivers::PartitionEntry& entry, drivers::Partition& device) {
        if (entry.type == kLinux) found = &device;
        return found != nullptr;
    });
    return found;
}

// What keeps us from a disk is told; the machine goes on with an empty root then.
void Files::mount_root(const Options& options) {
    drivers::BlockDevice* device = root_device(options);
    if (device == nullptr) {
        quire::log(LogLevel::Warning, "fs", "no disk to mount as /: it is an empty tmpfs");
    } else {
        const auto access =
            options.read_only ? fs::Ext2::Access::ReadOnly : fs::Ext2::Access::ReadWrite;
        const Result<void> mounted = ext2_.mount(*device, access);
        if (mounted.ok()) {
            std::array<char, 16> source;
            (void)snprintf(source.data(), source.size(), "/dev/%s", device->name());
            if (mounts_.mount(ext2_, {}, source.data()).ok()) {
                root_device_ = device;
                quire::log(LogLevel::Info, "fs", "%s is / (ext2%s)", device->name(),
                           ext2_.read_only() ? ", read-only" : "");
                return;
            }
        } else {
            quire::log(LogLevel::Warning, "fs", "%s cannot be mounted (%s): / is an empty tmpfs",
                       device->name(), error_name(mounted.error()));
        }
    }
    if (!mounts_.mount(root_tmpfs_, {}, "tmpfs").ok()) panic("no memory for a root directory");
}

void Files::make_devices() {
    std::size_t count = 0;
    for (drivers::BlockDevice* disk : disks_.devices()) {
        if (count == disk_devices_.size()) break;
        disk_devices_[count++].emplace(devices_, disk_number(disk->name()), *disk,
                                       memory_.user_memory(), memory_.objects());
    }
    const Result<void> made = fs::make_device_nodes(dev_, devices_);
    if (!made.ok())
        quire::log(LogLevel::Warning, "fs", "/dev lacks devices: %s", error_name(made.error()));
}

fs::DiskDevice* Files::disk_behind(const fs::Node& bytes) {
    for (auto& device : disk_devices_)
        if (device.has_value() && &*device == &bytes) return &*device;
    return nullptr;
}

// A disk that lacks the directory gets it, if it may be written.
void Files::mount(fs::FileSystem& system, const char* source, const char* path) {
    (void)calls_->mkdir(abi::kAtWorkingDirectory, path, 0755);
    const Result<void> mounted = calls_->mount(system, source, path);
    if (!mounted.ok())
        quire::log(LogLevel::Warning, "fs", "%s is not mounted: %s", path,
                   error_name(mounted.error()));
}

void Files::swap_on_all() {
    each_partition(disks_, [&](const drivers::PartitionEntry& entry, drivers::Partition& part) {
        fs::DiskDevice* const device =
            entry.type == kLinuxSwap ? device_of(disk_devices_, part) : nullptr;
        if (device != nullptr) swap_on(*device);
        return false;
    });
}

void Files::swap_on(fs::DiskDevice& device) {
    const Result<const SwapAreas::Area*> added = swaps_.add(device);
    if (added.ok()) {
        quire::log(LogLevel::Info, "swap", "%u KiB on %s", added.value()->area->size().raw() * 4,
                   device.disk().name());
    } else {
        quire::log(LogLevel::Warning, "swap", "%s is no swap area for us: %s", device.disk().name(),
                   error_name(added.error()));
    }
}

bool Files::idle_step(std::uint64_t now) {
    return write_back_.step(static_cast<std::uint32_t>(now));
}

bool Files::sync() {
    bool all_well = write_back_.sync_all().ok();
    if (!mounts_.sync().ok()) all_well = false;
    return all_well;
}

void Files::check_invariants() {
    mounts_.check_invariants();
    devices_.check_invariants();
    descriptors_.check_invariants();
    swaps_.check_invariants();
    if (ext2_.is_mounted()) ext2_.check_invariants();
    dev_.check_invariants();
    tmp_.check_invariants();
}

}  // namespace quire::kernel
