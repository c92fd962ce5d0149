/* Memory and strings, string(3): the functions of C17 7.24 that need no locale, and POSIX's strdup,
 * strndup, strnlen, strtok_r, and strlcpy. */
#ifndef _STRING_H
#define _STRING_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#define _STRING_NOTHROW noexcept
#else
#define _STRING_NOTHROW
#endif

void* memcpy(void* to, const void* from, size_t count) _STRING_NOTHROW;
void* memmove(void* to, const void* from, size_t count) _STRING_NOTHROW;
void* memset(void* to, int byte, size_t count) _STRING_NOTHROW;
int memcmp(const void* left, const void* right, size_t count) _STRING_NOTHROW;
void* memchr(const void* bytes, int byte, size_t count) _STRING_NOTHROW;

size_t strlen(const char* text) _STRING_NOTHROW;
size_t strnlen(const char* text, size_t limit) _STRING_NOTHROW;
int strcmp(const char* left, const char* right) _STRING_NOTHROW;
int strncmp(const char* left, const char* right, size_t limit) _STRING_NOTHROW;
char* strcpy(char* to, const char* from) _STRING_NOTHROW;
char* strncpy(char* to, const char* from, size_t count) _STRING_NOTHROW;
size_t strlcpy(char* to, const char* from, size_t size) _STRING_NOTHROW;
char* strcat(char* to, const char* from) _STRING_NOTHROW;
char* strncat(char* to, const char* from, size_t limit) _STRING_NOTHROW;
char* strchr(const char* text, int character) _STRING_NOTHROW;
char* strrchr(const char* text, int character) _STRING_NOTHROW;
char* strstr(const char* text, const char* part) _STRING_NOTHROW;
char* strpbrk(const char* text, const char* set) _STRING_NOTHROW;
size_t strspn(const char* text, const char* set) _STRING_NOTHROW;
size_t strcspn(const char* text, const char* set) _STRING_NOTHROW;
char* strtok_r(char* text, const char* separators, char** state) _STRING_NOTHROW;

/* A copy in memory of malloc's, or NULL and ENOMEM. */
char* strdup(const char* text);
char* strndup(const char* text, size_t limit);

/* What an error number means. The text of an unknown one lasts until the next call. */
char* strerror(int number);

#ifdef __cplusplus
}
#endif

#endif
