#include "kernel/process/program.h"

#include "kernel/abi/fcntl.h"
#include "kernel/process/script.h"
#include "kernel/process/user_copy.h"
#include "mm/layout.h"
#include "mm/physical_window.h"

namespace quire::kernel {

using abi::ElfProgramHeader;

namespace {

// What the program is linked for, in times(2): _SC_CLK_TCK.
constexpr std::uint32_t kTicksPerSecond = 100;

// A place that is taken means that the file contradicts itself.
Result<void> map_piece(mm::AddressSpace& space, const mm::MapRequest& request) {
    const Result<mm::VirtAddr> mapped = space.map(request);
    if (mapped.ok()) return {};
    const bool clash = mapped.error() == Error::AlreadyExists;
    return clash ? Error::NotExecutable : mapped.error();
}

Result<void> map_file_part(mm::AddressSpace& space, const ElfProgramHeader& segment,
                           mm::MemoryObject& object, std::uint32_t bias) {
    if (segment.file_bytes == 0) return {};
    const std::uint32_t in_page = segment.address % mm::kPageSize;
    mm::MapRequest request;
    request.address = mm::VirtAddr(segment.address - in_page + bias);
    request.bytes = segment.file_bytes + in_page;
    request.place = mm::MapRequest::Place::FixedIfFree;
    request.rights = ElfImage::rights_of(segment);
    request.object = &object;
    request.object_page = segment.offset >> mm::kPageShift;
    request.object_rights = mm::Rights::read() | mm::Rights::execute();
    return map_piece(space, request);
}

Result<void> map_zero_part(mm::AddressSpace& space, const ElfProgramHeader& segment,
                           std::uint32_t bias) {
    const mm::PageNumber first = segment.file_bytes == 0
                                     ? mm::page_of(mm::VirtAddr(segment.address))
                                     : page_after(segment.address + segment.file_bytes);
    const mm::PageNumber end = page_after(segment.address + segment.memory_bytes);
    if (first >= end) return {};
    mm::MapRequest request;
    request.address = start_of(first) + bias;
    request.bytes = bytes_of(end - first);
    request.place = mm::MapRequest::Place::FixedIfFree;
    request.rights = ElfImage::rights_of(segment);
    return map_piece(space, request);
}

// What /proc/PID/stat tells of the image.
void note_places(ProgramMemory& memory, const ElfImage& image, std::uint32_t bias) {
    ProgramInfo& program = memory;
    program.code_start = ~0U;
    (void)image.for_each_segment([&](const ElfProgramHeader& segment) -> Result<void> {
        const std::uint32_t start = segment.address + bias;
        const std::uint32_t end = start + segment.file_bytes;
        const bool code = (segment.flags & abi::kSegmentExecute) != 0;
        if (start < program.code_start) program.code_start = start;
        if (start > program.data_start) program.data_start = start;
        if (code && end > program.code_end) program.code_end = end;
        if (end > program.data_end) program.data_end = end;
        return {};
    });
    const mm::VirtAddr heap = start_of(image.span().end) + bias;
    program.break_start = heap.raw();
    memory.space.set_break_start(heap);
}

// Where a movable image can go: what mmap would choose for so many pages.
Result<mm::PageNumber> find_place(mm::AddressSpace& space, mm::PageCount pages) {
    mm::MapRequest request;
    request.bytes = bytes_of(pages);
    request.rights = mm::Rights::none();
    const mm::VirtAddr place = TRY(space.map(request));
    TRY(space.unmap(place, request.bytes));
    return page_of(place);
}

}  // namespace

ActiveSpace::ActiveSpace(Thread& thread, mm::AddressSpace& space)
    : thread_(thread), memory_(space.memory()), before_(thread.active_space) {
    thread.active_space = &space;
    memory_.load(space.pages().directory().frame());
}

ActiveSpace::~ActiveSpace() {
    thread_.active_space = before_;
    memory_.load(before_ == nullptr ? memory_.kernel().frame()
                                    : before_->pages().directory().frame());
}

Result<void> map_segments(mm::AddressSpace& space, const ElfImage& image, fs::Node& node,
                          std::uint32_t bias) {
    mm::MemoryObject* const object = node.object();
    if (object == nullptr) return Error::NotExecutable;
    return image.for_each_segment([&](const ElfProgramHeader& segment) -> Result<void> {
        TRY(map_file_part(space, segment, *object, bias));
        return map_zero_part(space, segment, bias);
    });
}

Result<void> clear_tails(mm::AddressSpace& space, const ElfImage& image, std::uint32_t bias) {
    return image.for_each_segment([&](const ElfProgramHeader& segment) -> Result<void> {
        const std::uint32_t end = segment.address + segment.file_bytes;
        const bool has_tail = segment.file_bytes != 0 && segment.memory_bytes > segment.file_bytes;
        if (!has_tail || (segment.flags & abi::kSegmentWrite) == 0) return {};
        const std::uint32_t bytes = (0U - end) % mm::kPageSize;
        if (bytes == 0) return {};
        const mm::VirtAddr tail(end + bias);
        TRY(bring_in(space, mm::PageRange::of(page_of(tail), mm::PageCount(1))));
        return user::clear(tail, bytes);
    });
}

// What is read stays until the next time, or as long as the frame that take_headers() takes.
Result<std::string_view> ProgramLoader::read(fs::Node& node, std::uint32_t offset,
                                             std::uint32_t bytes) {
    ASSERT(bytes <= mm::kPageSize);
    if (frame_.empty()) frame_ = TRY(fs::FileLayer::take_frame_from(memory_));
    std::byte* const room = mm::frame_bytes(frame_.number());
    fs::MemorySink sink(std::span(room, bytes));
    fs::ReadAhead ahead;
    const std::uint32_t count = TRY(node.read(offset, bytes, sink, ahead));
    return std::string_view(reinterpret_cast<const char*>(room), count);
}

Result<std::string_view> ProgramLoader::read_head(fs::Node& node) {
    return read(node, 0, abi::kScriptLineBytes);
}

Result<void> ProgramLoader::open(std::string_view path) {
    std::string_view name = path;
    for (std::uint32_t scripts = 0;; ++scripts) {
        fs::NodeRef node = TRY(files_.find_executable(abi::kAtWorkingDirectory, name, attributes_));
        executable_ = TRY(fs::ExecutableRef::create(std::move(node)));
        head_ = TRY(read_head(*executable_));
        if (!is_script(head_)) return {};
        if (scripts == kMostScripts) return Error::LinkLoop;
        const ScriptLine line = TRY(parse_script(head_));
        if (scripts == 0) {
            if (strings_.argument_count() != 0) strings_.drop_first();
            TRY(strings_.prepend(path));
        }
        if (!line.argument.empty()) TRY(strings_.prepend(line.argument));
        TRY(strings_.prepend(line.interpreter));
        name = line.interpreter;
    }
}

// `head`, what read_head() has read last, has the program headers of most files, too.
Result<ProgramLoader::Headers> ProgramLoader::take_headers(fs::Node& node, std::string_view head) {
    if (head.size() < sizeof(abi::ElfHeader)) return Error::NotExecutable;
    const auto header = *reinterpret_cast<const abi::ElfHeader*>(head.data());
    const ElfImage::Table table = TRY(ElfImage::find_table(header));
    const bool is_there = table.offset % alignof(ElfProgramHeader) == 0 &&
                          table.offset <= head.size() && table.bytes <= head.size() - table.offset;
    const std::string_view bytes = is_there ? head.substr(table.offset, table.bytes)
                                            : TRY(read(node, table.offset, table.bytes));
    if (bytes.size() < table.bytes) return Error::NotExecutable;
    const auto* const first = reinterpret_cast<const ElfProgramHeader*>(bytes.data());
    Headers headers;
    headers.image = TRY(ElfImage::check(header, {first, header.program_header_count}));
    headers.frame = std::move(frame_);
    return headers;
}

Result<fs::NodeRef> ProgramLoader::open_interpreter(const ElfProgramHeader& header) {
    const std::string_view name = TRY(read(*executable_, header.offset, header.file_bytes));
    if (name.size() < header.file_bytes || name.back() != '\0') return Error::NotExecutable;
    fs::Attributes attributes;
    return files_.find_executable(abi::kAtWorkingDirectory, name.data(), attributes);
}

// Answers its entry point.
Result<std::uint32_t> ProgramLoader::load_interpreter(ProgramMemory& memory, const ElfImage& image,
                                                      std::uint32_t& base) {
    if (image.is_movable()) {
        const mm::PageNumber place = TRY(find_place(memory.space, image.span().count()));
        base = start_of(place).raw() - start_of(image.span().first).raw();
    }
    TRY(map_segments(memory.space, image, *interpreter_, base));
    return image.entry() + base;
}

Result<StartPoint> ProgramLoader::load(Thread& thread, ProgramMemory& memory,
                                       const ProgramFacts& facts) {
    const Headers own = TRY(take_headers(*executable_, head_));
    const ElfImage& image = own.image;
    std::optional<Headers> other;
    if (image.interpreter() != nullptr) {
        interpreter_ = TRY(open_interpreter(*image.interpreter()));
        Result<Headers> headers = take_headers(*interpreter_, TRY(read_head(*interpreter_)));
        if (!headers.ok() && headers.error() == Error::NotExecutable) return Error::BadLibrary;
        other.emplace(TRY(std::move(headers)));
    }

    const std::uint32_t bias =
        image.is_movable() ? start_of(kMovableStart).raw() - start_of(image.span().first).raw() : 0;
    if (image.span().count() > mm::kFirstKernelPage - kMovableStart && image.is_movable())
        return Error::NotExecutable;
    TRY(map_segments(memory.space, image, *executable_, bias));
    note_places(memory, image, bias);
    memory.space.set_mmap_top(mmap_top_below_stack(memory.space.limits()));
    std::uint32_t base = 0;
    std::uint32_t entry = image.entry() + bias;
    if (other.has_value()) entry = TRY(load_interpreter(memory, other->image, base));

    const ActiveSpace active(thread, memory.space);
    TRY(clear_tails(memory.space, image, bias));
    if (other.has_value()) TRY(clear_tails(memory.space, other->image, base));
    const StackContents contents{strings_, auxiliary_for(image, bias, base, facts), facts.random};
    const std::uint32_t stack_pointer =
        TRY(build_stack(memory, contents, image.has_executable_stack()));
    memory.executable = executable_;
    return StartPoint{entry, stack_pointer};
}

AuxiliaryVector ProgramLoader::auxiliary_for(const ElfImage& image, std::uint32_t bias,
                                             std::uint32_t base, const ProgramFacts& facts) const {
    const std::uint32_t table = image.table_address();
    AuxiliaryVector vector;
    vector.add(abi::kAuxCpuFeatures, facts.cpu_features);
    vector.add(abi::kAuxPageSize, mm::kPageSize);
    vector.add(abi::kAuxTicksPerSecond, kTicksPerSecond);
    vector.add(abi::kAuxProgramHeaders, table == 0 ? 0 : table + bias);
    vector.add(abi::kAuxProgramHeaderBytes, sizeof(ElfProgramHeader));
    vector.add(abi::kAuxProgramHeaderCount, image.header_count());
    vector.add(abi::kAuxBase, base);
    vector.add(abi::kAuxFlags, 0);
    vector.add(abi::kAuxEntry, image.entry() + bias);
    vector.add(abi::kAuxUser, facts.credentials.real_user);
    vector.add(abi::kAuxEffectiveUser, facts.credentials.user);
    vector.add(abi::kAuxGroup, facts.credentials.real_group);
    vector.add(abi::kAuxEffectiveGroup, facts.credentials.group);
    vector.add(abi::kAuxSecure, facts.is_secure ? 1 : 0);
    return vector;
}

}  // namespace quire::kernel
