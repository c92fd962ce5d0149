#include "drivers/ata_probe.h"

#include "kernel/base/log.h"

namespace quire::drivers {

namespace {

constexpr std::uint32_t kLimit = 3'000'000;  // microseconds

// The host pulls down data line 7 on some machines: busy reads as zero then.
constexpr bool floats(std::uint8_t status) {
    return (status | ata::kBusy) == ata::kFloating;
}

}  // namespace

AtaFinding AtaProbe::identify(unsigned drive) {
    AtaFinding finding;
    task_file_.control(ata::kInterruptsOff);
    if (!somebody_is_there(drive)) return finding;
    Words words{};
    task_file_.command(ata::Command::Identify);
    task_file_.settle();
    // A drive that is alone on the cable answers for the absent one: with nothing.
    if (task_file_.alternate_status() == 0) return finding;
    Result<void> answer = read_identity(words);
    if (!answer.ok() && is_packet_drive()) {
        task_file_.command(ata::Command::IdentifyPacket);
        task_file_.settle();
        answer = read_identity(words);
        if (answer.ok()) finding.kind = AtaFinding::Kind::Packet;
        finding.identity.model = decode_ata_model(words);
        return finding;
    }
    if (!answer.ok()) {
        log(LogLevel::Info, "ata", "%s: drive %u does not say what it is: %s, status %02Xh",
            channel_, drive, error_name(answer.error()), task_file_.alternate_status());
        return finding;
    }
    auto identity = decode_ata_identity(words);
    if (!identity.ok()) return finding;  // said why
    finding.kind = AtaFinding::Kind::Disk;
    finding.identity = identity.take();
    return finding;
}

// Leaves the drive selected and idle, with zeroes in the LBA registers. A drive keeps what is
// written into its registers; nothing else does.
bool AtaProbe::somebody_is_there(unsigned drive) {
    task_file_.select(drive);
    if (floats(task_file_.alternate_status())) return false;
    if (!wait_until_idle().ok()) {
        log(LogLevel::Warning, "ata", "%s: drive %u is busy all the time, status %02Xh", channel_,
            drive, task_file_.alternate_status());
        return false;
    }
    task_file_.set_count(0x55);
    task_file_.set_lba_low(0xAA);
    if (task_file_.count() != 0x55 || task_file_.lba_low() != 0xAA) return false;
    task_file_.set_place(drive, SectorNumber(0), SectorCount(0));
    return true;
}

// The signature that a packet drive leaves after it has refused IDENTIFY DEVICE.
bool AtaProbe::is_packet_drive() {
    return task_file_.lba_mid() == 0x14 && task_file_.lba_high() == 0xEB;
}

Result<void> AtaProbe::wait_until_idle() {
    PollDeadline deadline(pit_, kLimit);
    while ((task_file_.alternate_status() & ata::kBusy) != 0) {
        if (deadline.expired()) return Error::TimedOut;
    }
    return {};
}

// Errors: TimedOut, NotSupported (refused), IoError (no data).
Result<void> AtaProbe::read_identity(Words& words) {
    TRY(wait_until_idle());
    const std::uint8_t status = task_file_.status();
    if ((status & (ata::kError | ata::kDeviceFault)) != 0) return Error::NotSupported;
    if ((status & ata::kDataRequest) == 0) return Error::IoError;
    task_file_.read_data(words.data(), sizeof(words));
    return {};
}

Result<void> AtaProbe::set_multiple(unsigned drive, std::uint8_t sectors) {
    task_file_.select(drive);
    task_file_.set_count(sectors);
    task_file_.command(ata::Command::SetMultiple);
    task_file_.settle();
    TRY(wait_until_idle());
    const bool refused = (task_file_.status() & (ata::kError | ata::kDeviceFault)) != 0;
    return refused ? Result<void>(Error::NotSupported) : Result<void>();
}

}  // namespace quire::drivers
