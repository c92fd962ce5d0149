#include "tests/host/simulated_ata.h"

#include "tests/host/machine_host.h"

namespace quire::test {

namespace {

constexpr std::uint8_t kErr = 0x01, kDrq = 0x08, kFault = 0x20, kReady = 0x50, kBusy = 0x80;
constexpr std::uint8_t kAbort = 0x04, kNotFound = 0x10, kCrc = 0x80;

bool is_dma(std::uint8_t code) {
    return code == 0xC8 || code == 0x25 || code == 0xCA || code == 0x35;
}
bool is_read(std::uint8_t code) {
    return code == 0x20 || code == 0x24 || code == 0x25 || code == 0x29 || code == 0xC4 ||
           code == 0xC8;
}
bool is_write(std::uint8_t code) {
    return code == 0x30 || code == 0x34 || code == 0x35 || code == 0x39 || code == 0xC5 ||
           code == 0xCA;
}
bool is_extended(std::uint8_t code) {
    return code == 0x24 || code == 0x25 || code == 0x29 || code == 0x34 || code == 0x35 ||
           code == 0x39 || code == 0xEA;
}
bool is_multiple(std::uint8_t code) {
    return code == 0x29 || code == 0x39 || code == 0xC4 || code == 0xC5;
}

}  // namespace

Sector SimulatedAtaDrive::pattern(std::uint64_t number) {
    Sector sector;
    for (std::size_t i = 0; i < sector.size(); ++i)
        sector[i] = static_cast<std::uint8_t>(number * 7 + i * 13 + (i >> 8) * 31);
    std::memcpy(sector.data(), &number, sizeof number);
    return sector;
}

std::array<std::uint16_t, 256> SimulatedAtaDrive::identity() const {
    std::array<std::uint16_t, 256> words{};
    const bool disk = kind == Kind::Disk;
    words[0] = disk ? 0x0040 : 0x8580;
    std::string name = model;
    name.resize(40, ' ');
    for (std::size_t i = 0; i < 20; ++i) {
        words[27 + i] = static_cast<std::uint16_t>(static_cast<unsigned char>(name[2 * i]) << 8 |
                                                   static_cast<unsigned char>(name[2 * i + 1]));
    }
    if (!disk) return words;
    words[47] = static_cast<std::uint16_t>(0x8000 | most_multiple);
    words[49] = static_cast<std::uint16_t>((has_lba ? 0x200 : 0) | (has_dma ? 0x100 : 0));
    words[53] = 6;
    const std::uint64_t short_count = std::min<std::uint64_t>(sectors, 0x0FFFFFFF);
    words[60] = static_cast<std::uint16_t>(short_count);
    words[61] = static_cast<std::uint16_t>(short_count >> 16);
    words[63] = 7;
    words[83] =
        static_cast<std::uint16_t>(0x4000 | (has_extended ? 0x400 : 0) | (has_flush ? 0x1000 : 0) |
                                   (has_flush && has_extended ? 0x2000 : 0));
    words[88] = static_cast<std::uint16_t>(0x3F | (dma_chosen ? 0x2000 : 0));
    for (std::size_t i = 0; i < 4 && has_extended; ++i)
        words[100 + i] = static_cast<std::uint16_t>(sectors >> 16 * i);
    if (sector_words != 256) {
        words[106] = 0x5000;
        words[117] = static_cast<std::uint16_t>(sector_words);
        words[118] = static_cast<std::uint16_t>(sector_words >> 16);
    }
    return words;
}

std::uint8_t SimulatedAtaChannel::read_status() {
    if (floating || !somebody()) return 0xFF;
    if (stuck_busy) return kBusy;
    if (!present()) return 0;
    return status_;
}

std::uint8_t SimulatedAtaChannel::in8(std::uint16_t offset) {
    if (junk >= 0) return static_cast<std::uint8_t>(junk);
    if (offset == kControl) return read_status();
    if (offset == kBusMaster) return bm_command_;
    if (offset == kBusMaster + 2) return bm_status_;
    if (floating || !somebody()) return 0xFF;
    const std::size_t deep = (control_ & 0x80) != 0 ? 1 : 0;
    switch (offset) {
    case 1:
        return error_;
    case 2:
        return count_[deep];
    case 3:
    case 4:
    case 5:
        return lba_[offset - 3][deep];
    case 6:
        return device_;
    case 7:
        interrupt_ = false;
        return read_status();
    default:
        return 0xFF;
    }
}

void SimulatedAtaChannel::out8(std::uint16_t offset, std::uint8_t value) {
    if (offset == kControl) {
        const bool was_reset = (control_ & 4) != 0;
        control_ = value;
        if (!was_reset && (value & 4) != 0) reset();
        return;
    }
    if (offset == kBusMaster) {
        const bool starts = (bm_command_ & 1) == 0 && (value & 1) != 0;
        bm_command_ = value;
        if (starts) bm_status_ |= 1;
        if ((value & 1) == 0) bm_status_ &= 0xFE;
        return;
    }
    if (offset == kBusMaster + 2) {
        bm_status_ = static_cast<std::uint8_t>((bm_status_ & 1) | (value & 0x60) |
                                               (bm_status_ & 6 & ~value));
        return;
    }
    if (floating || !somebody()) return;
    if (busy() && !stuck_busy)
        violate("register " + std::to_string(offset) + " written while busy");
    switch (offset) {
    case 2:
        count_[1] = count_[0];
        count_[0] = value;
        break;
    case 3:
    case 4:
    case 5:
        lba_[offset - 3][1] = lba_[offset - 3][0];
        lba_[offset - 3][0] = value;
        break;
    case 6:
        device_ = value;
        break;
    case 7:
        if (present()) command(value);
        break;
    default:
        break;
    }
}

void SimulatedAtaChannel::out32(std::uint16_t offset, std::uint32_t value) {
    if (offset == kBusMaster + 4) bm_table_ = value;
}
std::uint32_t SimulatedAtaChannel::in32(std::uint16_t offset) {
    return offset == kBusMaster + 4 ? bm_table_ : 0xFFFFFFFF;
}

void SimulatedAtaChannel::reset() {
    ++resets;
    status_ = kBusy;
    interrupt_ = false;
    hanging_ = false;
    protocol_ = Protocol::None;
    buffer_.clear();
    device_ = 0xA0;
    for (SimulatedAtaDrive& drive : drives)
        drive.multiple = 0;
    ready_at_ = selected().dead_after_reset ? 0 : now_ + 500;
}

void SimulatedAtaChannel::command(std::uint8_t code) {
    SimulatedAtaDrive& drive = selected();
    if ((status_ & (kBusy | kDrq)) != 0) violate("a command while busy");
    drive.commands.push_back(code);
    code_ = code;
    interrupt_ = false;
    error_ = 0;
    status_ = kBusy;
    ready_at_ = now_ + drive.command_time;
    protocol_ = Protocol::NoData;
    hanging_ = use_up(drive.hang);
    if (is_read(code) || is_write(code)) begin_transfer(code);
    if (code == 0xEC || code == 0xA1) protocol_ = Protocol::DataIn;
}

// The whole of 28 or 48 bits; false when the drive cannot do it.
bool SimulatedAtaChannel::read_place(bool extended) {
    if ((device_ & 0x40) == 0) violate("a transfer without LBA");
    place_ = lba_[0][0] + lba_[1][0] * 256U + lba_[2][0] * 65536U;
    if (extended) {
        place_ |= static_cast<std::uint64_t>(lba_[0][1]) << 24;
        place_ |= static_cast<std::uint64_t>(lba_[1][1]) << 32 |
                  static_cast<std::uint64_t>(lba_[2][1]) << 40;
        left_ = count_[1] * 256U + count_[0];
        if (left_ == 0) left_ = 65536;
    } else {
        place_ |= static_cast<std::uint64_t>(device_ & 0x0F) << 24;
        left_ = count_[0] == 0 ? 256 : count_[0];
    }
    return !extended || selected().has_extended;
}

void SimulatedAtaChannel::begin_transfer(std::uint8_t code) {
    SimulatedAtaDrive& drive = selected();
    direction_ = is_read(code) ? Direction::In : Direction::Out;
    const bool known = read_place(is_extended(code));
    if (place_ + left_ > drive.sectors) violate("sectors past the end");
    if (!known) violate("a 48-bit command for a drive without");
    block_ = 1;
    first_block_ = true;
    if (is_multiple(code)) {
        if (drive.multiple == 0) violate("READ or WRITE MULTIPLE before SET MULTIPLE");
        block_ = drive.multiple == 0 ? 1 : drive.multiple;
    }
    if (is_dma(code)) {
        ++dma_commands;
        protocol_ = Protocol::Dma;
        if ((bm_command_ & 1) != 0) violate("the bus master runs before the command");
        return;
    }
    protocol_ = direction_ == Direction::In ? Protocol::DataIn : Protocol::DataOut;
}

void SimulatedAtaChannel::advance(std::uint64_t now) {
    now_ = now;
    if (hanging_ || ready_at_ == 0 || now < ready_at_) return;
    if (protocol_ == Protocol::Dma && (bm_command_ & 1) == 0) return;  // waits for the bus master
    ready_at_ = 0;
    SimulatedAtaDrive& drive = selected();
    if (protocol_ != Protocol::None && use_up(drive.faults)) {
        status_ = kReady | kFault | kErr;
        error_ = kAbort;
        raise();
        return;
    }
    switch (protocol_) {
    case Protocol::None:  // after a reset
        status_ = kReady;
        error_ = 1;
        break;
    case Protocol::NoData:
        complete();
        break;
    case Protocol::Dma:
        run_dma();
        break;
    case Protocol::DataIn:
    case Protocol::DataOut:
        next_block();
        break;
    }
}

void SimulatedAtaChannel::complete() {
    SimulatedAtaDrive& drive = selected();
    if (code_ == 0xC6) {
        const bool refused = use_up(drive.refuse_multiple) || count_[0] > drive.most_multiple;
        if (refused) {
            fail(kAbort);
            return;
        }
        drive.multiple = count_[0];
    } else if (code_ == 0xE7 || code_ == 0xEA) {
        if (!drive.has_flush || use_up(drive.fail_flush)) {
            fail(kAbort);
            return;
        }
        ++drive.flushes;
    } else if (code_ != 0x91) {
        fail(kAbort);
        return;
    }
    status_ = kReady;
    raise();
}

void SimulatedAtaChannel::fail(std::uint8_t error) {
    error_ = error;
    status_ = kReady | kErr;
    raise();
}

void SimulatedAtaChannel::raise() {
    if (use_up(selected().lose_interrupts)) return;
    interrupt_ = true;
    bm_status_ |= 4;
}

bool SimulatedAtaChannel::take_bad_sector(std::uint64_t number) {
    const auto found = selected().bad_sectors.find(number);
    return found != selected().bad_sectors.end() && use_up(found->second);
}

// The drive has a block ready, or room for one; or it is through.
void SimulatedAtaChannel::next_block() {
    SimulatedAtaDrive& drive = selected();
    buffer_at_ = 0;
    if (code_ == 0xEC || code_ == 0xA1) {
        const bool wrong = (code_ == 0xA1) != (drive.kind == SimulatedAtaDrive::Kind::Packet);
        if (wrong) {
            lba_[1][0] = drive.kind == SimulatedAtaDrive::Kind::Packet ? 0x14 : 0;
            lba_[2][0] = drive.kind == SimulatedAtaDrive::Kind::Packet ? 0xEB : 0;
            fail(kAbort);
            return;
        }
        const auto words = drive.identity();
        buffer_.assign(512, 0);
        std::memcpy(buffer_.data(), words.data(), 512);
        left_ = 0;
    } else if (left_ == 0) {  // a write is through
        status_ = kReady;
        raise();
        return;
    } else {
        const std::uint32_t count = std::min(block_, left_);
        buffer_.assign(count * 512, 0);
        for (std::uint32_t i = 0; i < count && direction_ == Direction::In; ++i) {
            if (place_ + i >= drive.sectors) {
                fail(kNotFound);
                return;
            }
            if (take_bad_sector(place_ + i)) {
                fail(drive.bad_sector_error);
                return;
            }
            const Sector sector = drive.content(place_ + i);
            std::memcpy(&buffer_[i * 512], sector.data(), 512);
        }
    }
    status_ = kReady | kDrq;
    if (use_up(drive.missing_data)) status_ = kReady;
    const bool silent = protocol_ == Protocol::DataOut && first_block_;
    first_block_ = false;
    if (!silent) raise();
}

void SimulatedAtaChannel::block_is_through() {
    SimulatedAtaDrive& drive = selected();
    const auto count = static_cast<std::uint32_t>(buffer_.size() / 512);
    if (protocol_ == Protocol::DataOut) {
        for (std::uint32_t i = 0; i < count; ++i) {
            if (take_bad_sector(place_ + i)) {
                fail(drive.bad_sector_error);
                return;
            }
            Sector sector;
            std::memcpy(sector.data(), &buffer_[i * 512], 512);
            drive.written[place_ + i] = sector;
        }
    }
    if (code_ == 0xEC || code_ == 0xA1) {
        status_ = kReady;
        return;
    }
    place_ += count;
    left_ -= count;
    if (left_ == 0 && protocol_ == Protocol::DataIn) {
        status_ = kReady;
        return;
    }
    status_ = kBusy;
    ready_at_ = now_ + drive.block_time;
}

std::uint16_t SimulatedAtaChannel::in16(std::uint16_t offset) {
    if (offset != 0 || (status_ & kDrq) == 0 || protocol_ != Protocol::DataIn) {
        violate("data read without DRQ");
        return 0xFFFF;
    }
    std::uint16_t word = 0;
    std::memcpy(&word, &buffer_[buffer_at_], 2);
    buffer_at_ += 2;
    if (buffer_at_ == buffer_.size()) block_is_through();
    return word;
}

void SimulatedAtaChannel::out16(std::uint16_t offset, std::uint16_t word) {
    if (offset != 0 || (status_ & kDrq) == 0 || protocol_ != Protocol::DataOut) {
        violate("data written without DRQ");
        return;
    }
    std::memcpy(&buffer_[buffer_at_], &word, 2);
    buffer_at_ += 2;
    if (buffer_at_ == buffer_.size()) block_is_through();
}

// All of the command's data at once, through the PRD table.
void SimulatedAtaChannel::run_dma() {
    SimulatedAtaDrive& drive = selected();
    if (drive.dma_unknown || !drive.has_dma) {
        fail(kAbort);
        return;
    }
    if (use_up(drive.crc_errors)) {
        fail(kCrc | kAbort);
        return;
    }
    if (((bm_command_ & 8) != 0) != (direction_ == Direction::In)) violate("DMA the wrong way");
    if (use_up(drive.dma_errors)) {
        bm_status_ = static_cast<std::uint8_t>((bm_status_ & 0xFE) | 2);
        status_ = kReady;
        raise();
        return;
    }
    const bool ends_early = use_up(drive.dma_short);
    std::uint32_t total = left_ * 512;
    if (ends_early) total -= 512;
    std::uint64_t table = bm_table_;
    bool last = false;
    while (total != 0 && !last) {
        std::uint32_t entry[2];
        std::memcpy(entry, phys_window + table, sizeof entry);
        table += 8;
        if (table / 65536 != (bm_table_ + 0ULL) / 65536 && table % 65536 != 0)
            violate("a PRD table over a 64 KiB boundary");
        std::uint32_t bytes = entry[1] & 0xFFFF;
        if (bytes == 0) bytes = 65536;
        last = (entry[1] & 0x80000000) != 0;
        if ((entry[0] & 1) != 0 || (bytes & 1) != 0) violate("an odd PRD");
        if (entry[0] % 65536 + bytes > 65536) violate("a PRD over a 64 KiB boundary");
        if (entry[0] + std::uint64_t{bytes} > kHostFrames.raw() * std::uint64_t{mm::kPageSize}) {
            violate("a PRD outside RAM");
            return;
        }
        for (std::uint32_t at = 0; at < bytes && total != 0; at += 512, total -= 512) {
            std::byte* ram = phys_window + entry[0] + at;
            if (take_bad_sector(place_)) {
                bm_status_ &= 0xFE;
                fail(drive.bad_sector_error);
                return;
            }
            Sector sector = drive.content(place_);
            if (direction_ == Direction::In) {
                std::memcpy(ram, sector.data(), 512);
            } else {
                std::memcpy(sector.data(), ram, 512);
                drive.written[place_] = sector;
            }
            ++place_;
            if (total == 512 && at + 512 != bytes && !ends_early) violate("a PRD table too long");
        }
    }
    if (total != 0) {
        violate("a PRD table too short");
        status_ = kReady | kDrq;
    } else {
        if (!last && !ends_early) violate("a PRD table too long");
        status_ = kReady;
    }
    if (!ends_early) bm_status_ &= 0xFE;
    raise();
}

}  // namespace quire::test
