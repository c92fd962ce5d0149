// Files in memory: what may be mapped, who sees what is written, and the end of the file.
#define SUBJECT "file_mapping"
#include "tests/oracle/frame.h"
#include "tests/oracle/touch.h"

static long to_map(unsigned long bytes, int prot, int flags, int file, long page) {
    return (long)map_at(0, bytes, prot, flags, file, page);
}
static long opened(const char* name, int flags) {
    CALL(close, file(name, "content"));
    return CALL(open, name, flags);
}

ANSWER(mmap2, "a closed descriptor", to_map(kPage, PROT_READ, MAP_PRIVATE, 77, 0))
ANSWER(mmap2, "neither shared nor private",
       to_map(kPage, PROT_READ, 0, (int)opened("f", O_RDWR), 0))
ANSWER(mmap2, "no length", to_map(0, PROT_READ, MAP_PRIVATE, (int)opened("f", O_RDWR), 0))
ANSWER(mmap2, "opened for writing only, to read",
       to_map(kPage, PROT_READ, MAP_PRIVATE, (int)opened("f", O_WRONLY), 0))
ANSWER(mmap2, "opened for writing only, to write, shared",
       to_map(kPage, PROT_WRITE, MAP_SHARED, (int)opened("f", O_WRONLY), 0))
ANSWER(mmap2, "opened for reading only, to write, shared",
       to_map(kPage, kReadWrite, MAP_SHARED, (int)opened("f", O_RDONLY), 0))
CASE(mmap2, "opened for reading only, to write, private") {
    answer_outcome(to_map(kPage, kReadWrite, MAP_PRIVATE, (int)opened("f", O_RDONLY), 0));
}
CASE(mmap2, "opened for appending, to write, shared") {
    answer_outcome(to_map(kPage, kReadWrite, MAP_SHARED, (int)opened("f", O_RDWR | O_APPEND), 0));
}
CASE(mmap2, "a pipe") {
    int ends[2];
    CALL(pipe, ends);
    answer(to_map(kPage, PROT_READ, MAP_PRIVATE, ends[0], 0));
}
ANSWER(mmap2, "a folder", to_map(kPage, PROT_READ, MAP_PRIVATE, (int)CALL(open, ".", O_RDONLY), 0))
ANSWER(mmap2, "/dev/null",
       to_map(kPage, PROT_READ, MAP_PRIVATE, (int)CALL(open, "/dev/null", O_RDONLY), 0))
CASE(mmap2, "/dev/zero, private") {
    char* const page =
        (char*)to_map(kPage, kReadWrite, MAP_PRIVATE, (int)CALL(open, "/dev/zero", O_RDWR), 0);
    answer_outcome((long)page);
    answer(page[99]);
}
CASE(mmap2, "a file of /proc") {
    answer(to_map(kPage, PROT_READ, MAP_PRIVATE, (int)CALL(open, "/proc/self/stat", O_RDONLY), 0));
}
ANSWER(mmap2, "an offset with which the end is past 2^32 pages",
       to_map(2 * kPage, PROT_READ, MAP_PRIVATE, (int)opened("f", O_RDWR), -1))
CASE(mmap2, "shared and validated, a file") {
    answer_outcome(to_map(kPage, PROT_READ, 3, (int)opened("f", O_RDWR), 0));
}
ANSWER(mmap2, "shared and validated, an unknown flag",
       to_map(kPage, PROT_READ, 3 | 0x1000000, (int)opened("f", O_RDWR), 0))

