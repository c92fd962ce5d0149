// The main program of the oracle: runs the cases in the order of the table and prints a line for
// each.
//
//     oracle                     all
//     oracle pipes signals       these subjects
//     oracle pipes:7             one case, by its number in its subject
//     oracle -exit 3             no cases: what the cases of exec(2) start (below)
#include <linux/resource.h>

#include "tests/oracle/frame.h"
#include "tests/oracle/paper.h"

#define FOLDER "/tmp/oracle"

// The linker makes an array of the section.
extern const struct Case __start_oracle_cases[], __stop_oracle_cases[];

int main(int argc, char** argv, char** environment);

static void print(const char* text) {
    const char* const stop = text + strlen(text);
    while (text < stop) {
        const long done = CALL(write, 1, text, stop - text);
        if (done <= 0) return;
        text += done;
    }
}

/// Makes the folder empty, with all that is below it.
static void remove_all(const char* folder) {
    char names[1024], path[256];
    const long opened = CALL(open, folder, O_RDONLY | O_DIRECTORY);
    long got;
    while ((got = CALL(getdents64, opened, names, sizeof names)) > 0) {
        int left = 0;
        for (long at = 0; at < got; at += *(unsigned short*)(names + at + 16)) {
            const char* const name = names + at + 19;
            if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
            snprintf(path, sizeof path, "%s/%s", folder, name);
            left = 1;
            if (CALL(unlink, path) == 0) continue;
            remove_all(path);
            CALL(rmdir, path);
        }
        if (left) CALL(lseek, opened, 0, 0);  // again: those behind may have moved
    }
    CALL(close, opened);
}

/// The same beginning for every case, wherever the runner was started.
static void prepare(void) {
    for (int signal = 1; signal <= 64; ++signal)
        act(signal, 0, 0, 0);
    const SignalSet none = 0;
    CALL(rt_sigprocmask, SIG_SETMASK, &none, 0, 8);
    for (int descriptor = 3; descriptor < 64; ++descriptor)
        CALL(close, descriptor);
    const struct rlimit core = {0, 0}, stack = {8 << 20, RLIM_INFINITY};
    CALL(setrlimit, RLIMIT_CORE, &core);
    CALL(setrlimit, RLIMIT_STACK, &stack);
    CALL(umask, 022);
    CALL(mkdir, FOLDER, 0777);
    CALL(chdir, FOLDER);
    CALL(setpgid, 0, 0);
}

static void run(const struct Case* one, int number) {
    paper->used = 0;
    paper->text[0] = 0;
    const SignalSet ended = bit(SIGCHLD);
    const long at_once[2] = {0, 0}, patience[2] = {60, 0};
    CALL(rt_sigtimedwait, &ended, 0, at_once, 8);  // what is left of the case before
    const long child = CALL(fork);
    if (child == 0) {
        prepare();
        one->run();
        end(0);
    }
    // A case that sleeps for ever must not keep the others from their turn.
    if (CALL(rt_sigtimedwait, &ended, 0, patience, 8) == -EAGAIN) CALL(kill, -child, SIGKILL);
    const int status = reap(child);
    CALL(kill, -child, SIGKILL);
    if (status != 0 || paper->used == 0) answer_status(status);
    remove_all(FOLDER);
    CALL(chmod, FOLDER, 0777);
    char line[1200];
    snprintf(line, sizeof line, "%03d %s: %s = %s\n", number, one->call, one->situation,
             paper->text);
    print(line);
}

/// Whether an argument is "SUBJECT" or "SUBJECT:NUMBER" of this case.
static int is_asked_for(const char* argument, const struct Case* one, int number) {
    char exact[64];
    snprintf(exact, sizeof exact, "%s:%d", one->subject, number);
    return strcmp(argument, one->subject) == 0 || strcmp(argument, exact) == 0;
}

static void run_those_asked_for(char** arguments) {
    const char* subject = "";
    int number = 0;
    for (const struct Case* one = __start_oracle_cases; one != __stop_oracle_cases; ++one) {
        if (strcmp(subject, one->subject) != 0) number = 0;
        subject = one->subject;
        ++number;
        int asked = !arguments[0];
        for (char** argument = arguments; *argument; ++argument)
            asked |= is_asked_for(*argument, one, number);
        if (!asked) continue;
        static const char* headed = "";
        if (strcmp(headed, subject) != 0) {
            headed = subject;
            print("# ");
            print(subject);
            print("\n");
        }
        run(one, number);
    }
}

static int tell_actions(void) {
    struct Action one, two;
    CALL(rt_sigaction, SIGUSR1, 0, &one, 8);
    CALL(rt_sigaction, SIGUSR2, 0, &two, 8);
    print(one.handler == 0 ? "default" : "handled");
    print(two.handler == (void*)1 ? " ignored" : " not ignored");
    return 0;
}

static int tell_ids(void) {
    char line[100];
    unsigned ids[6];
    CALL(getresuid32, &ids[0], &ids[1], &ids[2]);
    CALL(getresgid32, &ids[3], &ids[4], &ids[5]);
    snprintf(line, sizeof line, "%u %u %u, %u %u %u", ids[0], ids[1], ids[2], ids[3], ids[4],
             ids[5]);
    print(line);
    return 0;
}

/// What a case of exec(2) starts: it tells what it was given, or only ends.
static int act_as_started(int argc, char** argv, char** environment) {
    static const SignalSet none = 0;
    char line[512];
    if (strcmp(argv[1], "-exit") == 0) return argv[2][0] - '0';
    if (strcmp(argv[1], "-open") == 0) return CALL(fcntl64, argv[2][0] - '0', F_GETFD) >= 0;
    if (strcmp(argv[1], "-actions") == 0) return tell_actions();
    if (strcmp(argv[1], "-ids") == 0) return tell_ids();
    if (strcmp(argv[1], "-unblock") == 0) return CALL(rt_sigprocmask, SIG_SETMASK, &none, 0, 8);
    if (strcmp(argv[1], "-sleep") == 0) {
        print("s");
        return CALL(pause);
    }
    for (int place = 0; place < argc; ++place) {
        snprintf(line, sizeof line, "[%s]", argv[place]);
        print(line);
    }
    for (; *environment; ++environment) {
        snprintf(line, sizeof line, "{%s}", *environment);
        print(line);
    }
    return 0;
}

int main(int argc, char** argv, char** environment) {
    if (argc > 1 && argv[1][0] == '-') return act_as_started(argc, argv, environment);
    paper = (struct Paper*)map_at(0, kPage, kReadWrite, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    // A session of its own, without a terminal that could be the controlling one.
    const long session = CALL(fork);
    if (session != 0) return reap(session) >> 8;
    CALL(setsid);
    const SignalSet ended = bit(SIGCHLD);
    CALL(rt_sigprocmask, SIG_BLOCK, &ended, 0, 8);
    CALL(mkdir, FOLDER, 0777);
    run_those_asked_for(argv + 1);
    CALL(rmdir, FOLDER);
    return 0;
}
