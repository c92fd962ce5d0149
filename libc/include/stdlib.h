/* General things of the C library: memory, the end of the program, its environment, sorting. */
#ifndef QUIRE_STDLIB_H
#define QUIRE_STDLIB_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#define _STDLIB_NOTHROW noexcept
#else
#define _STDLIB_NOTHROW
#endif

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1

/* malloc(3). NULL and ENOMEM for want of memory, and for a size or product that no memory can have.
 * Blocks start at a multiple of 8; what needs 16 (SSE) asks aligned_alloc or posix_memalign. A size
 * of 0 gets a block of its own; realloc(block, 0) frees it and returns NULL. A wrong pointer, a
 * second free or a broken heap is told on the standard error output and ends the program. */
void* malloc(size_t size);
void* calloc(size_t count, size_t size);
void* realloc(void* block, size_t size);
void* reallocarray(void* block, size_t count, size_t size);
void free(void* block);

/* posix_memalign(3): 0, or EINVAL for an alignment that is not a power of two and a multiple of
 * sizeof(void*), or ENOMEM; errno and *block are left alone then. aligned_alloc: any power of two,
 * else NULL and EINVAL. */
int posix_memalign(void** block, size_t alignment, size_t size);
void* aligned_alloc(size_t alignment, size_t size);

/* exit(3) calls what atexit(3) was given, last first, and ends the program; abort(3) does by
 * SIGABRT, _Exit at once. atexit takes 32 functions and returns -1 for more. */
__attribute__((noreturn)) void exit(int code);
__attribute__((noreturn)) void _Exit(int code);
__attribute__((noreturn)) void abort(void);
int atexit(void (*function)(void));

/* The value of an environment variable, or NULL (getenv(3)); it lasts until the variable is
 * changed. setenv copies both texts, putenv takes "NAME=value" itself into the environment. -1 and
 * EINVAL for a name that cannot be, -1 and ENOMEM. */
char* getenv(const char* name);
int setenv(const char* name, const char* value, int overwrite);
int unsetenv(const char* name);
int putenv(char* entry);
int clearenv(void);

/* Numbers, strtol(3). ERANGE and the limit for one that is too large, EINVAL for a base other than
 * 0 and 2 to 36. */
long strtol(const char* text, char** end, int base) _STDLIB_NOTHROW;
long long strtoll(const char* text, char** end, int base) _STDLIB_NOTHROW;
unsigned long strtoul(const char* text, char** end, int base) _STDLIB_NOTHROW;
unsigned long long strtoull(const char* text, char** end, int base) _STDLIB_NOTHROW;
int atoi(const char* text) _STDLIB_NOTHROW;
long atol(const char* text) _STDLIB_NOTHROW;
long long atoll(const char* text) _STDLIB_NOTHROW;

int abs(int number);
long labs(long number);
long long llabs(long long number);
typedef struct {
    int quot;
    int rem;
} div_t;
typedef struct {
    long quot;
    long rem;
} ldiv_t;
div_t div(int number, int divisor);
ldiv_t ldiv(long number, long divisor);

/* Sorts `count` elements of `size` bytes in place, in at most some n log n steps whatever the
 * order, without memory. Equal elements may change places. */
void qsort(void* elements, size_t count, size_t size, int (*compare)(const void*, const void*));
/* One of the sorted elements that is equal to `key`, or NULL. */
void* bsearch(const void* key, const void* elements, size_t count, size_t size,
              int (*compare)(const void* key, const void* element));

/* Numbers from 0 to RAND_MAX that look random; srand begins anew (with 1, if never called). No two
 * of them should be a secret: /dev/urandom is for that. */
#define RAND_MAX 0x7fffffff
int rand(void);
void srand(unsigned seed);
int rand_r(unsigned* state);
long random(void);
void srandom(unsigned seed);

/* Makes a file from a template that ends in "XXXXXX" and opens it; mkdtemp makes a directory. */
int mkstemp(char* path);
char* mkdtemp(char* path);

/* Runs a line of the shell and waits for it (system(3)). */
int system(const char* line);

#ifdef __cplusplus
}
#endif

#endif
