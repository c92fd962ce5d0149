// What was typed and not yet read: a ring that knows where lines end.
//
//     first_          complete_         end_
//     | l s \n | x ^D |  m a k           |
//            ^      ^                          kinds: Newline, EndOfFile; the rest Plain
//       complete lines   being edited
//
// In canonical mode a read takes from one complete line only, and what is being edited can still be
// erased. In raw mode everything is complete. Indices only grow; the place is the index modulo the
// size. Invariant: first_ <= complete_ <= end_ <= first_ + kRoom.
#pragma once

#include <array>
#include <cstdint>

#include "kernel/base/assert.h"

namespace quire::kernel {

class InputQueue {
  public:
    static constexpr std::uint32_t kRoom = 4096;  // Linux's N_TTY_BUF_SIZE

    enum class Kind : std::uint8_t {
        Plain,
        LineEnd,    // read with its line
        EndOfFile,  // typed at the start of a line: a read of 0 bytes
        Push,       // typed behind something: ends a read, and is no byte of it
    };
    struct Cell {
        char byte = 0;
        Kind kind = Kind::Plain;
    };

    /// Bytes that can be read now.
    [[nodiscard]] std::uint32_t readable() const {
        std::uint32_t count = 0;
        for (std::uint32_t index = first_; index != complete_; ++index)
            if (is_byte(at(index))) ++count;
        return count;
    }
    /// Whether a read hands the cell out.
    [[nodiscard]] static bool is_byte(Cell cell) {
        return cell.kind == Kind::Plain || cell.kind == Kind::LineEnd;
    }
    [[nodiscard]] bool has_complete() const { return complete_ != first_; }
    /// Length of the line being edited.
    [[nodiscard]] std::uint32_t edited() const { return end_ - complete_; }
    /// One cell is kept for the end of the line.
    [[nodiscard]] bool has_room() const { return end_ - first_ < kRoom - 1; }

    /// A character of the line being edited. Precondition: has_room().
    void append(char byte) { put({byte, Kind::Plain}); }
    [[nodiscard]] bool can_end_line() const { return end_ - first_ < kRoom; }
    /// The line is complete. Precondition: can_end_line().
    void end_line(char byte, Kind kind) {
        put({byte, kind});
        complete_ = end_;
    }
    /// A character that can be read at once. Precondition: has_room().
    void append_complete(char byte) {
        put({byte, Kind::Plain});
        complete_ = end_;
    }
    /// The last character of the line being edited. Precondition: there is one.
    [[nodiscard]] char last() const { return at(end_ - 1).byte; }
    void erase_last() { --end_; }
    /// Character `index` of the line being edited.
    [[nodiscard]] char edited_at(std::uint32_t index) const { return at(complete_ + index).byte; }

    // --- Reading: cells are looked at first, and taken out when they have got to the reader ---
    [[nodiscard]] std::uint32_t position() const { return first_; }
    [[nodiscard]] bool is_complete_at(std::uint32_t position) const {
        return position != complete_;
    }
    /// Precondition: is_complete_at(position).
    [[nodiscard]] Cell cell_at(std::uint32_t position) const { return at(position); }
    /// Takes out what is before `position`, unless it was cleared meanwhile.
    void take_until(std::uint32_t position) {
        if (position - first_ <= complete_ - first_) first_ = position;
    }

    /// What is being edited can be read as it is: canonical mode ends.
    void complete_all() { complete_ = end_; }
    void clear() { first_ = complete_ = end_; }

    void check_invariants() const {
        ASSERT(complete_ - first_ <= end_ - first_);
        ASSERT(end_ - first_ <= kRoom);
    }

  private:
    [[nodiscard]] const Cell& at(std::uint32_t index) const { return cells_[index % kRoom]; }
    void put(Cell cell) { cells_[end_++ % kRoom] = cell; }

    std::array<Cell, kRoom> cells_{};
    std::uint32_t first_ = 0;
    std::uint32_t complete_ = 0;
    std::uint32_t end_ = 0;
};

}  // namespace quire::kernel