CASE(mmap2, "stays when its descriptor is closed and its name is gone") {
    const long descriptor = file("f", "abc");
    const char* const page = (char*)to_map(kPage, PROT_READ, MAP_SHARED, (int)descriptor, 0);
    answer(CALL(close, descriptor));
    answer(CALL(unlink, "f"));
    answer_text("%s", page);
}
CASE(mmap2, "shared: write(2) is seen, and what is stored is read") {
    const long descriptor = file("f", "abc");
    char* const page = (char*)to_map(kPage, kReadWrite, MAP_SHARED, (int)descriptor, 0);
    CALL(pwrite64, descriptor, "X", 1, 1, 0);
    answer_text("%s", page);
    page[2] = 'Y';
    answer_text("%s", content_of("f"));
}
CASE(mmap2, "private: what is stored is not read, and a page not stored to shows what is written") {
    const long descriptor = file("f", "abc");
    char* const page = (char*)to_map(kPage, kReadWrite, MAP_PRIVATE, (int)descriptor, 0);
    (void)*(volatile char*)page;
    CALL(pwrite64, descriptor, "X", 1, 1, 0);
    answer_text("%s", page);
    page[2] = 'Y';
    CALL(pwrite64, descriptor, "Z", 1, 0, 0);
    answer_text("%s %s", page, content_of("f"));
}
CASE(mmap2, "bytes behind the end are zero and are not written to the file") {
    char* const page = (char*)to_map(kPage, kReadWrite, MAP_SHARED, (int)file("f", "abc"), 0);
    answer(page[3]);
    page[100] = 'X';
    CALL(msync, page, kPage, MS_SYNC);
    answer_text("%d", (int)strlen(content_of("f")));
}
CASE(mmap2, "a page behind the end") {
    char* const page = (char*)to_map(2 * kPage, kReadWrite, MAP_SHARED, (int)file("f", "abc"), 0);
    answer_status(status_of(load, (long)page + kPage));
    answer_status(status_of(store, (long)page + kPage));
    answer_status(status_of(load, (long)page + 4095));
}
CASE(mmap2, "an empty file") {
    answer_status(status_of(load, to_map(kPage, PROT_READ, MAP_PRIVATE, (int)file("f", ""), 0)));
}
CASE(mmap2, "the file grows under the mapping") {
    const long descriptor = file("f", "abc");
    char* const page = (char*)to_map(2 * kPage, kReadWrite, MAP_SHARED, (int)descriptor, 0);
    answer(CALL(ftruncate, descriptor, 2 * kPage));
    answer_status(status_of(store, (long)page + kPage));
    answer(page[kPage]);
}
CASE(ftruncate, "the mapping's page goes, a private copy too") {
    const long descriptor = file("f", "abc");
    CALL(ftruncate, descriptor, 2 * kPage);
    char* const page = (char*)to_map(2 * kPage, kReadWrite, MAP_PRIVATE, (int)descriptor, 0);
    page[kPage] = 1;
    CALL(ftruncate, descriptor, 10);
    answer_status(status_of(load, (long)page + kPage));
    answer_status(status_of(load, (long)page));
}
CASE(ftruncate, "bytes cut off are zero when the file grows again") {
    const long descriptor = file("f", "abcdef");
    char* const page = (char*)to_map(kPage, kReadWrite, MAP_SHARED, (int)descriptor, 0);
    CALL(ftruncate, descriptor, 3);
    CALL(ftruncate, descriptor, 6);
    answer_text("%d %d", page[2], page[4]);
}
CASE(read, "from a page behind the end of a mapped file") {
    const char* const page =
        (char*)to_map(2 * kPage, PROT_READ, MAP_SHARED, (int)file("f", "abc"), 0);
    answer(CALL(write, CALL(open, "g", O_RDWR | O_CREAT, 0600), page + kPage, 1));
}
CASE(read, "a file into its own mapping") {
    const long descriptor = file("f", "abcdef");
    char* const page = (char*)to_map(kPage, kReadWrite, MAP_SHARED, (int)descriptor, 0);
    answer(CALL(read, descriptor, page + 1, 3));
    answer_text("%s", page);
}
CASE(fork, "a shared mapping is one, a private one is two") {
    char* const shared = map_at(0, kPage, kReadWrite, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char* const own = map(kPage);
    status_of(store, (long)shared);
    status_of(store, (long)own);
    answer_text("%d %d", *(volatile char*)shared, *(volatile char*)own);
}
CASE(mprotect, "a shared mapping of a file opened for reading becomes writable") {
    char* const page = (char*)to_map(kPage, PROT_READ, MAP_SHARED, (int)opened("f", O_RDONLY), 0);
    answer(CALL(mprotect, page, kPage, kReadWrite));
}
CASE(mprotect, "a private mapping of a file opened for reading becomes writable") {
    char* const page = (char*)to_map(kPage, PROT_READ, MAP_PRIVATE, (int)opened("f", O_RDONLY), 0);
    answer(CALL(mprotect, page, kPage, kReadWrite));
    answer_status(status_of(store, (long)page));
}
CASE(open, "for writing while the file runs as a program") {
    answer(CALL(open, "/proc/self/exe", O_RDWR));
    answer(CALL(truncate, "/oracle", 0));
    answer(CALL(open, "/oracle", O_WRONLY | O_TRUNC));
}
CASE(unlink, "the file runs as a program") {
    answer(CALL(link, "/oracle", "/oracle2"));
    answer(CALL(unlink, "/oracle2"));
}
