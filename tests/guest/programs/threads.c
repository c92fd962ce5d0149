// Threads by clone(2) alone: making them, their numbers, their ends, and the end of all.
#include "tests/guest/programs/thread_support.h"

// --- Making --------------------------------------------------------------------------------------

struct Facts {
    long pid, tid;
    volatile int go;
};

static void tell_facts(void* argument) {
    struct Facts* const facts = argument;
    facts->pid = system_call(SYS_getpid);
    facts->tid = gettid();
    wait_while(&facts->go, 0);
}

TEST(a_thread_is_of_the_process_and_has_a_number_of_its_own) {
    struct Facts facts = {0};
    struct Thread thread;
    const int tid_before = thread.tid = 0;
    begin_at(&thread, tell_facts, &facts);
    set_and_wake(&facts.go, 1);
    const long tid = thread.tid;
    join(&thread);
    CHECK_EQUAL(facts.pid, system_call(SYS_getpid));
    CHECK_EQUAL(facts.tid, tid);
    CHECK(tid != tid_before && tid != system_call(SYS_getpid));
    CHECK_EQUAL(gettid(), system_call(SYS_getpid));
}

TEST(a_number_in_use_is_nobody_elses) {
    struct Facts facts[20] = {{0}};
    struct Thread threads[20];
    for (int i = 0; i < 20; ++i)
        begin_at(&threads[i], tell_facts, &facts[i]);
    for (int i = 0; i < 20; ++i)
        for (int j = 0; j < i; ++j)
            CHECK(threads[i].tid != threads[j].tid);
    const long child = system_call(SYS_fork);
    if (child == 0) end(0);
    for (int i = 0; i < 20; ++i)
        CHECK(child != threads[i].tid);
    status_of(child);
    CHECK_EQUAL(status_number("Threads:"), 21);
    for (int i = 0; i < 20; ++i) {
        set_and_wake(&facts[i].go, 1);
        join(&threads[i]);
    }
    CHECK_EQUAL(status_number("Threads:"), 1);
}

static void nothing(void* argument) {
    (void)argument;
}

static long try_clone(unsigned flags, void* tls) {
    static char stack[4096] __attribute__((aligned(16)));
    static int tid;
    return raw_clone(flags, stack + sizeof stack, &tid, tls, &tid, nothing, 0);
}

TEST(what_does_not_go_together_is_refused) {
    CHECK_EQUAL(try_clone(CLONE_THREAD, 0), -EINVAL);
    CHECK_EQUAL(try_clone(CLONE_THREAD | CLONE_VM, 0), -EINVAL);
    CHECK_EQUAL(try_clone(CLONE_THREAD | CLONE_SIGHAND, 0), -EINVAL);
    CHECK_EQUAL(try_clone(CLONE_SIGHAND, 0), -EINVAL);
    CHECK_EQUAL(try_clone(CLONE_NEWNS | CLONE_FS, 0), -EINVAL);
    CHECK_EQUAL(try_clone(CLONE_PIDFD | CLONE_PARENT_SETTID, 0), -EINVAL);
    CHECK_EQUAL(system_call(435 /* clone3 */, 0, 0), -ENOSYS);
}

TEST(a_bad_tls_descriptor_is_refused) {
    const unsigned flags = kThreadFlags | CLONE_SETTLS;
    const struct Pages pages = make_pages();
    FOR_EACH_BAD_SOURCE(place, pages) CHECK_EQUAL(try_clone(flags, place), -EFAULT);
    unsigned descriptor[4] = {3, 0x1000, 0xFFFFF, 0x51};
    CHECK_EQUAL(try_clone(flags, descriptor), -EINVAL);  // not one of 6 to 8
    descriptor[0] = ~0U;
    CHECK_EQUAL(try_clone(flags, descriptor), -EINVAL);  // nobody could be told which
    descriptor[0] = 6;
    descriptor[3] = 0x50;  // 16 bits
    CHECK_EQUAL(try_clone(flags, descriptor), -EINVAL);
    CHECK_EQUAL(status_number("Threads:"), 1);
}

