// The terminal: what each control and escape sequence does to cells and cursor.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "drivers/terminal.h"
#include "tests/host/seed.h"

namespace quire::drivers {
namespace {

constexpr std::uint8_t kPlain = 0x07;

// A terminal over an array of exactly the screen's size: ASan sees every step beside it.
class Screen {
  public:
    Screen() : cells_(new std::uint16_t[Terminal::kCells]), terminal_(cells_.get()) {
        terminal_.reset();
        terminal_.set_reply_hook(
            [](void* context, const char* bytes, std::size_t size) {
                static_cast<Screen*>(context)->replies.append(bytes, size);
            },
            this);
    }

    Screen& operator<<(const std::string& text) {
        terminal_.write(text.data(), text.size());
        terminal_.check_invariants();
        return *this;
    }
    Screen& at(int row, int column) {
        return *this << "\033[" + std::to_string(row + 1) + ";" + std::to_string(column + 1) + "H";
    }
    /// Row r begins with the letter 'a' + r, twice, and ends with it.
    Screen& lettered() {
        for (int row = 0; row < 25; ++row) {
            const std::string letter(1, static_cast<char>('a' + row));
            at(row, 0) << letter + letter;
            at(row, 79) << letter;
        }
        return at(0, 0);
    }

    [[nodiscard]] std::string row(int number) const {
        std::string text;
        for (int column = 0; column < 80; ++column) {
            text.push_back(static_cast<char>(cell(number, column) & 0xFF));
        }
        text.erase(text.find_last_not_of(' ') + 1);
        return text;
    }
    /// The first letters of all rows, '.' for an empty one.
    [[nodiscard]] std::string first_column() const {
        std::string text;
        for (int number = 0; number < 25; ++number) {
            const char letter = static_cast<char>(cell(number, 0) & 0xFF);
            text.push_back(letter == ' ' ? '.' : letter);
        }
        return text;
    }
    [[nodiscard]] std::uint16_t cell(int row, int column) const {
        return cells_[static_cast<std::size_t>(row * 80 + column)];
    }
    [[nodiscard]] int attribute_at(int row, int column) const { return cell(row, column) >> 8; }
    [[nodiscard]] std::pair<int, int> cursor() const {
        return {static_cast<int>(terminal_.row()), static_cast<int>(terminal_.column())};
    }
    Terminal& terminal() { return terminal_; }

    std::string replies;

