// kernel/line_editor: what the screen shows and where its cursor stands, after any keys.
//
// A small screen interprets the editor's output and fails on everything a simple terminal need
// not know. A naive model of the line, in std::string, says what each key must do.
#include "kernel/line_editor.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

namespace quire::kernel {

std::ostream& operator<<(std::ostream& out, LineEvent event) {
    return out << "event " << static_cast<int>(event);
}

namespace {

// A terminal of a few rows. It throws at what the editor must not send: unknown sequences, a
// character in the last column, a cursor that would leave the row.
class Screen {
  public:
    explicit Screen(std::size_t columns) : columns_(columns), rows_{std::string(columns, ' ')} {}

    void write(std::string_view text) {
        ASSERT_FALSE(text.empty()) << "an empty write";
        for (const char character : text)
            put(character);
    }

    [[nodiscard]] std::size_t column() const { return column_; }
    [[nodiscard]] std::size_t bells() const { return bells_; }
    /// The row of the cursor (or `above` it) without the blanks at its end.
    [[nodiscard]] std::string row(std::size_t above = 0) const {
        const std::string& all = rows_[rows_.size() - 1 - above];
        return all.substr(0, all.find_last_not_of(' ') + 1);
    }
    [[nodiscard]] std::size_t row_count() const { return rows_.size(); }

  private:
    static void require(bool condition, const std::string& what) {
        if (!condition) throw std::logic_error("the screen was sent " + what);
    }

    void put(char character) {
        if (!sequence_.empty()) {
            sequence_ += character;
            if (sequence_.size() > 2 && character >= '@' && character <= '~') run_sequence();
            return;
        }
        switch (character) {
        case '\x1b':
            sequence_ = character;
            break;
        case '\a':
            ++bells_;
            break;
        case '\r':
            column_ = 0;
            break;
        case '\n':
            rows_.emplace_back(columns_, ' ');
            break;
        case '\b':
            require(column_ > 0, "a backspace at the left edge");
            --column_;
            break;
        default:
            require(character >= ' ' && character <= '~', "an unprintable character");
            require(column_ + 1 < columns_, "a character for the last column");
            rows_.back()[column_++] = character;
        }
    }

    void run_sequence() {
        const std::string sequence = std::exchange(sequence_, "").substr(1);
        if (sequence == "[K") {
            std::fill(rows_.back().begin() + static_cast<std::ptrdiff_t>(column_),
                      rows_.back().end(), ' ');
        } else if (sequence == "[2J") {
            rows_.assign(1, std::string(columns_, ' '));
        } else if (sequence == "[H") {
            column_ = 0;  // the row does not matter: [2J follows
        } else {
            require(sequence.size() > 2 && (sequence.back() == 'C' || sequence.back() == 'D'),
                    "ESC " + sequence);
            const auto distance = std::stoul(sequence.substr(1));
            require(distance > 0, "a move by nothing");
            const bool fits =
                sequence.back() == 'C' ? column_ + distance < columns_ : distance <= column_;
            require(fits, "a move off the row: ESC " + sequence);
            column_ = sequence.back() == 'C' ? column_ + distance : column_ - distance;
        }
    }

    std::size_t columns_;
    std::vector<std::string> rows_;
    std::size_t column_ = 0;
    std::size_t bells_ = 0;
    std::string sequence_;
};

constexpr std::string_view kPrompt = "quire> ";

// An editor at a screen, with a list of words to complete.
struct Terminal {
    explicit Terminal(std::size_t columns_wanted = 80)
        : columns(columns_wanted), screen(columns), editor({this, write, complete}, columns) {
        editor.begin(kPrompt);
    }

    static void write(void* context, std::string_view text) {
        auto& terminal = *static_cast<Terminal*>(context);
        terminal.bytes_sent += text.size();
        terminal.screen.write(text);
    }
    // Completes the word "he" to "help ", and tells what it was asked.
    static std::string_view complete(void* context, std::string_view before_cursor) {
        static_cast<Terminal*>(context)->asked = before_cursor;
        return before_cursor == "he" ? "l\x01p " : "";
    }

