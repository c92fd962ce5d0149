// mprotect, mlock, madvise, mremap, msync, mincore: calls on memory that is there, or is not.
#define SUBJECT "memory"
#include "tests/oracle/frame.h"
#include "tests/oracle/touch.h"

#include <linux/resource.h>

static long remap(const void* old, unsigned long old_size, unsigned long size, int flags,
                  const void* place) {
    return CALL(mremap, old, old_size, size, flags, place);
}
static int resident(const void* page) {
    unsigned char answered = 9;
    const long result = CALL(mincore, page, kPage, &answered);
    return result ? (int)result : answered & 1;
}

// --- mprotect ---

ANSWER(mprotect, "no length", CALL(mprotect, map(kPage), 0, PROT_READ))
ANSWER(mprotect, "no length, nothing there", CALL(mprotect, pages().hole, 0, PROT_READ))
ANSWER(mprotect, "not aligned", CALL(mprotect, map(kPage) + 1, kPage, PROT_READ))
ANSWER(mprotect, "nothing there", CALL(mprotect, pages().hole, kPage, PROT_READ))
CASE(mprotect, "into a hole: the part before it changes") {
    const struct Pages area = pages();
    answer(CALL(mprotect, area.writable, 3 * kPage, PROT_READ));
    answer_store(area.writable);
}
ANSWER(mprotect, "wraps", CALL(mprotect, map(kPage), 0xFFFFF000, PROT_READ))
ANSWER(mprotect, "in the kernel", CALL(mprotect, KERNEL, kPage, PROT_READ))
ANSWER(mprotect, "unknown bits", CALL(mprotect, map(kPage), kPage, 0x80000000))
ANSWER(mprotect, "PROT_SEM", CALL(mprotect, map(kPage), kPage, PROT_READ | 8))
ANSWER(mprotect, "grows down, an ordinary mapping",
       CALL(mprotect, map(kPage), kPage, PROT_READ | PROT_GROWSDOWN))
ANSWER(mprotect, "grows down and up",
       CALL(mprotect, map(kPage), kPage, PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP))
CASE(mprotect, "to read: a store is a signal, the bytes stay") {
    char* const page = map(kPage);
    page[0] = 7;
    answer(CALL(mprotect, page, kPage, PROT_READ));
    answer_store(page);
    answer(page[0]);
}
CASE(mprotect, "to nothing, and back") {
    char* const page = map(kPage);
    page[0] = 7;
    answer(CALL(mprotect, page, kPage, PROT_NONE));
    answer_load(page);
    answer(CALL(mprotect, page, 1, kReadWrite));
    answer(page[0]);
}

// --- mincore ---

ANSWER(mincore, "not aligned", CALL(mincore, map(kPage) + 1, kPage, room))
ANSWER(mincore, "no length", CALL(mincore, map(kPage), 0, room))
ANSWER(mincore, "nothing there", CALL(mincore, pages().hole, kPage, room))
ANSWER(mincore, "in the kernel", CALL(mincore, KERNEL, kPage, room))
ANSWER(mincore, "wraps", CALL(mincore, map(kPage), 0xFFFFFFFF, room))
ANSWER(mincore, "no place for the answer", CALL(mincore, map(kPage), kPage, 0))
ANSWER(mincore, "a place that may not be written",
       CALL(mincore, map(kPage), kPage, pages().read_only))
CASE(mincore, "before and after a touch, and after a load of the zero page") {
    char* const area = map(2 * kPage);
    answer(resident(area));
    area[0] = 1;
    answer(resident(area));
    (void)*(volatile char*)(area + kPage);
    answer(resident(area + kPage));
}

// --- mlock ---

ANSWER(mlock, "not aligned is rounded", CALL(mlock, map(kPage) + 1, 1))
ANSWER(mlock, "no length", CALL(mlock, map(kPage), 0))
ANSWER(mlock, "nothing there", CALL(mlock, pages().hole, kPage))
ANSWER(mlock, "wraps", CALL(mlock, map(kPage), 0xFFFFF000))
ANSWER(mlock, "memory without access",
       CALL(mlock, map_at(0, kPage, PROT_NONE, kPrivate, -1, 0), kPage))
