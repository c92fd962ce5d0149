// Segment registers that stop being valid while the kernel has them: it must live on, and the
// program gets the null selector or its end.
#include "tests/guest/programs/signal_support.h"

struct Descriptor {
    unsigned entry, base, limit, flags;
};
#define SEGMENT_32BIT 1u
#define READ_ONLY (1u << 3)
#define PAGES (1u << 4)
#define ABSENT (1u << 5)

static unsigned make_segment(void) {
    struct Descriptor flat = {(unsigned)-1, 0, 0xFFFFF, SEGMENT_32BIT | PAGES};
    REQUIRE(system_call(SYS_set_thread_area, &flat) == 0);
    return flat.entry;
}
static long clear_segment(unsigned entry) {
    const struct Descriptor none = {entry, 0, 0, READ_ONLY | ABSENT};
    return system_call(SYS_set_thread_area, &none);
}

// Calls with `selector` in the register, which the call itself makes invalid.
#define WITH_SEGMENT(name, register)                                                            \
    static void name(long selector) {                                                           \
        const struct Descriptor none = {(unsigned)selector >> 3, 0, 0, READ_ONLY | ABSENT};     \
        unsigned long before, after;                                                            \
        long result = SYS_set_thread_area;                                                      \
        __asm__ volatile("movw %%" register ", %w1; movw %w4, %%" register "; int $0x80\n"    \
                         "movw %%" register ", %w2; movw %w1, %%" register                    \
                         : "+a"(result), "=&r"(before), "=&r"(after)                          \
                         : "b"(&none), "r"(selector)                                          \
                         : "memory"); \
        end(result == 0 && (after & 0xFFFF) == 0 ? 0 : 1);                                      \
    }
WITH_SEGMENT(lose_gs, "gs")
WITH_SEGMENT(lose_fs, "fs")
WITH_SEGMENT(lose_es, "es")

TEST(a_data_segment_that_goes_becomes_null) {
    const long selector = make_segment() * 8 + 3;
    CHECK_EQUAL(tap_status_in_child(lose_gs, selector), 0);
    CHECK_EQUAL(tap_status_in_child(lose_fs, selector), 0);
    CHECK_EQUAL(tap_status_in_child(lose_es, selector), 0);
}

static void lose_ss(long selector) {
    const struct Descriptor none = {(unsigned)selector >> 3, 0, 0, READ_ONLY | ABSENT};
    __asm__ volatile("movw %w1, %%ss; int $0x80"
                     :
                     : "a"(SYS_set_thread_area), "r"(selector), "b"(&none)
                     : "memory");
    end(0);
}

TEST(a_stack_segment_that_goes_is_the_end) {
    const long selector = make_segment() * 8 + 3;
    const int signal = tap_signal_in_child(lose_ss, selector);
    CHECK(signal == SIGSEGV || signal == SIGBUS);
}

// What a handler finds, and puts back.
static volatile unsigned gs_inside, ds_inside;
static void look(int signal) {
    (void)signal;
    unsigned gs, ds;
    __asm__("movl %%gs, %0; movl %%ds, %1" : "=r"(gs), "=r"(ds));
    gs_inside = gs;
    ds_inside = ds;
}

TEST(a_handler_keeps_gs_and_has_flat_data) {
    const unsigned selector = make_segment() * 8 + 3;
    unsigned gs, es, ds;
    act(SIGUSR1, look, 0, 0);
    __asm__ volatile("movl %%ds, %0" : "=r"(ds));
    __asm__ volatile("movw %w0, %%gs; movw %w0, %%es" : : "r"(selector));
    raise(SIGUSR1);
    __asm__ volatile("movl %%gs, %0; movl %%es, %1" : "=r"(gs), "=r"(es));
    __asm__ volatile("movw %w0, %%gs; movw %w1, %%es" : : "r"(0), "r"(ds));
    CHECK_EQUAL(gs_inside & 0xFFFF, selector);
    CHECK_EQUAL(ds_inside & 0xFFFF, ds & 0xFFFF);
    CHECK_EQUAL(gs & 0xFFFF, selector);
    CHECK_EQUAL(es & 0xFFFF, selector);
}

static unsigned lost_entry;
static void lose_in_handler(int signal) {
    (void)signal;
    clear_segment(lost_entry);
}
static void lose_while_handled(long unused) {
    (void)unused;
    lost_entry = make_segment();
    const unsigned selector = lost_entry * 8 + 3;
    unsigned gs;
    act(SIGUSR1, lose_in_handler, 0, 0);
    __asm__ volatile("movw %w0, %%gs" : : "r"(selector));
    raise(SIGUSR1);
    __asm__ volatile("movl %%gs, %0" : "=r"(gs));
    end((gs & 0xFFFF) == 0 ? 0 : 1);
}

TEST(a_segment_that_a_handler_takes_away_becomes_null) {
    CHECK_EQUAL(tap_status_in_child(lose_while_handled, 0), 0);
}

static void put(int signal, siginfo_t* info, void* context) {
    (void)signal;
    struct ucontext* all = context;
    const unsigned what = info->si_int;
    if (what >> 16 == 0) all->uc_mcontext.gs = (unsigned short)what;
    if (what >> 16 == 1) all->uc_mcontext.ds = (unsigned short)what;
    if (what >> 16 == 2) all->uc_mcontext.ss = (unsigned short)what;
    if (what >> 16 == 3) all->uc_mcontext.cs = (unsigned short)what;
}
// Ends with code 0 if both DS and GS are null, or as they were.
static void return_with(long what) {
    siginfo_t info = {0};
    unsigned ds, gs, flat, gs_before;
    info.si_code = SI_QUEUE;
    info.si_int = (int)what;
    act(40, put, SA_SIGINFO, 0);
    const long self = system_call(SYS_getpid);
    long result = SYS_rt_sigqueueinfo;
    __asm__ volatile("movl %%ds, %0; movl %%gs, %1" : "=r"(flat), "=r"(gs_before));
    __asm__ volatile("int $0x80; movl %%ds, %1; movl %%gs, %2; movw %w3, %%ds"
                     : "+a"(result), "=&r"(ds), "=&r"(gs)
                     : "r"(flat), "b"(self), "c"(40), "d"(&info)
                     : "memory");
    const int good_ds = (ds & 0xFFFF) == 0 || (ds & 0xFFFF) == (flat & 0xFFFF);
    const int good_gs = (gs & 0xFFFF) == 0 || (gs & 0xFFFF) == (gs_before & 0xFFFF);
    end(good_ds && good_gs ? 0 : 1);
}

// Every selector of the kernel, and some that there are not: no register gets one.
TEST(a_frame_with_the_kernels_selectors_gives_no_power) {
    static const unsigned short selectors[] = {0x08, 0x0B, 0x10, 0x13,   0x28,   0x48,  0x53,
                                               0x04, 0x07, 0x0F, 0x1007, 0xFFFB, 0xFFFF};
    for (unsigned i = 0; i < sizeof selectors / sizeof *selectors; ++i) {
        CHECK_EQUAL(tap_status_in_child(return_with, selectors[i]), 0);
        CHECK_EQUAL(tap_status_in_child(return_with, 0x10000 | selectors[i]), 0);
        const int stack = tap_signal_in_child(return_with, 0x20000 | selectors[i]);
        CHECK(stack == SIGSEGV || stack == SIGBUS);
        CHECK_EQUAL(tap_signal_in_child(return_with, 0x30000 | selectors[i]), SIGSEGV);
    }
}
