// sigaction in its three forms, what a handler gets, what its flags do, and how it returns.
#include "tests/guest/programs/signal_support.h"

struct OldAction {
    void* handler;
    unsigned long mask, flags;
    void* restorer;
};

static volatile int calls, last_signal;
static volatile SignalSet mask_inside;

static void count(int signal) {
    ++calls;
    last_signal = signal;
    mask_inside = blocked();
}

static struct Action action_of(int signal) {
    struct Action action = {0};
    CHECK_EQUAL(system_call(SYS_rt_sigaction, signal, 0, &action, 8), 0);
    return action;
}

// --- Setting and asking --------------------------------------------------------------------------

TEST(an_action_is_what_was_set) {
    const struct Action wanted = {count, SA_SIGINFO | SA_RESTART | SA_NODEFER, (void*)5,
                                  bit(3) | bit(40)};
    struct Action before = {(void*)1, 1, (void*)1, 1};
    CHECK_EQUAL(system_call(SYS_rt_sigaction, SIGUSR1, &wanted, &before, 8), 0);
    CHECK_EQUAL(before.handler, SIG_DFL);
    CHECK_EQUAL(before.flags, 0);
    CHECK(before.mask == 0);
    const struct Action got = action_of(SIGUSR1);
    CHECK_EQUAL(got.handler, count);
    CHECK_EQUAL(got.flags, wanted.flags);
    CHECK_EQUAL(got.restorer, 5);
    CHECK(got.mask == wanted.mask);
}

TEST(kill_and_stop_are_out_of_any_mask) {
    act(SIGUSR1, count, 0, ~0ULL);
    CHECK(action_of(SIGUSR1).mask == ~(bit(SIGKILL) | bit(SIGSTOP)));
}

TEST(the_old_form_knows_32_signals) {
    const struct OldAction wanted = {count, 0x80000002, SA_RESTART, 0};
    struct OldAction got = {0};
    CHECK_EQUAL(system_call(SYS_sigaction, SIGUSR2, &wanted, 0), 0);
    CHECK_EQUAL(system_call(SYS_sigaction, SIGUSR2, 0, &got), 0);
    CHECK_EQUAL(got.handler, count);
    CHECK_EQUAL(got.mask, 0x80000002);
    CHECK_EQUAL(got.flags, SA_RESTART);
    CHECK(action_of(SIGUSR2).mask == 0x80000002);
}

TEST(the_oldest_form_is_for_one_time) {
    CHECK_EQUAL(system_call(SYS_signal, SIGUSR1, count), SIG_DFL);
    CHECK_EQUAL(action_of(SIGUSR1).flags, SA_RESETHAND | SA_NODEFER);
    CHECK_EQUAL(system_call(SYS_signal, SIGUSR1, SIG_IGN), count);
    CHECK_EQUAL(system_call(SYS_signal, SIGUSR1, SIG_DFL), SIG_IGN);
}

TEST(signals_that_there_are_not) {
    const struct Action action = {count, 0, 0, 0};
    struct Action got = {(void*)7, 0, 0, 0};
    CHECK_EQUAL(system_call(SYS_rt_sigaction, 0, &action, 0, 8), -EINVAL);
    CHECK_EQUAL(system_call(SYS_rt_sigaction, 65, &action, 0, 8), -EINVAL);
    CHECK_EQUAL(system_call(SYS_rt_sigaction, -1, &action, 0, 8), -EINVAL);
    CHECK_EQUAL(system_call(SYS_rt_sigaction, 0, 0, &got, 8), -EINVAL);
    CHECK_EQUAL(system_call(SYS_rt_sigaction, SIGUSR1, &action, 0, 4), -EINVAL);
    CHECK_EQUAL(system_call(SYS_rt_sigaction, SIGKILL, &action, &got, 8), -EINVAL);
    CHECK_EQUAL(system_call(SYS_rt_sigaction, SIGSTOP, &action, &got, 8), -EINVAL);
    CHECK_EQUAL(got.handler, 7);
    CHECK_EQUAL(system_call(SYS_rt_sigaction, SIGKILL, 0, &got, 8), 0);
    CHECK_EQUAL(got.handler, SIG_DFL);
    CHECK_EQUAL(system_call(SYS_sigaction, 0, 0, 0), -EINVAL);
    CHECK_EQUAL(system_call(SYS_sigaction, SIGKILL, &action, 0), -EINVAL);
    CHECK_EQUAL(system_call(SYS_signal, SIGKILL, SIG_IGN), -EINVAL);
    CHECK_EQUAL(system_call(SYS_signal, 65, SIG_IGN), -EINVAL);
}