  private:
    std::unique_ptr<std::uint16_t[]> cells_;
    Terminal terminal_;
};

using Place = std::pair<int, int>;

TEST(Terminal, StartsClearAtHome) {
    Screen screen;
    EXPECT_EQ(screen.cursor(), Place(0, 0));
    for (int row = 0; row < 25; ++row)
        EXPECT_EQ(screen.row(row), "");
    EXPECT_EQ(screen.cell(24, 79), 0x0720);
}

TEST(Terminal, PrintsEveryPrintableCharacterAsItself) {
    Screen screen;
    for (int code = 0x20; code < 0x100; ++code) {
        if (code == 0x7F) continue;
        screen.at(3, 3) << std::string(1, static_cast<char>(code));
        EXPECT_EQ(screen.cell(3, 3), 0x0700 | code);
    }
}

TEST(Terminal, ObeysLineControls) {
    Screen screen;
    screen << "ab\ncd\re\b\bX\tY";
    EXPECT_EQ(screen.row(0), "ab");
    EXPECT_EQ(screen.row(1), "X cd    Y");
    EXPECT_EQ(screen.cursor(), Place(1, 9));
    screen << "\v";
    EXPECT_EQ(screen.cursor(), Place(2, 9));
}

TEST(Terminal, StopsTabsAtTheLastColumn) {
    Screen screen;
    screen << std::string(12, '\t');
    EXPECT_EQ(screen.cursor(), Place(0, 79));
}

TEST(Terminal, IgnoresBellNulAndDelete) {
    Screen screen;
    screen << std::string("a\0\a\177\016\017b", 7);
    EXPECT_EQ(screen.row(0), "ab");
}

// The last column is filled without scrolling; only the next character wraps.
TEST(Terminal, DefersTheWrapAtTheLastColumn) {
    Screen screen;
    screen << std::string(80, 'x');
    EXPECT_EQ(screen.cursor(), Place(0, 79));
    screen << "y";
    EXPECT_EQ(screen.row(1), "y");
    EXPECT_EQ(screen.cursor(), Place(1, 1));
}

TEST(Terminal, GivesOneLineForEightyCharactersAndALineEnd) {
    Screen screen;
    screen << std::string(80, 'x') + "\r\ny";
    EXPECT_EQ(screen.row(1), "y");
}

TEST(Terminal, ForgetsTheWrapWhenTheCursorMoves) {
    for (const char* move :
         {"\b\033[C", "\r\033[79C", "\033[1;80H", "\033[K", "\033[A", "\033[80G"}) {
        Screen screen;
        screen << std::string(80, 'x') + move + "y";
        EXPECT_EQ(screen.row(1), "") << move + 1;
        EXPECT_EQ(screen.cell(0, 79) & 0xFF, 'y') << move + 1;
    }
}

TEST(Terminal, FillsTheWholeScreenWithoutScrolling) {
    Screen screen;
    screen << std::string(2000, 'x');
    EXPECT_EQ(screen.row(0), std::string(80, 'x'));
    EXPECT_EQ(screen.cursor(), Place(24, 79));
    screen << "y";
    EXPECT_EQ(screen.row(24), "y");
}

TEST(Terminal, OverwritesTheLastColumnWithAutoWrapOff) {
    Screen screen;
    screen << "\033[?7l" + std::string(80, 'x') + "yz";
    EXPECT_EQ(screen.row(0), std::string(79, 'x') + "z");
    screen << "\033[?7hab";
    EXPECT_EQ(screen.row(1), "ab");
}

TEST(Terminal, ScrollsAtTheBottom) {
    Screen screen;
    screen.lettered().at(24, 0) << "\n";
    EXPECT_EQ(screen.first_column(), "bcdefghijklmnopqrstuvwxy.");
    EXPECT_EQ(screen.cell(0, 79) & 0xFF, 'b');
}

TEST(Terminal, MovesTheCursor) {
    Screen screen;
    const std::vector<std::pair<const char*, Place>> moves = {
        {"\033[A", {9, 20}},
        {"\033[3A", {7, 20}},
        {"\033[0A", {9, 20}},
        {"\033[99A", {0, 20}},
        {"\033[B", {11, 20}},
        {"\033[99B", {24, 20}},
        {"\033[C", {10, 21}},
        {"\033[99C", {10, 79}},
        {"\033[D", {10, 19}},
        {"\033[99D", {10, 0}},
        {"\033[E", {11, 0}},
        {"\033[2E", {12, 0}},
        {"\033[F", {9, 0}},
        {"\033[2F", {8, 0}},
        {"\033[G", {10, 0}},
        {"\033[5G", {10, 4}},
        {"\033[999G", {10, 79}},
        {"\033[H", {0, 0}},
        {"\033[5H", {4, 0}},
        {"\033[;7H", {0, 6}},
        {"\033[5;7H", {4, 6}},
        {"\033[99;99f", {24, 79}},
        {"\033[3d", {2, 20}},
        {"\033[999d", {24, 20}},
        {"\033[5`", {10, 4}},
        {"\033[2a", {10, 22}},
        {"\033[2e", {12, 20}},
        {"\033D", {11, 20}},
        {"\033E", {11, 0}},
        {"\033M", {9, 20}},
        {"\033[99999999999B", {24, 20}},
    };
    for (const auto& [sequence, place] : moves) {
        screen.at(10, 20) << sequence;
        EXPECT_EQ(screen.cursor(), place) << sequence + 1;
    }
}

TEST(Terminal, ErasesTheDisplay) {
    Screen screen;
    screen.lettered().at(12, 1) << "\033[J";
    EXPECT_EQ(screen.first_column(), "abcdefghijklm............");
    EXPECT_EQ(screen.row(12), "m");
    screen.lettered().at(12, 0) << "\033[1J";
    EXPECT_EQ(screen.first_column(),
              "............."
              "nopqrstuvwxy");
    EXPECT_EQ(screen.cell(12, 1) & 0xFF, 'm');
    EXPECT_EQ(screen.cursor(), Place(12, 0));
    screen.lettered() << "\033[2J";
    EXPECT_EQ(screen.first_column(), std::string(25, '.'));
    screen.lettered() << "\033[3J";
    EXPECT_EQ(screen.first_column(), std::string(25, '.'));
}

TEST(Terminal, ErasesInTheLine) {
    Screen screen;
    screen << "abcdef\r\033[2C\033[K";
    EXPECT_EQ(screen.row(0), "ab");
    screen << "\rabcdef\r\033[2C\033[1K";
    EXPECT_EQ(screen.row(0), "   def");
    screen << "\033[2K";
    EXPECT_EQ(screen.row(0), "");
    EXPECT_EQ(screen.cursor(), Place(0, 2));
}

TEST(Terminal, ErasesAndShiftsCharacters) {
    Screen screen;
    screen.at(0, 79) << "e";
    screen.at(0, 0) << "abcdef";
    screen.at(0, 2) << "\033[2X";
    EXPECT_EQ(screen.row(0).substr(0, 6), "ab  ef");
    screen << "\033[2P";
    EXPECT_EQ(screen.row(0), "abef" + std::string(73, ' ') + "e");
    screen << "\033[@";
    EXPECT_EQ(screen.row(0), "ab ef" + std::string(73, ' ') + "e");
    screen << "\033[2@";
    EXPECT_EQ(screen.row(0), "ab   ef");
    screen << "\033[999@";
    EXPECT_EQ(screen.row(0), "ab");
    screen << "cd\033[3G\033[999P";
    EXPECT_EQ(screen.row(0), "ab");
    screen << "cd\033[3G\033[999X";
    EXPECT_EQ(screen.row(0), "ab");
    EXPECT_EQ(screen.row(1), "");
}

TEST(Terminal, InsertsAndDeletesLines) {
    Screen screen;
    screen.lettered().at(2, 5) << "\033[2L";
    EXPECT_EQ(screen.first_column(), "ab..cdefghijklmnopqrstuvw");
    screen << "\033[3M";
    EXPECT_EQ(screen.first_column(), "abdefghijklmnopqrstuvw...");
    screen << "\033[999M";
    EXPECT_EQ(screen.first_column(), "ab.......................");
    screen.lettered() << "\033[999L";
    EXPECT_EQ(screen.first_column(), std::string(25, '.'));
}

TEST(Terminal, ScrollsOnlyTheRegion) {
    Screen screen;
    screen.lettered() << "\033[3;6r";
    EXPECT_EQ(screen.cursor(), Place(0, 0));
    screen.at(5, 0) << "\n";
    EXPECT_EQ(screen.first_column(), "abdef.ghijklmnopqrstuvwxy");
    EXPECT_EQ(screen.cursor(), Place(5, 0));
    screen.at(2, 0) << "\033M";
    EXPECT_EQ(screen.first_column(), "ab.defghijklmnopqrstuvwxy");
    screen.at(3, 0) << "\033[M";
    EXPECT_EQ(screen.first_column(), "ab.ef.ghijklmnopqrstuvwxy");
    screen.at(2, 0) << "\033[L";
    EXPECT_EQ(screen.first_column(), "ab..efghijklmnopqrstuvwxy");
    // Outside the region nothing moves.
    screen.at(24, 0) << "\n";
    screen.at(0, 0) << "\033M";
    screen.at(10, 0) << "\033[L\033[M";
    EXPECT_EQ(screen.first_column(), "ab..efghijklmnopqrstuvwxy");
    EXPECT_EQ(screen.cursor(), Place(10, 0));
    screen.at(24, 0) << "\033[r";
    screen.at(24, 0) << "\n";
    EXPECT_EQ(screen.first_column(), "b..efghijklmnopqrstuvwxy.");
}

TEST(Terminal, KeepsTheCursorInsideTheRegionWhenMovingByLines) {
    Screen screen;
    screen << "\033[3;6r";
    screen.at(4, 0) << "\033[99B";
    EXPECT_EQ(screen.cursor(), Place(5, 0));
    screen << "\033[99A";
    EXPECT_EQ(screen.cursor(), Place(2, 0));
    screen.at(10, 0) << "\033[99A";
    EXPECT_EQ(screen.cursor(), Place(2, 0));
    screen.at(1, 0) << "\033[99A";
    EXPECT_EQ(screen.cursor(), Place(0, 0));
}

TEST(Terminal, RefusesARegionOfOneLine) {
    Screen screen;
    screen.lettered() << "\033[5;5r\033[9;3r\033[99;99r";
    screen.at(24, 0) << "\n";
    EXPECT_EQ(screen.first_column(), "bcdefghijklmnopqrstuvwxy.");
}

TEST(Terminal, SetsColoursAndEmphasis) {
    const std::vector<std::pair<const char*, int>> cases = {
        {"\033[m", 0x07},
        {"\033[0m", 0x07},
        {"\033[1m", 0x0F},
        {"\033[4m", 0x03},
        {"\033[7m", 0x70},
        {"\033[31m", 0x04},
        {"\033[34m", 0x01},
        {"\033[33m", 0x06},
        {"\033[1;32m", 0x0A},
        {"\033[44m", 0x17},
        {"\033[41;37m", 0x47},
        {"\033[1;31;7m", 0xC0},
        {"\033[1;22m", 0x07},
        {"\033[4;24m", 0x07},
        {"\033[7;27m", 0x07},
        {"\033[31;39m", 0x07},
        {"\033[41;49m", 0x07},
        {"\033[31;0m", 0x07},
        {"\033[31;m", 0x07},
        {"\033[90m", 0x08},
        {"\033[91m", 0x0C},
        {"\033[97m", 0x0F},
        {"\033[100m", 0x87},
        {"\033[104m", 0x97},
        {"\033[38;5;9m", 0x0C},
        {"\033[48;5;4m", 0x17},
        {"\033[38;5;200;1m", 0x0F},
        {"\033[38;2;1;7;4m", 0x07},
        {"\033[48;2;1;7;31;32m", 0x02},
        {"\033[2;5;58m", 0x07},
    };
    for (const auto& [sequence, attribute] : cases) {
        Screen screen;
        screen << std::string(sequence) + "x";
        EXPECT_EQ(screen.attribute_at(0, 0), attribute) << sequence + 1;
    }
}

// Linux erases with the current colours but without reverse or bold.
TEST(Terminal, ErasesWithTheCurrentBackground) {
    Screen screen;
    screen << "\033[1;7;44m\033[2J";
    EXPECT_EQ(screen.cell(5, 5), 0x1720);
    screen.at(24, 0) << "\n";
    EXPECT_EQ(screen.cell(24, 5), 0x1720);
}

TEST(Terminal, SavesAndRestoresCursorAndStyle) {
    for (const auto& [save, restore] :
         {std::pair("\0337", "\0338"), std::pair("\033[s", "\033[u")}) {
        Screen screen;
        screen.at(4, 5) << "\033[31m";
        screen << save;
        screen << "\033[0m\033[H";
        screen << restore;
        screen << "x";
        EXPECT_EQ(screen.cell(4, 5), 0x0400 | 'x');
    }
}

TEST(Terminal, ResetsCompletely) {
    Screen screen;
    screen.lettered() << "\033[31m\033[3;6r\033[?25l\033[?7l\033c";
    EXPECT_EQ(screen.first_column(), std::string(25, '.'));
    EXPECT_EQ(screen.cursor(), Place(0, 0));
    EXPECT_EQ(screen.terminal().attribute(), kPlain);
    EXPECT_TRUE(screen.terminal().cursor_visible());
    screen << std::string(81, 'x');
    EXPECT_EQ(screen.row(1), "x");
}

TEST(Terminal, HidesAndShowsTheCursor) {
    Screen screen;
    screen << "\033[?25l";
    EXPECT_FALSE(screen.terminal().cursor_visible());
    screen << "\033[?1;25h";
    EXPECT_TRUE(screen.terminal().cursor_visible());
}

TEST(Terminal, AnswersQuestions) {
    Screen screen;
    screen.at(11, 4) << "\033[6n\033[5n\033[c\033Z";
    screen << "\033[999;999H\033[6n";
    EXPECT_EQ(screen.replies, "\033[12;5R\033[0n\033[?6c\033[?6c\033[25;80R");
    EXPECT_EQ(screen.row(11), "");
}

TEST(Terminal, AnswersNobodyWithoutAHook) {
    Screen screen;
    screen.terminal().set_reply_hook(nullptr, nullptr);
    screen << "\033[6n";
    EXPECT_EQ(screen.replies, "");
}

// What we do not know, or what is broken, leaves nothing on the screen.
TEST(Terminal, SwallowsUnknownSequences) {
    for (const char* sequence : {"\033[?1049h",
                                 "\033[>0c",
                                 "\033[=5h",
                                 "\033[?2004l",
                                 "\033(B",
                                 "\033)0",
                                 "\033#8",
                                 "\033%G",
                                 "\033=",
                                 "\033>",
                                 "\033]0;title\a",
                                 "\033]0;title\033\\",
                                 "\033P1$r0m\033\\",
                                 "\033_app\033\\",
                                 "\033^pm\033\\",
                                 "\033Xsos\033\\",
                                 "\033[5;6;7y",
                                 "\033[!p",
                                 "\033[1 q",
                                 "\033[12\030",
                                 "\033[12\032",
                                 "\033\033[0m",
                                 "\033[1;2\033[0m",
                                 "\033[4h",
                                 "\033[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18H",
                                 "\033[1?5m",
                                 "\033H",
                                 "\033N",
                                 "\033[20t",
                                 "\033]title\033[0m"}) {
        Screen screen;
        screen.at(2, 2) << std::string(sequence) + "x";
        EXPECT_EQ(screen.row(2), "  x") << sequence + 1;
    }
}

TEST(Terminal, EndsAnUnfinishedStringAtTheLineEnd) {
    Screen screen;
    screen << "\033]rubbish\r\nprompt";
    EXPECT_EQ(screen.row(1), "prompt");
}

TEST(Terminal, ObeysControlsInsideASequence) {
    Screen screen;
    screen << "abc\033[\r1Cx";
    EXPECT_EQ(screen.row(0), "axc");
}

// Any bytes at all, biased towards sequences, never leave the screen (ASan) nor break the rules.
TEST(Terminal, SurvivesRandomBytes) {
    test::Random random(test::seed());
    const std::string common = "\033\033\033[[[[;;?0123456789ABCDEFGHJKLMPXcdfhlmnrsu@78\n\r\b\t";
    Screen screen;
    for (int round = 0; round < 3000; ++round) {
        std::string text;
        for (int count = 0; count < 60; ++count) {
            text.push_back(random.below(8) == 0 ? static_cast<char>(random.below(256))
                                                : common[random.below(common.size())]);
        }
        screen << text;
    }
    // And it still works: CAN ends whatever was going on.
    screen << "\030\033cprompt";
    EXPECT_EQ(screen.row(0), "prompt");
}

RC_GTEST_PROP(Terminal, KeepsItsInvariantsForAnySequence, ()) {
    Screen screen;
    const auto parameters = *rc::gen::arbitrary<std::vector<std::uint16_t>>();
    const auto finals = *rc::gen::container<std::string>(rc::gen::inRange<char>('@', '~'));
    for (const char final : finals) {
        std::string sequence = "\033[";
        for (const std::uint16_t parameter : parameters) {
            sequence += std::to_string(parameter % 100) + ";";
        }
        screen << sequence + final + "text"
               << "\n";
    }
}

}  // namespace
}  // namespace quire::drivers
