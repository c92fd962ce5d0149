#include "kernel/process/elf.h"

#include "libc/string.h"
#include "mm/layout.h"

namespace quire::kernel {

using namespace abi;

namespace {

constexpr std::uint16_t kElfI486 = 6;  // as good, says Linux
constexpr std::uint32_t kUserEnd = mm::start_of(mm::kFirstKernelPage).raw();

}  // namespace

Result<ElfImage::Table> ElfImage::find_table(const ElfHeader& header) {
    if (memcmp(header.magic, kElfMagic, sizeof kElfMagic) != 0) return Error::NotExecutable;
    if (header.file_class != kElfClass32 || header.byte_order != kElfLittleEndian)
        return Error::NotExecutable;
    if (header.type != kElfExecutable && header.type != kElfSharedObject)
        return Error::NotExecutable;
    if (header.machine != kElfI386 && header.machine != kElfI486) return Error::NotExecutable;
    if (header.program_header_bytes != sizeof(ElfProgramHeader)) return Error::NotExecutable;
    const std::uint32_t count = header.program_header_count;
    if (count == 0 || count > kMostProgramHeaders) return Error::NotExecutable;
    return Table{header.program_headers,
                 count * static_cast<std::uint32_t>(sizeof(ElfProgramHeader))};
}

Result<ElfImage> ElfImage::check(const ElfHeader& header,
                                 std::span<const ElfProgramHeader> headers) {
    ElfImage image;
    image.headers_ = headers;
    image.entry_ = header.entry;
    image.movable_ = header.type == kElfSharedObject;
    for (const ElfProgramHeader& each : headers) {
        if (is_loaded(each)) TRY(check_segment(each));
        if (each.type == kSegmentInterpreter && image.interpreter_ == nullptr &&
            (each.file_bytes < 2 || each.file_bytes > mm::kPageSize))
            return Error::NotExecutable;
        image.look_at(each, header.program_headers);
    }
    if (image.lowest_ >= image.highest_) return Error::NotExecutable;
    if (!image.movable_ && image.lowest_ < mm::kFirstUserPage) return Error::NotExecutable;
    return image;
}

Result<void> ElfImage::check_segment(const ElfProgramHeader& segment) {
    if (segment.file_bytes > segment.memory_bytes) return Error::NotExecutable;
    if (segment.address >= kUserEnd || segment.memory_bytes > kUserEnd - segment.address)
        return Error::NotExecutable;
    if (segment.file_bytes == 0) return {};
    if (segment.offset % mm::kPageSize != segment.address % mm::kPageSize)
        return Error::NotExecutable;
    if (segment.offset + segment.file_bytes < segment.offset) return Error::NotExecutable;
    return {};
}

void ElfImage::look_at(const ElfProgramHeader& header, std::uint32_t table_offset) {
    if (is_loaded(header)) take_segment(header, table_offset);
    if (header.type == kSegmentInterpreter && interpreter_ == nullptr) interpreter_ = &header;
    if (header.type == kSegmentStack) executable_stack_ = (header.flags & kSegmentExecute) != 0;
}

void ElfImage::take_segment(const ElfProgramHeader& segment, std::uint32_t table_offset) {
    const mm::PageNumber first = mm::page_of(mm::VirtAddr(segment.address));
    const mm::PageNumber end = page_after(segment.address + segment.memory_bytes);
    if (first < lowest_) lowest_ = first;
    if (end > highest_) highest_ = end;
    if (table_offset >= segment.offset && table_offset - segment.offset < segment.file_bytes)
        table_address_ = segment.address + (table_offset - segment.offset);
}

mm::Rights ElfImage::rights_of(const ElfProgramHeader& segment) {
    mm::Rights rights;
    if ((segment.flags & kSegmentRead) != 0) rights = rights | mm::Rights::read();
    if ((segment.flags & kSegmentWrite) != 0) rights = rights | mm::Rights::write();
    if ((segment.flags & kSegmentExecute) != 0) rights = rights | mm::Rights::execute();
    return rights;
}

}  // namespace quire::kernel