TEST(bad_pointers_change_nothing) {
    const struct Pages pages = make_pages();
    const struct Action action = {count, 0, 0, 0};
    FOR_EACH_BAD_SOURCE(bad, pages) {
        CHECK_EQUAL(system_call(SYS_rt_sigaction, SIGUSR1, bad, 0, 8), -EFAULT);
        CHECK_EQUAL(system_call(SYS_sigaction, SIGUSR1, bad, 0), -EFAULT);
    }
    FOR_EACH_BAD_TARGET(bad, pages) {
        CHECK_EQUAL(system_call(SYS_rt_sigaction, SIGUSR1, 0, bad, 8), -EFAULT);
        CHECK_EQUAL(system_call(SYS_sigaction, SIGUSR1, 0, bad), -EFAULT);
    }
    CHECK_EQUAL(action_of(SIGUSR1).handler, SIG_DFL);
    CHECK_EQUAL(system_call(SYS_rt_sigaction, SIGUSR1, &action, 0, 8), 0);
}

// --- Being called --------------------------------------------------------------------------------

TEST(a_handler_is_called_with_its_signal_blocked) {
    act(SIGUSR1, count, 0, bit(SIGTERM) | bit(50));
    block(bit(SIGHUP));
    CHECK_EQUAL(raise(SIGUSR1), 0);
    CHECK_EQUAL(calls, 1);
    CHECK_EQUAL(last_signal, SIGUSR1);
    CHECK(mask_inside == (bit(SIGHUP) | bit(SIGTERM) | bit(50) | bit(SIGUSR1)));
    CHECK(blocked() == bit(SIGHUP));
}

TEST(nodefer_leaves_it_open) {
    act(SIGUSR1, count, SA_NODEFER, 0);
    raise(SIGUSR1);
    CHECK_EQUAL(calls, 1);
    CHECK(mask_inside == 0);
}

static volatile int depth, most_depth;
static void send_again(int signal) {
    if (++depth > most_depth) most_depth = depth;
    if (++calls < 3) raise(signal);
    --depth;
}

TEST(a_signal_in_its_own_handler_comes_after_it) {
    act(SIGUSR1, send_again, 0, 0);
    raise(SIGUSR1);
    CHECK_EQUAL(calls, 3);
    CHECK_EQUAL(most_depth, 1);
}

TEST(or_within_it_with_nodefer) {
    act(SIGUSR1, send_again, SA_NODEFER, 0);
    raise(SIGUSR1);
    CHECK_EQUAL(calls, 3);
    CHECK_EQUAL(most_depth, 3);
}

TEST(resethand_calls_it_once) {
    act(SIGCHLD, count, SA_RESETHAND, 0);
    raise(SIGCHLD);
    raise(SIGCHLD);
    CHECK_EQUAL(calls, 1);
    CHECK_EQUAL(action_of(SIGCHLD).handler, SIG_DFL);
}

static volatile int order[8], count_of_order;
static void remember(int signal) {
    order[count_of_order++ & 7] = signal;
}

// The frame of the lowest is pushed first, so the highest runs first.
TEST(several_at_once_stack_up) {
    act(SIGHUP, remember, 0, 0);
    act(SIGUSR1, remember, 0, 0);
    act(40, remember, 0, 0);
    const SignalSet set = bit(SIGHUP) | bit(SIGUSR1) | bit(40);
    block(set);
    raise(40);
    raise(SIGUSR1);
    raise(SIGHUP);
    unblock(set);
    CHECK_EQUAL(count_of_order, 3);
    CHECK_EQUAL(order[0], 40);
    CHECK_EQUAL(order[1], SIGUSR1);
    CHECK_EQUAL(order[2], SIGHUP);
}

static siginfo_t seen_info;
static volatile unsigned long seen_stack, seen_stack_of_info;
static void look(int signal, siginfo_t* info, void* context) {
    const struct ucontext* all = context;
    ++calls;
    last_signal = signal;
    seen_info = *info;
    seen_stack = all->uc_mcontext.esp;
    seen_stack_of_info = (unsigned long)info;
}

TEST(siginfo_tells_who_sent_it) {
    act(SIGUSR1, look, SA_SIGINFO, 0);
    raise(SIGUSR1);
    CHECK_EQUAL(calls, 1);
    CHECK_EQUAL(last_signal, SIGUSR1);
    CHECK_EQUAL(seen_info.si_signo, SIGUSR1);
    CHECK_EQUAL(seen_info.si_code, SI_USER);
    CHECK_EQUAL(seen_info.si_errno, 0);
    CHECK_EQUAL(seen_info.si_pid, system_call(SYS_getpid));
    CHECK_EQUAL(seen_info.si_uid, system_call(SYS_getuid));
    const unsigned long here = (unsigned long)__builtin_frame_address(0);
    CHECK(seen_stack <= here && seen_stack > here - 1024);
    CHECK(seen_stack_of_info < seen_stack);
}

