// The functions of <string.h>, <strings.h> and <libgen.h> that the kernel does without; the others
// are in libc/string.cpp.
#include <ctype.h>
#include <libgen.h>
#include <string.h>

namespace {

using Byte = unsigned char;

int lower(char character) {
    return tolower(static_cast<Byte>(character));
}

/// The path without the slashes at its end; one stays if there is nothing else.
size_t length_without_slashes(const char* path) {
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        --length;
    return length;
}

}  // namespace

int strcasecmp(const char* left, const char* right) noexcept {
    return strncasecmp(left, right, static_cast<size_t>(-1));
}

int strncasecmp(const char* left, const char* right, size_t limit) noexcept {
    for (size_t i = 0; i < limit; ++i) {
        const int order = lower(left[i]) - lower(right[i]);
        if (order != 0 || left[i] == '\0') return order;
    }
    return 0;
}

int strcoll(const char* left, const char* right) noexcept {
    return strcmp(left, right);
}

void* memrchr(const void* bytes, int byte, size_t count) noexcept {
    const auto* const first = static_cast<const Byte*>(bytes);
    while (count > 0)
        if (first[--count] == static_cast<Byte>(byte)) return const_cast<Byte*>(first + count);
    return nullptr;
}

// Only where the first byte stands the rest is compared.
void* memmem(const void* bytes, size_t count, const void* part, size_t length) noexcept {
    const auto* place = static_cast<const Byte*>(bytes);
    if (length == 0) return const_cast<Byte*>(place);
    while (count >= length) {
        const void* found = memchr(place, *static_cast<const Byte*>(part), count - length + 1);
        if (found == nullptr) return nullptr;
        if (memcmp(found, part, length) == 0) return const_cast<void*>(found);
        const auto* const next = static_cast<const Byte*>(found) + 1;
        count -= static_cast<size_t>(next - place);
        place = next;
    }
    return nullptr;
}

void* mempcpy(void* to, const void* from, size_t count) noexcept {
    return static_cast<Byte*>(memcpy(to, from, count)) + count;
}

void* memccpy(void* to, const void* from, int byte, size_t count) noexcept {
    const void* const found = memchr(from, byte, count);
    if (found != nullptr) {
        count =
            static_cast<size_t>(static_cast<const Byte*>(found) - static_cast<const Byte*>(from)) +
            1;
    }
    void* const end = mempcpy(to, from, count);
    return found != nullptr ? end : nullptr;
}

char* stpcpy(char* to, const char* from) noexcept {
    const size_t length = strlen(from);
    memcpy(to, from, length + 1);
    return to + length;
}

char* stpncpy(char* to, const char* from, size_t count) noexcept {
    strncpy(to, from, count);
    return to + strnlen(from, count);
}

size_t strlcat(char* to, const char* from, size_t size) noexcept {
    const size_t length = strnlen(to, size);
    return length + strlcpy(to + length, from, size - length);
}

char* strchrnul(const char* text, int character) noexcept {
    char* const found = strchr(text, character);
    return found != nullptr ? found : const_cast<char*>(text) + strlen(text);
}

char* strcasestr(const char* text, const char* part) noexcept {
    const size_t length = strlen(part);
    for (;; ++text) {
        if (strncasecmp(text, part, length) == 0) return const_cast<char*>(text);
        if (*text == '\0') return nullptr;
    }
}

char* strsep(char** text, const char* separators) noexcept {
    char* const word = *text;
    if (word == nullptr) return nullptr;
    char* const end = word + strcspn(word, separators);
    *text = *end == '\0' ? nullptr : end + 1;
    *end = '\0';
    return word;
}

char* strtok(char* text, const char* separators) noexcept {
    static char* state = nullptr;
    return strtok_r(text, separators, &state);
}

char* basename(char* path) {
    static char here[] = ".";
    if (path == nullptr || *path == '\0') return here;
    path[length_without_slashes(path)] = '\0';
    char* const slash = strrchr(path, '/');
    return slash == nullptr || slash[1] == '\0' ? path : slash + 1;
}

char* dirname(char* path) {
    static char here[] = ".";
    if (path == nullptr) return here;
    path[length_without_slashes(path)] = '\0';
    char* const slash = strrchr(path, '/');
    if (slash == nullptr) return here;
    slash[slash == path ? 1 : 0] = '\0';
    path[length_without_slashes(path)] = '\0';
    return path;
}
