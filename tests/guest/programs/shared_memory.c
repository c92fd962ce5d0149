// shmget, shmat, shmdt, shmctl, by their own numbers and through ipc(2), each with what it refuses.
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/signal.h>
#include <asm/unistd.h>
#include <linux/mman.h>

#include "tests/guest/programs/tap.h"

enum { kIpc = 117, kGet = 395, kControl = 396, kAttach = 397, kDetach = 398 };
enum { kCreate = 01000, kExclusive = 02000 };
enum { kReadOnly = 010000, kRound = 020000, kRemap = 040000 };
enum { kRemove, kSet, kStat, kInfo, kShmStat = 13, kShmInfo = 14 };
enum { kDestroyed = 01000, kSize = 10000, kPage = 4096, k64 = 0x100 };

struct Status {
    unsigned key, user, group, creator_user, creator_group;
    unsigned short mode, unused1, sequence, unused2;
    unsigned unused3[2];
    unsigned bytes, attached, attached_high, detached, detached_high, changed, changed_high;
    unsigned creator, last_user, attaches, unused[2];
};

static long get(long key, unsigned long bytes, int flags) {
    return system_call(kGet, key, bytes, flags);
}
static long attach(long id, long address, int flags) {
    return system_call(kAttach, id, address, flags);
}
static int is_place(long value) {
    return (unsigned long)value < -4095UL;
}
static struct Status status_of(long id) {
    struct Status status = {0};
    CHECK_EQUAL(system_call(kControl, id, kStat, &status), 0);
    return status;
}
static void remove(long id) {
    CHECK_EQUAL(system_call(kControl, id, kRemove, 0), 0);
}
static int code_of(long child) {
    int status = -1;
    CHECK_EQUAL(system_call(__NR_wait4, child, &status, 0, 0), child);
    return status >> 8;
}

TEST(a_segment_is_found_by_its_key) {
    const long key = 0x51520001;
    CHECK_EQUAL(get(key, kSize, 0600), -ENOENT);
    const long id = get(key, kSize, kCreate | 0600);
    REQUIRE(id >= 0);
    CHECK_EQUAL(get(key, kSize, 0), id);
    CHECK_EQUAL(get(key, 0, kCreate), id);
    CHECK_EQUAL(get(key, kSize, kCreate | kExclusive), -EEXIST);
    CHECK_EQUAL(get(key, kSize + 1, 0), -EINVAL);
    remove(id);
    CHECK_EQUAL(get(key, kSize, 0), -ENOENT);
    CHECK_EQUAL(get(0, 0, 0600), -EINVAL);
    const long one = get(0, 1, 0600), two = get(0, 1, 0600);
    CHECK(one >= 0 && two >= 0 && one != two);
    remove(one);
    remove(two);
}

TEST(an_id_that_is_gone_is_told) {
    struct Status status;
    const long old = get(0, 1, 0600);
    remove(old);
    CHECK_EQUAL(system_call(kControl, old, kStat, &status), -EINVAL);
    const long id = get(0, 1, 0600);
    CHECK(id != old);
    const long told = system_call(kControl, old, kStat, &status);
    CHECK(told == -EIDRM || told == -EINVAL);  // whether its place was given out again
    CHECK_EQUAL(system_call(kControl, old, kRemove, 0), told);
    CHECK_EQUAL(attach(old, 0, 0), told);
    remove(id);
    CHECK_EQUAL(attach(-1, 0, 0), -EINVAL);
    CHECK_EQUAL(attach(0x7FFF, 0, 0), -EINVAL);
}

TEST(what_one_writes_the_other_reads) {
    const long id = get(0, kSize, 0600);
    const long here = attach(id, 0, 0), there = attach(id, 0, kReadOnly);
    REQUIRE(is_place(here) && is_place(there) && here != there);
    CHECK_EQUAL(((volatile char*)here)[kSize - 1], 0);
    ((volatile char*)here)[kSize - 1] = 'x';
    CHECK_EQUAL(((volatile char*)there)[kSize - 1], 'x');
    CHECK_EQUAL(system_call(__NR_mprotect, there, kPage, PROT_READ | PROT_WRITE), -EACCES);
    const long child = system_call(__NR_fork);
    if (child == 0) {
        ((volatile char*)here)[0] = 'c';
        system_call(__NR_exit_group, status_of(id).attaches == 4 ? 7 : 1);
    }
    CHECK_EQUAL(code_of(child), 7);
    CHECK_EQUAL(((volatile char*)there)[0], 'c');
    CHECK_EQUAL(status_of(id).attaches, 2);
    CHECK_EQUAL(status_of(id).last_user, child);
    CHECK_EQUAL(system_call(kDetach, here), 0);
    CHECK_EQUAL(system_call(kDetach, here), -EINVAL);
    CHECK_EQUAL(system_call(kDetach, there + 1), -EINVAL);
    CHECK_EQUAL(system_call(kDetach, there + kPage), -EINVAL);
    CHECK_EQUAL(system_call(kDetach, there), 0);
    CHECK_EQUAL(status_of(id).attaches, 0);
    const long again = attach(id, 0, kReadOnly);
    CHECK_EQUAL(((volatile char*)again)[kSize - 1], 'x');
    remove(id);
}

