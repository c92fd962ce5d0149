// cat [-n] [FILE]...: what is in the files, or comes from the standard input ("-"). -n: numbered
// lines.
#include <unistd.h>

#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

char room[16384];

// A reader that has gone away ends cat by SIGPIPE.
int copy(FILE* in) {
    for (;;) {
        const ssize_t got = read(fileno(in), room, sizeof room);
        if (got == 0) return 0;
        if (got < 0) return complain("reading");
        for (ssize_t done = 0; done < got;) {
            const ssize_t written =
                write(STDOUT_FILENO, room + done, static_cast<size_t>(got - done));
            if (written < 0) return complain("standard output");
            done += written;
        }
    }
}

int copy_numbered(FILE* in) {
    static int line = 0;
    static bool starts = true;
    for (int character = 0; (character = getc(in)) != EOF; starts = character == '\n') {
        if (starts) printf("%6d\t", ++line);
        putchar(character);
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "nu", "[-n] [FILE]...");
    const bool is_numbered = options.has('n');
    return finish(for_each_input(options.operands(), [&](FILE* in, const char*) {
        return is_numbered ? copy_numbered(in) : copy(in);
    }));
}
