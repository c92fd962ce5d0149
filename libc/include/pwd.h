/* The users in /etc/passwd: getpwnam(3). */
#ifndef QUIRE_PWD_H
#define QUIRE_PWD_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct passwd {
    char *pw_name, *pw_passwd;
    uid_t pw_uid;
    gid_t pw_gid;
    char *pw_gecos, *pw_dir, *pw_shell;
};
/* NULL if there is no such line. The answer lasts until the next call. */
struct passwd* getpwnam(const char* name);
struct passwd* getpwuid(uid_t user);

#ifdef __cplusplus
}
#endif
#endif
