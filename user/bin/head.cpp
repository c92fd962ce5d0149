// head [-n [-]LINES | -c [-]BYTES] [-qv] [FILE]...: how each file begins: 10 lines, or so many, or
// all but the last so many (-n -5). -q, -v: never, always with its name above.
#include "user/tools/ending.h"

using namespace quire::tools;

namespace {

int show(FILE* in, const Amount& amount) {
    Ending ending(amount, true);
    long long left = amount.count;
    for (int character = 0; (amount.all_but_last || left > 0) && (character = getc(in)) != EOF;) {
        if (amount.all_but_last) {
            ending.add(static_cast<char>(character));
            continue;
        }
        putchar(character);
        if (amount.of_bytes || character == '\n') --left;
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Amount amount;
    take_old_amount(argc, argv, amount, false);
    const Options options(argc, argv, "n:c:qv", "[-n [-]LINES | -c [-]BYTES] [-qv] [FILE]...", 1,
                          "lines=n bytes=c quiet=q silent=q verbose=v");
    choose_amount(options, amount);
    return finish(
        for_each_titled(options, [&](FILE* in, const char*) { return show(in, amount); }));
}
