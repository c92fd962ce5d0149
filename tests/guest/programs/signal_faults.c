// What a program gets for each thing that it may not do: signal, si_code, si_addr, and the trap
// number and error code in the signal's context, as Linux answers.
#include "tests/guest/programs/signal_support.h"

// What a handler saw, sent to the parent through a pipe.
struct Seen {
    int signal, code;
    unsigned long address, trap, error, cr2, eip;
};

static int ends[2];
static char handler_stack[16384];

static void tell(int signal, siginfo_t* info, void* context) {
    const struct sigcontext* registers = &((struct ucontext*)context)->uc_mcontext;
    const struct Seen seen = {signal,
                              info->si_code,
                              (unsigned long)info->si_addr,
                              registers->trapno,
                              registers->err,
                              registers->cr2,
                              registers->eip};
    system_call(SYS_write, ends[1], &seen, sizeof seen);
    end(0);
}

// Does it in a child whose handlers run on a stack of their own.
static struct Seen seen_of(void (*action)(long), long argument) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGPIPE};
    struct Seen seen = {0};
    system_call(SYS_pipe, ends);
    const long child = system_call(SYS_fork);
    if (child == 0) {
        const stack_t stack = {handler_stack, 0, sizeof handler_stack};
        system_call(SYS_sigaltstack, &stack, 0);
        for (unsigned i = 0; i < sizeof signals / sizeof *signals; ++i)
            act(signals[i], tell, SA_SIGINFO | SA_ONSTACK, 0);
        action(argument);
        end(5);
    }
    system_call(SYS_close, ends[1]);
    system_call(SYS_read, ends[0], &seen, sizeof seen);
    system_call(SYS_close, ends[0]);
    int status;
    system_call(SYS_wait4, child, &status, 0, 0);
    if (status != 0) seen.signal = -status;
    return seen;
}

static void expect(const struct Seen* seen, int signal, int code, long trap, long error) {
    CHECK_EQUAL(seen->signal, signal);
    CHECK_EQUAL(seen->code, code);
    CHECK_EQUAL(seen->trap, trap);
    CHECK_EQUAL(seen->error, error);
}

// A page fault: the address is told twice. And without a handler it is the end.
static void expect_page_fault(void (*action)(long), unsigned long address, int signal, int code,
                              long error) {
    const struct Seen seen = seen_of(action, (long)address);
    expect(&seen, signal, code, 14, error);
    CHECK_EQUAL(seen.address, address);
    CHECK_EQUAL(seen.cr2, address);
    CHECK_EQUAL(tap_status_in_child(action, (long)address), signal);
}

// An exception that tells no address.
static void expect_trap(void (*action)(long), int signal, int code, long trap, long error) {
    const struct Seen seen = seen_of(action, 0);
    expect(&seen, signal, code, trap, error);
    CHECK_EQUAL(seen.address, 0);
    CHECK_EQUAL(tap_status_in_child(action, 0), signal);
}

// One that tells where the instruction is.
static void expect_at(void (*action)(long), const char* place, int signal, int code, long trap) {
    const struct Seen seen = seen_of(action, 0);
    expect(&seen, signal, code, trap, 0);
    CHECK_EQUAL(seen.address, place);
    CHECK_EQUAL(seen.eip, place);
    CHECK_EQUAL(tap_status_in_child(action, 0), signal);
}

// --- Page faults ---------------------------------------------------------------------------------

static void read_at(long address) {
    (void)*(volatile char*)address;
}
static void write_at(long address) {
    *(volatile char*)address = 1;
}
static void call_at(long address) {
    ((void (*)(void))address)();
}

TEST(reads_where_nothing_is) {
    const struct Pages pages = make_pages();
    expect_page_fault(read_at, 0, SIGSEGV, SEGV_MAPERR, 4);
    expect_page_fault(read_at, 4095, SIGSEGV, SEGV_MAPERR, 4);
    expect_page_fault(read_at, (unsigned long)pages.hole, SIGSEGV, SEGV_MAPERR, 4);
}

