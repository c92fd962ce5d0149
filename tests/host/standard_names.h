// The names that only programs use (libc/standard/) and what they are called on the host. What is
// compiled with our own headers gets this one by `-include`; a test that calls it includes the
// host's headers first, then this, then libc/include/X.h.
#pragma once

#include "tests/host/libc_names.h"

#define strcasecmp quire_strcasecmp
#define strncasecmp quire_strncasecmp
#define strcasestr quire_strcasestr
#define memmem quire_memmem
#define memrchr quire_memrchr
#define memccpy quire_memccpy
#define mempcpy quire_mempcpy
#define stpcpy quire_stpcpy
#define stpncpy quire_stpncpy
#define strchrnul quire_strchrnul
#define strsep quire_strsep
#define strtok quire_strtok
#define strlcat quire_strlcat
#define strcoll quire_strcoll
#define strerror_r quire_strerror_r
#define basename quire_basename
#define dirname quire_dirname
#define isalnum quire_isalnum
#define isalpha quire_isalpha
#define isascii quire_isascii
#define isblank quire_isblank
#define iscntrl quire_iscntrl
#define isdigit quire_isdigit
#define isgraph quire_isgraph
#define islower quire_islower
#define isprint quire_isprint
#define ispunct quire_ispunct
#define isspace quire_isspace
#define isupper quire_isupper
#define isxdigit quire_isxdigit
#define tolower quire_tolower
#define toupper quire_toupper
#define toascii quire_toascii
#define qsort quire_qsort
#define bsearch quire_bsearch
#define rand quire_rand
#define srand quire_srand
#define rand_r quire_rand_r
#define random quire_random
#define srandom quire_srandom
#define getopt quire_getopt
#define optarg quire_optarg
#define optind quire_optind
#define opterr quire_opterr
#define optopt quire_optopt
#define gmtime quire_gmtime
#define gmtime_r quire_gmtime_r
#define localtime quire_localtime
#define localtime_r quire_localtime_r
#define timegm quire_timegm
#define mktime quire_mktime
#define asctime quire_asctime
#define asctime_r quire_asctime_r
#define ctime quire_ctime
#define ctime_r quire_ctime_r
#define strftime quire_strftime
#define tm quire_tm
#define sscanf quire_sscanf
#define vsscanf quire_vsscanf
