// Signals as Linux i386 has them: numbers, codes, flags, and the structures that programs see.
//
// They are part of the interface with programs and never change. Their meaning is told in
// signal(7), sigaction(2), sigaltstack(2), sigreturn(2). (Linux: asm/signal.h, asm/sigcontext.h,
// asm-generic/siginfo.h, asm/ucontext.h.) What is laid on a program's stack for a handler stands in
// kernel/process/signal_frame.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace quire::abi {

inline constexpr std::uint32_t kSigHup = 1;
inline constexpr std::uint32_t kSigInt = 2;
inline constexpr std::uint32_t kSigQuit = 3;
inline constexpr std::uint32_t kSigIll = 4;
inline constexpr std::uint32_t kSigTrap = 5;
inline constexpr std::uint32_t kSigAbort = 6;
inline constexpr std::uint32_t kSigBus = 7;
inline constexpr std::uint32_t kSigFpe = 8;
inline constexpr std::uint32_t kSigKill = 9;
inline constexpr std::uint32_t kSigUser1 = 10;
inline constexpr std::uint32_t kSigSegv = 11;
inline constexpr std::uint32_t kSigUser2 = 12;
inline constexpr std::uint32_t kSigPipe = 13;
inline constexpr std::uint32_t kSigAlarm = 14;
inline constexpr std::uint32_t kSigTerm = 15;
inline constexpr std::uint32_t kSigStackFault = 16;
inline constexpr std::uint32_t kSigChild = 17;
inline constexpr std::uint32_t kSigContinue = 18;
inline constexpr std::uint32_t kSigStop = 19;
inline constexpr std::uint32_t kSigTerminalStop = 20;    // SIGTSTP
inline constexpr std::uint32_t kSigTerminalInput = 21;   // SIGTTIN
inline constexpr std::uint32_t kSigTerminalOutput = 22;  // SIGTTOU
inline constexpr std::uint32_t kSigUrgent = 23;
inline constexpr std::uint32_t kSigCpuTime = 24;   // SIGXCPU
inline constexpr std::uint32_t kSigFileSize = 25;  // SIGXFSZ
inline constexpr std::uint32_t kSigVirtualAlarm = 26;
inline constexpr std::uint32_t kSigProfile = 27;
inline constexpr std::uint32_t kSigWindow = 28;  // SIGWINCH
inline constexpr std::uint32_t kSigIo = 29;      // SIGIO, SIGPOLL
inline constexpr std::uint32_t kSigPower = 30;
inline constexpr std::uint32_t kSigSystem = 31;
inline constexpr std::uint32_t kSigFirstRealTime = 32;
inline constexpr std::uint32_t kSigLast = 64;

// si_code: who sent it. Positive ones are the kernel's, and each signal has its own.
inline constexpr std::int32_t kSiUser = 0;
inline constexpr std::int32_t kSiKernel = 0x80;
inline constexpr std::int32_t kSiQueue = -1;
inline constexpr std::int32_t kSiTimer = -2;
inline constexpr std::int32_t kSiTkill = -6;
inline constexpr std::int32_t kIllOperand = 2;  // ILL_ILLOPN
inline constexpr std::int32_t kFpeIntegerDivide = 1;
inline constexpr std::int32_t kFpeDivide = 3;
inline constexpr std::int32_t kFpeOverflow = 4;
inline constexpr std::int32_t kFpeUnderflow = 5;
inline constexpr std::int32_t kFpeInexact = 6;
inline constexpr std::int32_t kFpeInvalid = 7;
inline constexpr std::int32_t kSegvMapError = 1;
inline constexpr std::int32_t kSegvAccessError = 2;
inline constexpr std::int32_t kBusAlignment = 1;
inline constexpr std::int32_t kBusAddress = 2;
inline constexpr std::int32_t kTrapBreakpoint = 1;
inline constexpr std::int32_t kTrapTrace = 2;
inline constexpr std::int32_t kTrapHardware = 4;
inline constexpr std::int32_t kChildExited = 1;
inline constexpr std::int32_t kChildKilled = 2;
inline constexpr std::int32_t kChildDumped = 3;
inline constexpr std::int32_t kChildStopped = 5;
inline constexpr std::int32_t kChildContinued = 6;

