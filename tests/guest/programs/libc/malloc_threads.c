// Threads that share malloc's heap, and hand each other blocks. The library makes no threads, so
// these are clone(2)'s; errno is common to them, which is no matter as nothing fails.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/guest/programs/tap.h"

enum { kThreads = 4, kSteps = 20000, kPlaces = 32, kStack = 65536 };
enum {
    kClone = 120,
    kThreadFlags = 0x250F00 /* VM FS FILES SIGHAND THREAD SYSVSEM CHILD_CLEARTID */
};

struct Block {
    size_t size;
    unsigned char bytes[];
};

static struct Block* places[kPlaces];
static volatile int alive[kThreads];
static volatile int broken;

static int is_intact(const struct Block* block) {
    for (size_t i = 0; i < block->size; ++i) {
        if (block->bytes[i] != (block->size & 0xFF)) return 0;
    }
    return 1;
}

static void work(void* argument) {
    unsigned state = (unsigned)(size_t)argument * 2654435761U + 1;
    for (int step = 0; step < kSteps; ++step) {
        state = state * 1664525U + 1013904223U;
        const size_t size = state >> 16 & (step % 64 == 0 ? 0x3FFF : 0x7F);
        struct Block* block = malloc(sizeof *block + size);
        if (block == NULL) {
            broken = 1;
            return;
        }
        block->size = size;
        memset(block->bytes, (int)(size & 0xFF), size);
        block = __atomic_exchange_n(&places[state >> 8 & (kPlaces - 1)], block, __ATOMIC_ACQ_REL);
        if (block == NULL) continue;
        if (!is_intact(block)) broken = 1;
        free(block);
    }
}

// clone(2): the thread calls function(argument) on the stack that ends at `top`, then exit(2).
static long begin(char* top, volatile int* cleared, void (*function)(void*), void* argument) {
    void** const words = (void**)top - 2;
    words[0] = (void*)function;
    words[1] = argument;
    long result;
    __asm__ volatile(
        "int $0x80\n\t"
        "testl %%eax, %%eax\n\t"
        "jnz 1f\n\t"
        "xorl %%ebp, %%ebp\n\t"
        "popl %%eax\n\t"
        "call *%%eax\n\t"
        "movl $1, %%eax\n\t"
        "xorl %%ebx, %%ebx\n\t"
        "int $0x80\n\t"
        "hlt\n"
        "1:"
        : "=a"(result)
        : "a"(kClone), "b"(kThreadFlags), "c"(words), "d"(0), "S"(0), "D"(cleared)
        : "memory", "cc");
    return result;
}

TEST(threads_share_the_heap) {
    for (int i = 0; i < kThreads; ++i) {
        char* stack =
            mmap(NULL, kStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        REQUIRE(stack != MAP_FAILED);
        alive[i] = 1;
        REQUIRE(begin(stack + kStack, &alive[i], work, (void*)(size_t)(i + 1)) > 0);
    }
    for (int i = 0; i < kThreads; ++i) {
        while (alive[i] != 0)
            system_call(SYS_futex, &alive[i], 0 /* FUTEX_WAIT */, 1, 0);
    }
    CHECK_EQUAL(broken, 0);
    for (int i = 0; i < kPlaces; ++i) {
        CHECK(places[i] == NULL || is_intact(places[i]));
        free(places[i]);
    }
}