static void read_gs(void* argument) {
    int value;
    __asm__ volatile("movl %1, %%gs\n\t movl %%gs:0, %0" : "=r"(value) : "r"(6 * 8 + 3));
    set_and_wake(argument, value);
}

TEST(each_thread_has_its_own_tls) {
    static int values[4] = {11, 22, 33, 44};
    static volatile int told[4];
    int alive[4];
    for (int i = 0; i < 4; ++i) {
        const unsigned descriptor[4] = {6, (unsigned)&values[i], 0xFFFFF, 0x51};
        CHECK(raw_clone(kThreadFlags | CLONE_SETTLS, new_stack() + kStackBytes, &alive[i],
                        (void*)descriptor, &alive[i], read_gs, (void*)&told[i]) > 0);
    }
    for (int i = 0; i < 4; ++i) {
        wait_while(&told[i], 0);
        CHECK_EQUAL(told[i], values[i]);
    }
}

static void set_one(void* word) {
    set_and_wake(word, 1);
}

TEST(places_for_numbers_that_cannot_be_written_are_ignored) {
    static volatile int done;
    const long made = raw_clone(kThreadFlags | CLONE_CHILD_SETTID, new_stack() + kStackBytes,
                                (int*)0x1000, 0, (int*)0xFFFFFFF0, set_one, (void*)&done);
    CHECK(made > 0);
    wait_while(&done, 0);
    while (status_number("Threads:") != 1)
        system_call(SYS_sched_yield);
}

static int pipe_ends[2];

static void close_and_move(void* unused) {
    (void)unused;
    system_call(SYS_close, pipe_ends[0]);
    system_call(SYS_chdir, "/tmp");
    system_call(SYS_umask, 0);
}

// Whether the caller sees what a thread does to its files: 1 descriptors, 2 directory and umask.
static int what_is_shared_with(unsigned flags) {
    static volatile int alive;
    char path[16] = "";
    system_call(SYS_pipe, pipe_ends);
    system_call(SYS_chdir, "/");
    system_call(SYS_umask, 022);
    alive = 1;
    CHECK(raw_clone(flags, new_stack() + kStackBytes, (int*)&path, 0, &alive, close_and_move, 0) >
          0);
    wait_while(&alive, 1);
    system_call(183 /* getcwd */, path, sizeof path);
    const int closed = system_call(SYS_close, pipe_ends[0]) == -EBADF;
    const int moved = path[1] == 't';
    CHECK_EQUAL(system_call(SYS_umask, 022), moved ? 0 : 022);
    system_call(SYS_close, pipe_ends[1]);
    return closed + 2 * moved;
}

TEST(files_and_directory_are_shared_if_clone_says_so) {
    CHECK_EQUAL(what_is_shared_with(kThreadFlags), 3);
    CHECK_EQUAL(what_is_shared_with(kThreadFlags & ~(unsigned)CLONE_FILES), 2);
    CHECK_EQUAL(what_is_shared_with(kThreadFlags & ~(unsigned)CLONE_FS), 1);
    CHECK_EQUAL(what_is_shared_with(kThreadFlags & ~(unsigned)(CLONE_FILES | CLONE_FS)), 0);
}

static void make_threads_until_refused(long most) {
    const unsigned long limit[2] = {(unsigned long)most, (unsigned long)most};
    system_call(SYS_setrlimit, 6, limit);
    system_call(SYS_setresuid32, 1000, 1000, 1000);
    static struct Facts facts;
    long made = 0, answer;
    do {
        answer = raw_clone(kThreadFlags & ~(unsigned)CLONE_CHILD_CLEARTID,
                           new_stack() + kStackBytes, (int*)&facts.pid, 0, 0, tell_facts, &facts);
    } while (answer > 0 && ++made < 1000);
    end(answer == -EAGAIN && made == most - 1 ? 0 : 1);
}

