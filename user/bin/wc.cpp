// wc [-lwcmL] [FILE]...: lines, words and bytes of files, and their sum. -L: the longest line.
#include <ctype.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

struct Counts {
    unsigned long long lines = 0, words = 0, bytes = 0, longest = 0;

    void add(const Counts& other) {
        lines += other.lines, words += other.words, bytes += other.bytes;
        if (other.longest > longest) longest = other.longest;
    }
};

/// The bytes of a file need no reading; false: it is none.
bool count_bytes(FILE* in, Counts& counts) {
    struct stat told;
    if (fstat(fileno(in), &told) != 0 || !S_ISREG(told.st_mode) || told.st_size == 0) return false;
    const off_t place = lseek(fileno(in), 0, SEEK_CUR);
    if (place < 0) return false;
    counts.bytes = static_cast<unsigned long long>(told.st_size > place ? told.st_size - place : 0);
    return lseek(fileno(in), 0, SEEK_END) >= 0;
}

Counts count(FILE* in, bool bytes_only) {
    Counts counts;
    if (bytes_only && count_bytes(in, counts)) return counts;
    bool in_word = false;
    unsigned long long column = 0;
    char room[4096];
    for (size_t got = 0; (got = fread(room, 1, sizeof room, in)) > 0; counts.bytes += got) {
        for (size_t i = 0; i < got; ++i) {
            const auto character = static_cast<unsigned char>(room[i]);
            const bool is_space = isspace(character) != 0;
            if (!is_space && !in_word && isgraph(character) != 0) ++counts.words;
            in_word = !is_space && (in_word || isgraph(character) != 0);
            if (character == '\n') ++counts.lines;
            if (character == '\t')
                column += 8 - column % 8;
            else if (strchr("\n\r\f", character) != nullptr)
                column = 0;
            else if (isprint(character) != 0)
                ++column;
            if (column > counts.longest) counts.longest = column;
        }
    }
    return counts;
}

/// As wide as the size of all files, if they are files; alone it needs no width.
int width_of(const Options& options, size_t shown) {
    const Operands names = options.operands();
    if (shown == 1 && names.size() <= 1) return 1;
    unsigned long long sum = 0;
    bool are_files = true;
    static char input[] = "-";
    static char* only[] = {input};
    for (const char* name : names.empty() ? Operands(only) : names) {
        struct stat told;
        const bool is_input = strcmp(name, "-") == 0;
        if ((is_input ? fstat(STDIN_FILENO, &told) : stat(name, &told)) != 0) continue;
        if (!S_ISREG(told.st_mode))
            are_files = false;
        else
            sum += static_cast<unsigned long long>(told.st_size);
    }
    int width = 1;
    for (; sum >= 10; sum /= 10)
        ++width;
    return are_files ? width : width > 7 ? width : 7;
}

class Table {
  public:
    explicit Table(const Options& options) {
        const bool is_usual = options.last_of("lwcmL") == '\0';
        constexpr char kLetters[] = "lwcL";
        for (size_t i = 0; i < 4; ++i)
            is_shown_[i] =
                options.has(kLetters[i]) || (is_usual && i < 3) || (i == 2 && options.has('m'));
        size_t shown = 0;
        for (const bool is_shown : is_shown_)
            shown += is_shown ? 1 : 0;
        width_ = width_of(options, shown);
    }
    void show(const Counts& counts, const char* name) const {
        const unsigned long long figures[] = {counts.lines, counts.words, counts.bytes,
                                              counts.longest};
        const char* before = "";
        for (size_t i = 0; i < 4; ++i) {
            if (!is_shown_[i]) continue;
            printf("%s%*llu", before, width_, figures[i]);
            before = " ";
        }
        printf("%s%s\n", name != nullptr ? " " : "", name != nullptr ? name : "");
    }

  private:
    bool is_shown_[4];
    int width_;
};

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "lwcmL", "[-lwcmL] [FILE]...", 1,
                          "lines=l words=w bytes=c chars=m max-line-length=L");
    const Table table(options);
    Counts sum;
    const bool bytes_only = options.last_of("cm") != '\0' && options.last_of("lwL") == '\0';
    const bool has_names = !options.operands().empty();
    const int result = for_each_input(options.operands(), [&](FILE* in, const char* name) {
        const Counts counts = count(in, bytes_only);
        sum.add(counts);
        table.show(counts, has_names ? name : nullptr);
        return 0;
    });
    if (options.operands().size() > 1) table.show(sum, "total");
    return finish(result);
}
