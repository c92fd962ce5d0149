// Random numbers for programs: ChaCha20 (RFC 8439) with a key that is replaced at each use.
//
//     add(bytes):   key := first half of chacha20(key XOR bytes)
//     fill(room):   key, stream key := the two halves of chacha20(key)
//                   room := chacha20(stream key), block by block; the stream key is forgotten
//                   (a room of up to 32 bytes gets what would be the stream key; what it leaves of
//                   that is kept for the next ones, and each byte is erased when it is handed out)
//
// So what was handed out cannot be worked out from a later state (fast key erasure, D. Bernstein,
// 2017). The generator is a good one; what it starts from may not be. The kernel feeds it the
// time-stamp counter and the clock of the machine at boot, and whatever interrupts add later. On a
// simulated machine that can be guessed, and nothing here measures how much of it is surprise:
// /dev/random never waits, and neither device should make keys that matter.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "fs/bytes.h"

namespace quire::fs {

using ChaChaKey = std::array<std::uint32_t, 8>;
using ChaChaNonce = std::array<std::uint32_t, 3>;
using ChaChaBlock = std::array<std::uint32_t, 16>;

/// The block function of ChaCha20 (RFC 8439, 2.3): 64 bytes from a key, a counter and a nonce.
ChaChaBlock chacha20_block(const ChaChaKey& key, std::uint32_t counter, const ChaChaNonce& nonce);

class RandomSource {
  public:
    /// Stirs `bytes` in: whatever they are, they make nothing worse.
    void add(std::span<const std::byte> bytes);

    /// Hands `bytes` random bytes to `to`. Errors: those of take().
    Result<void> fill(std::uint32_t bytes, ByteSink& to);

  private:
    Result<void> fill_a_little(std::uint32_t bytes, ByteSink& to);

    ChaChaKey key_{};
    std::array<std::byte, sizeof(ChaChaKey)>
        rest_{};  // its first left_ bytes are for the next ones
    std::uint32_t left_ = 0;
};

}  // namespace quire::fs
