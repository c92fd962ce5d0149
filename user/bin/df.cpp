// df [-hkmiTPa] [PATH]...: how full the file systems are, in KiB; those in which the paths are, or
// all that have room to speak of (-a: all). -h: for people, -m: in MiB; -i: inodes instead of
// bytes; -T: with their kinds; -P: the titles that POSIX has.
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

constexpr size_t kColumns = 7;
constexpr size_t kMostRows = 33;  // the titles, and as many mounts as Mounts has

/// All rows before any is shown, as the widest text makes the column.
class Table {
  public:
    explicit Table(const Options& options)
        : options_(options),
          unit_(options.has('i')   ? 1
                : options.has('m') ? 1048576
                                   : 1024),
          readable_(options.has('h')) {
        const bool of_inodes = options.has('i'), is_plain = options.has('P') && !of_inodes;
        add("Filesystem", "Type",
            of_inodes          ? "Inodes"
            : readable_        ? "Size"
            : options.has('m') ? "1M-blocks"
            : is_plain         ? "1024-blocks"
                               : "1K-blocks",
            of_inodes ? "IUsed" : "Used",
            of_inodes   ? "IFree"
            : readable_ ? "Avail"
                        : "Available",
            of_inodes  ? "IUse%"
            : is_plain ? "Capacity"
                       : "Use%",
            "Mounted on");
    }
    void add(const Mount& mount, const Figures& figures) {
        char percent[8] = "-";
        const unsigned long long shared = figures.used + figures.left;
        if (shared != 0)
            snprintf(percent, sizeof percent, "%llu%%", (figures.used * 100 + shared - 1) / shared);
        add(mount.device, mount.kind, size_in(figures.all, unit_, readable_).data(),
            size_in(figures.used, unit_, readable_).data(),
            size_in(figures.left, unit_, readable_).data(), percent, mount.folder);
    }
    /// Nothing if there are only titles.
    void show() const {
        for (size_t i = 0; count_ > 1 && i < count_; ++i) {
            const Row& row = rows_[i];
            printf("%-*s ", widths_[0], row[0]);
            if (options_.has('T')) printf("%-*s ", widths_[1], row[1]);
            for (size_t at = 2; at + 1 < kColumns; ++at)
                printf("%*s ", widths_[at], row[at]);
            puts(row[kColumns - 1]);
        }
    }

  private:
    using Row = const char* [kColumns];

    template <typename... Texts>
    void add(Texts... texts) {
        if (count_ == kMostRows) return;
        size_t at = 0;
        const auto put = [&](const char* text) {
            const auto length = static_cast<int>(strlen(text));
            if (length > widths_[at]) widths_[at] = length;
            rows_[count_][at++] = static_cast<char*>(need_memory(strdup(text)));
        };
        (put(texts), ...);
        ++count_;
    }

    const Options& options_;
    unsigned unit_;
    bool readable_;
    Row rows_[kMostRows] = {};
    size_t count_ = 0;
    int widths_[kColumns] = {14, 4, 5, 5, 5, 4, 0};
};

int show(const Mount& mount, const Options& options, Table& table, bool is_asked_for) {
    struct statvfs told;
    if (statvfs(mount.folder, &told) != 0) return complain(mount.folder);
    if (told.f_blocks != 0 || is_asked_for || options.has('a'))
        table.add(mount, figures_of(told, options.has('i')));
    return 0;
}

/// The mount that the file is in: that of the same device.
int show_of(const char* path, const Mounts& mounts, const Options& options, Table& table) {
    struct stat told, root;
    if (stat(path, &told) != 0) return complain(path);
    const Mount* found = nullptr;
    for (const Mount& mount : mounts.all())
        if (stat(mount.folder, &root) == 0 && root.st_dev == told.st_dev) found = &mount;
    if (found == nullptr) return complain(path, "no such mount");
    return show(*found, options, table, true);
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "hkmiTPa", "[-hkmiTPa] [PATH]...", 1,
                          "human-readable=h inodes=i print-type=T portability=P all=a");
    Mounts mounts;
    if (!mounts.read()) return complain("/proc/mounts");
    static Table table(options);
    int result = 0;
    for (const char* path : options.operands())
        result |= show_of(path, mounts, options, table);
    if (options.operands().empty())
        for (const Mount& mount : mounts.all())
            result |= show(mount, options, table, false);
    table.show();
    return finish(result);
}
