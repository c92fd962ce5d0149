// What a drive says about itself: the 256 words of IDENTIFY DEVICE, decoded and doubted.
//
// A pure function of the words. (ATA/ATAPI-6, T13/1410D, 8.15; the numbers of the words are in the
// .cpp file.)
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "drivers/block_device.h"
#include "kernel/base/result.h"

namespace quire::drivers {

struct AtaIdentity {
    std::array<char, 41> model{};     // printable, without blanks at the end, NUL-terminated
    SectorCount sectors;              // a larger disk is seen up to sector 2^32 - 1
    bool extended_addresses = false;  // 48-bit commands
    bool dma_chosen = false;          // it can, and the BIOS has set a transfer mode
    bool flushes = false;             // has FLUSH CACHE
    bool flushes_extended = false;    // and FLUSH CACHE EXT
    std::uint8_t most_multiple = 1;   // sectors a block of READ MULTIPLE may have; 1: has it not
};

inline constexpr std::size_t kIdentityWords = 256;

/// The model's name alone, which ATAPI drives have at the same place.
std::array<char, 41> decode_ata_model(std::span<const std::uint16_t, kIdentityWords> words);

/// Errors: NotSupported (not an ATA disk, no LBA, sectors of another size than 512 bytes, or none),
/// with the reason in the log.
Result<AtaIdentity> decode_ata_identity(std::span<const std::uint16_t, kIdentityWords> words);

}  // namespace quire::drivers
