// kernel/command_line: words, quotes, numbers, and any text at all without harm.
#include "kernel/command_line.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace quire::kernel {

std::ostream& operator<<(std::ostream& out, const CommandLine::Word& word) {
    return out << '{' << word.key << (word.has_value ? "=" : "") << word.value << '}';
}

namespace {

using Words = std::vector<CommandLine::Word>;

Words words_of(std::string_view text) {
    Words words;
    for (const CommandLine::Word& word : CommandLine(text))
        words.push_back(word);
    return words;
}

TEST(CommandLine, SplitsWords) {
    EXPECT_EQ(words_of("quiet log=debug  mem=64M "),
              (Words{{"quiet", "", false}, {"log", "debug", true}, {"mem", "64M", true}}));
    EXPECT_EQ(words_of(""), Words{});
    EXPECT_EQ(words_of(" \t\r\n"), Words{});
    EXPECT_EQ(words_of(std::string_view("a\0b\n", 4)), (Words{{"a", "", false}, {"b", "", false}}));
}

TEST(CommandLine, TakesQuotedValuesWithSpaces) {
    EXPECT_EQ(words_of("test=\"one two\" x"), (Words{{"test", "one two", true}, {"x", "", false}}));
    EXPECT_EQ(words_of("a=\"\" b"), (Words{{"a", "", true}, {"b", "", false}}));
    EXPECT_EQ(words_of("a=\"b=c\"d"), (Words{{"a", "b=c", true}, {"d", "", false}}));
    EXPECT_EQ(words_of("a=\"open end "), (Words{{"a", "open end ", true}}));
    EXPECT_EQ(words_of("a=\""), (Words{{"a", "", true}}));
}

TEST(CommandLine, KeepsFurtherEqualSignsInTheValue) {
    EXPECT_EQ(words_of("a=b=c = =x"), (Words{{"a", "b=c", true}, {"", "", true}, {"", "x", true}}));
}

TEST(CommandLine, LetsTheLaterWordWin) {
    const CommandLine line("log=info log=debug quiet log=error");
    EXPECT_EQ(line.find("log"), "error");
    EXPECT_EQ(line.find("quiet"), "");
    EXPECT_TRUE(line.has("quiet"));
    EXPECT_FALSE(line.has("qui"));
    EXPECT_FALSE(line.has("error"));
    EXPECT_EQ(line.find("lo"), std::nullopt);
}

TEST(CommandLine, ReadsNumbers) {
    const CommandLine line("a=0 b=4294967295 c=0x1F d=64M e=3G f=0x10k g=0xFFFFFFFF h=007");
    EXPECT_EQ(line.number("a").value(), 0U);
    EXPECT_EQ(line.number("b").value(), 4294967295U);
    EXPECT_EQ(line.number("c").value(), 0x1FU);
    EXPECT_EQ(line.number("d").value(), 64U << 20);
    EXPECT_EQ(line.number("e").value(), 3U << 30);
    EXPECT_EQ(line.number("f").value(), 16U << 10);
    EXPECT_EQ(line.number("g").value(), 0xFFFFFFFFU);
    EXPECT_EQ(line.number("h").value(), 7U);
}

TEST(CommandLine, RefusesWhatIsNoNumber) {
    for (const char* text :
         {"n", "n=", "n=x", "n=12x", "n=-1", "n=+1", "n=4294967296", "n=0x100000000", "n=4G",
          "n=4096M", "n=0x", "n=0xg", "n=1KB", "n=\" 1\"", "n=M", "n=42949672951"}) {
        const auto number = CommandLine(text).number("n");
        ASSERT_FALSE(number.ok()) << text;
        EXPECT_EQ(number.error(), Error::InvalidArgument) << text;
    }
    EXPECT_EQ(CommandLine("m=1").number("n").error(), Error::NotFound);
}

// Words joined by the rules come back as they were.
RC_GTEST_PROP(CommandLine, GivesBackWhatWasJoined, ()) {
    const auto name = rc::gen::nonEmpty(
        rc::gen::container<std::string>(rc::gen::element('a', 'z', '0', '.', '-', '"')));
    const auto plain =
        rc::gen::map(rc::gen::container<std::string>(rc::gen::element('a', '=', ',', '\\', '\xFF')),
                     [](std::string text) { return text; });
    const auto quoted = rc::gen::container<std::string>(rc::gen::element('a', '=', ' ', '\t'));
    const auto count = *rc::gen::inRange(0, 8);
    std::vector<std::string> storage;
    storage.reserve(32);  // so that the views below stay
    std::string text;
    Words expected;
    for (int i = 0; i < count; ++i) {
        const std::string_view key = storage.emplace_back(*name);
        text += *rc::gen::element(" ", "\n  ", "\t");
        text += key;
        const int kind = *rc::gen::inRange(0, 3);
        if (kind == 0) {
            expected.push_back({key, "", false});
            continue;
        }
        const std::string_view value = storage.emplace_back(kind == 1 ? *plain : *quoted);
        expected.push_back({key, value, true});
        text += kind == 1 ? "=" + std::string(value) : "=\"" + std::string(value) + "\"";
    }
    RC_ASSERT(words_of(text) == expected);
}

// Any bytes: the walk ends, and every view lies inside the text (ASan watches the copy).
RC_GTEST_PROP(CommandLine, TakesAnyText, ()) {
    const auto bytes = *rc::gen::container<std::vector<char>>(
        rc::gen::oneOf(rc::gen::element('"', '=', ' ', 'a', '1'), rc::gen::arbitrary<char>()));
    const std::string_view text(bytes.data(), bytes.size());
    std::size_t total = 0;
    for (const CommandLine::Word& word : CommandLine(text)) {
        for (const std::string_view part : {word.key, word.value}) {
            total += part.size();
            if (part.empty()) continue;
            RC_ASSERT(part.data() >= bytes.data());
            RC_ASSERT(part.data() + part.size() <= bytes.data() + bytes.size());
        }
        static_cast<void>(CommandLine(text).number(word.key).ok());
    }
    RC_ASSERT(total <= bytes.size());
}

}  // namespace
}  // namespace quire::kernel
