// The monitor's commands about disks: what there is, and what is on it.
#include "kernel/disks.h"
#include "kernel/memory.h"
#include "kernel/monitor.h"
#include "mm/physical_window.h"

namespace quire::kernel {
namespace {

constexpr std::uint32_t kMostShown = 64;  // sectors
constexpr std::uint32_t kBytesPerLine = 16;

void show_figures(Console& console, const drivers::BlockStatistics& figures) {
    console.print("    %u requests, %u merged, %u commands; %llu sectors read, %llu written\n",
                  figures.requests, figures.merged, figures.commands,
                  static_cast<unsigned long long>(figures.sectors_read),
                  static_cast<unsigned long long>(figures.sectors_written));
    console.print("    %u refused, %u failed commands, %u resets, %u errors\n", figures.refused,
                  figures.failed_commands, figures.resets, figures.errors);
}

void show_channel(Console& console, const drivers::AtaStatistics& figures) {
    console.print("    channel: %u interrupts, %u spurious, %u lost, %u time-outs\n",
                  figures.interrupts, figures.spurious_interrupts, figures.lost_interrupts,
                  figures.time_outs);
}

void show_drive(Console& console, Disks::Drive& drive) {
    const drivers::AtaIdentity& identity = drive.channel->found(drive.number).identity;
    const bool dma = drive.channel->transfer(drive.number) == drivers::AtaChannel::Transfer::Dma;
    console.print("  %s  \"%s\", %u sectors, %s%s%s\n", drive.name.data(), identity.model.data(),
                  identity.sectors.raw(), dma ? "DMA" : "PIO",
                  drive.queue->read_only() ? ", read-only" : "",
                  drive.queue->gone() ? ", GONE" : "");
    std::size_t next = 0;
    for (const drivers::PartitionEntry& entry : drive.table.entries()) {
        console.print("    %-6s sectors %u to %u (%u KiB), type %02X %s\n",
                      drive.names[next++].data(), entry.place.first.raw(),
                      (entry.place.first + entry.place.count).raw() - 1,
                      entry.place.count.raw() / 2, entry.type, partition_type_name(entry.type));
    }
    show_figures(console, drive.queue->statistics());
    show_channel(console, drive.channel->statistics());
}

void disks(System& system, Arguments) {
    Disks& all = *system.disks;
    if (all.devices().empty()) {
        system.console.print("  no disk found\n");
        return;
    }
    for (unsigned index = 0; index < Disks::kDrives; ++index) {
        Disks::Drive& drive = all.drive(index);
        if (drive.queue.has_value()) show_drive(system.console, drive);
    }
    if (const drivers::BlockDevice* ram = all.device("ram0"))
        system.console.print("  ram0  RAM, %u sectors\n", ram->sectors().raw());
    system.console.print("  %llu TSC clocks slept for disks\n",
                         static_cast<unsigned long long>(all.waiter().slept()));
}
MONITOR_COMMAND(disks, "", "disks, partitions, and what they have done", disks);

void dump_sector(Console& console, std::uint32_t number, const std::byte* bytes) {
    for (std::uint32_t line = 0; line < drivers::kSectorSize; line += kBytesPerLine) {
        char text[kBytesPerLine + 1] = {};
        console.print("  %8u+%03X:", number, line);
        for (std::uint32_t i = 0; i < kBytesPerLine; ++i) {
            const auto byte = std::to_integer<unsigned>(bytes[line + i]);
            console.print(" %02X", byte);
            text[i] = byte >= ' ' && byte <= '~' ? static_cast<char>(byte) : '.';
        }
        console.print("  %s\n", text);
    }
}

void report_error(Console& console, const drivers::BlockDevice& device,
                  const drivers::BlockRequest& request) {
    const bool past_end = request.error == Error::BadAddress;
    console.print("sector %u of %s %s (%s)\n", request.bad_sector.raw(), device.name(),
                  past_end ? "and those behind it are not all on it" : "cannot be read",
                  error_name(*request.error));
}

// A frame at a time: up to eight sectors in one request.
void read_and_dump(System& system, drivers::BlockDevice& device, std::uint32_t first,
                   std::uint32_t count) {
    auto frame = system.memory->frames().allocate();
    if (!frame.ok()) {
        system.console.print("there is no memory to read into\n");
        return;
    }
    const mm::FrameNumber number = frame.value().number();
    constexpr std::uint32_t kMost = mm::kPageSize / drivers::kSectorSize;
    for (std::uint32_t done = 0; done < count;) {
        const std::uint32_t now = count - done < kMost ? count - done : kMost;
        const drivers::BlockBuffer buffer{mm::start_of(number), now * drivers::kSectorSize};
        drivers::BlockRequest request;
        request.first = drivers::SectorNumber(first + done);
        request.buffers = std::span(&buffer, 1);
        device.submit(request);
        device.wait(request);
        if (request.error.has_value()) {
            report_error(system.console, device, request);
            return;
        }
        for (std::uint32_t i = 0; i < now; ++i)
            dump_sector(system.console, first + done + i,
                        mm::frame_bytes(number) + i * drivers::kSectorSize);
        done += now;
    }
}

void read(System& system, Arguments arguments) {
    Result<std::uint32_t> sector = Error::InvalidArgument;
    if (arguments.size() > 2) sector = parse_number(arguments[2]);
    Result<std::uint32_t> count = 1U;
    if (arguments.size() > 3) count = parse_number(arguments[3]);
    if (!sector.ok() || !count.ok() || count.value() > kMostShown) {
        system.console.print("usage: read DEV SECTOR [COUNT up to %u]\n", kMostShown);
        return;
    }
    drivers::BlockDevice* device = system.disks->device(arguments[1]);
    if (device == nullptr) {
        system.console.print("there is no disk \"%.*s\"; see disks\n",
                             static_cast<int>(arguments[1].size()), arguments[1].data());
        return;
    }
    read_and_dump(system, *device, sector.value(), count.value());
}
MONITOR_COMMAND(read, "DEV SECTOR [COUNT]", "show sectors of a disk", read);

}  // namespace
}  // namespace quire::kernel
