// The executable files of Linux i386: ELF, the Executable and Linking Format, 32 bits,
// little-endian.
//
// (System V ABI, chapters 4 and 5, and its Intel386 supplement; elf(5), getauxval(3). Linux:
// linux/elf.h, linux/auxvec.h, linux/binfmts.h.)
#pragma once

#include <cstddef>
#include <cstdint>

namespace quire::abi {

/// At the start of the file.
struct ElfHeader {
    std::uint8_t magic[4];  // 7F 'E' 'L' 'F'
    std::uint8_t file_class;
    std::uint8_t byte_order;
    std::uint8_t ident_version;
    std::uint8_t system[9];
    std::uint16_t type;
    std::uint16_t machine;
    std::uint32_t version;
    std::uint32_t entry;
    std::uint32_t program_headers;  // where in the file
    std::uint32_t section_headers;
    std::uint32_t flags;
    std::uint16_t header_bytes;
    std::uint16_t program_header_bytes;
    std::uint16_t program_header_count;
    std::uint16_t section_header_bytes;
    std::uint16_t section_header_count;
    std::uint16_t name_section;
};
static_assert(sizeof(ElfHeader) == 52);
static_assert(offsetof(ElfHeader, entry) == 24 && offsetof(ElfHeader, program_header_count) == 44);

/// A piece of the file, and what it is good for.
struct ElfProgramHeader {
    std::uint32_t type;
    std::uint32_t offset;
    std::uint32_t address;
    std::uint32_t physical_address;
    std::uint32_t file_bytes;
    std::uint32_t memory_bytes;
    std::uint32_t flags;
    std::uint32_t alignment;
};
static_assert(sizeof(ElfProgramHeader) == 32);

inline constexpr std::uint8_t kElfMagic[4] = {0x7F, 'E', 'L', 'F'};
inline constexpr std::uint8_t kElfClass32 = 1;
inline constexpr std::uint8_t kElfLittleEndian = 1;
inline constexpr std::uint16_t kElfExecutable = 2;    // ET_EXEC: at the addresses it names
inline constexpr std::uint16_t kElfSharedObject = 3;  // ET_DYN: anywhere
inline constexpr std::uint16_t kElfI386 = 3;

// type of a program header
inline constexpr std::uint32_t kSegmentLoad = 1;
inline constexpr std::uint32_t kSegmentInterpreter = 3;
inline constexpr std::uint32_t kSegmentStack = 0x6474E551;  // PT_GNU_STACK

// its flags
inline constexpr std::uint32_t kSegmentExecute = 1;
inline constexpr std::uint32_t kSegmentWrite = 2;
inline constexpr std::uint32_t kSegmentRead = 4;

// what the words above the environment say: the auxiliary vector
inline constexpr std::uint32_t kAuxEnd = 0;
inline constexpr std::uint32_t kAuxProgramHeaders = 3;
inline constexpr std::uint32_t kAuxProgramHeaderBytes = 4;
inline constexpr std::uint32_t kAuxProgramHeaderCount = 5;
inline constexpr std::uint32_t kAuxPageSize = 6;
inline constexpr std::uint32_t kAuxBase = 7;  // of the interpreter
inline constexpr std::uint32_t kAuxFlags = 8;
inline constexpr std::uint32_t kAuxEntry = 9;
inline constexpr std::uint32_t kAuxUser = 11;
inline constexpr std::uint32_t kAuxEffectiveUser = 12;
inline constexpr std::uint32_t kAuxGroup = 13;
inline constexpr std::uint32_t kAuxEffectiveGroup = 14;
inline constexpr std::uint32_t kAuxPlatform = 15;
inline constexpr std::uint32_t kAuxCpuFeatures = 16;     // EDX of CPUID 1
inline constexpr std::uint32_t kAuxTicksPerSecond = 17;  // of times(2)
inline constexpr std::uint32_t kAuxSecure = 23;
inline constexpr std::uint32_t kAuxRandom = 25;  // where 16 random bytes are
inline constexpr std::uint32_t kAuxFileName = 31;

// limits of execve
inline constexpr std::uint32_t kLongestArgument = 32 * 4096;      // MAX_ARG_STRLEN, the NUL counted
inline constexpr std::uint32_t kFewestArgumentBytes = 32 * 4096;  // ARG_MAX: always allowed
inline constexpr std::uint32_t kScriptLineBytes = 256;            // BINPRM_BUF_SIZE

}  // namespace quire::abi