TEST(reads_what_is_hidden) {
    const struct Pages pages = make_pages();
    REQUIRE(system_call(SYS_mprotect, pages.writable, 4096, 0) == 0);
    expect_page_fault(read_at, (unsigned long)pages.writable, SIGSEGV, SEGV_ACCERR, 4);
    expect_page_fault(write_at, (unsigned long)pages.writable, SIGSEGV, SEGV_ACCERR, 6);
}

TEST(reads_the_kernel) {
    expect_page_fault(read_at, 0xC0000000, SIGSEGV, SEGV_MAPERR, 4);
    expect_page_fault(read_at, 0xC0001000, SIGSEGV, SEGV_MAPERR, 4);
}

TEST(writes_the_kernel) {
    expect_page_fault(write_at, 0xC0000000, SIGSEGV, SEGV_MAPERR, 6);
    expect_page_fault(write_at, 0xC0101000, SIGSEGV, SEGV_MAPERR, 6);
}

TEST(writes_its_own_code) {
    read_at((long)write_at);
    struct Seen seen = seen_of(write_at, (long)write_at);
    CHECK_EQUAL(seen.error & ~1L, 6);  // whether the page was there already
    seen.error = 0;
    expect(&seen, SIGSEGV, SEGV_ACCERR, 14, 0);
    CHECK_EQUAL(seen.address, write_at);
}

TEST(writes_what_may_only_be_read) {
    const struct Pages pages = make_pages();
    read_at((long)pages.read_only);
    const struct Seen seen = seen_of(write_at, (long)pages.read_only);
    expect(&seen, SIGSEGV, SEGV_ACCERR, 14, seen.error);
    CHECK_EQUAL(seen.error & ~1UL, 6);
}

TEST(writes_past_the_end_of_a_file) {
    const char* name = "/tmp/signal_faults";
    const long file = system_call(SYS_open, name, 0x42 /* read, write, create */, 0600);
    REQUIRE(file >= 0);
    system_call(SYS_unlink, name);
    CHECK_EQUAL(system_call(SYS_write, file, "x", 1), 1);
    char* const mapped = (char*)system_call6(SYS_mmap2, 0, 8192, 3, 1 /* shared */, file, 0);
    REQUIRE((unsigned long)mapped < 0xFFFFF000);
    mapped[4095] = 1;
    expect_page_fault(write_at, (unsigned long)mapped + 4096, SIGBUS, BUS_ADRERR, 6);
    expect_page_fault(read_at, (unsigned long)mapped + 4096, SIGBUS, BUS_ADRERR, 4);
}

TEST(calls_where_nothing_is) {
    const struct Pages pages = make_pages();
    struct Seen seen = seen_of(call_at, 0);
    expect(&seen, SIGSEGV, SEGV_MAPERR, 14, seen.error);
    CHECK_EQUAL(seen.error & ~16UL, 4);  // a fetch, where the CPU tells so
    CHECK_EQUAL(seen.eip, 0);
    seen = seen_of(call_at, (long)pages.hole);
    expect(&seen, SIGSEGV, SEGV_MAPERR, 14, seen.error);
    CHECK_EQUAL(seen.eip, pages.hole);
    CHECK_EQUAL(seen.address, pages.hole);
}

static void push_at(long address) {
    __asm__ volatile("movl %0, %%esp; pushl $1" : : "r"(address + 4) : "memory");
    end(9);
}

TEST(pushes_where_nothing_is) {
    const struct Pages pages = make_pages();
    expect_page_fault(push_at, (unsigned long)pages.hole + 64, SIGSEGV, SEGV_MAPERR, 6);
}

static void touch_below_stack(long distance) {
    volatile char* place = (volatile char*)__builtin_frame_address(0) - distance;
    *place = 1;
}

TEST(a_stack_grows_when_it_is_touched) {
    CHECK_EQUAL(tap_status_in_child(touch_below_stack, 65536), 0);
    CHECK_EQUAL(tap_status_in_child(touch_below_stack, 1 << 20), 0);
    CHECK_EQUAL(tap_signal_in_child(touch_below_stack, 64 << 20), SIGSEGV);
}

