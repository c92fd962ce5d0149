#include "kernel/crash.h"

#include "cpu/descriptor_tables.h"
#include "cpu/exceptions.h"
#include "cpu/features.h"
#include "cpu/registers.h"
#include "kernel/base/assert.h"
#include "kernel/base/log.h"
#include "kernel/base/panic.h"
#include "kernel/kernel_heap.h"
#include "kernel/monitor.h"
#include "kernel/panic.h"
#include "kernel/ring3.h"

namespace quire::kernel {
namespace {

using namespace cpu::exception;

// Fills the registers as crash.h says and runs `instructions` at once, so that the compiler has no
// chance to put anything in between.
#define CRASH(instructions)                                                \
    asm volatile(                                                          \
        "movl $0xA1A1A1A1, %%eax\n movl $0xB2B2B2B2, %%ebx\n"              \
        "movl $0xC3C3C3C3, %%ecx\n movl $0xD4D4D4D4, %%edx\n"              \
        "movl $0x51515151, %%esi\n movl $0xD1D1D1D1, %%edi\n" instructions \
        :                                                                  \
        :                                                                  \
        : "eax", "ebx", "ecx", "edx", "esi", "edi", "memory", "cc")

// A present bit of 0 in an otherwise good data segment: for #NP and #SS.
constexpr std::uint64_t kAbsentDataSegment = 0x00CF12000000FFFF;

void crash_divide() {
    CRASH("xorl %%ecx, %%ecx\n divl %%ecx");
}
void crash_debug() {
    CRASH("pushfl\n orl $0x100, (%%esp)\n popfl\n nop");
}
void crash_nmi() {
    CRASH("int $2");
}
void crash_breakpoint() {
    CRASH("int3");
}
void crash_overflow() {
    CRASH("movl $0x7FFFFFFF, %%eax\n addl $1, %%eax\n into");
}
void crash_bound() {
    CRASH("pushl $9\n pushl $1\n boundl %%eax, (%%esp)\n addl $8, %%esp");
}
void crash_opcode() {
    CRASH("ud2");
}
void crash_no_fpu() {
    cpu::write_cr0(cpu::read_cr0() | cpu::kCr0TaskSwitched);
    CRASH("fld1");
}
void crash_double_fault() {
    CRASH("movl $8, %%esp\n pushl %%eax");
}
void crash_tss() {
    CRASH("pushfl\n orl $0x4000, (%%esp)\n popfl\n iret");
}
void crash_segment() {
    cpu::set_tls_descriptor(0, kAbsentDataSegment);
    CRASH("movl $0x30, %%eax\n movl %%eax, %%es");
}
void crash_stack_segment() {
    cpu::set_tls_descriptor(0, kAbsentDataSegment);
    CRASH("movl $0x30, %%eax\n movl %%eax, %%ss");
}
void crash_protection() {
    CRASH("movl $0x1230, %%eax\n movl %%eax, %%es");
}
void crash_page() {
    CRASH("movl %%eax, 0x1234");
}
void crash_x87() {
    CRASH(
        "fninit\n pushl $0x037B\n fldcw (%%esp)\n addl $4, %%esp\n"  // zero divide unmasked
        "fld1\n fldz\n fdivrp\n fwait");
}
// With EFLAGS.AC (and CR0.AM) set, ring 3 may not access memory off its alignment (SDM 3A 6.15).
void crash_alignment() {
    static constexpr std::uint8_t kCode[] = {0xBB, 0xB2, 0xB2, 0xB2, 0xB2,  // mov ebx, kCrashEbx
                                             0xBE, 0x51, 0x51, 0x51, 0x51,  // mov esi, kCrashEsi
                                             0xBF, 0xD1, 0xD1, 0xD1, 0xD1,  // mov edi, kCrashEdi
                                             0x8B, 0x44, 0x24, 0x01,        // mov eax, [esp + 1]
                                             0xCD, 0x80};                   // int 0x80: still here
    const auto ran = run_in_ring3(*attached_system()->memory, kCode, cpu::kEflagsAlignmentCheck);
    if (!ran.ok()) quire::log(LogLevel::Warning, "crash", "%s", error_name(ran.error()));
}
void crash_machine_check() {
    CRASH("int $18");
}
void crash_simd() {
    if (!cpu::read_features().sse()) return;
    CRASH(
        "pushl $0x1D80\n ldmxcsr (%%esp)\n addl $4, %%esp\n"  // zero divide unmasked
        "pushl $0x3F800000\n movss (%%esp), %%xmm0\n addl $4, %%esp\n"
        "xorps %%xmm1, %%xmm1\n divss %%xmm1, %%xmm0");
}
void crash_null() {
    const volatile std::uint32_t* pointer = nullptr;
    asm volatile("" : "+r"(pointer));  // the compiler must not know
    (void)*pointer;
}
void crash_assert() {
    std::uint32_t pages_freed_twice = 1;
    asm volatile("" : "+r"(pages_freed_twice));
    ASSERT(pages_freed_twice == 0);
}
void crash_heap() {
    auto* block = static_cast<volatile char*>(kmalloc(24));
    if (block == nullptr) return;
    block[31] = 'x';  // with `heapdebug`: 8 bytes past the block
    kfree(const_cast<char*>(block));
    // Without it: a double free. NOLINTNEXTLINE(clang-analyzer-unix.Malloc)
    kfree(const_cast<char*>(block));
}
void crash_panic() {
    panic("this panic was asked for");
}

// Uses a kilobyte of stack a call, and cannot be turned into a loop.
[[gnu::noinline]] std::uint32_t recurse(std::uint32_t depth) {
    volatile std::uint32_t frame[256];
    frame[depth % 256] = depth;
    if (frame[depth % 256] != depth) return 0;  // never: but the compiler cannot know
    const std::uint32_t below = recurse(depth + 1);
    return below + frame[depth % 256];
}
void crash_stack() {
    (void)recurse(0);
}

constexpr CrashKind kKinds[] = {
    {"de", "divide by zero", kDivideError, 0, crash_divide},
    {"db", "single step with EFLAGS.TF", kDebug, 0, crash_debug},
    {"nmi", "INT 2, through the NMI's task gate", kNmi, 0, crash_nmi},
    {"bp", "INT3", kBreakpoint, 0, crash_breakpoint},
    {"of", "INTO after an overflow", kOverflow, 0, crash_overflow},
    {"br", "BOUND with an index out of range", kBoundRange, 0, crash_bound},
    {"ud", "UD2, an undefined opcode", kInvalidOpcode, 0, crash_opcode},
    {"nm", "x87 instruction with CR0.TS set", kDeviceNotAvailable, 0, crash_no_fpu},
    {"df", "PUSH with ESP in an unmapped page", kDoubleFault, 0, crash_double_fault},
    {"ts", "IRET with EFLAGS.NT and no task to go back to", kInvalidTss, 0, crash_tss},
    {"np", "load ES with a segment not present", kSegmentNotPresent, 0x30, crash_segment},
    {"ss", "load SS with a segment not present", kStackFault, 0x30, crash_stack_segment},
    {"gp", "load ES with a selector beyond the GDT", kGeneralProtection, 0x1230, crash_protection},
    {"pf", "write to the unmapped address 0x1234", kPageFault, 2, crash_page},
    {"mf", "x87 divide by zero, unmasked", kFloatingPoint, 0, crash_x87},
    {"ac", "unaligned access in ring 3", kAlignmentCheck, 0, crash_alignment},
    {"mc", "INT 18: real machine checks cannot be made", kMachineCheck, 0, crash_machine_check},
    {"xm", "SSE divide by zero, unmasked", kSimdFloatingPoint, 0, crash_simd},
    {"null", "read through a null pointer", kNoVector, 0, crash_null},
    {"stack", "recursion without end", kNoVector, 0, crash_stack},
    {"assert", "a failed ASSERT", kNoVector, 0, crash_assert},
    {"heap", "write behind a block of kmalloc, and free it twice", kNoVector, 0, crash_heap},
    {"panic", "panic()", kNoVector, 0, crash_panic},
};

void run_command_crash(System& system, Arguments arguments) {
    for (const CrashKind& kind : kKinds) {
        if (arguments.size() < 2) {
            system.console.print("  %-7s %s\n", kind.name, kind.description);
        } else if (arguments[1] == kind.name) {
            kind.run();
            system.console.print("This machine does not raise that exception; it just went on.\n");
            return;
        }
    }
    if (arguments.size() >= 2) system.console.print("No such crash; \"crash\" lists them.\n");
}
MONITOR_COMMAND(crash, "[KIND]", "break the kernel on purpose and watch", run_command_crash);

}  // namespace

std::span<const CrashKind> crash_kinds() {
    return kKinds;
}

}  // namespace quire::kernel
