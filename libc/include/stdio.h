/* Streams, stdio(3): POSIX's basics. Not here: floating point in formats, %n of printf, and the
 * locks of flockfile(3), so one thread at a time may use a stream. */
#ifndef QUIRE_STDIO_H
#define QUIRE_STDIO_H

#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#define _STDIO_NOTHROW noexcept
#else
#define _STDIO_NOTHROW
#endif

#define EOF (-1)
#define BUFSIZ 1024
#ifndef SEEK_SET
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#endif
#define _IOFBF 0 /* full buffering, by line, none */
#define _IOLBF 1
#define _IONBF 2

typedef struct _File FILE;
/* A stream to a terminal goes out with each line, any other when its buffer is full; both at the
 * end, and stdout at a terminal before stdin is read. stderr goes out at once. */
extern FILE *const stdin, *const stdout, *const stderr;

/* Modes: r, w, a, each with + and b. NULL, and errno, when it cannot be; EINVAL for another mode.
 */
FILE* fopen(const char* path, const char* mode);
FILE* fdopen(int file, const char* mode);
/* EOF when something could not be written; the stream is gone all the same. */
int fclose(FILE* stream);
/* What was written goes out; what was read ahead is given back to the file, which a pipe cannot
 * take: EOF. NULL: all that was written to any stream. */
int fflush(FILE* stream);
/* The buffer is always the stream's own: `buffer` must be NULL unless `kind` is _IONBF. */
int setvbuf(FILE* stream, char* buffer, int kind, size_t size);
int fileno(FILE* stream);

size_t fread(void* to, size_t size, size_t count, FILE* stream);
size_t fwrite(const void* from, size_t size, size_t count, FILE* stream);
int fgetc(FILE* stream);
int getc(FILE* stream);
int getchar(void);
int ungetc(int character, FILE* stream);
/* A whole line with its end, in memory of malloc's that grows as it must: *line and *size may be
 * NULL and 0 at first. The length; -1 at the end of the file. getdelim: up to `end` instead of a
 * newline. */
ssize_t getline(char** line, size_t* size, FILE* stream);
ssize_t getdelim(char** line, size_t* size, int end, FILE* stream);
char* fgets(char* text, int size, FILE* stream);
int fputc(int character, FILE* stream);
int putc(int character, FILE* stream);
int putchar(int character);
int fputs(const char* text, FILE* stream);
int puts(const char* text);

int fseek(FILE* stream, long offset, int whence);
int fseeko(FILE* stream, off_t offset, int whence);
/* -1 and EOVERFLOW for what a long cannot hold. */
long ftell(FILE* stream);
off_t ftello(FILE* stream);
void rewind(FILE* stream);
int feof(FILE* stream);
int ferror(FILE* stream);
void clearerr(FILE* stream);

/* d i u x X o b c s p and %, with flags, width, precision and hh h l ll j z t (printf(3)). */
__attribute__((format(printf, 1, 2))) int printf(const char* format, ...);
__attribute__((format(printf, 2, 3))) int fprintf(FILE* stream, const char* format, ...);
__attribute__((format(printf, 2, 3))) int dprintf(int file, const char* format, ...);
__attribute__((format(printf, 3, 4))) int snprintf(char* to, size_t size, const char* format,
                                                   ...) _STDIO_NOTHROW;
__attribute__((format(printf, 1, 0))) int vprintf(const char* format, va_list arguments);
__attribute__((format(printf, 2, 0))) int vfprintf(FILE* stream, const char* format,
                                                   va_list arguments);
__attribute__((format(printf, 3, 0))) int vsnprintf(char* to, size_t size, const char* format,
                                                    va_list arguments) _STDIO_NOTHROW;

/* Into memory of malloc's: the length, or -1 and ENOMEM. */
__attribute__((format(printf, 2, 3))) int asprintf(char** text, const char* format, ...);
__attribute__((format(printf, 2, 0))) int vasprintf(char** text, const char* format,
                                                    va_list arguments);
/* d i u x X o p c s [ n and %, with *, a width and hh h l ll j z t (scanf(3)). How many were
 * stored; EOF when the input ended before the first. */
__attribute__((format(scanf, 2, 3))) int sscanf(const char* text, const char* format, ...);
__attribute__((format(scanf, 2, 3))) int fscanf(FILE* stream, const char* format, ...);
__attribute__((format(scanf, 1, 2))) int scanf(const char* format, ...);
__attribute__((format(scanf, 2, 0))) int vsscanf(const char* text, const char* format,
                                                 va_list arguments);
__attribute__((format(scanf, 2, 0))) int vfscanf(FILE* stream, const char* format,
                                                 va_list arguments);

/* There is no limit: snprintf has one. */
__attribute__((format(printf, 2, 3))) int sprintf(char* to, const char* format, ...) _STDIO_NOTHROW;

/* Removing and renaming a file or an empty directory: unlink(2), rmdir(2), rename(2). */
int remove(const char* path);
int rename(const char* from, const char* to);

/* `text`: what errno means, on the standard error output. */
void perror(const char* text);

#ifdef __cplusplus
}
#endif

#endif