static volatile unsigned long entry_stack, entry_flags, entry_ax;
extern void look_at_registers(int signal);
__asm__(
    ".text\n"
    "look_at_registers:\n"
    "movl %esp, entry_stack\n"
    "movl %eax, entry_ax\n"
    "pushfl; popl entry_flags\n"
    "ret\n");

TEST(a_handler_starts_as_the_abi_wants) {
    act(SIGUSR1, look_at_registers, 0, 0);
    __asm__ volatile("std");
    raise(SIGUSR1);
    __asm__ volatile("cld");
    CHECK_EQUAL((entry_stack + 4) % 16, 0);
    CHECK_EQUAL(entry_ax, SIGUSR1);
    CHECK_EQUAL(entry_flags & 0x400, 0);  // DF
}

// --- Coming back ---------------------------------------------------------------------------------

static void spoil(int signal) {
    (void)signal;
    ++calls;
    __asm__ volatile(
        "fninit; fldz; fldz\n"
        "xorl %%eax, %%eax; xorl %%ecx, %%ecx; xorl %%edx, %%edx\n"
        "stc; std; cld"
        :
        :
        : "eax", "ecx", "edx", "memory");
}

// All registers and flags survive a handler that runs between two instructions.
static void check_registers(void) {
    unsigned long a = SYS_kill, b = system_call(SYS_getpid), c = SIGUSR1, d = 3, s = 4, t = 5;
    unsigned long flags;
    double value = 0;
    __asm__ volatile(
        "fninit; fldpi\n"
        "int $0x80\n"
        "pushfl; popl %7\n"
        "fstpl %6"
        : "+a"(a), "+b"(b), "+c"(c), "+d"(d), "+S"(s), "+D"(t), "=m"(value), "=m"(flags)
        :
        : "memory", "cc");
    CHECK_EQUAL(calls, 1);
    CHECK_EQUAL(a, 0);
    CHECK_EQUAL(c, SIGUSR1);
    CHECK_EQUAL(d, 3);
    CHECK_EQUAL(s, 4);
    CHECK_EQUAL(t, 5);
    CHECK_EQUAL(flags & 0x401, 0);
    CHECK(value > 3.14 && value < 3.15);
}

TEST(registers_survive_a_handler) {
    act(SIGUSR1, spoil, 0, 0);
    check_registers();
}

TEST(registers_survive_a_handler_with_siginfo) {
    act(SIGUSR1, spoil, SA_SIGINFO, 0);
    check_registers();
}

extern void own_return(void);
static volatile int own_returns;
__asm__(
    ".text\n"
    "own_return:\n"
    "incl own_returns\n"
    "popl %eax\n"
    "movl $119, %eax\n"
    "int $0x80\n");

TEST(a_restorer_is_used_where_there_is_one) {
    const struct Action action = {count, 0x04000000 /* SA_RESTORER */, own_return, 0};
    CHECK_EQUAL(system_call(SYS_rt_sigaction, SIGUSR1, &action, 0, 8), 0);
    raise(SIGUSR1);
    CHECK_EQUAL(calls, 1);
    CHECK_EQUAL(own_returns, 1);
}

static void change_context(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)info;
    struct ucontext* all = context;
    all->uc_mcontext.eax = 4711;
    all->uc_mcontext.eflags |= 1;       // CF
    all->uc_mcontext.eflags |= 0x3000;  // IOPL
    *(SignalSet*)&all->uc_sigmask = bit(SIGTERM) | bit(SIGKILL);
}

TEST(a_handler_may_change_what_comes_back) {
    act(SIGUSR1, change_context, SA_SIGINFO, 0);
    long result = SYS_kill;
    unsigned long flags;
    __asm__ volatile("int $0x80; pushfl; popl %1"
                     : "+a"(result), "=m"(flags)
                     : "b"(system_call(SYS_getpid)), "c"(SIGUSR1)
                     : "memory", "cc");
    CHECK_EQUAL(result, 4711);
    CHECK_EQUAL(flags & 0x3001, 1);
    CHECK(blocked() == bit(SIGTERM));
}

static void to_kernel_segment(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)info;
    ((struct ucontext*)context)->uc_mcontext.cs = 0x08;
}
static void return_to_kernel_segment(long unused) {
    (void)unused;
    act(SIGUSR1, to_kernel_segment, SA_SIGINFO, 0);
    raise(SIGUSR1);
}

static void return_without_frame(long number) {
    __asm__ volatile("movl $8, %%esp; int $0x80" : : "a"(number));
}

TEST(a_return_to_nowhere_is_the_end) {
    CHECK_EQUAL(tap_signal_in_child(return_to_kernel_segment, 0), SIGSEGV);
    CHECK_EQUAL(tap_signal_in_child(return_without_frame, SYS_sigreturn), SIGSEGV);
    CHECK_EQUAL(tap_signal_in_child(return_without_frame, SYS_rt_sigreturn), SIGSEGV);
}