TEST(the_limit_of_processes_counts_threads) {
    CHECK_EQUAL(tap_status_in_child(make_threads_until_refused, 7), 0);
    CHECK_EQUAL(tap_status_in_child(make_threads_until_refused, 50), 0);
}

static void make_many_threads(long most) {
    static struct Facts facts;
    long made = 0, answer;
    do {
        char* const stack = map(kPage, 0);
        answer = raw_clone(kThreadFlags & ~(unsigned)CLONE_CHILD_CLEARTID, stack + kPage,
                           (int*)&facts.pid, 0, 0, tell_facts, &facts);
    } while (answer > 0 && ++made < most);
    end(made == most || answer == -EAGAIN || answer == -ENOMEM ? 0 : 1);
}

TEST(a_thousand_threads) {
    const int status = tap_status_in_child(make_many_threads, 1000);
    CHECK(status == 0 || (status & 0x7F) == SIGKILL || (status & 0x7F) == SIGSEGV);
}

// --- Ends ----------------------------------------------------------------------------------------

static void exit_with(void* code) {
    system_call(SYS_exit, code);
}

static void leader_first(long code) {
    static struct Thread other;
    static struct Facts facts;
    begin_at(&other, tell_facts, &facts);
    begin_at(&other, exit_with, (void*)9);
    facts.go = 1;
    system_call(SYS_exit, code);
}

TEST(without_exit_group_the_leaders_code_counts) {
    CHECK_EQUAL(tap_status_in_child(leader_first, 5), 5 << 8);
}

static void end_all(void* code) {
    system_call(SYS_exit_group, code);
}

static void leader_then_group(long code) {
    struct Thread other;
    begin_at(&other, end_all, (void*)(code + 1));
    system_call(SYS_exit, code);
}

TEST(exit_group_has_the_last_word) {
    CHECK_EQUAL(tap_status_in_child(leader_then_group, 5), 6 << 8);
}

// A leader that has ended is seen as a zombie, and can still be named.
static void outlive_leader(void* argument) {
    const long pid = system_call(SYS_getpid);
    while (find(read_file("/proc/self/status"), "State:\tZ") == 0)
        system_call(SYS_sched_yield);
    const int ok = status_number("Threads:") == 2 && system_call(TGKILL, pid, pid, 0) == 0 &&
                   system_call(TGKILL, pid, pid, SIGTERM) == 0 &&
                   system_call(SYS_kill, pid, 0) == 0;
    *(volatile long*)argument = ok;
    end(ok ? 3 : 4);
}

static void become_zombie_leader(long unused) {
    static long ok;
    struct Thread other;
    (void)unused;
    begin_at(&other, outlive_leader, &ok);
    system_call(SYS_exit, 0);
}

TEST(a_leader_that_has_ended_keeps_its_number) {
    CHECK_EQUAL(tap_status_in_child(become_zombie_leader, 0), 3 << 8);
}

static void other_tells(void* argument) {
    pause_for(30);
    *(volatile int*)argument = 1;
    pause_for(30);
}

TEST(the_parent_is_told_once_when_the_last_has_gone) {
    int* const shared = (int*)system_call6(SYS_mmap2, 0, kPage, 3, 0x21, -1, 0);
    const long child = system_call(SYS_fork);
    if (child == 0) {
        struct Thread other;
        begin_at(&other, other_tells, shared);
        system_call(SYS_exit, 1);
    }
    int status = -1;
    CHECK_EQUAL(system_call(SYS_wait4, child, &status, 0, 0), child);
    CHECK_EQUAL(status, 1 << 8);
    CHECK_EQUAL(*shared, 1);
    CHECK_EQUAL(system_call(SYS_wait4, child, &status, 0, 0), -ECHILD);
}

