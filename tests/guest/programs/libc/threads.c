// The C library's threads: errno of their own, joins, mutexes, conditions, once, keys.
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/guest/programs/libc/complaint.h"

enum { kThreads = 8, kRounds = 2000 };

static void* add_one(void* argument) {
    return (char*)argument + 1;
}

TEST(a_thread_returns_to_who_joins_it) {
    pthread_t threads[kThreads];
    for (long round = 0; round < 20; ++round) {
        for (long i = 0; i < kThreads; ++i)
            CHECK_EQUAL(pthread_create(&threads[i], NULL, add_one, (void*)i), 0);
        for (long i = 0; i < kThreads; ++i) {
            void* result = NULL;
            CHECK_EQUAL(pthread_join(threads[i], &result), 0);
            CHECK_EQUAL(result, i + 1);
        }
    }
    CHECK_EQUAL(pthread_join(pthread_self(), NULL), EDEADLK);
    CHECK(pthread_equal(pthread_self(), pthread_self()));
}

static void* fail_in_its_own_way(void* argument) {
    const int wanted = (int)(long)argument;
    errno = wanted;
    for (int i = 0; i < 100; ++i) {
        usleep(100);
        if (errno != wanted) return (void*)1L;
        close(-1);
        if (errno != EBADF) return (void*)2L;
        errno = wanted;
    }
    return NULL;
}

TEST(each_thread_has_its_own_errno) {
    pthread_t threads[kThreads];
    int* const mine = &errno;
    errno = 77;
    for (long i = 0; i < kThreads; ++i)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, fail_in_its_own_way, (void*)(100 + i)), 0);
    for (int i = 0; i < kThreads; ++i) {
        void* result = NULL;
        pthread_join(threads[i], &result);
        CHECK_EQUAL(result, 0);
    }
    CHECK(errno == 77 && &errno == mine);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile long shared;
static void* count_under_the_mutex(void* unused) {
    for (int i = 0; i < kRounds; ++i) {
        pthread_mutex_lock(&mutex);
        const long seen = shared;
        if (i % 64 == 0) usleep(1);
        shared = seen + 1;
        pthread_mutex_unlock(&mutex);
    }
    return unused;
}

TEST(a_mutex_lets_one_in_at_a_time) {
    pthread_t threads[kThreads];
    for (int i = 0; i < kThreads; ++i)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, count_under_the_mutex, NULL), 0);
    for (int i = 0; i < kThreads; ++i)
        CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    CHECK_EQUAL(shared, kThreads * kRounds);
    CHECK_EQUAL(pthread_mutex_trylock(&mutex), 0);
    CHECK_EQUAL(pthread_mutex_trylock(&mutex), EBUSY);
    CHECK_EQUAL(pthread_mutex_destroy(&mutex), EBUSY);
    CHECK_EQUAL(pthread_mutex_unlock(&mutex), 0);
    CHECK_EQUAL(pthread_mutex_destroy(&mutex), 0);
}

static void* unlock_what_is_not_mine(void* lock) {
    return (void*)(long)pthread_mutex_unlock(lock);
}

TEST(mutexes_that_know_their_owner) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    CHECK_EQUAL(pthread_mutexattr_settype(&attributes, 9), EINVAL);
    pthread_mutex_t lock;
    CHECK_EQUAL(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE), 0);
    pthread_mutex_init(&lock, &attributes);
    for (int i = 0; i < 3; ++i)
        CHECK_EQUAL(pthread_mutex_lock(&lock), 0);
    CHECK_EQUAL(pthread_mutex_trylock(&lock), 0);
    pthread_t other;
    void* answer = NULL;
    pthread_create(&other, NULL, unlock_what_is_not_mine, &lock);
    pthread_join(other, &answer);
    CHECK_EQUAL(answer, EPERM);
    for (int i = 0; i < 4; ++i)
        CHECK_EQUAL(pthread_mutex_unlock(&lock), 0);
    CHECK_EQUAL(pthread_mutex_unlock(&lock), EPERM);
    CHECK_EQUAL(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK), 0);
    pthread_mutex_init(&lock, &attributes);
    CHECK_EQUAL(pthread_mutex_lock(&lock), 0);
    CHECK_EQUAL(pthread_mutex_lock(&lock), EDEADLK);
    CHECK_EQUAL(pthread_mutex_trylock(&lock), EBUSY);
    CHECK_EQUAL(pthread_mutex_unlock(&lock), 0);
}

