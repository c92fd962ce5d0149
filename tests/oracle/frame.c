// What the cases call (frame.h). The answer of a case is written on a page that its processes and
// the runner share, so that it is there even when the case crashes behind it.
#include "tests/oracle/frame.h"

#include <linux/stat.h>

#include "tests/oracle/paper.h"

char room[4096];
struct Paper* paper;

static const char* const kErrors[] = {
#define NAME(error) [error] = #error
    NAME(EPERM),        NAME(ENOENT),    NAME(ESRCH),   NAME(EINTR),     NAME(EIO),
    NAME(ENXIO),        NAME(E2BIG),     NAME(ENOEXEC), NAME(EBADF),     NAME(ECHILD),
    NAME(EAGAIN),       NAME(ENOMEM),    NAME(EACCES),  NAME(EFAULT),    NAME(ENOTBLK),
    NAME(EBUSY),        NAME(EEXIST),    NAME(EXDEV),   NAME(ENODEV),    NAME(ENOTDIR),
    NAME(EISDIR),       NAME(EINVAL),    NAME(ENFILE),  NAME(EMFILE),    NAME(ENOTTY),
    NAME(ETXTBSY),      NAME(EFBIG),     NAME(ENOSPC),  NAME(ESPIPE),    NAME(EROFS),
    NAME(EMLINK),       NAME(EPIPE),     NAME(EDOM),    NAME(ERANGE),    NAME(EDEADLK),
    NAME(ENAMETOOLONG), NAME(ENOLCK),    NAME(ENOSYS),  NAME(ENOTEMPTY), NAME(ELOOP),
    NAME(ENODATA),      NAME(EOVERFLOW), NAME(EILSEQ),  NAME(EUSERS),    NAME(ENOTSOCK),
    NAME(EOPNOTSUPP),   NAME(ETIMEDOUT), NAME(ELIBBAD), NAME(ECANCELED),
#undef NAME
};

static const char* const kSignals[] = {
#define NAME(signal) [signal] = #signal
    [0] = "0",     NAME(SIGHUP),  NAME(SIGINT),    NAME(SIGQUIT), NAME(SIGILL),    NAME(SIGTRAP),
    NAME(SIGABRT), NAME(SIGBUS),  NAME(SIGFPE),    NAME(SIGKILL), NAME(SIGUSR1),   NAME(SIGSEGV),
    NAME(SIGUSR2), NAME(SIGPIPE), NAME(SIGALRM),   NAME(SIGTERM), NAME(SIGSTKFLT), NAME(SIGCHLD),
    NAME(SIGCONT), NAME(SIGSTOP), NAME(SIGTSTP),   NAME(SIGTTIN), NAME(SIGTTOU),   NAME(SIGURG),
    NAME(SIGXCPU), NAME(SIGXFSZ), NAME(SIGVTALRM), NAME(SIGPROF), NAME(SIGWINCH),  NAME(SIGIO),
    NAME(SIGPWR),  NAME(SIGSYS),
#undef NAME
};

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

void answer_text(const char* format, ...) {
    if (paper->used > 0 && paper->used < COUNT(paper->text) - 1) paper->text[paper->used++] = ' ';
    const int left = COUNT(paper->text) - paper->used;
    __builtin_va_list arguments;
    __builtin_va_start(arguments, format);
    const int length = vsnprintf(paper->text + paper->used, (__SIZE_TYPE__)left, format, arguments);
    __builtin_va_end(arguments);
    paper->used += length < left ? length : left - 1;
}

void answer(long result) {
    const long error = -result;
    if (error > 0 && error < COUNT(kErrors) && kErrors[error])
        answer_text("%s", kErrors[error]);
    else
        answer_text("%ld", result);
}

void answer_outcome(long result) {
    if (is_error((void*)result))
        answer(result);
    else
        answer_text("OK");
}

void answer_whether(int condition, const char* yes, const char* no) {
    answer_text("%s", condition ? yes : no);
}

const char* signal_name(int signal) {
    static char other[16];
    if (signal >= 0 && signal < COUNT(kSignals)) return kSignals[signal];
    snprintf(other, sizeof other, "signal %d", signal);
    return other;
}

void answer_status(int status) {
    const int low = status & 0x7F;
    if (status == 0xFFFF)
        answer_text("continued");
    else if (low == 0)
        answer_text("exit %d", status >> 8 & 0xFF);
    else if (low == 0x7F)
        answer_text("stopped %s", signal_name(status >> 8 & 0xFF));
    else
        answer_text("killed %s", signal_name(low));
}

void end(int code) {
    for (;;)
        CALL(exit_group, code);
}

int reap(long pid) {
    int status = 0;
    while (CALL(wait4, pid, &status, 0, 0) == -EINTR) {
    }
    return status;
}

int status_of(void (*function)(long argument), long argument) {
    const long child = CALL(fork);
    if (child != 0) return reap(child);
    function(argument);
    end(0);
}

void rest(int milliseconds) {
    long time[2] = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    while (CALL(nanosleep, time, time) == -EINTR) {
    }
}

void become(int id) {
    CALL(setgroups32, 0, 0);
    CALL(setresgid32, id, id, id);
    CALL(setresuid32, id, id, id);
}

char* map_at(const void* where, unsigned long bytes, int prot, int flags, int file, long page) {
    return (char*)CALL6(mmap2, where, bytes, prot, flags, file, page);
}

char* map(unsigned long bytes) {
    return map_at(0, bytes, kReadWrite, kPrivate, -1, 0);
}

struct Pages pages(void) {
    char* const start = map(3 * kPage);
    CALL(mprotect, start + kPage, kPage, PROT_READ);
    CALL(munmap, start + 2 * kPage, kPage);
    const struct Pages made = {start, start + kPage, start + 2 * kPage};
    return made;
}

long file(const char* name, const char* content) {
    const long opened = CALL(open, name, O_RDWR | O_CREAT | O_TRUNC, 0644);
    CALL(write, opened, content, strlen(content));
    CALL(lseek, opened, 0, 0);
    return opened;
}

const char* content_of(const char* name) {
    static char content[256];
    const long opened = CALL(open, name, O_RDONLY);
    const long got = CALL(read, opened, content, sizeof content - 1);
    CALL(close, opened);
    if (got < 0) return "(none)";
    content[got] = 0;
    return content;
}

long act(int signal, const void* handler, unsigned long flags, SignalSet mask) {
    const struct Action action = {(void*)handler, flags, 0, mask};
    return CALL(rt_sigaction, signal, &action, 0, 8);
}
