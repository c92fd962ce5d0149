/* Waiting for children: wait(2). */
#ifndef QUIRE_SYS_WAIT_H
#define QUIRE_SYS_WAIT_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WNOHANG 1
#define WUNTRACED 2
#define WCONTINUED 8

#define WTERMSIG(status) ((status)&0x7F)
#define WIFEXITED(status) (WTERMSIG(status) == 0)
#define WEXITSTATUS(status) ((status) >> 8 & 0xFF)
#define WIFSTOPPED(status) (((status)&0xFF) == 0x7F)
#define WSTOPSIG(status) WEXITSTATUS(status)
#define WIFCONTINUED(status) ((status) == 0xFFFF)
#define WIFSIGNALED(status) (WTERMSIG(status) != 0 && WTERMSIG(status) != 0x7F)
#define WCOREDUMP(status) ((status)&0x80)

struct rusage;
pid_t wait(int* status);
pid_t waitpid(pid_t pid, int* status, int options);
pid_t wait4(pid_t pid, int* status, int options, struct rusage* used);

#ifdef __cplusplus
}
#endif
#endif
