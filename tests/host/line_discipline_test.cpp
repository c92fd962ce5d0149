// The terminal's line discipline: a test types, reads what is on the screen, and is the process
// that reads.
#include "kernel/process/line_discipline.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kernel/abi/signal.h"
#include "kernel/process/user_copy.h"
#include "tests/host/fault_machine.h"
#include "tests/host/user_copy_host.h"

namespace quire::kernel {
namespace {

using mm::PageNumber;
using mm::VirtAddr;

constexpr ProcessId kSession = 10, kGroup = 10, kOtherGroup = 20, kElsewhere = 30;

/// Everything a terminal asks for, as values to be set and looked at.
class TestHost final : public TerminalHost {
  public:
    struct Sent {
        ProcessId group;
        SignalNumber signal;
        bool operator==(const Sent&) const = default;
    };

    void put(std::span<const char> text) override { screen.append(text.data(), text.size()); }
    TerminalUser user(SignalNumber) override { return who; }
    void send_to_group(ProcessId group, SignalNumber signal) override {
        sent.push_back({group, signal});
    }
    ProcessId session_of_group(ProcessId group) override {
        return group == kGroup || group == kOtherGroup ? kSession : group == kElsewhere ? 30 : 0;
    }
    void set_controlled(bool controlled) override {
        who.is_controlled = who.has_terminal = controlled;
    }
    void release_session(ProcessId session) override { released = session; }
    std::uint64_t now() override { return time; }
    void wake_at(std::uint64_t when) override { alarm = when; }

    std::string screen;
    TerminalUser who{.group = kGroup, .session = kSession, .leads_session = true};
    std::vector<Sent> sent;
    ProcessId released = 0;
    std::uint64_t time = 1;
    std::uint64_t alarm = 0;
};

class CountingWaiter final : public fs::Waiter {
  public:
    void wake() override { ++woken; }
    int woken = 0;
};

class TerminalLines : public test::FaultMachine {
  protected:
    static constexpr PageNumber kPage{0x100};
    static constexpr VirtAddr kArgument = mm::start_of(kPage);
    static constexpr VirtAddr kNowhere{0xC0000000};

    TerminalLines() { add(kPage, 1, read_write()); }
    ~TerminalLines() override { tty.check_invariants(); }

    void type(std::string_view keys) {
        for (const char key : keys)
            tty.input(key);
    }
    /// What a read of up to `most` bytes gives; an error's name in <>.
    std::string read(std::uint32_t most = 100) {
        std::string room(most, '\0');
        fs::MemorySink sink(std::as_writable_bytes(std::span(room)));
        const auto got = tty.read(most, sink);
        if (!got.ok()) return std::string("<") + error_name(got.error()) + ">";
        return room.substr(0, got.value());
    }
    std::string write(std::string_view text) {
        fs::MemorySource source(std::as_bytes(std::span(text)));
        const auto done = tty.write(static_cast<std::uint32_t>(text.size()), source);
        return done.ok() ? shown() : std::string("<") + error_name(done.error()) + ">";
    }
    /// What came onto the screen since this was asked last.
    std::string shown() { return std::exchange(host.screen, {}); }

    std::string control(std::uint32_t request, VirtAddr argument = kArgument) {
        const auto result = tty.control(request, argument);
        return result.ok() ? "OK" : error_name(result.error());
    }
    template <typename T>
    std::string control_with(std::uint32_t request, const T& value) {
        EXPECT_TRUE(user::write(kArgument, value).ok());
        return control(request);
    }
    template <typename T>
    T answer(std::uint32_t request) {
        EXPECT_EQ(control(request), "OK");
        return user::read<T>(kArgument).value();
    }
    /// Changes settings as a program does.
    template <typename Change>
    void set(Change change) {
        auto settings = answer<abi::Termios>(abi::kTcGets);
        change(settings);
        EXPECT_EQ(control_with(abi::kTcSets, settings), "OK");
    }
    void go_raw(std::uint8_t least = 1, std::uint8_t time = 0) {
        set([&](abi::Termios& t) {
            t.local &= ~(abi::kLocalCanonical | abi::kLocalEcho);
            t.keys[abi::kKeyLeast] = least;
            t.keys[abi::kKeyTime] = time;
        });
    }
    void take_terminal() { EXPECT_EQ(control(abi::kTioTakeTerminal, VirtAddr(0)), "OK"); }

