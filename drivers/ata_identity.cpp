#include "drivers/ata_identity.h"

#include <bit>

#include "kernel/base/log.h"

namespace quire::drivers {

namespace {

// Numbers of words.
constexpr std::size_t kGeneral = 0;
constexpr std::size_t kModel = 27;  // 20 words, two characters each, the first in the upper byte
constexpr std::size_t kMostMultiple = 47;
constexpr std::size_t kCapabilities = 49;
constexpr std::size_t kValid = 53;
constexpr std::size_t kSectors28 = 60;
constexpr std::size_t kMultiwordDma = 63;
constexpr std::size_t kCommandSets = 83;
constexpr std::size_t kUltraDma = 88;
constexpr std::size_t kSectors48 = 100;
constexpr std::size_t kSectorSizes = 106;
constexpr std::size_t kWordsPerSector = 117;

constexpr std::uint16_t kNotAta = 0x8000;
constexpr std::uint16_t kHasDma = 0x0100;
constexpr std::uint16_t kHasLba = 0x0200;
constexpr std::uint16_t kUltraDmaValid = 0x0004;
constexpr std::uint16_t kMultiwordChosen = 0x0700;
constexpr std::uint16_t kUltraChosen = 0x7F00;
constexpr std::uint16_t kHasExtended = 0x0400;
constexpr std::uint16_t kHasFlush = 0x1000;
constexpr std::uint16_t kHasFlushExtended = 0x2000;
constexpr std::uint16_t kLargeSectors = 0x1000;
// Word 83 and 106 count only with these two bits; all ones is a word nobody has filled in.
constexpr std::uint16_t kWordIsValidMask = 0xC000;
constexpr std::uint16_t kWordIsValid = 0x4000;

using Words = std::span<const std::uint16_t, kIdentityWords>;

std::uint16_t optional_word(Words words, std::size_t number) {
    return (words[number] & kWordIsValidMask) == kWordIsValid ? words[number] : std::uint16_t{0};
}

SectorCount count_sectors(Words words, bool extended) {
    const std::uint32_t short_count = words[kSectors28 + 1] * 65536U + words[kSectors28];
    if (!extended) return SectorCount(short_count);
    const bool too_many = words[kSectors48 + 2] != 0 || words[kSectors48 + 3] != 0;
    const std::uint32_t count = words[kSectors48 + 1] * 65536U + words[kSectors48];
    if (too_many) return SectorCount(~0U);
    // Some drives leave the long count empty while the short one does.
    return SectorCount(count == 0 ? short_count : count);
}

bool has_sectors_of_512_bytes(Words words) {
    if ((optional_word(words, kSectorSizes) & kLargeSectors) == 0) return true;
    return words[kWordsPerSector] == kSectorSize / 2 && words[kWordsPerSector + 1] == 0;
}

bool dma_is_chosen(Words words) {
    if ((words[kCapabilities] & kHasDma) == 0) return false;
    if ((words[kMultiwordDma] & kMultiwordChosen) != 0) return true;
    return (words[kValid] & kUltraDmaValid) != 0 && (words[kUltraDma] & kUltraChosen) != 0;
}

Error refuse(const AtaIdentity& identity, const char* why) {
    log(LogLevel::Warning, "ata", "\"%s\" is left alone: %s", identity.model.data(), why);
    return Error::NotSupported;
}

}  // namespace

std::array<char, 41> decode_ata_model(Words words) {
    std::array<char, 41> model{};
    for (std::size_t i = 0; i < 40; ++i) {
        const std::uint16_t word = words[kModel + i / 2];
        const auto byte = static_cast<unsigned char>(i % 2 == 0 ? word >> 8 : word & 0xFF);
        model[i] = byte >= ' ' && byte <= '~' ? static_cast<char>(byte) : ' ';
    }
    for (std::size_t end = 40; end > 0 && model[end - 1] == ' '; --end)
        model[end - 1] = '\0';
    return model;
}

Result<AtaIdentity> decode_ata_identity(Words words) {
    AtaIdentity identity;
    identity.model = decode_ata_model(words);
    if ((words[kGeneral] & kNotAta) != 0) return refuse(identity, "it is no ATA disk");
    if ((words[kCapabilities] & kHasLba) == 0)
        return refuse(identity, "it cannot number sectors (no LBA)");
    if (!has_sectors_of_512_bytes(words)) return refuse(identity, "its sectors have not 512 bytes");
    const std::uint16_t commands = optional_word(words, kCommandSets);
    identity.extended_addresses = (commands & kHasExtended) != 0;
    identity.flushes = (commands & kHasFlush) != 0;
    identity.flushes_extended = (commands & kHasFlushExtended) != 0;
    identity.sectors = count_sectors(words, identity.extended_addresses);
    if (identity.sectors == SectorCount(0)) return refuse(identity, "it has no sectors");
    identity.dma_chosen = dma_is_chosen(words);
    const auto multiple = static_cast<std::uint8_t>(words[kMostMultiple] & 0xFF);
    if (std::has_single_bit(multiple)) identity.most_multiple = multiple;
    return identity;
}

}  // namespace quire::drivers
