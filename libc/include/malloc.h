/* The malloc family beyond the C standard: malloc(3), memalign(3), mallinfo(3), mallopt(3). What
 * stands in <stdlib.h> is there, too. docs/heap.md tells how it works, and of MALLOC_DEBUG. */
#ifndef _MALLOC_H
#define _MALLOC_H

#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Memory at a multiple of `alignment`, a power of two: else NULL and EINVAL. */
void* memalign(size_t alignment, size_t size);
/* Memory at a multiple of the page size; pvalloc rounds the size up to whole pages. */
void* valloc(size_t size);
void* pvalloc(size_t size);

/* How many bytes of the block the program may use: what was asked for, or a little more. */
size_t malloc_usable_size(void* block);

/* Gives free memory at the end of the heap back to the kernel, all but `pad` bytes of it. Returns 1
 * if anything went, else 0. */
int malloc_trim(size_t pad);

struct mallinfo2 {
    size_t arena;    /* bytes of the heap that sbrk has given */
    size_t ordblks;  /* free blocks */
    size_t smblks;   /* runs of small blocks */
    size_t hblks;    /* mappings */
    size_t hblkhd;   /* bytes of these */
    size_t usmblks;  /* always 0 */
    size_t fsmblks;  /* always 0 */
    size_t uordblks; /* bytes in use, mappings as well */
    size_t fordblks; /* bytes free */
    size_t keepcost; /* of these at the end of the heap: what malloc_trim(0) could give back */
};
struct mallinfo2 mallinfo2(void);

/* Sets a limit and returns 1; 0 for one that is not here, or a value that cannot be. */
int mallopt(int parameter, int value);
#define M_TRIM_THRESHOLD (-1) /* a free end of this many bytes goes back to the kernel */
#define M_TOP_PAD (-2)        /* at least so much more than needed is taken from the kernel */
#define M_MMAP_THRESHOLD (-3) /* from this size on a block has a mapping of its own */
#define M_MMAP_MAX (-4)       /* how many mappings there may be at once; 0: none */

#ifdef __cplusplus
}
#endif

#endif
