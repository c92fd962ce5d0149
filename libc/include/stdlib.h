/* General things of the C library: memory, the end of the program, its environment, sorting. */
#ifndef _STDLIB_H
#define _STDLIB_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
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

/* The value of an environment variable, or NULL (getenv(3)). */
char* getenv(const char* name);

/* atoi(3): the number at the start of a text. */
int atoi(const char* text);

#ifdef __cplusplus
}
#endif

#endif
