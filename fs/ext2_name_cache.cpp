#include "fs/ext2_name_cache.h"

#include "kernel/base/assert.h"
#include "libc/string.h"

namespace quire::fs::ext2 {

void NameCache::add(InodeNumber directory, std::string_view name, InodeNumber inode) {
    ASSERT(directory.raw() != 0 && inode.raw() != 0);
    if (name.size() > kLongestKept || name == "..") return;
    Slot& slot = slot_of(directory, name);
    slot.directory = directory.raw();
    slot.inode = inode.raw();
    slot.bytes = static_cast<std::uint8_t>(name.size());
    memcpy(slot.name, name.data(), name.size());
}

void NameCache::check_invariants() const {
    for (const Slot& slot : slots_) {
        if (slot.directory == 0) continue;
        ASSERT(slot.inode != 0 && slot.bytes != 0 && slot.bytes <= kLongestKept);
        ASSERT(slot.text() != "..");
        ASSERT(&slot_of(InodeNumber(slot.directory), slot.text()) == &slot);
    }
}

}  // namespace quire::fs::ext2
