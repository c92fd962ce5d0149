// The partition table of an MBR, and the chain of logical partitions behind it.
//
//     sector 0       446: 4 entries of 16 bytes      510: 55h AAh
//     an entry       boot flag | CHS | type | CHS | first sector | sectors
//     extended       its first sector is a table again: entry 0 a logical partition (counted from
//                    that sector), entry 1 the next such table (counted from the extended one's
//                    start), and so on
//
// What a table says is believed only as far as it holds together: an entry past the end of the
// disk, over another partition, or a chain that turns back, is left out with a line in the log.
// The others keep their numbers.
#pragma once

#include <array>
#include <span>

#include "drivers/partition.h"

namespace quire::drivers {

struct PartitionEntry {
    unsigned number = 0;     // 1 to 4 primary, from 5 logical: the 1 of hda1
    std::uint8_t type = 0;   // 83h Linux, 82h Linux swap
    bool active = false;     // what a BIOS boots
    Partition::Place place;  // on the disk
};

class PartitionTable {
  public:
    static constexpr std::size_t kMost = 16;
    static constexpr unsigned kFirstLogical = 5;

    /// Reads the table of `disk`. `buffer` is one sector of RAM to read into. A disk without a
    /// table has no partitions. Errors: the disk's; the table is empty then. A sector of the chain
    /// that cannot be read ends it.
    Result<void> read(BlockDevice& disk, BlockBuffer buffer);

    [[nodiscard]] std::span<const PartitionEntry> entries() const {
        return std::span(entries_).first(count_);
    }

    void check_invariants(const BlockDevice& disk) const;

  private:
    struct RawEntry;
    struct RawTable;
    enum class Outcome : std::uint8_t { NoTable, Table };

    Result<Outcome> read_table(SectorNumber at, RawTable& table);
    void read_primaries(const RawTable& table);
    void read_chain();
    void take_logical(unsigned number, SectorNumber table_at, const RawEntry& raw);
    [[nodiscard]] std::optional<SectorNumber> next_table(const RawEntry& link, SectorNumber at);

    [[nodiscard]] bool may_be(const PartitionEntry& entry, const Partition::Place& within) const;
    [[nodiscard]] bool is_taken(const Partition::Place& place) const;
    void leave_out(const PartitionEntry& entry, const char* why) const;

    BlockDevice* disk_ = nullptr;  // while read() runs
    BlockBuffer buffer_{};
    std::optional<Partition::Place> extended_;  // the first extended partition
    std::array<PartitionEntry, kMost> entries_{};
    std::size_t count_ = 0;
};

}  // namespace quire::drivers