// --- Calls that are interrupted ------------------------------------------------------------------

// A child sends SIGUSR1 while the parent reads from a pipe, and then writes a byte.
static long read_while_interrupted(unsigned long flags) {
    int ends[2];
    char byte;
    act(SIGUSR1, count, flags, 0);
    system_call(SYS_pipe, ends);
    const long parent = system_call(SYS_getpid);
    const long child = system_call(SYS_fork);
    if (child == 0) {
        pause_for(50);
        system_call(SYS_kill, parent, SIGUSR1);
        pause_for(50);
        system_call(SYS_write, ends[1], "x", 1);
        end(0);
    }
    const long got = system_call(SYS_read, ends[0], &byte, 1);
    while (system_call(SYS_wait4, child, 0, 0, 0) == -EINTR) {
    }
    return got;
}

TEST(a_read_is_interrupted) {
    CHECK_EQUAL(read_while_interrupted(0), -EINTR);
    CHECK_EQUAL(calls, 1);
}

TEST(a_read_begins_again_with_restart) {
    CHECK_EQUAL(read_while_interrupted(SA_RESTART), 1);
    CHECK_EQUAL(calls, 1);
}

TEST(a_sleep_is_interrupted_all_the_same) {
    act(SIGUSR1, count, SA_RESTART, 0);
    const long parent = system_call(SYS_getpid);
    const long child = system_call(SYS_fork);
    if (child == 0) {
        pause_for(50);
        system_call(SYS_kill, parent, SIGUSR1);
        end(0);
    }
    const struct Time time = {20, 0};
    struct Time left = {0, 0};
    CHECK_EQUAL(system_call(SYS_nanosleep, &time, &left), -EINTR);
    CHECK(left.seconds == 19);
    CHECK_EQUAL(calls, 1);
    system_call(SYS_wait4, child, 0, 0, 0);
}

TEST(waiting_for_a_child_is_interrupted) {
    act(SIGALRM, count, 0, 0);
    const long child = system_call(SYS_fork);
    if (child == 0) {
        pause_for(5000);
        end(0);
    }
    system_call(SYS_alarm, 1);
    CHECK_EQUAL(system_call(SYS_wait4, child, 0, 0, 0), -EINTR);
    CHECK_EQUAL(calls, 1);
    system_call(SYS_kill, child, SIGKILL);
    CHECK_EQUAL(system_call(SYS_wait4, child, 0, 0, 0), child);
}

// --- fork and execve -----------------------------------------------------------------------------

TEST(a_child_has_the_handlers_and_the_mask_but_nothing_pending) {
    act(SIGUSR1, count, 0, 0);
    block(bit(SIGUSR2));
    raise(SIGUSR2);
    const long child = system_call(SYS_fork);
    if (child == 0) {
        raise(SIGUSR1);
        end(calls == 1 && blocked() == bit(SIGUSR2) && pending() == 0 ? 0 : 1);
    }
    int status = -1;
    system_call(SYS_wait4, child, &status, 0, 0);
    CHECK_EQUAL(status, 0);
    CHECK(pending() == bit(SIGUSR2));
}

// The program itself again, with what follows for its only test.
static void begin_anew(long unused) {
    (void)unused;
    static char room[8192];
    const stack_t stack = {room, 0, sizeof room};
    const char* const arguments[] = {"signal_actions", "seen_by_the_new_program", 0};
    const char* const environment[] = {0};
    system_call(SYS_sigaltstack, &stack, 0);
    act(SIGUSR1, SIG_IGN, SA_RESTART, bit(3));
    act(SIGUSR2, count, SA_SIGINFO, bit(3));
    block(bit(SIGHUP));
    system_call(SYS_close, 1);  // its lines are none of ours
    system_call(SYS_execve, "/proc/self/exe", arguments, environment);
    system_call(SYS_execve, "/tests/signal_actions", arguments, environment);
    end(9);
}

TEST(execve_forgets_handlers_and_keeps_what_is_ignored_and_blocked) {
    CHECK_EQUAL(tap_status_in_child(begin_anew, 0), 0);
}

TEST(seen_by_the_new_program) {
    const struct Action ignored = action_of(SIGUSR1), handled = action_of(SIGUSR2);
    stack_t stack;
    system_call(SYS_sigaltstack, 0, &stack);
    CHECK_EQUAL(handled.handler, SIG_DFL);
    CHECK_EQUAL(handled.flags, 0);
    CHECK(handled.mask == 0);
    CHECK_EQUAL(stack.ss_size, 0);
    if (blocked() == 0) return;  // nobody has prepared anything
    CHECK_EQUAL(ignored.handler, SIG_IGN);
    CHECK(blocked() == bit(SIGHUP));
}
