// Memory and string functions of the C library: one source for the kernel and for user programs.
//
// The C signatures and the meanings of C17 (7.24, 7.22.1), with these rules of our own: no locale,
// no errno but where a program has one (numbers.cpp), and no byte is read behind the end of
// an object, so that a string may lie against an unmapped page.
//
// The compiler itself calls memcpy, memmove, memset and memcmp; string.cpp is therefore compiled
// with $(libc_flags), lest it turns our loops into calls of themselves. On the host every name
// carries the prefix quire_ (tests/host/libc_prefix.h). Do not include this beside <cstring>,
// whose overloads of strchr and others contradict the C signatures.
#pragma once

#include <cstddef>

// Parts of the standard library bring <cstdlib> along, whose declarations these repeat.
// NOLINTBEGIN(readability-redundant-declaration,readability-inconsistent-declaration-parameter-name)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wredundant-decls"

extern "C" {

/// Copies `count` bytes between objects that do not overlap.
void* memcpy(void* destination, const void* source, std::size_t count) noexcept;
/// Copies `count` bytes as if through a buffer: the objects may overlap.
void* memmove(void* destination, const void* source, std::size_t count) noexcept;
void* memset(void* destination, int byte, std::size_t count) noexcept;
/// The sign tells the order of the first differing bytes, taken as unsigned.
int memcmp(const void* left, const void* right, std::size_t count) noexcept;
void* memchr(const void* bytes, int byte, std::size_t count) noexcept;

std::size_t strlen(const char* text) noexcept;
/// The length of `text`, or `limit` when no NUL is among the first `limit` bytes.
std::size_t strnlen(const char* text, std::size_t limit) noexcept;
int strcmp(const char* left, const char* right) noexcept;
int strncmp(const char* left, const char* right, std::size_t limit) noexcept;

char* strcpy(char* destination, const char* source) noexcept;
/// Fills exactly `count` bytes: the string, then NULs; without a NUL when the string is too long.
char* strncpy(char* destination, const char* source, std::size_t count) noexcept;
/// Copies what fits into `size` bytes with its NUL (nothing for size 0). Returns strlen(source):
/// a result >= `size` tells that the copy was cut.
std::size_t strlcpy(char* destination, const char* source, std::size_t size) noexcept;
char* strcat(char* destination, const char* source) noexcept;
/// Appends at most `limit` characters and always a NUL.
char* strncat(char* destination, const char* source, std::size_t limit) noexcept;

/// The searches return a pointer into `text`, or nullptr. NUL counts as a character of the text
/// for strchr and strrchr.
char* strchr(const char* text, int character) noexcept;
char* strrchr(const char* text, int character) noexcept;
char* strstr(const char* text, const char* part) noexcept;
char* strpbrk(const char* text, const char* set) noexcept;
/// How many characters at the start of `text` are in `set` (strcspn: are not in it).
std::size_t strspn(const char* text, const char* set) noexcept;
std::size_t strcspn(const char* text, const char* set) noexcept;
/// The next word of `text`, cut off with a NUL; pass nullptr to go on. nullptr at the end.
char* strtok_r(char* text, const char* separators, char** state) noexcept;

/// Numbers: white space, a sign, then digits of `base` (0: as in C source; 16 allows "0x").
/// `*end`, if given, becomes the first character not used, or `text` when there is no number.
/// A number too large becomes the largest of its type (strtol: or the smallest), as in C.
long strtol(const char* text, char** end, int base) noexcept;
long long strtoll(const char* text, char** end, int base) noexcept;
unsigned long strtoul(const char* text, char** end, int base) noexcept;
unsigned long long strtoull(const char* text, char** end, int base) noexcept;
int atoi(const char* text) noexcept;

/// Writes `value` in `base` (2 to 36, else the empty string) and returns `buffer`, which needs
/// room for 33 characters at most. Only base 10 shows a sign; the others show the bits.
char* itoa(int value, char* buffer, int base) noexcept;
/// Turns a string end for end, in place.
void reverse(char* text) noexcept;

}  // extern "C"

#pragma GCC diagnostic pop
// NOLINTEND(readability-redundant-declaration,readability-inconsistent-declaration-parameter-name)
