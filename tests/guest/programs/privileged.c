// What only the kernel may do, tried by a program: each ends it by the signal that Linux sends, and
// the machine goes on.
#include <asm/errno.h>
#include <asm/signal.h>

#include "tests/guest/programs/tap.h"

// INSTRUCTION(name, "assembly"): a function that does it.
#define INSTRUCTION(name, text)              \
    static void name(long unused) {          \
        (void)unused;                        \
        __asm__ volatile(text ::: "memory"); \
    }

INSTRUCTION(disable_interrupts, "cli")
INSTRUCTION(enable_interrupts, "sti")
INSTRUCTION(halt, "hlt")
INSTRUCTION(read_port, "movw $0x60, %%dx\n\tinb %%dx, %%al")
INSTRUCTION(write_port, "movw $0xf4, %%dx\n\tmovb $0, %%al\n\toutb %%al, %%dx")
INSTRUCTION(read_port_string, "movw $0x1f0, %%dx\n\tinsl")
INSTRUCTION(load_gdt, "lgdt 0(%%esp)")
INSTRUCTION(load_idt, "lidt 0(%%esp)")
INSTRUCTION(load_ldt, "movw $0, %%ax\n\tlldt %%ax")
INSTRUCTION(load_task, "movw $0x28, %%ax\n\tltr %%ax")
INSTRUCTION(clear_task_switched, "clts")
INSTRUCTION(read_cr0, "movl %%cr0, %%eax")
INSTRUCTION(write_cr0, "movl $0, %%eax\n\tmovl %%eax, %%cr0")
INSTRUCTION(read_cr3, "movl %%cr3, %%eax")
INSTRUCTION(write_cr3, "movl $0, %%eax\n\tmovl %%eax, %%cr3")
INSTRUCTION(write_cr4, "movl $0, %%eax\n\tmovl %%eax, %%cr4")
INSTRUCTION(write_dr7, "movl $0, %%eax\n\tmovl %%eax, %%dr7")
INSTRUCTION(flush_page, "invlpg 0(%%esp)")
INSTRUCTION(flush_caches, "wbinvd")
INSTRUCTION(read_msr, "movl $0x10, %%ecx\n\trdmsr")
INSTRUCTION(write_msr, "movl $0x174, %%ecx\n\twrmsr")
INSTRUCTION(machine_status, "movw $0, %%ax\n\tlmsw %%ax")
INSTRUCTION(another_interrupt, "int $0x21")
INSTRUCTION(the_timers_interrupt, "int $0x20")
INSTRUCTION(page_faults_interrupt, "int $14")
INSTRUCTION(kernel_data_segment, "movw $0x10, %%ax\n\tmovw %%ax, %%ds")
INSTRUCTION(no_stack_segment, "movw $0, %%ax\n\tmovw %%ax, %%ss")
INSTRUCTION(call_the_kernel, "lcall $0x08, $0xC0100000")
INSTRUCTION(jump_to_ring_0, "pushl $0x08\n\tpushl $0xC0100000\n\tlret")
INSTRUCTION(return_to_ring_0, "pushfl\n\tpushl $0x08\n\tpushl $0xC0100000\n\tiret")
INSTRUCTION(a_segment_past_the_table, "movw $0xFFFB, %%ax\n\tmovw %%ax, %%es")

INSTRUCTION(undefined, "ud2")
INSTRUCTION(breakpoint, "int3")
INSTRUCTION(divide_by_zero, "xorl %%ecx, %%ecx\n\tmovl $1, %%eax\n\tcltd\n\tidivl %%ecx")
INSTRUCTION(quotient_too_large, "movl $0x80000000, %%eax\n\tcltd\n\tmovl $-1, %%ecx\n\tidivl %%ecx")
INSTRUCTION(overflow, "movl $0x7fffffff, %%eax\n\taddl $1, %%eax\n\tinto")
INSTRUCTION(out_of_bounds, "pushl $2\n\tpushl $1\n\tmovl $5, %%eax\n\tbound %%eax, 0(%%esp)")
INSTRUCTION(single_step, "pushfl\n\torl $0x100, (%%esp)\n\tpopfl\n\tnop")