// --- Exceptions ----------------------------------------------------------------------------------

extern const char divide_place[], ud2_place[], x87_place[], trace_place[];

static void divide(long zero) {
    __asm__ volatile(
        "movl $1, %%eax; xorl %%edx, %%edx\n"
        "divide_place: divl %0"
        :
        : "r"(zero)
        : "eax", "edx");
}
static void undefined(long unused) {
    (void)unused;
    __asm__ volatile("ud2_place: ud2");
}

TEST(a_division_by_zero) {
    expect_at(divide, divide_place, SIGFPE, FPE_INTDIV, 0);
}
TEST(an_instruction_that_there_is_not) {
    expect_at(undefined, ud2_place, SIGILL, ILL_ILLOPN, 6);
}

#define INSTRUCTION(name, text)     \
    static void name(long unused) { \
        (void)unused;               \
        __asm__ volatile(text);     \
    }
INSTRUCTION(overflow_trap, "int $4")
INSTRUCTION(into, "movb $127, %al; addb $1, %al; into")
INSTRUCTION(breakpoint, "int3")
INSTRUCTION(long_breakpoint, "int $3")
INSTRUCTION(call_page_fault, "int $0x0E")
INSTRUCTION(call_unused, "int $0x81")
INSTRUCTION(call_irq, "int $0x20")
INSTRUCTION(clear_interrupts, "cli")
INSTRUCTION(set_interrupts, "sti")
INSTRUCTION(halt, "hlt")
INSTRUCTION(read_cr0, "movl %cr0, %eax")
INSTRUCTION(write_cr3, "xorl %eax, %eax; movl %eax, %cr3")
INSTRUCTION(load_gdt, "pushl $0; pushl $0; lgdt (%esp)")
INSTRUCTION(load_idt, "pushl $0; pushl $0; lidt (%esp)")
INSTRUCTION(load_task, "movl $0x28, %eax; ltr %ax")
INSTRUCTION(invalidate, "invlpg 0")
INSTRUCTION(read_port, "inb $0x60, %al")
INSTRUCTION(write_port, "movb $0xFE, %al; outb %al, $0x64")
INSTRUCTION(load_fs, "movl $0x1235, %eax; movw %ax, %fs")
INSTRUCTION(load_kernel_data, "movl $0x10, %eax; movw %ax, %ds")
INSTRUCTION(jump_far, "ljmp $0x10, $0")
INSTRUCTION(return_far, "pushl $0x08; pushl $0; lret")
INSTRUCTION(read_msr, "movl $0x1B, %ecx; rdmsr")

static void out_of_bounds(long unused) {
    (void)unused;
    const int bounds[2] = {0, 10};
    __asm__ volatile("boundl %0, %1" : : "r"(11), "m"(bounds[0]), "m"(bounds[1]));
}

TEST(software_traps) {
    expect_trap(overflow_trap, SIGSEGV, SI_KERNEL, 4, 0);
    expect_trap(into, SIGSEGV, SI_KERNEL, 4, 0);
    expect_trap(out_of_bounds, SIGSEGV, SI_KERNEL, 5, 0);
    expect_trap(breakpoint, SIGTRAP, SI_KERNEL, 3, 0);
    expect_trap(long_breakpoint, SIGTRAP, SI_KERNEL, 3, 0);
}

TEST(gates_that_are_not_for_programs) {
    expect_trap(call_page_fault, SIGSEGV, SI_KERNEL, 13, 14 * 8 + 2);
    expect_trap(call_unused, SIGSEGV, SI_KERNEL, 13, 0x81 * 8 + 2);
    expect_trap(call_irq, SIGSEGV, SI_KERNEL, 13, 0x20 * 8 + 2);
}

