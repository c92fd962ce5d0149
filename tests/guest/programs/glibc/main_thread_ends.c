// The main thread goes before the others: the process lives until the last has gone.
#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "tests/guest/programs/glibc/checks.h"

static void start(void* (*work)(void*)) {
    pthread_t thread;
    const int error = pthread_create(&thread, NULL, work, NULL);
    if (error == 0) return;
    printf("# pthread_create: %s\n", strerror(error));
    exit(3);
}

static void* end_later(void* unused) {
    usleep(20000);
    exit(17);
    return unused;
}
static void main_goes_first(void) {
    start(end_later);
    pthread_exit(NULL);
}

static void* just_end(void* unused) {
    usleep(10000);
    return unused;
}
static void all_go_one_by_one(void) {
    for (int i = 0; i < 4; ++i)
        start(just_end);
    pthread_exit(NULL);
}

int main(void) {
    report(status_of_child(main_goes_first) == 17 << 8, "main may go before the others");
    report(status_of_child(all_go_one_by_one) == 0, "the last to go ends the process");
    return end_of_checks();
}