// A queue of one place between two threads.
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long place;
static void* produce(void* unused) {
    for (long i = 1; i <= kRounds; ++i) {
        pthread_mutex_lock(&mutex);
        while (place != 0)
            pthread_cond_wait(&changed, &mutex);
        place = i;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&mutex);
    }
    return unused;
}

TEST(a_condition_wakes_who_waits) {
    pthread_t producer;
    CHECK_EQUAL(pthread_create(&producer, NULL, produce, NULL), 0);
    long sum = 0;
    for (int i = 0; i < kRounds; ++i) {
        pthread_mutex_lock(&mutex);
        while (place == 0)
            pthread_cond_wait(&changed, &mutex);
        sum += place;
        place = 0;
        pthread_cond_signal(&changed);
        pthread_mutex_unlock(&mutex);
    }
    pthread_join(producer, NULL);
    CHECK_EQUAL(sum, (long)kRounds * (kRounds + 1) / 2);
}

TEST(a_condition_waits_no_longer_than_told) {
    struct timespec end, after;
    clock_gettime(CLOCK_REALTIME, &end);
    pthread_mutex_lock(&mutex);
    CHECK_EQUAL(pthread_cond_timedwait(&changed, &mutex, &end), ETIMEDOUT);
    const struct timespec long_ago = {LONG_MIN, 0};
    CHECK_EQUAL(pthread_cond_timedwait(&changed, &mutex, &long_ago), ETIMEDOUT);
    end.tv_nsec += 20000000;
    if (end.tv_nsec >= 1000000000) end.tv_nsec -= 1000000000, ++end.tv_sec;
    CHECK_EQUAL(pthread_cond_timedwait(&changed, &mutex, &end), ETIMEDOUT);
    clock_gettime(CLOCK_REALTIME, &after);
    CHECK(after.tv_sec > end.tv_sec ||
          (after.tv_sec == end.tv_sec && after.tv_nsec >= end.tv_nsec));
    CHECK_EQUAL(pthread_mutex_trylock(&mutex), EBUSY);
    end.tv_nsec = 1000000000;
    CHECK_EQUAL(pthread_cond_timedwait(&changed, &mutex, &end), EINVAL);
    pthread_mutex_unlock(&mutex);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int times;
static void happen(void) {
    usleep(5000);
    ++times;
}
static void* do_once(void* unused) {
    pthread_once(&once, happen);
    return times == 1 ? unused : "not yet";
}

TEST(once_is_once) {
    pthread_t threads[kThreads];
    for (int i = 0; i < kThreads; ++i)
        pthread_create(&threads[i], NULL, do_once, NULL);
    for (int i = 0; i < kThreads; ++i) {
        void* result = "";
        pthread_join(threads[i], &result);
        CHECK(result == NULL);
    }
    CHECK_EQUAL(times, 1);
}

static void* open_and_close(void* unused) {
    enum { kOpen = 32, kTimes = 3 * kRounds };
    FILE* files[kOpen] = {NULL};
    for (int i = 0; i < kTimes + kOpen; ++i) {
        FILE** const file = &files[i % kOpen];
        if (*file != NULL && fclose(*file) != 0) return "not closed";
        *file = i < kTimes ? fopen("/dev/null", "w") : NULL;
        if (i < kTimes && *file == NULL) return "not opened";
    }
    return unused;
}

// Each uses its own, but the library knows of all: who ends flushes them. A child may go on with
// whatever it finds.
TEST(streams_come_and_go_in_all_threads) {
    pthread_t threads[kThreads];
    fclose(fopen("/dev/null", "w"));
    const size_t before = mallinfo2().uordblks;
    for (int i = 0; i < kThreads; ++i)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, open_and_close, NULL), 0);
    for (int i = 0; i < 20; ++i) {
        int status = -1;
        const pid_t child = fork();
        if (child == 0) _exit(fclose(fopen("/dev/null", "w")) == 0 ? 0 : 1);
        waitpid(child, &status, 0);
        CHECK_EQUAL(status, 0);
    }
    for (int i = 0; i < kThreads; ++i) {
        void* result = "";
        pthread_join(threads[i], &result);
        CHECK(result == NULL);
    }
    CHECK_EQUAL(mallinfo2().uordblks, before);
}

