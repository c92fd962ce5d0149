// Signals by number and name, as far as programs here speak of them. signal(7).
#pragma once

namespace quire {

inline constexpr int kSignalHangUp = 1, kSignalInterrupt = 2, kSignalQuit = 3, kSignalKill = 9;
inline constexpr int kSignalSegmentation = 11, kSignalPipe = 13, kSignalTerminate = 15;
inline constexpr int kSignalChild = 17, kSignalContinue = 18, kSignalStop = 19;
inline constexpr int kSignalTerminalStop = 20, kSignalTerminalInput = 21;
inline constexpr int kSignalTerminalOutput = 22;

/// "SEGV"; "?" for a number that has no name here.
[[nodiscard]] const char* signal_name(int signal);
/// The number of "SEGV", "SIGSEGV", "segv" or "11"; 0: none of that name.
[[nodiscard]] int signal_number(const char* name);
/// What a shell says of a program that it has ended: "Segmentation fault".
[[nodiscard]] const char* signal_text(int signal);

}  // namespace quire
