// Streams with a buffer over a file that gives and takes in pieces, fails, or cannot seek.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "libc/stdio/stream.h"
#include "tests/host/heap_support.h"

namespace quire::test {
namespace {

using libc::Stream;

class FakeFile final : public libc::StreamFile {
  public:
    explicit FakeFile(std::string text = "") : text_(std::move(text)) {}

    long read(void* to, std::size_t count) override {
        ++calls;
        if (fails) return -1;
        const std::size_t left = place < text_.size() ? text_.size() - place : 0;
        count = std::min({count, left, piece});
        std::memcpy(to, text_.data() + place, count);
        place += count;
        return static_cast<long>(count);
    }
    long write(const void* from, std::size_t count) override {
        ++calls;
        if (fails) return -1;
        count = std::min(count, piece);
        if (text_.size() < place + count) text_.resize(place + count);
        std::memcpy(text_.data() + place, from, count);
        place += count;
        return static_cast<long>(count);
    }
    long long seek(long long offset, int whence) override {
        if (!can_seek) return -1;
        const long base = whence == 0   ? 0
                          : whence == 1 ? static_cast<long>(place)
                                        : static_cast<long>(text_.size());
        if (base + offset < 0) return -1;
        place = static_cast<std::size_t>(base + offset);
        return base + offset;
    }
    bool is_interactive() override {
        ++questions;
        return is_terminal;
    }
    [[nodiscard]] const std::string& text() const { return text_; }
    void add(const char* more) { text_ += more; }

    std::size_t place = 0;
    std::size_t piece = SIZE_MAX;  // the most that one call moves
    bool fails = false;
    bool can_seek = true;
    bool is_terminal = false;
    int calls = 0;
    int questions = 0;  // whether it is a terminal

