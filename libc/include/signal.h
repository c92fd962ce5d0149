/* Signals: signal(7), sigaction(2), sigprocmask(2), kill(2). */
#ifndef QUIRE_SIGNAL_H
#define QUIRE_SIGNAL_H

#include <sys/types.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGUSR1 10
#define SIGSEGV 11
#define SIGUSR2 12
#define SIGPIPE 13
#define SIGALRM 14
#define SIGTERM 15
#define SIGSTKFLT 16
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTSTP 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGURG 23
#define SIGXCPU 24
#define SIGXFSZ 25
#define SIGVTALRM 26
#define SIGPROF 27
#define SIGWINCH 28
#define SIGIO 29
#define SIGPOLL SIGIO
#define SIGPWR 30
#define SIGSYS 31
#define NSIG 65
#define SIGRTMIN 32
#define SIGRTMAX 64

typedef int sig_atomic_t;
typedef struct {
    unsigned long _bits[2];
} sigset_t;
union sigval {
    int sival_int;
    void* sival_ptr;
};
typedef struct {
    int si_signo;
    int si_errno;
    int si_code;
    union {
        int _padding[29];
        struct {
            pid_t si_pid;
            uid_t si_uid;
            union {
                int si_status;
                union sigval si_value;
            };
        };
        void* si_addr;
    };
} siginfo_t;
#define SI_USER 0
#define SI_KERNEL 0x80
#define SI_QUEUE (-1)
#define SI_TKILL (-6)
#define SEGV_MAPERR 1
#define SEGV_ACCERR 2

typedef void (*sighandler_t)(int signal);
#define SIG_DFL ((sighandler_t)0)
#define SIG_IGN ((sighandler_t)1)
#define SIG_ERR ((sighandler_t)-1)

struct sigaction {
    union {
        void (*sa_handler)(int signal);
        void (*sa_sigaction)(int signal, siginfo_t* told, void* context);
    };
    unsigned long sa_flags;
    void (*sa_restorer)(void); /* the library's own */
    sigset_t sa_mask;
};
#define SA_NOCLDSTOP 0x00000001
#define SA_NOCLDWAIT 0x00000002
#define SA_SIGINFO 0x00000004
#define SA_ONSTACK 0x08000000
#define SA_RESTART 0x10000000
#define SA_NODEFER 0x40000000
#define SA_RESETHAND 0x80000000

#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

typedef struct {
    void* ss_sp;
    int ss_flags;
    size_t ss_size;
} stack_t;
#define SS_ONSTACK 1
#define SS_DISABLE 2
#define MINSIGSTKSZ 2048
#define SIGSTKSZ 8192

int sigaction(int signal, const struct sigaction* action, struct sigaction* before);
/* Calls that a handler interrupts begin again (SA_RESTART), and it stays installed. */
sighandler_t signal(int signal, sighandler_t handler);
int sigprocmask(int how, const sigset_t* set, sigset_t* before);
int sigpending(sigset_t* set);
int sigsuspend(const sigset_t* mask);
int sigaltstack(const stack_t* stack, stack_t* before);
int sigtimedwait(const sigset_t* set, siginfo_t* told, const struct timespec* longest);
int sigwaitinfo(const sigset_t* set, siginfo_t* told);
/* The signal in *signal; returns 0 or an error number. */
int sigwait(const sigset_t* set, int* signal);
int kill(pid_t pid, int signal);
int killpg(pid_t group, int signal);
/* To the calling thread itself. */
int raise(int signal);

/* EINVAL for no signal, else 0; sigismember: 0 or 1. */
int sigemptyset(sigset_t* set);
int sigfillset(sigset_t* set);
int sigaddset(sigset_t* set, int signal);
int sigdelset(sigset_t* set, int signal);
int sigismember(const sigset_t* set, int signal);

/* `text`: what the signal means, on the standard error output. */
void psignal(int signal, const char* text);

#ifdef __cplusplus
}
#endif
#endif
