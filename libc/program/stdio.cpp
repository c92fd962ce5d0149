// stdio(3) over Stream: files of the kernel, the three standard streams, and formats.
//
// A stream has no lock: it is for one thread at a time. The list of those that fopen has made is
// for all, and has one.
#include <stdio.h>

#include <new>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "libc/format.h"
#include "libc/malloc/heap_lock.h"
#include "libc/stdio/stream.h"

using quire::libc::HeapLock;
using quire::libc::Stream;

namespace {

class KernelFile final : public quire::libc::StreamFile {
  public:
    constexpr explicit KernelFile(int file) : file_(file) {}
    long read(void* to, size_t count) override;
    long write(const void* from, size_t count) override { return ::write(file_, from, count); }
    long long seek(long long offset, int whence) override { return ::lseek(file_, offset, whence); }
    bool is_interactive() override;
    [[nodiscard]] int number() const { return file_; }

  private:
    int file_;
};

}  // namespace

struct _File {
    constexpr _File(int number, Stream::Buffering buffering, Stream::Buffer& buffer)
        : file(number), stream(file, buffering, buffer) {}

    KernelFile file;
    Stream stream;
    _File* next = nullptr;  // of those that fopen has made
};

namespace {

constinit Stream::Buffer input_buffer;
constinit Stream::Buffer output_buffer;
constinit Stream::Buffer error_buffer;
constinit _File standard_input(STDIN_FILENO, Stream::Buffering::Full, input_buffer);
constinit _File standard_output(STDOUT_FILENO, Stream::Buffering::ByFile, output_buffer);
constinit _File standard_error(STDERR_FILENO, Stream::Buffering::None, error_buffer);
_File* opened = nullptr;
constinit HeapLock opened_lock{HeapLock::kOpen};  // of the list, not of what is in it

// Who asks at a terminal wants the question seen first.
long KernelFile::read(void* to, size_t count) {
    Stream& output = standard_output.stream;
    if (file_ == STDIN_FILENO && output.buffering() == Stream::Buffering::Line) output.flush();
    return ::read(file_, to, count);
}

// errno is for what fails.
bool KernelFile::is_interactive() {
    const int before = errno;
    const bool is_terminal = isatty(file_) != 0;
    errno = before;
    return is_terminal;
}

/// A stream in one piece with its buffer.
struct WholeFile : _File {
    // cppcheck-suppress uninitMemberVar  // of the buffer only what was written is read
    explicit WholeFile(int number, Stream::Buffering buffering = Stream::Buffering::ByFile)
        : _File(number, buffering, room) {}
    Stream::Buffer room;
};

/// The flags of open(2), or -1.
int flags_of(const char* mode) {
    int flags = -1;
    if (mode[0] == 'r') flags = 0;
    if (mode[0] == 'w') flags = O_CREAT | O_TRUNC;
    if (mode[0] == 'a') flags = O_CREAT | O_APPEND;
    bool both = false;
    for (const char* letter = mode[0] == '\0' ? mode : mode + 1; *letter != '\0'; ++letter) {
        if (*letter == '+') both = true;
        if (*letter != '+' && *letter != 'b') flags = -1;
    }
    if (flags < 0) return -1;
    return flags | (both ? O_RDWR : mode[0] == 'r' ? O_RDONLY : O_WRONLY);
}

/// Whether the stream was one that fopen had made.
bool take_out(_File* stream) {
    opened_lock.take();
    _File** link = &opened;
    while (*link != nullptr && *link != stream)
        link = &(*link)->next;
    const bool is_there = *link == stream;
    if (is_there) *link = stream->next;
    opened_lock.release();
    return is_there;
}

void write_piece(void* stream, const char* text, size_t length) {
    static_cast<Stream*>(stream)->write(text, length);
}

}  // namespace

FILE* const stdin = &standard_input;
FILE* const stdout = &standard_output;
FILE* const stderr = &standard_error;

extern "C" {
void program_flush();
void program_streams_before_fork();
void program_streams_after_fork(int in_child);
}

void program_flush() {
    fflush(nullptr);
}
// The child must not find the list in the hands of a thread that it lacks.
void program_streams_before_fork() {
    opened_lock.take();
}
void program_streams_after_fork(int in_child) {
    in_child != 0 ? opened_lock.release_alone() : opened_lock.release();
}

FILE* fdopen(int file, const char* mode) {
    if (flags_of(mode) < 0) {
        errno = EINVAL;
        return nullptr;
    }
    void* place = malloc(sizeof(WholeFile));
    if (place == nullptr) return nullptr;
    auto* stream = new (place) WholeFile(file);
    opened_lock.take();
    stream->next = opened;
    opened = stream;
    opened_lock.release();
    return stream;
}

FILE* fopen(const char* path, const char* mode) {
    const int flags = flags_of(mode);
    if (flags < 0) {
        errno = EINVAL;
        return nullptr;
    }
    const int file = open(path, flags, 0666);
    if (file < 0) return nullptr;
    FILE* const stream = fdopen(file, mode);
    if (stream == nullptr) close(file);
    return stream;
}

// What was read ahead goes back where it can; that of a pipe is lost.
int fclose(FILE* stream) {
    const bool written = stream->stream.flush_output();
    stream->stream.flush();
    const bool closed = close(stream->file.number()) == 0;
    if (take_out(stream)) free(stream);
    return written && closed ? 0 : EOF;
}

