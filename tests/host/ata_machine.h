// A PC with one simulated IDE channel, its driver, and queues before its drives.
//
// Who waits sleeps in simulated time: until an interrupt comes, or for a tick when none does. A
// tick lasts 0.25 ms here, so that half a minute of a drive's silence is soon over.
#pragma once

#include <memory>
#include <vector>

#include "drivers/ata_channel.h"
#include "drivers/block_queue.h"
#include "drivers/pit.h"
#include "tests/host/machine_host.h"
#include "tests/host/simulated_ata.h"

namespace quire::test {

class AtaMachine final : public drivers::DiskWaiter {
  public:
    static constexpr std::uint16_t kBusMasterPort = 0xC000;
    static constexpr mm::FrameNumber kTable{8};

    SimulatedHardware hardware;
    SimulatedPit simulated_pit;
    drivers::Pit pit{hardware};
    SimulatedAtaChannel ide;
    drivers::AtaChannel channel;
    int sleeps = 0;

    explicit AtaMachine(bool with_bus_master = true)
        : channel(hardware, pit,
                  {.name = "ide0",
                   .command_port = 0x1F0,
                   .control_port = 0x3F6,
                   .bus_master = with_bus_master ? kBusMasterPort : std::uint16_t{0}},
                  kTable) {
        reset_host_ram();
        hardware.attach(simulated_pit, 0x40, 4);
        ide.attach_to(hardware, 0x1F0, 0x3F6, kBusMasterPort);
        hardware.connect(ide, on_interrupt, this);
        pit.start(100);
        ide.drives[0].kind = SimulatedAtaDrive::Kind::Disk;
    }

    /// Finds the drives and puts a queue before the first.
    drivers::BlockQueue& disk(unsigned drive = 0, drivers::BlockQueue::Access access =
                                                      drivers::BlockQueue::Access::ReadWrite) {
        if (!found_) channel.find_drives();
        found_ = true;
        if (queues_[drive] == nullptr) {
            queues_[drive] = std::make_unique<drivers::BlockQueue>(
                hardware, channel.driver(drive), *this,
                drivers::BlockQueue::Disk{.name = drive == 0 ? "hda" : "hdb",
                                          .sectors = channel.found(drive).identity.sectors,
                                          .access = access});
        }
        return *queues_[drive];
    }

    void sleep() override {
        ASSERT(!hardware.interrupts_on());
        ++sleeps;
        const int before = interrupts_;
        hardware.interrupts_restore(true);
        for (int step = 0; step < 250 && interrupts_ == before; ++step)
            hardware.pass_time(1);
        if (interrupts_ == before) pit.on_tick();
        (void)hardware.interrupts_save();
    }

    /// RAM for a request: `sectors` from frame `first_frame` on, in pieces of at most `piece`
    /// bytes.
    static std::vector<drivers::BlockBuffer> buffers(std::uint32_t first_frame,
                                                     std::uint32_t sectors,
                                                     std::uint32_t piece = mm::kPageSize) {
        std::vector<drivers::BlockBuffer> pieces;
        std::uint32_t at = first_frame * mm::kPageSize;
        for (std::uint32_t left = sectors * drivers::kSectorSize; left != 0;) {
            const std::uint32_t bytes = std::min(left, piece);
            pieces.push_back({mm::PhysAddr(at), bytes});
            at += bytes;
            left -= bytes;
        }
        return pieces;
    }
    static Sector ram(std::uint32_t first_frame, std::uint32_t sector) {
        Sector bytes;
        std::memcpy(bytes.data(), phys_window + first_frame * mm::kPageSize + sector * 512, 512);
        return bytes;
    }
    static void fill(std::uint32_t first_frame, std::uint32_t sector, const Sector& bytes) {
        std::memcpy(phys_window + first_frame * mm::kPageSize + sector * 512, bytes.data(), 512);
    }

  private:
    static void on_interrupt(void* context) {
        auto* machine = static_cast<AtaMachine*>(context);
        ++machine->interrupts_;
        machine->channel.on_interrupt();
    }

    bool found_ = false;
    int interrupts_ = 0;
    std::array<std::unique_ptr<drivers::BlockQueue>, 2> queues_;
};

}  // namespace quire::test
