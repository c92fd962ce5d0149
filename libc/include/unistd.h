/* The calls of POSIX that this library has: each is section 2 of the man pages. They return -1 and
 * set errno when they fail. */
#ifndef QUIRE_UNISTD_H
#define QUIRE_UNISTD_H

#include <getopt.h>
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

#define F_OK 0
#define X_OK 1
#define W_OK 2
#define R_OK 4

#define _SC_CLK_TCK 2
#define _SC_OPEN_MAX 4
#define _SC_PAGESIZE 30
#define _SC_PAGE_SIZE _SC_PAGESIZE
#define _SC_NPROCESSORS_ONLN 84

extern char** environ;

/* The end of the heap (sbrk(2)). malloc takes its memory from there as well, and minds what a
 * program moves in between. sbrk returns where the break was, or (void*)-1 and ENOMEM. */
int brk(void* end);
void* sbrk(intptr_t increment);

ssize_t read(int file, void* to, size_t count);
ssize_t write(int file, const void* from, size_t count);
ssize_t pread(int file, void* to, size_t count, off_t offset);
ssize_t pwrite(int file, const void* from, size_t count, off_t offset);
off_t lseek(int file, off_t offset, int whence);
int close(int file);
int dup(int file);
int dup2(int file, int number);
int dup3(int file, int number, int flags);
int pipe(int ends[2]);
int pipe2(int ends[2], int flags);
int ftruncate(int file, off_t length);
int truncate(const char* path, off_t length);
int fsync(int file);
int fdatasync(int file);
void sync(void);
int isatty(int file);
char* ttyname(int file);

int access(const char* path, int mode);
int link(const char* path, const char* name);
int linkat(int folder, const char* path, int new_folder, const char* name, int flags);
int symlink(const char* target, const char* name);
/* The length of the target, which gets no NUL. */
ssize_t readlink(const char* path, char* to, size_t size);
int unlink(const char* path);
int unlinkat(int folder, const char* path, int flags);
int rmdir(const char* path);
int chdir(const char* path);
int fchdir(int folder);
int chroot(const char* path);
/* With `to` NULL: in memory of malloc's. */
char* getcwd(char* to, size_t size);
int chown(const char* path, uid_t user, gid_t group);
int lchown(const char* path, uid_t user, gid_t group);
int fchown(int file, uid_t user, gid_t group);

pid_t getpid(void);
pid_t getppid(void);
pid_t gettid(void);
pid_t getpgrp(void);
pid_t getpgid(pid_t pid);
int setpgid(pid_t pid, pid_t group);
pid_t getsid(pid_t pid);
pid_t setsid(void);
pid_t tcgetpgrp(int file);
int tcsetpgrp(int file, pid_t group);
uid_t getuid(void);
uid_t geteuid(void);
gid_t getgid(void);
gid_t getegid(void);
int setuid(uid_t user);
int setgid(gid_t group);
int nice(int increment);

pid_t fork(void);
/* The names with p look along PATH if there is no slash in the name; those without e hand environ
 * on. */
int execve(const char* path, char* const arguments[], char* const environment[]);
int execv(const char* path, char* const arguments[]);
int execvp(const char* name, char* const arguments[]);
__attribute__((sentinel)) int execl(const char* path, const char* argument, ...);
__attribute__((sentinel)) int execlp(const char* name, const char* argument, ...);
__attribute__((noreturn)) void _exit(int code);

int pause(void);
unsigned alarm(unsigned seconds);
/* The seconds that are left when a signal came first. */
unsigned sleep(unsigned seconds);
int usleep(unsigned microseconds);

int gethostname(char* to, size_t size);
int sethostname(const char* name, size_t length);
/* One of the numbers above; -1 and EINVAL for all else. */
long sysconf(int name);
int getpagesize(void);

#ifdef __cplusplus
}
#endif
#endif
