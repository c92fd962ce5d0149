// What a program may do with a page: any set of read, write and execute, as PROT_ says in mmap(2).
//
// These are the rights of a region. What a page table can say of them is mm/protection.h: 32-bit
// paging knows no execute right, and a page that may be written may also be read (SDM 3A 4.6).
#pragma once

#include <cstdint>

#include "kernel/base/assert.h"

namespace quire::mm {

class Rights {
  public:
    constexpr Rights() = default;

    static constexpr Rights none() { return Rights(0); }
    static constexpr Rights read() { return Rights(1); }
    static constexpr Rights write() { return Rights(2); }
    static constexpr Rights execute() { return Rights(4); }
    static constexpr Rights all() { return Rights(7); }

    /// The rights that PROT_ bits of the system-call interface name. Precondition: prot < 8.
    static constexpr Rights from_raw(std::uint32_t prot) {
        ASSERT(prot <= all().raw());
        return Rights(static_cast<std::uint8_t>(prot));
    }
    /// PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4.
    [[nodiscard]] constexpr std::uint32_t raw() const { return bits_; }

    [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
    /// Whether every right of `wanted` is among these.
    [[nodiscard]] constexpr bool has(Rights wanted) const { return (*this & wanted) == wanted; }

    constexpr Rights operator|(Rights other) const {
        return Rights(static_cast<std::uint8_t>(bits_ | other.bits_));
    }
    constexpr Rights operator&(Rights other) const {
        return Rights(static_cast<std::uint8_t>(bits_ & other.bits_));
    }
    constexpr bool operator==(const Rights&) const = default;

  private:
    constexpr explicit Rights(std::uint8_t bits) : bits_(bits) {}

    std::uint8_t bits_ = 0;
};

static_assert(sizeof(Rights) == 1);

}  // namespace quire::mm
