/* Requests to devices, ioctl(2): those of terminals (ioctl_tty(2)). */
#ifndef QUIRE_SYS_IOCTL_H
#define QUIRE_SYS_IOCTL_H

#ifdef __cplusplus
extern "C" {
#endif

struct winsize {
    unsigned short ws_row, ws_col;
    unsigned short ws_xpixel, ws_ypixel;
};
#define TIOCSCTTY 0x540E
#define TIOCGPGRP 0x540F
#define TIOCSPGRP 0x5410
#define TIOCGWINSZ 0x5413
#define TIOCSWINSZ 0x5414
#define FIONREAD 0x541B
#define TIOCNOTTY 0x5422

int ioctl(int file, unsigned long request, ...);

#ifdef __cplusplus
}
#endif
#endif
