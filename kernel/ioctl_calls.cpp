// The row of ioctl(2): what every file knows is done here, the rest is the terminal's, if there is
// one behind the descriptor. (Linux: fs/ioctl.c, do_vfs_ioctl.)
#include "fs/pipe.h"
#include "fs/terminal.h"
#include "kernel/abi/ioctl.h"
#include "kernel/call_support.h"

namespace quire::kernel {
namespace {

CallResult set_non_blocking(fs::OpenFile& file, mm::VirtAddr argument) {
    const auto wanted = TRY(user::read<std::uint32_t>(argument));
    const std::uint32_t others = file.flags() & ~abi::kOpenNonBlock;
    file.set_status_flags(others | (wanted != 0 ? abi::kOpenNonBlock : 0));
    return 0U;
}

// What a pipe holds; of a file what lies between its offset and its end, which may be negative.
CallResult bytes_to_read(fs::OpenFile& file, mm::VirtAddr answer) {
    std::uint32_t bytes = 0;
    switch (file.io()->kind()) {
    case fs::NodeKind::Pipe:
        bytes = static_cast<fs::Pipe&>(*file.io()).fill();
        break;
    case fs::NodeKind::File:
        bytes = static_cast<std::uint32_t>(TRY(file.io()->end()) - file.offset());
        break;
    default:
        return Error::NotTerminal;
    }
    return done(user::write(answer, bytes));
}

// What a disk or a partition tells of itself. (Linux: block/ioctl.c.)
CallResult disk_control(fs::Node& disk, std::uint32_t request, mm::VirtAddr answer) {
    constexpr std::uint32_t kSector = 512;
    const std::uint64_t bytes = TRY(disk.end());
    switch (request) {
    case abi::kIoctlDiskBytes:
        return done(user::write(answer, bytes));
    case abi::kIoctlDiskSectors:
        if (bytes / kSector > UINT32_MAX) return Error::FileTooBig;
        return done(user::write(answer, static_cast<std::uint32_t>(bytes / kSector)));
    case abi::kIoctlSectorBytes:
        return done(user::write(answer, kSector));
    default:
        return Error::NotTerminal;
    }
}

CallResult call_ioctl(SystemCall& call) {
    fs::FileCalls files = files_of(call);
    const std::uint32_t descriptor = call.argument(0);
    const std::uint32_t request = call.argument(1);
    const fs::FileRef file = TRY(files.file(descriptor));
    switch (request) {
    case abi::kIoctlCloseOnExec:
        return done(files.descriptors().set_close_on_exec(descriptor, true));
    case abi::kIoctlKeepOnExec:
        return done(files.descriptors().set_close_on_exec(descriptor, false));
    case abi::kIoctlNonBlock:
        return set_non_blocking(*file, call.pointer(2));
    default:
        break;
    }
    if (fs::Terminal* terminal = file->io()->terminal())
        return terminal->control(request, call.pointer(2));
    if (file->io()->kind() == fs::NodeKind::BlockDevice)
        return disk_control(*file->io(), request, call.pointer(2));
    if (request == abi::kIoctlBytesToRead) return bytes_to_read(*file, call.pointer(2));
    return Error::NotTerminal;
}
SYSTEM_CALL(54, ioctl, call_ioctl, CallTraits::restarting());

}  // namespace
}  // namespace quire::kernel
