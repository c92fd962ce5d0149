/* What the system is called: uname(2). */
#ifndef QUIRE_SYS_UTSNAME_H
#define QUIRE_SYS_UTSNAME_H

#ifdef __cplusplus
extern "C" {
#endif

struct utsname {
    char sysname[65];
    char nodename[65];
    char release[65];
    char version[65];
    char machine[65];
    char domainname[65];
};
int uname(struct utsname* told);

#ifdef __cplusplus
}
#endif
#endif
