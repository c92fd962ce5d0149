// chmod [-Rv] MODE FILE...: changes who may do what with files: 755, u=rwx,go=rx, +x, go-w. -R: of
// folders with all that is in them; -v: shows the names.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "user/mode_change.h"
#include "user/tools/mode_text.h"
#include "user/tools/names.h"
#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

struct Change {
    const char* mode;
    unsigned mask;
    bool with_content;
    bool is_told;
};

/// 0644 (rw-r--r--)
void show_mode(mode_t mode) {
    printf("%04o (%s)", mode, mode_text(mode).data() + 1);
}
void show(const char* path, mode_t before, mode_t mode) {
    printf("mode of '%s' ", path);
    if (mode == before) {
        fputs("retained as ", stdout);
    } else {
        fputs("changed from ", stdout);
        show_mode(before);
        fputs(" to ", stdout);
    }
    show_mode(mode);
    putchar('\n');
}

int change(const char* path, const Change& how);

int change_content(const char* path, const Change& how) {
    Names names;
    if (!names.read(path)) return complain(path);
    int result = 0;
    for (const char* name : names) {
        char* const inner = join_path(path, name);
        struct stat told;
        // What a link leads to may lie anywhere.
        if (lstat(inner, &told) != 0 || !S_ISLNK(told.st_mode)) result |= change(inner, how);
        free(inner);
    }
    return result;
}

int change(const char* path, const Change& how) {
    struct stat told;
    if (stat(path, &told) != 0) return complain(path);
    const bool is_folder = S_ISDIR(told.st_mode);
    int mode = quire::changed_mode(how.mode, told.st_mode & 07777, how.mask, is_folder);
    // Four digits say nothing of who new files in a folder belong to.
    constexpr mode_t kOwners = S_ISUID | S_ISGID;
    if (is_folder && isdigit(static_cast<unsigned char>(*how.mode)) != 0 && strlen(how.mode) < 5)
        mode |= static_cast<int>(told.st_mode & kOwners);
    if (chmod(path, static_cast<mode_t>(mode)) != 0) return complain(path);
    if (how.is_told) show(path, told.st_mode & 07777, static_cast<mode_t>(mode));
    return how.with_content && is_folder ? change_content(path, how) : 0;
}

/// "-x" takes a right away: it is no option.
bool is_mode(const char* word) {
    return word[0] == '-' && strchr("rwxXst", word[1]) != nullptr && word[1] != '\0';
}

}  // namespace

int main(int argc, char** argv) {
    static char mode[64];
    for (int i = 1; i < argc && *mode == '\0'; ++i) {
        if (!is_mode(argv[i])) continue;
        strlcpy(mode, argv[i], sizeof mode);
        memmove(argv + i, argv + i + 1, static_cast<size_t>(argc - i) * sizeof(char*));
        --argc;
    }
    const Options options(argc, argv, "Rv", "[-Rv] MODE FILE...", 1, "recursive=R verbose=v");
    options.need(*mode != '\0' ? 1 : 2);
    Operands files = options.operands();
    const mode_t mask = file_mask();
    Change how{mode, mask, options.has('R'), options.has('v')};
    if (*mode == '\0') {
        how.mode = files[0];
        files = files.subspan(1);
    }
    if (quire::changed_mode(how.mode, 0, mask) < 0) return complain(how.mode, "no mode");
    int result = 0;
    for (const char* path : files)
        result |= change(path, how);
    return finish(result);
}
