// pthread_once(3), and the keys of pthread_key_create(3). This file calls the program.
#include <errno.h>
#include <pthread.h>
#include "libc/program/thread.h"

using quire::libc::this_thread;

namespace {

constexpr int kNotYet = PTHREAD_ONCE_INIT, kRunning = 1, kDone = 2;
constexpr int kRounds = 4;
constexpr int kAll = 0x7FFFFFFF;

struct Key {
    bool is_taken;
    void (*destructor)(void*);
};
Key keys[PTHREAD_KEYS_MAX];
pthread_mutex_t keys_mutex = PTHREAD_MUTEX_INITIALIZER;

bool is_key(pthread_key_t key) {
    return key < PTHREAD_KEYS_MAX && keys[key].is_taken;
}

/// Whether there was a value to destroy.
bool destroy_value(quire::libc::Thread& thread, pthread_key_t key) {
    const void* const value = thread.values[key];
    if (value == nullptr) return false;
    thread.values[key] = nullptr;
    pthread_mutex_lock(&keys_mutex);
    void (*const destructor)(void*) = keys[key].is_taken ? keys[key].destructor : nullptr;
    pthread_mutex_unlock(&keys_mutex);
    if (destructor != nullptr) destructor(const_cast<void*>(value));
    return true;
}

}  // namespace

void quire::libc::destroy_values(Thread& thread) {
    bool had_some = true;
    for (int round = 0; round < kRounds && had_some; ++round) {
        had_some = false;
        for (pthread_key_t key = 0; key < PTHREAD_KEYS_MAX; ++key)
            had_some |= destroy_value(thread, key);
    }
}

int pthread_key_create(pthread_key_t* told, void (*destructor)(void*)) {
    pthread_mutex_lock(&keys_mutex);
    pthread_key_t key = 0;
    while (key < PTHREAD_KEYS_MAX && keys[key].is_taken)
        ++key;
    if (key < PTHREAD_KEYS_MAX) keys[key] = {true, destructor};
    pthread_mutex_unlock(&keys_mutex);
    if (key == PTHREAD_KEYS_MAX) return EAGAIN;
    *told = key;
    return 0;
}

// What other threads have set stays there; POSIX leaves it to the program to have cleared it.
int pthread_key_delete(pthread_key_t key) {
    if (!is_key(key)) return EINVAL;
    pthread_mutex_lock(&keys_mutex);
    keys[key] = {};
    pthread_mutex_unlock(&keys_mutex);
    this_thread()->values[key] = nullptr;
    return 0;
}
int pthread_setspecific(pthread_key_t key, const void* value) {
    if (!is_key(key)) return EINVAL;
    this_thread()->values[key] = value;
    return 0;
}
void* pthread_getspecific(pthread_key_t key) {
    return is_key(key) ? const_cast<void*>(this_thread()->values[key]) : nullptr;
}

int pthread_once(pthread_once_t* once, void (*function)(void)) {
    for (;;) {
        int state = kNotYet;
        if (__atomic_compare_exchange_n(once, &state, kRunning, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_ACQUIRE)) {
            function();
            __atomic_store_n(once, kDone, __ATOMIC_RELEASE);
            quire::libc::futex_wake(once, kAll);
            return 0;
        }
        if (state == kDone) return 0;
        quire::libc::futex_wait(once, kRunning);
    }
}
