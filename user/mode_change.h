// The rights of files as people write them for chmod(1), mkdir -m and umask: 755, u=rwx,go=rx, +x.
//
//     go-w,u+s    clauses: who (u g o a), what happens (+ - =), which rights (r w x X s t), or
//     those
//                 that one of u g o has
#pragma once

namespace quire {

/// The rights of the letters at `text`, for all three of user, group and others at once; `text`
/// goes behind them.
constexpr int take_rights(const char*& text, bool is_executable) {
    int rights = 0;
    for (;; ++text) {
        if (*text == 'r')
            rights |= 0444;
        else if (*text == 'w')
            rights |= 0222;
        else if (*text == 'x')
            rights |= 0111;
        else if (*text == 'X')
            rights |= is_executable ? 0111 : 0;
        else if (*text == 's')
            rights |= 06000;
        else if (*text == 't')
            rights |= 01000;
        else
            return rights;
    }
}

/// The rights that one of u g o has in `mode`, for all three at once; `text` goes behind the
/// letter.
constexpr int take_copy(const char*& text, int mode) {
    constexpr int kForAll = 0111;
    const int shift = *text == 'u' ? 6 : *text == 'g' ? 3 : 0;
    ++text;
    return (mode >> shift & 7) * kForAll;
}

/// Whose rights the letters at `text` mean; 0: there are none. `text` goes behind them.
constexpr int take_who(const char*& text) {
    int who = 0;
    for (;; ++text) {
        if (*text == 'u')
            who |= 04700;
        else if (*text == 'g')
            who |= 02070;
        else if (*text == 'o')
            who |= 00007;
        else if (*text == 'a')
            who |= 07777;
        else
            return who;
    }
}

/// The number that octal digits are; -1: it is none, or too large.
constexpr int octal_mode(const char* text) {
    constexpr int kMost = 07777;
    int number = *text == '\0' ? -1 : 0;
    for (; *text >= '0' && *text <= '7' && number <= kMost; ++text)
        number = number * 8 + (*text - '0');
    return *text == '\0' && number <= kMost ? number : -1;
}

/// `mode` as `text` changes it; `mask`: the rights that a clause without "who" leaves alone
/// (umask(2)). A number stands for itself. `is_folder`: for X. -1: the text makes no sense.
constexpr int changed_mode(const char* text, unsigned mode, unsigned mask, bool is_folder = false) {
    constexpr int kAll = 07777, kSticky = 01000, kExecute = 0111;
    if (*text >= '0' && *text <= '9') return octal_mode(text);
    int result = static_cast<int>(mode);
    for (;; ++text) {
        const int who = take_who(text);
        const int touched = who != 0 ? who : kAll & ~static_cast<int>(mask);
        if (*text != '+' && *text != '-' && *text != '=') return -1;
        while (*text == '+' || *text == '-' || *text == '=') {
            const char action = *text++;
            const bool is_executable = is_folder || (result & kExecute) != 0;
            const bool is_copy = *text == 'u' || *text == 'g' || *text == 'o';
            const int named = is_copy ? take_copy(text, result) : take_rights(text, is_executable);
            const int rights = named & (touched | kSticky);  // t is everybody's, whoever is named
            if (action == '=') result &= ~(who != 0 ? who : kAll);
            result = action == '-' ? result & ~rights : result | rights;
        }
        if (*text == '\0') return result;
        if (*text != ',') return -1;
    }
}

}  // namespace quire
