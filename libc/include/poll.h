/* Waiting until one of several files can be read or written: poll(2). */
#ifndef QUIRE_POLL_H
#define QUIRE_POLL_H

#ifdef __cplusplus
extern "C" {
#endif

#define POLLIN 0x001
#define POLLPRI 0x002
#define POLLOUT 0x004
#define POLLERR 0x008
#define POLLHUP 0x010
#define POLLNVAL 0x020

typedef unsigned long nfds_t;
struct pollfd {
    int fd;
    short events;
    short revents;
};
/* In milliseconds; below 0: as long as it takes. */
int poll(struct pollfd* files, nfds_t count, int longest);

#ifdef __cplusplus
}
#endif
#endif
