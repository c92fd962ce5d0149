// The three parts of the line editor: decoding keys, changing the line, and showing it.
#include "kernel/line_editor.h"

#include "kernel/base/assert.h"
#include "libc/format.h"
#include "libc/string.h"

namespace quire::kernel {

namespace {

constexpr char kEscape = '\x1b';
constexpr char kDelete = '\x7f';
constexpr std::string_view kBell = "\a";
constexpr std::string_view kEraseToEndOfRow = "\x1b[K";
constexpr std::string_view kClearScreen = "\x1b[H\x1b[2J";

// The byte that Ctrl and a letter send.
constexpr char control(char letter) {
    return static_cast<char>(letter & 0x1F);
}

constexpr bool is_printable(char byte) {
    return byte >= ' ' && byte <= '~';
}

}  // namespace

LineEditor::LineEditor(const LineCallbacks& callbacks, std::size_t columns)
    : callbacks_(callbacks), columns_(columns) {
    ASSERT(callbacks_.write != nullptr);
    ASSERT(columns_ >= kMinTextColumns + kFreeColumns && columns_ <= kMaxColumns);
}

void LineEditor::begin(std::string_view prompt) {
    ASSERT(prompt.size() + kMinTextColumns + kFreeColumns <= columns_);
    prompt_ = prompt;
    active_ = true;
    line_.length = 0;
    cursor_ = 0;
    left_ = 0;
    age_ = 0;
    escape_ = Escape::None;
    redraw();
}

// ---- Keys ----

LineEvent LineEditor::feed(char byte) {
    ASSERT(active_);
    const bool is_second_half = byte == '\n' && after_return_;
    after_return_ = byte == '\r';
    if (is_second_half) return LineEvent::None;

    LineEvent event = LineEvent::None;
    if (static_cast<unsigned char>(byte) < ' ' || byte == kDelete) {
        // A control character ends a broken sequence and counts.
        escape_ = Escape::None;
        event = feed_control(byte);
    } else if (escape_ != Escape::None) {
        feed_escape(byte);
    } else if (is_printable(byte) && !insert(byte)) {
        write(kBell);
    }
    if (active_) refresh();
    return event;
}

LineEvent LineEditor::feed_control(char byte) {
    switch (byte) {
    case '\r':
    case '\n':
        remember();
        return finish(LineEvent::Line, "\r\n");
    case control('C'):
        cursor_ = line_.length;
        return finish(LineEvent::Cancelled, "^C\r\n");
    case control('D'):
        if (line_.length == 0) return finish(LineEvent::EndOfInput, "\r\n");
        erase(cursor_, cursor_ + 1);
        break;
    case '\b':
    case kDelete:
        if (cursor_ > 0) erase(cursor_ - 1, cursor_);
        break;
    case control('A'):
        cursor_ = 0;
        break;
    case control('E'):
        cursor_ = line_.length;
        break;
    case control('B'):
        cursor_ -= cursor_ > 0 ? 1 : 0;
        break;
    case control('F'):
        cursor_ += cursor_ < line_.length ? 1 : 0;
        break;
    case control('K'):
        erase(cursor_, line_.length);
        break;
    case control('U'):
        erase(0, cursor_);
        break;
    case control('W'):
        erase_word();
        break;
    case control('P'):
        show_older();
        break;
    case control('N'):
        show_newer();
        break;
    case control('L'):
        write(kClearScreen);
        redraw();
        break;
    case '\t':
        complete();
        break;
    case kEscape:
        escape_ = Escape::Started;
        break;
    default:
        break;
    }
    return LineEvent::None;
}

// ESC letter, ESC O letter, or ESC [ parameters letter (ECMA-48 5.4). F1 to F5 send ESC [ [ letter,
// as on Linux's console.
void LineEditor::feed_escape(char byte) {
    const bool is_final = byte >= '@' && byte <= '~';
    if (escape_ == Escape::Started) {
        if (byte == '[' || byte == 'O') {
            escape_ = byte == '[' ? Escape::Bracket : Escape::LetterO;
            parameter_ = 0;
            has_parameter_end_ = false;
        } else if (byte < ' ' || byte > '/') {  // those in between announce one more byte
            escape_ = Escape::None;
        }
    } else if (escape_ == Escape::FunctionKey) {
        escape_ = Escape::None;
    } else if (escape_ == Escape::Bracket && byte == '[') {
        escape_ = Escape::FunctionKey;
    } else if (is_final) {
        end_sequence(byte);
        escape_ = Escape::None;
    } else if (byte >= '0' && byte <= '9' && !has_parameter_end_) {
        if (parameter_ < 1000)
            parameter_ = parameter_ * 10 + static_cast<std::uint32_t>(byte - '0');
    } else if (byte < ' ' || byte > '?') {
        escape_ = Escape::None;
    } else {
        has_parameter_end_ = true;
    }
}

// Cursor keys are ESC [ A or ESC O A, with or without parameters; others ESC [ number ~.
void LineEditor::end_sequence(char final_byte) {
    char key = '\0';
    switch (final_byte) {
    case 'A':
        key = control('P');
        break;
    case 'B':
        key = control('N');
        break;
    case 'C':
        key = control('F');
        break;
    case 'D':
        key = control('B');
        break;
    case 'H':
        key = control('A');
        break;
    case 'F':
        key = control('E');
        break;
    case '~':
        if (parameter_ == 1 || parameter_ == 7) key = control('A');
        if (parameter_ == 4 || parameter_ == 8) key = control('E');
        if (parameter_ == 3) erase(cursor_, cursor_ + 1);
        break;
    default:
        break;
    }
    // None of these keys ends the line, so the event is always None.
    if (key != '\0') static_cast<void>(feed_control(key));
}

LineEvent LineEditor::finish(LineEvent event, std::string_view last_words) {
    refresh();
    write(last_words);
    active_ = false;
    return event;
}

// ---- The line ----

// False, and nothing changed, when the line is full.
bool LineEditor::insert(char character) {
    if (line_.length == kCapacity) return false;
    char* place = line_.characters.data() + cursor_;
    memmove(place + 1, place, line_.length - cursor_);
    *place = character;
    ++line_.length;
    ++cursor_;
    return true;
}

// Takes out the characters from `from` up to `to`, as far as they exist; the cursor goes to `from`.
void LineEditor::erase(std::size_t from, std::size_t to) {
    if (to > line_.length) to = line_.length;
    if (from >= to) return;
    char* place = line_.characters.data();
    memmove(place + from, place + to, line_.length - to);
    line_.length -= to - from;
    cursor_ = from;
}

void LineEditor::erase_word() {
    const std::size_t end = cursor_;
    std::size_t start = end;
    while (start > 0 && line_.characters[start - 1] == ' ')
        --start;
    while (start > 0 && line_.characters[start - 1] != ' ')
        --start;
    erase(start, end);
}

void LineEditor::complete() {
    std::string_view text;
    if (callbacks_.complete != nullptr) {
        text = callbacks_.complete(callbacks_.context,
                                   std::string_view(line_.characters.data(), cursor_));
    }
    if (text.empty()) write(kBell);
    for (const char character : text) {
        if (is_printable(character) && !insert(character)) break;
    }
}

void LineEditor::show_older() {
    if (age_ == history_count_) return;
    if (age_ == 0) unfinished_ = line_;
    ++age_;
    load(history(age_));
}

void LineEditor::show_newer() {
    if (age_ == 0) return;
    --age_;
    load(age_ == 0 ? unfinished_ : history(age_));
}

void LineEditor::load(const Text& text) {
    line_ = text;
    cursor_ = line_.length;
}

// Empty lines and repetitions are not worth a place in the history.
void LineEditor::remember() {
    if (line_.length == 0) return;
    if (history_count_ > 0 && history(1).view() == line()) return;
    history_[history_next_] = line_;
    history_next_ = (history_next_ + 1) % kHistoryLines;
    if (history_count_ < kHistoryLines) ++history_count_;
}

const LineEditor::Text& LineEditor::history(std::size_t age) const {
    ASSERT(age >= 1 && age <= history_count_);
    return history_[(history_next_ + kHistoryLines - age) % kHistoryLines];
}

// ---- The display ----

std::string_view LineEditor::visible() const {
    const std::size_t rest = line_.length - left_;
    return {line_.characters.data() + left_, rest < text_columns() ? rest : text_columns()};
}

// Chooses left_ so that the cursor is visible; by half a row at a time, so that most keys at an
// edge do not redraw everything.
void LineEditor::scroll_to_cursor() {
    const std::size_t columns = text_columns();
    if (line_.length <= columns) {
        left_ = 0;
    } else if (cursor_ < left_ || cursor_ > left_ + columns) {
        left_ = cursor_ > columns / 2 ? cursor_ - columns / 2 : 0;
    }
}

void LineEditor::redraw() {
    ASSERT(active_);
    write("\r");
    write(kEraseToEndOfRow);
    write(prompt_);  // last: whoever waits for the prompt finds nothing behind it
    shown_length_ = 0;
    shown_cursor_ = 0;
    refresh();
}

void LineEditor::refresh() {
    scroll_to_cursor();
    const std::string_view wanted = visible();
    std::size_t same = 0;
    while (same < wanted.size() && same < shown_length_ && wanted[same] == shown_[same])
        ++same;

    if (same < wanted.size()) {
        move_to(same);
        write({wanted.data() + same, wanted.size() - same});
        memcpy(shown_.data() + same, wanted.data() + same, wanted.size() - same);
        shown_cursor_ = wanted.size();
    }
    if (wanted.size() < shown_length_) {
        move_to(wanted.size());
        write(kEraseToEndOfRow);
    }
    shown_length_ = wanted.size();
    move_to(cursor_ - left_);
}

// Short ways go by \b or by writing again what is there; they cost less than a sequence.
void LineEditor::move_to(std::size_t column) {
    constexpr std::size_t kShortWay = 4;
    const bool to_right = column > shown_cursor_;
    const std::size_t distance = to_right ? column - shown_cursor_ : shown_cursor_ - column;
    if (distance > kShortWay) {
        char sequence[16];
        const int length = snprintf(sequence, sizeof(sequence), "\x1b[%u%c",
                                    static_cast<unsigned>(distance), to_right ? 'C' : 'D');
        write({sequence, static_cast<std::size_t>(length)});
    } else if (to_right) {
        write({shown_.data() + shown_cursor_, distance});
    } else if (distance > 0) {
        write({"\b\b\b\b", distance});
    }
    shown_cursor_ = column;
}

void LineEditor::check_invariants() const {
    ASSERT(line_.length <= kCapacity && cursor_ <= line_.length);
    for (const char character : line())
        ASSERT(is_printable(character));
    ASSERT(age_ <= history_count_ && history_count_ <= kHistoryLines);
    ASSERT(history_next_ < kHistoryLines);
    if (!active_) return;
    ASSERT(left_ <= cursor_ && cursor_ - left_ <= text_columns());
    ASSERT(shown_cursor_ == cursor_ - left_);
    ASSERT(visible() == std::string_view(shown_.data(), shown_length_));
}

}  // namespace quire::kernel
