// Renames our C library on the host: libc/string.cpp defines quire_memcpy there, not memcpy.
//
// Product files get this header by `-include`; a test that calls our string or format functions
// includes it itself, after the standard and GoogleTest headers.
#pragma once

// The host's own declarations first, under their own names.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>

#define memcpy quire_memcpy
#define memmove quire_memmove
#define memset quire_memset
#define memcmp quire_memcmp
#define memchr quire_memchr
#define strlen quire_strlen
#define strnlen quire_strnlen
#define strcmp quire_strcmp
#define strncmp quire_strncmp
#define strcpy quire_strcpy
#define strncpy quire_strncpy
#define strlcpy quire_strlcpy
#define strcat quire_strcat
#define strncat quire_strncat
#define strchr quire_strchr
#define strrchr quire_strrchr
#define strstr quire_strstr
#define strspn quire_strspn
#define strcspn quire_strcspn
#define strpbrk quire_strpbrk
#define strtok_r quire_strtok_r
#define strtol quire_strtol
#define strtoul quire_strtoul
#define strtoull quire_strtoull
#define atoi quire_atoi
#define itoa quire_itoa
#define reverse quire_reverse
#define snprintf quire_snprintf
#define vsnprintf quire_vsnprintf
#define sprintf quire_sprintf
#define malloc quire_malloc
#define free quire_free
#define calloc quire_calloc
#define realloc quire_realloc
