// fork, exec, wait, pipes and signals by way of the C library.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t children_ended;

static void on_child(int signal) {
    (void)signal;
    ++children_ended;
}

static int fail(const char* what) {
    printf("%s: %s\n", what, strerror(errno));
    return 1;
}

int main(int argc, char** argv) {
    if (argc > 1) {
        printf("%s %s %s\n", argv[1], getenv("COLOUR"),
               getenv("HOME") == NULL ? "alone" : "not alone");
        return 42;
    }
    struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_RESTART};
    if (sigaction(SIGCHLD, &action, NULL) != 0) return fail("sigaction");
    int ends[2];
    if (pipe(ends) != 0) return fail("pipe");
    const pid_t child = fork();
    if (child < 0) return fail("fork");
    if (child == 0) {
        char* arguments[] = {argv[0], "argument", NULL};
        char* environment[] = {"COLOUR=blue", NULL};
        dup2(ends[1], 1);
        execve(argv[0], arguments, environment);
        _exit(127);
    }
    close(ends[1]);
    char text[100] = "";
    FILE* const from_child = fdopen(ends[0], "r");
    if (from_child == NULL || fgets(text, sizeof text, from_child) == NULL) return fail("fgets");
    int status = 0;
    if (waitpid(child, &status, 0) != child) return fail("waitpid");
    printf("%d %d %d %s", WIFEXITED(status), WEXITSTATUS(status), (int)children_ended, text);
    fflush(stdout);
    if (strcmp(text, "argument blue alone\n") != 0 || WEXITSTATUS(status) != 42) return 1;
    if (system("exit 3") != 3 << 8) return fail("system");
    const pid_t victim = fork();
    if (victim == 0) {
        raise(SIGKILL);
        _exit(0);
    }
    waitpid(victim, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && children_ended >= 2 ? 0 : 1;
}