  private:
    std::string text_;
};

// With a buffer that holds something already.
struct TestStream : Stream {
    TestStream(FakeFile& file, Buffering buffering) : Stream(file, buffering, buffer) {
        std::memset(buffer, 0xEE, sizeof buffer);
    }
    Buffer buffer;
};

TEST(Stream, GathersWhatIsWritten) {
    FakeFile file;
    TestStream stream(file, Stream::Buffering::Full);
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(stream.write("abc\n", 4), 4U);
    EXPECT_EQ(file.calls, 0);
    EXPECT_TRUE(stream.flush());
    EXPECT_EQ(file.calls, 1);
    EXPECT_EQ(file.text().size(), 400U);
}

TEST(Stream, WritesLinesAndBytesAsToldTo) {
    FakeFile file;
    TestStream lines(file, Stream::Buffering::Line);
    lines.write("half ", 5);
    EXPECT_EQ(file.text(), "");
    lines.write("a line\n", 7);
    EXPECT_EQ(file.text(), "half a line\n");
    lines.set_buffering(Stream::Buffering::None);
    lines.write("x", 1);
    EXPECT_EQ(file.text(), "half a line\nx");
}

TEST(Stream, AsksItsFileOnceHowToBuffer) {
    FakeFile terminal, other;
    terminal.is_terminal = true;
    TestStream lines(terminal, Stream::Buffering::ByFile);
    TestStream full(other, Stream::Buffering::ByFile);
    EXPECT_EQ(lines.get(), Stream::kEnd);
    EXPECT_EQ(terminal.questions, 0);  // nothing is written yet
    for (int i = 0; i < 2; ++i) {
        lines.write("a\nb", 3);
        full.write("a\nb", 3);
    }
    EXPECT_EQ(terminal.text(), "a\nba\nb");
    EXPECT_EQ(other.text(), "");
    EXPECT_EQ(terminal.questions + other.questions, 2);
    EXPECT_EQ(lines.buffering(), Stream::Buffering::Line);
    EXPECT_EQ(full.buffering(), Stream::Buffering::Full);
}

TEST(Stream, GoesOnAfterAShortWrite) {
    FakeFile file;
    file.piece = 7;
    TestStream stream(file, Stream::Buffering::Full);
    const std::string large(3000, 'y');
    stream.write("x", 1);
    EXPECT_EQ(stream.write(large.data(), large.size()), large.size());
    EXPECT_TRUE(stream.flush());
    EXPECT_EQ(file.text(), "x" + large);
}

TEST(Stream, TellsThatAWriteFailed) {
    FakeFile file;
    TestStream stream(file, Stream::Buffering::None);
    file.fails = true;
    EXPECT_EQ(stream.write("x", 1), 0U);
    EXPECT_TRUE(stream.has_failed());
    stream.clear();
    file.fails = false;
    EXPECT_EQ(stream.write("y", 1), 1U);
    EXPECT_FALSE(stream.has_failed());
    EXPECT_EQ(file.text(), "y");  // what failed is not tried again
}

TEST(Stream, ReadsInPiecesUpToTheEnd) {
    FakeFile file("0123456789");
    file.piece = 3;
    TestStream stream(file, Stream::Buffering::Full);
    char text[16] = {};
    EXPECT_EQ(stream.read(text, 4), 4U);
    EXPECT_EQ(stream.get(), '4');
    EXPECT_FALSE(stream.at_end());
    EXPECT_EQ(stream.read(text, 16), 5U);
    EXPECT_TRUE(stream.at_end());
    EXPECT_EQ(stream.get(), Stream::kEnd);
    EXPECT_FALSE(stream.has_failed());
}

TEST(Stream, TakesTheEndForTheEnd) {
    FakeFile file("a");
    TestStream stream(file, Stream::Buffering::Full);
    EXPECT_EQ(stream.get(), 'a');
    EXPECT_EQ(stream.get(), Stream::kEnd);
    file.add("bc");
    EXPECT_EQ(stream.get(), Stream::kEnd);  // a ^D typed once
    stream.clear();
    EXPECT_EQ(stream.get(), 'b');
}

TEST(Stream, WritesWithoutGivingBackWhatItReadAhead) {
    FakeFile file("0123456789");
    TestStream stream(file, Stream::Buffering::Full);
    EXPECT_EQ(stream.get(), '0');
    file.can_seek = false;
    EXPECT_TRUE(stream.flush_output());
    EXPECT_EQ(stream.get(), '1');
    TestStream other(file, Stream::Buffering::Full);
    other.write("X", 1);
    EXPECT_TRUE(other.flush_output());
    EXPECT_EQ(file.text(), "0123456789X");
}

TEST(Stream, TellsThatAReadFailed) {
    FakeFile file("text");
    file.fails = true;
    TestStream stream(file, Stream::Buffering::Full);
    EXPECT_EQ(stream.get(), Stream::kEnd);
    EXPECT_TRUE(stream.has_failed());
    EXPECT_FALSE(stream.at_end());
}

TEST(Stream, PutsBytesBack) {
    FakeFile file("ab");
    TestStream stream(file, Stream::Buffering::Full);
    EXPECT_EQ(stream.unget('x'), 'x');
    EXPECT_EQ(stream.get(), 'x');
    EXPECT_EQ(stream.get(), 'a');
    EXPECT_EQ(stream.get(), 'b');
    EXPECT_EQ(stream.get(), Stream::kEnd);
    EXPECT_EQ(stream.unget('b'), 'b');
    EXPECT_FALSE(stream.at_end());
    EXPECT_EQ(stream.get(), 'b');
    EXPECT_EQ(stream.unget(Stream::kEnd), Stream::kEnd);
    int room = 0;
    while (stream.unget('y') == 'y')
        ++room;
    EXPECT_GE(room, 1);
    EXPECT_LT(room, 100);
}

TEST(Stream, GivesBackWhatItReadAheadBeforeItWrites) {
    FakeFile file("0123456789");
    TestStream stream(file, Stream::Buffering::Full);
    EXPECT_EQ(stream.get(), '0');
    EXPECT_EQ(stream.write("X", 1), 1U);
    EXPECT_EQ(stream.get(), '2');
    EXPECT_EQ(file.text(), "0X23456789");
}

TEST(Stream, KnowsWhereItIs) {
    FakeFile file("0123456789");
    TestStream stream(file, Stream::Buffering::Full);
    EXPECT_EQ(stream.tell(), 0);
    stream.get();
    stream.get();
    EXPECT_EQ(stream.tell(), 2);
    EXPECT_TRUE(stream.seek(3, 1));
    EXPECT_EQ(stream.get(), '5');
    stream.unget('5');
    EXPECT_EQ(stream.tell(), 5);
    EXPECT_TRUE(stream.seek(0, 2));
    stream.write("ab", 2);
    EXPECT_EQ(stream.tell(), 12);
    EXPECT_FALSE(stream.seek(-100, 0));
    file.can_seek = false;
    EXPECT_EQ(stream.tell(), -1);
}

TEST(Stream, KeepsWhatItReadAheadOfAPipe) {
    FakeFile file("0123456789");
    file.can_seek = false;
    TestStream stream(file, Stream::Buffering::Full);
    EXPECT_EQ(stream.get(), '0');
    EXPECT_FALSE(stream.flush());
    EXPECT_EQ(stream.write("X", 1), 0U);
    EXPECT_TRUE(stream.has_failed());
    EXPECT_EQ(stream.get(), '1');
}

// Against a plain text and a place in it.
TEST(Stream, AgreesWithAText) {
    TestRandom random(test_seed(5));
    FakeFile file(std::string(5000, 'z'));
    TestStream stream(file, Stream::Buffering::Full);
    std::string text(5000, 'z');
    std::size_t place = 0;
    for (int step = 0; step < 20000; ++step) {
        file.piece = 1 + random.below(2000);
        char bytes[300];
        const std::size_t count = 1 + random.below(random.below(4) == 0 ? 300 : 20);
        switch (random.below(4)) {
        case 0:
            for (std::size_t i = 0; i < count; ++i)
                bytes[i] = static_cast<char>('a' + random.below(26));
            if (place + count > text.size()) continue;
            ASSERT_EQ(stream.write(bytes, count), count);
            text.replace(place, count, bytes, count);
            place += count;
            break;
        case 1:
        case 2: {
            const std::size_t expected = std::min(count, text.size() - place);
            ASSERT_EQ(stream.read(bytes, count), expected);
            ASSERT_EQ(std::string(bytes, expected), text.substr(place, expected));
            place += expected;
            break;
        }
        default:
            if (random.below(4) != 0) continue;
            place = random.below(text.size() + 1);
            ASSERT_TRUE(stream.seek(static_cast<long>(place), 0));
        }
        ASSERT_EQ(stream.tell(), static_cast<long>(place));
    }
    ASSERT_TRUE(stream.flush());
    EXPECT_EQ(file.text(), text);
}

}  // namespace
}  // namespace quire::test
