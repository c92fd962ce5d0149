// malloc and its relatives: small and large blocks, growth, holes, until there is no more; every
// byte is checked.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kBlocks = 2000 };
static unsigned char* blocks[kBlocks];
static size_t sizes[kBlocks];
static uint32_t seed = 12345;

static uint32_t random_number(void) {
    seed = seed * 1103515245u + 12345u;
    return seed >> 8;
}

static int fail(const char* what) {
    printf("%s\n", what);
    return 1;
}

static int is_filled(unsigned index) {
    for (size_t at = 0; at < sizes[index]; ++at)
        if (blocks[index][at] != (unsigned char)(index + at)) return 0;
    return 1;
}

static void fill(unsigned index, size_t from) {
    for (size_t at = from; at < sizes[index]; ++at)
        blocks[index][at] = (unsigned char)(index + at);
}

static int churn(void) {
    for (int turn = 0; turn < 20000; ++turn) {
        const unsigned index = random_number() % kBlocks;
        const size_t size =
            random_number() % 64 == 0 ? random_number() % 300000 : random_number() % 600;
        if (blocks[index] != NULL && !is_filled(index)) return fail("a block has changed");
        const size_t kept = size < sizes[index] ? size : sizes[index];
        unsigned char* const moved = realloc(blocks[index], size + 1);
        if (moved == NULL) return fail("no memory");
        blocks[index] = moved;
        sizes[index] = size;
        fill(index, kept);
        if (random_number() % 3 == 0) {
            free(blocks[index]);
            blocks[index] = NULL;
            sizes[index] = 0;
        }
    }
    for (unsigned index = 0; index < kBlocks; ++index) {
        if (blocks[index] != NULL && !is_filled(index)) return fail("a block has changed");
        free(blocks[index]);
    }
    return 0;
}

int main(void) {
    if (churn() != 0) return 1;
    unsigned char* const zeros = calloc(1000, 1000);
    if (zeros == NULL) return fail("no memory for calloc");
    for (int at = 0; at < 1000000; ++at)
        if (zeros[at] != 0) return fail("calloc gave a byte that is not zero");
    free(zeros);
    const volatile size_t too_much = 0xB0000000u;
    if (malloc(too_much) != NULL) return fail("malloc gave more than there is");
    void* aligned = NULL;
    if (posix_memalign(&aligned, 65536, 100) != 0 || (uintptr_t)aligned % 65536 != 0)
        return fail("posix_memalign");
    puts("all blocks are as they were filled");
    return 0;
}
