// head [-n LINES | -c BYTES] [-qv] [FILE]...: how each file begins: 10 lines, or so many. -q, -v:
// never, always with its name above.
#include "user/tools/ends.h"

using namespace quire::tools;

namespace {

int show(FILE* in, const Amount& amount) {
    long long left = amount.count;
    for (int character = 0; left > 0 && (character = getc(in)) != EOF;) {
        putchar(character);
        if (amount.of_bytes || character == '\n') --left;
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Amount amount;
    take_old_amount(argc, argv, amount);
    const Options options(argc, argv, "n:c:qv", "[-n LINES | -c BYTES] [-qv] [FILE]...");
    choose_amount(options, amount);
    return finish(
        for_each_titled(options, [&](FILE* in, const char*) { return show(in, amount); }));
}
