#include "user/tools/tool.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

namespace quire::tools {
namespace {

const char* name_of_tool = "tool";

}  // namespace

const char* tool_name() {
    return name_of_tool;
}

int complain(const char* what) {
    return complain(what, strerror(errno));
}

int complain(const char* what, const char* why) {
    fflush(stdout);
    fprintf(stderr, "%s: %s: %s\n", name_of_tool, what, why);
    return 1;
}

int finish(int result) {
    return fflush(stdout) != 0 || ferror(stdout) != 0 ? complain("standard output") : result;
}

Options::Options(int argc, char** argv, const char* letters, const char* usage, int bad_use,
                 const char* names)
    : usage_(usage), bad_use_(bad_use) {
    const char* const slash = strrchr(argv[0], '/');
    name_of_tool = slash != nullptr ? slash + 1 : argv[0];
    argc = shorten(argc, argv, letters, names);
    for (int letter = 0; (letter = getopt(argc, argv, letters)) != -1;) {
        if (letter == '?' || given_count_ == kMost) refuse();
        given_[given_count_++] = {static_cast<char>(letter), optarg};
    }
    operands_ = Operands(argv + optind, static_cast<size_t>(argc - optind));
}

// What is the argument of an option is none itself, whatever it looks like.
int Options::shorten(int argc, char** argv, const char* letters, const char* names) const {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; ++i) {
        const bool is_option = argv[i][0] == '-' && argv[i][1] != '\0';
        if (!is_option && *letters == '+') break;
        if (!is_option) continue;
        if (argv[i][1] != '-') {
            const char* letter = argv[i] + 1;
            const auto wants = [&] {
                const char* const known = strchr(letters, *letter);
                return known != nullptr && known[1] == ':' && known[2] != ':';
            };
            while (*letter != '\0' && !wants())
                ++letter;
            if (*letter != '\0' && letter[1] == '\0') ++i;
        } else if (!shorten_word(argv[i], names)) {
            memmove(argv + i, argv + i + 1, static_cast<size_t>(argc - i) * sizeof(char*));
            --argc, --i;
        }
    }
    return argc;
}

bool Options::shorten_word(char*& word, const char* names) const {
    const char* const name = word + 2;
    const size_t length = strcspn(name, "=");
    if (strcmp(name, "help") == 0) show();
    for (const char* known = names; *known != '\0'; known += strspn(known, " ")) {
        const char* const letter = known + strcspn(known, "=") + 1;
        if (strncmp(known, name, length) == 0 && known[length] == '=') {
            if (*letter == ' ' || *letter == '\0') return false;
            const char* const value = name[length] == '=' ? name + length + 1 : "";
            auto* const option = static_cast<char*>(need_memory(malloc(strlen(value) + 3)));
            option[0] = '-';
            option[1] = *letter;
            strcpy(option + 2, value);
            word = option;
            return true;
        }
        known = letter + strcspn(letter, " ");
    }
    fprintf(stderr, "%s: unrecognized option '%s'\n", name_of_tool, word);
    refuse();
}

const Options::Given* Options::find(char letter) const {
    for (size_t i = given_count_; i > 0; --i)
        if (given_[i - 1].letter == letter) return &given_[i - 1];
    return nullptr;
}

const char* Options::value(char letter, const char* otherwise) const {
    const Given* const given = find(letter);
    return given != nullptr ? given->value : otherwise;
}

long Options::number(char letter, long otherwise) const {
    if (!has(letter)) return otherwise;
    const long long number = parse_number(value(letter));
    if (number < 0) {
        complain(value(letter), "not a number");
        exit(bad_use_);
    }
    return number < LONG_MAX ? static_cast<long>(number) : LONG_MAX;
}

char Options::last_of(const char* letters) const {
    for (size_t i = given_count_; i > 0; --i)
        if (strchr(letters, given_[i - 1].letter) != nullptr) return given_[i - 1].letter;
    return '\0';
}

void Options::show() const {
    printf("usage: %s %s\n", name_of_tool, usage_);
    exit(finish(0));
}

void Options::refuse() const {
    fprintf(stderr, "usage: %s %s\n", name_of_tool, usage_);
    exit(bad_use_);
}

void Options::need(size_t at_least, size_t at_most) const {
    if (operands_.size() < at_least || operands_.size() > at_most) refuse();
}

long long parse_number(const char* text) {
    char* end = nullptr;
    if (*text < '0' || *text > '9') return -1;
    errno = 0;
    const long long number = strtoll(text, &end, 10);
    return *end == '\0' && errno == 0 ? number : -1;
}

long long parse_size(const char* text) {
    char* end = nullptr;
    if (*text < '0' || *text > '9') return -1;
    const long long number = strtoll(text, &end, 10);
    constexpr char kUnits[] = "bkKMG";
    constexpr int kShifts[] = {9, 10, 10, 20, 30};
    if (*end == '\0') return number;
    const char* const unit = strchr(kUnits, *end);
    if (unit == nullptr || end[1] != '\0') return -1;
    const int shift = kShifts[unit - kUnits];
    return number > LLONG_MAX >> shift ? LLONG_MAX : number << shift;
}

FILE* open_input(const char* name) {
    if (strcmp(name, "-") == 0) return stdin;
    FILE* const file = fopen(name, "r");
    if (file == nullptr) complain(name);
    return file;
}

int close_input(FILE* file, const char* name) {
    const bool failed = ferror(file) != 0;
    if (failed) complain(name);
    if (file == stdin) {
        fflush(stdin);  // what was read ahead is for the next program
        clearerr(stdin);
    } else {
        fclose(file);
    }
    return failed ? 1 : 0;
}

mode_t file_mask() {
    const mode_t mask = umask(0);
    umask(mask);
    return mask;
}

bool is_folder(const char* path) {
    struct stat told;
    return stat(path, &told) == 0 && S_ISDIR(told.st_mode);
}

char* join_path(const char* folder, const char* name) {
    const size_t length = strlen(folder);
    const char* const slash = length > 0 && folder[length - 1] == '/' ? "" : "/";
    auto* const path = static_cast<char*>(need_memory(malloc(length + strlen(name) + 2)));
    strcpy(stpcpy(stpcpy(path, folder), slash), name);
    return path;
}

void* need_memory(void* memory) {
    if (memory != nullptr) return memory;
    complain("memory", strerror(ENOMEM));
    exit(2);
}

}  // namespace quire::tools