// What threads may be doing when all have to end.
static volatile int never;
static void sleep_in_pipe(void* unused) {
    char byte;
    (void)unused;
    system_call(SYS_read, pipe_ends[0], &byte, 1);
}
static void sleep_in_futex(void* unused) {
    (void)unused;
    wait_while(&never, 0);
}
static void sleep_for_long(void* unused) {
    (void)unused;
    pause_for(100000);
}
static void sleep_in_pause(void* unused) {
    (void)unused;
    block(~0ULL);
    system_call(SYS_pause);
}
static void sleep_in_poll(void* unused) {
    (void)unused;
    system_call(168, 0, 0, -1);
}
static void sleep_in_wait(void* unused) {
    (void)unused;
    if (system_call(SYS_fork) == 0) {
        system_call(SYS_close, pipe_ends[1]);  // it ends with the threads
        sleep_in_pipe(0);
        end(0);
    }
    system_call(SYS_wait4, -1, 0, 0, 0);
}
static void sleep_in_sigtimedwait(void* unused) {
    const SignalSet all = ~0ULL;
    (void)unused;
    system_call(177, &all, 0, 0, 8);
}
static void compute(void* unused) {
    (void)unused;
    for (;;)
        ++never, --never;
}
static void call_all_the_time(void* unused) {
    (void)unused;
    for (;;)
        system_call(SYS_getpid);
}
static void touch_memory(void* unused) {
    (void)unused;
    for (;;) {
        char* const pages = map(16 * kPage, 0);
        for (int i = 0; i < 16; ++i)
            pages[i * kPage] = 1;
        system_call(SYS_munmap, pages, 16 * kPage);
    }
}
static void sleep_in_vfork(void* unused) {
    (void)unused;
    if (system_call(190) == 0) {
        char byte;
        system_call(SYS_close, pipe_ends[1]);
        system_call(SYS_read, pipe_ends[0], &byte, 1);
        system_call(SYS_exit, 0);
    }
}

static const Work busy[] = {sleep_in_pipe, sleep_in_futex,        sleep_for_long, sleep_in_pause,
                            sleep_in_poll, sleep_in_sigtimedwait, compute,        call_all_the_time,
                            touch_memory,  sleep_in_wait,         sleep_in_vfork};
enum { kBusy = sizeof busy / sizeof *busy, kStoppable = kBusy - 1 /* all but vfork(2) */ };

static void begin(int count) {
    static struct Thread threads[kBusy];
    system_call(SYS_pipe, pipe_ends);
    for (int i = 0; i < count; ++i)
        begin_at(&threads[i], busy[i], 0);
    pause_for(20);
}
static void begin_all(void) {
    begin(kBusy);
}

static void exit_among(long code) {
    begin_all();
    end((int)code);
}
static void thread_exits_among(long code) {
    struct Thread one;
    begin_all();
    begin_at(&one, end_all, (void*)code);
    for (;;)
        system_call(SYS_pause);
}
static void crash(void* unused) {
    (void)unused;
    *(volatile int*)0 = 0;
}
static void thread_crashes_among(long unused) {
    struct Thread one;
    (void)unused;
    begin_all();
    begin_at(&one, crash, 0);
    for (;;)
        system_call(SYS_pause);
}
static void killed_among(long signal) {
    begin_all();
    raise((int)signal);
    for (;;)
        system_call(SYS_pause);
}

TEST(exit_group_ends_threads_wherever_they_are) {
    for (int i = 0; i < 5; ++i)
        CHECK_EQUAL(tap_status_in_child(exit_among, 33), 33 << 8);
}
TEST(exit_group_of_any_thread_is_for_all) {
    for (int i = 0; i < 5; ++i)
        CHECK_EQUAL(tap_status_in_child(thread_exits_among, 44), 44 << 8);
}
TEST(a_fault_of_one_ends_all) {
    CHECK_EQUAL(tap_signal_in_child(thread_crashes_among, 0), SIGSEGV);
}
TEST(a_fatal_signal_ends_all) {
    CHECK_EQUAL(tap_signal_in_child(killed_among, SIGKILL), SIGKILL);
    CHECK_EQUAL(tap_signal_in_child(killed_among, SIGTERM), SIGTERM);
    CHECK_EQUAL(tap_signal_in_child(killed_among, SIGQUIT) & 0x7F, SIGQUIT);
}

