// Terminals as programs see them: termios, the window's size, the requests of ioctl(2).
// (Linux: asm-generic/termbits.h, asm-generic/ioctls.h, termios(3), ioctl_tty(2).)
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace quire::abi {

struct Termios {
    std::uint32_t input = 0;              // c_iflag
    std::uint32_t output = 0;             // c_oflag
    std::uint32_t control = 0;            // c_cflag
    std::uint32_t local = 0;              // c_lflag
    std::uint8_t line = 0;                // c_line
    std::array<std::uint8_t, 19> keys{};  // c_cc
    bool operator==(const Termios&) const = default;
};
static_assert(sizeof(Termios) == 36 && offsetof(Termios, keys) == 17);

struct WindowSize {
    std::uint16_t rows = 0;
    std::uint16_t columns = 0;
    std::uint16_t width = 0;  // in pixels
    std::uint16_t height = 0;
    bool operator==(const WindowSize&) const = default;
};
static_assert(sizeof(WindowSize) == 8);

// indices of Termios::keys
inline constexpr std::size_t kKeyInterrupt = 0, kKeyQuit = 1, kKeyErase = 2, kKeyKill = 3;
inline constexpr std::size_t kKeyEndOfFile = 4, kKeyTime = 5, kKeyLeast = 6, kKeyStart = 8;
inline constexpr std::size_t kKeyStop = 9, kKeySuspend = 10, kKeyEndOfLine = 11;
inline constexpr std::size_t kKeyReprint = 12, kKeyWordErase = 14, kKeyLiteral = 15;
inline constexpr std::size_t kKeyEndOfLine2 = 16;
/// This key is no key: 0 switches it off.
inline constexpr std::uint8_t kNoKey = 0;

// Termios::input
inline constexpr std::uint32_t kInputStrip = 0040;            // ISTRIP
inline constexpr std::uint32_t kInputNewlineToReturn = 0100;  // INLCR
inline constexpr std::uint32_t kInputIgnoreReturn = 0200;     // IGNCR
inline constexpr std::uint32_t kInputReturnToNewline = 0400;  // ICRNL
inline constexpr std::uint32_t kInputLower = 001000;          // IUCLC
inline constexpr std::uint32_t kInputStops = 002000;          // IXON
inline constexpr std::uint32_t kInputAnyRestarts = 004000;    // IXANY
inline constexpr std::uint32_t kInputBellWhenFull = 020000;   // IMAXBEL
inline constexpr std::uint32_t kInputUtf8 = 040000;           // IUTF8

// Termios::output
inline constexpr std::uint32_t kOutputProcess = 01;           // OPOST
inline constexpr std::uint32_t kOutputNewlineReturns = 04;    // ONLCR
inline constexpr std::uint32_t kOutputReturnToNewline = 010;  // OCRNL
inline constexpr std::uint32_t kOutputNoReturnAtStart = 020;  // ONOCR
inline constexpr std::uint32_t kOutputNewlineIsReturn = 040;  // ONLRET
inline constexpr std::uint32_t kOutputTabs = 014000;          // TABDLY
inline constexpr std::uint32_t kOutputExpandTabs = 014000;    // XTABS

// Termios::control: 38400 baud, 8 bits, receiver on, as a console has it
inline constexpr std::uint32_t kControlConsole = 017 | 060 | 0200 | 02000;

// Termios::local
inline constexpr std::uint32_t kLocalSignals = 0001;          // ISIG
inline constexpr std::uint32_t kLocalCanonical = 0002;        // ICANON
inline constexpr std::uint32_t kLocalEcho = 0010;             // ECHO
inline constexpr std::uint32_t kLocalEchoErase = 0020;        // ECHOE
inline constexpr std::uint32_t kLocalEchoKill = 0040;         // ECHOK
inline constexpr std::uint32_t kLocalEchoNewline = 0100;      // ECHONL
inline constexpr std::uint32_t kLocalNoFlush = 0200;          // NOFLSH
inline constexpr std::uint32_t kLocalStopOutput = 0400;       // TOSTOP
inline constexpr std::uint32_t kLocalEchoControl = 01000;     // ECHOCTL
inline constexpr std::uint32_t kLocalEchoKillErases = 04000;  // ECHOKE
inline constexpr std::uint32_t kLocalExtended = 0100000;      // IEXTEN

// requests of ioctl
inline constexpr std::uint32_t kTcGets = 0x5401, kTcSets = 0x5402, kTcSetsWait = 0x5403;
inline constexpr std::uint32_t kTcSetsFlush = 0x5404;
inline constexpr std::uint32_t kTcSendBreak = 0x5409, kTcFlowControl = 0x540A, kTcFlush = 0x540B;
inline constexpr std::uint32_t kTioTakeTerminal = 0x540E;  // TIOCSCTTY
inline constexpr std::uint32_t kTioGetForeground = 0x540F, kTioSetForeground = 0x5410;
inline constexpr std::uint32_t kTioOutputCount = 0x5411;  // TIOCOUTQ
inline constexpr std::uint32_t kTioGetWindow = 0x5413, kTioSetWindow = 0x5414;
inline constexpr std::uint32_t kTioInputCount = 0x541B;     // FIONREAD
inline constexpr std::uint32_t kTioLeaveTerminal = 0x5422;  // TIOCNOTTY
inline constexpr std::uint32_t kTioGetSession = 0x5429;     // TIOCGSID

}  // namespace quire::abi
