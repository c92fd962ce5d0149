// What the files of all processes share, and the way to room for what they need.
#pragma once

#include "fs/device_table.h"
#include "fs/mount_table.h"
#include "mm/object_cache.h"
#include "mm/owned_frame.h"
#include "mm/user_memory.h"

namespace quire::fs {

class OpenFile;
class PipeSystem;

/// Everything named here must stay as long as there are open files.
struct FileLayer {
    mm::UserMemory& memory;
    MountTable& mounts;
    DeviceTable& devices;
    PipeSystem& pipes;
    mm::ObjectCache<OpenFile>& open_files;

    /// A frame for a pipe or a path, its contents undefined. May evict pages, and so may sleep.
    /// Errors: OutOfMemory.
    [[nodiscard]] Result<mm::OwnedFrame> take_frame() const { return take_frame_from(memory); }
    static Result<mm::OwnedFrame> take_frame_from(mm::UserMemory& memory) {
        TRY(memory.room().make_room(mm::PageCount(1)));
        return memory.frames().allocate();
    }
};

}  // namespace quire::fs