TEST(a_stopped_process_can_be_killed_with_all_its_threads) {
    const long child = system_call(SYS_fork);
    if (child == 0) {
        begin(kStoppable);
        raise(SIGSTOP);
        end(1);
    }
    int status = -1;
    CHECK_EQUAL(system_call(SYS_wait4, child, &status, 2 /* WUNTRACED */, 0), child);
    CHECK_EQUAL(status, SIGSTOP << 8 | 0x7F);
    system_call(SYS_kill, child, SIGKILL);
    CHECK_EQUAL(status_of(child), SIGKILL);
}

// --- execve --------------------------------------------------------------------------------------

static const char* const shell[] = {"/bin/sh", "-c", "exit 7", 0};
static const char* const no_words[] = {0};

static void become_shell(void* unused) {
    (void)unused;
    system_call(SYS_execve, shell[0], shell, no_words);
    end(99);
}

static void exec_among(long in_leader) {
    struct Thread one;
    begin_all();
    if (in_leader == 0) begin_at(&one, become_shell, 0);
    if (in_leader == 1) become_shell(0);
    for (;;)
        system_call(SYS_pause);
}

static void exec_without_leader(long unused) {
    struct Thread one;
    (void)unused;
    begin_at(&one, become_shell, 0);
    system_call(SYS_exit, 1);
}

TEST(execve_of_a_thread_takes_over_the_process) {
    for (int i = 0; i < 5; ++i)
        CHECK_EQUAL(tap_status_in_child(exec_among, 0), 7 << 8);
}
TEST(execve_of_the_leader_ends_the_others) {
    CHECK_EQUAL(tap_status_in_child(exec_among, 1), 7 << 8);
}
TEST(execve_works_when_the_leader_has_gone) {
    CHECK_EQUAL(tap_status_in_child(exec_without_leader, 0), 7 << 8);
}

static void exec_by_many(long unused) {
    struct Thread threads[8];
    (void)unused;
    for (int i = 0; i < 8; ++i)
        begin_at(&threads[i], become_shell, 0);
    become_shell(0);
}
TEST(execve_of_many_at_once_is_that_of_one) {
    for (int i = 0; i < 10; ++i)
        CHECK_EQUAL(tap_status_in_child(exec_by_many, 0), 7 << 8);
}

static void failing_exec(void* argument) {
    const char* const words[] = {"/there/is/none", 0};
    *(volatile long*)argument = system_call(SYS_execve, words[0], words, no_words);
}
TEST(an_execve_that_fails_leaves_the_others_alone) {
    struct Facts facts = {0};
    static volatile long answer;
    struct Thread other, failing;
    begin_at(&other, tell_facts, &facts);
    begin_at(&failing, failing_exec, (void*)&answer);
    join(&failing);
    CHECK_EQUAL(answer, -ENOENT);
    CHECK_EQUAL(status_number("Threads:"), 2);
    set_and_wake(&facts.go, 1);
    join(&other);
}

// --- fork, vfork, wait ---------------------------------------------------------------------------

struct Family {
    volatile long child;
    volatile int go;
    long own;
};

static void fork_one(void* argument) {
    struct Family* const family = argument;
    const long child = system_call(SYS_fork);
    if (child == 0)
        end(status_number("Threads:") == 1 && gettid() == system_call(SYS_getpid) ? 8 : 9);
    family->child = child;
    wait_while(&family->go, 0);
}

TEST(fork_copies_the_caller_alone) {
    struct Family family = {0};
    struct Thread thread;
    begin_at(&thread, fork_one, &family);
    while (family.child == 0)
        system_call(SYS_sched_yield);
    CHECK_EQUAL(status_of(family.child), 8 << 8);  // any thread may wait
    set_and_wake(&family.go, 1);
    join(&thread);
}

