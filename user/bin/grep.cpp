// grep [-EFivnclLqsoxwhHra] [-m COUNT] [-A AFTER] [-B BEFORE] [-C BOTH] PATTERN [FILE]...: the
// lines that match a regular expression. -e PATTERN: one more, -f FILE: those in its lines; -E:
// extended expressions, -F: fixed texts; -i: without regard to case; -v: the other lines; -x, -w:
// whole lines, whole words; -o: only what matches; -c: how many; -n: with their numbers; -l, -L:
// the files that have some, have none; -h, -H: without, with their names; -r: all files of folders;
// -a: what has bytes of 0 is text, too; -q: nothing, the exit code tells; -s: no complaints of
// files; -3: -C 3. It is 0 if there were some, 1 if not, 2 for an error.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "user/tools/names.h"
#include "user/tools/patterns.h"
#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

struct Line {
    char* text;
    size_t room;
    size_t length;
    unsigned long number;
};

class Grep {
  public:
    Grep(const Options& options, const Patterns& patterns, bool with_names, bool hides_here)
        : options_(options),
          patterns_(patterns),
          with_names_(with_names),
          hides_here_(hides_here),
          before_(options.number('B', options.number('C', 0))),
          after_(options.number('A', options.number('C', 0))),
          most_(options.has('m') ? options.number('m', 0) : -1) {
        kept_ =
            static_cast<Line*>(need_memory(calloc(static_cast<size_t>(before_) + 1, sizeof(Line))));
    }
    ~Grep() { free(kept_); }
    Grep(const Grep&) = delete;
    Grep& operator=(const Grep&) = delete;

    void search(const char* path) {
        struct stat told;
        const bool is_input = strcmp(path, "-") == 0;
        if (!is_input && stat(path, &told) == 0 && S_ISDIR(told.st_mode))
            return search_folder(path);
        FILE* const file = is_input ? stdin : fopen(path, "r");
        if (file == nullptr) return fail(path);
        search_file(file, is_input ? "(standard input)" : path);
        is_input ? fflush(file) : fclose(file);
    }
    [[nodiscard]] bool knows_enough() const { return options_.has('q') && has_found_; }
    [[nodiscard]] int result() const {
        return has_failed_ && !(options_.has('q') && has_found_) ? 2 : has_found_ ? 0 : 1;
    }

  private:
    void fail(const char* path) {
        if (!options_.has('s')) complain(path);
        has_failed_ = true;
    }

    void search_folder(const char* path) {
        if (!options_.has('r') && !options_.has('R')) {
            errno = EISDIR;
            return fail(path);
        }
        Names names;
        if (!names.read(path)) return fail(path);
        names.sort();
        const bool is_unnamed = hides_here_ && strcmp(path, ".") == 0;
        for (const char* name : names) {
            char* const inner =
                is_unnamed ? static_cast<char*>(need_memory(strdup(name))) : join_path(path, name);
            struct stat told;
            const bool follows = options_.has('R');
            if (lstat(inner, &told) == 0 && (follows || !S_ISLNK(told.st_mode))) search(inner);
            free(inner);
        }
    }

    void search_file(FILE* file, const char* name) {
        const bool is_silent = options_.has('q') || options_.has('l') || options_.has('L');
        const bool counts_only = options_.has('c');
        name_ = name;
        unsigned long found = 0, number = 0;
        kept_count_ = 0;
        shown_until_ = 0;
        left_after_ = 0;
        const bool is_binary = !options_.has('a') && has_zeros(file);
        while (most_ < 0 || found < static_cast<unsigned long>(most_)) {
            Line line = take_line(file, ++number);
            if (line.text == nullptr) break;
            Regex::Match match{};
            const bool is_wanted =
                patterns_.find(line.text, line.length, 0, match) != options_.has('v');
            if (is_wanted) ++found;
            if (is_wanted && is_silent) break;
            if (is_wanted && is_binary && !counts_only) {
                complain(name, "binary file matches");
                break;
            }
            if (!counts_only && !is_silent && !is_binary) show_around(line, match, is_wanted);
            ++kept_count_;
        }
        show_what_follows(file, number);
        for (long i = 0; i < before_ + 1; ++i)
            free(kept_[i].text), kept_[i] = {};
        has_found_ |= found > 0;
        if (ferror(file) != 0) fail(name);
        if (options_.has('q')) return;
        if (options_.has('l') || options_.has('L')) {
            if ((found > 0) == options_.has('l')) puts(name);
        } else if (counts_only) {
            if (with_names_) printf("%s:", name);
            printf("%lu\n", found);
        }
    }

    /// Whether a file begins with what is no text.
    static bool has_zeros(FILE* file) {
        char start[4096];
        if (fseeko(file, 0, SEEK_CUR) != 0) return false;
        const off_t place = ftello(file);
        const size_t length = fread(start, 1, sizeof start, file);
        clearerr(file);
        fseeko(file, place, SEEK_SET);
        return memchr(start, '\0', length) != nullptr;
    }

