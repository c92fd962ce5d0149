// Faults: the signal a program gets for what the processor refuses, with its code, its address, and
// the trap and error code in the context.
#define SUBJECT "faults"
#include "tests/oracle/frame.h"

#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/ucontext.h>
#include <linux/time.h>

static const char* expected_address;
static void* fault_stack;

static void tells(int signal, siginfo_t* information, void* context) {
    const struct ucontext* const before = context;
    const char* const address = information->si_addr;
    answer_text("%s code %d addr %s trap %u error %x", signal_name(signal), information->si_code,
                address == expected_address ? "fault"
                : address == 0              ? "0"
                                            : "other",
                before->uc_mcontext.trapno, before->uc_mcontext.err & 0xFFFF);
    end(0);
}

static void watch(const void* address) {
    static const int kSignals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGPIPE};
    const stack_t stack = {fault_stack = map(16384), 0, 16384};
    CALL(sigaltstack, &stack, 0);
    expected_address = address;
    for (unsigned one = 0; one < sizeof kSignals / sizeof kSignals[0]; ++one)
        act(kSignals[one], tells, SA_SIGINFO | SA_ONSTACK, 0);
}
static void load(const void* address) {
    watch(address);
    (void)*(const volatile char*)address;
}
static void store(const void* address) {
    watch(address);
    *(volatile char*)address = 1;
}
static void jump(void* address) {
    watch(address);
    ((void (*)(void))address)();
}

#define FAULT(call, situation, ...) \
    CASE(call, situation) {         \
        __VA_ARGS__;                \
        answer_text("no signal");   \
    }
/// An instruction whose address is what si_addr may tell.
#define AT_INSTRUCTION(call, situation, code)                                   \
    FAULT(call, situation, watch(0); __asm__ volatile("movl $1f, %0\n1:\t" code \
                                                      : "=m"(expected_address)  \
                                                      :                         \
                                                      : "eax", "ecx", "edx", "memory", "cc"))

FAULT(load, "NULL", load(0))
FAULT(load, "the first page's last byte", load((char*)4095))
FAULT(load, "a hole", load(pages().hole))
FAULT(load, "memory without access", load(map_at(0, kPage, PROT_NONE, kPrivate, -1, 0)))
FAULT(load, "the kernel's first byte", load((char*)0xC0000000))
FAULT(load, "the kernel", load(KERNEL))
FAULT(load, "the last byte of all", load((char*)-1))
FAULT(store, "NULL", store(0))
FAULT(store, "a hole", store(pages().hole))
FAULT(store, "a page that may not be written", store(pages().read_only))
FAULT(store, "a page that may not be written, and is there",
      (void)*(volatile char*)pages().read_only;
      store(pages().read_only))
FAULT(store, "the program's text", store((void*)load))
FAULT(store, "the kernel", store(KERNEL))
FAULT(store, "behind a file's end",
      store((char*)map_at(0, 2 * kPage, kReadWrite, MAP_SHARED, (int)file("f", "a"), 0) + kPage))
FAULT(load, "behind a file's end",
      load((char*)map_at(0, 2 * kPage, PROT_READ, MAP_PRIVATE, (int)file("f", "a"), 0) + kPage))
FAULT(call, "NULL", jump(0))
FAULT(call, "a hole", jump(pages().hole))
FAULT(call, "the kernel", jump(KERNEL))
FAULT(call, "memory without access", jump(map_at(0, kPage, PROT_NONE, kPrivate, -1, 0)))
FAULT(call, "a page that is not for execution, on this processor", char* const page = map(kPage);
      page[0] = (char)0xC3; jump(page))

AT_INSTRUCTION(divl, "by zero", "xorl %%ecx, %%ecx\n\tmovl $1f, %0\n1:\tdivl %%ecx")
AT_INSTRUCTION(idivl, "the quotient is too large",
               "movl $0x80000000, %%edx\n\tmovl $1, %%ecx\n\tmovl $2f, %0\n2:\tidivl %%ecx")
