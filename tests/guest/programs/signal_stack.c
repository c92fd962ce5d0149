// The alternate signal stack: sigaltstack's rules, and the handler of a stack overflow.
#include "tests/guest/programs/signal_support.h"

#define LEAST 2048u
#define ON_STACK 1
#define DISABLE 2
#define AUTODISARM 0x80000000u

static char room[65536] __attribute__((aligned(16)));
static volatile int calls;
static volatile unsigned long stack_inside;
static stack_t told_inside;
static long change_inside;

static long set_stack(void* start, unsigned flags, unsigned bytes) {
    const stack_t stack = {start, (int)flags, bytes};
    return system_call(SYS_sigaltstack, &stack, 0);
}
static stack_t stack_now(void) {
    stack_t stack = {(void*)1, 1, 1};
    system_call(SYS_sigaltstack, 0, &stack);
    return stack;
}
static int is_in_room(unsigned long address) {
    return address > (unsigned long)room && address <= (unsigned long)room + sizeof room;
}

static void look(int signal) {
    (void)signal;
    ++calls;
    stack_inside = (unsigned long)__builtin_frame_address(0);
    told_inside = stack_now();
    change_inside = set_stack(room, DISABLE, 0);
}

TEST(a_stack_is_what_was_set) {
    CHECK_EQUAL(set_stack(room, 0, sizeof room), 0);
    CHECK_EQUAL(stack_now().ss_sp, room);
    CHECK_EQUAL(stack_now().ss_size, sizeof room);
    CHECK_EQUAL(stack_now().ss_flags, 0);
    CHECK_EQUAL(set_stack(room, AUTODISARM, LEAST), 0);
    CHECK_EQUAL(stack_now().ss_flags, AUTODISARM);
    CHECK_EQUAL(set_stack(room, DISABLE, 7), 0);
    CHECK_EQUAL(stack_now().ss_sp, 0);
    CHECK_EQUAL(stack_now().ss_size, 0);
    CHECK_EQUAL(stack_now().ss_flags, DISABLE);
}

TEST(stacks_that_are_refused) {
    CHECK_EQUAL(set_stack(room, 0, sizeof room), 0);
    CHECK_EQUAL(set_stack(room + 1, 0, 100), -ENOMEM);
    CHECK_EQUAL(set_stack(room + 1, 3, sizeof room), -EINVAL);
    CHECK_EQUAL(set_stack(room + 1, 4, sizeof room), -EINVAL);
    CHECK_EQUAL(stack_now().ss_sp, room);
    CHECK_EQUAL(stack_now().ss_size, sizeof room);
}

TEST(bad_pointers_change_no_stack) {
    const struct Pages pages = make_pages();
    const stack_t stack = {room, 0, sizeof room};
    FOR_EACH_BAD_SOURCE(bad, pages)
    CHECK_EQUAL(system_call(SYS_sigaltstack, bad, 0), -EFAULT);
    FOR_EACH_BAD_TARGET(bad, pages)
    CHECK_EQUAL(system_call(SYS_sigaltstack, 0, bad), -EFAULT);
    CHECK_EQUAL(stack_now().ss_size, 0);
    CHECK_EQUAL(system_call(SYS_sigaltstack, &stack, 0), 0);
}

TEST(handlers_run_there_if_they_ask_for_it) {
    CHECK_EQUAL(set_stack(room, 0, sizeof room), 0);
    act(SIGUSR1, look, SA_ONSTACK, 0);
    raise(SIGUSR1);
    CHECK(is_in_room(stack_inside));
    CHECK_EQUAL(told_inside.ss_flags, ON_STACK);
    CHECK_EQUAL(change_inside, -EPERM);
    CHECK_EQUAL(stack_now().ss_flags, 0);
    CHECK_EQUAL(stack_now().ss_size, sizeof room);
    act(SIGUSR1, look, 0, 0);
    raise(SIGUSR1);
    CHECK(!is_in_room(stack_inside));
    CHECK_EQUAL(told_inside.ss_flags, 0);
}

