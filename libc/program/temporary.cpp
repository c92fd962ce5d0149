// mkstemp(3) and mkdtemp(3): a name that nobody has yet, by trying.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

namespace {

constexpr size_t kPlaces = 6;
constexpr int kTries = 1000;

/// The X at the end of a template, or nullptr and EINVAL.
char* places_of(char* path) {
    const size_t length = strlen(path);
    if (length >= kPlaces && strcmp(path + length - kPlaces, "XXXXXX") == 0) {
        return path + length - kPlaces;
    }
    errno = EINVAL;
    return nullptr;
}

void fill(char* places, unsigned& seed) {
    constexpr char kLetters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    for (size_t i = 0; i < kPlaces; ++i)
        places[i] = kLetters[static_cast<unsigned>(rand_r(&seed)) % (sizeof kLetters - 1)];
}

/// make(path) with new letters until the name is free; what it has answered.
template <typename Make>
int make_new(char* path, Make make) {
    char* const places = places_of(path);
    if (places == nullptr) return -1;
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    unsigned seed = static_cast<unsigned>(now.tv_nsec) ^ static_cast<unsigned>(getpid()) << 16;
    for (int i = 0; i < kTries; ++i) {
        fill(places, seed);
        const int made = make(path);
        if (made >= 0 || errno != EEXIST) return made;
    }
    return -1;
}

}  // namespace

int mkstemp(char* path) {
    return make_new(path,
                    [](const char* name) { return open(name, O_RDWR | O_CREAT | O_EXCL, 0600); });
}

char* mkdtemp(char* path) {
    const int made = make_new(path, [](const char* name) { return mkdir(name, 0700); });
    return made < 0 ? nullptr : path;
}
