// The exec family over execve(2), and system(3).
#include <cstdarg>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "libc/program/call.h"

namespace {

constexpr size_t kLongestPath = 4096;
constexpr int kMostArguments = 256;  // of execl, where they are written out

/// What execl is given, as a list; nullptr and E2BIG for more than kMostArguments.
char* const* list_of(char** list, const char* first, std::va_list more) {
    list[0] = const_cast<char*>(first);
    for (int i = 0; list[i] != nullptr;) {
        if (++i == kMostArguments) {
            errno = E2BIG;
            return nullptr;
        }
        list[i] = va_arg(more, char*);
    }
    return list;
}

/// "folder/name" of a folder that ends at a colon or at the end; false if it is too long.
bool join(char* to, const char* folder, size_t length, const char* name) {
    if (length + 1 + strlen(name) >= kLongestPath) return false;
    memcpy(to, folder, length);
    if (length > 0) to[length++] = '/';
    strcpy(to + length, name);
    return true;
}

/// A file that no loader knows is a text for the shell. The list is on the stack: whoever calls may
/// share its memory with the parent of both, and should leave malloc alone.
int run_script(const char* path, char* const arguments[]) {
    size_t count = 0;
    while (arguments[count] != nullptr)
        ++count;
    const size_t behind_name = count > 0 ? count - 1 : 0;
    auto** const list = static_cast<char**>(__builtin_alloca((behind_name + 3) * sizeof(char*)));
    list[0] = const_cast<char*>("sh");
    list[1] = const_cast<char*>(path);
    memcpy(list + 2, arguments + count - behind_name, (behind_name + 1) * sizeof(char*));
    return execv("/bin/sh", list);
}

/// As execv(2), but for scripts without a #!.
int run(const char* path, char* const arguments[]) {
    execv(path, arguments);
    return errno == ENOEXEC ? run_script(path, arguments) : -1;
}

}  // namespace

int execve(const char* path, char* const arguments[], char* const environment[]) {
    return quire::libc::call(SYS_execve, path, arguments, environment);
}
int execv(const char* path, char* const arguments[]) {
    return execve(path, arguments, environ);
}

// A program that may not be executed is remembered: it is a better answer than that there is none.
int execvp(const char* name, char* const arguments[]) {
    if (*name == '\0') return quire::libc::fail(ENOENT);
    if (strchr(name, '/') != nullptr) return run(name, arguments);
    const char* folder = getenv("PATH");
    if (folder == nullptr) folder = "/bin:/sbin";
    int error = ENOENT;
    for (;;) {
        char path[kLongestPath];
        const size_t length = strcspn(folder, ":");
        if (join(path, folder, length, name)) {
            run(path, arguments);
            if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) return -1;
            if (errno == EACCES) error = EACCES;
        }
        if (folder[length] == '\0') return quire::libc::fail(error);
        folder += length + 1;
    }
}

int execl(const char* path, const char* argument, ...) {
    char* list[kMostArguments];
    std::va_list more;
    va_start(more, argument);
    char* const* const arguments = list_of(list, argument, more);
    va_end(more);
    return arguments == nullptr ? -1 : execv(path, arguments);
}

int execlp(const char* name, const char* argument, ...) {
    char* list[kMostArguments];
    std::va_list more;
    va_start(more, argument);
    char* const* const arguments = list_of(list, argument, more);
    va_end(more);
    return arguments == nullptr ? -1 : execvp(name, arguments);
}

// While the line runs ^C is meant for it, and its end must be left for this wait.
int system(const char* line) {
    if (line == nullptr) return 1;
    struct sigaction ignored = {};
    ignored.sa_handler = SIG_IGN;
    struct sigaction interrupt, quit;
    sigaction(SIGINT, &ignored, &interrupt);
    sigaction(SIGQUIT, &ignored, &quit);
    sigset_t children, before;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, &before);
    const pid_t child = fork();
    if (child == 0) {
        sigaction(SIGINT, &interrupt, nullptr);
        sigaction(SIGQUIT, &quit, nullptr);
        sigprocmask(SIG_SETMASK, &before, nullptr);
        execl("/bin/sh", "sh", "-c", line, static_cast<char*>(nullptr));
        _exit(127);
    }
    int status = -1;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    sigaction(SIGINT, &interrupt, nullptr);
    sigaction(SIGQUIT, &quit, nullptr);
    sigprocmask(SIG_SETMASK, &before, nullptr);
    return status;
}
