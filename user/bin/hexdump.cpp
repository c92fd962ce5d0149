// hexdump [-Cbcdoxv] [-n BYTES] [-s SKIP] [FILE]...: the bytes of all files together, 16 a line, as
// words in hexadecimal, or with -C as bytes and characters; -x, -d, -o: words as hexadecimal,
// decimal, octal numbers; -b, -c: bytes as octal numbers, as characters. Lines that repeat are a
// "*"; -v: all are shown.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

constexpr size_t kLine = 16;

class Dump {
  public:
    explicit Dump(const Options& options)
        : form_(options.last_of("Ccbdox")), shows_all_(options.has('v')) {
        left_ = options.has('n') ? size('n', options) : -1;
        skip_ = options.has('s') ? size('s', options) : 0;
        offset_ = static_cast<unsigned long long>(skip_);
    }

    void add(int byte) {
        if (skip_ > 0) {
            --skip_;
            return;
        }
        if (left_ == 0) return;
        if (left_ > 0) --left_;
        line_[used_++] = static_cast<unsigned char>(byte);
        if (used_ == kLine) show_line();
    }
    [[nodiscard]] bool wants_more() const { return left_ != 0; }

    void finish() {
        if (used_ > 0) show_line();
        offset_ -= static_cast<unsigned long long>(skip_);  // more than there was
        if (offset_ > 0) printf(form_ == 'C' ? "%08llx\n" : "%07llx\n", offset_);
    }

  private:
    static long long size(char letter, const Options& options) {
        const char* const text = options.value(letter);
        const long long size =
            strncmp(text, "0x", 2) == 0 ? strtoll(text, nullptr, 16) : parse_size(text);
        if (size >= 0) return size;
        complain(text, "not a size");
        exit(2);
    }

    void show_line() {
        const bool repeats =
            !shows_all_ && used_ == kLine && has_before_ && memcmp(line_, before_, kLine) == 0;
        if (repeats) {
            if (!is_starred_) puts("*");
        } else if (form_ == 'C') {
            show_canonical();
        } else if (form_ == 'c' || form_ == 'b') {
            show_bytes();
        } else {
            show_words();
        }
        is_starred_ = repeats;
        has_before_ = used_ == kLine;
        memcpy(before_, line_, kLine);
        offset_ += used_;
        used_ = 0;
    }

    // The machine's own order: the byte at the higher address comes first.
    void show_words() const {
        const int width = form_ == '\0' ? 5 : 8;
        printf("%07llx", offset_);
        for (size_t i = 0; i < used_; i += 2) {
            const unsigned high = i + 1 < used_ ? line_[i + 1] : 0;
            const unsigned word = high << 8 | line_[i];
            if (form_ == 'd')
                printf("%*s%05u", width - 5, "", word);
            else if (form_ == 'o')
                printf("%*s%06o", width - 6, "", word);
            else
                printf("%*s%04x", width - 4, "", word);
        }
        for (size_t words = (used_ + 1) / 2; words < kLine / 2; ++words)
            printf("%*s", width, "");
        putchar('\n');
    }

    void show_bytes() const {
        constexpr char kLetters[] = "0abtnvfr";  // of the escapes for 0 and 7 to 13
        printf("%07llx", offset_);
        for (size_t i = 0; i < kLine; ++i) {
            const unsigned char byte = line_[i];
            const char letter = byte == 0                 ? '0'
                                : byte >= 7 && byte <= 13 ? kLetters[byte - 6]
                                                          : '\0';
            if (i >= used_)
                fputs("    ", stdout);
            else if (form_ == 'c' && letter != '\0')
                printf("  \\%c", letter);
            else if (form_ == 'c' && isprint(byte) != 0)
                printf("   %c", byte);
            else
                printf(" %03o", byte);
        }
        putchar('\n');
    }

    void show_canonical() const {
        printf("%08llx ", offset_);
        for (size_t i = 0; i < kLine; ++i) {
            if (i == kLine / 2) putchar(' ');
            if (i < used_)
                printf(" %02x", line_[i]);
            else
                fputs("   ", stdout);
        }
        fputs("  |", stdout);
        for (size_t i = 0; i < used_; ++i)
            putchar(isprint(line_[i]) != 0 ? line_[i] : '.');
        puts("|");
    }

    char form_;  // the letter of the option
    bool shows_all_;
    long long left_;  // below 0: all there is
    long long skip_;
    unsigned long long offset_;
    unsigned char line_[kLine] = {};
    unsigned char before_[kLine] = {};
    size_t used_ = 0;
    bool has_before_ = false;
    bool is_starred_ = false;
};

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "Cbcdoxvn:s:", "[-Cbcdoxv] [-n BYTES] [-s SKIP] [FILE]...", 1,
                          "canonical=C no-squeezing=v length=n skip=s");
    Dump dump(options);
    const int result = for_each_input(options.operands(), [&](FILE* in, const char*) {
        for (int byte = 0; dump.wants_more() && (byte = getc(in)) != EOF;)
            dump.add(byte);
        return 0;
    });
    dump.finish();
    return finish(result);
}
