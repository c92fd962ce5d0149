// The system calls that the programs here use, by name and with types. Each returns what the kernel
// answers: a result, or -errno. The manual of each is section 2 of the man pages.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/abi/fcntl.h"
#include "kernel/abi/stat.h"
#include "kernel/abi/termios.h"
#include "user/system_call.h"

/// Each program has one; start.asm calls it.
extern "C" int main(int argc, char** argv, char** environment);
/// Where a handler of set_signal() returns to (start.asm).
extern "C" void program_signal_return();

namespace quire::sys {

inline constexpr int kInput = 0, kOutput = 1, kErrors = 2;

inline long read(int file, void* to, std::size_t bytes) {
    return system_call(SYS_read, file, to, bytes);
}
inline long write(int file, const void* from, std::size_t bytes) {
    return system_call(SYS_write, file, from, bytes);
}
inline long open(const char* path, std::uint32_t flags, std::uint32_t mode = 0) {
    return system_call(SYS_open, path, flags, mode);
}
inline long close(int file) {
    return system_call(SYS_close, file);
}
inline long duplicate_to(int file, int number) {
    return system_call(SYS_dup2, file, number);
}
inline long control(int file, std::uint32_t command, std::uint32_t argument) {
    return system_call(SYS_fcntl64, file, command, argument);
}
/// ends[0] is read from, ends[1] is written to.
inline long pipe(int (&ends)[2], std::uint32_t flags) {
    return system_call(SYS_pipe2, ends, flags);
}
inline long device_control(int file, std::uint32_t request, void* argument) {
    return system_call(SYS_ioctl, file, request, argument);
}
inline long read_directory(int file, void* to, std::size_t bytes) {
    return system_call(SYS_getdents64, file, to, bytes);
}
inline long make_directory(const char* path, std::uint32_t mode) {
    return system_call(SYS_mkdir, path, mode);
}
inline long change_directory(const char* path) {
    return system_call(SYS_chdir, path);
}
inline long current_directory(char* to, std::size_t bytes) {
    return system_call(SYS_getcwd, to, bytes);
}
inline long remove(const char* path) {
    return system_call(SYS_unlink, path);
}
inline long remove_directory(const char* path) {
    return system_call(SYS_rmdir, path);
}
inline long file_status(const char* path, abi::Stat64& status) {
    return system_call(SYS_stat64, path, &status);
}
inline long link_status(const char* path, abi::Stat64& status) {
    return system_call(SYS_lstat64, path, &status);
}
inline long access(const char* path, std::uint32_t mode) {
    return system_call(SYS_access, path, mode);
}

inline long fork() {
    return system_call(SYS_fork);
}
inline long execute(const char* path, char* const* arguments, char* const* environment) {
    return system_call(SYS_execve, path, arguments, environment);
}
[[noreturn]] inline void exit(int code) {
    for (;;)
        system_call(SYS_exit_group, code);
}
inline constexpr std::uint32_t kWaitNoHang = 1, kWaitStopped = 2, kWaitContinued = 8;
inline long wait_for(long pid, int* status, std::uint32_t options) {
    return system_call(SYS_wait4, pid, status, options, 0);
}
inline long process_id() {
    return system_call(SYS_getpid);
}
inline long set_group(long pid, long group) {
    return system_call(SYS_setpgid, pid, group);
}
inline long start_session() {
    return system_call(SYS_setsid);
}
inline long kill(long pid, int signal) {
    return system_call(SYS_kill, pid, signal);
}
/// A handler for a signal, or one of these. A call that a handler interrupts answers -EINTR.
using SignalHandler = void (*)(int signal);
inline const SignalHandler kDefaultAction = nullptr;             // SIG_DFL
inline const auto kIgnore = reinterpret_cast<SignalHandler>(1);  // SIG_IGN
inline long set_signal(int signal, SignalHandler handler) {
    constexpr std::uint32_t kHasRestorer = 0x04000000;  // SA_RESTORER
    const struct {
        SignalHandler handler;
        std::uint32_t flags;
        void (*restorer)();
        std::uint32_t mask[2];
    } action{handler, kHasRestorer, program_signal_return, {}};
    return system_call(SYS_rt_sigaction, signal, &action, 0, sizeof action.mask);
}

// ioctl(2) of terminals
inline constexpr std::uint32_t kTakeTerminal = 0x540E;   // TIOCSCTTY
inline constexpr std::uint32_t kGetForeground = 0x540F;  // TIOCGPGRP
inline constexpr std::uint32_t kSetForeground = 0x5410;  // TIOCSPGRP

inline long terminal_settings(int file, abi::Termios& settings) {
    return system_call(SYS_ioctl, file, abi::kTcGets, &settings);
}
inline bool is_terminal(int file) {
    abi::Termios settings;
    return terminal_settings(file, settings) == 0;
}

/// The end of the heap becomes `end`, if that can be; returns where it is.
inline std::uintptr_t set_break(std::uintptr_t end) {
    return static_cast<std::uintptr_t>(system_call(SYS_brk, end));
}

}  // namespace quire::sys
