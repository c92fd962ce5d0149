// The calls of <unistd.h> and <sys/mman.h>: what the kernel answers, with errno.
#include <cstdarg>
#include <cstdint>

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>
#include "user/system_call.h"

extern "C" {
/// malloc's part in fork(2), if the program has malloc.
[[gnu::weak]] void program_heap_before_fork();
[[gnu::weak]] void program_heap_after_fork(int in_child);
}

namespace {

constexpr long kPage = 4096;
constexpr unsigned long kLargestError = 4095;

// The kernel answers a result, or -errno in the last page of numbers.
long answer(long result) {
    if (static_cast<unsigned long>(result) < -kLargestError) return result;
    errno = static_cast<int>(-result);
    return -1;
}
template <typename... Arguments>
int call(long number, Arguments... arguments) {
    const long values[5] = {(long)(arguments)...};
    return static_cast<int>(
        answer(system_call(number, values[0], values[1], values[2], values[3], values[4])));
}
void* as_pointer(long result) {
    return reinterpret_cast<void*>(result);
}

}  // namespace

int brk(void* end) {
    if (as_pointer(system_call(SYS_brk, end)) == end) return 0;
    errno = ENOMEM;
    return -1;
}

void* sbrk(intptr_t increment) {
    const auto now = static_cast<std::uintptr_t>(system_call(SYS_brk, 0));
    const std::uintptr_t wanted = now + static_cast<std::uintptr_t>(increment);
    const bool wraps = increment >= 0 ? wanted < now : wanted > now;
    if (increment != 0 && (wraps || brk(reinterpret_cast<void*>(wanted)) < 0)) {
        errno = ENOMEM;
        return as_pointer(-1);
    }
    return reinterpret_cast<void*>(now);
}

ssize_t read(int file, void* to, size_t count) {
    return call(SYS_read, file, to, count);
}
ssize_t write(int file, const void* from, size_t count) {
    return call(SYS_write, file, from, count);
}
off_t lseek(int file, off_t offset, int whence) {
    return call(SYS_lseek, file, offset, whence);
}
int close(int file) {
    return call(SYS_close, file);
}
int dup(int file) {
    return call(SYS_dup, file);
}
int dup2(int file, int number) {
    return call(SYS_dup2, file, number);
}
int pipe(int ends[2]) {
    return call(SYS_pipe, ends);
}
int unlink(const char* path) {
    return call(SYS_unlink, path);
}
pid_t getpid() {
    return call(SYS_getpid);
}
pid_t getppid() {
    return call(SYS_getppid);
}
pid_t gettid() {
    return call(SYS_gettid);
}

pid_t fork() {
    const bool has_heap = program_heap_before_fork != nullptr;
    if (has_heap) program_heap_before_fork();
    const long child = system_call(SYS_fork);
    if (has_heap) program_heap_after_fork(child == 0 ? 1 : 0);
    return static_cast<pid_t>(answer(child));
}

int execve(const char* path, char* const arguments[], char* const environment[]) {
    return call(SYS_execve, path, arguments, environment);
}

long sysconf(int name) {
    if (name == _SC_PAGESIZE) return kPage;
    errno = EINVAL;
    return -1;
}
int getpagesize() {
    return kPage;
}

// mmap2 counts the offset in pages.
void* mmap(void* address, size_t length, int protection, int flags, int file, off_t offset) {
    if (offset % kPage != 0) {
        errno = EINVAL;
        return MAP_FAILED;
    }
    const auto page = static_cast<long>(static_cast<unsigned long>(offset) / kPage);
    return as_pointer(
        answer(system_call6(SYS_mmap2, reinterpret_cast<long>(address), static_cast<long>(length),
                            protection, flags, file, page)));
}
int munmap(void* address, size_t length) {
    return call(SYS_munmap, address, length);
}
int mprotect(void* address, size_t length, int protection) {
    return call(SYS_mprotect, address, length, protection);
}

void* mremap(void* address, size_t old_length, size_t new_length, int flags, ...) {
    void* place = nullptr;
    if ((flags & MREMAP_FIXED) != 0) {
        std::va_list arguments;
        va_start(arguments, flags);
        place = va_arg(arguments, void*);
        va_end(arguments);
    }
    return as_pointer(
        answer(system_call(SYS_mremap, address, old_length, new_length, flags, place)));
}

int madvise(void* address, size_t length, int advice) {
    return call(SYS_madvise, address, length, advice);
}
int msync(void* address, size_t length, int flags) {
    return call(SYS_msync, address, length, flags);
}
int mlock(const void* address, size_t length) {
    return call(SYS_mlock, address, length);
}
int munlock(const void* address, size_t length) {
    return call(SYS_munlock, address, length);
}
