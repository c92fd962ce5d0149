// Names: folders, links, renaming, removing, the working directory, and what a folder lists.
#define SUBJECT "names"
#include "tests/oracle/frame.h"

#include <linux/stat.h>

static void touch(const char* name) {
    CALL(close, CALL(open, name, O_RDWR | O_CREAT, 0644));
}
static unsigned links(const char* name) {
    struct statx status = {0};
    CALL(statx, AT_FDCWD, name, AT_SYMLINK_NOFOLLOW, STATX_NLINK, &status);
    return status.stx_nlink;
}
/// What a folder lists, but for the two that each has, each name with its kind.
static void answer_names(const char* folder) {
    int found = 0;
    char names[1024];
    const long opened = CALL(open, folder, O_RDONLY | O_DIRECTORY);
    long got;
    while ((got = CALL(getdents64, opened, names, sizeof names)) > 0)
        for (long at = 0; at < got; at += *(unsigned short*)(names + at + 16)) {
            const char* const name = names + at + 19;
            if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
            answer_text("%s:%d", name, names[at + 18]);
            ++found;
        }
    if (found == 0) answer_text("(empty)");
}

// --- mkdir, rmdir ---

ANSWER(mkdir, "there already", CALL(mkdir, ".", 0700))
ANSWER(mkdir, "a file of that name", (touch("f"), CALL(mkdir, "f", 0700)))
ANSWER(mkdir, "a link to nothing of that name",
       (CALL(symlink, "none", "l"), CALL(mkdir, "l", 0700)))
ANSWER(mkdir, "with a slash behind it", CALL(mkdir, "d/", 0700))
ANSWER(mkdir, "no such folder above it", CALL(mkdir, "d/e", 0700))
ANSWER(mkdir, "an empty name", CALL(mkdir, "", 0700))
ANSWER(mkdir, "NULL", CALL(mkdir, 0, 0700))
ANSWER(mkdir, "the root", CALL(mkdir, "/", 0700))
CASE(mkdir, "links are counted: its own, its parent's, its children's") {
    CALL(mkdir, "d", 0700);
    CALL(mkdir, "d/e", 0700);
    answer_text("%u %u", links("d"), links("d/e"));
    CALL(rmdir, "d/e");
    answer_text("%u", links("d"));
}
CASE(mkdir, "the set-group bit comes from the parent") {
    struct statx status;
    CALL(mkdir, "d", 0700);
    CALL(chmod, "d", 02775);
    CALL(chown32, "d", 0, 50);
    CALL(chmod, "d", 02775);
    CALL(mkdir, "d/e", 0700);
    CALL(statx, AT_FDCWD, "d/e", 0, STATX_ALL, &status);
    answer_text("%o %u", status.stx_mode, status.stx_gid);
}
ANSWER(rmdir, "not empty", (CALL(mkdir, "d", 0700), touch("d/f"), CALL(rmdir, "d")))
ANSWER(rmdir, "a file", (touch("f"), CALL(rmdir, "f")))
ANSWER(rmdir, "no such folder", CALL(rmdir, "none"))
ANSWER(rmdir, ".", CALL(rmdir, "."))
ANSWER(rmdir, "..", CALL(rmdir, ".."))
ANSWER(rmdir, "d/.", (CALL(mkdir, "d", 0700), CALL(rmdir, "d/.")))
ANSWER(rmdir, "d/..", (CALL(mkdir, "d", 0700), CALL(rmdir, "d/..")))
ANSWER(rmdir, "the root", CALL(rmdir, "/"))
ANSWER(rmdir, "a link to a folder",
       (CALL(mkdir, "d", 0700), CALL(symlink, "d", "l"), CALL(rmdir, "l")))