// A key that is made anew may have the number of one that is gone, but not its values.
static pthread_key_t passing;
static volatile int stage, destroyed_by_mistake;
static void never_destroy(void* unused) {
    (void)unused;
    ++destroyed_by_mistake;
}
static void* keep_it_while_the_key_goes(void* value) {
    pthread_setspecific(passing, value);
    stage = 1;
    while (stage != 2)
        usleep(100);
    return pthread_getspecific(passing);
}

TEST(a_new_key_has_no_values) {
    pthread_t thread;
    void* result = "";
    CHECK_EQUAL(pthread_key_create(&passing, NULL), 0);
    const pthread_key_t before = passing;
    pthread_create(&thread, NULL, keep_it_while_the_key_goes, "of the old key");
    while (stage != 1)
        usleep(100);
    CHECK_EQUAL(pthread_setspecific(passing, "of main"), 0);
    CHECK_EQUAL(pthread_key_delete(passing), 0);
    CHECK_EQUAL(pthread_key_create(&passing, never_destroy), 0);
    CHECK_EQUAL(passing, before);
    CHECK(pthread_getspecific(passing) == NULL);
    stage = 2;
    pthread_join(thread, &result);
    CHECK(result == NULL);
    CHECK_EQUAL(destroyed_by_mistake, 0);
    CHECK_EQUAL(pthread_key_delete(passing), 0);
}

static pthread_key_t key;
static int destroyed;
static void destroy(void* value) {
    __atomic_add_fetch(&destroyed, (int)(long)value, __ATOMIC_RELAXED);
    if ((long)value == 1) pthread_setspecific(key, (void*)100L);  // another round
}
static void* keep_a_value(void* value) {
    if (pthread_getspecific(key) != NULL) return "not empty";
    pthread_setspecific(key, value);
    usleep(1000);
    return pthread_getspecific(key) == value ? NULL : "another's";
}

TEST(values_of_each_thread) {
    CHECK_EQUAL(pthread_key_create(&key, destroy), 0);
    CHECK_EQUAL(pthread_setspecific(key, "of main"), 0);
    pthread_t threads[3];
    for (long i = 0; i < 3; ++i)
        pthread_create(&threads[i], NULL, keep_a_value, (void*)(i + 1));
    for (int i = 0; i < 3; ++i) {
        void* result = "";
        pthread_join(threads[i], &result);
        CHECK(result == NULL);
    }
    CHECK_EQUAL(destroyed, 1 + 2 + 3 + 100);
    CHECK(strcmp(pthread_getspecific(key), "of main") == 0);
    CHECK_EQUAL(pthread_key_delete(key), 0);
    CHECK_EQUAL(pthread_setspecific(key, ""), EINVAL);
    CHECK(pthread_getspecific(key) == NULL);
    pthread_key_t more;
    for (int i = 0; i < PTHREAD_KEYS_MAX; ++i)
        CHECK_EQUAL(pthread_key_create(&more, NULL), 0);
    CHECK_EQUAL(pthread_key_create(&more, NULL), EAGAIN);
}

static volatile int ended;
static void* end_some_time(void* after) {
    usleep((unsigned)(long)after);
    __atomic_add_fetch(&ended, 1, __ATOMIC_RELEASE);
    return NULL;
}