struct Attempt {
    const char* name;
    void (*run)(long);
};
#define ATTEMPT(name) \
    { #name, name }

static void check_all(const struct Attempt* attempts, unsigned count, int signal) {
    for (unsigned i = 0; i < count; ++i) {
        const int got = tap_signal_in_child(attempts[i].run, 0);
        if (got != signal) tap_note("%s: signal %d", attempts[i].name, got);
        CHECK_EQUAL(got, signal);
    }
}
#define CHECK_ALL(attempts, signal) check_all(attempts, sizeof attempts / sizeof *attempts, signal)

TEST(privileged_instructions_are_refused) {
    static const struct Attempt attempts[] = {
        ATTEMPT(disable_interrupts),
        ATTEMPT(enable_interrupts),
        ATTEMPT(halt),
        ATTEMPT(load_gdt),
        ATTEMPT(load_idt),
        ATTEMPT(load_ldt),
        ATTEMPT(load_task),
        ATTEMPT(clear_task_switched),
        ATTEMPT(read_cr0),
        ATTEMPT(write_cr0),
        ATTEMPT(read_cr3),
        ATTEMPT(write_cr3),
        ATTEMPT(write_cr4),
        ATTEMPT(write_dr7),
        ATTEMPT(flush_page),
        ATTEMPT(flush_caches),
        ATTEMPT(read_msr),
        ATTEMPT(write_msr),
        ATTEMPT(machine_status),
    };
    CHECK_ALL(attempts, SIGSEGV);
}

TEST(ports_are_refused) {
    static const struct Attempt attempts[] = {
        ATTEMPT(read_port),
        ATTEMPT(write_port),
        ATTEMPT(read_port_string),
    };
    CHECK_ALL(attempts, SIGSEGV);
}

TEST(there_is_no_way_into_ring_0) {
    static const struct Attempt attempts[] = {
        ATTEMPT(another_interrupt),        ATTEMPT(the_timers_interrupt),
        ATTEMPT(page_faults_interrupt),    ATTEMPT(kernel_data_segment),
        ATTEMPT(no_stack_segment),         ATTEMPT(call_the_kernel),
        ATTEMPT(jump_to_ring_0),           ATTEMPT(return_to_ring_0),
        ATTEMPT(a_segment_past_the_table),
    };
    CHECK_ALL(attempts, SIGSEGV);
}

TEST(exceptions_are_signals) {
    CHECK_EQUAL(tap_signal_in_child(undefined, 0), SIGILL);
    CHECK_EQUAL(tap_signal_in_child(breakpoint, 0), SIGTRAP);
    CHECK_EQUAL(tap_signal_in_child(single_step, 0), SIGTRAP);
    CHECK_EQUAL(tap_signal_in_child(divide_by_zero, 0), SIGFPE);
    CHECK_EQUAL(tap_signal_in_child(quotient_too_large, 0), SIGFPE);
    CHECK_EQUAL(tap_signal_in_child(overflow, 0), SIGSEGV);
    CHECK_EQUAL(tap_signal_in_child(out_of_bounds, 0), SIGSEGV);
}

// popf leaves what a program may not change, and does not complain.
TEST(interrupts_and_io_privilege_cannot_be_had_by_popf) {
    unsigned long flags = 0;
    __asm__ volatile(
        "pushfl\n\t"
        "andl $~0x200, (%%esp)\n\t"
        "orl $0x3000, (%%esp)\n\t"
        "popfl\n\t"
        "pushfl\n\t"
        "popl %0"
        : "=r"(flags)
        :
        : "memory", "cc");
    CHECK_EQUAL(flags & 0x3000, 0);
    CHECK_EQUAL(flags & 0x200, 0x200);
}

TEST(io_privilege_cannot_be_asked_for) {
    CHECK_EQUAL(system_call(110, 3), -ENOSYS);           // iopl
    CHECK_EQUAL(system_call(101, 0x60, 1, 1), -ENOSYS);  // ioperm
}

// Flags that the kernel must not inherit: it runs with DF clear and without alignment checks.
TEST(strange_flags_do_not_follow_into_the_kernel) {
    char text[64];
    long result = SYS_getcwd;
    __asm__ volatile(
        "pushfl\n\t"
        "orl $0x40400, (%%esp)\n\t"
        "popfl\n\t"
        "int $0x80\n\t"
        "pushfl\n\t"
        "andl $~0x40400, (%%esp)\n\t"
        "popfl"
        : "+a"(result)
        : "b"(text + 1), "c"(sizeof text - 1)
        : "memory", "cc");
    CHECK(result > 0);
    CHECK_EQUAL(text[1], '/');
}