    /// The next line without its end, in the memory of the oldest that was kept.
    Line take_line(FILE* file, unsigned long number) {
        Line& line = kept_[kept_count_ % (static_cast<size_t>(before_) + 1)];
        const ssize_t length = getline(&line.text, &line.room, file);
        if (length < 0) return {};
        line.length = static_cast<size_t>(length);
        if (length > 0 && line.text[length - 1] == '\n') line.text[--line.length] = '\0';
        line.number = number;
        return line;
    }

    void show_around(const Line& line, const Regex::Match& match, bool is_wanted) {
        if (!is_wanted) {
            if (left_after_ > 0) --left_after_, show(line, '-');
            return;
        }
        const unsigned long first = line.number > static_cast<unsigned long>(before_)
                                        ? line.number - static_cast<unsigned long>(before_)
                                        : 1;
        const bool has_gap = (before_ > 0 || after_ > 0) && has_shown_ && first > shown_until_ + 1;
        if (has_gap) puts("--");
        for (size_t i = kept_count_ > static_cast<size_t>(before_)
                            ? kept_count_ - static_cast<size_t>(before_)
                            : 0;
             i < kept_count_; ++i) {
            const Line& earlier = kept_[i % (static_cast<size_t>(before_) + 1)];
            if (earlier.number > shown_until_) show(earlier, '-');
        }
        left_after_ = after_;
        if (options_.has('o'))
            show_matches(line, match);
        else
            show(line, ':');
    }

    /// What stands behind the last match that is wanted (-m), whatever it is.
    void show_what_follows(FILE* file, unsigned long number) {
        for (; left_after_ > 0; ++kept_count_) {
            const Line line = take_line(file, ++number);
            if (line.text == nullptr) return;
            show_around(line, {}, false);
        }
    }

    void show_prefix(const Line& line, char mark) {
        if (with_names_) printf("%s%c", name_, mark);
        if (options_.has('n')) printf("%lu%c", line.number, mark);
        shown_until_ = line.number;
        has_shown_ = true;
    }
    void show(const Line& line, char mark) {
        show_prefix(line, mark);
        fwrite(line.text, 1, line.length, stdout);
        putchar('\n');
    }
    void show_matches(const Line& line, Regex::Match match) {
        if (options_.has('v')) return;
        for (size_t from = 0; patterns_.find(line.text, line.length, from, match);) {
            from = match.end > match.start ? match.end : match.end + 1;
            if (match.end > match.start) {
                show_prefix(line, ':');
                fwrite(line.text + match.start, 1, match.end - match.start, stdout);
                putchar('\n');
            }
            if (from > line.length) return;
        }
    }

    const Options& options_;
    const Patterns& patterns_;
    bool with_names_;
    bool hides_here_;  // the folder that nobody has named
    long before_, after_, most_;
    Line* kept_;  // a ring: the lines before the current one, and it
    size_t kept_count_ = 0;
    const char* name_ = "";
    unsigned long shown_until_ = 0;
    long left_after_ = 0;
    bool has_shown_ = false, has_found_ = false, has_failed_ = false;
};

/// "-3" means "-C3".
void take_context(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        if (argv[i][0] != '-' || parse_number(argv[i] + 1) < 0) continue;
        auto* const option = static_cast<char*>(need_memory(malloc(strlen(argv[i]) + 2)));
        strcpy(stpcpy(option, "-C"), argv[i] + 1);
        argv[i] = option;
    }
}

}  // namespace

int main(int argc, char** argv) {
    take_context(argc, argv);
    const Options options(
        argc, argv, "EFGivnclLqsoxwhHrRam:A:B:C:e:f:",
        "[-EFivnclLqsoxwhHra] [-m COUNT] [-A COUNT] [-B COUNT] [-C COUNT] [-e] PATTERN [FILE]...",
        2,
        "extended-regexp=E fixed-strings=F basic-regexp=G ignore-case=i invert-match=v "
        "line-number=n count=c files-with-matches=l files-without-match=L quiet=q silent=q "
        "no-messages=s only-matching=o line-regexp=x word-regexp=w no-filename=h with-filename=H "
        "recursive=r text=a max-count=m after-context=A before-context=B context=C regexp=e file=f "
        "color= line-buffered=");
    const char how = options.last_of("EFG");
    const Regex::Syntax syntax = how == 'E'   ? Regex::Syntax::Extended
                                 : how == 'F' ? Regex::Syntax::Fixed
                                              : Regex::Syntax::Basic;
    Operands files = options.operands();
    Patterns patterns(options, syntax);
    options.for_each_value('e', [&](const char* text) {
        patterns.add(static_cast<char*>(need_memory(strdup(text))));
    });
    options.for_each_value('f', [&](const char* name) { patterns.add_file(name); });
    if (!options.has('e') && !options.has('f')) {
        options.need(1);
        patterns.add(files[0]);
        files = files.subspan(1);
    }
    static char input[] = "-", here[] = ".";
    const bool searches_folders = options.has('r') || options.has('R');
    static char* only[] = {searches_folders ? here : input};
    const char named = options.last_of("hH");
    Grep grep(options, patterns,
              named == 'H' || (named == '\0' && (files.size() > 1 || searches_folders)),
              files.empty());
    for (const char* path : files.empty() ? Operands(only) : files)
        if (!grep.knows_enough()) grep.search(path);
    return finish(0) != 0 ? 2 : grep.result();
}
