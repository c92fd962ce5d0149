#include "fs/abi_structures.h"

#include "kernel/abi/poll.h"

namespace quire::fs {

abi::Stat64 stat64_of(const Status& status) {
    const Attributes& from = status.attributes;
    abi::Stat64 to{};
    to.device = status.device;
    to.low_number = from.number;
    to.mode = static_cast<std::uint32_t>(from.kind) << 12 | from.permissions;
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
