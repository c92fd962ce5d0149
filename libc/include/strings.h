/* Comparing without regard to case, strcasecmp(3). */
#ifndef QUIRE_STRINGS_H
#define QUIRE_STRINGS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#define _STRINGS_NOTHROW noexcept
#else
#define _STRINGS_NOTHROW
#endif

int strcasecmp(const char* left, const char* right) _STRINGS_NOTHROW;
int strncasecmp(const char* left, const char* right, size_t limit) _STRINGS_NOTHROW;

#ifdef __cplusplus
}
#endif
#endif