enum { kNoThread = 0x20000000, kClone = (int)0x80000000u, kNoHang = 1, kAll = 0x40000000 };

static void wait_for_own(void* argument) {
    struct Family* const family = argument;
    fork_one(argument);
    family->own = system_call(SYS_wait4, family->child, 0, kNoThread, 0);
}

TEST(wnothread_means_the_callers_own_children) {
    struct Family family = {0};
    struct Thread thread;
    begin_at(&thread, wait_for_own, &family);
    while (family.child == 0)
        system_call(SYS_sched_yield);
    CHECK_EQUAL(system_call(SYS_wait4, family.child, 0, kNoThread, 0), -ECHILD);
    set_and_wake(&family.go, 1);
    join(&thread);
    CHECK_EQUAL(family.own, family.child);
}

TEST(children_of_a_thread_that_ends_are_anothers) {
    struct Family family = {0};
    struct Thread thread;
    family.go = 1;
    begin_at(&thread, fork_one, &family);
    join(&thread);
    CHECK_EQUAL(system_call(SYS_wait4, family.child, 0, kNoThread, 0), family.child);
}

static volatile long count;
static void keep_counting(void* argument) {
    while (*(volatile int*)argument == 0)
        ++count;
}
static void vfork_one(void* argument) {
    struct Family* const family = argument;
    const long child = system_call(190);
    if (child == 0) {
        const long before = count;
        pause_for(50);
        family->own = count != before;
        system_call(SYS_exit, 0);
    }
    family->child = child;
}

TEST(vfork_suspends_the_caller_alone) {
    struct Family family = {0};
    static volatile int stop;
    struct Thread counter, caller;
    begin_at(&counter, keep_counting, (void*)&stop);
    begin_at(&caller, vfork_one, &family);
    join(&caller);
    CHECK_EQUAL(family.own, 1);
    status_of(family.child);
    stop = 1;
    join(&counter);
}

TEST(clone_thread_with_vfork_waits_for_the_thread) {
    static volatile int done;
    int tid = 0;
    done = 0;
    CHECK(raw_clone(kThreadFlags | CLONE_VFORK, new_stack() + kStackBytes, &tid, 0, &tid,
                    other_tells, (void*)&done) > 0);
    CHECK_EQUAL(done, 1);
}

static void make_brother(long unused) {
    (void)unused;
    const long brother = system_call(CLONE, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
    if (brother == 0) end(system_call(SYS_getppid) > 1 ? 0 : 1);
    end(system_call(SYS_wait4, brother, 0, 0, 0) == -ECHILD ? 0 : 1);
}

TEST(clone_parent_makes_a_brother) {
    const long child = system_call(SYS_fork);
    if (child == 0) make_brother(0);
    CHECK_EQUAL(status_of(child), 0);
    int status = -1;
    const long brother = system_call(SYS_wait4, -1, &status, 0, 0);
    CHECK(brother > 0 && brother != child);
    CHECK_EQUAL(status, 0);
}

static void wait_twice(void* argument) {
    volatile long* const got = argument;
    *got = system_call(SYS_wait4, -1, 0, 0, 0);
}
TEST(each_child_is_told_to_one_of_those_who_wait) {
    static volatile long got[4];
    struct Thread threads[4];
    long sum = 0;
    int hold[2];
    system_call(SYS_pipe, hold);
    for (int i = 0; i < 4; ++i) {
        got[i] = 0;
        const long child = system_call(SYS_fork);
        if (child == 0) {
            char byte;
            system_call(SYS_close, hold[1]);
            system_call(SYS_read, hold[0], &byte, 1);
            end(0);
        }
        sum += child;
    }
    for (int i = 0; i < 4; ++i)
        begin_at(&threads[i], wait_twice, (void*)&got[i]);
    pause_for(20);
    system_call(SYS_close, hold[1]);
    for (int i = 0; i < 4; ++i)
        join(&threads[i]);
    CHECK_EQUAL(got[0] + got[1] + got[2] + got[3], sum);
}