    // Types all keys; the event is that of the last one, and no other may end the line.
    LineEvent type(std::string_view keys) {
        LineEvent event = LineEvent::None;
        for (const char key : keys) {
            EXPECT_EQ(event, LineEvent::None);
            event = editor.feed(key);
            if (event == LineEvent::None) check_display();
        }
        return event;
    }

    // The row is the prompt and that part of the line in which the cursor is.
    void check_display() {
        editor.check_invariants();
        const std::size_t width = columns - LineEditor::kFreeColumns - kPrompt.size();
        if (screen.column() < kPrompt.size()) throw std::logic_error("cursor in the prompt");
        const std::size_t place = screen.column() - kPrompt.size();
        if (place > editor.cursor()) throw std::logic_error("cursor too far right");
        const std::size_t left = editor.cursor() - place;
        std::string row = std::string(kPrompt) + std::string(editor.line().substr(left, width));
        row.erase(row.find_last_not_of(' ') + 1);
        if (row != screen.row()) throw std::logic_error("row '" + screen.row() + "', not '" + row);
        if (editor.line().size() <= width && left != 0) throw std::logic_error("scrolled in vain");
    }

    std::size_t columns;
    Screen screen;
    LineEditor editor;
    std::string asked;
    std::size_t bytes_sent = 0;
};

TEST(LineEditor, EchoesAndDeliversALine) {
    Terminal terminal;
    EXPECT_EQ(terminal.screen.row(), "quire>");
    EXPECT_EQ(terminal.screen.column(), 7U);
    EXPECT_EQ(terminal.type("mem 5~"), LineEvent::None);
    EXPECT_EQ(terminal.screen.row(), "quire> mem 5~");
    EXPECT_EQ(terminal.type("\r"), LineEvent::Line);
    EXPECT_EQ(terminal.editor.line(), "mem 5~");
    EXPECT_EQ(terminal.screen.row(1), "quire> mem 5~");
    EXPECT_EQ(terminal.screen.column(), 0U);
}

// A terminal may send \r, \n or both for Enter; both together are one line end.
TEST(LineEditor, TakesEitherLineEnd) {
    Terminal terminal;
    EXPECT_EQ(terminal.type("a\r"), LineEvent::Line);
    terminal.editor.begin(kPrompt);
    EXPECT_EQ(terminal.type("\nb\n"), LineEvent::Line);
    EXPECT_EQ(terminal.editor.line(), "b");
    terminal.editor.begin(kPrompt);
    EXPECT_EQ(terminal.type("\n"), LineEvent::Line);
    EXPECT_EQ(terminal.editor.line(), "");
}

TEST(LineEditor, WantsBeginAfterALine) {
    Terminal terminal;
    EXPECT_EQ(terminal.type("\r"), LineEvent::Line);
    EXPECT_DEATH((void)terminal.editor.feed('a'), "active_");
    EXPECT_DEATH(terminal.editor.redraw(), "active_");
}

struct KeyCase {
    const char* keys;
    const char* line;
    std::size_t cursor;
};

TEST(LineEditor, UnderstandsEveryKey) {
    const std::vector<KeyCase> cases = {
        {"abc\x7f", "ab", 2},
        {"abc\b\b\b\b", "", 0},
        {"abc\x01x", "xabc", 1},
        {"abc\x01\x05x", "abcx", 4},
        {"abc\x02x", "abxc", 3},
        {"abc\x02\x02\x02\x02x", "xabc", 1},
        {"abc\x01\x06x", "axbc", 2},
        {"abc\x06x", "abcx", 4},
        {"abc\x02\x02\x04", "ac", 1},
        {"abc\x04", "abc", 3},
        {"abcd\x02\x02\x0b", "ab", 2},
        {"abcd\x02\x02\x15", "cd", 0},
        {"one two  \x17", "one ", 4},
        {"one two\x17\x17\x17", "", 0},
        {"one two\x02\x17", "one o", 4},
        {"abc\x1b[D\x1b[Dx", "axbc", 2},
        {"abc\x1b[D\x1b[Cx", "abcx", 4},
        {"abc\x1b[Hx\x1b[Fy", "xabcy", 5},
        {"abc\x1bOHx\x1bOFy", "xabcy", 5},
        {"abc\x1bODx\x1bOCy", "abxcy", 5},
        {"abc\x1b[1~x\x1b[4~y", "xabcy", 5},
        {"abc\x1b[7~x\x1b[8~y", "xabcy", 5},
        {"abc\x1b[1~\x1b[3~", "bc", 0},
        {"abc\x1b[3~", "abc", 3},
        {"ab\x1b[[Ac\x1b[[Ed", "abcd", 4},
        {"abc\x1b[1;5Dx", "abxc", 3},
        {"abc\x1b[5~\x1b[15~\x1b[200~\x1b[3;5R\x1b[?1~\x1b[99999999999~x", "abcx", 4},
        {"abc\x1bOPx\x1b(Bx\x1bzx", "abcxxx", 6},
        {"abc\x1b\x1b[Dx", "abxc", 3},
        {"abc\x1b[\x01x", "xabc", 1},
        {"abc\x1b[1\xC3x", "abcx", 4},
        {"\xC3\xA4 \x0e\x10\x13\x1dx", " x", 2},
    };
    for (const KeyCase& test : cases) {
        Terminal terminal;
        EXPECT_EQ(terminal.type(test.keys), LineEvent::None) << test.keys;
        EXPECT_EQ(terminal.editor.line(), test.line) << test.keys;
        EXPECT_EQ(terminal.editor.cursor(), test.cursor) << test.keys;
    }
}

TEST(LineEditor, CancelsWithControlC) {
    Terminal terminal;
    EXPECT_EQ(terminal.type("abc\x01\x03"), LineEvent::Cancelled);
    EXPECT_EQ(terminal.editor.line(), "abc");
    EXPECT_EQ(terminal.screen.row(1), "quire> abc^C");
    terminal.editor.begin(kPrompt);
    terminal.check_display();
    EXPECT_EQ(terminal.type("\x10"), LineEvent::None);
    EXPECT_EQ(terminal.editor.line(), "") << "a cancelled line is not remembered";
}

TEST(LineEditor, EndsTheInputWithControlDOnAnEmptyLine) {
    Terminal terminal;
    EXPECT_EQ(terminal.type("a\x04\x7f"), LineEvent::None);
    EXPECT_EQ(terminal.type("\x04"), LineEvent::EndOfInput);
}

TEST(LineEditor, CompletesAtTheCursor) {
    Terminal terminal;
    EXPECT_EQ(terminal.type("hex\x02\t"), LineEvent::None);
    EXPECT_EQ(terminal.asked, "he");
    EXPECT_EQ(terminal.editor.line(), "help x");
    EXPECT_EQ(terminal.editor.cursor(), 5U);
    EXPECT_EQ(terminal.screen.bells(), 0U);
    EXPECT_EQ(terminal.type("\t"), LineEvent::None);
    EXPECT_EQ(terminal.asked, "help ");
    EXPECT_EQ(terminal.screen.bells(), 1U);
    EXPECT_EQ(terminal.editor.line(), "help x");
}

TEST(LineEditor, RingsTheBellWhenTheLineIsFull) {
    Terminal terminal;
    EXPECT_EQ(terminal.type(std::string(LineEditor::kCapacity - 2, 'h')), LineEvent::None);
    EXPECT_EQ(terminal.screen.bells(), 0U);
    EXPECT_EQ(terminal.type("abc"), LineEvent::None);
    EXPECT_EQ(terminal.screen.bells(), 1U);
    EXPECT_EQ(terminal.editor.line(), std::string(LineEditor::kCapacity - 2, 'h') + "ab");
    EXPECT_EQ(terminal.type("\x01x\r"), LineEvent::Line);
    EXPECT_EQ(terminal.editor.line().size(), LineEditor::kCapacity);
}

TEST(LineEditor, ClearsTheScreenWithControlL) {
    Terminal terminal;
    EXPECT_EQ(terminal.type("a\r"), LineEvent::Line);
    terminal.editor.begin(kPrompt);
    EXPECT_EQ(terminal.type("mem\x02\x0c"), LineEvent::None);
    EXPECT_EQ(terminal.screen.row_count(), 1U);
    EXPECT_EQ(terminal.screen.row(), "quire> mem");
}

// After a log line came between, redraw() starts from whatever is in the row.
TEST(LineEditor, RedrawsAfterOtherOutput) {
    Terminal terminal;
    EXPECT_EQ(terminal.type("mem\x02"), LineEvent::None);
    terminal.screen.write("\r[pit] a line of the log");
    terminal.editor.redraw();
    terminal.check_display();
    EXPECT_EQ(terminal.screen.row(), "quire> mem");
}

TEST(LineEditor, WalksTheHistoryAndKeepsTheUnfinishedLine) {
    Terminal terminal;
    for (const char* line : {"one\r", "two\r", "two\r", "\r", "three\r"}) {
        EXPECT_EQ(terminal.type(line), LineEvent::Line);
        terminal.editor.begin(kPrompt);
    }
    std::vector<std::string> seen;
    const auto see = [&](const char* key) {
        EXPECT_EQ(terminal.type(key), LineEvent::None);
        seen.emplace_back(terminal.editor.line());
    };
    EXPECT_EQ(terminal.type("unfinished"), LineEvent::None);
    for (int i = 0; i < 4; ++i)
        see("\x1b[A");
    for (int i = 0; i < 4; ++i)
        see("\x1bOB");
    EXPECT_EQ(seen, (std::vector<std::string>{"three", "two", "one", "one", "two", "three",
                                              "unfinished", "unfinished"}));
    EXPECT_EQ(terminal.editor.cursor(), 10U);
}

TEST(LineEditor, ForgetsTheOldestOfTheHistory) {
    Terminal terminal;
    const std::size_t lines = LineEditor::kHistoryLines + 3;
    for (std::size_t i = 0; i < lines; ++i) {
        EXPECT_EQ(terminal.type(std::to_string(i) + "\r"), LineEvent::Line);
        terminal.editor.begin(kPrompt);
    }
    for (std::size_t i = 0; i < lines; ++i)
        EXPECT_EQ(terminal.type("\x10"), LineEvent::None);
    EXPECT_EQ(terminal.editor.line(), "3");
}

// What a key costs on a serial line: the character itself, and not the row again.
TEST(LineEditor, SendsLittle) {
    Terminal terminal;
    terminal.bytes_sent = 0;
    EXPECT_EQ(terminal.type("echo"), LineEvent::None);
    EXPECT_EQ(terminal.bytes_sent, 4U);
    EXPECT_EQ(terminal.type("\x1b[D\x1b[D"), LineEvent::None);
    EXPECT_EQ(terminal.bytes_sent, 6U);
    EXPECT_EQ(terminal.type("\x7f"), LineEvent::None);  // \b, "ho", ESC [ K, \b \b
    EXPECT_EQ(terminal.bytes_sent, 14U);
}

TEST(LineEditor, RefusesAPromptThatFillsTheRow) {
    Terminal terminal(20);
    terminal.editor.begin("123456789");
    EXPECT_DEATH(terminal.editor.begin("1234567890"), "prompt.size");
}

// The naive model: the same keys on std::string.
struct Model {
    std::string line;
    std::size_t cursor = 0;
    std::deque<std::string> history;  // newest first
    std::size_t age = 0;
    std::string unfinished;

