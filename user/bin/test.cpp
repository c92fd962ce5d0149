// test EXPRESSION: the exit code says whether it holds: 0 yes, 1 no, 2 it is none. Also called [,
// with a ] at its end.
//
//     -e -f -d -h -L -p -b -c -s -r -w -x -t FILE       -z -n TEXT      TEXT = != < > TEXT
//     NUMBER -eq -ne -lt -le -gt -ge NUMBER             FILE -nt -ot -ef FILE
//     ! EXPRESSION    ( EXPRESSION )    EXPRESSION -a EXPRESSION    EXPRESSION -o EXPRESSION
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

[[noreturn]] void refuse(const char* word, const char* why) {
    complain(word, why);
    exit(2);
}

long long number_of(const char* text) {
    char* end = nullptr;
    const long long number = strtoll(text, &end, 10);
    end += strspn(end, " \t");
    if (end == text || *end != '\0') refuse(text, "not a number");
    return number;
}

bool test_file(char letter, const char* path) {
    struct stat told;
    if (letter == 't') return isatty(static_cast<int>(number_of(path))) != 0;
    if (strchr("rwx", letter) != nullptr) {
        return access(path, letter == 'r' ? R_OK : letter == 'w' ? W_OK : X_OK) == 0;
    }
    const bool of_link = letter == 'h' || letter == 'L';
    if ((of_link ? lstat(path, &told) : stat(path, &told)) != 0) return false;
    switch (letter) {
    case 'f':
        return S_ISREG(told.st_mode);
    case 'd':
        return S_ISDIR(told.st_mode);
    case 'p':
        return S_ISFIFO(told.st_mode);
    case 'b':
        return S_ISBLK(told.st_mode);
    case 'c':
        return S_ISCHR(told.st_mode);
    case 's':
        return told.st_size > 0;
    default:
        return of_link ? S_ISLNK(told.st_mode) : true;
    }
}

bool test_files(const char* left, const char* how, const char* right) {
    struct stat a, b;
    const bool has_a = stat(left, &a) == 0;
    const bool has_b = stat(right, &b) == 0;
    if (strcmp(how, "-ef") == 0)
        return has_a && has_b && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
    if (strcmp(how, "-ot") == 0) return test_files(right, "-nt", left);
    if (!has_a || !has_b) return has_a;
    if (a.st_mtim.tv_sec != b.st_mtim.tv_sec) return a.st_mtim.tv_sec > b.st_mtim.tv_sec;
    return a.st_mtim.tv_nsec > b.st_mtim.tv_nsec;
}

constexpr const char* kNumberWords[] = {"-eq", "-ne", "-lt", "-le", "-gt", "-ge"};
constexpr const char* kFileWords[] = {"-nt", "-ot", "-ef"};
constexpr const char* kTextWords[] = {"=", "!=", "<", ">", "=="};

template <size_t kCount>
bool is_among(const char* word, const char* const (&words)[kCount]) {
    for (const char* one : words)
        if (strcmp(word, one) == 0) return true;
    return false;
}

bool is_binary(const char* word) {
    return is_among(word, kNumberWords) || is_among(word, kFileWords) || is_among(word, kTextWords);
}
bool is_unary(const char* word) {
    return word[0] == '-' && word[1] != '\0' && word[2] == '\0' &&
           strchr("efdhLpbcsrwxtzn", word[1]) != nullptr;
}

bool compare(const char* left, const char* how, const char* right) {
    if (is_among(how, kFileWords)) return test_files(left, how, right);
    long long order = 0;
    if (is_among(how, kTextWords)) {
        order = strcmp(left, right);
        return how[0] == '='   ? order == 0
               : how[0] == '!' ? order != 0
               : how[0] == '<' ? order < 0
                               : order > 0;
    }
    const long long a = number_of(left), b = number_of(right);
    order = a < b ? -1 : a > b ? 1 : 0;
    const bool results[] = {order == 0, order != 0, order<0, order <= 0, order> 0, order >= 0};
    for (unsigned i = 0; i < 6; ++i)
        if (strcmp(how, kNumberWords[i]) == 0) return results[i];
    return false;
}

/// Reads the words from left to right; -a binds closer than -o.
class Expression {
  public:
    explicit Expression(Operands words) : words_(words) {}

    bool all() {
        if (words_.empty()) return false;
        // With four words a ! inverts all of the rest, which POSIX has as a rule of its own.
        const bool inverts = words_.size() == 4 && take("!");
        const bool holds = either() != inverts;
        if (!words_.empty()) refuse(words_[0], "not expected here");
        return holds;
    }

  private:
    bool either() {
        bool holds = both();
        while (take("-o"))
            holds = both() || holds;
        return holds;
    }
    bool both() {
        bool holds = one();
        while (take("-a"))
            holds = one() && holds;
        return holds;
    }
    bool one() {
        if (words_.empty()) refuse("the end", "something is missing");
        if (words_.size() > 2 && is_binary(words_[1])) {
            const Operands three = words_.first(3);
            words_ = words_.subspan(3);
            return compare(three[0], three[1], three[2]);
        }
        if (words_.size() > 1 && take("!")) return !one();
        if (words_.size() > 1 && take("(")) {
            const bool holds = either();
            if (!take(")")) refuse(")", "is missing");
            return holds;
        }
        const char* const word = words_[0];
        words_ = words_.subspan(1);
        if (words_.empty() || !is_unary(word)) return *word != '\0';
        const char* const operand = words_[0];
        words_ = words_.subspan(1);
        if (word[1] == 'z' || word[1] == 'n') return (*operand == '\0') == (word[1] == 'z');
        return test_file(word[1], operand);
    }
    bool take(const char* word) {
        if (words_.empty() || strcmp(words_[0], word) != 0) return false;
        words_ = words_.subspan(1);
        return true;
    }

    Operands words_;
};

}  // namespace

int main(int argc, char** argv) {
    char* name_alone[] = {argv[0], nullptr};
    const Options named(1, name_alone, "", "");
    Operands words(argv + 1, static_cast<size_t>(argc - 1));
    if (strcmp(tool_name(), "[") == 0) {
        if (words.empty() || strcmp(words.back(), "]") != 0) refuse("]", "is missing");
        words = words.first(words.size() - 1);
    }
    return Expression(words).all() ? 0 : 1;
}
