#include "fs/object_io.h"

#include "libc/string.h"
#include "mm/evict.h"
#include "mm/object_pages.h"
#include "mm/physical_window.h"

namespace quire::fs {

using mm::FrameFlag;
using mm::FrameNumber;
using mm::kPageSize;
using mm::MemoryObject;
using mm::PageCount;
using mm::UserMemory;

namespace {

constexpr std::uint8_t kMostGrowth = 4;
static_assert(1U << kMostGrowth == mm::kMostReadAhead.raw());

// A part of one page: where the next bytes of a read or write lie.
struct Piece {
    std::uint32_t index;   // of the page
    std::uint32_t offset;  // in the page
    std::uint32_t bytes;

    // The first of `bytes` bytes from `offset` on. Precondition: bytes != 0, below kMaxBytes.
    static Piece at(std::uint64_t offset, std::uint32_t bytes) {
        const auto in_page = static_cast<std::uint32_t>(offset % kPageSize);
        const std::uint32_t room = kPageSize - in_page;
        return {static_cast<std::uint32_t>(offset >> mm::kPageShift), in_page,
                bytes < room ? bytes : room};
    }
    [[nodiscard]] std::uint64_t start() const {
        return (std::uint64_t{index} << mm::kPageShift) + offset;
    }
    [[nodiscard]] std::uint64_t end() const { return start() + bytes; }
    [[nodiscard]] std::span<std::byte> in(FrameNumber frame) const {
        return {mm::frame_bytes(frame) + offset, bytes};
    }
};

// How many pages can be fetched with page `index` that the caller wants in any case: an aligned
// group that begins with it. `left`: bytes wanted from the beginning of that page on.
PageCount wanted_with(std::uint32_t index, std::uint32_t left) {
    const std::uint32_t pages = left / kPageSize;
    std::uint32_t group = 1;
    while (2 * group <= pages && group < mm::kMostReadAhead.raw() && index % (2 * group) == 0)
        group *= 2;
    return PageCount(group);
}

// Where there is no room for neighbours, the page comes alone.
Result<FrameNumber> fetch(UserMemory& memory, MemoryObject& object, std::uint32_t index,
                          PageCount window) {
    if (!memory.room().make_room(mm::frames_to_fetch(window)).ok()) {
        window = PageCount(1);
        TRY(memory.room().make_room(mm::frames_to_fetch(window)));
    }
    return TRY(mm::fetch_page(memory, object, index, window)).frame;
}

// Shared memory that was never written is zero, and takes no frame to be read.
bool is_untouched(const MemoryObject& object, mm::ObjectEntry entry) {
    return object.kind() == MemoryObject::Kind::SharedMemory && !entry.is_frame() &&
           !entry.is_slot();
}

// The frame to read page `piece.index` from; what is in RAM is marked as used.
Result<FrameNumber> frame_to_read(UserMemory& memory, MemoryObject& object, const Piece& piece,
                                  std::uint32_t left, ReadAhead& ahead) {
    const mm::ObjectEntry entry = object.entry(piece.index);
    if (entry.is_frame()) {
        if (!ahead.just_read(piece.index)) memory.records().set(entry.frame(), FrameFlag::Young);
        return entry.frame();
    }
    if (is_untouched(object, entry)) return memory.pages().zero_frame();
    const PageCount guess = ahead.window_for(piece.index);
    const PageCount wanted = wanted_with(piece.index, piece.offset + left);
    return fetch(memory, object, piece.index, guess < wanted ? wanted : guess);
}

Result<void> read_piece(UserMemory& memory, MemoryObject& object, const Piece& piece,
                        std::uint32_t left, ByteSink& to, ReadAhead& ahead) {
    const FrameNumber frame = TRY(frame_to_read(memory, object, piece, left, ahead));
    ahead.note(piece.index);
    const mm::PagePin pin(memory.pages().pins(), frame);
    return to.take(piece.in(frame));
}

// The object is at least `bytes` long.
void grow(MemoryObject& object, std::uint64_t bytes) {
    if (object.bytes() < bytes) object.set_bytes(bytes);
}

// The object grows first: if the page is written to its store meanwhile, what lies past the end is
// zeroed. What was given in part has changed the page, too.
Result<void> write_in_place(UserMemory& memory, MemoryObject& object, const Piece& piece,
                            FrameNumber frame, ByteSource& from) {
    const mm::PagePin pin(memory.pages().pins(), frame);
    const std::uint64_t bytes_before = object.bytes();
    grow(object, piece.end());
    const Result<void> given = from.give(piece.in(frame));
    if (!memory.records().has(frame, FrameFlag::Dirty))
        object.set_dirty(memory.records(), piece.index);
    if (!given.ok()) object.set_bytes(bytes_before);
    return given;
}

// `frame` is page `piece.index` as far as it is known. If somebody has brought the page in while
// the bytes were given, they go there.
Result<void> enter(UserMemory& memory, MemoryObject& object, const Piece& piece,
                   mm::OwnedFrame& frame) {
    const std::uint64_t bytes_before = object.bytes();
    grow(object, piece.end());
    const mm::ObjectEntry entry = object.entry(piece.index);
    if (entry.is_frame()) {
        memcpy(piece.in(entry.frame()).data(), piece.in(frame.number()).data(), piece.bytes);
    } else {
        const Result<void> entered = mm::enter_page(memory, object, piece.index, frame);
        if (!entered.ok()) {
            object.set_bytes(bytes_before);
            return entered;
        }
    }
    object.set_dirty(memory.records(), piece.index);
    return {};
}

// The page is not in RAM, and nothing of what it was is left.
Result<void> write_new_page(UserMemory& memory, MemoryObject& object, const Piece& piece,
                            ByteSource& from) {
    constexpr PageCount kRoom = mm::frames_to_fetch(PageCount(1));
    TRY(memory.room().make_room(kRoom));
    mm::OwnedFrame frame = TRY(memory.frames().allocate());
    std::byte* bytes = mm::frame_bytes(frame.number());
    const std::uint32_t end = piece.offset + piece.bytes;
    memset(bytes, 0, piece.offset);
    memset(bytes + end, 0, kPageSize - end);
    TRY(from.give(piece.in(frame.number())));
    TRY(memory.room().make_room(kRoom));  // giving may have slept, and the room be gone
    return enter(memory, object, piece, frame);
}

// Whether page and object have no byte beside those of the piece.
bool covers_all(const MemoryObject& object, const Piece& piece) {
    const std::uint64_t page_start = piece.start() - piece.offset;
    if (page_start >= object.bytes()) return true;
    return piece.offset == 0 && (piece.bytes == kPageSize || piece.end() >= object.bytes());
}

Result<void> write_piece(UserMemory& memory, MemoryObject& object, const Piece& piece,
                         ByteSource& from) {
    const mm::ObjectEntry entry = object.entry(piece.index);
    if (entry.is_frame()) {
        memory.records().set(entry.frame(), FrameFlag::Young);
        return write_in_place(memory, object, piece, entry.frame(), from);
    }
    if (covers_all(object, piece)) return write_new_page(memory, object, piece, from);
    const FrameNumber frame = TRY(fetch(memory, object, piece.index, PageCount(1)));
    return write_in_place(memory, object, piece, frame, from);
}

// How many bytes to try to move next. After a piece has met a bad address they go as far as the
// program's memory is sure to be of one kind: so all before the bad address is moved.
template <typename End>
std::uint32_t next_step(std::uint32_t left, End& end, bool carefully) {
    if (!carefully) return left;
    const std::uint32_t reach = end.reach();
    return reach < left ? reach : left;
}

// What read and write answer when they cannot go on.
Result<std::uint32_t> done_or(std::uint32_t done, Error error) {
    if (done != 0) return done;
    return error;
}

// The page that an object of `bytes` bytes ends in, in RAM, if it ends within a page that is not
// all zeroes by itself. A store zero-fills what lies past its end; it must be read only if the
// object is to be shorter than that.
enum class Need : std::uint8_t { Grows, Shrinks };

Result<void> fetch_last_page(UserMemory& memory, MemoryObject& object, std::uint64_t bytes,
                             Need need) {
    const auto index = static_cast<std::uint32_t>(bytes >> mm::kPageShift);
    const mm::ObjectEntry entry = object.entry(index);
    const bool is_stored =
        entry.is_slot() || (need == Need::Shrinks && object.kind() == MemoryObject::Kind::File);
    if (bytes % kPageSize == 0 || entry.is_frame() || !is_stored) return {};
    TRY(fetch(memory, object, index, PageCount(1)));
    return {};
}

// A page is dirty only if that changes it: the last page may lie in a hole.
void zero_past(UserMemory& memory, MemoryObject& object, std::uint64_t bytes) {
    const auto index = static_cast<std::uint32_t>(bytes >> mm::kPageShift);
    const auto from = static_cast<std::uint32_t>(bytes % kPageSize);
    if (from == 0 || !object.entry(index).is_frame()) return;
    std::byte* page = mm::frame_bytes(object.entry(index).frame());
    std::uint32_t first = from;
    while (first < kPageSize && page[first] == std::byte{})
        ++first;
    if (first == kPageSize) return;
    memset(page + first, 0, kPageSize - first);
    object.set_dirty(memory.records(), index);
}

// The object is about to grow: what lies past its end becomes part of it.
Result<void> prepare_to_grow(UserMemory& memory, MemoryObject& object) {
    TRY(fetch_last_page(memory, object, object.bytes(), Need::Grows));
    zero_past(memory, object, object.bytes());
    return {};
}

}  // namespace

PageCount ReadAhead::window_for(std::uint32_t page_index) {
    if (advice_ == mm::Advice::Random) return PageCount(1);
    if (advice_ == mm::Advice::Sequential) return mm::kMostReadAhead;
    if (is_jump(page_index)) return PageCount(1);
    const PageCount window(1U << growth_);
    if (growth_ < kMostGrowth) ++growth_;
    return window;
}

void ReadAhead::note(std::uint32_t page_index) {
    if (is_jump(page_index)) growth_ = 0;
    next_ = page_index + 1;
}

Result<std::uint32_t> read_object(UserMemory& memory, MemoryObject& object, std::uint64_t offset,
                                  std::uint32_t bytes, ByteSink& to, ReadAhead& ahead) {
    if (offset >= object.bytes()) return 0;
    const std::uint64_t there = object.bytes() - offset;
    if (bytes > there) bytes = static_cast<std::uint32_t>(there);
    bool carefully = false;
    for (std::uint32_t done = 0; done < bytes;) {
        const std::uint32_t most = next_step(bytes - done, to, carefully);
        if (most == 0) return done_or(done, Error::BadAddress);
        const Piece piece = Piece::at(offset + done, most);
        const Result<void> read = read_piece(memory, object, piece, bytes - done, to, ahead);
        if (read.ok())
            done += piece.bytes;
        else if (carefully || read.error() != Error::BadAddress || to.reach() >= piece.bytes)
            return done_or(done, read.error());
        else
            carefully = true;
    }
    return bytes;
}

Result<std::uint32_t> write_object(UserMemory& memory, MemoryObject& object, std::uint64_t offset,
                                   std::uint32_t bytes, ByteSource& from) {
    if (bytes == 0) return 0;
    if (offset >= MemoryObject::kMaxBytes) return Error::LimitReached;
    const std::uint64_t room = MemoryObject::kMaxBytes - offset;
    if (bytes > room) bytes = static_cast<std::uint32_t>(room);
    if (offset > object.bytes()) TRY(prepare_to_grow(memory, object));
    bool carefully = false;
    for (std::uint32_t done = 0; done < bytes;) {
        const std::uint32_t most = next_step(bytes - done, from, carefully);
        if (most == 0) return done_or(done, Error::BadAddress);
        const Piece piece = Piece::at(offset + done, most);
        const Result<void> written = write_piece(memory, object, piece, from);
        if (written.ok())
            done += piece.bytes;
        else if (carefully || written.error() != Error::BadAddress || from.reach() >= piece.bytes)
            return done_or(done, written.error());
        else
            carefully = true;
    }
    return bytes;
}

Result<void> resize_object(UserMemory& memory, MemoryObject& object, std::uint64_t bytes) {
    if (bytes > MemoryObject::kMaxBytes) return Error::LimitReached;
    if (bytes >= object.bytes()) {
        if (bytes == object.bytes()) return {};
        TRY(prepare_to_grow(memory, object));
    } else {
        TRY(fetch_last_page(memory, object, bytes, Need::Shrinks));
        zero_past(memory, object, bytes);
        const auto first_past =
            static_cast<std::uint32_t>((bytes + kPageSize - 1) >> mm::kPageShift);
        mm::drop_pages(memory, object, first_past, object.pages());
    }
    object.set_bytes(bytes);
    return {};
}

}  // namespace quire::fs
