#include "user/tools/names.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/tools/tool.h"

namespace quire::tools {

Names::~Names() {
    for (char* name : *this)
        free(name);
}

void Names::add(const char* name) {
    names_.add(static_cast<char*>(need_memory(strdup(name))));
}

bool Names::read(const char* folder) {
    DIR* const directory = opendir(folder);
    if (directory == nullptr) return false;
    errno = 0;
    while (const dirent* entry = readdir(directory))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) add(entry->d_name);
    const int error = errno;
    closedir(directory);
    errno = error;
    return error == 0;
}

void Names::sort() {
    names_.sort([](const void* left, const void* right) {
        return strcmp(*static_cast<char* const*>(left), *static_cast<char* const*>(right));
    });
}

}  // namespace quire::tools
