// Who a process is: users, groups, and who may become whom.
#define SUBJECT "identity"
#include "tests/oracle/frame.h"

static void answer_users(void) {
    unsigned ids[3];
    CALL(getresuid32, &ids[0], &ids[1], &ids[2]);
    answer_text("%u/%u/%u", ids[0], ids[1], ids[2]);
}
static void answer_groups(void) {
    unsigned ids[3];
    CALL(getresgid32, &ids[0], &ids[1], &ids[2]);
    answer_text("%u/%u/%u", ids[0], ids[1], ids[2]);
}

CASE(setuid32, "by root: all three") {
    answer(CALL(setuid32, 1000));
    answer_users();
    answer(CALL(setuid32, 0));
}
CASE(setuid32, "by somebody else: the effective one, to the real or the saved one") {
    CALL(setresuid32, 1000, 1001, 1002);
    answer(CALL(setuid32, 1002));
    answer_users();
    answer(CALL(setuid32, 1001));
    answer(CALL(setuid32, 1000));
    answer_users();
}
ANSWER(setuid32, "-1", CALL(setuid32, -1))
CASE(setreuid32, "by root, and the saved one") {
    answer(CALL(setreuid32, 1000, 1001));
    answer_users();
}
CASE(setreuid32, "-1 leaves it; the saved one follows the effective one if the real one is set") {
    answer(CALL(setreuid32, -1, 1001));
    answer_users();
    answer(CALL(setreuid32, -1, 0));
    answer_users();
    answer(CALL(setreuid32, 0, -1));
    answer_users();
}
CASE(setreuid32, "by somebody else: exchanged, and to a third") {
    CALL(setresuid32, 1000, 1001, 1002);
    answer(CALL(setreuid32, 1001, 1000));
    answer_users();
    answer(CALL(setreuid32, 1002, -1));
    answer(CALL(setreuid32, -1, 1003));
}
CASE(setresuid32, "by somebody else: any of the three to any of the three") {
    CALL(setresuid32, 1000, 1001, 1002);
    answer(CALL(setresuid32, 1002, 1000, 1001));
    answer_users();
    answer(CALL(setresuid32, -1, -1, 1003));
    answer(CALL(setresuid32, -1, -1, -1));
}
CASE(getresuid32, "a bad place") {
    unsigned id;
    answer(CALL(getresuid32, &id, KERNEL, &id));
    answer(CALL(getresgid32, 0, &id, &id));
}
CASE(setgid32, "by root: all three; then by somebody else") {
    answer(CALL(setgid32, 50));
    answer_groups();
    CALL(setresuid32, 1000, 1000, 1000);
    answer(CALL(setgid32, 0));
    answer(CALL(setgid32, 50));
    answer(CALL(setgid32, -1));
}
CASE(setregid32, "by somebody else") {
    CALL(setresgid32, 50, 51, 52);
    CALL(setresuid32, 1000, 1000, 1000);
    answer(CALL(setregid32, 51, 50));
    answer_groups();
    answer(CALL(setregid32, 53, -1));
}
CASE(setresgid32, "by somebody else") {
    CALL(setresgid32, 50, 51, 52);
    CALL(setresuid32, 1000, 1000, 1000);
    answer(CALL(setresgid32, 52, 50, 51));
    answer_groups();
    answer(CALL(setresgid32, 0, -1, -1));
}
CASE(setuid, "16-bit numbers: 65535 leaves it, and what does not fit is 65534") {
    answer(CALL(setreuid, 0xFFFF, 1001));
    answer_users();
    CALL(setresuid32, -1, 0, -1);
    CALL(setresuid32, 70000, 70000, 70000);
    answer(CALL(getuid));
    answer(CALL(getuid32));
    answer(CALL(geteuid));
}
CASE(getgroups32, "counted, filled, too little room") {
    const unsigned groups[3] = {7, 5, 6};
    unsigned found[4] = {0};
    answer(CALL(setgroups32, 3, groups));
    answer(CALL(getgroups32, 0, 0));
    answer(CALL(getgroups32, 2, found));
    answer(CALL(getgroups32, 4, found));
    answer_text("%u %u %u", found[0], found[1], found[2]);
    answer(CALL(getgroups32, -1, found));
    answer(CALL(getgroups32, 4, KERNEL));
}
CASE(setgroups32, "too many, a bad place, as somebody else") {
    answer(CALL(setgroups32, 65537, room));
    answer(CALL(setgroups32, -1, room));
    answer(CALL(setgroups32, 1, KERNEL));
    become(1000);
    answer(CALL(setgroups32, 0, 0));
}
CASE(getgroups, "16-bit numbers") {
    const unsigned groups[2] = {7, 70000};
    unsigned short found[2] = {0};
    CALL(setgroups32, 2, groups);
    answer(CALL(getgroups, 2, found));
    answer_text("%u %u", found[0], found[1]);
}
CASE(kill, "who may: the real or effective user is the other's real or saved one") {
    const long child = CALL(fork);
    if (child == 0) {
        CALL(setresuid32, 1000, 1001, 1002);
        CALL(pause);
    }
    rest(30);
    static const int kUsers[4] = {1000, 1001, 1002, 1003};
    for (int one = 0; one < 4; ++one) {
        const long other = CALL(fork);
        if (other == 0) {
            become(kUsers[one]);
            end((int)-CALL(kill, child, 0));
        }
        answer_status(reap(other));
    }
    CALL(kill, child, SIGKILL);
}
CASE(setfsuid32, "gives the old one; only that of files changes") {
    answer(CALL(setfsuid32, 1000));
    answer(CALL(setfsuid32, -1));
    answer_users();
}
CASE(fork, "the numbers are inherited") {
    CALL(setresuid32, 1000, 1001, 1002);
    const long child = CALL(fork);
    if (child == 0) {
        answer_users();
        end(0);
    }
    reap(child);
}
CASE(open, "the effective user counts") {
    CALL(close, file("f", "abc"));
    CALL(chmod, "f", 0600);
    CALL(setresuid32, 0, 1000, 0);
    answer(CALL(open, "f", O_RDONLY));
    CALL(setresuid32, 1000, 0, 0);
    answer_outcome(CALL(open, "f", O_RDONLY));
}
CASE(capget, "the version is told, and what root has") {
    unsigned header[2] = {0, 0}, sets[6] = {0};
    answer(CALL(capget, header, 0));
    answer_text("%x", header[0]);
    header[0] = 0x20080522;
    answer(CALL(capget, header, sets));
    answer_text("%x %x", sets[0], sets[1]);
    become(1000);
    answer(CALL(capget, header, sets));
    answer_text("%x %x", sets[0], sets[1]);
}