static void store(long address) {
    *(volatile char*)address = 1;
}

TEST(a_read_only_attach_is_not_written) {
    const long id = get(0, kSize, 0600);
    const long here = attach(id, 0, kReadOnly);
    remove(id);
    CHECK_EQUAL(tap_signal_in_child(store, here), SIGSEGV);
}

TEST(places_are_chosen_as_on_linux) {
    const long id = get(0, kSize, 0600);
    const long room = system_call6(__NR_mmap2, 0, 16 * kPage, PROT_READ, 0x22, -1, 0);
    REQUIRE(is_place(room));
    CHECK_EQUAL(attach(id, room, 0), -EINVAL);
    CHECK_EQUAL(attach(id, room + 1, 0), -EINVAL);
    CHECK_EQUAL(attach(id, room + 1, kRemap), -EINVAL);
    CHECK_EQUAL(attach(id, 0, kRemap), -EINVAL);
    CHECK_EQUAL(attach(id, 5, kRemap | kRound), -EINVAL);
    CHECK_EQUAL(attach(id, room + 5, kRemap | kRound), room);
    *(volatile char*)room = 1;
    CHECK_EQUAL(system_call(__NR_munmap, room + 8 * kPage, 8 * kPage), 0);
    CHECK_EQUAL(attach(id, room + 8 * kPage, 0), room + 8 * kPage);
    CHECK_EQUAL(status_of(id).attaches, 2);
    CHECK_EQUAL(system_call(__NR_munmap, room + kPage, kPage), 0);  // a hole makes two of it
    CHECK_EQUAL(status_of(id).attaches, 3);
    CHECK_EQUAL(system_call(kDetach, room), 0);
    CHECK_EQUAL(status_of(id).attaches, 1);
    CHECK_EQUAL(*(volatile char*)(room + 8 * kPage), 1);
    CHECK_EQUAL(system_call(kDetach, room + 8 * kPage), 0);
    CHECK_EQUAL(attach(id, 0xFFFFF000, 0), -ENOMEM);
    remove(id);
}

TEST(a_removed_segment_stays_until_the_last_detach) {
    const long key = 0x51520002;
    const long id = get(key, kSize, kCreate | 0640);
    const long here = attach(id, 0, 0);
    remove(id);
    struct Status status = status_of(id);
    CHECK_EQUAL(status.mode, kDestroyed | 0640);
    CHECK_EQUAL(status.key, 0);
    CHECK_EQUAL(get(key, 0, 0), -ENOENT);
    const long again = attach(id, 0, 0);
    CHECK(is_place(again));
    CHECK_EQUAL(system_call(kDetach, here), 0);
    ((volatile char*)again)[1] = 2;
    CHECK_EQUAL(system_call(kDetach, again), 0);
    CHECK_EQUAL(system_call(kControl, id, kStat, &status), -EINVAL);
}

TEST(exit_and_exec_detach) {
    const long id = get(0, kSize, 0600);
    REQUIRE(is_place(attach(id, 0, 0)));
    CHECK_EQUAL(status_of(id).attaches, 1);
    const long child = system_call(__NR_fork);
    if (child == 0) system_call(__NR_exit_group, 0);
    CHECK_EQUAL(code_of(child), 0);
    CHECK_EQUAL(status_of(id).attaches, 1);
    int ends[2];
    system_call(__NR_pipe2, ends, O_CLOEXEC);
    const long sleeper = system_call(__NR_fork);
    if (sleeper == 0) {
        const char* words[] = {"sleep", "20", 0};
        const char* none[] = {0};
        system_call(__NR_execve, "/bin/sleep", words, none);
        system_call(__NR_exit_group, 1);
    }
    char byte;
    system_call(__NR_close, ends[1]);
    CHECK_EQUAL(system_call(__NR_read, ends[0], &byte, 1), 0);  // closed by exec
    CHECK_EQUAL(status_of(id).attaches, 1);
    system_call(__NR_kill, sleeper, SIGKILL);
    system_call(__NR_wait4, sleeper, 0, 0, 0);
    remove(id);
}

TEST(the_record_tells_who_and_when) {
    const long id = get(0, kSize, 0640);
    struct Status status = status_of(id);
    CHECK_EQUAL(status.mode, 0640);
    CHECK_EQUAL(status.bytes, kSize);
    CHECK_EQUAL(status.creator, system_call(__NR_getpid));
    CHECK_EQUAL(status.last_user, 0);
    CHECK_EQUAL(status.attached, 0);
    CHECK_EQUAL(status.detached, 0);
    CHECK(status.changed != 0);
    const long here = attach(id, 0, 0);
    status = status_of(id);
    CHECK_EQUAL(status.last_user, system_call(__NR_getpid));
    CHECK(status.attached >= status.changed && status.detached == 0);
    CHECK_EQUAL(system_call(kDetach, here), 0);
    CHECK(status_of(id).detached >= status.attached);
    status.user = 1000;
    status.group = 1001;
    status.mode = 07777;
    CHECK_EQUAL(system_call(kControl, id, kSet, &status), 0);
    status = status_of(id);
    CHECK(status.user == 1000 && status.group == 1001 && status.creator_user == 0);
    CHECK_EQUAL(status.mode, 0777);
    status.user = -1;
    CHECK_EQUAL(system_call(kControl, id, kSet, &status), -EINVAL);
    remove(id);
}

