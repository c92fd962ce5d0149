// swapon and swapoff: which disks pages may go to. (Linux: mm/swapfile.c.)
#include "kernel/abi/machine.h"
#include "kernel/call_support.h"
#include "kernel/files.h"
#include "kernel/system.h"

namespace quire::kernel {
namespace {

// Errors: NotFound and its kin; IsDirectory; InvalidArgument (no disk).
Result<fs::DiskDevice*> disk_at(SystemCall& call) {
    const UserPath path = TRY(path_of(call, 0));
    const fs::FileRef file = TRY(files_of(call).open_file(
        abi::kAtWorkingDirectory, path.text(), abi::kOpenReadOnly | abi::kOpenLargeFile, 0));
    if (file->node()->kind() == fs::NodeKind::Directory) return Error::IsDirectory;
    fs::DiskDevice* const disk = call.processes().files().disk_behind(*file->io());
    if (disk == nullptr) return Error::InvalidArgument;
    return disk;
}

// What an area should not be told to its disk (discard) is known and ignored: no disk here has it.
CallResult call_swapon(SystemCall& call) {
    const std::uint32_t flags = call.argument(1);
    if ((flags & ~abi::kSwapFlags) != 0) return Error::InvalidArgument;
    if (!call.process().credentials.is_root()) return Error::NotPermitted;
    fs::DiskDevice* const disk = TRY(disk_at(call));
    std::optional<int> priority;
    if ((flags & abi::kSwapPrefer) != 0) priority = static_cast<int>(flags & abi::kSwapPriority);
    const auto added = call.processes().files().swaps().add(*disk, priority);
    const bool is_nonsense =
        !added.ok() && (added.error() == Error::NotSupported || added.error() == Error::Corrupted);
    if (is_nonsense) return Error::InvalidArgument;
    if (!added.ok()) return added.error();
    return 0U;
}
SYSTEM_CALL(87, swapon, call_swapon, CallTraits::plain());

CallResult call_swapoff(SystemCall& call) {
    if (!call.process().credentials.is_root()) return Error::NotPermitted;
    const fs::DiskDevice* const disk = TRY(disk_at(call));
    TRY(call.processes().files().swaps().remove(*disk));
    return 0U;
}
SYSTEM_CALL(115, swapoff, call_swapoff, CallTraits::plain());

}  // namespace
}  // namespace quire::kernel
