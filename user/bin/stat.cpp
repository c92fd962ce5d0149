// stat [-L] [-c FORMAT] FILE...: all that is known of a file. -L: of what a link leads to; -c: only
// this, with %n %N name, %s size, %b blocks, %B their size, %F kind, %f mode in hexadecimal, %a
// rights, %A rights as letters, %h links, %i inode, %d device, %u %U %g %G owner and group, %t %T
// of a device, %X %Y %Z %x %y %z times of use, change, and change of the inode.
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "user/tools/mode_text.h"
#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

void put_time(const timespec& time, char* to, size_t size) {
    struct tm date;
    char text[40];
    localtime_r(&time.tv_sec, &date);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &date);
    snprintf(to, size, "%s.%09ld +0000", text, time.tv_nsec);
}

void show_name(const char* path, const struct stat& told) {
    printf("%s", path);
    char target[4096];
    const ssize_t length = S_ISLNK(told.st_mode) ? readlink(path, target, sizeof target) : -1;
    if (length >= 0) printf(" -> %.*s", static_cast<int>(length), target);
}

const char* user_name(uid_t user) {
    const passwd* const found = getpwuid(user);
    return found != nullptr ? found->pw_name : "UNKNOWN";
}
const char* group_name(gid_t number) {
    const group* const found = getgrgid(number);
    return found != nullptr ? found->gr_name : "UNKNOWN";
}

/// 'name', or 'name' -> 'target'.
void put_quoted_name(const char* path, const struct stat& told, char* to, size_t size) {
    char target[4096];
    const ssize_t length = S_ISLNK(told.st_mode) ? readlink(path, target, sizeof target) : -1;
    if (length >= 0)
        snprintf(to, size, "'%s' -> '%.*s'", path, static_cast<int>(length), target);
    else
        snprintf(to, size, "'%s'", path);
}

bool put_owner(char letter, const struct stat& told, char* to, size_t size) {
    switch (letter) {
    case 'u':
        return snprintf(to, size, "%u", told.st_uid) > 0;
    case 'U':
        return snprintf(to, size, "%s", user_name(told.st_uid)) > 0;
    case 'g':
        return snprintf(to, size, "%u", told.st_gid) > 0;
    case 'G':
        return snprintf(to, size, "%s", group_name(told.st_gid)) > 0;
    default:
        return false;
    }
}

bool put_times(char letter, const struct stat& told, char* to, size_t size) {
    const timespec& time = strchr("xX", letter) != nullptr   ? told.st_atim
                           : strchr("yY", letter) != nullptr ? told.st_mtim
                                                             : told.st_ctim;
    if (strchr("XYZ", letter) != nullptr) return snprintf(to, size, "%ld", time.tv_sec) > 0;
    if (strchr("xyz", letter) == nullptr) return false;
    put_time(time, to, size);
    return true;
}

/// The text of a letter; '?' for one that means nothing.
void put_figure(char letter, const char* path, const struct stat& told, char* to, size_t size) {
    switch (letter) {
    case 'n':
        return void(snprintf(to, size, "%s", path));
    case 'N':
        return put_quoted_name(path, told, to, size);
    case 's':
        return void(snprintf(to, size, "%lld", told.st_size));
    case 'b':
        return void(snprintf(to, size, "%llu", told.st_blocks));
    case 'B':
        return void(snprintf(to, size, "512"));
    case 'o':
        return void(snprintf(to, size, "%ld", told.st_blksize));
    case 'F':
        return void(snprintf(to, size, "%s", kind_text(told.st_mode, told.st_size == 0)));
    case 'f':
        return void(snprintf(to, size, "%x", told.st_mode));
    case 'a':
        return void(snprintf(to, size, "%o", told.st_mode & 07777));
    case 'A':
        return void(snprintf(to, size, "%s", mode_text(told.st_mode).data()));
    case 'h':
        return void(snprintf(to, size, "%u", told.st_nlink));
    case 'i':
        return void(snprintf(to, size, "%llu", told.st_ino));
    case 'd':
        return void(snprintf(to, size, "%llu", told.st_dev));
    case 't':
        return void(snprintf(to, size, "%x", major(told.st_rdev)));
    case 'T':
        return void(snprintf(to, size, "%x", minor(told.st_rdev)));
    default:
        if (!put_owner(letter, told, to, size) && !put_times(letter, told, to, size))
            strlcpy(to, "?", size);
    }
}

/// The letter may have a width before it, with - for the left and 0 for zeros.
void show_format(const char* format, const char* path, const struct stat& told) {
    static char text[8400];
    for (; *format != '\0'; ++format) {
        if (*format != '%' || format[1] == '\0') {
            putchar(*format);
            continue;
        }
        if (*++format == '%') {
            putchar('%');
            continue;
        }
        const bool is_left = *format == '-', has_zeros = *format == '0';
        char* end = nullptr;
        const long width = strtol(format + (is_left ? 1 : 0), &end, 10);
        format = end > format ? end : format;
        if (*format == '\0') return void(putchar('\n'));
        put_figure(*format, path, told, text, sizeof text);
        if (is_left) printf("%-*s", static_cast<int>(width), text);
        const long missing = is_left ? 0 : width - static_cast<long>(strlen(text));
        for (long i = 0; i < missing; ++i)
            putchar(has_zeros ? '0' : ' ');
        if (!is_left) fputs(text, stdout);
    }
    putchar('\n');
}

void show_all(const char* path, const struct stat& told) {
    printf("  File: ");
    show_name(path, told);
    printf("\n  Size: %-10lld\tBlocks: %-10llu IO Block: %-6ld %s\n", told.st_size, told.st_blocks,
           told.st_blksize, kind_text(told.st_mode, told.st_size == 0));
    const bool is_device = S_ISCHR(told.st_mode) || S_ISBLK(told.st_mode);
    printf("Device: %u,%u\tInode: %-11llu Links: %-*u", major(told.st_dev), minor(told.st_dev),
           told.st_ino, is_device ? 5 : 1, told.st_nlink);
    if (is_device) printf(" Device type: %u,%u", major(told.st_rdev), minor(told.st_rdev));
    printf("\nAccess: (%04o/%s)  Uid: (%5u/%8s)   Gid: (%5u/%8s)\n", told.st_mode & 07777,
           mode_text(told.st_mode).data(), told.st_uid, user_name(told.st_uid), told.st_gid,
           group_name(told.st_gid));
    constexpr const char* kTitles[] = {"Access", "Modify", "Change"};
    const timespec* const times[] = {&told.st_atim, &told.st_mtim, &told.st_ctim};
    for (unsigned i = 0; i < 3; ++i) {
        char text[64];
        put_time(*times[i], text, sizeof text);
        printf("%s: %s\n", kTitles[i], text);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "Lc:", "[-L] [-c FORMAT] FILE...", 1,
                          "dereference=L format=c");
    options.need(1);
    const char* const format = options.value('c');
    int result = 0;
    for (const char* path : options.operands()) {
        struct stat told;
        if ((options.has('L') ? stat(path, &told) : lstat(path, &told)) != 0)
            result = complain(path);
        else if (format != nullptr)
            show_format(format, path, told);
        else
            show_all(path, told);
    }
    return finish(result);
}
