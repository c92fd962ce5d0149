// /dev: a tmpfs with a node for each device, as Linux's devtmpfs is.
//
// So it has everything a tmpfs has: chmod, links, directories to mount on. What the nodes stand for
// is found by number (fs/device_table.h).
#pragma once

#include "fs/device_table.h"
#include "fs/tmpfs.h"

namespace quire::fs {

/// How the tmpfs of /dev is made.
inline constexpr Tmpfs::Options kDevOptions{.type = "devtmpfs", .permissions = 0755};

/// Makes a node for every device of `devices` in the root of `dev`, the directory `shm`, and the
/// links by which a program names its own open files: fd, stdin, stdout, stderr.
/// Errors: OutOfMemory; some nodes may have been made. AlreadyExists (a name is there).
Result<void> make_device_nodes(Tmpfs& dev, DeviceTable& devices);

}  // namespace quire::fs