// sa_flags
inline constexpr std::uint32_t kSaNoChildStop = 0x1;
inline constexpr std::uint32_t kSaNoChildWait = 0x2;
inline constexpr std::uint32_t kSaSigInfo = 0x4;
inline constexpr std::uint32_t kSaRestorer = 0x04000000;
inline constexpr std::uint32_t kSaOnStack = 0x08000000;
inline constexpr std::uint32_t kSaRestart = 0x10000000;
inline constexpr std::uint32_t kSaNoDefer = 0x40000000;
inline constexpr std::uint32_t kSaResetHandler = 0x80000000;
inline constexpr std::uint32_t kSaKnown = kSaNoChildStop | kSaNoChildWait | kSaSigInfo |
                                          kSaRestorer | kSaOnStack | kSaRestart | kSaNoDefer |
                                          kSaResetHandler;

// how of sigprocmask
inline constexpr std::uint32_t kSigBlock = 0;
inline constexpr std::uint32_t kSigUnblock = 1;
inline constexpr std::uint32_t kSigSetMask = 2;

// ss_flags of sigaltstack
inline constexpr std::uint32_t kSsOnStack = 1;
inline constexpr std::uint32_t kSsDisable = 2;
inline constexpr std::uint32_t kSsAutoDisarm = 0x80000000;
inline constexpr std::uint32_t kLeastSignalStack = 2048;  // MINSIGSTKSZ

/// struct sigaction of rt_sigaction(2), as the kernel has it (not as libc's header does).
struct SigAction {
    std::uint32_t handler;
    std::uint32_t flags;
    std::uint32_t restorer;
    std::uint32_t mask[2];
};
static_assert(sizeof(SigAction) == 20);

/// struct old_sigaction of sigaction(2), call 67.
struct OldSigAction {
    std::uint32_t handler;
    std::uint32_t mask;
    std::uint32_t flags;
    std::uint32_t restorer;
};
static_assert(sizeof(OldSigAction) == 16);

struct SigAltStack {
    std::uint32_t start;
    std::uint32_t flags;
    std::uint32_t bytes;
};
static_assert(sizeof(SigAltStack) == 12);

/// siginfo_t. What the words mean depends on code and signal:
///
///     kill, tkill    0: pid   1: uid
///     sigqueue       0: pid   1: uid   2: value
///     SIGCHLD        0: pid   1: uid   2: status  3: user time  4: system time (ticks of 1/100 s)
///     faults         0: address
struct SigInfo {
    std::int32_t signal;
    std::int32_t error;  // always 0
    std::int32_t code;
    std::uint32_t words[29];
};
static_assert(sizeof(SigInfo) == 128 && offsetof(SigInfo, words) == 12);

/// struct sigcontext: the registers of what was interrupted, which sigreturn(2) puts back.
struct SigContext {
    std::uint32_t gs, fs, es, ds;
    std::uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
    std::uint32_t trap, error_code;
    std::uint32_t eip, cs, eflags, esp_at_signal, ss;
    std::uint32_t fpu_state;  // address of a FpuFrame, or 0
    std::uint32_t old_mask;   // blocked signals 1 to 32
    std::uint32_t cr2;
};
static_assert(sizeof(SigContext) == 88 && offsetof(SigContext, eip) == 56);

/// struct ucontext: what a handler with SA_SIGINFO gets as its third argument.
struct UContext {
    std::uint32_t flags;
    std::uint32_t link;
    SigAltStack stack;
    SigContext context;
    std::uint32_t mask[2];
};
static_assert(sizeof(UContext) == 116 && offsetof(UContext, context) == 20);

/// struct _fpstate: FSAVE's image, and behind it FXSAVE's where the CPU has that.
struct FpuFrame {
    static constexpr std::uint16_t kWithFxsave = 0x0000;
    static constexpr std::uint16_t kFsaveOnly = 0xFFFF;
    std::uint32_t control, status, tag, eip, cs, data_offset, data_selector;
    std::uint8_t registers[8][10];
    std::uint16_t status_word;
    std::uint16_t magic;
    std::uint8_t fxsave[512];
};
static_assert(sizeof(FpuFrame) == 624 && offsetof(FpuFrame, registers) == 28 &&
              offsetof(FpuFrame, magic) == 110 && offsetof(FpuFrame, fxsave) == 112);

}  // namespace quire::abi
