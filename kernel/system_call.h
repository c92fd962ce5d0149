// System calls: a table with a row each, and how a program's registers become a call.
//
//     int 0x80   eax: number   ebx, ecx, edx, esi, edi, ebp: arguments   eax: result or -errno
//
// Rows lie in the section .system_calls; any file of kernel/ adds its own:
//
//     Result<std::uint32_t> call_getpid(SystemCall& call) { return call.process().pid; }
//     SYSTEM_CALL(20, getpid, call_getpid, CallTraits::lock_free());
//
// A number without a row answers ENOSYS. (Linux: arch/x86/entry/syscalls/syscall_32.tbl.)
#pragma once

#include <cstdint>

#include "cpu/trap_frame.h"
#include "kernel/base/result.h"
#include "kernel/process/process.h"
#include "mm/types.h"

namespace quire::kernel {

class Processes;

/// A call under way: a view of the thread and its registers.
class SystemCall {
  public:
    SystemCall(Thread& thread, cpu::TrapFrame& frame) : thread_(thread), frame_(frame) {}
    /// All calls are calls of these processes.
    static void serve(Processes& processes) { processes_ = &processes; }

    /// Argument 0 to 5.
    [[nodiscard]] std::uint32_t argument(unsigned index) const;
    [[nodiscard]] std::int32_t signed_argument(unsigned index) const {
        return static_cast<std::int32_t>(argument(index));
    }
    [[nodiscard]] mm::VirtAddr pointer(unsigned index) const {
        return mm::VirtAddr(argument(index));
    }
    /// Two registers as one number, the low half first.
    [[nodiscard]] std::uint64_t wide_argument(unsigned index) const {
        return argument(index) | std::uint64_t{argument(index + 1)} << 32;
    }

    [[nodiscard]] static Processes& processes() { return *processes_; }
    [[nodiscard]] Thread& thread() const { return thread_; }
    [[nodiscard]] Process& process() const { return *thread_.process; }
    [[nodiscard]] cpu::TrapFrame& frame() const { return frame_; }

    /// When a call that waits `span` nanoseconds at most gives up. One that begins again after a
    /// stop gets the deadline that it had.
    [[nodiscard]] std::uint64_t deadline_in(std::uint64_t span) const;
    /// The same by another clock, which says `now`.
    [[nodiscard]] std::uint64_t deadline_from(std::uint64_t now, std::uint64_t span) const;

    /// The call answers with exactly this errno, where Error has no word of its own for it.
    [[nodiscard]] Error fail_with(std::int32_t error_number) {
        thread_.call_notes.error_number = static_cast<std::uint8_t>(error_number);
        thread_.must_look = true;
        return Error::InvalidArgument;
    }
    /// If a signal ends this call, that is what follows, whatever its row says.
    void set_after_signal(AfterSignal what) {
        thread_.call_notes.after_signal = what;
        thread_.must_look = true;
    }

  private:
    static inline constinit Processes* processes_ = nullptr;
    Thread& thread_;
    cpu::TrapFrame& frame_;
};

inline std::uint32_t SystemCall::argument(unsigned index) const {
    switch (index) {
    case 0:
        return frame_.ebx;
    case 1:
        return frame_.ecx;
    case 2:
        return frame_.edx;
    case 3:
        return frame_.esi;
    case 4:
        return frame_.edi;
    case 5:
        return frame_.ebp;
    default:
        ASSERT_UNREACHABLE();
    }
}

struct CallTraits {
    bool needs_lock = true;  // the kernel lock: all calls that touch memory or files
    bool restarts = false;   // SA_RESTART applies: else a handler makes it EINTR
    bool resumes = false;    // begins again if no handler ran (a stop), else EINTR
    static constexpr CallTraits plain() { return {}; }
    static constexpr CallTraits lock_free() { return {.needs_lock = false}; }
    static constexpr CallTraits restarting() { return {.restarts = true}; }
    static constexpr CallTraits resuming() { return {.resumes = true}; }
};

struct SystemCallRow {
    std::uint32_t number;
    const char* name;
    Result<std::uint32_t> (*handler)(SystemCall& call);
    CallTraits traits;
};
static_assert(sizeof(SystemCallRow) == 16, "the linker lays these out as an array");

#define SYSTEM_CALL(number, name, function, traits)                                     \
    [[gnu::section(".system_calls"),                                                    \
      gnu::used]] constinit const ::quire::kernel::SystemCallRow system_call_##name = { \
        number, #name, function, traits}

}  // namespace quire::kernel
