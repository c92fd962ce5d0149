// What `test` says, the built-in command and /bin/test alike: conditions about texts, numbers and
// files. POSIX test(1), with -a, -o and parentheses as XSI has them.
//
//     -bcdefgGhkLOprsStuwx FILE   -n -z TEXT            TEXT = == != < > TEXT
//     NUMBER -eq -ne -lt -le -gt -ge NUMBER             FILE -nt -ot -ef FILE
//     ! EXPRESSION    ( EXPRESSION )    EXPRESSION -a EXPRESSION    EXPRESSION -o EXPRESSION
#pragma once

#include <span>

namespace quire {

/// Who is told what makes no sense, and why.
struct TestComplaint {
    void (*tell)(void* context, const char* word, const char* why);
    void* context;
};

/// 0: it holds; 1: it does not; 2: it is no expression, and that was told once.
int evaluate_test(std::span<char* const> words, const TestComplaint& complaint);

}  // namespace quire