static volatile unsigned long inner_stack;
static void inner(int signal) {
    (void)signal;
    inner_stack = (unsigned long)__builtin_frame_address(0);
}
static void outer(int signal) {
    (void)signal;
    stack_inside = (unsigned long)__builtin_frame_address(0);
    raise(SIGUSR2);
}

TEST(a_second_handler_goes_on_below_the_first) {
    CHECK_EQUAL(set_stack(room, 0, sizeof room), 0);
    act(SIGUSR1, outer, SA_ONSTACK, 0);
    act(SIGUSR2, inner, SA_ONSTACK, 0);
    raise(SIGUSR1);
    CHECK(is_in_room(stack_inside));
    CHECK(is_in_room(inner_stack));
    CHECK(inner_stack < stack_inside);
}

TEST(a_stack_that_disarms_can_be_set_again_in_the_handler) {
    CHECK_EQUAL(set_stack(room, AUTODISARM, sizeof room), 0);
    act(SIGUSR1, look, SA_ONSTACK | SA_SIGINFO, 0);
    raise(SIGUSR1);
    CHECK(is_in_room(stack_inside));
    CHECK_EQUAL(told_inside.ss_flags, DISABLE);
    CHECK_EQUAL(told_inside.ss_size, 0);
    CHECK_EQUAL(change_inside, 0);
    CHECK_EQUAL(stack_now().ss_flags, AUTODISARM);  // comes back with the frame
    CHECK_EQUAL(stack_now().ss_size, sizeof room);
}

// --- Overflow ------------------------------------------------------------------------------------

static volatile unsigned long fault_address;
static void* way_out[5];

static void overflown(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)context;
    ++calls;
    fault_address = (unsigned long)info->si_addr;
    unblock(bit(SIGSEGV));
    __builtin_longjmp(way_out, 1);
}

static volatile int deepest = 1 << 30;

static int recurse(int depth) {
    if (depth == deepest) return 0;
    volatile char room_on_stack[4000];
    room_on_stack[0] = (char)depth;
    return recurse(depth + 1) + room_on_stack[0];
}

__attribute__((noinline)) static void overflow(void) {
    if (__builtin_setjmp(way_out) == 0) recurse(0);
}

TEST(a_stack_overflow_is_caught_again_and_again) {
    CHECK_EQUAL(set_stack(room, 0, sizeof room), 0);
    act(SIGSEGV, overflown, SA_ONSTACK | SA_SIGINFO, 0);
    const unsigned long here = (unsigned long)__builtin_frame_address(0);
    for (int i = 1; i <= 3; ++i) {
        overflow();
        CHECK_EQUAL(calls, i);
        // RLIMIT_STACK is 8 MiB; one step of the recursion is about a page.
        CHECK(fault_address < here && here - fault_address <= (8u << 20) + 8192);
        CHECK(here - fault_address > 7u << 20);
    }
}

static void overflow_without_stack(long unused) {
    (void)unused;
    act(SIGSEGV, overflown, SA_SIGINFO, 0);
    recurse(0);
}

TEST(a_stack_overflow_without_another_stack_is_the_end) {
    CHECK_EQUAL(tap_signal_in_child(overflow_without_stack, 0), SIGSEGV);
}

static void nest(int signal) {
    (void)signal;
    ++calls;
    raise(SIGUSR1);
}
static void overflow_signal_stack(long unused) {
    (void)unused;
    set_stack(room + 32768, 0, 8192);
    act(SIGUSR1, nest, SA_ONSTACK | SA_NODEFER, 0);
    room[32767] = 5;
    raise(SIGUSR1);
}

TEST(frames_stay_within_the_alternate_stack) {
    CHECK_EQUAL(tap_signal_in_child(overflow_signal_stack, 0), SIGSEGV);
}

static void on_bad_stack(long flags) {
    set_stack((char*)0xC0000000, 0, 65536);
    act(SIGUSR1, look, (unsigned long)flags, 0);
    raise(SIGUSR1);
    end(calls == 1 ? 7 : 8);
}

TEST(a_stack_that_is_no_memory_is_the_end) {
    CHECK_EQUAL(tap_status_in_child(on_bad_stack, SA_ONSTACK), SIGSEGV);
    CHECK_EQUAL(tap_status_in_child(on_bad_stack, 0), 7 << 8);
}
