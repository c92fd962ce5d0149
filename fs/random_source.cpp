#include "fs/random_source.h"

#include <bit>

#include "libc/string.h"

namespace quire::fs {

namespace {

[[gnu::always_inline]] inline void quarter_round(std::uint32_t& a, std::uint32_t& b,
                                                 std::uint32_t& c, std::uint32_t& d) {
    a += b;
    d = std::rotl(d ^ a, 16);
    c += d;
    b = std::rotl(b ^ c, 12);
    a += b;
    d = std::rotl(d ^ a, 8);
    c += d;
    b = std::rotl(b ^ c, 7);
}

constexpr ChaChaNonce kNoNonce{};

void copy_half(ChaChaKey& key, const ChaChaBlock& block, std::uint32_t half) {
    for (std::uint32_t i = 0; i < key.size(); ++i)
        key[i] = block[half * key.size() + i];
}

}  // namespace

ChaChaBlock chacha20_block(const ChaChaKey& key, std::uint32_t counter, const ChaChaNonce& nonce) {
    const ChaChaBlock start = {
        0x61707865, 0x3320646e, 0x79622d32, 0x6b206574,  // "expand 32-byte k"
        key[0],     key[1],     key[2],     key[3],     key[4],   key[5],
        key[6],     key[7],     counter,    nonce[0],   nonce[1], nonce[2]};
    ChaChaBlock x = start;
    for (std::uint32_t round = 0; round < 10; ++round) {
        quarter_round(x[0], x[4], x[8], x[12]);
        quarter_round(x[1], x[5], x[9], x[13]);
        quarter_round(x[2], x[6], x[10], x[14]);
        quarter_round(x[3], x[7], x[11], x[15]);
        quarter_round(x[0], x[5], x[10], x[15]);
        quarter_round(x[1], x[6], x[11], x[12]);
        quarter_round(x[2], x[7], x[8], x[13]);
        quarter_round(x[3], x[4], x[9], x[14]);
    }
    for (std::uint32_t i = 0; i < x.size(); ++i)
        x[i] += start[i];
    return x;
}

void RandomSource::add(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const std::size_t count = bytes.size() < sizeof key_ ? bytes.size() : sizeof key_;
        std::array<std::byte, sizeof key_> mixed;
        memcpy(mixed.data(), key_.data(), sizeof key_);
        for (std::size_t i = 0; i < count; ++i)
            mixed[i] ^= bytes[i];
        memcpy(key_.data(), mixed.data(), sizeof key_);
        copy_half(key_, chacha20_block(key_, 0, kNoNonce), 0);
        bytes = bytes.subspan(count);
    }
    left_ = 0;
}

// A program's 16 bytes at its start, above all: two take one block.
Result<void> RandomSource::fill_a_little(std::uint32_t bytes, ByteSink& to) {
    if (bytes > left_) {
        const ChaChaBlock keys = chacha20_block(key_, 0, kNoNonce);
        copy_half(key_, keys, 0);
        memcpy(rest_.data(), keys.data() + key_.size(), sizeof rest_);
        left_ = sizeof rest_;
    }
    left_ -= bytes;
    const std::span<std::byte> part = std::span(rest_).subspan(left_, bytes);
    const Result<void> taken = to.take(part);
    memset(part.data(), 0, part.size());
    return taken;
}

Result<void> RandomSource::fill(std::uint32_t bytes, ByteSink& to) {
    if (bytes <= sizeof rest_) return fill_a_little(bytes, to);
    const ChaChaBlock keys = chacha20_block(key_, 0, kNoNonce);
    copy_half(key_, keys, 0);
    ChaChaKey stream;
    copy_half(stream, keys, 1);
    // 2^32 blocks are more than any count of bytes.
    for (std::uint32_t counter = 0; bytes != 0; ++counter) {
        const ChaChaBlock block = chacha20_block(stream, counter, kNoNonce);
        const std::uint32_t count = bytes < sizeof block ? bytes : std::uint32_t{sizeof block};
        TRY(to.take(std::as_bytes(std::span(block)).first(count)));
        bytes -= count;
    }
    return {};
}

}  // namespace quire::fs
