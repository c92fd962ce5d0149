// What an executable file says of itself: ELF's header and program headers, checked.
//
//     file   | header | program headers | text ............ | data ....... |
//                                       |  LOAD r-x         |  LOAD rw-    |
//     memory   lowest() ----------------+-------------------+--------------+ zeroes (BSS) |
//     highest()
//
// Nothing here reads or maps: in go the bytes, out come segments of whose numbers nothing can
// overflow. Addresses are as the file has them; a shared object (ET_DYN: position-independent
// programs and interpreters) is moved by a bias as a whole. elf(5). What is refused is refused as
// by Linux (fs/binfmt_elf.c); what Linux finds only while it maps, and kills the program for, is
// found here.
#pragma once

#include <cstdint>
#include <span>

#include "kernel/abi/elf.h"
#include "kernel/base/result.h"
#include "mm/rights.h"
#include "mm/types.h"

namespace quire::kernel {

class ElfImage {
  public:
    static constexpr std::uint32_t kMostProgramHeaders = 4096 / sizeof(abi::ElfProgramHeader);

    /// How many bytes of program headers follow, and where: what the caller reads and hands to
    /// check(). Errors: NotExecutable (no ELF file, or not one for this machine).
    struct Table {
        std::uint32_t offset, bytes;
    };
    static Result<Table> find_table(const abi::ElfHeader& header);

    /// `headers` must stay. Errors: NotExecutable (nothing to load; a segment that is larger in the
    /// file than in memory, leaves user space, or whose place in a page differs in file and memory;
    /// an interpreter without a proper length).
    static Result<ElfImage> check(const abi::ElfHeader& header,
                                  std::span<const abi::ElfProgramHeader> headers);

    [[nodiscard]] bool is_movable() const { return movable_; }
    [[nodiscard]] std::uint32_t entry() const { return entry_; }
    /// The pages of all segments, and what lies between.
    [[nodiscard]] mm::PageRange span() const { return {lowest_, highest_}; }
    /// Where the program headers lie in memory; 0: in no segment.
    [[nodiscard]] std::uint32_t table_address() const { return table_address_; }
    [[nodiscard]] std::uint32_t header_count() const {
        return static_cast<std::uint32_t>(headers_.size());
    }
    /// The header that names the interpreter, with a NUL at its end; or nullptr.
    [[nodiscard]] const abi::ElfProgramHeader* interpreter() const { return interpreter_; }
    /// PT_GNU_STACK does not forbid it.
    [[nodiscard]] bool has_executable_stack() const { return executable_stack_; }

    /// Calls visit(header) for each segment to load, in the file's order, until one fails.
    template <typename Visitor>
    Result<void> for_each_segment(Visitor visit) const {
        for (const abi::ElfProgramHeader& header : headers_)
            if (is_loaded(header)) TRY(visit(header));
        return {};
    }

    [[nodiscard]] static mm::Rights rights_of(const abi::ElfProgramHeader& segment);

  private:
    static bool is_loaded(const abi::ElfProgramHeader& header) {
        return header.type == abi::kSegmentLoad && header.memory_bytes != 0;
    }
    static Result<void> check_segment(const abi::ElfProgramHeader& segment);
    void look_at(const abi::ElfProgramHeader& header, std::uint32_t table_offset);
    void take_segment(const abi::ElfProgramHeader& segment, std::uint32_t table_offset);

    std::span<const abi::ElfProgramHeader> headers_;
    const abi::ElfProgramHeader* interpreter_ = nullptr;
    std::uint32_t entry_ = 0;
    std::uint32_t table_address_ = 0;
    mm::PageNumber lowest_{0xFFFFF};
    mm::PageNumber highest_{0};
    bool movable_ = false;
    bool executable_stack_ = true;
};

/// Where `address` lies in its page when it stands for whole pages: of a segment, say.
constexpr mm::PageNumber page_after(std::uint32_t address) {
    return mm::PageNumber() + mm::pages_for(address);
}

}  // namespace quire::kernel
