/* The groups in /etc/group: getgrnam(3). Who is in them is not told. */
#ifndef QUIRE_GRP_H
#define QUIRE_GRP_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct group {
    char *gr_name, *gr_passwd;
    gid_t gr_gid;
};
/* NULL if there is no such line. The answer lasts until the next call. */
struct group* getgrnam(const char* name);
struct group* getgrgid(gid_t group);

#ifdef __cplusplus
}
#endif
#endif
