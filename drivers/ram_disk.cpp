#include "drivers/ram_disk.h"

#include "libc/string.h"
#include "mm/physical_window.h"

namespace quire::drivers {

RamDisk::RamDisk(const char* name, std::span<std::byte> storage)
    : name_(name),
      storage_(storage.data()),
      sectors_(static_cast<std::uint32_t>(storage.size() / kSectorSize)) {
    ASSERT(storage.size() % kSectorSize == 0);
}

void RamDisk::submit(BlockRequest& request) {
    if (!take_in(request)) return;
    std::byte* place =
        storage_ + static_cast<std::size_t>(request.device_first().raw()) * kSectorSize;
    for (const BlockBuffer& buffer : request.buffers) {
        std::byte* bytes = phys_window + buffer.address.raw();
        if (request.kind == BlockRequest::Kind::Read) {
            memcpy(bytes, place, buffer.bytes);
        } else {
            memcpy(place, bytes, buffer.bytes);
        }
        place += buffer.bytes;
    }
    request.finish(std::nullopt, request.device_first());
}

}  // namespace quire::drivers
