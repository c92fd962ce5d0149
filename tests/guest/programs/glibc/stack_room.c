// How many threads fit into a process: their stacks are addresses first, and memory only where they
// are used. 10 MiB each, and 3 GiB below the kernel less the program, make about 300.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "tests/guest/programs/glibc/checks.h"

enum { kMost = 400, kStack = 10 << 20 };

static pthread_t threads[kMost];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int go_on;

static void* wait_for_end(void* unused) {
    pthread_mutex_lock(&mutex);
    while (!go_on)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
    return unused;
}

int main(void) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, kStack);
    int count = 0, error = 0;
    while (count < kMost &&
           (error = pthread_create(&threads[count], &attributes, wait_for_end, NULL)) == 0)
        ++count;
    printf("# %d threads with stacks of 10 MiB, then: %s\n", count, strerror(error));
    report(error == EAGAIN, "one more is refused in the way the manual says");
    report(count >= 290 && count < 308, "as many as 3 GiB of addresses have room for");
    pthread_mutex_lock(&mutex);
    go_on = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < count; ++i)
        pthread_join(threads[i], NULL);
    error = pthread_create(&threads[0], &attributes, wait_for_end, NULL);
    report(error == 0 && pthread_join(threads[0], NULL) == 0, "there is room again afterwards");
    return end_of_checks();
}
