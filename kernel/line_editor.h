// Line editing for the monitor: bytes of a VT100-like terminal in, a line and its display out.
//
// The editor knows no device. feed() takes one byte of input; what has to appear goes out through
// a callback as printable characters, \b, \r, \n, \a and the sequences ESC [ K, ESC [ n C,
// ESC [ n D, ESC [ H and ESC [ 2 J. The line takes one screen row: a longer one scrolls sideways,
// and the last column is never written, so that no terminal's way of wrapping matters.
//
// The one idea: a key only changes the line and the cursor; refresh() then compares what the row
// shows with what it should show and sends the difference. Display and state cannot drift apart.
//
// Keys: arrows, Home, End, Delete, Backspace, ^A ^E ^B ^F (move), ^P ^N (history), ^K ^U ^W (erase
// to the end, to the start, the word), ^L (clear the screen), ^C (cancel), ^D (delete; on an empty
// line the end of input), Tab (complete). Unknown sequences are swallowed whole.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quire::kernel {

enum class LineEvent : std::uint8_t {
    None,        // go on feeding
    Line,        // Enter: line() is complete
    Cancelled,   // ^C: line() is what was dropped
    EndOfInput,  // ^D on an empty line
};

/// What the editor needs from outside. The callbacks get `context` back.
struct LineCallbacks {
    void* context;
    void (*write)(void* context, std::string_view text);
    /// The text to insert at the cursor (its unprintable characters are left out), given what
    /// stands before it; not a part of that argument. An empty answer rings the bell. May be
    /// nullptr.
    std::string_view (*complete)(void* context, std::string_view before_cursor);
};

class LineEditor {
  public:
    static constexpr std::size_t kCapacity = 256;
    static constexpr std::size_t kHistoryLines = 16;
    static constexpr std::size_t kMaxColumns = 132;
    static constexpr std::size_t kMinTextColumns = 8;
    static constexpr std::size_t kFreeColumns = 3;  // of a row: room for "^C", and the last column

    /// `columns`: the width of the terminal, at most kMaxColumns.
    explicit LineEditor(const LineCallbacks& callbacks, std::size_t columns = 80);
    LineEditor(const LineEditor&) = delete;
    LineEditor& operator=(const LineEditor&) = delete;
    ~LineEditor() = default;

    /// Starts an empty line: writes the prompt, which must be printable, outlive the line and
    /// leave kMinTextColumns of the row. The terminal's cursor must be at the start of a row.
    void begin(std::string_view prompt);

    /// Takes one byte of input. Precondition: begin() was called since the last event but None.
    [[nodiscard]] LineEvent feed(char byte);

    /// Writes prompt and line again at the start of the row the cursor is in, after something else
    /// was printed. Precondition as for feed().
    void redraw();

    /// The text typed so far; after an event it stays until begin().
    [[nodiscard]] std::string_view line() const { return line_.view(); }
    /// How many characters of line() stand before the cursor.
    [[nodiscard]] std::size_t cursor() const { return cursor_; }

    void check_invariants() const;

  private:
    struct Text {
        std::array<char, kCapacity> characters;
        std::size_t length = 0;

        [[nodiscard]] std::string_view view() const { return {characters.data(), length}; }
    };

    // Where the decoder is inside an escape sequence.
    enum class Escape : std::uint8_t { None, Started, Bracket, LetterO, FunctionKey };

    LineEvent feed_control(char byte);
    void feed_escape(char byte);
    void end_sequence(char final_byte);
    LineEvent finish(LineEvent event, std::string_view last_words);

    bool insert(char character);
    void erase(std::size_t from, std::size_t to);
    void erase_word();
    void complete();
    void show_older();
    void show_newer();
    void load(const Text& text);
    void remember();
    // The n-th newest line of the history, counted from 1.
    [[nodiscard]] const Text& history(std::size_t age) const;

    [[nodiscard]] std::size_t text_columns() const {
        return columns_ - kFreeColumns - prompt_.size();
    }
    [[nodiscard]] std::string_view visible() const;
    void scroll_to_cursor();
    void refresh();
    void move_to(std::size_t column);
    void write(std::string_view text) { callbacks_.write(callbacks_.context, text); }

    LineCallbacks callbacks_;
    std::size_t columns_;
    std::string_view prompt_;
    bool active_ = false;
    bool after_return_ = false;  // a '\n' right after '\r' belongs to it

    Text line_;
    std::size_t cursor_ = 0;
    std::size_t left_ = 0;  // the first character of the line that is visible

    // What the row shows behind the prompt, and where the terminal's cursor is in it.
    std::array<char, kMaxColumns> shown_{};
    std::size_t shown_length_ = 0;
    std::size_t shown_cursor_ = 0;

    Escape escape_ = Escape::None;
    bool has_parameter_end_ = false;  // only the first number of a sequence counts
    std::uint32_t parameter_ = 0;

    std::array<Text, kHistoryLines> history_{};  // a ring: the newest is before history_next_
    std::size_t history_count_ = 0;
    std::size_t history_next_ = 0;
    std::size_t age_ = 0;  // which line of the history is being edited; 0: none, a new line
    Text unfinished_;      // the new line while age_ is not 0
};

}  // namespace quire::kernel
