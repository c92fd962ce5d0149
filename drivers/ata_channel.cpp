#include "drivers/ata_channel.h"

#include "kernel/base/log.h"
#include "mm/physical_window.h"

namespace quire::drivers {

namespace {

// Seconds. A disk that has to start turning may take twenty.
constexpr std::uint32_t kCommandLimit = 30;
constexpr std::uint32_t kResetLimit = 31;
constexpr std::uint32_t kPatience = 1;
// After so many lost interrupts nobody waits for them any more.
constexpr std::uint32_t kPatienceEnds = 3;
// Ticks: a step of a reset takes 2 ms; the tick after the next is one whole tick away at least.
constexpr std::uint64_t kResetStep = 2;
constexpr std::uint8_t kMostDmaFailures = 2;

// Microseconds, spent with interrupts off.
constexpr std::uint32_t kSelectLimit = 5'000;
constexpr std::uint32_t kFirstBlockLimit = 500;

constexpr std::uint8_t kTrouble = ata::kError | ata::kDeviceFault;

std::byte* bytes_at(mm::PhysAddr address) {
    return phys_window + address.raw();
}

}  // namespace

AtaChannel::AtaChannel(Hardware& hardware, const Pit& pit, const Place& place,
                       mm::FrameNumber table)
    : pit_(pit),
      name_(place.name),
      task_file_(hardware, place.command_port, place.control_port),
      bus_master_(hardware, place.bus_master, table) {
    for (unsigned number = 0; number < kDrives; ++number) {
        slots_[number].channel = this;
        slots_[number].number = number;
    }
}

void AtaChannel::find_drives() {
    AtaProbe probe(task_file_, pit_, name_);
    bool any = false;
    for (Slot& slot : slots_) {
        slot.finding = probe.identify(slot.number);
        if (slot.finding.kind != AtaFinding::Kind::Disk) continue;
        any = true;
        const AtaIdentity& identity = slot.finding.identity;
        const bool dma = bus_master_.present() && identity.dma_chosen;
        slot.transfer = dma ? Transfer::Dma : Transfer::Pio;
        const bool set = identity.most_multiple > 1 &&
                         probe.set_multiple(slot.number, identity.most_multiple).ok();
        slot.multiple = set ? identity.most_multiple : std::uint8_t{1};
    }
    if (!any) return;
    (void)task_file_.status();  // acknowledges what the probe has left
    task_file_.control(0);
}

// --- Beginning a command -------------------------------------------------------------------------

void AtaChannel::start(Slot& slot, const DiskCommand& command, DiskListener& listener) {
    ASSERT(slot.listener == nullptr);
    slot.command = command;
    slot.listener = &listener;
    if (current_ == nullptr) begin(slot);
}

void AtaChannel::begin(Slot& slot) {
    current_ = &slot;
    if (slot.command.kind != DiskCommand::Kind::Reset && !reset_first_) {
        issue();
        return;
    }
    ++statistics_.resets;
    task_file_.control(ata::kSoftReset);
    state_ = State::ResetHeld;
    step_done_ = pit_.ticks() + kResetStep;
    deadline_ = after(kResetLimit);
}

void AtaChannel::issue() {
    be_patient();
    first_block_is_late_ = false;
    deadline_ = after(kCommandLimit);
    if (!select_current()) {
        refuse("is busy before a command");
        return;
    }
    if (current_->command.kind == DiskCommand::Kind::Flush) {
        issue_flush();
    } else {
        issue_transfer();
    }
}

// The channel is quiet when a command is begun; a drive that is not must be reset.
bool AtaChannel::select_current() {
    task_file_.select(current_->number);
    std::uint8_t status = task_file_.alternate_status();
    if ((status & (ata::kBusy | ata::kDataRequest)) == 0) return true;
    PollDeadline deadline(pit_, kSelectLimit);
    while (!deadline.expired()) {
        status = task_file_.alternate_status();
        if ((status & (ata::kBusy | ata::kDataRequest)) == 0) return true;
    }
    return false;
}

void AtaChannel::issue_flush() {
    const AtaIdentity& identity = current_->finding.identity;
    if (!identity.flushes && !identity.flushes_extended) {
        settle(std::nullopt);  // a drive without the command has no cache that would need it
        return;
    }
    state_ = State::NoData;
    task_file_.command(identity.flushes_extended ? ata::Command::FlushCacheExt
                                                 : ata::Command::FlushCache);
    task_file_.settle();
}

void AtaChannel::issue_transfer() {
    const DiskCommand& command = current_->command;
    ASSERT(command.count <= kMostSectors && command.count > SectorCount(0));
    const bool reads = command.kind == DiskCommand::Kind::Read;
    write_place();
    if (current_->transfer == Transfer::Dma) {
        bus_master_.prepare(command.pieces, reads ? AtaBusMaster::Direction::ToRam
                                                  : AtaBusMaster::Direction::FromRam);
        state_ = State::Dma;
        task_file_.command(transfer_command());
        bus_master_.start();
        return;
    }
    left_ = command.count;
    piece_ = 0;
    piece_done_ = 0;
    state_ = reads ? State::PioIn : State::PioOut;
    task_file_.command(transfer_command());
    task_file_.settle();
    if (!reads) offer_first_block();
}

bool AtaChannel::needs_extended_addresses() const {
    const DiskCommand& command = current_->command;
    return command.first + command.count > kEndOfShortAddresses;
}

void AtaChannel::write_place() {
    const DiskCommand& command = current_->command;
    if (needs_extended_addresses()) {
        task_file_.set_extended_place(current_->number, command.first, command.count);
    } else {
        task_file_.set_place(current_->number, command.first, command.count);
    }
}

ata::Command AtaChannel::transfer_command() const {
    const bool reads = current_->command.kind == DiskCommand::Kind::Read;
    const bool extended = needs_extended_addresses();
    using ata::Command;
    if (current_->transfer == Transfer::Dma) {
        if (extended) return reads ? Command::ReadDmaExt : Command::WriteDmaExt;
        return reads ? Command::ReadDma : Command::WriteDma;
    }
    if (current_->multiple > 1) {
        if (extended) return reads ? Command::ReadMultipleExt : Command::WriteMultipleExt;
        return reads ? Command::ReadMultiple : Command::WriteMultiple;
    }
    if (extended) return reads ? Command::ReadSectorsExt : Command::WriteSectorsExt;
    return reads ? Command::ReadSectors : Command::WriteSectors;
}

// A write has no interrupt for its first block. Most drives take it at once; one whose cache is
// full is looked at each tick.
void AtaChannel::offer_first_block() {
    PollDeadline deadline(pit_, kFirstBlockLimit);
    while ((task_file_.alternate_status() & ata::kBusy) != 0) {
        if (deadline.expired()) break;
    }
    const std::uint8_t status = task_file_.alternate_status();
    if ((status & (ata::kBusy | kTrouble | ata::kDataRequest)) == ata::kDataRequest) {
        move_block();
        return;
    }
    first_block_is_late_ = true;
    patience_ = pit_.ticks();
}

// Said later, by poll(): nobody is told from within start().
void AtaChannel::settle(std::optional<Error> error) {
    state_ = State::Settled;
    settled_ = error;
}

void AtaChannel::refuse(const char* why) {
    log(LogLevel::Warning, "ata", "%s: drive %u %s, status %02Xh", name_, current_->number, why,
        task_file_.alternate_status());
    reset_first_ = true;
    settle(Error::TimedOut);
}

// --- Carrying it out -----------------------------------------------------------------------------

void AtaChannel::on_interrupt() {
    ++statistics_.interrupts;
    switch (state_) {
    case State::Dma:
        if (bus_master_.interrupted()) {
            finish_dma();
            return;
        }
        break;
    case State::PioIn:
    case State::PioOut:
    case State::NoData: {
        const std::uint8_t status = task_file_.status();
        if ((status & ata::kBusy) == 0) {
            advance(status);
            return;
        }
        break;
    }
    case State::Idle:
    case State::ResetHeld:
    case State::ResetReady:
    case State::Settled:
        (void)task_file_.status();  // whoever it was: heard
        break;
    }
    ++statistics_.spurious_interrupts;
}

// The drive is not busy: it wants the next block moved, or is through.
void AtaChannel::advance(std::uint8_t status) {
    if ((status & kTrouble) != 0) {
        fail(status, false);
        return;
    }
    const bool more = state_ != State::NoData && left_ > SectorCount(0);
    const bool wants_data = (status & ata::kDataRequest) != 0;
    if (wants_data != more) {
        fail(status, false);
        return;
    }
    if (more) move_block();
    // The last block of a read is followed by no interrupt, that of a write is.
    const bool read_is_through = state_ == State::PioIn && left_ == SectorCount(0);
    if (!more || read_is_through) end(std::nullopt);
}

void AtaChannel::move_block() {
    const std::uint32_t block = current_->multiple;
    const SectorCount sectors(block < left_.raw() ? block : left_.raw());
    const std::uint32_t bytes = sectors.raw() * kSectorSize;
    if (state_ == State::PioIn) {
        move_pieces(
            bytes, [this](std::byte* at, std::uint32_t count) { task_file_.read_data(at, count); });
    } else {
        move_pieces(bytes, [this](const std::byte* at, std::uint32_t count) {
            task_file_.write_data(at, count);
        });
    }
    left_ -= sectors;
}

template <typename Move>
void AtaChannel::move_pieces(std::uint32_t bytes, Move move) {
    while (bytes != 0) {
        const BlockBuffer& piece = current_->command.pieces[piece_];
        const std::uint32_t left = piece.bytes - piece_done_;
        const std::uint32_t now = left < bytes ? left : bytes;
        move(bytes_at(piece.address) + piece_done_, now);
        bytes -= now;
        piece_done_ += now;
        if (piece_done_ == piece.bytes) {
            ++piece_;
            piece_done_ = 0;
        }
    }
}

void AtaChannel::finish_dma() {
    const AtaBusMaster::Outcome outcome = bus_master_.stop();
    const std::uint8_t status = task_file_.status();
    const bool drive_is_through = (status & (ata::kBusy | ata::kDataRequest | kTrouble)) == 0;
    if (drive_is_through && !outcome.error && !outcome.incomplete) {
        current_->dma_failures = 0;
        current_->dma_has_worked = true;
        end(std::nullopt);
        return;
    }
    if ((status & (ata::kBusy | ata::kDataRequest)) != 0) reset_first_ = true;
    fail(status, outcome.error || drive_is_through);
}

// `by_dma`: not the drive but the way to RAM failed.
void AtaChannel::fail(std::uint8_t status, bool by_dma) {
    const std::uint8_t error = task_file_.error();
    log(LogLevel::Warning, "ata",
        "%s: drive %u failed at sector %u (%u sectors): status %02Xh, "
        "error %02Xh%s",
        name_, current_->number, current_->command.first.raw(), current_->command.count.raw(),
        status, error, by_dma ? ", DMA" : "");
    if (state_ == State::Dma) {
        const bool unknown_command = (error & ata::kErrorAbort) != 0 && !current_->dma_has_worked;
        if (by_dma || unknown_command || (error & ata::kErrorCrc) != 0) count_dma_failure();
    }
    end(Error::IoError);
}

void AtaChannel::count_dma_failure() {
    if (++current_->dma_failures < kMostDmaFailures) return;
    current_->transfer = Transfer::Pio;
    log(LogLevel::Warning, "ata", "%s: drive %u goes on without DMA", name_, current_->number);
}

// The other drive's turn comes before whoever hears of this end can start something new.
void AtaChannel::end(std::optional<Error> error) {
    Slot& ended = *current_;
    DiskListener* listener = ended.listener;
    ended.listener = nullptr;
    current_ = nullptr;
    state_ = State::Idle;
    Slot& other = slots_[ended.number ^ 1];
    if (other.listener != nullptr) begin(other);
    listener->command_ended(error);
}

// --- Without an interrupt ------------------------------------------------------------------------

std::uint64_t AtaChannel::after(std::uint32_t seconds) const {
    const std::uint64_t hz = pit_.hz();
    return pit_.ticks() + seconds * hz;
}

void AtaChannel::be_patient() {
    patience_ = after(statistics_.lost_interrupts < kPatienceEnds ? kPatience : std::uint32_t{0});
}

void AtaChannel::poll() {
    switch (state_) {
    case State::Idle:
        return;
    case State::Settled:
        end(settled_);
        return;
    case State::ResetHeld:
    case State::ResetReady:
        poll_reset();
        return;
    case State::Dma:
    case State::PioIn:
    case State::PioOut:
    case State::NoData:
        break;
    }
    const std::uint64_t now = pit_.ticks();
    if (now >= patience_ && look_for_lost_end()) return;
    if (now >= deadline_) time_out();
}

// No register may be written while either drive is busy, the one that selects them included.
bool AtaChannel::is_back() {
    if ((task_file_.alternate_status() & ata::kBusy) != 0) return false;
    task_file_.select(current_->number);
    return (task_file_.status() & ata::kBusy) == 0;
}

void AtaChannel::poll_reset() {
    const std::uint64_t now = pit_.ticks();
    if (now < step_done_) return;
    if (state_ == State::ResetHeld) {
        task_file_.control(0);
        state_ = State::ResetReady;
        step_done_ = now + kResetStep;
        return;
    }
    if (!is_back()) {
        if (now >= deadline_) end(Error::TimedOut);
        return;
    }
    reset_first_ = false;
    // The drives have forgotten how long a block is; nothing has to be set up for one sector.
    for (Slot& slot : slots_)
        slot.multiple = 1;
    if (current_->command.kind == DiskCommand::Kind::Reset) {
        end(std::nullopt);
    } else {
        issue();
    }
}

// True when the command has ended, or moved on, unheard.
bool AtaChannel::look_for_lost_end() {
    const std::uint8_t status = task_file_.alternate_status();
    if ((status & ata::kBusy) != 0) return false;
    if (state_ == State::Dma) {
        if ((status & ata::kDataRequest) != 0) return false;
        ++statistics_.lost_interrupts;
        finish_dma();
        return true;
    }
    const bool waits_for_data = state_ != State::NoData && left_ > SectorCount(0);
    if (waits_for_data && (status & (ata::kDataRequest | kTrouble)) == 0) return false;
    if (!first_block_is_late_) ++statistics_.lost_interrupts;
    first_block_is_late_ = false;
    be_patient();
    advance(task_file_.status());
    return true;
}

void AtaChannel::time_out() {
    ++statistics_.time_outs;
    log(LogLevel::Warning, "ata", "%s: drive %u does not answer (sector %u), status %02Xh", name_,
        current_->number, current_->command.first.raw(), task_file_.alternate_status());
    if (state_ == State::Dma) {
        (void)bus_master_.stop();
        count_dma_failure();
    }
    reset_first_ = true;
    end(Error::TimedOut);
}

void AtaChannel::check_invariants() const {
    ASSERT((state_ == State::Idle) == (current_ == nullptr));
    for (const Slot& slot : slots_)
        ASSERT(slot.listener == nullptr || current_ != nullptr);
    if (current_ == nullptr) return;
    ASSERT(current_->listener != nullptr);
    if (state_ == State::PioIn || state_ == State::PioOut) ASSERT(left_ <= current_->command.count);
}

}  // namespace quire::drivers
