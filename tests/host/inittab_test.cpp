// The lines of /etc/inittab, and what of a command is handed to execve.
#include "user/inittab.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace quire {
namespace {

std::vector<std::string> words_of(const InitCommand& command) {
    std::vector<std::string> words;
    for (char* const* at = command.arguments(); *at != nullptr; ++at)
        words.emplace_back(*at);
    return words;
}

TEST(Inittab, TakesALine) {
    Inittab table;
    EXPECT_EQ(table.add_line("console::respawn:-/bin/sh"), nullptr);
    ASSERT_EQ(table.entries().size(), 1U);
    EXPECT_EQ(table.entries()[0].terminal, "console");
    EXPECT_EQ(table.entries()[0].action, InitAction::Respawn);
    EXPECT_EQ(table.entries()[0].command, "-/bin/sh");
}

TEST(Inittab, KnowsItsActionsAndKeepsTheOrder) {
    Inittab table;
    for (const char* line : {"::sysinit:a", "::wait:b", "::once:c", "::respawn:d"})
        ASSERT_EQ(table.add_line(line), nullptr) << line;
    const InitAction expected[] = {InitAction::SystemInit, InitAction::Wait, InitAction::Once,
                                   InitAction::Respawn};
    for (unsigned i = 0; i < 4; ++i)
        EXPECT_EQ(table.entries()[i].action, expected[i]);
}

TEST(Inittab, PassesOverRunLevelsBlanksAndComments) {
    Inittab table;
    for (const char* line : {"", "   \t", "# ::respawn:no", "  # nor this"})
        EXPECT_EQ(table.add_line(line), nullptr) << line;
    EXPECT_TRUE(table.entries().empty());
    EXPECT_EQ(table.add_line(" tty1 : 2345 : once :  /bin/echo a:b  "), nullptr);
    ASSERT_EQ(table.entries().size(), 1U);
    EXPECT_EQ(table.entries()[0].terminal, "tty1");
    EXPECT_EQ(table.entries()[0].command, "/bin/echo a:b");
}

TEST(Inittab, SaysWhatIsWrongAndLeavesTheLineOut) {
    Inittab table;
    const auto wrong = [&](const std::string& line) {
        const char* const why = table.add_line(line);
        EXPECT_TRUE(table.entries().empty()) << line;
        return std::string(why != nullptr ? why : "");
    };
    for (const char* line : {"x", "a:b", "a:b:once", "a:b:once:", "a:b:once:  ", "a:b:once:-"})
        EXPECT_NE(wrong(line).find("a line is"), std::string::npos) << line;
    for (const char* line : {"::askfirst:x", "::Once:x", ":::x"})
        EXPECT_NE(wrong(line).find("the action is"), std::string::npos) << line;
}

TEST(Inittab, LimitsTheLengthAndTheWordsOfACommand) {
    Inittab table;
    const std::string start = "::once:";
    EXPECT_EQ(table.add_line(start + std::string(255, 'x')), nullptr);
    EXPECT_NE(table.add_line(start + std::string(256, 'x')), nullptr);
    std::string words;
    for (unsigned i = 0; i < 16; ++i)
        words += "w ";
    EXPECT_EQ(table.add_line(start + words), nullptr);
    EXPECT_NE(table.add_line(start + words + "w"), nullptr);
    EXPECT_EQ(table.entries().size(), 2U);
}

TEST(Inittab, TakesSixteenLines) {
    Inittab table;
    for (unsigned i = 0; i < Inittab::kMostEntries; ++i)
        ASSERT_EQ(table.add_line("::once:x"), nullptr);
    EXPECT_STREQ(table.add_line("::once:x"), "there are too many lines");
    EXPECT_EQ(table.entries().size(), 16U);
}

TEST(InitCommand, SplitsIntoWords) {
    const InitCommand command("/bin/echo  one\ttwo ");
    EXPECT_STREQ(command.path(), "/bin/echo");
    EXPECT_EQ(words_of(command), (std::vector<std::string>{"/bin/echo", "one", "two"}));
}

TEST(InitCommand, TakesAsManyWordsAndBytesAsTheTable) {
    std::string words;
    for (unsigned i = 0; i < 16; ++i)
        words += i == 0 ? "w" : " w";
    EXPECT_EQ(words_of(InitCommand(words)).size(), 16U);
    EXPECT_EQ(words_of(InitCommand(std::string(255, 'x'))),
              std::vector<std::string>{std::string(255, 'x')});
    EXPECT_EQ(words_of(InitCommand("-" + std::string(254, 'x'))),
              std::vector<std::string>{"-" + std::string(254, 'x')});
}

TEST(InitCommand, NamesALoginShell) {
    const InitCommand command("-/bin/sh -i");
    EXPECT_STREQ(command.path(), "/bin/sh");
    EXPECT_EQ(words_of(command), (std::vector<std::string>{"-sh", "-i"}));
    EXPECT_TRUE(command.is_login());
    EXPECT_FALSE(InitCommand("/bin/sh").is_login());
    const InitCommand bare("-sh");
    EXPECT_STREQ(bare.path(), "sh");
    EXPECT_EQ(words_of(bare), std::vector<std::string>{"-sh"});
}

TEST(InitCommand, GivesToAShellWhatIsForOne) {
    const InitCommand command("echo a > /tmp/b; echo c");
    EXPECT_STREQ(command.path(), "/bin/sh");
    EXPECT_EQ(words_of(command),
              (std::vector<std::string>{"/bin/sh", "-c", "echo a > /tmp/b; echo c"}));
}

}  // namespace
}  // namespace quire
