#include "kernel/disks.h"

#include "cpu/irq.h"
#include "cpu/tsc.h"
#include "kernel/base/log.h"
#include "kernel/threads.h"
#include "libc/format.h"
#include "libc/string.h"
#include "mm/physical_window.h"

namespace quire::kernel {

namespace {

// PCI class codes.
constexpr std::uint8_t kMassStorage = 0x01;
constexpr std::uint8_t kIde = 0x01;
constexpr std::uint8_t kSata = 0x06;
constexpr std::uint8_t kNvme = 0x08;
// The IDE interface byte.
constexpr std::uint8_t kNative[] = {0x01, 0x04};
constexpr std::uint8_t kHasBusMaster = 0x80;
constexpr unsigned kBusMasterBase = 4;
constexpr std::uint16_t kBusMasterPorts = 8;  // for each channel

struct LegacyChannel {
    const char* name;
    std::uint16_t command_port;
    std::uint16_t control_port;
    std::uint8_t irq;
};
constexpr LegacyChannel kLegacy[Disks::kChannels] = {{"ide0", 0x1F0, 0x3F6, 14},
                                                     {"ide1", 0x170, 0x376, 15}};

constexpr std::uint8_t kLinux = 0x83;
constexpr std::uint8_t kLinuxSwap = 0x82;

}  // namespace

const char* partition_type_name(std::uint8_t type) {
    if (type == kLinux) return "Linux";
    return type == kLinuxSwap ? "Linux swap" : "";
}

// --- Sleeping ------------------------------------------------------------------------------------

void InterruptWaiter::use(Threads& threads) {
    threads_ = &threads;
    threads.deferred().attach(
        Note::Disk, [](void* self) { static_cast<InterruptWaiter*>(self)->wake_threads(); }, this);
}

// Interrupts are off from the caller's look at the disk to the switch: no answer is slept through.
void InterruptWaiter::sleep() {
    since_ = cpu::read_tsc();
    asleep_ = true;
    if (threads_ == nullptr || threads_->is_idle()) {
        cpu::enable_interrupts_and_halt();
        cpu::disable_interrupts();
    } else {
        Thread& self = threads_->current();
        threads_->scheduler().prepare_to_sleep();
        sleepers_.add(self);
        if (threads_->scheduler().sleep(ThreadState::Waiting)) threads_->switch_away();
        sleepers_.remove(self);
    }
    wake();  // unless the disk has
}

void InterruptWaiter::wake() {
    if (!asleep_) return;
    asleep_ = false;
    slept_ += cpu::read_tsc() - since_;
}

void InterruptWaiter::on_interrupt() {
    wake();
    if (threads_ != nullptr) threads_->note(Note::Disk);
}

void Disks::on_interrupt(void* line) {
    auto& woken = *static_cast<Line*>(line);
    woken.waiter->on_interrupt();
    woken.channel->on_interrupt();
}

// --- Finding -------------------------------------------------------------------------------------

void Disks::find() {
    look_at_controllers();
    for (unsigned index = 0; index < kChannels; ++index)
        start_channel(index);
    make_ram_disk();
    if (undriven_ != nullptr) {
        log(LogLevel::Warning, "disk",
            "this machine's disk controller is %s, which Quire does not drive yet: it needs IDE "
            "(QEMU: -machine pc)",
            undriven_);
    }
    if (count_ == 0) {
        log(LogLevel::Warning, "disk", "no disk found: Quire goes on without files and swap");
    }
}

drivers::BlockDevice* Disks::device(std::string_view name) const {
    for (drivers::BlockDevice* device : devices()) {
        if (name == device->name()) return device;
    }
    return nullptr;
}

void Disks::look_at_controllers() {
    drivers::Pci pci(hardware_);
    pci.scan([this, &pci](const drivers::PciFunction& function) {
        if (function.base_class == kMassStorage) look_at_controller(pci, function);
    });
}

void Disks::look_at_controller(drivers::Pci& pci, const drivers::PciFunction& function) {
    log(LogLevel::Debug, "disk", "PCI %02X:%02X.%u: %04X:%04X, mass storage %02Xh interface %02Xh",
        function.address.bus, function.address.device, function.address.function, function.vendor,
        function.device, function.sub_class, function.interface);
    if (function.sub_class == kSata) undriven_ = "AHCI";
    if (function.sub_class == kNvme) undriven_ = "NVMe";
    if (function.sub_class != kIde || ide_seen_) return;
    ide_seen_ = true;
    for (unsigned index = 0; index < kChannels; ++index) {
        native_[index] = (function.interface & kNative[index]) != 0;
        if (native_[index]) {
            log(LogLevel::Warning, "disk", "%s is in native PCI mode, which Quire does not drive",
                kLegacy[index].name);
        }
    }
    if ((function.interface & kHasBusMaster) == 0 || !options_.use_dma) return;
    bus_master_ = pci.io_base(function.address, kBusMasterBase);
    if (bus_master_ == 0) return;
    pci.enable(function.address, drivers::Pci::kCommandIo | drivers::Pci::kCommandBusMaster);
}

// Old machines have the ports without PCI; where there is nothing they float.
void Disks::start_channel(unsigned index) {
    if (native_[index]) return;
    Line& line = lines_[index];
    const LegacyChannel& place = kLegacy[index];
    std::uint16_t bus_master = 0;
    mm::FrameNumber table{};
    if (bus_master_ != 0) {
        auto frame = frames_.take_frame();
        if (frame.ok()) {
            table = frame.take();
            bus_master = static_cast<std::uint16_t>(bus_master_ + index * kBusMasterPorts);
        }
    }
    line.waiter = &waiter_;
    line.channel.emplace(hardware_, pit_,
                         drivers::AtaChannel::Place{.name = place.name,
                                                    .command_port = place.command_port,
                                                    .control_port = place.control_port,
                                                    .bus_master = bus_master},
                         table);
    line.channel->find_drives();
    bool any = false;
    for (unsigned number = 0; number < drivers::AtaChannel::kDrives; ++number)
        any = any || line.channel->found(number).kind == drivers::AtaFinding::Kind::Disk;
    if (any) cpu::irq_register(place.irq, on_interrupt, &line);
    for (unsigned number = 0; number < drivers::AtaChannel::kDrives; ++number)
        start_drive(index * drivers::AtaChannel::kDrives + number, *line.channel, number);
    if (!any && bus_master != 0) frames_.drop_reference(table);
}

void Disks::start_drive(unsigned index, drivers::AtaChannel& channel, unsigned number) {
    const drivers::AtaFinding& found = channel.found(number);
    if (found.kind == drivers::AtaFinding::Kind::Nothing) return;
    Drive& drive = drives_[index];
    drive.name = {'h', 'd', static_cast<char>('a' + index), '\0'};
    if (found.kind == drivers::AtaFinding::Kind::Packet) {
        log(LogLevel::Info, "disk", "%s: \"%s\" is a packet drive (CD-ROM) and is left alone",
            drive.name.data(), found.identity.model.data());
        return;
    }
    drive.channel = &channel;
    drive.number = number;
    drive.queue.emplace(hardware_, channel.driver(number), waiter_,
                        drivers::BlockQueue::Disk{
                            .name = drive.name.data(),
                            .sectors = found.identity.sectors,
                            .access = options_.read_only ? drivers::BlockQueue::Access::ReadOnly
                                                         : drivers::BlockQueue::Access::ReadWrite});
    add(*drive.queue);
    find_partitions(drive);
    report_drive(drive);
}

void Disks::find_partitions(Drive& drive) {
    auto frame = frames_.allocate();
    if (!frame.ok()) return;
    const drivers::BlockBuffer buffer{mm::start_of(frame.value().number()), drivers::kSectorSize};
    const Result<void> result = drive.table.read(*drive.queue, buffer);
    if (!result.ok()) {
        log(LogLevel::Warning, "disk", "%s: its partition table cannot be read: %s",
            drive.name.data(), error_name(result.error()));
        return;
    }
    std::size_t next = 0;
    for (const drivers::PartitionEntry& entry : drive.table.entries()) {
        std::array<char, 6>& name = drive.names[next];
        (void)snprintf(name.data(), name.size(), "%s%u", drive.name.data(), entry.number);
        add(drive.partitions[next++].emplace(*drive.queue, name.data(), entry.place));
    }
}

void Disks::report_drive(const Drive& drive) const {
    const drivers::AtaIdentity& identity = drive.channel->found(drive.number).identity;
    const bool dma = drive.channel->transfer(drive.number) == drivers::AtaChannel::Transfer::Dma;
    const std::size_t partitions = drive.table.entries().size();
    log(LogLevel::Info, "disk", "%s: \"%s\", %u sectors (%u MiB), %s%s, %u partition%s",
        drive.name.data(), identity.model.data(), identity.sectors.raw(),
        identity.sectors.raw() / 2048, dma ? "DMA" : "PIO", options_.read_only ? ", read-only" : "",
        static_cast<unsigned>(partitions), partitions == 1 ? "" : "s");
}

// One run of frames: a power of two.
void Disks::make_ram_disk() {
    if (options_.ram_disk_bytes == 0) return;
    const mm::PageCount pages = mm::pages_for(options_.ram_disk_bytes);
    std::uint32_t order = 0;
    while (order < mm::FrameAllocator::kMaxOrder && 1U << order < pages.raw())
        ++order;
    auto run = frames_.take_run(order);
    if (!run.ok() || 1U << order < pages.raw()) {
        log(LogLevel::Warning, "disk",
            "no RAM disk of %u KiB: it must be one run of frames, of %u "
            "KiB at most",
            options_.ram_disk_bytes / 1024, mm::kPageSize / 1024 << mm::FrameAllocator::kMaxOrder);
        if (run.ok()) frames_.drop_reference(run.value());
        return;
    }
    const std::span storage(mm::frame_bytes(run.value()), mm::kPageSize << order);
    memset(storage.data(), 0, storage.size());
    add(ram_disk_.emplace("ram0", storage));
    log(LogLevel::Info, "disk", "ram0: a RAM disk of %u KiB", mm::kPageSize / 1024 << order);
}

void Disks::add(drivers::BlockDevice& device) {
    ASSERT(count_ < devices_.size());
    devices_[count_++] = &device;
}

}  // namespace quire::kernel
