#include "drivers/partition_table.h"

#include "kernel/base/log.h"
#include "libc/string.h"
#include "mm/physical_window.h"

namespace quire::drivers {

struct PartitionTable::RawEntry {
    std::uint8_t boot_flag;
    std::uint8_t first_chs[3];
    std::uint8_t type;
    std::uint8_t last_chs[3];
    std::uint8_t first[4];  // little-endian, and not aligned in the sector
    std::uint8_t count[4];
};

struct PartitionTable::RawTable {
    std::uint8_t code[446];
    RawEntry entries[4];
    std::uint8_t signature[2];
};

namespace {

constexpr std::uint8_t kActive = 0x80;
constexpr std::uint8_t kExtendedTypes[] = {0x05, 0x0F, 0x85};
constexpr std::uint8_t kProtectiveGpt = 0xEE;

std::uint32_t little_endian(const std::uint8_t (&bytes)[4]) {
    return bytes[0] | static_cast<std::uint32_t>(bytes[1]) << 8 |
           static_cast<std::uint32_t>(bytes[2]) << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

bool is_extended(std::uint8_t type) {
    for (const std::uint8_t extended : kExtendedTypes) {
        if (type == extended) return true;
    }
    return false;
}

bool overlap(const Partition::Place& a, const Partition::Place& b) {
    return a.first < b.first + b.count && b.first < a.first + a.count;
}

// Whether `place` lies in `within`, whose own end is on the disk.
bool lies_in(const Partition::Place& place, const Partition::Place& within) {
    if (place.first < within.first) return false;
    const SectorCount before = place.first - within.first;
    return before <= within.count && place.count <= within.count - before;
}

}  // namespace

Result<void> PartitionTable::read(BlockDevice& disk, BlockBuffer buffer) {
    static_assert(sizeof(RawEntry) == 16 && sizeof(RawTable) == kSectorSize);
    disk_ = &disk;
    buffer_ = buffer;
    count_ = 0;
    extended_.reset();
    RawTable table;
    if (TRY(read_table(SectorNumber(0), table)) == Outcome::NoTable) return {};
    // The first sector of a file system has the same signature, and code where the entries are.
    for (const RawEntry& raw : table.entries) {
        if ((raw.boot_flag & ~kActive) != 0) return {};
    }
    read_primaries(table);
    if (extended_.has_value()) read_chain();
    return {};
}

Result<PartitionTable::Outcome> PartitionTable::read_table(SectorNumber at, RawTable& table) {
    ASSERT(buffer_.bytes == kSectorSize);
    TRY(disk_->read(at, std::span(&buffer_, 1)));
    memcpy(&table, phys_window + buffer_.address.raw(), sizeof(table));
    const bool is_signed = table.signature[0] == 0x55 && table.signature[1] == 0xAA;
    return is_signed ? Outcome::Table : Outcome::NoTable;
}

void PartitionTable::read_primaries(const RawTable& table) {
    const Partition::Place whole{SectorNumber(0), disk_->sectors()};
    for (unsigned i = 0; i < std::size(table.entries); ++i) {
        const RawEntry& raw = table.entries[i];
        const PartitionEntry entry = {.number = i + 1,
                                      .type = raw.type,
                                      .active = raw.boot_flag == kActive,
                                      .place = {SectorNumber(little_endian(raw.first)),
                                                SectorCount(little_endian(raw.count))}};
        if (entry.type == 0 || entry.place.count == SectorCount(0)) continue;
        if (entry.type == kProtectiveGpt) {
            leave_out(entry, "have a GUID partition table, which is not read");
        } else if (!may_be(entry, whole)) {
            continue;  // said why
        } else if (!is_extended(entry.type)) {
            entries_[count_++] = entry;
        } else if (extended_.has_value()) {
            leave_out(entry, "are a second extended partition");
        } else {
            extended_ = entry.place;
        }
    }
}

// Each table lies behind the one before, and only so many are read: a chain always ends.
void PartitionTable::read_chain() {
    SectorNumber at = extended_->first;
    unsigned number = kFirstLogical;
    for (std::size_t links = 0; links < kMost && count_ < kMost; ++links) {
        RawTable table;
        const Result<Outcome> result = read_table(at, table);
        if (!result.ok() || result.value() == Outcome::NoTable) {
            log(LogLevel::Warning, "disk", "%s: no table of partition %u in sector %u%s%s",
                disk_->name(), number, at.raw(), result.ok() ? "" : ": ",
                result.ok() ? "" : error_name(result.error()));
            return;
        }
        const RawEntry& logical = table.entries[0];
        if (logical.type != 0 && little_endian(logical.count) != 0)
            take_logical(number++, at, logical);
        const auto next = next_table(table.entries[1], at);
        if (!next.has_value()) return;
        at = *next;
    }
    log(LogLevel::Warning, "disk", "%s has more partitions than %u; the rest is left out",
        disk_->name(), static_cast<unsigned>(kMost));
}

void PartitionTable::take_logical(unsigned number, SectorNumber table_at, const RawEntry& raw) {
    const SectorCount behind(little_endian(raw.first));
    const PartitionEntry entry = {
        .number = number,
        .type = raw.type,
        .active = raw.boot_flag == kActive,
        .place = {table_at + behind, SectorCount(little_endian(raw.count))}};
    const SectorCount left = extended_->count - (table_at - extended_->first);
    if (behind == SectorCount(0) || behind >= left) {
        leave_out(entry, "are not behind their table");
    } else if (may_be(entry, *extended_)) {
        entries_[count_++] = entry;
    }
}

// Where the chain goes on behind the table in sector `at`; nothing at its end.
std::optional<SectorNumber> PartitionTable::next_table(const RawEntry& link, SectorNumber at) {
    const SectorCount next(little_endian(link.first));
    if (!is_extended(link.type) || little_endian(link.count) == 0) return std::nullopt;
    const bool goes_on = next > at - extended_->first && next < extended_->count;
    if (goes_on && !is_taken({extended_->first + next, SectorCount(1)})) {
        return extended_->first + next;
    }
    log(LogLevel::Warning, "disk", "%s: the chain of logical partitions leads from sector %u %s",
        disk_->name(), at.raw(),
        goes_on                   ? "into a partition"
        : next < extended_->count ? "back"
                                  : "out of the extended partition");
    return std::nullopt;
}

bool PartitionTable::may_be(const PartitionEntry& entry, const Partition::Place& within) const {
    const char* why = nullptr;
    const bool is_primary = entry.number < kFirstLogical;
    if (!lies_in(entry.place, within)) {
        why = is_primary ? "go past the end of the disk" : "leave the extended partition";
    } else if (entry.place.first == SectorNumber(0)) {
        why = "hold the partition table";
    } else if (is_taken(entry.place) ||
               (is_primary && extended_.has_value() && overlap(entry.place, *extended_))) {
        why = "overlap another partition";
    }
    if (why != nullptr) leave_out(entry, why);
    return why == nullptr;
}

bool PartitionTable::is_taken(const Partition::Place& place) const {
    for (const PartitionEntry& other : entries()) {
        if (overlap(place, other.place)) return true;
    }
    return false;
}

void PartitionTable::leave_out(const PartitionEntry& entry, const char* why) const {
    log(LogLevel::Warning, "disk", "%s%u is left out: its %u sectors from %u on %s", disk_->name(),
        entry.number, entry.place.count.raw(), entry.place.first.raw(), why);
}

void PartitionTable::check_invariants(const BlockDevice& disk) const {
    const Partition::Place whole{SectorNumber(0), disk.sectors()};
    for (const PartitionEntry& entry : entries()) {
        ASSERT(entry.type != 0 && entry.place.count > SectorCount(0) &&
               entry.place.first > SectorNumber(0));
        ASSERT(lies_in(entry.place, whole));
        for (const PartitionEntry& other : entries())
            ASSERT(&other == &entry ||
                   (!overlap(entry.place, other.place) && entry.number != other.number));
    }
}

}  // namespace quire::drivers
