// brk, mmap, munmap: what may be mapped, where it comes to lie, and what is there then.
#define SUBJECT "mapping"
#include "tests/oracle/frame.h"
#include "tests/oracle/touch.h"

static char* mapped(const void* where, unsigned long bytes, int flags) {
    return map_at(where, bytes, kReadWrite, flags, -1, 0);
}
static long to_map(const void* where, unsigned long bytes, int prot, int flags, int file,
                   long page) {
    return (long)map_at(where, bytes, prot, flags, file, page);
}
/// The answer for a call whose result is an address: an errno, or where it is seen from `base`.
static void answer_place(const void* result, const void* base) {
    if (is_error(result))
        answer((long)result);
    else
        answer_text("%+ld", (long)((const char*)result - (const char*)base));
}

// --- brk ---

CASE(brk, "grows by one byte, by a page and a byte, and back") {
    char* const start = (char*)CALL(brk, 0);
    answer_place((char*)CALL(brk, start + 1), start);
    answer_place((char*)CALL(brk, start + 4097), start);
    answer_place((char*)CALL(brk, start), start);
}
CASE(brk, "below the image leaves it") {
    char* const start = (char*)CALL(brk, 0);
    answer_place((char*)CALL(brk, 1), start);
}
CASE(brk, "into the kernel leaves it") {
    char* const start = (char*)CALL(brk, 0);
    answer_place((char*)CALL(brk, KERNEL), start);
    answer_place((char*)CALL(brk, -1), start);
}
CASE(brk, "what was given back is zero when it comes again") {
    char* const start = (char*)CALL(brk, 0);
    CALL(brk, start + 2 * kPage);
    start[kPage] = 7;
    CALL(brk, start);
    CALL(brk, start + 2 * kPage);
    answer(start[kPage]);
}
CASE(brk, "the bytes of a page that stays are kept") {
    char* const start = (char*)CALL(brk, 0);
    CALL(brk, start + 10);
    start[5] = 7;
    CALL(brk, start + 1);
    CALL(brk, start + 10);
    answer(start[5]);
}
CASE(brk, "a mapping in the way") {
    char* const start = (char*)CALL(brk, 0);
    char* const page = (char*)(((unsigned long)start + 4095) & ~4095UL);
    answer_place(mapped(page + 4 * kPage, kPage, kPrivate | MAP_FIXED), page);
    answer_place((char*)CALL(brk, page + 8 * kPage), start);
    answer_whether(CALL(brk, page + 2 * kPage) == (long)(page + 2 * kPage), "grows before it",
                   "stays");
}
CASE(brk, "the heap can be unmapped under it") {
    char* const start = (char*)CALL(brk, 0);
    char* const page = (char*)(((unsigned long)start + 4095) & ~4095UL);
    CALL(brk, page + 2 * kPage);
    answer(CALL(munmap, page, 2 * kPage));
    answer_load(page);
    answer_place((char*)CALL(brk, page + 3 * kPage), page);
    answer_load(page + 2 * kPage);
    answer_load(page);
}

// --- mmap2: the length ---

ANSWER(mmap2, "no length", to_map(0, 0, kReadWrite, kPrivate, -1, 0))
ANSWER(mmap2, "the whole address space", to_map(0, 0xFFFFFFFF, kReadWrite, kPrivate, -1, 0))
ANSWER(mmap2, "3 GiB, without a reservation",
       to_map(0, 0xC0000000, PROT_NONE, kPrivate | MAP_NORESERVE, -1, 0))
ANSWER(mmap2, "a length just below 4 GiB", to_map(0, 0xFFFFF000, PROT_NONE, kPrivate, -1, 0))
CASE(mmap2, "one byte is a page") {
    char* const page = map(1);
    answer(page[4095]);
    answer(CALL(munmap, page, 1));
    answer_load(page + 4095);
}

// --- mmap2: flags ---

ANSWER(mmap2, "neither shared nor private", to_map(0, kPage, kReadWrite, MAP_ANONYMOUS, -1, 0))
ANSWER(mmap2, "shared and validated, anonymous",
       to_map(0, kPage, kReadWrite, 3 | MAP_ANONYMOUS, -1, 0))
CASE(mmap2, "shared, anonymous, descriptor not looked at") {
    answer_outcome(to_map(0, kPage, kReadWrite, MAP_SHARED | MAP_ANONYMOUS, 77, 0));
}
CASE(mmap2, "private, anonymous, an offset") {
    answer_outcome(to_map(0, kPage, kReadWrite, kPrivate, -1, 5));
}
CASE(mmap2, "private, unknown flags") {
    answer_outcome(to_map(0, kPage, kReadWrite, kPrivate | 0x40000000, -1, 0));
}
CASE(mmap2, "unknown bits of protection") {
    answer_outcome(to_map(0, kPage, 0xF0 | PROT_READ, kPrivate, -1, 0));
}
CASE(mmap2, "populated and locked") {
    char* const page = mapped(0, kPage, kPrivate | MAP_POPULATE | MAP_LOCKED);
    unsigned char resident = 9;
    answer(CALL(mincore, page, kPage, &resident));
    answer(resident);
}
ANSWER(mmap2, "grows down, shared",
       to_map(0, kPage, kReadWrite, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0))
CASE(mmap2, "grows down, private: the page below it comes when touched") {
    char* const middle = map(1024 * kPage) + 512 * kPage;
    CALL(munmap, middle - 512 * kPage, 1024 * kPage);
    char* const page = mapped(middle, kPage, kPrivate | MAP_GROWSDOWN | MAP_FIXED);
    answer_place(page, middle);
    answer_load(page - 1);
    answer_load(page - 3 * kPage);
}
CASE(mmap2, "memory without access") {
    char* const page = (char*)to_map(0, kPage, PROT_NONE, kPrivate, -1, 0);
    answer_load(page);
    answer_store(page);
}
CASE(mmap2, "write only can be read on this processor") {
    char* const page = (char*)to_map(0, kPage, PROT_WRITE, kPrivate, -1, 0);
    answer_store(page);
    answer_load(page);
}

