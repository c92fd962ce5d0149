/* The parts of a path: "/usr/bin/cc" is "/usr/bin" and "cc". */
#ifndef QUIRE_LIBGEN_H
#define QUIRE_LIBGEN_H

#ifdef __cplusplus
extern "C" {
#endif

/* Both may write into the path, and return a part of it or a constant (basename(3)). */
char* dirname(char* path);
char* basename(char* path);

#ifdef __cplusplus
}
#endif
#endif
