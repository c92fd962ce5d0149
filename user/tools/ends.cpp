#include "user/tools/ends.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

namespace quire::tools {

void take_old_amount(int& argc, char** argv, Amount& amount) {
    if (argc < 2 || argv[1][0] != '-' || parse_number(argv[1] + 1) < 0) return;
    amount.count = parse_number(argv[1] + 1);
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
    if (*text == '+' || *text == '-') ++text;
    amount.count = parse_size(text);
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
