// Executable files for tests, made piece by piece.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "kernel/abi/elf.h"

namespace quire::test {

/// A small program: headers, then what its segments hold. What is wrong with it the test does.
struct ElfFile {
    abi::ElfHeader header{};
    std::vector<abi::ElfProgramHeader> segments;
    std::string bytes;  // from file offset 0 on; headers are put over its start

    explicit ElfFile(std::uint16_t type = abi::kElfExecutable) {
        std::memcpy(header.magic, abi::kElfMagic, sizeof header.magic);
        header.file_class = abi::kElfClass32;
        header.byte_order = abi::kElfLittleEndian;
        header.ident_version = 1;
        header.type = type;
        header.machine = abi::kElfI386;
        header.version = 1;
        header.program_headers = sizeof header;
        header.header_bytes = sizeof header;
        header.program_header_bytes = sizeof(abi::ElfProgramHeader);
    }

    abi::ElfProgramHeader& add(std::uint32_t type, std::uint32_t offset, std::uint32_t address,
                               std::uint32_t file_bytes, std::uint32_t memory_bytes,
                               std::uint32_t flags) {
        segments.push_back(
            {type, offset, address, address, file_bytes, memory_bytes, flags, 0x1000});
        return segments.back();
    }

    /// The file: every byte that is none of the headers' tells its page, 'A' for the first.
    [[nodiscard]] std::string text() const {
        std::string file = bytes;
        std::uint32_t end = 0x1000;
        for (const auto& segment : segments)
            if (segment.offset < 1U << 20 && segment.file_bytes < 1U << 20)
                end = std::max(end, segment.offset + segment.file_bytes);
        for (std::size_t at = file.size(); at < end; ++at)
            file += static_cast<char>('A' + at / 0x1000);
        abi::ElfHeader whole = header;
        whole.program_header_count = static_cast<std::uint16_t>(segments.size());
        std::memcpy(file.data(), &whole, sizeof whole);
        if (!segments.empty())
            std::memcpy(file.data() + sizeof whole, segments.data(),
                        segments.size() * sizeof segments[0]);
        return file;
    }

    /// Code at 8048000 (a page), data at 804A010 (16 bytes in page 2 of the file, 4 KiB of BSS).
    static ElfFile usual() {
        ElfFile file;
        file.header.entry = 0x08048100;
        file.add(abi::kSegmentLoad, 0, 0x08048000, 0x1000, 0x1000,
                 abi::kSegmentRead | abi::kSegmentExecute);
        file.add(abi::kSegmentLoad, 0x1010, 0x0804A010, 0x10, 0x1100,
                 abi::kSegmentRead | abi::kSegmentWrite);
        file.add(abi::kSegmentStack, 0, 0, 0, 0, abi::kSegmentRead | abi::kSegmentWrite);
        return file;
    }
};

}  // namespace quire::test
