/* Memory and strings, string(3): the functions of C17 7.24 in the locale "C", POSIX's, and those of
 * GNU and BSD that are in every other library. */
#ifndef QUIRE_STRING_H
#define QUIRE_STRING_H

#include <stddef.h>
#include <strings.h>

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

void* memrchr(const void* bytes, int byte, size_t count) _STRING_NOTHROW;
/* Where `part` first stands among the bytes, or NULL. */
void* memmem(const void* bytes, size_t count, const void* part, size_t length) _STRING_NOTHROW;
/* As memcpy, and returns the end of the copy. */
void* mempcpy(void* to, const void* from, size_t count) _STRING_NOTHROW;
/* Copies up to and with the first `byte`, and returns what is behind it; NULL if it is not there.
 */
void* memccpy(void* to, const void* from, int byte, size_t count) _STRING_NOTHROW;

size_t strlen(const char* text) _STRING_NOTHROW;
size_t strnlen(const char* text, size_t limit) _STRING_NOTHROW;
int strcmp(const char* left, const char* right) _STRING_NOTHROW;
int strncmp(const char* left, const char* right, size_t limit) _STRING_NOTHROW;
char* strcpy(char* to, const char* from) _STRING_NOTHROW;
char* strncpy(char* to, const char* from, size_t count) _STRING_NOTHROW;
size_t strlcpy(char* to, const char* from, size_t size) _STRING_NOTHROW;
/* As strcpy and strncpy, and return where the NUL is, or would be. */
char* stpcpy(char* to, const char* from) _STRING_NOTHROW;
char* stpncpy(char* to, const char* from, size_t count) _STRING_NOTHROW;
char* strcat(char* to, const char* from) _STRING_NOTHROW;
char* strncat(char* to, const char* from, size_t limit) _STRING_NOTHROW;
/* The length that was tried for: as much as `size` or more tells that the text was cut. */
size_t strlcat(char* to, const char* from, size_t size) _STRING_NOTHROW;
/* The order of the locale, which is that of strcmp. */
int strcoll(const char* left, const char* right) _STRING_NOTHROW;

char* strchr(const char* text, int character) _STRING_NOTHROW;
char* strrchr(const char* text, int character) _STRING_NOTHROW;
char* strstr(const char* text, const char* part) _STRING_NOTHROW;
char* strpbrk(const char* text, const char* set) _STRING_NOTHROW;
size_t strspn(const char* text, const char* set) _STRING_NOTHROW;
size_t strcspn(const char* text, const char* set) _STRING_NOTHROW;
/* As strchr, but the end of the text instead of NULL. */
char* strchrnul(const char* text, int character) _STRING_NOTHROW;
/* As strstr without regard to case. */
char* strcasestr(const char* text, const char* part) _STRING_NOTHROW;
/* The next word of *text, which may be empty; *text becomes what is behind it, NULL at the end. */
char* strsep(char** text, const char* separators) _STRING_NOTHROW;
/* strtok keeps its state between calls: one text at a time. */
char* strtok(char* text, const char* separators) _STRING_NOTHROW;
char* strtok_r(char* text, const char* separators, char** state) _STRING_NOTHROW;

/* A copy in memory of malloc's, or NULL and ENOMEM. */
char* strdup(const char* text);
char* strndup(const char* text, size_t limit);

/* What an error number means. The text of an unknown one lasts until the next call. */
char* strerror(int number);
/* 0, or ERANGE if it had to be cut, or EINVAL for an unknown number. */
int strerror_r(int number, char* to, size_t size);
/* What a signal means: "Segmentation fault". */
char* strsignal(int signal);

#ifdef __cplusplus
}
#endif

#endif