ANSWER(rmdir, "a mount point", CALL(rmdir, "/proc"))
CASE(rmdir, "the working directory") {
    CALL(mkdir, "d", 0700);
    CALL(chdir, "d");
    answer(CALL(rmdir, "../d"));
    answer(CALL(getcwd, room, 100));
    answer(CALL(open, "f", O_CREAT | O_RDWR, 0600));
    answer(CALL(chdir, ".."));
    answer_outcome(CALL(getcwd, room, 100));
}

// --- link, symlink, unlink ---

CASE(link, "one file, two names") {
    touch("f");
    answer(CALL(link, "f", "g"));
    answer(links("f"));
    answer(CALL(unlink, "f"));
    answer(links("g"));
}
ANSWER(link, "there already", (touch("f"), touch("g"), CALL(link, "f", "g")))
ANSWER(link, "no such file", CALL(link, "none", "g"))
ANSWER(link, "a folder", (CALL(mkdir, "d", 0700), CALL(link, "d", "g")))
ANSWER(link, "to another file system",
       CALL(link, "/init", "g") == -EXDEV || CALL(link, "/sbin/init", "g") == -EXDEV)
CASE(link, "a symbolic link itself") {
    CALL(symlink, "none", "l");
    answer(CALL(link, "l", "m"));
    answer(CALL(readlink, "m", room, 9));
}
CASE(linkat, "what a symbolic link names") {
    touch("f");
    CALL(symlink, "f", "l");
    answer(CALL(linkat, AT_FDCWD, "l", AT_FDCWD, "m", AT_SYMLINK_FOLLOW));
    answer(links("f"));
    answer(CALL(linkat, AT_FDCWD, "l", AT_FDCWD, "n", 1));
}
ANSWER(symlink, "there already", (touch("f"), CALL(symlink, "x", "f")))
ANSWER(symlink, "an empty target", CALL(symlink, "", "l"))
ANSWER(symlink, "NULL", CALL(symlink, 0, "l"))
CASE(readlink, "short room, no room, and others") {
    CALL(symlink, "target", "l");
    answer(CALL(readlink, "l", room, 100));
    answer(CALL(readlink, "l", room, 3));
    answer(CALL(readlink, "l", room, 0));
    answer(CALL(readlink, "l", room, -1));
    answer(CALL(readlink, "l", 0, 9));
    answer(CALL(readlink, ".", room, 9));
    answer(CALL(readlink, "none", room, 9));
}
ANSWER(readlinkat, "an empty name, a folder's descriptor",
       CALL(readlinkat, CALL(open, ".", O_RDONLY), "", room, 9))
ANSWER(unlink, "no such file", CALL(unlink, "none"))
ANSWER(unlink, "a folder", (CALL(mkdir, "d", 0700), CALL(unlink, "d")))
ANSWER(unlink, "with a slash behind it", (touch("f"), CALL(unlink, "f/")))
ANSWER(unlink, "a link to a folder", (CALL(symlink, ".", "l"), CALL(unlink, "l")))
ANSWER(unlink, "a link to a folder, with a slash behind it",
       (CALL(symlink, ".", "l"), CALL(unlink, "l/")))
ANSWER(unlink, "an empty name", CALL(unlink, ""))
ANSWER(unlink, ".", CALL(unlink, "."))
ANSWER(unlink, "a file of /proc", CALL(unlink, "/proc/version"))
CASE(unlink, "an open file: it can be read on, and has no name") {
    const long descriptor = file("f", "abc");
    answer(CALL(unlink, "f"));
    answer(CALL(read, descriptor, room, 9));
    char all[96];
    CALL(fstat64, descriptor, all);
    answer(*(unsigned*)(all + 20));
    CALL(readlink, "/proc/self/fd/3", room, 100);
    answer_text("%.23s", room);
}
ANSWER(unlinkat, "a folder, without the flag",
       (CALL(mkdir, "d", 0700), CALL(unlinkat, AT_FDCWD, "d", 0)))
ANSWER(unlinkat, "a folder, with the flag",
       (CALL(mkdir, "d", 0700), CALL(unlinkat, AT_FDCWD, "d", AT_REMOVEDIR)))
