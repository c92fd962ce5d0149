#include "fs/abi_structures.h"

#include "kernel/abi/poll.h"

namespace quire::fs {

namespace {

constexpr std::uint32_t kMinorBits = 8;
constexpr std::uint32_t kMinorMask = 0xFF;

std::uint16_t mode_of(const Attributes& from) {
    return static_cast<std::uint16_t>(static_cast<std::uint32_t>(from.kind) << 12 |
                                      from.permissions);
}

}  // namespace

abi::Stat64 stat64_of(const Status& status) {
    const Attributes& from = status.attributes;
    abi::Stat64 to{};
    to.device = status.device;
    to.low_number = from.number;
    to.mode = mode_of(from);
    to.links = from.links;
    to.user = from.user;
    to.group = from.group;
    to.represents = from.device;
    to.bytes = static_cast<std::int64_t>(from.bytes);
    to.block_size = from.block_size;
    to.blocks = from.half_kib;
    to.accessed = from.accessed.seconds;
    to.accessed_nanoseconds = from.accessed.nanoseconds;
    to.modified = from.modified.seconds;
    to.modified_nanoseconds = from.modified.nanoseconds;
    to.changed = from.changed.seconds;
    to.changed_nanoseconds = from.changed.nanoseconds;
    to.number = from.number;
    return to;
}

Result<abi::Stat> stat_of(const Status& status) {
    const Attributes& from = status.attributes;
    if (from.bytes > 0x7FFFFFFF) return Error::Overflow;
    abi::Stat to{};
    to.device = status.device;
    to.number = from.number;
    to.mode = mode_of(from);
    to.links = static_cast<std::uint16_t>(from.links);
    to.user = static_cast<std::uint16_t>(from.user);
    to.group = static_cast<std::uint16_t>(from.group);
    to.represents = from.device;
    to.bytes = static_cast<std::uint32_t>(from.bytes);
    to.block_size = from.block_size;
    to.blocks = static_cast<std::uint32_t>(from.half_kib);
    to.accessed = from.accessed.seconds;
    to.accessed_nanoseconds = from.accessed.nanoseconds;
    to.modified = from.modified.seconds;
    to.modified_nanoseconds = from.modified.nanoseconds;
    to.changed = from.changed.seconds;
    to.changed_nanoseconds = from.changed.nanoseconds;
    return to;
}

abi::Statx statx_of(const Status& status) {
    const Attributes& from = status.attributes;
    abi::Statx to{};
    to.mask = abi::kStatxBasic;
    to.block_size = from.block_size;
    to.links = from.links;
    to.user = from.user;
    to.group = from.group;
    to.mode = mode_of(from);
    to.number = from.number;
    to.bytes = from.bytes;
    to.blocks = from.half_kib;
    to.accessed = {from.accessed.seconds, from.accessed.nanoseconds, 0};
    to.changed = {from.changed.seconds, from.changed.nanoseconds, 0};
    to.modified = {from.modified.seconds, from.modified.nanoseconds, 0};
    to.represents_major = from.device >> kMinorBits;
    to.represents_minor = from.device & kMinorMask;
    to.device_major = status.device >> kMinorBits;
    to.device_minor = status.device & kMinorMask;
    return to;
}

Result<abi::Statfs> statfs_of(const FileCalls::MountFigures& mount) {
    const FileSystemFigures& from = mount.figures;
    const std::uint64_t largest = from.blocks > from.nodes ? from.blocks : from.nodes;
    if (largest > ~std::uint32_t{0}) return Error::Overflow;
    const abi::Statfs64 wide = statfs64_of(mount);
    abi::Statfs to{};
    to.magic = wide.magic;
    to.block_size = wide.block_size;
    to.blocks = static_cast<std::uint32_t>(from.blocks);
    to.free_blocks = static_cast<std::uint32_t>(from.free_blocks);
    to.available_blocks = static_cast<std::uint32_t>(from.available_blocks);
    to.nodes = static_cast<std::uint32_t>(from.nodes);
    to.free_nodes = static_cast<std::uint32_t>(from.free_nodes);
    to.id[0] = wide.id[0];
    to.longest_name = wide.longest_name;
    to.fragment_size = wide.fragment_size;
    to.flags = wide.flags;
    return to;
}

abi::Statfs64 statfs64_of(const FileCalls::MountFigures& mount) {
    const FileSystemFigures& from = mount.figures;
    abi::Statfs64 to{};
    to.magic = from.magic;
    to.block_size = from.block_size;
    to.blocks = from.blocks;
    to.free_blocks = from.free_blocks;
    to.available_blocks = from.available_blocks;
    to.nodes = from.nodes;
    to.free_nodes = from.free_nodes;
    to.id[0] = mount.device;
    to.longest_name = from.longest_name;
    to.fragment_size = from.block_size;
    to.flags = abi::kStatfsValid | (mount.read_only ? abi::kStatfsReadOnly : 0);
    return to;
}

std::uint16_t poll_bits(const Readiness& ready) {
    std::uint32_t bits = 0;
    if (ready.readable) bits |= abi::kPollIn | abi::kPollReadNormal;
    if (ready.writable) bits |= abi::kPollOut | abi::kPollWriteNormal;
    if (ready.hung_up) bits |= abi::kPollHangUp;
    if (ready.broken) bits |= abi::kPollError;
    return static_cast<std::uint16_t>(bits);
}

}  // namespace quire::fs