    TestHost host;
    LineDiscipline tty{host};
    test::UserCopies copies{machine};
};

TEST_F(TerminalLines, ALineIsReadWhenItIsComplete) {
    type("ab");
    EXPECT_EQ(read(), "<TryAgain>");
    EXPECT_FALSE(tty.readiness().readable);
    type("c\r");
    EXPECT_TRUE(tty.readiness().readable);
    EXPECT_EQ(shown(), "abc\r\n");
    EXPECT_EQ(read(), "abc\n");
    EXPECT_EQ(read(), "<TryAgain>");
}

TEST_F(TerminalLines, AReadTakesFromOneLine) {
    type("one\rtwo\r");
    EXPECT_EQ(read(2), "on");
    EXPECT_EQ(read(), "e\n");
    EXPECT_EQ(read(0), "");
    EXPECT_EQ(read(), "two\n");
}

TEST_F(TerminalLines, ALongLineIsReadInPieces) {
    const std::string line(1000, 'x');
    type(line + "\r");
    EXPECT_EQ(read(700), line.substr(0, 700));
    EXPECT_EQ(read(1000), line.substr(700) + "\n");
}

TEST_F(TerminalLines, WakesWhoWaits) {
    CountingWaiter waiter;
    tty.changes().add(waiter);
    type("a");
    EXPECT_EQ(waiter.woken, 0);
    type("\r");
    EXPECT_EQ(waiter.woken, 1);
    tty.changes().remove(waiter);
}

TEST_F(TerminalLines, EndOfFileAtTheStartOfALineIsAReadOfNothing) {
    type("\4");
    EXPECT_EQ(shown(), "");
    EXPECT_TRUE(tty.readiness().readable);
    EXPECT_EQ(read(), "");
    EXPECT_EQ(read(), "<TryAgain>");
}

TEST_F(TerminalLines, EndOfFileBehindSomethingEndsTheReadOnly) {
    type("ab\4cd\4");
    EXPECT_EQ(read(), "ab");
    EXPECT_EQ(read(2), "cd");  // exactly full: the mark is no end of file
    EXPECT_EQ(read(), "<TryAgain>");
}

TEST_F(TerminalLines, ErasesACharacter) {
    type(
        "ab\x7f"
        "c\x7f\x7f\x7f\x7f");
    EXPECT_EQ(shown(), "ab\b \bc\b \b\b \b");
    type("x\r");
    EXPECT_EQ(read(), "x\n");
}

TEST_F(TerminalLines, ErasesWhatTakesTwoColumnsOrMore) {
    type("\1\x7f");
    EXPECT_EQ(shown(), "^A\b \b\b \b");
    type("ab\t\x7f");
    EXPECT_EQ(shown(), "ab\t\b\b\b\b\b\b");
    type("\x15");
    write("\r12345");
    type("\t\x7f");  // the tab begins where the prompt ends
    EXPECT_EQ(shown(), "\t\b\b\b");
}

TEST_F(TerminalLines, ErasesACharacterOfSeveralBytes) {
    set([](abi::Termios& t) { t.input |= abi::kInputUtf8; });
    type("a\xC3\xA4\x7f\r");
    EXPECT_EQ(shown(), "a\xC3\xA4\b \b\r\n");
    EXPECT_EQ(read(), "a\n");
}

TEST_F(TerminalLines, ErasesAWord) {
    type("cd /bin, x_1 \x17");
    EXPECT_EQ(shown(), "cd /bin, x_1 \b \b\b \b\b \b\b \b");
    type("\x17\r");
    EXPECT_EQ(read(), "cd /\n");
}

TEST_F(TerminalLines, ErasesTheLine) {
    type("abc\x15");
    EXPECT_EQ(shown(), "abc\b \b\b \b\b \b");
    set([](abi::Termios& t) { t.local &= ~abi::kLocalEchoKillErases; });
    type("abc\x15\r");
    EXPECT_EQ(shown(), "abc^U\r\n\r\n");
    EXPECT_EQ(read(), "\n");
}

TEST_F(TerminalLines, ErasesOnlyWhatIsBeingEdited) {
    type("done\r\x7f\x15\x17");
    EXPECT_EQ(read(), "done\n");
}

TEST_F(TerminalLines, PrintsTheLineAgain) {
    type("a\1b\x12");
    EXPECT_EQ(shown(), "a^Ab^R\r\na^Ab");
}

TEST_F(TerminalLines, TakesTheNextKeyLiterally) {
    type("\x16\3\x16\4\x16\x7f\r");
    EXPECT_TRUE(host.sent.empty());
    EXPECT_EQ(shown(), "^\b^C^\b^D^\b^?\r\n");
    EXPECT_EQ(read(), "\3\4\x7f\n");
}

TEST_F(TerminalLines, KeysAreSignalsForTheForeground) {
    take_terminal();
    type("lost\3");
    EXPECT_EQ(shown(), "lost^C");
    type("\x1c\x1a");
    EXPECT_EQ(host.sent, (std::vector<TestHost::Sent>{{kGroup, abi::kSigInt},
                                                      {kGroup, abi::kSigQuit},
                                                      {kGroup, abi::kSigTerminalStop}}));
    type("kept\r");
    EXPECT_EQ(read(), "kept\n");
}

TEST_F(TerminalLines, NobodyGetsASignalWhileNobodyHasTheTerminal) {
    type("\3");
    EXPECT_TRUE(host.sent.empty());
}

TEST_F(TerminalLines, ASignalKeepsTheInputWhereThatIsWanted) {
    set([](abi::Termios& t) { t.local |= abi::kLocalNoFlush; });
    type("a\3b\r");
    EXPECT_EQ(read(), "ab\n");
}

TEST_F(TerminalLines, WithoutSignalsTheKeysAreCharacters) {
    set([](abi::Termios& t) { t.local &= ~abi::kLocalSignals; });
    type("\3\r");
    EXPECT_EQ(read(), "\3\n");
}

TEST_F(TerminalLines, OutputStopsAndGoesOn) {
    type("\x13");
    EXPECT_EQ(write("x"), "<TryAgain>");
    EXPECT_FALSE(tty.readiness().writable);
    type("\x11");
    EXPECT_EQ(write("x"), "x");
    set([](abi::Termios& t) { t.input |= abi::kInputAnyRestarts; });
    type("\x13q");
    EXPECT_EQ(write("x"), "qx");
}

TEST_F(TerminalLines, ReturnsAndNewlinesAreMapped) {
    set([](abi::Termios& t) { t.input = abi::kInputNewlineToReturn; });
    type("a\n");
    EXPECT_EQ(read(), "<TryAgain>");  // a carriage return ends no line
    set([](abi::Termios& t) { t.input = abi::kInputIgnoreReturn; });
    type("\rb\n");
    EXPECT_EQ(read(), "a\rb\n");
}

TEST_F(TerminalLines, OtherKeysEndLinesToo) {
    set([](abi::Termios& t) { t.keys[abi::kKeyEndOfLine] = ';'; });
    type("a;b\r");
    EXPECT_EQ(read(), "a;");
    EXPECT_EQ(read(), "b\n");
}

TEST_F(TerminalLines, ControlCharactersAreShownOnlyWhereWanted) {
    set([](abi::Termios& t) { t.local &= ~abi::kLocalEchoControl; });
    type("\1");
    EXPECT_EQ(shown(), "\1");
    set([](abi::Termios& t) { t.local &= ~abi::kLocalEcho; });
    type("a\r");
    EXPECT_EQ(shown(), "");
    set([](abi::Termios& t) { t.local |= abi::kLocalEchoNewline; });
    type("a\r");
    EXPECT_EQ(shown(), "\r\n");
}

TEST_F(TerminalLines, WhatDoesNotFitIsDropped) {
    type(std::string(5000, 'x') + "\r");
    std::string line;
    while (line.empty() || line.back() != '\n')
        line += read(1000);
    EXPECT_EQ(line, std::string(InputQueue::kRoom - 1, 'x') + "\n");
    set([](abi::Termios& t) { t.input |= abi::kInputBellWhenFull; });
    type(std::string(InputQueue::kRoom - 1, 'x'));
    shown();
    type("y");
    EXPECT_EQ(shown(), "\a");
    type("\r\r\r");  // the second line's end has no room any more
    for (line.clear(); line.empty() || line.back() != '\n';)
        line += read(1000);
    EXPECT_EQ(read(), "<TryAgain>");
}

// The ring's indices pass its size many times.
TEST_F(TerminalLines, GoesOnForLong) {
    for (int i = 0; i < 3000; ++i) {
        const std::string line = "line " + std::to_string(i) + "\n";
        type(line);
        ASSERT_EQ(read(), line);
    }
}

TEST_F(TerminalLines, ABadPointerTakesNothing) {
    class Refuses final : public fs::ByteSink {
        Result<void> take(std::span<const std::byte>) override { return Error::BadAddress; }
    } refuses;
    type("abc\r");
    EXPECT_EQ(tty.read(10, refuses).error(), Error::BadAddress);
    EXPECT_EQ(read(), "abc\n");
}

TEST_F(TerminalLines, KeysTypedWhileTheReaderSleepsAreSafe) {
    class Interrupts final : public fs::ByteSink {
      public:
        explicit Interrupts(LineDiscipline& terminal) : terminal_(terminal) {}
        Result<void> take(std::span<const std::byte>) override {
            for (const char key : std::string_view("\3new\r"))
                terminal_.input(key);
            return {};
        }

      private:
        LineDiscipline& terminal_;
    } interrupts(tty);
    type("old\r");
    EXPECT_EQ(tty.read(10, interrupts).value(), 4U);
    EXPECT_EQ(read(), "new\n");
}

TEST_F(TerminalLines, RawInputIsReadAtOnce) {
    go_raw();
    EXPECT_EQ(read(), "<TryAgain>");
    type("\r\x7f\4a");
    EXPECT_EQ(answer<std::uint32_t>(abi::kTioInputCount), 4U);
    EXPECT_EQ(read(3), "\n\x7f\4");
    EXPECT_EQ(read(), "a");
    EXPECT_EQ(shown(), "");
}

TEST_F(TerminalLines, RawReadsWaitForTheLeastNumber) {
    go_raw(3);
    type("ab");
    EXPECT_EQ(read(), "<TryAgain>");
    EXPECT_FALSE(tty.readiness().readable);
    EXPECT_EQ(read(2), "ab");  // who asks for less waits for less
    type("cde");
    EXPECT_TRUE(tty.readiness().readable);
    EXPECT_EQ(read(), "cde");
}

TEST_F(TerminalLines, RawReadsEndInTime) {
    constexpr std::uint64_t kSecond = 1'000'000'000;
    go_raw(0);
    EXPECT_EQ(read(), "");
    go_raw(0, 5);
    EXPECT_EQ(read(), "<TryAgain>");
    EXPECT_EQ(host.alarm, 1 + kSecond / 2);
    host.time = host.alarm;
    EXPECT_EQ(read(), "");
    go_raw(3, 10);
    host.alarm = 0;
    EXPECT_EQ(read(), "<TryAgain>");
    EXPECT_EQ(host.alarm, 0U);  // the clock starts with the first key
    host.time = 5 * kSecond;
    type("a");
    EXPECT_EQ(read(), "<TryAgain>");
    EXPECT_EQ(host.alarm, 6 * kSecond);
    host.time = host.alarm;
    EXPECT_EQ(read(), "a");
}

TEST_F(TerminalLines, ChangingTheModeLosesNothing) {
    type("half");
    go_raw();
    EXPECT_EQ(read(2), "ha");
    set([](abi::Termios& t) { t.local |= abi::kLocalCanonical; });
    EXPECT_EQ(read(), "lf");
    type("x\r");
    EXPECT_EQ(read(), "x\n");
}

TEST_F(TerminalLines, SettingsMayBeSetWithTheInputThrownAway) {
    type("old\rha");
    const auto settings = answer<abi::Termios>(abi::kTcGets);
    EXPECT_EQ(control_with(abi::kTcSetsWait, settings), "OK");
    EXPECT_EQ(answer<std::uint32_t>(abi::kTioInputCount), 4U);
    EXPECT_EQ(control_with(abi::kTcSetsFlush, settings), "OK");
    type("new\r");
    EXPECT_EQ(read(), "new\n");
}

TEST_F(TerminalLines, OutputIsProcessed) {
    EXPECT_EQ(write("a\nb\r\tc"), "a\r\nb\r\tc");
    set([](abi::Termios& t) { t.output |= abi::kOutputExpandTabs; });
    EXPECT_EQ(write("\r1\t2"), "\r1       2");
    set([](abi::Termios& t) { t.output = abi::kOutputProcess | abi::kOutputNoReturnAtStart; });
    EXPECT_EQ(write("\r\rx"), "\rx");
    set([](abi::Termios& t) { t.output = abi::kOutputProcess | abi::kOutputReturnToNewline; });
    EXPECT_EQ(write("\r"), "\n");
    set([](abi::Termios& t) { t.output = 0; });
    EXPECT_EQ(write("\n\t"), "\n\t");
    const std::string much(1000, 'm');
    EXPECT_EQ(write(much), much);
}

TEST_F(TerminalLines, ItsSizeCanBeSet) {
    take_terminal();
    EXPECT_EQ(answer<abi::WindowSize>(abi::kTioGetWindow), (abi::WindowSize{25, 80}));
    EXPECT_EQ(control_with(abi::kTioSetWindow, abi::WindowSize{50, 132}), "OK");
    EXPECT_EQ(control(abi::kTioSetWindow), "OK");  // the same again is no news
    EXPECT_EQ(host.sent, (std::vector<TestHost::Sent>{{kGroup, abi::kSigWindow}}));
    EXPECT_EQ(answer<abi::WindowSize>(abi::kTioGetWindow), (abi::WindowSize{50, 132}));
}

TEST_F(TerminalLines, BadPointersAndRequestsAreRefused) {
    for (const std::uint32_t request :
         {abi::kTcGets, abi::kTcSets, abi::kTioGetWindow, abi::kTioSetWindow, abi::kTioInputCount})
        EXPECT_EQ(control(request, kNowhere), "BadAddress") << request;
    EXPECT_EQ(control(0x1234), "NotTerminal");
    EXPECT_EQ(control(abi::kTcFlush, VirtAddr(3)), "InvalidArgument");
    EXPECT_EQ(control(abi::kTcFlowControl, VirtAddr(4)), "InvalidArgument");
}

TEST_F(TerminalLines, FlushAndFlowControl) {
    type("a\r");
    shown();
    EXPECT_EQ(control(abi::kTcFlush, VirtAddr(1)), "OK");
    EXPECT_TRUE(tty.readiness().readable);
    EXPECT_EQ(control(abi::kTcFlush, VirtAddr(0)), "OK");
    EXPECT_FALSE(tty.readiness().readable);
    EXPECT_EQ(control(abi::kTcFlowControl, VirtAddr(0)), "OK");
    EXPECT_EQ(write("x"), "<TryAgain>");
    EXPECT_EQ(control(abi::kTcFlowControl, VirtAddr(1)), "OK");
    EXPECT_EQ(write("x"), "x");
}

TEST_F(TerminalLines, OnlyALeaderWithoutATerminalGetsIt) {
    host.who.leads_session = false;
    EXPECT_EQ(control(abi::kTioTakeTerminal, VirtAddr(0)), "NotPermitted");
    host.who.leads_session = true;
    host.who.has_terminal = true;
    EXPECT_EQ(control(abi::kTioTakeTerminal, VirtAddr(0)), "NotPermitted");
    host.who.has_terminal = false;
    take_terminal();
    take_terminal();  // who has it may ask again
    EXPECT_EQ(tty.session(), kSession);
    host.who = {.group = 30, .session = 30, .leads_session = true};
    EXPECT_EQ(control(abi::kTioTakeTerminal, VirtAddr(1)), "NotPermitted");
    host.who.is_privileged = true;
    EXPECT_EQ(control(abi::kTioTakeTerminal, VirtAddr(0)), "NotPermitted");
    EXPECT_EQ(control(abi::kTioTakeTerminal, VirtAddr(1)), "OK");
    EXPECT_EQ(host.released, kSession);
    EXPECT_EQ(tty.session(), 30U);
}

TEST_F(TerminalLines, TheForegroundIsSetByItsSession) {
    EXPECT_EQ(control(abi::kTioGetForeground), "NotTerminal");
    EXPECT_EQ(control_with(abi::kTioSetForeground, kOtherGroup), "NotTerminal");
    take_terminal();
    EXPECT_EQ(control_with(abi::kTioSetForeground, -1), "InvalidArgument");
    EXPECT_EQ(control_with(abi::kTioSetForeground, 99), "NoSuchProcess");
    EXPECT_EQ(control_with(abi::kTioSetForeground, kElsewhere), "NotPermitted");
    EXPECT_EQ(control_with(abi::kTioSetForeground, kOtherGroup), "OK");
    EXPECT_EQ(answer<ProcessId>(abi::kTioGetForeground), kOtherGroup);
    EXPECT_EQ(answer<ProcessId>(abi::kTioGetSession), kSession);
}

class Background : public TerminalLines {
  protected:
    Background() {
        take_terminal();
        EXPECT_EQ(control_with(abi::kTioSetForeground, kOtherGroup), "OK");
        type("a\r");
        shown();
    }
    const std::vector<TestHost::Sent> stopped_by(SignalNumber signal) { return {{kGroup, signal}}; }
};

TEST_F(Background, AReaderIsStopped) {
    EXPECT_EQ(read(), "<Interrupted>");
    EXPECT_EQ(host.sent, stopped_by(abi::kSigTerminalInput));
    host.who.group = kOtherGroup;
    EXPECT_EQ(read(), "a\n");
}

TEST_F(Background, AReaderThatCannotBeStoppedFails) {
    host.who.shuns_signal = true;
    EXPECT_EQ(read(), "<IoError>");
    host.who.shuns_signal = false;
    host.who.is_orphaned = true;
    EXPECT_EQ(read(), "<IoError>");
    EXPECT_TRUE(host.sent.empty());
    host.who.is_controlled = false;  // of another session: no business of ours
    EXPECT_EQ(read(), "a\n");
}

TEST_F(Background, AWriterIsStoppedWhereThatIsWanted) {
    EXPECT_EQ(write("x"), "x");
    host.who.shuns_signal = true;
    set([](abi::Termios& t) { t.local |= abi::kLocalStopOutput; });
    EXPECT_EQ(write("x"), "x");
    host.who.shuns_signal = false;
    EXPECT_EQ(write("x"), "<Interrupted>");
    EXPECT_EQ(host.sent, stopped_by(abi::kSigTerminalOutput));
    host.who.is_orphaned = true;
    EXPECT_EQ(write("x"), "<IoError>");
}

TEST_F(Background, WhoChangesTheTerminalIsStopped) {
    EXPECT_EQ(control(abi::kTcSets), "Interrupted");
    EXPECT_EQ(control_with(abi::kTioSetForeground, kGroup), "Interrupted");
    EXPECT_EQ(control(abi::kTcFlush, VirtAddr(0)), "Interrupted");
    EXPECT_EQ(control(abi::kTcGets), "OK");
    EXPECT_EQ(host.sent.size(), 3U);
    host.who.shuns_signal = true;  // as a shell does to get its terminal back
    EXPECT_EQ(control_with(abi::kTioSetForeground, kGroup), "OK");
    EXPECT_EQ(tty.foreground(), kGroup);
}

TEST_F(Background, TheEndOfTheLeaderFreesTheTerminal) {
    tty.session_ended(99);
    EXPECT_EQ(tty.session(), kSession);
    tty.session_ended(kSession);
    EXPECT_EQ(host.released, kSession);
    EXPECT_EQ(host.sent, (std::vector<TestHost::Sent>{{kOtherGroup, abi::kSigHup},
                                                      {kOtherGroup, abi::kSigContinue}}));
    EXPECT_EQ(tty.session(), 0U);
    host.sent.clear();
    type("\3");
    EXPECT_TRUE(host.sent.empty());
}

TEST_F(Background, WhoLeavesLosesIt) {
    host.who.leads_session = false;
    EXPECT_EQ(control(abi::kTioLeaveTerminal), "OK");
    EXPECT_FALSE(host.who.is_controlled);
    EXPECT_EQ(tty.session(), kSession);
    EXPECT_EQ(control(abi::kTioLeaveTerminal), "NotTerminal");
    host.who = {.group = kGroup, .session = kSession, .leads_session = true, .is_controlled = true};
    EXPECT_EQ(control(abi::kTioLeaveTerminal), "OK");
    EXPECT_EQ(tty.session(), 0U);
}

}  // namespace
}  // namespace quire::kernel
