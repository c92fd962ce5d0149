// An 80x25 text terminal that draws into an array of VGA cells.
//
//     cell: bits 0-7 character, 8-11 foreground, 12-15 background; cell = row * 80 + column
//
// It obeys what a shell and full-screen programs (vi, top, less) send to TERM=linux: cursor
// movement, erasing, inserting, scroll regions and colours (`man 4 console_codes`). The array is
// the caller's, so the same class draws on the screen and in a test.
// Invariant: the cursor stands on the screen, the scroll region has at least two rows.
// A character in the last column leaves the cursor there; the wrap happens with the next
// character (VT100 "deferred wrap"), so that the last cell can be written without scrolling.
#pragma once

#include <cstddef>
#include <cstdint>

#include "drivers/escape_parser.h"

namespace quire::drivers {

class Terminal {
  public:
    static constexpr std::uint32_t kColumns = 80;
    static constexpr std::uint32_t kRows = 25;
    static constexpr std::uint32_t kCells = kColumns * kRows;

    using ReplyHook = void (*)(void* context, const char* bytes, std::size_t size);

    /// Draws into the kCells cells at `cells`, which stay the caller's and must outlive it.
    constexpr explicit Terminal(std::uint16_t* cells) : cells_(cells) {}

    /// Clears the screen and forgets every mode: the state at power-on.
    void reset();

    void write(const char* bytes, std::size_t size);

    /// Answers to "where is the cursor" and "what are you" go to `hook`, as if typed.
    void set_reply_hook(ReplyHook hook, void* context);

    [[nodiscard]] std::uint32_t column() const { return cursor_.column; }
    [[nodiscard]] std::uint32_t row() const { return cursor_.row; }
    [[nodiscard]] bool cursor_visible() const { return cursor_visible_; }
    /// The attribute byte new characters get.
    [[nodiscard]] std::uint8_t attribute() const;

    void check_invariants() const;

  private:
    struct Style {
        std::uint8_t foreground = 7;
        std::uint8_t background = 0;
        bool bold = false;
        bool underline = false;
        bool reverse = false;
    };
    struct Cursor {
        std::uint32_t column = 0;
        std::uint32_t row = 0;
        bool wrap_pending = false;
        Style style;
    };

    void put(std::uint8_t character);
    void control(std::uint8_t code);
    void escape(std::uint8_t final);
    void csi(std::uint8_t final);
    bool csi_move(std::uint8_t final);
    bool csi_edit(std::uint8_t final);
    void set_mode(bool on);
    void set_scroll_region();
    void select_graphic_rendition();
    std::uint32_t extended_colour(std::uint32_t index, std::uint8_t& colour);
    void report(std::uint32_t kind);

    void move_to(std::uint32_t row, std::uint32_t column);
    void move_up(std::uint32_t count);
    void move_down(std::uint32_t count);
    void line_feed();
    void reverse_line_feed();
    void erase_display(std::uint32_t which);
    void erase_line(std::uint32_t which);
    void insert_characters(std::uint32_t count);
    void delete_characters(std::uint32_t count);
    void scroll_up(std::uint32_t first, std::uint32_t count);
    void scroll_down(std::uint32_t first, std::uint32_t count);

    [[nodiscard]] std::uint32_t here() const { return cursor_.row * kColumns + cursor_.column; }
    [[nodiscard]] std::uint16_t blank() const;
    void fill(std::uint32_t first, std::uint32_t count);

    std::uint16_t* cells_;
    EscapeParser parser_;
    Cursor cursor_;
    Cursor saved_;
    std::uint32_t region_top_ = 0;
    std::uint32_t region_end_ = kRows;  // the row after the last
    bool auto_wrap_ = true;
    bool cursor_visible_ = true;
    ReplyHook reply_ = nullptr;
    void* reply_context_ = nullptr;
};

}  // namespace quire::drivers
