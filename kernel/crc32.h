// CRC-32 (ISO 3309, as in gzip and Ethernet), to compare files with their originals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace quire::kernel {

class Crc32 {
  public:
    constexpr void add(std::span<const std::byte> bytes) {
        for (const std::byte byte : bytes) {
            state_ ^= static_cast<std::uint32_t>(byte);
            for (int bit = 0; bit < 8; ++bit)
                state_ = state_ >> 1 ^ (kPolynomial & (0U - (state_ & 1)));
        }
    }
    [[nodiscard]] constexpr std::uint32_t value() const { return ~state_; }

  private:
    static constexpr std::uint32_t kPolynomial = 0xEDB88320;  // reflected
    std::uint32_t state_ = ~0U;
};

}  // namespace quire::kernel
