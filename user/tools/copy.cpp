#include "user/tools/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/tools/ask.h"
#include "user/tools/bytes.h"
#include "user/tools/names.h"
#include "user/tools/tool.h"

namespace quire::tools {
namespace {

int open_target(const char* to, mode_t mode, bool is_forced) {
    const int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, mode & 0777);
    if (out >= 0 || !is_forced || unlink(to) != 0) return out;
    return open(to, O_WRONLY | O_CREAT | O_TRUNC, mode & 0777);
}

void keep_attributes(const char* to, const struct stat& told, bool is_link) {
    const timespec times[2] = {told.st_atim, told.st_mtim};
    lchown(to, told.st_uid, told.st_gid);
    if (!is_link) chmod(to, told.st_mode & 07777);
    utimensat(AT_FDCWD, to, times, is_link ? AT_SYMLINK_NOFOLLOW : 0);
}

int copy_file(const char* from, const char* to, const struct stat& told, const CopyHow& how) {
    const int in = open(from, O_RDONLY);
    if (in < 0) return complain(from);
    const int out = open_target(to, told.st_mode, how.is_forced);
    int result = out < 0 ? complain(to) : copy_bytes(in, out, from, to);
    close(in);
    if (out >= 0 && close(out) != 0) result = complain(to);
    return result;
}

int copy_link(const char* from, const char* to) {
    char target[4096];
    const ssize_t length = readlink(from, target, sizeof target - 1);
    if (length < 0) return complain(from);
    target[length] = '\0';
    unlink(to);
    return symlink(target, to) == 0 ? 0 : complain(to);
}

/// Whether `inner` lies in the folder `told`, or is it: a copy into itself would never end.
bool lies_in(const char* inner, const struct stat& told) {
    char* const copy = static_cast<char*>(need_memory(strdup(inner)));
    struct stat above;
    char* const folder = dirname(copy);
    const bool found = stat(folder, &above) == 0;
    bool result = found && above.st_dev == told.st_dev && above.st_ino == told.st_ino;
    if (found && !result && strcmp(folder, ".") != 0 && strcmp(folder, "/") != 0) {
        result = lies_in(folder, told);
    }
    free(copy);
    return result;
}

int copy_folder(const char* from, const char* to, const struct stat& told, const CopyHow& how) {
    if (!how.with_folders) return complain(from, "is a directory (use -r)");
    if (lies_in(to, told)) return complain(from, "cannot be copied into itself");
    const bool is_new = mkdir(to, (told.st_mode & 0777) | S_IRWXU) == 0;
    if (!is_new && !(errno == EEXIST && is_folder(to))) return complain(to);
    Names names;
    if (!names.read(from)) return complain(from);
    int result = 0;
    for (const char* name : names) {
        char* const inner_from = join_path(from, name);
        char* const inner_to = join_path(to, name);
        result |= copy(inner_from, inner_to, how);
        free(inner_from);
        free(inner_to);
    }
    if (is_new && (told.st_mode & S_IRWXU) != S_IRWXU)
        chmod(to, told.st_mode & 0777 & ~file_mask());
    return result;
}

int copy_special(const char* to, const struct stat& told) {
    unlink(to);
    return mknod(to, told.st_mode, told.st_rdev) == 0 ? 0 : complain(to);
}

bool is_same_file(const struct stat& told, const char* to) {
    struct stat there;
    return stat(to, &there) == 0 && there.st_dev == told.st_dev && there.st_ino == told.st_ino;
}

}  // namespace

Replace replace_of(const Options& options) {
    const char last = options.last_of("nif");
    if (last == 'n') return Replace::Never;
    if (last == 'i') return Replace::IfAllowed;
    return options.has('u') ? Replace::IfOlder : Replace::Always;
}

bool may_replace(const char* from, const char* to, Replace how) {
    struct stat old, there;
    if (how == Replace::Always || lstat(to, &there) != 0) return true;
    if (how == Replace::Never) return false;
    if (how == Replace::IfAllowed) return ask("overwrite", to);
    if (stat(from, &old) != 0) return true;
    const timespec a = old.st_mtim, b = there.st_mtim;
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

void show_names(const char* from, const char* to) {
    printf("'%s' -> '%s'\n", from, to);
}

char* target_of(const char* from, const char* to, bool into_folder) {
    if (!into_folder) return static_cast<char*>(need_memory(strdup(to)));
    char* const copy = static_cast<char*>(need_memory(strdup(from)));
    char* const target = join_path(to, basename(copy));
    free(copy);
    return target;
}

int copy(const char* from, const char* to, const CopyHow& how) {
    struct stat told;
    if ((how.keeps_links ? lstat(from, &told) : stat(from, &told)) != 0) return complain(from);
    if (is_same_file(told, to) && !S_ISLNK(told.st_mode)) return complain(from, "is the same file");
    if (!S_ISDIR(told.st_mode) && !may_replace(from, to, how.replace)) return 0;
    if (how.is_told && !(S_ISDIR(told.st_mode) && !how.with_folders)) show_names(from, to);
    int result = 0;
    if (S_ISDIR(told.st_mode))
        result = copy_folder(from, to, told, how);
    else if (S_ISLNK(told.st_mode))
        result = copy_link(from, to);
    else if (S_ISREG(told.st_mode) || !how.with_folders)
        result = copy_file(from, to, told, how);
    else
        result = copy_special(to, told);
    if (result == 0 && how.keeps_attributes) keep_attributes(to, told, S_ISLNK(told.st_mode));
    return result;
}

}  // namespace quire::tools
