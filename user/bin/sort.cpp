// sort [-nhrufbcCms] [-t CHARACTER] [-k FIRST[,LAST]]... [-o FILE] [FILE]...: the lines of all
// files in order. -n: by the numbers they begin with, -h: 2K before 1M; -r: the other way round;
// -u: equal ones once; -f: without regard to case; -b: blanks before a field do not count; -k: by
// fields FIRST to LAST (or the end), each with blanks before it, or with -t between CHARACTERs;
// what is equal by one key is compared by the next; letters n h r f b behind a field count as
// options; -s: what is equal stays in its order; -c: only says whether they are in order, -C: by
// the exit code alone; -m: files that are in order themselves, which need nothing else here.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "user/tools/list.h"
#include "user/tools/sort_key.h"
#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

struct Line {
    char* start;
    size_t length;
    size_t number;  // in the order they came in

    [[nodiscard]] Text text() const { return {start, length}; }
};

// qsort hands nothing over to the comparison.
SortKey* keys = nullptr;
size_t key_count = 0;
bool is_unique = false, is_stable = false, reverses_all = false;

int order_by_keys(const Line& left, const Line& right) {
    for (size_t i = 0; i < key_count; ++i)
        if (const int order = keys[i].compare(left.text(), right.text())) return order;
    if (is_unique || is_stable) return 0;
    const int order = compare_texts(left.text(), right.text());
    return reverses_all ? -order : order;
}

int order(const void* left_place, const void* right_place) {
    const Line& left = *static_cast<const Line*>(left_place);
    const Line& right = *static_cast<const Line*>(right_place);
    if (const int by_keys = order_by_keys(left, right)) return by_keys;
    return left.number < right.number ? -1 : 1;
}

class Lines {
  public:
    void read(FILE* in) {
        char* line = nullptr;
        size_t size = 0;
        for (ssize_t length = 0; (length = getline(&line, &size, in)) >= 0;) {
            const bool has_end = length > 0 && line[length - 1] == '\n';
            add({line, static_cast<size_t>(length) - (has_end ? 1 : 0)});
        }
        free(line);
    }
    void sort() { lines_.sort(order); }
    void show(FILE* out) const {
        const Line* before = nullptr;
        for (const Line& line : lines_.all()) {
            if (!is_unique || before == nullptr || order_by_keys(*before, line) != 0)
                fwrite(line.start, 1, line.length, out), putc('\n', out);
            before = &line;
        }
    }
    /// The line that is out of order, or nullptr.
    [[nodiscard]] const char* first_wrong() const {
        const Line* before = nullptr;
        for (const Line& line : lines_.all()) {
            const int now = before != nullptr ? order_by_keys(*before, line) : -1;
            if (now > 0 || (now == 0 && is_unique)) return line.start;
            before = &line;
        }
        return nullptr;
    }

  private:
    /// A copy, with a NUL behind it.
    void add(Text line) {
        auto* const copy = static_cast<char*>(need_memory(malloc(line.size() + 1)));
        memcpy(copy, line.data(), line.size());
        copy[line.size()] = '\0';
        lines_.add({copy, line.size(), lines_.all().size()});
    }

    List<Line> lines_;
};

int write_to(const char* path, const Lines& lines) {
    FILE* const out = fopen(path, "w");
    if (out == nullptr) return complain(path);
    lines.show(out);
    return fclose(out) == 0 ? 0 : complain(path);
}

/// What all keys begin with: the options and the separator. False after a complaint.
bool take_usual(const Options& options, SortKey& usual) {
    for (const char letter : {'n', 'h', 'r', 'f', 'b'})
        if (options.has(letter)) usual.set_usual(letter);
    const char* const separator = options.value('t');
    if (separator == nullptr) return true;
    const bool is_nul = strcmp(separator, "\\0") == 0;
    if (!is_nul && strlen(separator) != 1) return complain(separator, "not a character") == 0;
    usual.has_separator = true;
    usual.separator = is_nul ? '\0' : *separator;
    return true;
}

/// False after a complaint.
bool take_keys(const Options& options, const SortKey& usual) {
    size_t given = 0;
    options.for_each_value('k', [&](const char*) { ++given; });
    keys = static_cast<SortKey*>(need_memory(calloc(given + 1, sizeof(SortKey))));
    bool is_right = true;
    options.for_each_value('k', [&](const char* text) {
        keys[key_count] = usual;
        if (!keys[key_count++].parse(text)) is_right = complain(text, "not a field") == 0;
    });
    if (given == 0) keys[key_count++] = usual;
    return is_right;
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(
        argc, argv,
        "nhrufbcCmst:k:o:", "[-nhrufbcCms] [-t CHARACTER] [-k FIELDS]... [-o FILE] [FILE]...", 2,
        "numeric-sort=n human-numeric-sort=h reverse=r unique=u ignore-case=f "
        "ignore-leading-blanks=b check=c merge=m stable=s field-separator=t key=k output=o");
    is_unique = options.has('u');
    is_stable = options.has('s');
    reverses_all = options.has('r');
    SortKey usual;
    if (!take_usual(options, usual) || !take_keys(options, usual)) return 2;
    Lines lines;
    int result = for_each_input(options.operands(), [&](FILE* in, const char*) {
        lines.read(in);
        return 0;
    });
    if (result != 0) return 2;
    if (options.has('c') || options.has('C')) {
        const char* const wrong = lines.first_wrong();
        return wrong == nullptr ? 0 : options.has('C') ? 1 : complain("disorder", wrong);
    }
    lines.sort();
    if (options.has('o')) return write_to(options.value('o'), lines) == 0 ? 0 : 2;
    lines.show(stdout);
    return finish(0) == 0 ? 0 : 2;
}
