// The calls of <sys/mman.h> and <sys/swap.h>, and brk(2).
#include <cstdarg>
#include <cstdint>

#include <errno.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <unistd.h>
#include "libc/program/call.h"

using quire::libc::answer;
using quire::libc::call;

namespace {

constexpr long kPage = 4096;

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

// mmap2 counts the offset in pages, which have 32 bits.
void* mmap(void* address, size_t length, int protection, int flags, int file, off_t offset) {
    const auto page = static_cast<unsigned long long>(offset) / kPage;
    if (offset % kPage != 0 || page > UINT32_MAX) {
        errno = EINVAL;
        return MAP_FAILED;
    }
    return as_pointer(
        answer(system_call6(SYS_mmap2, reinterpret_cast<long>(address), static_cast<long>(length),
                            protection, flags, file, static_cast<long>(page))));
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

int swapon(const char* path, int flags) {
    return call(SYS_swapon, path, flags);
}
int swapoff(const char* path) {
    return call(SYS_swapoff, path);
}
