// cat [-nbsvETAet] [FILE]...: what is in the files, or comes from the standard input ("-"). -n:
// numbered lines, -b: without empty ones; -s: one empty line for several; -v: what cannot be seen
// as ^X and M-X, -E: $ at the ends of lines, -T: ^I for tabs; -e -t -A: -vE, -vT, -vET.
#include <sys/stat.h>
#include <unistd.h>

#include "user/tools/bytes.h"
#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

/// A file that is behind itself would never end.
bool is_output(FILE* in) {
    struct stat from, to;
    return fstat(fileno(in), &from) == 0 && fstat(STDOUT_FILENO, &to) == 0 && S_ISREG(to.st_mode) &&
           from.st_dev == to.st_dev && from.st_ino == to.st_ino &&
           lseek(fileno(in), 0, SEEK_CUR) < from.st_size;
}

/// A character at a time, for all that changes the text. Lines go on from one file to the next.
class Shower {
  public:
    explicit Shower(const Options& options)
        : numbers_(options.has('n')),
          numbers_full_(options.has('b')),
          squeezes_(options.has('s')),
          shows_hidden_(options.last_of("vetA") != '\0'),
          shows_ends_(options.last_of("EeA") != '\0'),
          shows_tabs_(options.last_of("TtA") != '\0') {}

    [[nodiscard]] bool is_needed() const {
        return numbers_ || numbers_full_ || squeezes_ || shows_hidden_ || shows_ends_ ||
               shows_tabs_;
    }
    int show(FILE* in) {
        for (int character = 0; (character = getc(in)) != EOF;)
            put(static_cast<unsigned char>(character));
        return 0;
    }

  private:
    void put(unsigned char character) {
        const bool is_end = character == '\n';
        const bool is_empty = starts_ && is_end;
        if (is_empty && squeezes_ && was_empty_) return;
        if (starts_ && (numbers_full_ ? !is_end : numbers_)) printf("%6d\t", ++line_);
        if (is_end && shows_ends_) putchar('$');
        if (is_end)
            putchar('\n');
        else if (character == '\t')
            fputs(shows_tabs_ ? "^I" : "\t", stdout);
        else if (shows_hidden_)
            put_visible(character);
        else
            putchar(character);
        was_empty_ = is_empty;
        starts_ = is_end;
    }
    static void put_visible(unsigned char character) {
        constexpr unsigned char kHigh = 0x80, kFirst = 0x20, kDelete = 0x7F, kControl = 0x40;
        if (character >= kHigh) fputs("M-", stdout);
        character &= kHigh - 1;
        const bool is_hidden = character < kFirst || character == kDelete;
        if (is_hidden) putchar('^');
        putchar(is_hidden ? character ^ kControl : character);
    }

    bool numbers_, numbers_full_, squeezes_, shows_hidden_, shows_ends_, shows_tabs_;
    int line_ = 0;
    bool starts_ = true, was_empty_ = false;
};

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "nbsvETAetu", "[-nbsvETAet] [FILE]...", 1,
                          "number=n number-nonblank=b squeeze-blank=s show-nonprinting=v "
                          "show-ends=E show-tabs=T show-all=A");
    Shower shower(options);
    return finish(for_each_input(options.operands(), [&](FILE* in, const char* name) {
        if (is_output(in)) return complain(name, "is the output, too");
        if (shower.is_needed()) return shower.show(in);
        // A reader that has gone away ends cat by SIGPIPE.
        return copy_bytes(fileno(in), STDOUT_FILENO, name, "standard output");
    }));
}
