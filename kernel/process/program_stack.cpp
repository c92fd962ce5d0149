#include "kernel/process/program_stack.h"

#include "kernel/abi/elf.h"
#include "kernel/process/user_copy.h"
#include "mm/layout.h"

namespace quire::kernel {

namespace {

using mm::PageCount;
using mm::VirtAddr;

constexpr VirtAddr kTop = mm::start_of(mm::kFirstKernelPage);
constexpr std::uint32_t kWordBytes = 4;
constexpr std::uint32_t kStackAlignment = 16;
constexpr char kPlatform[] = "i686";
// Mapped below what is written, so that a program's first steps need no growth (as Linux does).
constexpr PageCount kFirstRoom{32};

// Writes words one after the other, some at a time.
class WordWriter {
  public:
    explicit WordWriter(VirtAddr start) : at_(start) {}

    Result<void> put(std::uint32_t word) {
        words_[count_++] = word;
        return count_ == words_.size() ? flush() : Result<void>();
    }
    Result<void> flush() {
        TRY(user::copy_to(at_, words_.data(), count_ * kWordBytes));
        at_ = at_ + count_ * kWordBytes;
        count_ = 0;
        return {};
    }

  private:
    VirtAddr at_;
    std::array<std::uint32_t, 64> words_;
    std::uint32_t count_ = 0;
};

// Where everything goes, from the top down.
struct Places {
    explicit Places(const StackContents& contents);
    VirtAddr strings, platform, random, stack_pointer;
};

Places::Places(const StackContents& contents) {
    const ArgumentStrings& text = contents.strings;
    strings = kTop - kWordBytes - text.bytes();
    platform = strings - std::uint32_t{sizeof kPlatform};
    random = platform - static_cast<std::uint32_t>(contents.random.size());
    // AT_PLATFORM, AT_RANDOM and AT_EXECFN are added here; argc and two null pointers.
    const std::uint32_t words =
        contents.auxiliary.size() + 6 + text.argument_count() + text.environment_count() + 3;
    stack_pointer = VirtAddr(align_down(random.raw() - words * kWordBytes, kStackAlignment));
}

Result<void> map_stack(mm::AddressSpace& space, VirtAddr lowest, bool executable) {
    const PageCount used = mm::kFirstKernelPage - page_of(lowest);
    const PageCount most(space.limits().stack / mm::kPageSize);
    if (used > most) return Error::ListTooLong;
    const PageCount size = used + kFirstRoom < most ? used + kFirstRoom : most;
    mm::MapRequest request;
    request.address = start_of(mm::kFirstKernelPage - size);
    request.bytes = bytes_of(size);
    request.place = mm::MapRequest::Place::FixedIfFree;
    request.rights = mm::Rights::read() | mm::Rights::write();
    if (executable) request.rights = request.rights | mm::Rights::execute();
    request.grows_down = true;
    TRY(space.map(request));
    return {};
}

Result<void> write_strings(const ArgumentStrings& strings, VirtAddr to) {
    for (std::uint32_t at = 0; at < strings.bytes();) {
        const std::span<const char> piece = strings.piece(at);
        const auto size = static_cast<std::uint32_t>(piece.size());
        TRY(user::copy_to(to + at, piece.data(), size));
        at += size;
    }
    return {};
}

Result<void> write_pointers(WordWriter& words, const StackContents& contents, VirtAddr strings) {
    const ArgumentStrings& text = contents.strings;
    std::uint32_t at = 0;
    TRY(words.put(text.argument_count()));
    for (std::uint32_t i = 0; i < text.argument_count(); ++i, at = text.after(at))
        TRY(words.put((strings + at).raw()));
    TRY(words.put(0));
    for (std::uint32_t i = 0; i < text.environment_count(); ++i, at = text.after(at))
        TRY(words.put((strings + at).raw()));
    return words.put(0);
}

}  // namespace

Result<std::uint32_t> build_stack(ProgramMemory& memory, const StackContents& contents,
                                  bool executable) {
    const ArgumentStrings& text = contents.strings;
    const Places places(contents);
    TRY(map_stack(memory.space, places.stack_pointer, executable));
    TRY(bring_in(memory.space, {page_of(places.stack_pointer), mm::kFirstKernelPage}));
    TRY(write_strings(text, places.strings));
    TRY(user::copy_to(places.platform, kPlatform, sizeof kPlatform));
    TRY(user::copy_to(places.random, contents.random.data(),
                      static_cast<std::uint32_t>(contents.random.size())));

    AuxiliaryVector auxiliary = contents.auxiliary;
    auxiliary.add(abi::kAuxRandom, places.random.raw());
    auxiliary.add(abi::kAuxFileName, (places.strings + text.file_name_start()).raw());
    auxiliary.add(abi::kAuxPlatform, places.platform.raw());
    WordWriter words(places.stack_pointer);
    TRY(write_pointers(words, contents, places.strings));
    for (std::uint32_t i = 0; i < auxiliary.size(); ++i)
        TRY(words.put(auxiliary.words()[i]));
    TRY(words.flush());

    ProgramInfo& program = memory;
    program.auxiliary = auxiliary.words();
    program.stack_start = places.stack_pointer.raw();
    program.arguments_start = places.strings.raw();
    program.arguments_end = (places.strings + text.environment_start()).raw();
    program.environment_end = (places.strings + text.file_name_start()).raw();
    return places.stack_pointer.raw();
}

Result<void> bring_in(mm::AddressSpace& space, mm::PageRange range) {
    const mm::FaultOutcome outcome = space.populate(range, mm::Access::Write);
    if (is_resolved(outcome)) return {};
    if (outcome == mm::FaultOutcome::PastEnd) return Error::NotExecutable;
    return outcome == mm::FaultOutcome::CannotRead ? Error::IoError : Error::OutOfMemory;
}

mm::PageNumber mmap_top_below_stack(const mm::MemoryLimits& limits) {
    constexpr PageCount kLeast{(8U << 20) / mm::kPageSize};
    constexpr PageCount kMost{mm::kFirstKernelPage.raw() / 6 * 5};
    PageCount room(limits.stack / mm::kPageSize);
    if (room < kLeast) room = kLeast;
    if (room > kMost) room = kMost;
    return mm::kFirstKernelPage - room - mm::kStackGuardPages;
}

std::uint32_t most_argument_bytes(const mm::MemoryLimits& limits) {
    const std::uint32_t quarter = limits.stack / 4;
    return quarter < abi::kFewestArgumentBytes ? abi::kFewestArgumentBytes : quarter;
}

}  // namespace quire::kernel
