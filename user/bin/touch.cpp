// touch [-acm] [-r FILE | -d TIME | -t STAMP] FILE...: sets the times of files to now, to those of
// another file, or to a time (dates.h), and makes those that are not there (-c: does not). -a: only
// of use, -m: only of change.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/tools/dates.h"
#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

/// The times that are asked for; false, and a complaint, if they cannot be known.
bool choose_times(const Options& options, timespec (&times)[2]) {
    times[0].tv_nsec = times[1].tv_nsec = UTIME_NOW;
    if (const char* const other = options.value('r')) {
        struct stat told;
        if (stat(other, &told) != 0) return complain(other) == 0;
        times[0] = told.st_atim;
        times[1] = told.st_mtim;
    }
    if (const char* const date = options.value('d')) {
        if (!parse_date(date, times[0])) return complain(date, "not a time") == 0;
        times[1] = times[0];
    }
    if (const char* const stamp = options.value('t')) {
        if (!parse_stamp(stamp, times[0])) return complain(stamp, "not [[CC]YY]MMDDhhmm[.ss]") == 0;
        times[1] = times[0];
    }
    if (options.has('a') && !options.has('m')) times[1].tv_nsec = UTIME_OMIT;
    if (options.has('m') && !options.has('a')) times[0].tv_nsec = UTIME_OMIT;
    return true;
}

int touch(const char* path, const timespec (&times)[2], bool may_make) {
    if (utimensat(AT_FDCWD, path, times, 0) == 0) return 0;
    if (errno != ENOENT) return complain(path);
    if (!may_make) return 0;
    const int file = open(path, O_WRONLY | O_CREAT | O_NONBLOCK, 0666);
    if (file < 0) return complain(path);
    const int result = futimens(file, times) == 0 ? 0 : complain(path);
    close(file);
    return result;
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "acmr:d:t:", "[-acm] [-r FILE | -d TIME | -t STAMP] FILE...",
                          1, "no-create=c reference=r date=d");
    options.need(1);
    timespec times[2] = {};
    if (!choose_times(options, times)) return 1;
    int result = 0;
    for (const char* path : options.operands())
        result |= touch(path, times, !options.has('c'));
    return result;
}
