// Mutexes, conditions and once, over futex(2).
//
// A mutex is one word (Drepper, "Futexes Are Tricky", 2011): 0 free, 1 taken, 2 taken and perhaps
// waited for. Who finds it free needs no call. Who has to wait leaves a 2, so that unlock knows to
// wake somebody.
//
// A condition is a count of its signals. Who waits reads it while it has the mutex, and sleeps as
// long as it stays: a signal in between is not missed. (It could be if there were 2^32 of them at
// once.)
#include <errno.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>
#include "kernel/abi/futex.h"
#include "libc/program/thread.h"
#include "user/system_call.h"

namespace {

constexpr int kFree = 0, kTaken = 1, kWaitedFor = 2;
constexpr int kWait = 0, kWake = 1;  // FUTEX_WAIT, FUTEX_WAKE
constexpr int kAll = 0x7FFFFFFF;

bool replace(int* word, int from, int to) {
    return __atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void take(int* word) {
    if (replace(word, kFree, kTaken)) return;
    while (__atomic_exchange_n(word, kWaitedFor, __ATOMIC_ACQUIRE) != kFree)
        quire::libc::futex_wait(word, kWaitedFor);
}
void give(int* word) {
    if (__atomic_exchange_n(word, kFree, __ATOMIC_RELEASE) == kWaitedFor)
        quire::libc::futex_wake(word, 1);
}

bool is_mine(const pthread_mutex_t* mutex) {
    return __atomic_load_n(&mutex->_owner, __ATOMIC_RELAXED) == gettid();
}

/// For those that remember their owner: 0, EDEADLK or EAGAIN if that is the caller; -1: it is not.
int take_again(pthread_mutex_t* mutex) {
    if (mutex->_type == PTHREAD_MUTEX_NORMAL || !is_mine(mutex)) return -1;
    if (mutex->_type == PTHREAD_MUTEX_ERRORCHECK) return EDEADLK;
    if (mutex->_depth == kAll) return EAGAIN;
    ++mutex->_depth;
    return 0;
}
void remember_owner(pthread_mutex_t* mutex) {
    if (mutex->_type != PTHREAD_MUTEX_NORMAL)
        __atomic_store_n(&mutex->_owner, gettid(), __ATOMIC_RELAXED);
}

constexpr long kSecond = 1'000'000'000;

/// How long it is from now to `end`; false if that is over.
bool time_left(const timespec& end, timespec& left) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    if (end.tv_sec < now.tv_sec) return false;  // the difference of two such may not fit
    left = {end.tv_sec - now.tv_sec, end.tv_nsec - now.tv_nsec};
    if (left.tv_nsec < 0) left.tv_nsec += kSecond, --left.tv_sec;
    return left.tv_sec >= 0;
}

}  // namespace

long quire::libc::futex_wait(const int* word, int value, const struct timespec* longest) {
    return system_call(SYS_futex, word, kWait, value, longest);
}
void quire::libc::futex_wake(const int* word, int count) {
    system_call(SYS_futex, word, kWake, count);
}

int pthread_mutexattr_init(pthread_mutexattr_t* attributes) {
    attributes->_type = PTHREAD_MUTEX_DEFAULT;
    return 0;
}
int pthread_mutexattr_settype(pthread_mutexattr_t* attributes, int type) {
    if (type < PTHREAD_MUTEX_NORMAL || type > PTHREAD_MUTEX_ERRORCHECK) return EINVAL;
    attributes->_type = type;
    return 0;
}
int pthread_mutexattr_destroy(pthread_mutexattr_t*) {
    return 0;
}
int pthread_mutex_init(pthread_mutex_t* mutex, const pthread_mutexattr_t* attributes) {
    *mutex = {kFree, attributes != nullptr ? attributes->_type : PTHREAD_MUTEX_DEFAULT, 0, 0};
    return 0;
}
int pthread_mutex_destroy(pthread_mutex_t* mutex) {
    return __atomic_load_n(&mutex->_state, __ATOMIC_RELAXED) == kFree ? 0 : EBUSY;
}

int pthread_mutex_lock(pthread_mutex_t* mutex) {
    const int again = take_again(mutex);
    if (again >= 0) return again;
    take(&mutex->_state);
    remember_owner(mutex);
    return 0;
}
int pthread_mutex_trylock(pthread_mutex_t* mutex) {
    const int again = take_again(mutex);
    if (again >= 0) return again == EDEADLK ? EBUSY : again;
    if (!replace(&mutex->_state, kFree, kTaken)) return EBUSY;
    remember_owner(mutex);
    return 0;
}
int pthread_mutex_unlock(pthread_mutex_t* mutex) {
    if (mutex->_type != PTHREAD_MUTEX_NORMAL) {
        if (!is_mine(mutex)) return EPERM;
        if (mutex->_depth > 0) return --mutex->_depth, 0;
        __atomic_store_n(&mutex->_owner, 0, __ATOMIC_RELAXED);
    }
    give(&mutex->_state);
    return 0;
}

int pthread_cond_init(pthread_cond_t* condition, const pthread_condattr_t*) {
    condition->_sequence = 0;
    return 0;
}
int pthread_cond_destroy(pthread_cond_t*) {
    return 0;
}
int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
    const int before = __atomic_load_n(&condition->_sequence, __ATOMIC_RELAXED);
    if (const int error = pthread_mutex_unlock(mutex)) return error;
    quire::libc::futex_wait(&condition->_sequence, before);
    return pthread_mutex_lock(mutex);
}
int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const struct timespec* end) {
    timespec left{};
    if (end->tv_nsec < 0 || end->tv_nsec >= kSecond) return EINVAL;
    const int before = __atomic_load_n(&condition->_sequence, __ATOMIC_RELAXED);
    if (const int error = pthread_mutex_unlock(mutex)) return error;
    const bool is_over =
        !time_left(*end, left) ||
        quire::libc::futex_wait(&condition->_sequence, before, &left) == -ETIMEDOUT;
    const int error = pthread_mutex_lock(mutex);
    return error == 0 && is_over ? ETIMEDOUT : error;
}
int pthread_cond_signal(pthread_cond_t* condition) {
    __atomic_add_fetch(&condition->_sequence, 1, __ATOMIC_RELEASE);
    quire::libc::futex_wake(&condition->_sequence, 1);
    return 0;
}
int pthread_cond_broadcast(pthread_cond_t* condition) {
    __atomic_add_fetch(&condition->_sequence, 1, __ATOMIC_RELEASE);
    quire::libc::futex_wake(&condition->_sequence, kAll);
    return 0;
}
