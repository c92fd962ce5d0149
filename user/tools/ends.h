// What head and tail do alike: how much they show, and the names above what they show.
#pragma once

#include "user/tools/tool.h"

namespace quire::tools {

struct Amount {
    long long count = 10;
    bool of_bytes = false;
    bool from_start = false;    // "+5": from the fifth on
    bool all_but_last = false;  // "-5": not the last five, for head
};

/// "-5" as the first word, which is no option as others: taken, and put out of the way. `of_tail`:
/// so are "+5", "-5c" and "-5f".
void take_old_amount(int& argc, char** argv, Amount& amount, bool of_tail);
/// What -n or -c says; ends the program for what is no number.
void choose_amount(const Options& options, Amount& amount);
/// "==> name <==" above what is shown of a file, from the second on behind an empty line.
void show_title(const char* name);

/// Whether several are shown (or -v, and not -q).
inline bool has_titles(const Options& options) {
    const char how = options.last_of("qv");
    return how == 'v' || (how == '\0' && options.operands().size() > 1);
}

/// handle(FILE*, name) for each input, under a title if they have one.
template <typename Handle>
int for_each_titled(const Options& options, Handle handle) {
    const bool with_titles = has_titles(options);
    return for_each_input(options.operands(), [&](FILE* in, const char* name) {
        if (with_titles) show_title(name);
        return handle(in, name);
    });
}

}  // namespace quire::tools
