// Terminals: <termios.h>, and what <unistd.h> has of them.
#include <errno.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include "kernel/abi/termios.h"
#include "libc/program/call.h"

using quire::libc::call;

int tcgetattr(int file, struct termios* told) {
    return ioctl(file, quire::abi::kTcGets, told);
}

int tcsetattr(int file, int when, const struct termios* settings) {
    if (when < TCSANOW || when > TCSAFLUSH) return quire::libc::fail(EINVAL);
    return ioctl(file, quire::abi::kTcSets + static_cast<unsigned>(when), settings);
}

int tcflush(int file, int which) {
    return call(SYS_ioctl, file, quire::abi::kTcFlush, which);
}

void cfmakeraw(struct termios* settings) {
    settings->c_iflag &=
        ~static_cast<tcflag_t>(BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    settings->c_oflag &= ~static_cast<tcflag_t>(OPOST);
    settings->c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    settings->c_cflag &= ~static_cast<tcflag_t>(CSIZE | PARENB);
    settings->c_cflag |= CS8;
    settings->c_cc[VMIN] = 1;
    settings->c_cc[VTIME] = 0;
}

int isatty(int file) {
    struct termios settings;
    return tcgetattr(file, &settings) == 0 ? 1 : 0;
}

// The kernel knows what each descriptor is.
char* ttyname(int file) {
    static char name[64];
    if (isatty(file) == 0) return nullptr;
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    const ssize_t length = readlink(link, name, sizeof name - 1);
    if (length < 0) return nullptr;
    name[length] = '\0';
    return name;
}

pid_t tcgetpgrp(int file) {
    pid_t group = 0;
    return ioctl(file, TIOCGPGRP, &group) < 0 ? -1 : group;
}
int tcsetpgrp(int file, pid_t group) {
    return ioctl(file, TIOCSPGRP, &group);
}
