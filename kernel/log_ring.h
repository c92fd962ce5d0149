// The ring of log lines that `dmesg` and a panic show: the newest lines that fit, whole.
//
// Records lie one behind the other in storage the caller gives, none across its end:
//
//     not wrapped   | free | oldest ... newest | free |
//     wrapped       | ... newest | free | oldest ... | unused tail |
//                                         first_      upper_end_
//
// A new record pushes out as many of the oldest as stand in its way. Nothing here allocates,
// waits or locks: append() may run in an interrupt handler, and every call needs the interrupts
// off, which is the caller's duty. A reader that prints between two lines with interrupts on uses
// read_next(), which copies a line and finds its place again by number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/base/log.h"

namespace quire::kernel {

class LogRing {
  public:
    static constexpr std::size_t kMaxText = 240;  // a longer text is cut and ends with kCutMark
    static constexpr std::size_t kMaxRoom = 16;   // a longer room name is cut
    static constexpr std::string_view kCutMark = "...";

    struct Record {
        std::uint32_t number = 0;  // counts all records ever appended, from 0
        std::uint32_t milliseconds = 0;
        LogLevel level = LogLevel::Debug;
        std::string_view room;
        std::string_view text;
    };

    /// A copy of one record that stays when the ring moves on.
    struct Line {
        Record record;  // its views point into the two arrays
        char room[kMaxRoom];
        char text[kMaxText];
    };

    /// Oldest to newest. Valid until the next append().
    class Iterator {
      public:
        Record operator*() const { return ring_->record_at(offset_, number_); }
        Iterator& operator++();
        bool operator==(const Iterator& other) const { return number_ == other.number_; }

      private:
        friend class LogRing;
        Iterator(const LogRing* ring, std::size_t offset, std::uint32_t number)
            : ring_(ring), offset_(offset), number_(number) {}

        const LogRing* ring_;
        std::size_t offset_;
        std::uint32_t number_;
    };

    /// `storage` must outlive the ring and hold the longest record at least.
    explicit LogRing(std::span<std::byte> storage);

    /// Adds a line, dropping the oldest ones for it. Cannot fail.
    void append(LogLevel level, std::uint32_t milliseconds, std::string_view room,
                std::string_view text);

    [[nodiscard]] Iterator begin() const { return {this, first_, next_number_ - count_}; }
    [[nodiscard]] Iterator end() const { return {this, 0, next_number_}; }
    [[nodiscard]] std::uint32_t size() const { return count_; }

    /// Copies the record `number`, or the oldest one if that is gone, and makes `number` the one
    /// to ask for next. False, and nothing changed, when there is none yet. Cost: linear.
    [[nodiscard]] bool read_next(std::uint32_t& number, Line& line) const;

    void check_invariants() const;

  private:
    struct Header {
        std::uint32_t milliseconds;
        std::uint16_t text_length;
        std::uint8_t room_length;
        LogLevel level;

        [[nodiscard]] std::size_t record_size() const;
    };
    static_assert(sizeof(Header) == 8);

    [[nodiscard]] Header header_at(std::size_t offset) const;
    [[nodiscard]] Record record_at(std::size_t offset, std::uint32_t number) const;
    [[nodiscard]] std::size_t offset_after(std::size_t offset) const;
    void make_room(std::size_t size);
    void drop_oldest();

    std::span<std::byte> storage_;
    std::size_t first_ = 0;      // where the oldest record starts
    std::size_t end_ = 0;        // where the newest record ends
    std::size_t upper_end_ = 0;  // when wrapped: where the last record before the tail ends
    bool wrapped_ = false;
    std::uint32_t count_ = 0;
    std::uint32_t next_number_ = 0;
};

}  // namespace quire::kernel
