/* Threads, pthreads(7): their beginning and end, mutexes, conditions, once, keys. Each has an errno
 * of its own, and malloc is for all; a stream is for one at a time. All return 0 or an error number
 * and leave errno alone. Not here: cancelling, robust or shared mutexes, read-write locks,
 * __thread. */
#ifndef QUIRE_PTHREAD_H
#define QUIRE_PTHREAD_H

#include <signal.h>
#include <sys/types.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef unsigned long pthread_t;

typedef struct {
    size_t _stack_size;
    int _is_detached;
} pthread_attr_t;
#define PTHREAD_CREATE_JOINABLE 0
#define PTHREAD_CREATE_DETACHED 1
#define PTHREAD_STACK_MIN 16384
int pthread_attr_init(pthread_attr_t* attributes);
int pthread_attr_destroy(pthread_attr_t* attributes);
/* EINVAL for less than PTHREAD_STACK_MIN. 256 KiB if not set; a page below it faults. */
int pthread_attr_setstacksize(pthread_attr_t* attributes, size_t size);
int pthread_attr_setdetachstate(pthread_attr_t* attributes, int state);

/* EAGAIN when there is no memory for its stack, or no thread more may be. */
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument);
/* Waits for its end, takes what start has returned, and gives its stack back: once for each thread
 * that is not detached. EDEADLK for oneself, EINVAL for one that is detached. */
int pthread_join(pthread_t thread, void** result);
int pthread_detach(pthread_t thread);
__attribute__((noreturn)) void pthread_exit(void* result);
pthread_t pthread_self(void);
int pthread_equal(pthread_t left, pthread_t right);
int pthread_kill(pthread_t thread, int signal);
int pthread_sigmask(int how, const sigset_t* set, sigset_t* before);

typedef struct {
    int _state; /* 0 free, 1 taken, 2 taken and waited for */
    int _type;
    int _owner;
    int _depth;
} pthread_mutex_t;
typedef struct {
    int _type;
} pthread_mutexattr_t;
#define PTHREAD_MUTEX_NORMAL 0
#define PTHREAD_MUTEX_RECURSIVE 1
#define PTHREAD_MUTEX_ERRORCHECK 2
#define PTHREAD_MUTEX_DEFAULT PTHREAD_MUTEX_NORMAL
#define PTHREAD_MUTEX_INITIALIZER \
    { 0, PTHREAD_MUTEX_NORMAL, 0, 0 }
int pthread_mutexattr_init(pthread_mutexattr_t* attributes);
int pthread_mutexattr_settype(pthread_mutexattr_t* attributes, int type);
int pthread_mutexattr_destroy(pthread_mutexattr_t* attributes);
int pthread_mutex_init(pthread_mutex_t* mutex, const pthread_mutexattr_t* attributes);
/* EBUSY if it is taken. */
int pthread_mutex_destroy(pthread_mutex_t* mutex);
/* Of error-checking ones EDEADLK when it is the caller's already; unlock EPERM when it is not. */
int pthread_mutex_lock(pthread_mutex_t* mutex);
int pthread_mutex_trylock(pthread_mutex_t* mutex);
int pthread_mutex_unlock(pthread_mutex_t* mutex);

typedef struct {
    int _sequence;
} pthread_cond_t;
typedef struct {
    int _unused;
} pthread_condattr_t;
#define PTHREAD_COND_INITIALIZER \
    { 0 }
int pthread_cond_init(pthread_cond_t* condition, const pthread_condattr_t* attributes);
int pthread_cond_destroy(pthread_cond_t* condition);
/* May come back without a signal: look again at what is waited for. */
int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex);
/* ETIMEDOUT at `end`, a time of CLOCK_REALTIME. */
int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const struct timespec* end);
int pthread_cond_signal(pthread_cond_t* condition);
int pthread_cond_broadcast(pthread_cond_t* condition);

typedef int pthread_once_t;
#define PTHREAD_ONCE_INIT 0
int pthread_once(pthread_once_t* once, void (*function)(void));

/* A value of each thread's own, NULL at first. At a thread's end its destructor gets what is not
 * NULL, up to 4 times, as it may set others. EAGAIN when all 64 keys are taken. */
typedef unsigned pthread_key_t;
#define PTHREAD_KEYS_MAX 64
int pthread_key_create(pthread_key_t* key, void (*destructor)(void*));
int pthread_key_delete(pthread_key_t key);
int pthread_setspecific(pthread_key_t key, const void* value);
void* pthread_getspecific(pthread_key_t key);

#ifdef __cplusplus
}
#endif
#endif
