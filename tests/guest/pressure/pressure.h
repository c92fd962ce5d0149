// What the pressure programs share: memory, numbers from the command line, a sum over words.
//
// Each program takes more memory than a small PC has RAM, does honest work in it, looks itself
// whether the result can be right, and prints one line:
//
//     sort 48 7: 5d3a91c2          the name, the arguments, a sum over the result
//
// The line depends on the arguments alone. The programs run on Linux as they are: what they print
// there, where nothing is swapped, is what they must print here (docs/pressure.md).
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/abi/mman.h"
#include "libc/string.h"
#include "tests/guest/fuzz/random.h"
#include "user/output.h"
#include "user/system.h"

namespace quire::pressure {

using fuzz::Random;
using Word = std::uint32_t;

inline constexpr std::size_t kPage = 4096;
inline constexpr std::size_t kMib = 1U << 20;
inline constexpr std::size_t kWordsAPage = kPage / sizeof(Word);

/// Ends the program when the result of a call is an error.
inline long must(const char* what, long result) {
    if (result >= 0 || result < -4095) return result;
    complain("%s: %s\n", what, error_text(result));
    sys::exit(2);
}

/// The TSC: with QEMU's -icount shift=0 it counts guest instructions.
inline std::uint64_t clocks() {
    std::uint32_t low = 0, high = 0;
    asm volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return std::uint64_t{high} << 32 | low;
}

/// Zeroed memory of whole pages, private unless told otherwise. Promised to nobody, so that it is
/// pressure that decides, not the account of promises.
template <typename T>
T* map(std::size_t bytes, std::uint32_t sharing = abi::kMapPrivate) {
    const std::uint32_t flags = sharing | abi::kMapAnonymous | abi::kMapNoReserve;
    const long place =
        system_call6(SYS_mmap2, 0, static_cast<long>(bytes), abi::kProtRead | abi::kProtWrite,
                     static_cast<long>(flags), -1, 0);
    return reinterpret_cast<T*>(must("mmap2", place));
}

/// Returns when everybody has closed the other end of a pipe.
inline void wait_for_end_of(int file) {
    char byte = 0;
    while (sys::read(file, &byte, 1) > 0) {
    }
}

/// The numbers behind a program's name; it ends unless there are at least `fewest`, none of them 0.
class Arguments {
  public:
    Arguments(int argc, char** argv, int fewest, const char* usage)
        : count_(argc - 1), argv_(argv) {
        bool usable = count_ >= fewest;
        for (int i = 0; i < fewest && usable; ++i)
            usable = (*this)[i] != 0;
        if (usable) return;
        complain("usage: %s\n", usage);
        sys::exit(2);
    }
    [[nodiscard]] std::uint32_t operator[](int index) const {
        return strtoul(argv_[index + 1], nullptr, 10);
    }
    [[nodiscard]] int count() const { return count_; }

  private:
    int count_;
    char** argv_;
};

/// A sum in which the order counts, too (FNV-1a, by words).
class Sum {
  public:
    void add(Word word) { value_ = (value_ ^ word) * 16777619U; }
    [[nodiscard]] Word value() const { return value_; }

  private:
    Word value_ = 2166136261U;
};

/// A word that depends on two; never 0.
inline Word mixed(Word a, Word b) {
    Word word = (a ^ b * 0x9E3779B9U) * 0x85EBCA6BU;
    word = (word ^ word >> 13) * 0xC2B2AE35U;
    return (word ^ word >> 16) | 1;
}

}  // namespace quire::pressure