TEST(instructions_of_the_kernel) {
    expect_trap(clear_interrupts, SIGSEGV, SI_KERNEL, 13, 0);
    expect_trap(set_interrupts, SIGSEGV, SI_KERNEL, 13, 0);
    expect_trap(halt, SIGSEGV, SI_KERNEL, 13, 0);
    expect_trap(read_cr0, SIGSEGV, SI_KERNEL, 13, 0);
    expect_trap(write_cr3, SIGSEGV, SI_KERNEL, 13, 0);
    expect_trap(load_gdt, SIGSEGV, SI_KERNEL, 13, 0);
    expect_trap(load_idt, SIGSEGV, SI_KERNEL, 13, 0);
    expect_trap(load_task, SIGSEGV, SI_KERNEL, 13, 0);
    expect_trap(invalidate, SIGSEGV, SI_KERNEL, 13, 0);
    expect_trap(read_msr, SIGSEGV, SI_KERNEL, 13, 0);
}

TEST(ports_are_the_kernels) {
    expect_trap(read_port, SIGSEGV, SI_KERNEL, 13, 0);
    expect_trap(write_port, SIGSEGV, SI_KERNEL, 13, 0);
}

TEST(segments_that_are_not_the_programs) {
    expect_trap(load_fs, SIGSEGV, SI_KERNEL, 13, 0x1234);
    expect_trap(load_kernel_data, SIGSEGV, SI_KERNEL, 13, 0x10);
    expect_trap(jump_far, SIGSEGV, SI_KERNEL, 13, 0x10);
    expect_trap(return_far, SIGSEGV, SI_KERNEL, 13, 0x08);
}

static void single_step(long unused) {
    (void)unused;
    __asm__ volatile(
        "pushfl; orl $0x100, (%esp); popfl\n"
        "nop\n"
        "trace_place: nop");
}

TEST(a_single_step) {
    expect_at(single_step, trace_place, SIGTRAP, TRAP_TRACE, 1);
}

static void x87_divide(long unused) {
    (void)unused;
    const short control = 0x037B;  // zero divide is not masked
    __asm__ volatile(
        "fninit; fldcw %0\n"
        "fld1; fldz; fdivrp\n"
        "x87_place: fwait"
        :
        : "m"(control));
}

TEST(an_x87_exception) {
    const struct Seen seen = seen_of(x87_divide, 0);
    expect(&seen, SIGFPE, FPE_FLTDIV, 16, 0);
    CHECK_EQUAL(seen.eip, x87_place);  // x87 exceptions come at the next x87 instruction
    CHECK_EQUAL(tap_status_in_child(x87_divide, 0), SIGFPE);
}

static void sse_divide(long unused) {
    (void)unused;
    const unsigned mxcsr = 0x1D80;
    __asm__ volatile(
        "ldmxcsr %0\n"
        ".byte 0x0F, 0x57, 0xC0\n"  // xorps %xmm0, %xmm0
        ".byte 0x0F, 0x57, 0xC9\n"  // xorps %xmm1, %xmm1
        "movl $0x3F800000, %%eax; pushl %%eax\n"
        ".byte 0xF3, 0x0F, 0x10, 0x04, 0x24\n"  // movss (%esp), %xmm0
        "popl %%eax\n"
        ".byte 0xF3, 0x0F, 0x5E, 0xC1"  // divss %xmm1, %xmm0
        :
        : "m"(mxcsr)
        : "eax", "memory");
}

