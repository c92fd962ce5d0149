// The names of our C library and what they are called on the host, for libc_prefix.h: those that
// the kernel's rooms use. standard_names.h has the others.
#pragma once

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
#define strtoll quire_strtoll
