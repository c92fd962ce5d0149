// What a program finds on its stack when it starts (System V ABI, Intel386 supplement 3-31).
//
//     C0000000  +-----------------------------+
//               | 0 (4 bytes)                 |
//               | the file's name             |  <- AT_EXECFN
//               | environment strings         |
//               | argument strings            |
//               | "i686", 16 random bytes     |  <- AT_PLATFORM, AT_RANDOM
//               | auxiliary vector            |  pairs of words, AT_NULL last
//               | environment pointers, 0     |
//               | argument pointers, 0        |
//     %esp ---> | number of arguments         |  a multiple of 16
//               +-----------------------------+
//               | room to grow ...            |
#pragma once

#include <array>
#include <cstdint>

#include "kernel/base/result.h"
#include "kernel/process/argument_strings.h"
#include "kernel/process/process.h"

namespace quire::kernel {

/// The auxiliary vector in the making: getauxval(3).
class AuxiliaryVector {
  public:
    static constexpr std::uint32_t kMostWords = std::tuple_size_v<decltype(ProgramInfo::auxiliary)>;

    void add(std::uint32_t tag, std::uint32_t value) {
        ASSERT(words_ + 4 <= kMostWords);  // AT_NULL follows
        vector_[words_++] = tag;
        vector_[words_++] = value;
    }
    /// In words, with AT_NULL.
    [[nodiscard]] std::uint32_t size() const { return words_ + 2; }
    [[nodiscard]] const decltype(ProgramInfo::auxiliary)& words() const { return vector_; }

  private:
    decltype(ProgramInfo::auxiliary) vector_{};
    std::uint32_t words_ = 0;
};

struct StackContents {
    const ArgumentStrings& strings;
    AuxiliaryVector auxiliary;  // what the stack does not know itself
    std::array<std::byte, 16> random;
};

/// Maps the stack in `memory`, writes it, and notes what lies where; the answer is
/// %esp. Preconditions: the top of user space is free; copies go to `memory`'s space. Errors:
/// OutOfMemory, ListTooLong (does not fit below the limit of the stack); the stack may be mapped
/// then.
Result<std::uint32_t> build_stack(ProgramMemory& memory, const StackContents& contents,
                                  bool executable);

/// Brings pages in that will be written at once, so that what goes wrong has a name. Precondition:
/// regions cover the range, and may be written. Errors: NotExecutable (past the end of a file),
/// IoError, OutOfMemory.
Result<void> bring_in(mm::AddressSpace& space, mm::PageRange range);

/// The page that maps end below: under a stack that has grown to its limit.
mm::PageNumber mmap_top_below_stack(const mm::MemoryLimits& limits);

/// How many bytes of strings and pointers a program may be started with: a quarter of its stack.
std::uint32_t most_argument_bytes(const mm::MemoryLimits& limits);

}  // namespace quire::kernel
