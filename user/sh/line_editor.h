// Editing of the line that is typed: bytes of a VT100-like terminal in, a line and its display out.
//
// The editor knows no device. feed() takes one byte; what has to appear goes out through the Screen
// as characters, \b, \r, \a and the sequences ESC [ n A B C, ESC [ J, ESC [ H. A line longer than
// the row goes on in the next one: cell n behind the start of the prompt is in row n / columns.
//
// Keys: arrows, Home, End, Delete, Backspace, ^A ^E ^B ^F (move), ^P ^N (history), ^K ^U ^W (erase
// to the end, to the start, the word), ^L (clear the screen), ^D (delete; on an empty line the end
// of input), Tab (complete; twice: list). Unknown sequences are swallowed whole.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "user/sh/history.h"

namespace quire::shell {

/// What the editor needs from outside.
class Screen {
  public:
    virtual void write(std::string_view text) = 0;
    /// The text to insert at the cursor, given what stands before it; empty: none.
    virtual std::string_view complete(std::string_view before_cursor) = 0;
    /// Lists, from the next row on, what the word before the cursor could become; the cursor is at
    /// the start of a row afterwards. False: that is nothing, and nothing was written.
    virtual bool list(std::string_view before_cursor, std::size_t columns) = 0;

  protected:
    ~Screen() = default;
};

class LineEditor {
  public:
    static constexpr std::size_t kCapacity = 4095;

    enum class Event : std::uint8_t {
        None,        // go on feeding
        Line,        // Enter: line() is complete; the cursor is behind it
        EndOfInput,  // ^D on an empty line
    };

    LineEditor(Screen& screen, History& history) : screen_(screen), history_(history) {}

    /// Starts an empty line behind the prompt, which is shown. The cursor must be at the start of a
    /// row of `columns` cells.
    void begin(std::string_view prompt, std::size_t columns);
    [[nodiscard]] Event feed(char byte);
    [[nodiscard]] std::string_view line() const { return {text_.data(), length_}; }

  private:
    // Where the decoder is inside an escape sequence.
    enum class Escape : std::uint8_t { None, Started, Bracket };

    void feed_control(char byte);
    void feed_escape(char byte);
    void end_sequence(char final_byte);
    void insert(std::string_view text);
    void erase(std::size_t from, std::size_t to);
    void erase_word();
    void complete();
    void list();
    void recall(std::size_t age);
    void clear_screen();
    void move_to(std::size_t place);
    void show_from(std::size_t place);
    void move_cells(std::size_t from, std::size_t to);
    void write_number(const char* before, std::size_t number, char after);
    [[nodiscard]] std::size_t cell_of(std::size_t place) const;
    [[nodiscard]] std::size_t before(std::size_t place) const;
    [[nodiscard]] std::size_t behind(std::size_t place) const;

    Screen& screen_;
    History& history_;
    std::string_view prompt_;
    std::size_t columns_ = 80;
    std::array<char, kCapacity> text_{};
    std::size_t length_ = 0;
    std::size_t cursor_ = 0;
    std::size_t age_ = 0;                  // the line of the history that is shown; 0: the new one
    std::array<char, kCapacity> draft_{};  // the new line while another is shown
    std::size_t draft_length_ = 0;
    Escape escape_ = Escape::None;
    bool is_second_tab_ = false;  // in a row
    bool was_tab_ = false;
    std::size_t parameter_ = 0;
};

}  // namespace quire::shell
