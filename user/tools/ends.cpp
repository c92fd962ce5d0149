#include "user/tools/ends.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

namespace quire::tools {

void take_old_amount(int& argc, char** argv, Amount& amount, bool of_tail) {
    if (argc < 2 || (argv[1][0] != '-' && (argv[1][0] != '+' || !of_tail))) return;
    char* end = nullptr;
    if (isdigit(static_cast<unsigned char>(argv[1][1])) == 0) return;
    const long long count = strtoll(argv[1] + 1, &end, 10);
    const bool of_bytes = of_tail && *end == 'c';
    if (of_bytes || (of_tail && *end == 'l')) ++end;
    const bool follows = of_tail && *end == 'f';
    if (end[follows ? 1 : 0] != '\0') return;
    amount = {count, of_bytes, argv[1][0] == '+', false};
    if (follows) {
        static char option[] = "-f";
        argv[1] = option;
        return;
    }
    for (int i = 1; i < argc; ++i)
        argv[i] = argv[i + 1];
    --argc;
}

void choose_amount(const Options& options, Amount& amount) {
    const char which = options.last_of("nc");
    if (which == '\0') return;
    const char* text = options.value(which);
    amount.of_bytes = which == 'c';
    amount.from_start = *text == '+';
    amount.all_but_last = *text == '-';
    if (*text == '+' || *text == '-') ++text;
    amount.count = parse_size(text);  // what is more than a number can be is all
    if (amount.count >= 0) return;
    complain(text, "not a number");
    exit(1);
}

void show_title(const char* name) {
    static const char* before = "";
    printf("%s==> %s <==\n", before, strcmp(name, "-") == 0 ? "standard input" : name);
    before = "\n";
}

}  // namespace quire::tools
