// Placing records in the ring. Headers are copied in and out, so the storage needs no alignment.
#include "kernel/log_ring.h"

#include "kernel/base/assert.h"
#include "libc/string.h"

namespace quire::kernel {

LogRing::LogRing(std::span<std::byte> storage) : storage_(storage) {
    ASSERT(storage_.size() >= sizeof(Header) + kMaxRoom + kMaxText);
}

void LogRing::append(LogLevel level, std::uint32_t milliseconds, std::string_view room,
                     std::string_view text) {
    const bool is_cut = text.size() > kMaxText;
    const std::size_t text_length = is_cut ? kMaxText : text.size();
    const std::size_t room_length = room.size() > kMaxRoom ? kMaxRoom : room.size();
    const Header header{milliseconds, static_cast<std::uint16_t>(text_length),
                        static_cast<std::uint8_t>(room_length), level};
    make_room(header.record_size());

    std::byte* place = storage_.data() + end_;
    memcpy(place, &header, sizeof(header));
    memcpy(place + sizeof(header), room.data(), room_length);
    memcpy(place + sizeof(header) + room_length, text.data(), text_length);
    end_ += header.record_size();
    if (is_cut) {
        memcpy(storage_.data() + end_ - kCutMark.size(), kCutMark.data(), kCutMark.size());
    }
    ++count_;
    ++next_number_;
}

// Afterwards `size` bytes are free at end_. Dropping ends at the latest when the bottom part is
// empty too, because the longest record fits into the storage.
void LogRing::make_room(std::size_t size) {
    for (;;) {
        const std::size_t limit = wrapped_ ? first_ : storage_.size();
        if (limit - end_ >= size) return;
        if (wrapped_) {
            drop_oldest();
        } else {
            wrapped_ = true;
            upper_end_ = end_;
            end_ = 0;
        }
    }
}

void LogRing::drop_oldest() {
    ASSERT(count_ > 0);
    first_ = offset_after(first_);
    --count_;
    // When the upper part is used up, what lies at the bottom is all there is.
    if (first_ == 0) wrapped_ = false;
}

std::size_t LogRing::Header::record_size() const {
    return sizeof(Header) + room_length + text_length;
}

LogRing::Header LogRing::header_at(std::size_t offset) const {
    Header header;
    memcpy(&header, storage_.data() + offset, sizeof(header));
    return header;
}

LogRing::Record LogRing::record_at(std::size_t offset, std::uint32_t number) const {
    const Header header = header_at(offset);
    const char* text = reinterpret_cast<const char*>(storage_.data() + offset + sizeof(header));
    return Record{number, header.milliseconds, header.level,
                  std::string_view(text, header.room_length),
                  std::string_view(text + header.room_length, header.text_length)};
}

// Where the record behind the one at `offset` starts: next to it, or at the bottom.
std::size_t LogRing::offset_after(std::size_t offset) const {
    const std::size_t next = offset + header_at(offset).record_size();
    return wrapped_ && next == upper_end_ ? 0 : next;
}

LogRing::Iterator& LogRing::Iterator::operator++() {
    offset_ = ring_->offset_after(offset_);
    ++number_;
    return *this;
}

bool LogRing::read_next(std::uint32_t& number, Line& line) const {
    for (const Record record : *this) {
        // A difference, since the numbers may wrap: negative means older than wanted.
        if (static_cast<std::int32_t>(record.number - number) < 0) continue;
        memcpy(line.room, record.room.data(), record.room.size());
        memcpy(line.text, record.text.data(), record.text.size());
        line.record = record;
        line.record.room = std::string_view(line.room, record.room.size());
        line.record.text = std::string_view(line.text, record.text.size());
        number = record.number + 1;
        return true;
    }
    return false;
}

void LogRing::check_invariants() const {
    ASSERT(first_ <= storage_.size() && end_ <= storage_.size());
    ASSERT(wrapped_ ? end_ <= first_ && first_ < upper_end_ : first_ <= end_);
    std::size_t offset = first_;
    for (std::uint32_t i = 0; i < count_; ++i) {
        const Header header = header_at(offset);
        ASSERT(header.text_length <= kMaxText && header.room_length <= kMaxRoom);
        ASSERT(offset + header.record_size() <= (wrapped_ && offset >= first_ ? upper_end_ : end_));
        offset = offset_after(offset);
    }
    ASSERT(offset == end_);
}

}  // namespace quire::kernel
