/* The calls of POSIX that this library has: each is section 2 of the man pages. They return -1 and
 * set errno when they fail. */
#ifndef _UNISTD_H
#define _UNISTD_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define STDIN_FILENO 0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#define _SC_PAGESIZE 30
#define _SC_PAGE_SIZE _SC_PAGESIZE

extern char** environ;

/* The end of the heap (sbrk(2)). malloc takes its memory from there as well, and minds what a
 * program moves in between. sbrk returns where the break was, or (void*)-1 and ENOMEM. */
int brk(void* end);
void* sbrk(intptr_t increment);

ssize_t read(int file, void* to, size_t count);
ssize_t write(int file, const void* from, size_t count);
off_t lseek(int file, off_t offset, int whence);
int close(int file);
int dup(int file);
int dup2(int file, int number);
int pipe(int ends[2]);
int unlink(const char* path);

pid_t getpid(void);
pid_t getppid(void);
pid_t gettid(void);
pid_t fork(void);
int execve(const char* path, char* const arguments[], char* const environment[]);
__attribute__((noreturn)) void _exit(int code);

/* _SC_PAGESIZE alone; -1 and EINVAL for all else. */
long sysconf(int name);
int getpagesize(void);

#ifdef __cplusplus
}
#endif

#endif