AT_INSTRUCTION(ud2, "no such instruction", "ud2")
AT_INSTRUCTION(hlt, "not for programs", "hlt")
AT_INSTRUCTION(cli, "not for programs", "cli")
AT_INSTRUCTION(inb, "not for programs", "inb $0x80, %%al")
AT_INSTRUCTION(movl, "from CR0", "movl %%cr0, %%eax")
AT_INSTRUCTION(movl, "a selector above the table, to FS", "movl $0x1235, %%eax\n\tmovl %%eax, %%fs")
AT_INSTRUCTION(movl, "a null selector to SS", "xorl %%eax, %%eax\n\tmovl %%eax, %%ss")
AT_INSTRUCTION(int3, "a trap", "int3")
AT_INSTRUCTION(int, "$1", "int $1")
AT_INSTRUCTION(int, "$3", ".byte 0xCD, 3")
AT_INSTRUCTION(int, "$4", "int $4")
AT_INSTRUCTION(into, "after an overflow", "movl $0x7FFFFFFF, %%eax\n\taddl $1, %%eax\n\tinto")
AT_INSTRUCTION(int, "$0x0d", "int $0x0d")
AT_INSTRUCTION(int, "$0x81", "int $0x81")
AT_INSTRUCTION(int, "$0xff", "int $0xff")
AT_INSTRUCTION(ljmp, "to a selector of the kernel", "ljmp $0x10, $0")
AT_INSTRUCTION(lret, "to selector 0", "pushl $0\n\tpushl $0\n\tlret")
CASE(bound, "outside") {
    static const int kBounds[2] = {0, 5};
    watch(0);
    __asm__ volatile("boundl %0, %1" : : "r"(9), "m"(kBounds) : "memory");
}
CASE(popf, "single step: the next instruction traps") {
    watch(0);
    __asm__ volatile("pushf\n\torl $0x100, (%%esp)\n\tpopf\n\tnop\n\tnop" : : : "memory", "cc");
}
CASE(popf, "alignment check: a crooked load") {
    static int words[2];
    watch(0);
    __asm__ volatile("pushf\n\torl $0x40000, (%%esp)\n\tpopf\n\tmovl 1(%0), %%eax"
                     :
                     : "r"(words)
                     : "eax", "memory", "cc");
    answer_text("no signal");
}
CASE(fdiv, "by zero, not masked") {
    static const unsigned short kControl = 0x0360 | 0x1B;
    watch(0);
    __asm__ volatile("fninit\n\tfldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n\tfwait" : : "m"(kControl));
    answer_text("no signal");
}
CASE(fsqrt, "of -1, not masked") {
    static const unsigned short kControl = 0x0360 | 0x1E;
    watch(0);
    __asm__ volatile("fninit\n\tfldcw %0\n\tfld1\n\tfchs\n\tfsqrt\n\tfwait" : : "m"(kControl));
    answer_text("no signal");
}
CASE(write, "to a pipe without a reader") {
    int ends[2];
    CALL(pipe, ends);
    CALL(close, ends[0]);
    watch(0);
    CALL(write, ends[1], "a", 1);
}

// --- the stack ---

static void touch_below(long bytes) {
    char here = 0;
    (void)*(volatile char*)(&here - bytes);
}
CASE(load, "below the stack pointer: the stack grows to 8 MiB") {
    answer_status(status_of(touch_below, 1 << 16));
    answer_status(status_of(touch_below, 4 << 20));
    answer_status(status_of(touch_below, 7 << 20));
    answer_status(status_of(touch_below, 17 << 19));
}
static void recurse(long depth) {
    volatile char room_here[4096];
    room_here[0] = (char)depth;
    if (depth > 0) recurse(depth - 1);
    (void)room_here[1];
}
CASE(push, "without an end") {
    answer_status(status_of(recurse, 1000));
    answer_status(status_of(recurse, 3000));
}
CASE(push, "without an end, a handler on its own stack") {
    const stack_t stack = {map(16384), 0, 16384};
    CALL(sigaltstack, &stack, 0);
    act(SIGSEGV, tells, SA_SIGINFO | SA_ONSTACK, 0);
    expected_address = (char*)-2;
    recurse(3000);
}
CASE(load, "a fault while SIGSEGV is blocked") {
    const SignalSet set = bit(SIGSEGV);
    CALL(rt_sigprocmask, SIG_BLOCK, &set, 0, 8);
    load(0);
}
CASE(load, "a fault while SIGSEGV is ignored") {
    act(SIGSEGV, (void*)1, 0, 0);
    (void)*(volatile char*)room;
    (void)*(volatile char*)0x10;
}
static void faults_again(int signal) {
    (void)signal;
    (void)*(volatile char*)0x10;
}
CASE(load, "a fault in the handler of the fault") {
    act(SIGSEGV, faults_again, 0, 0);
    faults_again(0);
}
CASE(rt_sigreturn, "without a frame") {
    __asm__ volatile("movl %0, %%esp\n\tmovl $173, %%eax\n\tint $0x80"
                     :
                     : "r"(pages().hole)
                     : "eax", "memory");
}
