// What the library knows of each thread. It lies at the top of the thread's stack:
//
//      mapping:   | page that faults | stack ...            | Thread |
//                                            grows down <---^        ^ end of the mapping
//
// gs:0 holds a pointer to it (set_thread_area(2), the TLS of i386). The first thread has one in
// .bss, and no gs until it makes a second thread: programs without threads make no call for this.
#pragma once

#include <pthread.h>

namespace quire::libc {

enum ThreadEnd : int { Joinable, Detached, Ended };

/// What a thread has set for a key. It is the key's if that still is of this generation.
struct KeyValue {
    unsigned generation;
    const void* value;
};

struct Thread {
    Thread* self;  // first: gs:0
    int error_number;
    int tid;  // the kernel writes 0 there when the thread has ended, and wakes who waits
    int end;  // ThreadEnd
    void* (*start)(void*);
    void* argument;
    void* result;
    void* mapping;
    size_t mapping_size;
    KeyValue values[PTHREAD_KEYS_MAX];
};

Thread* this_thread();
/// Calls the destructors of the thread's keys.
void destroy_values(Thread& thread);

/// futex(2): sleeps as long as *word is `value`, at most `longest` if given. 0 or -errno.
long futex_wait(const int* word, int value, const struct timespec* longest = nullptr);
void futex_wake(const int* word, int count);

}  // namespace quire::libc
