#include "drivers/fw_cfg.h"

namespace quire::drivers {

namespace {

constexpr std::uint16_t kSelectorPort = 0x510;
constexpr std::uint16_t kDataPort = 0x511;
constexpr std::uint16_t kSignature = 0x0000;
constexpr std::uint16_t kDirectory = 0x0019;
constexpr std::size_t kNameLength = 56;
// A directory longer than this comes from something that is not the device we think it is.
constexpr std::uint32_t kMostEntries = 1024;

}  // namespace

bool FirmwareConfig::present() {
    select(kSignature);
    for (const char expected : {'Q', 'E', 'M', 'U'}) {
        if (next_byte() != static_cast<std::uint8_t>(expected)) return false;
    }
    return true;
}

Result<std::uint32_t> FirmwareConfig::read_file(const char* name, char* buffer,
                                                std::size_t capacity) {
    if (!present()) return Error::NotFound;
    const Entry entry = TRY(find(name));
    select(entry.selector);
    for (std::size_t index = 0; index < entry.size && index < capacity; ++index) {
        buffer[index] = static_cast<char>(next_byte());
    }
    return entry.size;
}

Result<FirmwareConfig::Entry> FirmwareConfig::find(const char* name) {
    select(kDirectory);
    const std::uint32_t count = next_big_endian(4);
    for (std::uint32_t index = 0; index < count && index < kMostEntries; ++index) {
        Entry entry{};
        entry.size = next_big_endian(4);
        entry.selector = static_cast<std::uint16_t>(next_big_endian(2));
        next_big_endian(2);
        // The name is read to its end even when it differs: the stream cannot skip.
        bool same = true;
        bool ended = false;
        for (std::size_t place = 0; place < kNameLength; ++place) {
            const char character = static_cast<char>(next_byte());
            if (!same || ended) continue;
            same = character == name[place];
            ended = character == '\0';
        }
        if (same && ended) return entry;
    }
    return Error::NotFound;
}

void FirmwareConfig::select(std::uint16_t selector) {
    hardware_.out16(kSelectorPort, selector);
}

std::uint8_t FirmwareConfig::next_byte() {
    return hardware_.in8(kDataPort);
}

std::uint32_t FirmwareConfig::next_big_endian(int bytes) {
    std::uint32_t value = 0;
    for (int index = 0; index < bytes; ++index)
        value = value << 8 | next_byte();
    return value;
}

}  // namespace quire::drivers
