#include "user/sh/line_editor.h"

#include <algorithm>

#include "libc/format.h"
#include "libc/string.h"

namespace quire::shell {
namespace {

constexpr char control(char letter) {
    return static_cast<char>(letter & 0x1F);
}
constexpr char kEscape = 0x1B, kDelete = 0x7F;

/// Not the first byte of a character of UTF-8: it takes no cell of its own.
bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}
bool is_printable(char c) {
    return (c >= ' ' && c != kDelete) || static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

void LineEditor::begin(std::string_view prompt, std::size_t columns) {
    prompt_ = prompt;
    columns_ = columns;
    length_ = cursor_ = age_ = 0;
    escape_ = Escape::None;
    screen_.write(prompt_);
}

LineEditor::Event LineEditor::feed(char byte) {
    is_second_tab_ = was_tab_ && byte == '\t';
    was_tab_ = byte == '\t';
    if (escape_ != Escape::None) {
        feed_escape(byte);
    } else if (byte == '\r' || byte == '\n') {
        move_to(length_);
        history_.add(line());
        return Event::Line;
    } else if (byte == control('D') && length_ == 0) {
        return Event::EndOfInput;
    } else if (is_printable(byte)) {
        insert({&byte, 1});
    } else {
        feed_control(byte);
    }
    return Event::None;
}

void LineEditor::feed_control(char byte) {
    switch (byte) {
    case kEscape:
        escape_ = Escape::Started;
        break;
    case control('A'):
        return move_to(0);
    case control('E'):
        return move_to(length_);
    case control('B'):
        return move_to(before(cursor_));
    case control('F'):
        return move_to(behind(cursor_));
    case control('P'):
        return recall(age_ + 1);
    case control('N'):
        return recall(age_ == 0 ? 0 : age_ - 1);
    case control('H'):
    case kDelete:
        return erase(before(cursor_), cursor_);
    case control('D'):
        return erase(cursor_, behind(cursor_));
    case control('K'):
        return erase(cursor_, length_);
    case control('U'):
        return erase(0, cursor_);
    case control('W'):
        return erase_word();
    case control('L'):
        return clear_screen();
    case '\t':
        return complete();
    default:
        break;
    }
}

/// ESC [ 3 ~, ESC [ A, ESC O H: a number, then what ends it.
void LineEditor::feed_escape(char byte) {
    if (escape_ == Escape::Started) {
        escape_ = byte == '[' || byte == 'O' ? Escape::Bracket : Escape::None;
        parameter_ = 0;
    } else if (byte >= '0' && byte <= '9') {
        parameter_ = std::min<std::size_t>(parameter_ * 10 + static_cast<unsigned>(byte - '0'), 99);
    } else if (byte >= '@' && byte <= '~') {
        escape_ = Escape::None;
        end_sequence(byte);
    }
}

void LineEditor::end_sequence(char final_byte) {
    constexpr std::size_t kHome = 1, kDeleteKey = 3, kEnd = 4, kOtherHome = 7, kOtherEnd = 8;
    const bool is_number = final_byte == '~';
    if (final_byte == 'A') return recall(age_ + 1);
    if (final_byte == 'B') return recall(age_ == 0 ? 0 : age_ - 1);
    if (final_byte == 'C') return move_to(behind(cursor_));
    if (final_byte == 'D') return move_to(before(cursor_));
    if (final_byte == 'H' || (is_number && (parameter_ == kHome || parameter_ == kOtherHome)))
        return move_to(0);
    if (final_byte == 'F' || (is_number && (parameter_ == kEnd || parameter_ == kOtherEnd)))
        return move_to(length_);
    if (is_number && parameter_ == kDeleteKey) erase(cursor_, behind(cursor_));
}

std::size_t LineEditor::before(std::size_t place) const {
    if (place > 0) --place;
    while (place > 0 && is_continuation(text_[place]))
        --place;
    return place;
}

std::size_t LineEditor::behind(std::size_t place) const {
    if (place < length_) ++place;
    while (place < length_ && is_continuation(text_[place]))
        ++place;
    return place;
}

std::size_t LineEditor::cell_of(std::size_t place) const {
    const auto start = text_.begin();
    return prompt_.size() +
           static_cast<std::size_t>(std::count_if(start, start + static_cast<std::ptrdiff_t>(place),
                                                  [](char c) { return !is_continuation(c); }));
}

void LineEditor::insert(std::string_view text) {
    if (text.size() > kCapacity - length_) return screen_.write("\a");
    memmove(&text_[cursor_] + text.size(), &text_[cursor_], length_ - cursor_);
    std::copy(text.begin(), text.end(), &text_[cursor_]);
    length_ += text.size();
    const std::size_t place = cursor_;
    cursor_ += text.size();
    show_from(place);
}

/// Writes the line from `place` on, where the terminal's cursor is, and what was behind it is gone.
void LineEditor::show_from(std::size_t place) {
    screen_.write(line().substr(place));
    if (cursor_ < length_) move_cells(cell_of(length_), cell_of(cursor_));
}

void LineEditor::erase(std::size_t from, std::size_t to) {
    if (from == to) return screen_.write("\a");
    move_to(from);
    memmove(&text_[from], text_.data() + to, length_ - to);
    length_ -= to - from;
    screen_.write("\x1b[J");
    show_from(from);
}

void LineEditor::erase_word() {
    std::size_t start = cursor_;
    while (start > 0 && text_[start - 1] == ' ')
        --start;
    while (start > 0 && text_[start - 1] != ' ')
        --start;
    erase(start, cursor_);
}

void LineEditor::move_to(std::size_t place) {
    if (place != cursor_) move_cells(cell_of(cursor_), cell_of(place));
    cursor_ = place;
}

/// At the end of a row the terminal waits with the cursor for the next character; a blank brings it
/// to the next row.
void LineEditor::move_cells(std::size_t from, std::size_t to) {
    constexpr std::size_t kShortWay = 4;
    if (from % columns_ == 0 && cell_of(length_) == from) screen_.write(" \b");
    const std::size_t from_row = from / columns_;
    const std::size_t to_row = to / columns_;
    if (from_row == to_row && from >= to && from - to <= kShortWay)
        return screen_.write({"\b\b\b\b", from - to});
    if (to_row < from_row) write_number("\x1b[", from_row - to_row, 'A');
    if (to_row > from_row) write_number("\x1b[", to_row - from_row, 'B');
    screen_.write("\r");
    if (to % columns_ > 0) write_number("\x1b[", to % columns_, 'C');
}

void LineEditor::write_number(const char* before, std::size_t number, char after) {
    std::array<char, 16> text;
    const int length =
        snprintf(text.data(), text.size(), "%s%u%c", before, static_cast<unsigned>(number), after);
    screen_.write({text.data(), static_cast<std::size_t>(length)});
}

void LineEditor::clear_screen() {
    screen_.write("\x1b[H\x1b[J");
    screen_.write(prompt_);
    show_from(0);
}

/// Shows a line of the history in place of this one; age 0 is the line that was being typed.
void LineEditor::recall(std::size_t age) {
    if (age > history_.count() || age == age_) return screen_.write("\a");
    if (age_ == 0) {
        draft_length_ = length_;
        std::copy_n(text_.begin(), length_, draft_.begin());
    }
    age_ = age;
    if (length_ > 0) {
        move_to(0);
        length_ = 0;
        screen_.write("\x1b[J");
    }
    cursor_ = 0;
    insert(age > 0 ? history_.newest(age) : std::string_view(draft_.data(), draft_length_));
}

void LineEditor::complete() {
    const std::string_view text = screen_.complete(line().substr(0, cursor_));
    if (text.empty()) return is_second_tab_ ? list() : screen_.write("\a");
    insert(text);
}

/// The line is shown again below the list.
void LineEditor::list() {
    const std::size_t place = cursor_;
    move_to(length_);
    const bool is_listed = screen_.list(line().substr(0, place), columns_);
    if (!is_listed) {
        move_to(place);
        return screen_.write("\a");
    }
    cursor_ = place;
    screen_.write(prompt_);
    show_from(0);
}

}  // namespace quire::shell