// Streams that are being read keep what they have: the next program need not find it. If the list
// is taken, it goes without: a handler that ends the program may have interrupted who has it.
int fflush(FILE* stream) {
    if (stream != nullptr) return stream->stream.flush() ? 0 : EOF;
    bool all = standard_output.stream.flush_output();
    all = standard_error.stream.flush_output() && all;
    const bool is_ours = opened_lock.try_take();
    for (_File* one = opened; one != nullptr; one = one->next)
        all = one->stream.flush_output() && all;
    if (is_ours) opened_lock.release();
    return all ? 0 : EOF;
}

int setvbuf(FILE* stream, char* buffer, int kind, size_t) {
    if (kind < _IOFBF || kind > _IONBF || (buffer != nullptr && kind != _IONBF)) return EOF;
    stream->stream.set_buffering(kind == _IONBF   ? Stream::Buffering::None
                                 : kind == _IOLBF ? Stream::Buffering::Line
                                                  : Stream::Buffering::Full);
    return 0;
}

int fileno(FILE* stream) {
    return stream->file.number();
}

size_t fread(void* to, size_t size, size_t count, FILE* stream) {
    size_t bytes = 0;
    if (size == 0 || __builtin_mul_overflow(size, count, &bytes)) return 0;
    return stream->stream.read(to, bytes) / size;
}

size_t fwrite(const void* from, size_t size, size_t count, FILE* stream) {
    size_t bytes = 0;
    if (size == 0 || __builtin_mul_overflow(size, count, &bytes)) return 0;
    return stream->stream.write(from, bytes) / size;
}

int fgetc(FILE* stream) {
    return stream->stream.get();
}
int getc(FILE* stream) {
    return fgetc(stream);
}
int getchar() {
    return fgetc(stdin);
}
int ungetc(int character, FILE* stream) {
    return stream->stream.unget(character);
}

// What an earlier call met does not count: ferror(3) still tells of it.
char* fgets(char* text, int size, FILE* stream) {
    if (size <= 0) return nullptr;
    int length = 0;
    int character = '\0';
    while (length < size - 1 && character != '\n') {
        character = fgetc(stream);
        if (character == EOF) break;
        text[length++] = static_cast<char>(character);
    }
    const bool failed = character == EOF && feof(stream) == 0;
    if (failed || (character == EOF && length == 0)) return nullptr;
    text[length] = '\0';
    return text;
}

int fputc(int character, FILE* stream) {
    const auto byte = static_cast<unsigned char>(character);
    return stream->stream.write(&byte, 1) == 1 ? byte : EOF;
}
int putc(int character, FILE* stream) {
    return fputc(character, stream);
}
int putchar(int character) {
    return fputc(character, stdout);
}
int fputs(const char* text, FILE* stream) {
    const size_t length = strlen(text);
    return stream->stream.write(text, length) == length ? 0 : EOF;
}
int puts(const char* text) {
    return fputs(text, stdout) == 0 && fputc('\n', stdout) == '\n' ? 0 : EOF;
}

int fseek(FILE* stream, long offset, int whence) {
    return stream->stream.seek(offset, whence) ? 0 : -1;
}
int fseeko(FILE* stream, off_t offset, int whence) {
    return stream->stream.seek(offset, whence) ? 0 : -1;
}
off_t ftello(FILE* stream) {
    return stream->stream.tell();
}
long ftell(FILE* stream) {
    const off_t place = ftello(stream);
    if (place <= LONG_MAX) return static_cast<long>(place);
    errno = EOVERFLOW;
    return -1;
}
void rewind(FILE* stream) {
    fseek(stream, 0, SEEK_SET);
    clearerr(stream);
}
int feof(FILE* stream) {
    return stream->stream.at_end() ? 1 : 0;
}
int ferror(FILE* stream) {
    return stream->stream.has_failed() ? 1 : 0;
}
void clearerr(FILE* stream) {
    stream->stream.clear();
}

// Without a buffer, too, one call goes out in one piece.
int vfprintf(FILE* stream, const char* format, va_list arguments) {
    Stream& out = stream->stream;
    const bool failed_before = out.has_failed();
    const bool has_no_buffer = out.buffering() == Stream::Buffering::None;
    if (has_no_buffer) out.set_buffering(Stream::Buffering::Full);
    const int length = quire::libc::format_to(write_piece, &out, format, arguments);
    if (has_no_buffer) {
        out.set_buffering(Stream::Buffering::None);
        out.flush();
    }
    return out.has_failed() && !failed_before ? -1 : length;
}

int vprintf(const char* format, va_list arguments) {
    return vfprintf(stdout, format, arguments);
}

int printf(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int length = vfprintf(stdout, format, arguments);
    va_end(arguments);
    return length;
}

int fprintf(FILE* stream, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int length = vfprintf(stream, format, arguments);
    va_end(arguments);
    return length;
}

int dprintf(int file, const char* format, ...) {
    WholeFile once(file, Stream::Buffering::Full);
    va_list arguments;
    va_start(arguments, format);
    const int length = vfprintf(&once, format, arguments);
    va_end(arguments);
    return once.stream.flush() ? length : -1;
}

void perror(const char* text) {
    const char* meaning = strerror(errno);
    if (text != nullptr && *text != '\0') {
        dprintf(STDERR_FILENO, "%s: %s\n", text, meaning);
    } else {
        dprintf(STDERR_FILENO, "%s\n", meaning);
    }
}
