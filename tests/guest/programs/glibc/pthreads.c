// Threads by way of the C library: locks of all kinds, conditions, cancelling, thread-local memory.
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/guest/programs/glibc/checks.h"

enum { kThreads = 8, kRounds = 20000 };

static pthread_t threads[64];

static void start(int index, void* (*work)(void*), void* argument) {
    const int error = pthread_create(&threads[index], NULL, work, argument);
    if (error == 0) return;
    printf("# pthread_create: %s\n", strerror(error));
    exit(3);
}
static void* join(int index) {
    void* result = NULL;
    pthread_join(threads[index], &result);
    return result;
}

// --- Mutexes -------------------------------------------------------------------------------------

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long counter;

static void* count_up(void* unused) {
    (void)unused;
    for (int i = 0; i < kRounds; ++i) {
        pthread_mutex_lock(&mutex);
        const long seen = counter;
        if (i % 64 == 0) sched_yield();
        counter = seen + 1;
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void mutexes(void) {
    for (int i = 0; i < kThreads; ++i)
        start(i, count_up, NULL);
    for (int i = 0; i < kThreads; ++i)
        join(i);
    report(counter == (long)kThreads * kRounds, "a mutex lets in one at a time");
}

static void kinds_of_mutexes(void) {
    pthread_mutexattr_t kind;
    pthread_mutex_t checking, again;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&checking, &kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&again, &kind);
    pthread_mutex_lock(&checking);
    report(pthread_mutex_lock(&checking) == EDEADLK, "an error-checking mutex knows its owner");
    pthread_mutex_lock(&again);
    report(pthread_mutex_lock(&again) == 0, "a recursive mutex is its owner's again");
    struct timespec soon;
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 30000000;
    if (soon.tv_nsec >= 1000000000) soon.tv_nsec -= 1000000000, ++soon.tv_sec;
    pthread_mutex_lock(&mutex);
    const int late = pthread_mutex_timedlock(&mutex, &soon);
    pthread_mutex_unlock(&mutex);
    report(late == ETIMEDOUT, "a lock is waited for until a time");
}

// --- Conditions: a ring between producers and consumers ------------------------------------------

enum { kRing = 16, kItems = 5000 };
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER, not_empty = PTHREAD_COND_INITIALIZER;
static int ring[kRing], used, first;

static void* produce(void* of) {
    for (int i = 1; i <= kItems; ++i) {
        pthread_mutex_lock(&mutex);
        while (used == kRing)
            pthread_cond_wait(&not_full, &mutex);
        ring[(first + used++) % kRing] = i;
        pthread_cond_signal(&not_empty);
        pthread_mutex_unlock(&mutex);
    }
    return of;
}
static void* consume(void* sum) {
    for (int i = 0; i < kItems; ++i) {
        pthread_mutex_lock(&mutex);
        while (used == 0)
            pthread_cond_wait(&not_empty, &mutex);
        *(long*)sum += ring[first];
        first = (first + 1) % kRing;
        --used;
        pthread_cond_signal(&not_full);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void conditions(void) {
    static long sums[4];
    for (int i = 0; i < 4; ++i) {
        start(i, produce, NULL);
        start(4 + i, consume, &sums[i]);
    }
    for (int i = 0; i < 8; ++i)
        join(i);
    report(sums[0] + sums[1] + sums[2] + sums[3] == 4L * kItems * (kItems + 1) / 2 && used == 0,
           "what is produced is consumed, all of it and once");
    struct timespec soon;
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_sec += 0;
    pthread_mutex_lock(&mutex);
    report(pthread_cond_timedwait(&not_full, &mutex, &soon) == ETIMEDOUT,
           "a condition is waited for until a time");
    pthread_mutex_unlock(&mutex);
}

static int turns, go_on;
static pthread_cond_t all_at_once = PTHREAD_COND_INITIALIZER;
static void* wait_for_all(void* unused) {
    pthread_mutex_lock(&mutex);
    ++turns;
    while (!go_on)
        pthread_cond_wait(&all_at_once, &mutex);
    --turns;
    pthread_mutex_unlock(&mutex);
    return unused;
}
static void broadcasts(void) {
    for (int i = 0; i < 32; ++i)
        start(i, wait_for_all, NULL);
    for (int seen = 0; seen < 32;) {
        sched_yield();
        pthread_mutex_lock(&mutex);
        seen = turns;
        pthread_mutex_unlock(&mutex);
    }
    pthread_mutex_lock(&mutex);
    go_on = 1;
    pthread_cond_broadcast(&all_at_once);
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < 32; ++i)
        join(i);
    report(turns == 0, "a broadcast is for all who wait");
}

// --- Readers and writers, barriers, semaphores, once ---------------------------------------------

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static long pair[2];
static atomic_int torn;

static void* write_pairs(void* unused) {
    for (int i = 0; i < 2000; ++i) {
        pthread_rwlock_wrlock(&rwlock);
        ++pair[0];
        if (i % 16 == 0) sched_yield();
        ++pair[1];
        pthread_rwlock_unlock(&rwlock);
    }
    return unused;
}
static void* read_pairs(void* unused) {
    for (int i = 0; i < 2000; ++i) {
        pthread_rwlock_rdlock(&rwlock);
        const long seen = pair[0];
        if (i % 16 == 0) sched_yield();
        if (seen != pair[1]) ++torn;
        pthread_rwlock_unlock(&rwlock);
    }
    return unused;
}
static void rwlocks(void) {
    for (int i = 0; i < 8; ++i)
        start(i, i < 3 ? write_pairs : read_pairs, NULL);
    for (int i = 0; i < 8; ++i)
        join(i);
    report(torn == 0 && pair[0] == 6000 && pair[1] == 6000, "readers see no half of a write");
}

static pthread_barrier_t barrier;
static atomic_int at_barrier, serial, out_of_step;
static void* take_steps(void* unused) {
    for (int step = 1; step <= 200; ++step) {
        ++at_barrier;
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) ++serial;
        if (at_barrier < step * kThreads) ++out_of_step;
        pthread_barrier_wait(&barrier);
    }
    return unused;
}
static void barriers(void) {
    pthread_barrier_init(&barrier, NULL, kThreads);
    for (int i = 0; i < kThreads; ++i)
        start(i, take_steps, NULL);
    for (int i = 0; i < kThreads; ++i)
        join(i);
    report(out_of_step == 0 && serial == 200, "a barrier keeps step");
}

static sem_t semaphore;
static atomic_int inside, most_inside;
static void* go_inside(void* unused) {
    for (int i = 0; i < 500; ++i) {
        sem_wait(&semaphore);
        const int now = ++inside;
        if (now > most_inside) most_inside = now;
        sched_yield();
        --inside;
        sem_post(&semaphore);
    }
    return unused;
}
static void semaphores(void) {
    sem_init(&semaphore, 0, 3);
    for (int i = 0; i < kThreads; ++i)
        start(i, go_inside, NULL);
    for (int i = 0; i < kThreads; ++i)
        join(i);
    report(most_inside <= 3 && most_inside > 1 && inside == 0, "a semaphore lets in so many");
}

static atomic_int initialised;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static void initialise(void) {
    sched_yield();
    ++initialised;
}
static void* use_it(void* ok) {
    pthread_once(&once, initialise);
    return initialised == 1 ? ok : NULL;
}
static void once_only(void) {
    int good = 0;
    for (int i = 0; i < 16; ++i)
        start(i, use_it, &once);
    for (int i = 0; i < 16; ++i)
        good += join(i) == &once;
    report(good == 16, "what is done once is done before anybody goes on");
}

// --- Memory of a thread's own --------------------------------------------------------------------

static __thread int own = 5;
static __thread char own_zeros[5000];
static pthread_key_t key;
static atomic_int destroyed;
static void destroy(void* value) {
    if (value == &key) ++destroyed;
}
static void* use_own(void* number) {
    int good = own == 5;
    for (unsigned i = 0; i < sizeof own_zeros; ++i)
        good = good && own_zeros[i] == 0;
    own = (int)(long)number;
    memset(own_zeros, own, sizeof own_zeros);
    pthread_setspecific(key, &key);
    for (int i = 0; i < 50; ++i) {
        sched_yield();
        good = good && own == (int)(long)number && own_zeros[4999] == (char)own;
    }
    return (void*)(long)good;
}
static void thread_local_memory(void) {
    long good = 0;
    pthread_key_create(&key, destroy);
    for (int i = 0; i < 16; ++i)
        start(i, use_own, (void*)(long)(i + 100));
    for (int i = 0; i < 16; ++i)
        good += (long)join(i);
    report(good == 16 && own == 5, "each thread has its own memory");
    report(destroyed == 16, "and what is in it is destroyed");
}

// --- Ends ----------------------------------------------------------------------------------------

static atomic_int cleaned;
static void clean_up(void* unused) {
    (void)unused;
    ++cleaned;
}
static void unlock(void* locked) {
    pthread_mutex_unlock(locked);
}
static void* sleep_cancelled(void* unused) {
    pthread_cleanup_push(clean_up, NULL);
    for (;;)
        sleep(1000);
    pthread_cleanup_pop(0);
    return unused;
}
static void* compute_cancelled(void* unused) {
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    pthread_cleanup_push(clean_up, NULL);
    for (volatile int i = 0;; ++i) {
    }
    pthread_cleanup_pop(0);
    return unused;
}
static void* wait_cancelled(void* unused) {
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(clean_up, NULL);
    pthread_cleanup_push(unlock, &mutex);
    for (;;)
        pthread_cond_wait(&all_at_once, &mutex);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return unused;
}
static void cancelling(void) {
    int ended = 0;
    start(0, sleep_cancelled, NULL);
    start(1, compute_cancelled, NULL);
    start(2, wait_cancelled, NULL);
    usleep(30000);
    for (int i = 0; i < 3; ++i)
        pthread_cancel(threads[i]);
    for (int i = 0; i < 3; ++i)
        ended += join(i) == PTHREAD_CANCELED;
    report(ended == 3 && cleaned == 3, "threads are cancelled wherever they are, and clean up");
    report(pthread_mutex_trylock(&mutex) == 0, "and leave no lock");
    pthread_mutex_unlock(&mutex);
}

// --- Robust mutexes ------------------------------------------------------------------------------

static pthread_mutex_t* robust;
static void* die_with_it(void* unused) {
    pthread_mutex_lock(robust);
    return unused;
}
static void robust_mutexes(void) {
    pthread_mutexattr_t kind;
    robust = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(robust, &kind);
    start(0, die_with_it, NULL);
    join(0);
    report(pthread_mutex_lock(robust) == EOWNERDEAD, "a lock whose owner died is told of");
    report(pthread_mutex_consistent(robust) == 0 && pthread_mutex_unlock(robust) == 0 &&
               pthread_mutex_lock(robust) == 0 && pthread_mutex_unlock(robust) == 0,
           "and can be mended");
    const pid_t child = fork();
    if (child == 0) {
        pthread_mutex_lock(robust);
        usleep(50000);
        raise(SIGKILL);
    }
    usleep(20000);
    report(pthread_mutex_lock(robust) == EOWNERDEAD, "who sleeps for it is woken by its death");
    pthread_mutex_unlock(robust);
    report(pthread_mutex_lock(robust) == ENOTRECOVERABLE, "what nobody mends is lost");
    waitpid(child, NULL, 0);
}

// --- Signals -------------------------------------------------------------------------------------

static atomic_int handled_by;
static void on_signal(int signal) {
    (void)signal;
    handled_by = (int)syscall(SYS_gettid);
}
static void* wait_for_signal(void* unused) {
    sigset_t set;
    int signal = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigwait(&set, &signal);
    return signal == SIGUSR1 ? &handled_by : unused;
}
static void* just_end(void* unused) {
    usleep(10000);
    return unused;
}
static void signals(void) {
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t set;
    sigaction(SIGUSR2, &action, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    start(0, wait_for_signal, NULL);
    usleep(10000);
    kill(getpid(), SIGUSR1);
    report(join(0) == &handled_by, "a signal goes to the thread that waits for it");
    start(0, just_end, NULL);
    pthread_kill(threads[0], SIGUSR2);
    join(0);
    report(handled_by != 0 && handled_by != getpid(), "pthread_kill is for that thread");
    handled_by = 0;
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

// --- Names, ids ----------------------------------------------------------------------------------

static void* tell_name(void* unused) {
    char name[16] = "";
    pthread_setname_np(pthread_self(), "worker");
    pthread_getname_np(pthread_self(), name, sizeof name);
    return strcmp(name, "worker") == 0 ? &key : unused;
}
static void names(void) {
    char name[16] = "", before[16] = "";
    pthread_getname_np(pthread_self(), before, sizeof before);
    start(0, tell_name, NULL);
    const int good = join(0) == &key;
    pthread_getname_np(pthread_self(), name, sizeof name);
    report(good && strcmp(name, before) == 0, "threads have names of their own");
}
static void* tell_user(void* unused) {
    usleep(30000);
    return geteuid() == 1000 && getuid() == 1000 ? &key : unused;
}
static void change_user(void) {
    start(0, tell_user, NULL);
    start(1, tell_user, NULL);
    if (setuid(1000) != 0) _exit(1);
    _exit(join(0) == &key && join(1) == &key ? 0 : 2);
}
static void users(void) {
    report(status_of_child(change_user) == 0, "setuid is for all threads");
}

int main(void) {
    mutexes();
    kinds_of_mutexes();
    conditions();
    broadcasts();
    rwlocks();
    barriers();
    semaphores();
    once_only();
    thread_local_memory();
    cancelling();
    robust_mutexes();
    signals();
    names();
    users();
    return end_of_checks();
}