TEST(detached_threads_clean_up_after_themselves) {
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    CHECK_EQUAL(pthread_attr_setstacksize(&attributes, 100), EINVAL);
    CHECK_EQUAL(pthread_attr_setstacksize(&attributes, 65536), 0);
    CHECK_EQUAL(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED), 0);
    for (int i = 0; i < 200; ++i) {
        // Far more than fit at once: what has ended must be given back.
        while (pthread_create(&thread, &attributes, end_some_time, (void*)(long)(i % 3 * 500)) != 0)
            usleep(1000);
    }
    for (int i = 0; i < 50; ++i) {
        CHECK_EQUAL(pthread_create(&thread, NULL, end_some_time, (void*)(long)(i % 2 * 1000)), 0);
        if (i % 3 == 0) usleep(500);
        CHECK_EQUAL(pthread_detach(thread), 0);
    }
    while (__atomic_load_n(&ended, __ATOMIC_ACQUIRE) < 250)
        usleep(1000);
    CHECK_EQUAL(ended, 250);
    pthread_create(&thread, NULL, end_some_time, (void*)100000L);
    CHECK_EQUAL(pthread_detach(thread), 0);
    CHECK_EQUAL(pthread_detach(thread), EINVAL);
    CHECK_EQUAL(pthread_join(thread, NULL), EINVAL);
}

/// The size of the address space, in pages.
static unsigned long mapped_pages(void) {
    char text[64];
    FILE* const file = fopen("/proc/self/statm", "r");
    const char* const line = file != NULL ? fgets(text, sizeof text, file) : NULL;
    const unsigned long pages = line != NULL ? strtoul(line, NULL, 10) : 0;
    if (file != NULL) fclose(file);
    return pages;
}

// As many regions as there may be (Linux: max_map_count): there is one for the stack, which joins a
// neighbour, and none for the page below it.
TEST(a_stack_without_a_guard_is_given_back) {
    enum { kPage = 4096, kMost = 65530 };
    const size_t size = 2ul * kMost * kPage;
    char* const place = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(place != MAP_FAILED);
    pthread_t thread;
    size_t at = 0;
    while (at < size && mprotect(place + at, kPage, PROT_READ) == 0)
        at += 2ul * kPage;
    CHECK(at < size);
    const unsigned long before = mapped_pages();
    for (int i = 0; i < 3; ++i)
        CHECK_EQUAL(pthread_create(&thread, NULL, end_some_time, NULL), EAGAIN);
    CHECK_EQUAL(mapped_pages(), before);
    CHECK_EQUAL(munmap(place, size), 0);
    CHECK_EQUAL(pthread_create(&thread, NULL, end_some_time, NULL), 0);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
}

static volatile int caught_by;
static void remember_thread(int signal) {
    caught_by = signal == SIGUSR1 ? gettid() : -1;
}
static void* wait_for_the_signal(void* tid) {
    *(volatile int*)tid = gettid();
    while (caught_by == 0)
        usleep(1000);
    return NULL;
}

TEST(a_signal_for_one_thread) {
    pthread_t thread;
    volatile int tid = 0;
    signal(SIGUSR1, remember_thread);
    pthread_create(&thread, NULL, wait_for_the_signal, (void*)&tid);
    while (tid == 0)
        usleep(1000);
    CHECK_EQUAL(pthread_kill(thread, SIGUSR1), 0);
    pthread_join(thread, NULL);
    CHECK_EQUAL(caught_by, tid);
    CHECK(tid != getpid());
}

static void* leave_later(void* unused) {
    usleep(10000);
    dprintf(STDERR_FILENO, "last ");
    return unused;
}
static void say_the_end(void) {
    dprintf(STDERR_FILENO, "end");
}
static void leave_main_first(long unused) {
    pthread_t thread;
    atexit(say_the_end);
    pthread_create(&thread, NULL, leave_later, (void*)unused);
    pthread_exit(NULL);
}
static void* fork_and_exit(void* unused) {
    const pid_t child = fork();
    if (child == 0) exit(5);
    int status = 0;
    waitpid(child, &status, 0);
    return (void*)((long)unused + WEXITSTATUS(status));
}

TEST(the_last_thread_ends_the_program) {
    const struct Complaint complaint = complaint_of(leave_main_first, 0);
    CHECK_EQUAL(complaint.status, 0);
    CHECK(strcmp(complaint.text, "last end") == 0);
    pthread_t thread;
    void* result = NULL;
    pthread_create(&thread, NULL, fork_and_exit, NULL);
    pthread_join(thread, &result);
    CHECK_EQUAL(result, 5);
}