// --- mmap2: the place ---

CASE(mmap2, "the next one lies below, side by side") {
    char* const first = map(3 * kPage);
    answer_place(map(2 * kPage), first);
}
CASE(mmap2, "a free hint is taken") {
    char* const area = map(16 * kPage);
    CALL(munmap, area, 16 * kPage);
    answer_place(mapped(area + 5 * kPage, kPage, kPrivate), area);
}
CASE(mmap2, "a hint that is not aligned is rounded up") {
    char* const area = map(16 * kPage);
    CALL(munmap, area, 16 * kPage);
    answer_place(mapped(area + 5 * kPage + 1, kPage, kPrivate), area);
}
CASE(mmap2, "a hint that is taken is not used") {
    char* const area = map(16 * kPage);
    answer_whether(mapped(area, kPage, kPrivate) == area, "on top", "elsewhere");
    answer_whether(is_error(mapped(area, kPage, kPrivate)), "an error", "a place");
}
CASE(mmap2, "the first hole from above that is large enough") {
    char* const area = map(16 * kPage);
    CALL(munmap, area + 2 * kPage, 2 * kPage);
    CALL(munmap, area + 8 * kPage, kPage);
    answer_place(map(kPage), area);
    answer_place(map(2 * kPage), area);
}
ANSWER(mmap2, "a hint in the kernel",
       to_map(KERNEL, kPage, kReadWrite, kPrivate, -1, 0) > 0 ? 1 : 0)
CASE(mmap2, "a hint of one page is rounded to the lowest place there is") {
    answer_place(mapped((char*)4096, kPage, kPrivate), 0);
}
ANSWER(mmap2, "fixed, not aligned",
       to_map((char*)0x50000001, kPage, kReadWrite, kPrivate | MAP_FIXED, -1, 0))
ANSWER(mmap2, "fixed, in the kernel",
       to_map(KERNEL, kPage, kReadWrite, kPrivate | MAP_FIXED, -1, 0))
ANSWER(mmap2, "fixed, running into the kernel",
       to_map((char*)0xBFFFF000, 2 * kPage, kReadWrite, kPrivate | MAP_FIXED, -1, 0))
ANSWER(mmap2, "fixed, the last page",
       to_map(LAST_PAGE, kPage, kReadWrite, kPrivate | MAP_FIXED, -1, 0))
CASE(mmap2, "fixed at 0, as root") {
    answer(to_map(0, kPage, kReadWrite, kPrivate | MAP_FIXED, -1, 0));
}
CASE(mmap2, "fixed at 0, as somebody else") {
    become(1000);
    answer(to_map(0, kPage, kReadWrite, kPrivate | MAP_FIXED, -1, 0));
}
CASE(mmap2, "fixed replaces what is there") {
    char* const area = map(3 * kPage);
    memset(area, 7, 3 * kPage);
    answer_place(mapped(area + kPage, kPage, kPrivate | MAP_FIXED), area);
    answer_text("%d %d %d", area[0], area[kPage], area[2 * kPage]);
}
ANSWER(mmap2, "fixed without replacing, over half a mapping",
       to_map(map(2 * kPage) + kPage, 2 * kPage, kReadWrite, kPrivate | MAP_FIXED_NOREPLACE, -1, 0))
CASE(mmap2, "fixed without replacing, free") {
    char* const area = map(2 * kPage);
    CALL(munmap, area + kPage, kPage);
    answer_place(mapped(area + kPage, kPage, kPrivate | MAP_FIXED_NOREPLACE), area);
}

// --- the old mmap ---

ANSWER(mmap, "no structure", CALL(mmap, 0))
CASE(mmap, "an offset that is no multiple of a page") {
    const unsigned long arguments[6] = {0, kPage, kReadWrite, kPrivate, (unsigned long)-1, 100};
    answer(CALL(mmap, arguments));
}
CASE(mmap, "ordinary") {
    const unsigned long arguments[6] = {0, kPage, kReadWrite, kPrivate, (unsigned long)-1, 0};
    answer_outcome(CALL(mmap, arguments));
}

// --- munmap ---

ANSWER(munmap, "not aligned", CALL(munmap, map(kPage) + 1, kPage))
ANSWER(munmap, "no length", CALL(munmap, map(kPage), 0))
ANSWER(munmap, "nothing there", CALL(munmap, pages().hole, kPage))
ANSWER(munmap, "in the kernel", CALL(munmap, 0xC0000000, kPage))
ANSWER(munmap, "running into the kernel", CALL(munmap, 0xBFFFF000, 2 * kPage))
ANSWER(munmap, "wraps", CALL(munmap, LAST_PAGE, 2 * kPage))
ANSWER(munmap, "a length that rounds up to 0", CALL(munmap, map(kPage), 0xFFFFFFFF))
CASE(munmap, "the middle of three pages") {
    char* const area = map(3 * kPage);
    memset(area, 7, 3 * kPage);
    answer(CALL(munmap, area + kPage, kPage));
    answer_text("%d %d", area[0], area[2 * kPage]);
    answer_load(area + kPage);
}
CASE(munmap, "a range with holes in it") {
    char* const area = map(5 * kPage);
    CALL(munmap, area + kPage, kPage);
    CALL(munmap, area + 3 * kPage, kPage);
    answer(CALL(munmap, area, 5 * kPage));
    answer_load(area + 4 * kPage);
}
