#include "user/tools/mounts.h"

#include <stdio.h>
#include <string.h>

namespace quire::tools {
namespace {

/// The next word of the line into `to`; false if there is none.
bool take_word(char*& line, char* to, size_t size) {
    const char* const word = strsep(&line, " \n");
    return word != nullptr && strlcpy(to, word, size) > 0;
}

}  // namespace

bool Mounts::read() {
    FILE* const file = fopen("/proc/mounts", "r");
    if (file == nullptr) return false;
    char text[512];
    while (count_ < kMost && fgets(text, sizeof text, file) != nullptr) {
        Mount& mount = mounts_[count_];
        char* line = text;
        if (take_word(line, mount.device, sizeof mount.device) &&
            take_word(line, mount.folder, sizeof mount.folder) &&
            take_word(line, mount.kind, sizeof mount.kind) &&
            take_word(line, mount.options, sizeof mount.options)) {
            ++count_;
        }
    }
    fclose(file);
    return true;
}

}  // namespace quire::tools
