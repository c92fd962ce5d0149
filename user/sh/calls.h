// System calls that only the shell uses, beside those of user/system.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/abi/fcntl.h"
#include "kernel/abi/mman.h"
#include "kernel/abi/stat.h"
#include "kernel/abi/termios.h"
#include "user/system.h"

namespace quire::sys {

/// Zeroed memory of its own; nullptr: there is no more.
inline void* map_memory(std::size_t bytes) {
    const long place =
        system_call6(SYS_mmap2, 0, static_cast<long>(bytes), abi::kProtRead | abi::kProtWrite,
                     abi::kMapPrivate | abi::kMapAnonymous, -1, 0);
    return place < 0 && place > -4096 ? nullptr : reinterpret_cast<void*>(place);
}
inline void unmap_memory(void* place, std::size_t bytes) {
    system_call(SYS_munmap, place, bytes);
}
/// How much RAM there is, in bytes (sysinfo(2)); what is above 2 GiB is 2 GiB.
inline std::size_t memory_size() {
    constexpr std::size_t kTotal = 4, kUnit = 13;  // in words of 32 bits
    constexpr std::uint64_t kMost = 0x80000000;
    std::uint32_t words[16]{};
    if (system_call(SYS_sysinfo, words) < 0) return kMost;
    const std::uint64_t bytes = std::uint64_t{words[kTotal]} * words[kUnit];
    return static_cast<std::size_t>(bytes < kMost ? bytes : kMost);
}
inline long status_of(int file, abi::Stat64& status) {
    return system_call(SYS_fstat64, file, &status);
}
inline long parent_id() {
    return system_call(SYS_getppid);
}
/// After everything written has gone out.
inline long set_terminal(int file, const abi::Termios& settings) {
    return system_call(SYS_ioctl, file, abi::kTcSetsWait, &settings);
}
inline long window_size(int file, abi::WindowSize& size) {
    return system_call(SYS_ioctl, file, abi::kTioGetWindow, &size);
}
inline bool is_ignored(int signal) {
    struct {
        SignalHandler handler;
        std::uint32_t flags;
        void (*restorer)();
        std::uint32_t mask[2];
    } action{};
    system_call(SYS_rt_sigaction, signal, nullptr, &action, sizeof action.mask);
    return action.handler == kIgnore;
}
struct SignalMask {
    std::uint32_t bits[2];
};
/// Signals wait until unblock_signals(); also those that are ignored, which are dropped only then.
/// Returns which were blocked before.
inline SignalMask block_signals() {
    constexpr int kBlock = 0;
    const SignalMask all{{~0U, ~0U}};
    SignalMask before{};
    system_call(SYS_rt_sigprocmask, kBlock, &all, &before, sizeof all);
    return before;
}
inline void unblock_signals(const SignalMask& before) {
    constexpr int kSet = 2;
    system_call(SYS_rt_sigprocmask, kSet, &before, nullptr, sizeof before);
}
/// A copy of `file`, numbered at least 10 and closed when a program starts; -errno.
inline long move_away(int file) {
    constexpr std::uint32_t kLeast = 10;
    return control(file, abi::kFcntlDuplicateCloseOnExec, kLeast);
}

}  // namespace quire::sys