// QEMU's translator raises neither #XM nor #AC; other emulators and real CPUs do.
static int is_translated(void) {
    unsigned a = 0x40000000, b, c, d;
    __asm__("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
    return b == 0x54474354 && c == 0x43544743 && d == 0x47435447;  // "TCGTCGTCGTCG"
}

static int has_sse(void) {
    unsigned a = 1, b, c, d;
    __asm__("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
    return d >> 25 & 1;
}

TEST(an_sse_exception) {
    if (!has_sse() || is_translated()) return tap_note("not on this machine");
    const struct Seen seen = seen_of(sse_divide, 0);
    expect(&seen, SIGFPE, FPE_FLTDIV, 19, 0);
    CHECK_EQUAL(tap_status_in_child(sse_divide, 0), SIGFPE);
}

// EFLAGS.AC: data that is not aligned.
static void misaligned(long unused) {
    (void)unused;
    static int words[2];
    __asm__ volatile(
        "pushfl; orl $0x40000, (%%esp); popfl\n"
        "movl 1(%0), %%eax\n"
        "pushfl; andl $~0x40000, (%%esp); popfl"
        :
        : "r"(words)
        : "eax", "memory");
}

TEST(an_access_that_is_not_aligned) {
    if (is_translated()) return tap_note("not on this machine");
    const struct Seen seen = seen_of(misaligned, 0);
    expect(&seen, SIGBUS, BUS_ADRALN, 17, 0);
    CHECK_EQUAL(seen.address, 0);
    CHECK_EQUAL(tap_status_in_child(misaligned, 0), SIGBUS);
}

// The kernel's own accesses are not checked.
static void call_while_checking(long unused) {
    (void)unused;
    static char buffer[16];
    __asm__ volatile("pushfl; orl $0x40000, (%esp); popfl");
    const long got = system_call(SYS_rt_sigprocmask, SIG_BLOCK, 0, buffer + 1, 8);
    __asm__ volatile("pushfl; andl $~0x40000, (%esp); popfl");
    end(got == 0 ? 0 : 1);
}

TEST(calls_work_while_alignment_is_checked) {
    CHECK_EQUAL(tap_status_in_child(call_while_checking, 0), 0);
}

// --- Pipes ---------------------------------------------------------------------------------------

static void write_to_nobody(long unused) {
    (void)unused;
    int pipe[2];
    system_call(SYS_pipe, pipe);
    system_call(SYS_close, pipe[0]);
    system_call(SYS_write, pipe[1], "x", 1);
}

TEST(a_write_that_nobody_will_read) {
    const struct Seen seen = seen_of(write_to_nobody, 0);
    expect(&seen, SIGPIPE, SI_USER, 0, 0);
    CHECK_EQUAL(tap_status_in_child(write_to_nobody, 0), SIGPIPE);
}

TEST(it_is_an_error_for_those_who_ignore_the_signal) {
    int pipe[2];
    REQUIRE(system_call(SYS_pipe, pipe) == 0);
    system_call(SYS_close, pipe[0]);
    act(SIGPIPE, SIG_IGN, 0, 0);
    CHECK_EQUAL(system_call(SYS_write, pipe[1], "x", 1), -EPIPE);
}

// --- Faults that are not to be had ---------------------------------------------------------------

static void fault_while_blocked(long unused) {
    (void)unused;
    act(SIGSEGV, tell, SA_SIGINFO, 0);
    block(bit(SIGSEGV));
    write_at(0);
}
static void fault_while_ignored(long unused) {
    (void)unused;
    act(SIGSEGV, SIG_IGN, 0, 0);
    write_at(0);
}

TEST(a_fault_can_be_neither_blocked_nor_ignored) {
    CHECK_EQUAL(tap_status_in_child(fault_while_blocked, 0), SIGSEGV);
    CHECK_EQUAL(tap_status_in_child(fault_while_ignored, 0), SIGSEGV);
}

static void fault_again(int signal) {
    (void)signal;
    write_at(0);
}
static void fault_in_handler(long unused) {
    (void)unused;
    act(SIGSEGV, fault_again, 0, 0);
    write_at(0);
}

TEST(a_fault_in_its_own_handler_is_the_end) {
    CHECK_EQUAL(tap_status_in_child(fault_in_handler, 0), SIGSEGV);
}

static volatile int repairs;
static void repair(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)context;
    ++repairs;
    system_call(SYS_mprotect, (unsigned long)info->si_addr & ~4095UL, 4096, 3);
}

TEST(a_handler_can_repair_what_was_wrong) {
    const struct Pages pages = make_pages();
    act(SIGSEGV, repair, SA_SIGINFO, 0);
    pages.read_only[100] = 7;
    CHECK_EQUAL(pages.read_only[100], 7);
    CHECK_EQUAL(repairs, 1);
}
