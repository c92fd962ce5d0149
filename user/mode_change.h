// The rights of files as people write them for chmod(1), mkdir -m and umask: 755, u=rwx,go=rx, +x.
//
//     go-w,u+s    clauses: who (u g o a), what happens (+ - =), which rights (r w x X s t)
#pragma once

#include <cstddef>
#include <string_view>

namespace quire {

/// The rights in the clause, for all three of user, group and others at once. -1: not a right.
constexpr int rights_of(std::string_view letters, bool is_executable) {
    int rights = 0;
    for (const char letter : letters) {
        if (letter == 'r')
            rights |= 0444;
        else if (letter == 'w')
            rights |= 0222;
        else if (letter == 'x' || (letter == 'X' && is_executable))
            rights |= 0111;
        else if (letter == 's')
            rights |= 06000;
        else if (letter == 't')
            rights |= 01000;
        else if (letter != 'X')
            return -1;
    }
    return rights;
}

/// `mode` as `text` changes it; `mask`: the rights that a clause without "who" leaves alone
/// (umask(2)). A number stands for itself. `is_folder`: for X. -1: the text makes no sense.
constexpr int changed_mode(std::string_view text, unsigned mode, unsigned mask,
                           bool is_folder = false) {
    constexpr int kAll = 07777;
    if (!text.empty() && text.find_first_not_of("01234567") == std::string_view::npos) {
        int number = 0;
        for (const char digit : text)
            number = number > kAll ? number : number * 8 + (digit - '0');
        return number > kAll ? -1 : number;
    }
    int result = static_cast<int>(mode);
    for (bool is_last = false; !is_last;) {
        const std::size_t comma = text.find(',');
        std::string_view clause = text.substr(0, comma);
        is_last = comma == std::string_view::npos;
        if (!is_last) text.remove_prefix(comma + 1);
        int who = 0;
        for (; !clause.empty() && std::string_view("ugoa").find(clause[0]) != clause.npos;
             clause.remove_prefix(1))
            who |= clause[0] == 'u'   ? 04700
                   : clause[0] == 'g' ? 02070
                   : clause[0] == 'o' ? 00007
                                      : kAll;
        const int touched = who != 0 ? who : kAll & ~static_cast<int>(mask);
        if (clause.empty()) return -1;
        while (!clause.empty()) {
            const char action = clause[0];
            if (action != '+' && action != '-' && action != '=') return -1;
            clause.remove_prefix(1);
            const std::size_t end = clause.find_first_of("+-=");
            const int rights = rights_of(clause.substr(0, end), is_folder || (result & 0111) != 0);
            if (rights < 0) return -1;
            // t is everybody's, whoever is named.
            const int changed = rights & (touched | 01000);
            if (action == '=') result &= ~(who != 0 ? who : kAll);
            result = action == '-' ? result & ~changed : result | changed;
            clause.remove_prefix(end == std::string_view::npos ? clause.size() : end);
        }
    }
    return result;
}

}  // namespace quire
