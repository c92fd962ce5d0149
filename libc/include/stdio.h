/* Streams, stdio(3): POSIX's basics. Not here: floating point in formats, %n, scanf, and the locks
 * of flockfile(3), so one thread at a time may use a stream. */
#ifndef _STDIO_H
#define _STDIO_H

#include <stdarg.h>
#include <stddef.h>

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
/* stdout goes out with each line, at the end, and before stdin is read; stderr at once. */
extern FILE *const stdin, *const stdout, *const stderr;

/* Modes: r, w, a, each with + and b. NULL, and errno, when it cannot be; EINVAL for another mode.
 */
FILE* fopen(const char* path, const char* mode);
FILE* fdopen(int file, const char* mode);
/* EOF when something could not be written; the stream is gone all the same. */
int fclose(FILE* stream);
/* NULL: all streams. */
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
char* fgets(char* text, int size, FILE* stream);
int fputc(int character, FILE* stream);
int putc(int character, FILE* stream);
int putchar(int character);
int fputs(const char* text, FILE* stream);
int puts(const char* text);

int fseek(FILE* stream, long offset, int whence);
long ftell(FILE* stream);
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

/* `text`: what errno means, on the standard error output. */
void perror(const char* text);

#ifdef __cplusplus
}
#endif

#endif
