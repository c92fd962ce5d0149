// echo [-neE] WORD...: the words, one blank between two, and the end of the line (-n: not that).
// -e: \n, \t, \\ and their kin mean what they do in C; \c ends the output.
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "user/tools/main.h"

namespace {

struct {
    bool ends_line = true;
    bool escapes = false;
} options;

/// Whether it is nothing but options; then they are set.
bool take_options(const char* word) {
    if (word[0] != '-' || word[1] == '\0' || word[1 + strspn(word + 1, "neE")] != '\0')
        return false;
    for (const char* letter = word + 1; *letter != '\0'; ++letter) {
        if (*letter == 'n')
            options.ends_line = false;
        else
            options.escapes = *letter == 'e';
    }
    return true;
}

/// \0NNN and \xHH: up to so many digits behind the 0 or x.
int take_number(const char*& place, int base, int most) {
    constexpr char kDigits[] = "0123456789abcdef";
    int value = 0;
    for (; most > 0 && place[1] != '\0'; --most) {
        const char* const digit = strchr(kDigits, tolower(static_cast<unsigned char>(place[1])));
        if (digit == nullptr || digit - kDigits >= base) break;
        value = value * base + static_cast<int>(digit - kDigits);
        ++place;
    }
    return value;
}

int finish() {
    if (fflush(stdout) == 0 && ferror(stdout) == 0) return 0;
    perror("echo");
    return 1;
}

/// false: the output ends here.
bool put(const char* word) {
    constexpr char kLetters[] = "abefnrtv\\";
    constexpr char kMeanings[] = "\a\b\033\f\n\r\t\v\\";
    for (const char* place = word; *place != '\0'; ++place) {
        const char* known = nullptr;
        if (!options.escapes || *place != '\\' || place[1] == '\0') {
            putchar(*place);
        } else if (*++place == 'c') {
            return false;
        } else if (*place == '0') {
            putchar(take_number(place, 8, 3));
        } else if (*place == 'x' && isxdigit(static_cast<unsigned char>(place[1])) != 0) {
            putchar(take_number(place, 16, 2));
        } else if ((known = strchr(kLetters, *place)) != nullptr) {
            putchar(kMeanings[known - kLetters]);
        } else {
            putchar('\\');
            putchar(*place);
        }
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    int first = 1;
    while (first < argc && take_options(argv[first]))
        ++first;
    for (int i = first; i < argc; ++i) {
        if (i > first) putchar(' ');
        if (!put(argv[i])) return finish();
    }
    if (options.ends_line) putchar('\n');
    return finish();
}
