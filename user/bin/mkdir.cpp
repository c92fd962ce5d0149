// mkdir [-pv] [-m MODE] FOLDER...: makes folders. -p: those above, too, and it is well if they are
// there; -m: with such rights, 755 or u=rwx,go=rx; -v: shows the names.
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "user/mode_change.h"
#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

void show(const char* path) {
    printf("mkdir: created directory '%s'\n", path);
}

/// Makes what is above `path`, so that something can be made in it whatever the mask; what fails
/// shows when `path` itself is made.
void make_above(char* path, bool is_told) {
    constexpr mode_t kNeeded = S_IWUSR | S_IXUSR;
    const mode_t mask = file_mask();
    for (char* slash = path + 1; (slash = strchr(slash, '/')) != nullptr; ++slash) {
        *slash = '\0';
        const bool was_made = mkdir(path, 0777) == 0;
        if (was_made && (mask & kNeeded) != 0) chmod(path, (0777 & ~mask) | kNeeded);
        if (was_made && is_told) show(path);
        *slash = '/';
    }
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "pvm:", "[-pv] [-m MODE] FOLDER...", 1,
                          "parents=p mode=m verbose=v");
    options.need(1);
    const bool makes_above = options.has('p');
    constexpr unsigned kUsual = 0777;
    const int mode = quire::changed_mode(options.value('m', "777"), kUsual, 0, true);
    if (mode < 0) return complain(options.value('m'), "no mode");
    int result = 0;
    for (char* path : options.operands()) {
        if (makes_above) make_above(path, options.has('v'));
        const bool was_made = mkdir(path, static_cast<mode_t>(mode)) == 0;
        const int error = errno;
        if (was_made && options.has('m')) chmod(path, static_cast<mode_t>(mode));
        if (was_made && options.has('v')) show(path);
        if (was_made || (makes_above && error == EEXIST && is_folder(path))) continue;
        result = complain(path, strerror(error));
    }
    return finish(result);
}