ANSWER(unlinkat, "a file, with the flag", (touch("f"), CALL(unlinkat, AT_FDCWD, "f", AT_REMOVEDIR)))
ANSWER(unlinkat, "an unknown flag", (touch("f"), CALL(unlinkat, AT_FDCWD, "f", 1)))

// --- rename ---

ANSWER(rename, "no such file", CALL(rename, "none", "g"))
ANSWER(rename, "onto itself", (touch("f"), CALL(rename, "f", "f")))
CASE(rename, "onto another name of the same file: both stay") {
    touch("f");
    CALL(link, "f", "g");
    answer(CALL(rename, "f", "g"));
    answer(links("f"));
}
CASE(rename, "onto a file: that is gone") {
    CALL(close, file("f", "new"));
    CALL(close, file("g", "old"));
    answer(CALL(rename, "f", "g"));
    answer_text("%s %s", content_of("g"), content_of("f"));
}
ANSWER(rename, "a file onto a folder", (touch("f"), CALL(mkdir, "d", 0700), CALL(rename, "f", "d")))
ANSWER(rename, "a folder onto a file", (touch("f"), CALL(mkdir, "d", 0700), CALL(rename, "d", "f")))
ANSWER(rename, "a folder onto an empty one",
       (CALL(mkdir, "e", 0700), CALL(mkdir, "d", 0700), CALL(rename, "d", "e")))
ANSWER(rename, "a folder onto one that is not empty",
       (CALL(mkdir, "e", 0700), touch("e/f"), CALL(mkdir, "d", 0700), CALL(rename, "d", "e")))
ANSWER(rename, "a folder into itself", (CALL(mkdir, "d", 0700), CALL(rename, "d", "d/e")))
ANSWER(rename, "a folder onto what it is in",
       (CALL(mkdir, "d", 0700), CALL(mkdir, "d/e", 0700), CALL(rename, "d/e", "d")))
ANSWER(rename, ".", CALL(rename, ".", "d"))
ANSWER(rename, "onto ..", (CALL(mkdir, "d", 0700), CALL(rename, "d", "..")))
ANSWER(rename, "a file, with a slash behind the new name", (touch("f"), CALL(rename, "f", "g/")))
ANSWER(rename, "a folder, with a slash behind the new name",
       (CALL(mkdir, "d", 0700), CALL(rename, "d", "e/")))
ANSWER(rename, "an empty name", (touch("f"), CALL(rename, "f", "")))
CASE(rename, "a folder to another one: .. follows, links too") {
    CALL(mkdir, "d", 0700);
    CALL(mkdir, "e", 0700);
    CALL(mkdir, "d/x", 0700);
    answer(CALL(rename, "d/x", "e/x"));
    answer_text("%u %u", links("d"), links("e"));
    CALL(chdir, "e/x");
    answer(CALL(access, "../../d", 0));
    CALL(getcwd, room, 100);
    answer_text("%s", room);
}
ANSWER(renameat2, "not onto what is there",
       (touch("f"), touch("g"), CALL(renameat2, AT_FDCWD, "f", AT_FDCWD, "g", 1)))
CASE(renameat2, "exchanged") {
    CALL(close, file("f", "F"));
    CALL(close, file("g", "G"));
    answer(CALL(renameat2, AT_FDCWD, "f", AT_FDCWD, "g", 2));
    answer_text("%s %s", content_of("f"), content_of("g"));
    answer(CALL(renameat2, AT_FDCWD, "f", AT_FDCWD, "none", 2));
}
ANSWER(renameat2, "two flags that do not go together",
       (touch("f"), CALL(renameat2, AT_FDCWD, "f", AT_FDCWD, "g", 3)))
ANSWER(renameat2, "an unknown flag", (touch("f"), CALL(renameat2, AT_FDCWD, "f", AT_FDCWD, "g", 8)))

// --- the working directory ---