    void begin() {
        line.clear();
        cursor = age = 0;
    }
    void browse(std::size_t to) {
        if (age == 0) unfinished = line;
        age = to;
        line = age == 0 ? unfinished : history[age - 1];
        cursor = line.size();
    }
    void key(const std::string& key) {
        const std::size_t size = line.size();
        if (key.size() == 1 && key[0] >= ' ' && key[0] <= '~') {
            if (size < LineEditor::kCapacity) line.insert(cursor++, key);
        } else if (key == "\x1b[D") {
            if (cursor > 0) --cursor;
        } else if (key == "\x1b[C") {
            cursor = std::min(cursor + 1, size);
        } else if (key == "\x1b[H") {
            cursor = 0;
        } else if (key == "\x1b[F") {
            cursor = size;
        } else if (key == "\x7f") {
            if (cursor > 0) line.erase(--cursor, 1);
        } else if (key == "\x1b[3~") {
            if (cursor < size) line.erase(cursor, 1);
        } else if (key == "\x0b") {
            line.erase(cursor);
        } else if (key == "\x15") {
            line.erase(0, std::exchange(cursor, 0));
        } else if (key == "\x17") {
            const std::size_t last = line.substr(0, cursor).find_last_not_of(' ');
            const std::size_t space =
                last == std::string::npos ? last : line.find_last_of(' ', last);
            const std::size_t start = space == std::string::npos ? 0 : space + 1;
            line.erase(start, cursor - start);
            cursor = start;
        } else if (key == "\x1b[A") {
            if (age < history.size()) browse(age + 1);
        } else if (key == "\x1b[B") {
            if (age > 0) browse(age - 1);
        } else if (key == "\r") {
            if (!line.empty() && (history.empty() || history.front() != line)) {
                history.push_front(line);
                if (history.size() > LineEditor::kHistoryLines) history.pop_back();
            }
        }
    }
};

RC_GTEST_PROP(LineEditor, EditsLikeTheModel, ()) {
    const auto columns = *rc::gen::element<std::size_t>(18, 19, 40, 80, 132);
    const std::vector<std::string> rare = {"\x1b[D", "\x1b[C", "\x1b[H",  "\x1b[F",
                                           "\x7f",   "\x15",   "\x1b[3~", "\x0b",
                                           "\x17",   "\x1b[A", "\x1b[B",  "\r"};
    // Some runs type much, so that long lines and the full line are met; some mostly edit.
    const auto typing = *rc::gen::element<std::size_t>(5, 20, 200);
    Terminal terminal(columns);
    Model model;
    for (int i = 0; i < 400; ++i) {
        const bool types = *rc::gen::inRange<std::size_t>(0, typing) >= 3;
        const std::string key = types ? std::string(1, *rc::gen::element('a', 'b', ' ', '~'))
                                      : *rc::gen::elementOf(rare);
        const LineEvent event = terminal.type(key);
        model.key(key);
        RC_ASSERT(terminal.editor.line() == model.line);
        if (key == "\r") {
            RC_ASSERT(event == LineEvent::Line);
            terminal.editor.begin(kPrompt);
            terminal.check_display();
            model.begin();
        } else {
            RC_ASSERT(event == LineEvent::None);
            RC_ASSERT(terminal.editor.cursor() == model.cursor);
        }
    }
}

// Any bytes at all, broken sequences included: line and display stay sound.
RC_GTEST_PROP(LineEditor, TakesAnyBytes, ()) {
    Terminal terminal(*rc::gen::element<std::size_t>(18, 80));
    const auto bytes = *rc::gen::container<std::string>(
        1000, rc::gen::oneOf(rc::gen::inRange<char>(' ', '~'), rc::gen::arbitrary<char>(),
                             rc::gen::element('\x1b', '[', 'O', '3', '~', 'A', 'D', 'C', '\t')));
    for (const char byte : bytes) {
        const LineEvent event = terminal.type(std::string_view(&byte, 1));
        if (event == LineEvent::None) continue;
        terminal.editor.check_invariants();
        terminal.editor.begin(kPrompt);
        terminal.check_display();
    }
}

}  // namespace
}  // namespace quire::kernel