TEST(permissions_are_asked) {
    const long key = 0x51520003;
    const long id = get(key, kSize, kCreate | 0640);
    const long child = system_call(__NR_fork);
    if (child == 0) {
        struct Status status = {0};
        system_call(__NR_setuid32, 1000);
        CHECK_EQUAL(get(key, 0, 0), id);
        CHECK_EQUAL(get(key, 0, 0600), -EACCES);
        CHECK_EQUAL(get(key, 0, 0040), is_place(attach(id, 0, kReadOnly)) ? id : -EACCES);
        CHECK_EQUAL(attach(id, 0, 0), -EACCES);
        CHECK_EQUAL(system_call(kControl, id, kRemove, 0), -EPERM);
        CHECK_EQUAL(system_call(kControl, id, kSet, &status), -EPERM);
        system_call(__NR_setgid32, 77);
        system_call(__NR_exit_group, 0);
    }
    CHECK_EQUAL(code_of(child), 0);
    const long stranger = system_call(__NR_fork);
    if (stranger == 0) {
        struct Status status = {0};
        system_call(__NR_setgroups32, 0, 0);
        system_call(__NR_setgid32, 77);
        system_call(__NR_setuid32, 1000);
        CHECK_EQUAL(attach(id, 0, kReadOnly), -EACCES);
        CHECK_EQUAL(system_call(kControl, id, kStat, &status), -EACCES);
        system_call(__NR_exit_group, 0);
    }
    CHECK_EQUAL(code_of(stranger), 0);
    remove(id);
}

TEST(figures_of_all_segments) {
    unsigned info[9] = {0}, use[6] = {0};
    const long id = get(0, kSize, 0600);
    const long here = attach(id, 0, 0);
    ((volatile char*)here)[0] = ((volatile char*)here)[kPage] = 1;
    const long highest = system_call(kControl, 0, kInfo, info);
    CHECK(highest >= 0);
    CHECK(info[0] > kSize && info[1] == 1 && info[2] > 0);
    CHECK_EQUAL(system_call(kControl, 0, kShmInfo, use), highest);
    CHECK(use[0] >= 1 && use[1] >= 3 && use[2] + use[3] >= 2);
    struct Status status;
    int found = 0;
    for (long place = 0; place <= highest; ++place)
        if (system_call(kControl, place, kShmStat, &status) == id) found = status.attaches == 1;
    CHECK(found);
    CHECK_EQUAL(system_call(kControl, 0x7000, kShmStat, &status), -EINVAL);
    CHECK_EQUAL(system_call(kControl, id, 99, &status), -EINVAL);
    CHECK_EQUAL(system_call(kControl, id, -1, &status), -EINVAL);
    static char text[2048];
    const long file = system_call(__NR_open, "/proc/sysvipc/shm", O_RDONLY);
    const long bytes = system_call(__NR_read, file, text, sizeof text - 1);
    CHECK(bytes > 200 && text[7] == 'k' && text[8] == 'e' && text[9] == 'y');
    remove(id);
}

TEST(bad_pointers_are_refused) {
    const long id = get(0, kSize, 0600);
    CHECK_EQUAL(system_call(kControl, id, kStat, 0), -EFAULT);
    CHECK_EQUAL(system_call(kControl, id, kSet, 1), -EFAULT);
    CHECK_EQUAL(system_call(kControl, 0, kInfo, 0xFFFFF000), -EFAULT);
    CHECK_EQUAL(system_call(kControl, 0, kShmInfo, 1), -EFAULT);
    CHECK_EQUAL(system_call6(kIpc, 21, id, 0, 1, 0, 0), -EFAULT);
    remove(id);
}

TEST(the_old_call_does_the_same) {
    struct Status status;
    long here = 0;
    const long id = system_call6(kIpc, 23, 0, kSize, 0600, 0, 0);
    REQUIRE(id >= 0);
    CHECK_EQUAL(system_call6(kIpc, 21, id, 0, (long)&here, 0, 0), 0);
    CHECK(is_place(here));
    *(volatile char*)here = 1;
    CHECK_EQUAL(system_call6(kIpc, 24, id, kStat | k64, 0, (long)&status, 0), 0);
    CHECK_EQUAL(status.attaches, 1);
    CHECK_EQUAL(system_call6(kIpc, 21 | 1 << 16, id, 0, (long)&here, 0, 0), -EINVAL);
    CHECK_EQUAL(system_call6(kIpc, 22, 0, 0, 0, here, 0), 0);
    CHECK_EQUAL(system_call6(kIpc, 24, id, kRemove | k64, 0, 0, 0), 0);
    CHECK_EQUAL(system_call6(kIpc, 99, 0, 0, 0, 0, 0), -ENOSYS);
}
