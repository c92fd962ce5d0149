// The environment: a list of "NAME=value" that the kernel has handed over. The list is copied when
// it has to grow; the texts that setenv has made are given back when they are replaced.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

namespace {

char** own_list = nullptr;  // what we have taken from malloc: perhaps environ
char** own_texts = nullptr;
size_t own_count = 0;

/// The length of a name that may be set; 0 and EINVAL for others.
size_t length_of(const char* name) {
    const size_t length = name != nullptr ? strcspn(name, "=") : 0;
    if (length != 0 && name[length] == '\0') return length;
    errno = EINVAL;
    return 0;
}

/// Where the variable stands in the list, or the end of the list.
char** find(const char* name, size_t length) {
    char** entry = environ;
    while (*entry != nullptr && (strncmp(*entry, name, length) != 0 || (*entry)[length] != '='))
        ++entry;
    return entry;
}

size_t count_entries() {
    size_t count = 0;
    while (environ != nullptr && environ[count] != nullptr)
        ++count;
    return count;
}

/// Gives a text back if it is one of setenv's.
void forget(char* text) {
    for (size_t i = 0; i < own_count; ++i) {
        if (own_texts[i] != text) continue;
        free(text);
        own_texts[i] = own_texts[--own_count];
        return;
    }
}

bool remember(char* text) {
    auto* const more = static_cast<char**>(reallocarray(own_texts, own_count + 1, sizeof(char*)));
    if (more == nullptr) return false;
    own_texts = more;
    own_texts[own_count++] = text;
    return true;
}

/// One entry more at the end of the list; false and ENOMEM.
bool append(char* text) {
    const size_t count = count_entries();
    auto* const list = static_cast<char**>(
        reallocarray(environ == own_list ? own_list : nullptr, count + 2, sizeof(char*)));
    if (list == nullptr) return false;
    if (environ != own_list) {
        if (count > 0) memcpy(list, environ, count * sizeof(char*));
        free(own_list);
    }
    list[count] = text;
    list[count + 1] = nullptr;
    environ = own_list = list;
    return true;
}

bool put(char* text, size_t length) {
    char** const entry = environ != nullptr ? find(text, length) : nullptr;
    if (entry == nullptr || *entry == nullptr) return append(text);
    forget(*entry);
    *entry = text;
    return true;
}

}  // namespace

char* getenv(const char* name) {
    const size_t length = strlen(name);
    if (length == 0 || strchr(name, '=') != nullptr || environ == nullptr) return nullptr;
    char** const entry = find(name, length);
    return *entry != nullptr ? *entry + length + 1 : nullptr;
}

int setenv(const char* name, const char* value, int overwrite) {
    const size_t length = length_of(name);
    if (length == 0) return -1;
    if (overwrite == 0 && getenv(name) != nullptr) return 0;
    auto* const text = static_cast<char*>(malloc(length + strlen(value) + 2));
    if (text == nullptr) return -1;
    strcpy(stpcpy(stpcpy(text, name), "="), value);
    if (!remember(text)) {
        free(text);
        return -1;
    }
    if (put(text, length)) return 0;
    forget(text);
    return -1;
}

int putenv(char* entry) {
    const char* const equals = strchr(entry, '=');
    if (equals == nullptr) return unsetenv(entry);
    return put(entry, static_cast<size_t>(equals - entry)) ? 0 : -1;
}

int unsetenv(const char* name) {
    const size_t length = length_of(name);
    if (length == 0) return -1;
    if (environ == nullptr) return 0;
    for (char** entry = find(name, length); *entry != nullptr; entry = find(name, length)) {
        forget(*entry);
        for (char** rest = entry; *rest != nullptr; ++rest)
            rest[0] = rest[1];
    }
    return 0;
}

int clearenv() {
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
        forget(*entry);
    free(own_list);
    environ = own_list = nullptr;
    return 0;
}
