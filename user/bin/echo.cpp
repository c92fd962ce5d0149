// echo [-n] WORD...: the words, one blank between two, and the end of the line (-n: not that).
#include "libc/string.h"
#include "user/output.h"
#include "user/system.h"

int main(int argc, char** argv, char**) {
    const bool ends_line = argc < 2 || strcmp(argv[1], "-n") != 0;
    const int first = ends_line ? 1 : 2;
    quire::Output output(quire::sys::kOutput);
    for (int i = first; i < argc; ++i)
        output.print("%s%s", i > first ? " " : "", argv[i]);
    if (ends_line) output.print("\n");
    return output.flush() ? 0 : 1;
}
