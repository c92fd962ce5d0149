// df [-hki] [PATH]...: how full the file systems are, in KiB; those in which the paths are, or all
// that have room to speak of. -h: for people; -i: inodes instead of bytes.
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "user/tools/mounts.h"
#include "user/tools/sizes.h"
#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

struct Figures {
    unsigned long long all, used, left;
};

Figures figures_of(const struct statvfs& told, bool of_inodes) {
    if (of_inodes) return {told.f_files, told.f_files - told.f_ffree, told.f_favail};
    const unsigned long long unit = told.f_frsize;
    return {told.f_blocks * unit, (told.f_blocks - told.f_bfree) * unit, told.f_bavail * unit};
}

void show_line(const Mount& mount, const Figures& figures, const Options& options) {
    const unsigned unit = options.has('i') ? 1 : 1024;
    const bool readable = options.has('h');
    char percent[8] = "-";
    const unsigned long long shared = figures.used + figures.left;
    if (shared != 0)
        snprintf(percent, sizeof percent, "%llu%%", (figures.used * 100 + shared - 1) / shared);
    printf("%-14s %9s %9s %9s %4s %s\n", mount.device, size_in(figures.all, unit, readable).data(),
           size_in(figures.used, unit, readable).data(),
           size_in(figures.left, unit, readable).data(), percent, mount.folder);
}

int show(const Mount& mount, const Options& options, bool is_asked_for) {
    struct statvfs told;
    if (statvfs(mount.folder, &told) != 0) return complain(mount.folder);
    if (told.f_blocks != 0 || is_asked_for)
        show_line(mount, figures_of(told, options.has('i')), options);
    return 0;
}

/// The mount that the file is in: that of the same device.
int show_of(const char* path, const Mounts& mounts, const Options& options) {
    struct stat told, root;
    if (stat(path, &told) != 0) return complain(path);
    const Mount* found = nullptr;
    for (const Mount& mount : mounts.all())
        if (stat(mount.folder, &root) == 0 && root.st_dev == told.st_dev) found = &mount;
    return found != nullptr ? show(*found, options, true) : complain(path, "no such mount");
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "hki", "[-hki] [PATH]...");
    Mounts mounts;
    if (!mounts.read()) return complain("/proc/mounts");
    const char* const unit = options.has('i') ? "Inodes" : options.has('h') ? "Size" : "1K-blocks";
    const char* const used = options.has('i') ? "IUsed" : "Used";
    const char* const left = options.has('i') ? "IFree" : options.has('h') ? "Avail" : "Available";
    printf("%-14s %9s %9s %9s %4s %s\n", "Filesystem", unit, used, left, "Use%", "Mounted on");
    int result = 0;
    for (const char* path : options.operands())
        result |= show_of(path, mounts, options);
    if (options.operands().empty())
        for (const Mount& mount : mounts.all())
            result |= show(mount, options, false);
    return finish(result);
}