CASE(mlock, "makes the pages resident") {
    char* const area = map(2 * kPage);
    answer(CALL(mlock, area, 2 * kPage));
    answer_text("%d %d", resident(area), resident(area + kPage));
}
ANSWER(munlock, "what was never locked", CALL(munlock, map(kPage), kPage))
ANSWER(munlock, "nothing there", CALL(munlock, pages().hole, kPage))
ANSWER(mlock2, "no flags", CALL(mlock2, map(kPage), kPage, 0))
ANSWER(mlock2, "on fault", CALL(mlock2, map(kPage), kPage, 1))
ANSWER(mlock2, "an unknown flag", CALL(mlock2, map(kPage), kPage, 2))
CASE(mlock2, "on fault brings no page") {
    char* const page = map(kPage);
    CALL(mlock2, page, kPage, 1);
    answer(resident(page));
}
ANSWER(mlockall, "no flag", CALL(mlockall, 0))
ANSWER(mlockall, "an unknown flag", CALL(mlockall, 8))
ANSWER(mlockall, "on fault alone", CALL(mlockall, 4))
CASE(mlockall, "future: a new page is there at once, and after munlockall not") {
    answer(CALL(mlockall, MCL_FUTURE));
    answer(resident(map(kPage)));
    answer(CALL(munlockall));
    answer(resident(map(kPage)));
}
CASE(mlock, "above RLIMIT_MEMLOCK, as somebody else") {
    const struct rlimit limit = {2 * kPage, 2 * kPage};
    CALL(setrlimit, RLIMIT_MEMLOCK, &limit);
    become(1000);
    char* const area = map(4 * kPage);
    answer(CALL(mlock, area, 3 * kPage));
    answer(CALL(mlock, area, 2 * kPage));
    answer(CALL(mlock, area + kPage, 2 * kPage));
    answer(CALL(mlockall, MCL_CURRENT));
}
CASE(mlock, "RLIMIT_MEMLOCK is 0, as somebody else") {
    const struct rlimit limit = {0, 0};
    CALL(setrlimit, RLIMIT_MEMLOCK, &limit);
    become(1000);
    answer(CALL(mlock, map(kPage), kPage));
    answer(CALL(mlockall, MCL_CURRENT));
}

// --- madvise ---