ANSWER(chdir, "no such folder", CALL(chdir, "none"))
ANSWER(chdir, "a file", (touch("f"), CALL(chdir, "f")))
ANSWER(chdir, "above the root", (CALL(chdir, "/"), CALL(chdir, ".."), CALL(getcwd, room, 9)))
ANSWER(fchdir, "a file", CALL(fchdir, file("f", "")))
ANSWER(fchdir, "a closed descriptor", CALL(fchdir, 77))
CASE(getcwd, "the length with its end, and little room") {
    CALL(chdir, "/tmp");
    answer(CALL(getcwd, room, 100));
    answer(CALL(getcwd, room, 5));
    answer(CALL(getcwd, room, 4));
    answer(CALL(getcwd, room, 0));
    answer(CALL(getcwd, 0, 100));
    answer(CALL(getcwd, pages().read_only, 100));
}
CASE(chroot, "the new root is the top") {
    CALL(mkdir, "d", 0700);
    answer(CALL(chroot, "d"));
    answer(CALL(chdir, "/"));
    answer(CALL(access, "../../tmp", 0));
    answer(CALL(getcwd, room, 100));
}
CASE(chroot, "what lies outside cannot be named") {
    CALL(mkdir, "d", 0700);
    answer(CALL(chroot, "d"));
    answer_outcome(CALL(getcwd, room, 100));
    answer_text("%s", room);
}
ANSWER(chroot, "as somebody else", (become(1000), CALL(chroot, "/")))
ANSWER(chroot, "a file", (touch("f"), CALL(chroot, "f")))

// --- mknod ---

ANSWER(mknod, "a folder", CALL(mknod, "n", 040600, 0))
ANSWER(mknod, "no kind: a file", CALL(mknod, "n", 0600, 0))
ANSWER(mknod, "an unknown kind", CALL(mknod, "n", 030600, 0))
ANSWER(mknod, "a device, as somebody else", (become(1000), CALL(mknod, "/tmp/n", 020600, 0x103)))
ANSWER(mknod, "there already", (touch("f"), CALL(mknod, "f", 0600, 0)))
CASE(mknod, "a device that works") {
    answer(CALL(mknod, "n", 020666, 0x103));
    answer(CALL(write, CALL(open, "n", O_WRONLY), room, 9));
    answer(CALL(mknod, "m", 020666, 0xFF03));
    answer(CALL(open, "m", O_WRONLY));
}

// --- what a folder lists ---

CASE(getdents64, "each kind") {
    touch("f");
    answer_names(".");
    CALL(unlink, "f");
    CALL(mkdir, "d", 0700);
    answer_names(".");
    CALL(rmdir, "d");
    CALL(symlink, "x", "l");
    answer_names(".");
    CALL(unlink, "l");
    CALL(mknod, "p", 010600, 0);
    answer_names(".");
}
ANSWER(getdents64, "no room for one name", CALL(getdents64, CALL(open, ".", O_RDONLY), room, 10))
ANSWER(getdents64, "a file", CALL(getdents64, file("f", ""), room, 100))
ANSWER(getdents64, "to NULL", CALL(getdents64, CALL(open, ".", O_RDONLY), 0, 100))
CASE(getdents64, "a folder that is gone") {
    CALL(mkdir, "d", 0700);
    const long folder = CALL(open, "d", O_RDONLY);
    CALL(rmdir, "d");
    answer(CALL(getdents64, folder, room, 1000));
}
CASE(getdents64, "from the start again") {
    const long folder = CALL(open, ".", O_RDONLY);
    const long first = CALL(getdents64, folder, room, 1000);
    answer(CALL(getdents64, folder, room, 1000));
    CALL(lseek, folder, 0, SEEK_SET);
    answer_whether(CALL(getdents64, folder, room, 1000) == first, "as much", "another count");
}
CASE(getdents, "the old call") {
    answer_outcome(CALL(getdents, CALL(open, ".", O_RDONLY), room, 1000));
}
