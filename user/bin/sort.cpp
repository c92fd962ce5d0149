// sort [-nrufbc] [-t CHARACTER] [-k FIRST[,LAST]] [-o FILE] [FILE]...: the lines of all files in
// order. -n: by the numbers they begin with; -r: the other way round; -u: equal ones once; -f:
// without regard to case; -b: blanks before a field do not count; -k: by fields FIRST to LAST (or
// the end), each with blanks before it, or with -t between CHARACTERs; letters n r f b behind a
// field count as options; -c: only says whether they are in order.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "user/tools/sort_key.h"
#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

SortKey key;  // qsort hands nothing over to the comparison
bool is_unique = false;

int order(const void* left_place, const void* right_place) {
    const char* const left = *static_cast<char* const*>(left_place);
    const char* const right = *static_cast<char* const*>(right_place);
    const int by_key = key.compare(left, right);
    if (by_key != 0 || is_unique) return by_key;
    return key.reverses_all ? strcmp(right, left) : strcmp(left, right);
}

class Lines {
  public:
    void read(FILE* in) {
        char* line = nullptr;
        size_t size = 0;
        for (ssize_t length = 0; (length = getline(&line, &size, in)) >= 0;) {
            if (length > 0 && line[length - 1] == '\n') line[length - 1] = '\0';
            add(static_cast<char*>(need_memory(strdup(line))));
        }
        free(line);
    }
    void sort() { qsort(lines_, count_, sizeof(char*), order); }
    void show(FILE* out) const {
        for (size_t i = 0; i < count_; ++i)
            if (!is_unique || i == 0 || order(&lines_[i - 1], &lines_[i]) != 0)
                fprintf(out, "%s\n", lines_[i]);
    }
    /// The line that is out of order, or nullptr.
    [[nodiscard]] const char* first_wrong() const {
        for (size_t i = 1; i < count_; ++i) {
            const int now = order(&lines_[i - 1], &lines_[i]);
            if (now > 0 || (now == 0 && is_unique)) return lines_[i];
        }
        return nullptr;
    }

  private:
    void add(char* line) {
        if (count_ == room_) {
            room_ = room_ == 0 ? 256 : 2 * room_;
            lines_ = static_cast<char**>(need_memory(reallocarray(lines_, room_, sizeof(char*))));
        }
        lines_[count_++] = line;
    }

    char** lines_ = nullptr;
    size_t count_ = 0;
    size_t room_ = 0;
};

int write_to(const char* path, const Lines& lines) {
    FILE* const out = fopen(path, "w");
    if (out == nullptr) return complain(path);
    lines.show(out);
    return fclose(out) == 0 ? 0 : complain(path);
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(
        argc, argv, "nrufbct:k:o:", "[-nrufbc] [-t CHARACTER] [-k FIELDS] [-o FILE] [FILE]...", 2);
    is_unique = options.has('u');
    key.set_usual(options.has('n'), options.has('r'), options.has('f'), options.has('b'));
    if (const char* const separator = options.value('t')) key.separator = *separator;
    if (options.has('k') && !key.parse(options.value('k'))) {
        complain(options.value('k'), "not a field");
        return 2;
    }
    Lines lines;
    int result = for_each_input(options.operands(), [&](FILE* in, const char*) {
        lines.read(in);
        return 0;
    });
    if (result != 0) return 2;
    if (options.has('c')) {
        const char* const wrong = lines.first_wrong();
        return wrong != nullptr ? complain("disorder", wrong) : 0;
    }
    lines.sort();
    if (options.has('o')) return write_to(options.value('o'), lines) == 0 ? 0 : 2;
    lines.show(stdout);
    return finish(0) == 0 ? 0 : 2;
}