ANSWER(madvise, "unknown advice", CALL(madvise, map(kPage), kPage, -1))
ANSWER(madvise, "no length", CALL(madvise, map(kPage), 0, MADV_NORMAL))
ANSWER(madvise, "no length, unknown advice", CALL(madvise, map(kPage), 0, 77))
ANSWER(madvise, "not aligned", CALL(madvise, map(kPage) + 1, kPage, MADV_NORMAL))
ANSWER(madvise, "wraps", CALL(madvise, map(kPage), 0xFFFFF000, MADV_NORMAL))
ANSWER(madvise, "nothing there", CALL(madvise, pages().hole, kPage, MADV_NORMAL))
ANSWER(madvise, "into a hole", CALL(madvise, pages().writable, 3 * kPage, MADV_RANDOM))
CASE(madvise, "DONTNEED into a hole: the part before it is dropped") {
    const struct Pages area = pages();
    area.writable[0] = 7;
    answer(CALL(madvise, area.writable, 3 * kPage, MADV_DONTNEED));
    answer(area.writable[0]);
}
CASE(madvise, "DONTNEED of a locked page") {
    char* const page = map(kPage);
    CALL(mlock, page, kPage);
    answer(CALL(madvise, page, kPage, MADV_DONTNEED));
}
CASE(madvise, "DONTNEED of shared anonymous memory keeps it") {
    char* const page = map_at(0, kPage, kReadWrite, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    page[0] = 7;
    answer(CALL(madvise, page, kPage, MADV_DONTNEED));
    answer(page[0]);
}
CASE(madvise, "DONTNEED of a private copy brings the file's bytes back") {
    char* const page = map_at(0, kPage, kReadWrite, MAP_PRIVATE, (int)file("f", "abc"), 0);
    page[0] = 'X';
    answer(CALL(madvise, page, kPage, MADV_DONTNEED));
    answer_text("%s", page);
}
ANSWER(madvise, "WILLNEED of anonymous memory", CALL(madvise, map(kPage), kPage, MADV_WILLNEED))
ANSWER(madvise, "FREE of a file",
       CALL(madvise, map_at(0, kPage, kReadWrite, MAP_PRIVATE, (int)file("f", "a"), 0), kPage,
            MADV_FREE))
ANSWER(madvise, "FREE of private memory", CALL(madvise, map(kPage), kPage, MADV_FREE))
ANSWER(madvise, "REMOVE of private memory", CALL(madvise, map(kPage), kPage, MADV_REMOVE))
CASE(madvise, "REMOVE of shared memory makes it zero") {
    char* const page = map_at(0, kPage, kReadWrite, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    page[0] = 7;
    answer(CALL(madvise, page, kPage, MADV_REMOVE));
    answer(page[0]);
}
CASE(madvise, "DONTFORK: the child has not got it") {
    char* const page = map(kPage);
    answer(CALL(madvise, page, kPage, MADV_DONTFORK));
    answer_load(page);
    answer(CALL(madvise, page, kPage, MADV_DOFORK));
    answer_load(page);
}
CASE(madvise, "WIPEONFORK: the child finds zero") {
    char* const page = map(kPage);
    page[0] = 7;
    answer(CALL(madvise, page, kPage, MADV_WIPEONFORK));
    const long child = CALL(fork);
    if (child == 0) end(page[0]);
    answer_status(reap(child));
    answer(page[0]);
}
CASE(madvise, "POPULATE_WRITE, and on memory that may only be read") {
    const struct Pages area = pages();
    answer(CALL(madvise, area.writable, kPage, 23));
    answer(resident(area.writable));
    answer(CALL(madvise, area.read_only, kPage, 23));
    answer(CALL(madvise, area.read_only, 2 * kPage, 22));
}

// --- mremap ---

ANSWER(mremap, "not aligned", remap(map(kPage) + 1, kPage, kPage, 0, 0))
ANSWER(mremap, "to no length", remap(map(kPage), kPage, 0, 0, 0))
ANSWER(mremap, "from no length, private", remap(map(kPage), 0, kPage, MREMAP_MAYMOVE, 0))
ANSWER(mremap, "nothing there", remap(pages().hole, kPage, 2 * kPage, MREMAP_MAYMOVE, 0))
ANSWER(mremap, "the old range runs into a hole",
       remap(pages().read_only, 2 * kPage, 3 * kPage, MREMAP_MAYMOVE, 0))
ANSWER(mremap, "the old range has two mappings in it",
       remap(pages().writable, 2 * kPage, 3 * kPage, MREMAP_MAYMOVE, 0))
ANSWER(mremap, "an unknown flag", remap(map(kPage), kPage, kPage, 8, 0))
ANSWER(mremap, "fixed, may not move", remap(map(kPage), kPage, kPage, MREMAP_FIXED, map(kPage)))
ANSWER(mremap, "fixed, the place not aligned",
       remap(map(kPage), kPage, kPage, 3, map(2 * kPage) + 1))
ANSWER(mremap, "fixed, the place in the kernel", remap(map(kPage), kPage, kPage, 3, KERNEL))
CASE(mremap, "fixed, old and new overlap") {
    char* const area = map(3 * kPage);
    answer(remap(area, 2 * kPage, 2 * kPage, 3, area + kPage));
}
ANSWER(mremap, "to 3 GiB", remap(map(kPage), kPage, 0xC0000000, MREMAP_MAYMOVE, 0))
CASE(mremap, "grows where it is when there is room") {
    char* const area = map(4 * kPage);
    CALL(munmap, area + kPage, 3 * kPage);
    answer(remap(area, kPage, 3 * kPage, 0, 0) - (long)area);
    answer(area[2 * kPage]);
}
CASE(mremap, "may not move, and there is no room") {
    char* const area = map(4 * kPage);
    CALL(mprotect, area + kPage, kPage, PROT_READ);
    answer(remap(area, kPage, 2 * kPage, 0, 0));
}
CASE(mremap, "moves with its bytes, and the old place is gone") {
    char* const area = map(4 * kPage);
    CALL(mprotect, area + kPage, kPage, PROT_READ);
    area[0] = 7;
    char* const moved = (char*)remap(area, kPage, 8 * kPage, MREMAP_MAYMOVE, 0);
    answer_whether(moved == area, "same place", "elsewhere");
    answer(moved[0]);
    answer_load(area);
}
CASE(mremap, "shrinks") {
    char* const area = map(4 * kPage);
    answer(remap(area, 4 * kPage, kPage, 0, 0) - (long)area);
    answer_load(area + kPage);
}
CASE(mremap, "fixed: what was at the new place is gone") {
    char* const area = map(kPage);
    char* const place = map(2 * kPage);
    area[0] = 7;
    place[0] = place[kPage] = 9;
    answer(remap(area, kPage, 2 * kPage, 3, place) - (long)place);
    answer_text("%d %d", place[0], place[kPage]);
}
CASE(mremap, "from no length, shared: a second view") {
    char* const area = map_at(0, kPage, kReadWrite, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char* const second = (char*)remap(area, 0, kPage, MREMAP_MAYMOVE, 0);
    area[0] = 7;
    answer(second[0]);
}
CASE(mremap, "DONTUNMAP leaves empty pages") {
    char* const area = map(kPage);
    area[0] = 7;
    char* const moved = (char*)remap(area, kPage, kPage, MREMAP_MAYMOVE | 4, 0);
    answer_outcome((long)moved);
    answer_text("%d %d", area[0], moved[0]);
    answer(remap(area, kPage, kPage, 4, 0));
    answer(remap(area, kPage, 2 * kPage, MREMAP_MAYMOVE | 4, 0));
}

// --- msync ---

ANSWER(msync, "not aligned", CALL(msync, map(kPage) + 1, kPage, MS_ASYNC))
ANSWER(msync, "synchronous and not", CALL(msync, map(kPage), kPage, MS_SYNC | MS_ASYNC))
ANSWER(msync, "an unknown flag", CALL(msync, map(kPage), kPage, 8))
ANSWER(msync, "no flag", CALL(msync, map(kPage), kPage, 0))
ANSWER(msync, "no length", CALL(msync, map(kPage), 0, MS_SYNC))
ANSWER(msync, "nothing there", CALL(msync, pages().hole, kPage, MS_SYNC))
ANSWER(msync, "into a hole", CALL(msync, pages().writable, 3 * kPage, MS_ASYNC))
ANSWER(msync, "wraps", CALL(msync, map(kPage), 0xFFFFF000, MS_SYNC))
CASE(msync, "invalidates, a locked page") {
    char* const page = map(kPage);
    CALL(mlock, page, kPage);
    answer(CALL(msync, page, kPage, MS_INVALIDATE));
}

// --- RLIMIT_AS ---

CASE(mmap2, "above RLIMIT_AS") {
    const struct rlimit limit = {1 << 20, 1 << 20};
    CALL(setrlimit, RLIMIT_AS, &limit);
    answer((long)map(64 << 20));
    answer(remap(map(kPage), kPage, 64 << 20, MREMAP_MAYMOVE, 0));
    char* const start = (char*)CALL(brk, 0);
    answer((char*)CALL(brk, start + (64 << 20)) - start);
}
CASE(brk, "above RLIMIT_DATA") {
    const struct rlimit limit = {1 << 20, 1 << 20};
    CALL(setrlimit, RLIMIT_DATA, &limit);
    char* const start = (char*)CALL(brk, 0);
    answer((char*)CALL(brk, start + (2 << 20)) - start);
    answer((long)map(2 << 20));
}
