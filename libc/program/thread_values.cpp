// pthread_once(3), and the keys of pthread_key_create(3). This file calls the program.
//
// A key has a generation, which is odd while it is taken: what a thread has set for a key that is
// gone is not a value of the one that gets its number, and goes to no destructor.
#include <errno.h>
#include <pthread.h>
#include "libc/program/thread.h"

using quire::libc::this_thread;

namespace {

constexpr int kNotYet = PTHREAD_ONCE_INIT, kRunning = 1, kDone = 2;
constexpr int kRounds = 4;
constexpr int kAll = 0x7FFFFFFF;

struct Key {
    unsigned generation;
    void (*destructor)(void*);
    [[nodiscard]] bool is_taken() const { return generation % 2 != 0; }
};
Key keys[PTHREAD_KEYS_MAX];
pthread_mutex_t keys_mutex = PTHREAD_MUTEX_INITIALIZER;

bool is_key(pthread_key_t key) {
    return key < PTHREAD_KEYS_MAX && keys[key].is_taken();
}

/// Whether there was a value to destroy.
bool destroy_value(quire::libc::Thread& thread, pthread_key_t number) {
    quire::libc::KeyValue& kept = thread.values[number];
    if (kept.value == nullptr) return false;
    const void* const value = kept.value;
    kept.value = nullptr;
    pthread_mutex_lock(&keys_mutex);
    const Key key = keys[number];
    pthread_mutex_unlock(&keys_mutex);
    if (!key.is_taken() || key.generation != kept.generation) return false;
    if (key.destructor != nullptr) key.destructor(const_cast<void*>(value));
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
    while (key < PTHREAD_KEYS_MAX && keys[key].is_taken())
        ++key;
    if (key < PTHREAD_KEYS_MAX) keys[key] = {keys[key].generation + 1, destructor};
    pthread_mutex_unlock(&keys_mutex);
    if (key == PTHREAD_KEYS_MAX) return EAGAIN;
    *told = key;
    return 0;
}

int pthread_key_delete(pthread_key_t key) {
    pthread_mutex_lock(&keys_mutex);
    const bool is_there = is_key(key);
    if (is_there) ++keys[key].generation;
    pthread_mutex_unlock(&keys_mutex);
    return is_there ? 0 : EINVAL;
}
int pthread_setspecific(pthread_key_t key, const void* value) {
    if (!is_key(key)) return EINVAL;
    this_thread()->values[key] = {keys[key].generation, value};
    return 0;
}
void* pthread_getspecific(pthread_key_t key) {
    if (!is_key(key)) return nullptr;
    const quire::libc::KeyValue& kept = this_thread()->values[key];
    return kept.generation == keys[key].generation ? const_cast<void*>(kept.value) : nullptr;
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
