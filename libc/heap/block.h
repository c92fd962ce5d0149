// A block of the arena: one word of header, then the payload. Blocks lie side by side without gaps.
//
//      block in use                        free block
//      +---------------------+---+---+---+ +---------------------+---+---+---+
//      | size of the block   | M | P | 1 | | size of the block   | 0 | P | 0 |  header
//      +---------------------+---+---+---+ +---------------------+---+---+---+
//      | payload             (8-aligned) | | next | previous in its list
//      :                                 : :                                 :
//      |                                 | | size of the block               |  footer
//      +---------------------------------+ +---------------------------------+
//
//      P  the block before this one is not free
//      M  the payload was moved by realloc: it grows, and next time goes to the end
//
// A third state has M without the lowest bit: the block is kept at hand for the next request of
// its size (recent_blocks.h). Its neighbours take it for one in use; free() does not.
//
// The footer is the word before the next header, so the neighbour above a free block finds its
// start; while a block is in use that word is payload, hence a header costs four bytes in all.
// Sizes are multiples of 8 on a 32-bit machine (two words on any), which leaves the bits free.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "libc/heap/call.h"

namespace quire::heap {

inline constexpr std::size_t kWord = sizeof(std::size_t);
inline constexpr std::size_t kAlignment = 2 * kWord;
/// The header, two links and the footer must fit.
inline constexpr std::size_t kMinimumBlock = 4 * kWord;
/// No request may be larger; leaves room to add headers and to round without wrapping.
inline constexpr std::size_t kLargestRequest = SIZE_MAX / 2 - 0x10000;

class Block {
  public:
    static constexpr std::size_t kUsed = 1;
    static constexpr std::size_t kPreviousUsed = 2;
    static constexpr std::size_t kMoved = 4;
    static constexpr std::size_t kFlags = kAlignment - 1;

    static Block* at(void* address) { return static_cast<Block*>(address); }
    static Block* of_payload(void* payload) {
        // By number: whoever frees a null or wild pointer must not make us form one beside it.
        return reinterpret_cast<Block*>(reinterpret_cast<std::uintptr_t>(payload) - kWord);
    }
    [[nodiscard]] void* payload() { return this + 1; }

    [[nodiscard]] std::size_t size() const { return head_ & ~kFlags; }
    [[nodiscard]] std::size_t payload_size() const { return size() - kWord; }
    [[nodiscard]] std::size_t head() const { return head_; }
    [[nodiscard]] bool used() const { return (head_ & kUsed) != 0; }
    /// Free, and in a list of the arena.
    [[nodiscard]] bool is_free() const { return (head_ & (kUsed | kMoved)) == 0; }
    /// Kept at hand, neither in use nor in a list of the arena.
    [[nodiscard]] bool recent() const { return (head_ & (kUsed | kMoved)) == kMoved; }
    [[nodiscard]] bool previous_used() const { return (head_ & kPreviousUsed) != 0; }
    /// Precondition: used().
    [[nodiscard]] bool moved() const { return (head_ & kMoved) != 0; }

    /// How many units of kAlignment bytes it has if it is in use and was not moved; else a number
    /// beyond all sizes.
    [[nodiscard]] std::size_t plain_units() const {
        return std::rotr((head_ | kPreviousUsed) ^ (kUsed | kPreviousUsed),
                         std::countr_zero(kAlignment));
    }

    [[nodiscard]] Block* next() { return after(size()); }
    /// The block that starts `bytes` further on.
    [[nodiscard]] Block* after(std::size_t bytes) {
        return at(reinterpret_cast<std::byte*>(this) + bytes);
    }
    /// The block before this one. Precondition: !previous_used().
    [[nodiscard]] Block* previous() {
        return at(reinterpret_cast<std::byte*>(this) - previous_size());
    }
    /// Precondition: !previous_used().
    [[nodiscard]] std::size_t previous_size() { return *(&head_ - 1); }

    void set_head(std::size_t size_and_flags) { head_ = size_and_flags; }
    /// Makes this a free block of `size` whose lower neighbour is in use: two free blocks never
    /// touch.
    void set_free(std::size_t size) {
        head_ = size | kPreviousUsed;
        *(&after(size)->head_ - 1) = size;
    }
    void set_used() { head_ |= kUsed; }
    void clear_used() { head_ &= ~(kUsed | kMoved); }
    void set_previous_used() { head_ |= kPreviousUsed; }
    void clear_previous_used() { head_ &= ~kPreviousUsed; }
    /// From in use and not moved to kept at hand, and back.
    void toggle_recent() { head_ ^= kUsed | kMoved; }
    void set_moved() { head_ |= kMoved; }

  private:
    std::size_t head_;
};

static_assert(sizeof(Block) == kWord);

/// The block size that serves a request of `bytes`. Precondition: bytes <= kLargestRequest.
constexpr std::size_t block_size_for(std::size_t bytes) {
    const std::size_t rounded = (bytes + kWord + (kAlignment - 1)) & ~(kAlignment - 1);
    return rounded < kMinimumBlock ? kMinimumBlock : rounded;
}

}  // namespace quire::heap
