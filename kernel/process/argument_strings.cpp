#include "kernel/process/argument_strings.h"

#include "kernel/abi/elf.h"
#include "kernel/process/user_copy.h"
#include "libc/string.h"
#include "mm/frame_allocator.h"
#include "mm/physical_window.h"

namespace quire::kernel {

namespace {

constexpr std::uint32_t kPointerBytes = 4;
constexpr std::string_view kNul("\0", 1);

std::uint32_t smaller(std::uint32_t a, std::uint32_t b) {
    return a < b ? a : b;
}

}  // namespace

ArgumentStrings::ArgumentStrings(mm::UserMemory& memory, std::uint32_t most_bytes)
    : memory_(memory), room_left_(smaller(most_bytes, kMostBytes)) {}

ArgumentStrings::~ArgumentStrings() {
    if (directory_.empty()) return;
    for (std::uint32_t i = 0; i < frames_end_; ++i)
        if (frames()[i] != 0) memory_.frames().drop_reference(mm::FrameNumber(frames()[i]));
}

std::uint32_t* ArgumentStrings::frames() const {
    return mm::frame_words(directory_.number());
}

Result<std::uint32_t> ArgumentStrings::count(mm::VirtAddr array) {
    if (array == mm::VirtAddr()) return 0U;
    for (std::uint32_t strings = 0;; ++strings) {
        const auto pointer = TRY(user::read<std::uint32_t>(array + strings * kPointerBytes));
        if (pointer == 0) return strings;
        if (strings == kMostBytes / kPointerBytes) return Error::ListTooLong;
    }
}

// (Linux: bprm_stack_limits.)
Result<void> ArgumentStrings::reserve_pointers(std::uint32_t arguments, std::uint32_t variables) {
    const std::uint32_t pointers = (arguments == 0 ? 1 : arguments) + variables;
    if (pointers >= room_left_ / kPointerBytes) return Error::ListTooLong;
    room_left_ -= pointers * kPointerBytes;
    return {};
}

Result<void> ArgumentStrings::take_room(std::uint32_t bytes) {
    if (bytes > room_left_) return Error::ListTooLong;
    room_left_ -= bytes;
    return {};
}

Result<std::span<char>> ArgumentStrings::room_at(std::uint32_t at) {
    const std::uint32_t index = at / mm::kPageSize;
    ASSERT(index < mm::kEntriesPerTable);
    if (directory_.empty()) directory_ = TRY(fs::FileLayer::take_frame_from(memory_));
    while (frames_end_ <= index)
        frames()[frames_end_++] = 0;
    std::uint32_t& frame = frames()[index];
    if (frame == 0) frame = TRY(fs::FileLayer::take_frame_from(memory_)).release().raw();
    char* const bytes = reinterpret_cast<char*>(mm::frame_bytes(mm::FrameNumber(frame)));
    return std::span(bytes, mm::kPageSize).subspan(at % mm::kPageSize);
}

Result<void> ArgumentStrings::put(std::uint32_t at, std::string_view bytes) {
    while (!bytes.empty()) {
        const std::span<char> room = TRY(room_at(at));
        const std::size_t size = bytes.size() < room.size() ? bytes.size() : room.size();
        memcpy(room.data(), bytes.data(), size);
        bytes.remove_prefix(size);
        at += static_cast<std::uint32_t>(size);
    }
    return {};
}

void ArgumentStrings::count_string() {
    if (arguments_end_ == 0) {
        ++arguments_;
    } else if (environment_end_ == 0) {
        ++environment_;
    }
}

Result<void> ArgumentStrings::append(std::string_view string) {
    const auto length = static_cast<std::uint32_t>(string.size());
    TRY(take_room(length + 1));
    TRY(put(end_, string));
    TRY(put(end_ + length, kNul));
    end_ += length + 1;
    count_string();
    return {};
}

// Straight into the frames, as far as one goes, then into the next.
Result<void> ArgumentStrings::append_from(mm::VirtAddr string) {
    for (std::uint32_t length = 0;;) {
        const std::uint32_t most = smaller(room_left_, abi::kLongestArgument - length);
        if (most == 0) return Error::ListTooLong;
        std::span<char> room = TRY(room_at(end_ + length));
        if (room.size() > most) room = room.first(most);
        const auto piece = user::copy_string_from(room, string + length);
        if (!piece.ok() && piece.error() != Error::NameTooLong) return piece.error();
        const auto copied =
            piece.ok() ? piece.value() + 1 : static_cast<std::uint32_t>(room.size());
        TRY(take_room(copied));
        length += copied;
        if (!piece.ok()) continue;
        end_ += length;
        count_string();
        return {};
    }
}

Result<void> ArgumentStrings::append_all_from(mm::VirtAddr array, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto string = TRY(user::read<mm::VirtAddr>(array + i * kPointerBytes));
        TRY(append_from(string));
    }
    return {};
}

void ArgumentStrings::end_arguments() {
    arguments_end_ = end_;
}

void ArgumentStrings::end_environment() {
    environment_end_ = end_;
}

void ArgumentStrings::drop_first() {
    ASSERT(arguments_ != 0 && arguments_end_ != 0);
    begin_ += after(0);
    --arguments_;
}

Result<void> ArgumentStrings::prepend(std::string_view string) {
    const auto length = static_cast<std::uint32_t>(string.size());
    ASSERT(arguments_end_ != 0 && length < begin_);
    TRY(put(begin_ - 1, kNul));
    TRY(put(begin_ - 1 - length, string));
    begin_ -= length + 1;
    ++arguments_;
    return {};
}

std::span<const char> ArgumentStrings::piece(std::uint32_t at) const {
    ASSERT(at < bytes());
    const std::uint32_t place = begin_ + at;
    const std::uint32_t in_frame = place % mm::kPageSize;
    const std::uint32_t size = smaller(mm::kPageSize - in_frame, bytes() - at);
    const mm::FrameNumber frame(frames()[place / mm::kPageSize]);
    return {reinterpret_cast<const char*>(mm::frame_bytes(frame)) + in_frame, size};
}

std::uint32_t ArgumentStrings::after(std::uint32_t at) const {
    for (;;) {
        const std::span<const char> here = piece(at);
        const void* const nul = memchr(here.data(), 0, here.size());
        if (nul != nullptr)
            return at + static_cast<std::uint32_t>(static_cast<const char*>(nul) - here.data()) + 1;
        at += static_cast<std::uint32_t>(here.size());
    }
}

}  // namespace quire::kernel
