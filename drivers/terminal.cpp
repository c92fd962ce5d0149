#include "drivers/terminal.h"

#include "kernel/base/assert.h"

namespace quire::drivers {

namespace {

// ANSI counts red 1, green 2, blue 4; VGA blue 1, green 2, red 4.
constexpr std::uint8_t kVgaColour[8] = {0, 4, 2, 6, 1, 5, 3, 7};
constexpr std::uint8_t kBright = 8;
constexpr std::uint8_t kUnderlineColour = 3;  // VGA text has no underline: cyan, as Linux shows it
constexpr std::uint32_t kTabWidth = 8;

constexpr std::uint32_t smaller(std::uint32_t a, std::uint32_t b) {
    return a < b ? a : b;
}

// Copies forwards, so `to` may overlap the start of what is copied.
void copy_cells_down(std::uint16_t* to, const std::uint16_t* from, std::uint32_t count) {
    for (std::uint32_t index = 0; index < count; ++index)
        to[index] = from[index];
}
void copy_cells_up(std::uint16_t* to, const std::uint16_t* from, std::uint32_t count) {
    while (count-- != 0)
        to[count] = from[count];
}

char* append_number(char* out, std::uint32_t number) {
    if (number >= 10) out = append_number(out, number / 10);
    *out = static_cast<char>('0' + number % 10);
    return out + 1;
}

}  // namespace

void Terminal::reset() {
    parser_ = EscapeParser();
    cursor_ = Cursor();
    saved_ = Cursor();
    region_top_ = 0;
    region_end_ = kRows;
    auto_wrap_ = true;
    cursor_visible_ = true;
    fill(0, kCells);
}

void Terminal::set_reply_hook(ReplyHook hook, void* context) {
    reply_ = hook;
    reply_context_ = context;
}

void Terminal::write(const char* bytes, std::size_t size) {
    for (std::size_t index = 0; index < size; ++index) {
        switch (parser_.feed(static_cast<std::uint8_t>(bytes[index]))) {
        case EscapeParser::Action::None:
            break;
        case EscapeParser::Action::Print:
            put(parser_.final());
            break;
        case EscapeParser::Action::Control:
            control(parser_.final());
            break;
        case EscapeParser::Action::Escape:
            escape(parser_.final());
            break;
        case EscapeParser::Action::Csi:
            csi(parser_.final());
            break;
        }
    }
}

std::uint8_t Terminal::attribute() const {
    const Style& style = cursor_.style;
    std::uint32_t foreground = style.underline ? kUnderlineColour : style.foreground;
    if (style.bold) foreground |= kBright;
    const std::uint32_t background = style.background;
    return static_cast<std::uint8_t>(style.reverse ? foreground << 4 | background
                                                   : background << 4 | foreground);
}

// Erased cells take the colours but not the emphasis: a reversed status line leaves no bar.
std::uint16_t Terminal::blank() const {
    const std::uint32_t colours = cursor_.style.background * 16U + cursor_.style.foreground;
    return static_cast<std::uint16_t>(colours << 8 | ' ');
}

void Terminal::fill(std::uint32_t first, std::uint32_t count) {
    const std::uint16_t cell = blank();
    for (std::uint32_t index = 0; index < count; ++index)
        cells_[first + index] = cell;
}

void Terminal::put(std::uint8_t character) {
    if (cursor_.wrap_pending && auto_wrap_) {
        cursor_.column = 0;
        line_feed();
    }
    cells_[here()] = static_cast<std::uint16_t>(attribute() << 8 | character);
    if (cursor_.column + 1 < kColumns) {
        ++cursor_.column;
    } else {
        cursor_.wrap_pending = true;
    }
}

void Terminal::control(std::uint8_t code) {
    switch (code) {
    case '\b':
        move_to(cursor_.row, cursor_.column == 0 ? 0 : cursor_.column - 1);
        break;
    case '\t':
        cursor_.column = smaller((cursor_.column / kTabWidth + 1) * kTabWidth, kColumns - 1);
        break;
    case '\n':
    case '\v':
    case '\f':
        line_feed();
        break;
    case '\r':
        move_to(cursor_.row, 0);
        break;
    default:
        break;
    }
}

void Terminal::escape(std::uint8_t final) {
    switch (final) {
    case '7':
        saved_ = cursor_;
        break;
    case '8':
        cursor_ = saved_;
        break;
    case 'c':
        reset();
        break;
    case 'D':
        line_feed();
        break;
    case 'E':
        cursor_.column = 0;
        line_feed();
        break;
    case 'M':
        reverse_line_feed();
        break;
    case 'Z':
        report('c');
        break;
    default:
        break;
    }
}

void Terminal::csi(std::uint8_t final) {
    if (parser_.marker() != 0) {
        if (parser_.marker() == '?' && (final == 'h' || final == 'l')) set_mode(final == 'h');
        return;
    }
    if (csi_move(final) || csi_edit(final)) return;
    switch (final) {
    case 'm':
        select_graphic_rendition();
        break;
    case 'r':
        set_scroll_region();
        break;
    case 's':
        saved_ = cursor_;
        break;
    case 'u':
        cursor_ = saved_;
        break;
    case 'n':
        report(parser_.parameter(0, 0));
        break;
    case 'c':
        report('c');
        break;
    default:
        break;
    }
}

bool Terminal::csi_move(std::uint8_t final) {
    const std::uint32_t count = parser_.parameter(0, 1);
    switch (final) {
    case 'A':
        move_up(count);
        return true;
    case 'B':
    case 'e':
        move_down(count);
        return true;
    case 'C':
    case 'a':
        move_to(cursor_.row, cursor_.column + count);
        return true;
    case 'D':
        move_to(cursor_.row, cursor_.column - smaller(count, cursor_.column));
        return true;
    case 'E':
        move_down(count);
        move_to(cursor_.row, 0);
        return true;
    case 'F':
        move_up(count);
        move_to(cursor_.row, 0);
        return true;
    case 'G':
    case '`':
        move_to(cursor_.row, count - 1);
        return true;
    case 'd':
        move_to(count - 1, cursor_.column);
        return true;
    case 'H':
    case 'f':
        move_to(count - 1, parser_.parameter(1, 1) - 1);
        return true;
    default:
        return false;
    }
}

bool Terminal::csi_edit(std::uint8_t final) {
    const std::uint32_t count = parser_.parameter(0, 1);
    const bool in_region = cursor_.row >= region_top_ && cursor_.row < region_end_;
    switch (final) {
    case 'J':
        erase_display(parser_.parameter(0, 0));
        break;
    case 'K':
        erase_line(parser_.parameter(0, 0));
        break;
    case 'L':
        if (in_region) scroll_down(cursor_.row, count);
        break;
    case 'M':
        if (in_region) scroll_up(cursor_.row, count);
        break;
    case '@':
        insert_characters(count);
        break;
    case 'P':
        delete_characters(count);
        break;
    case 'X':
        fill(here(), smaller(count, kColumns - cursor_.column));
        break;
    default:
        return false;
    }
    cursor_.wrap_pending = false;
    return true;
}

void Terminal::set_mode(bool on) {
    for (std::uint32_t index = 0; index < parser_.parameter_count(); ++index) {
        switch (parser_.parameter(index, 0)) {
        case 7:
            auto_wrap_ = on;
            break;
        case 25:
            cursor_visible_ = on;
            break;
        default:
            break;
        }
    }
}

void Terminal::set_scroll_region() {
    const std::uint32_t top = parser_.parameter(0, 1) - 1;
    const std::uint32_t end = smaller(parser_.parameter(1, kRows), kRows);
    if (top + 1 >= end) return;
    region_top_ = top;
    region_end_ = end;
    move_to(0, 0);
}

void Terminal::select_graphic_rendition() {
    Style& style = cursor_.style;
    // "CSI m" without a parameter is "CSI 0 m".
    const std::uint32_t count = parser_.parameter_count() == 0 ? 1 : parser_.parameter_count();
    for (std::uint32_t index = 0; index < count; ++index) {
        const std::uint32_t code = parser_.parameter(index, 0);
        switch (code) {
        case 0:
            style = Style();
            continue;
        case 1:
            style.bold = true;
            continue;
        case 4:
            style.underline = true;
            continue;
        case 7:
            style.reverse = true;
            continue;
        case 22:
            style.bold = false;
            continue;
        case 24:
            style.underline = false;
            continue;
        case 27:
            style.reverse = false;
            continue;
        case 38:
            index += extended_colour(index, style.foreground);
            continue;
        case 39:
            style.foreground = Style().foreground;
            continue;
        case 48:
            index += extended_colour(index, style.background);
            continue;
        case 49:
            style.background = Style().background;
            continue;
        default:
            break;
        }
        if (code >= 30 && code <= 37) style.foreground = kVgaColour[code - 30];
        if (code >= 40 && code <= 47) style.background = kVgaColour[code - 40];
        if (code >= 90 && code <= 97) style.foreground = kVgaColour[code - 90] | kBright;
        if (code >= 100 && code <= 107) style.background = kVgaColour[code - 100] | kBright;
    }
}

// "38;5;n" and "38;2;r;g;b" at `index`: takes one of the 16 colours we have, leaves `colour` as it
// is for others, and returns how many parameters belong to it, so that none is taken for a code.
std::uint32_t Terminal::extended_colour(std::uint32_t index, std::uint8_t& colour) {
    const std::uint32_t kind = parser_.parameter(index + 1, 0);
    if (kind == 2) return 4;
    if (kind != 5) return 0;
    const std::uint32_t number = parser_.parameter(index + 2, 0);
    if (number < 16) {
        colour = static_cast<std::uint8_t>(kVgaColour[number % 8] | (number >= 8 ? kBright : 0));
    }
    return 2;
}

// 5: status, 6: cursor position, 'c': what kind of terminal (a VT102, as Linux answers).
void Terminal::report(std::uint32_t kind) {
    char text[16] = "\033[";
    char* end = text + 2;
    switch (kind) {
    case 5:
        *end++ = '0';
        *end++ = 'n';
        break;
    case 6:
        end = append_number(end, cursor_.row + 1);
        *end++ = ';';
        end = append_number(end, cursor_.column + 1);
        *end++ = 'R';
        break;
    case 'c':
        *end++ = '?';
        *end++ = '6';
        *end++ = 'c';
        break;
    default:
        return;
    }
    if (reply_ != nullptr) reply_(reply_context_, text, static_cast<std::size_t>(end - text));
}

void Terminal::move_to(std::uint32_t row, std::uint32_t column) {
    cursor_.row = smaller(row, kRows - 1);
    cursor_.column = smaller(column, kColumns - 1);
    cursor_.wrap_pending = false;
}

// Up and down stop at the margin of the scroll region when they start inside it.
void Terminal::move_up(std::uint32_t count) {
    const std::uint32_t top = cursor_.row >= region_top_ ? region_top_ : 0;
    move_to(cursor_.row - smaller(count, cursor_.row - top), cursor_.column);
}

void Terminal::move_down(std::uint32_t count) {
    const std::uint32_t bottom = cursor_.row < region_end_ ? region_end_ - 1 : kRows - 1;
    move_to(cursor_.row + smaller(count, bottom - cursor_.row), cursor_.column);
}

void Terminal::line_feed() {
    cursor_.wrap_pending = false;
    if (cursor_.row + 1 == region_end_) {
        scroll_up(region_top_, 1);
    } else if (cursor_.row + 1 < kRows) {
        ++cursor_.row;
    }
}

void Terminal::reverse_line_feed() {
    cursor_.wrap_pending = false;
    if (cursor_.row == region_top_) {
        scroll_down(region_top_, 1);
    } else if (cursor_.row != 0) {
        --cursor_.row;
    }
}

void Terminal::erase_display(std::uint32_t which) {
    switch (which) {
    case 0:
        fill(here(), kCells - here());
        break;
    case 1:
        fill(0, here() + 1);
        break;
    case 2:
    case 3:
        fill(0, kCells);
        break;
    default:
        break;
    }
}

void Terminal::erase_line(std::uint32_t which) {
    const std::uint32_t start = cursor_.row * kColumns;
    switch (which) {
    case 0:
        fill(here(), kColumns - cursor_.column);
        break;
    case 1:
        fill(start, cursor_.column + 1);
        break;
    case 2:
        fill(start, kColumns);
        break;
    default:
        break;
    }
}

void Terminal::insert_characters(std::uint32_t count) {
    const std::uint32_t rest = kColumns - cursor_.column;
    count = smaller(count, rest);
    copy_cells_up(cells_ + here() + count, cells_ + here(), rest - count);
    fill(here(), count);
}

void Terminal::delete_characters(std::uint32_t count) {
    const std::uint32_t rest = kColumns - cursor_.column;
    count = smaller(count, rest);
    copy_cells_down(cells_ + here(), cells_ + here() + count, rest - count);
    fill(here() + rest - count, count);
}

// Rows `first` to the end of the region move up by `count`; blank ones come in below.
void Terminal::scroll_up(std::uint32_t first, std::uint32_t count) {
    const std::uint32_t rows = region_end_ - first;
    count = smaller(count, rows);
    std::uint16_t* start = cells_ + first * kColumns;
    copy_cells_down(start, start + count * kColumns, (rows - count) * kColumns);
    fill((region_end_ - count) * kColumns, count * kColumns);
}

void Terminal::scroll_down(std::uint32_t first, std::uint32_t count) {
    const std::uint32_t rows = region_end_ - first;
    count = smaller(count, rows);
    std::uint16_t* start = cells_ + first * kColumns;
    copy_cells_up(start + count * kColumns, start, (rows - count) * kColumns);
    fill(first * kColumns, count * kColumns);
}

void Terminal::check_invariants() const {
    ASSERT(cursor_.row < kRows && cursor_.column < kColumns);
    ASSERT(saved_.row < kRows && saved_.column < kColumns);
    ASSERT(!cursor_.wrap_pending || cursor_.column == kColumns - 1);
    ASSERT(region_top_ + 1 < region_end_ && region_end_ <= kRows);
    ASSERT(cursor_.style.foreground < 16 && cursor_.style.background < 16);
    parser_.check_invariants();
}

}  // namespace quire::drivers
