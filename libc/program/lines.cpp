// getline(3).
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

namespace {

/// Room for `needed` characters; false and ENOMEM, and everything as it was.
bool grow(char** line, size_t* size, size_t needed) {
    if (*line != nullptr && needed <= *size) return true;
    constexpr size_t kFirst = 128;
    const size_t wanted = needed <= kFirst ? kFirst : 2 * needed;
    auto* const larger = static_cast<char*>(realloc(*line, wanted));
    if (larger == nullptr) return false;
    *line = larger;
    *size = wanted;
    return true;
}

}  // namespace

ssize_t getdelim(char** line, size_t* size, int end, FILE* stream) {
    size_t length = 0;
    int character = 0;
    if (*line == nullptr) *size = 0;
    do {
        character = fgetc(stream);
        if (character == EOF) break;
        if (!grow(line, size, length + 2)) return -1;
        (*line)[length++] = static_cast<char>(character);
    } while (character != end);
    // What an earlier call met does not count, as of fgets.
    if (length == 0 || (character == EOF && feof(stream) == 0)) return -1;
    (*line)[length] = '\0';
    return static_cast<ssize_t>(length);
}

ssize_t getline(char** line, size_t* size, FILE* stream) {
    return getdelim(line, size, '\n', stream);
}
