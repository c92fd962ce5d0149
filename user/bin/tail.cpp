// tail [-n [+]LINES | -c [+]BYTES] [-fFqv] [FILE]...: how each file ends: 10 lines, or so many, or
// from line +5 on. -f: waits, and shows what is added; -F: to what has the name then, too.
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "user/tools/ending.h"

using namespace quire::tools;

namespace {

void skip(FILE* in, const Amount& amount) {
    long long left = amount.count > 0 ? amount.count - 1 : 0;
    for (int character = 0; left > 0 && (character = getc(in)) != EOF;)
        if (amount.of_bytes || character == '\n') --left;
}

void show_rest(FILE* in) {
    for (int character = 0; (character = getc(in)) != EOF;)
        putchar(character);
}

int show(FILE* in, const Amount& amount) {
    if (amount.from_start) {
        skip(in, amount);
        show_rest(in);
        return 0;
    }
    Ending ending(amount, false);
    for (int character = 0; (character = getc(in)) != EOF;)
        ending.add(static_cast<char>(character));
    ending.show();
    return 0;
}

/// A file that is watched: -f watches what was opened, -F what has the name now.
class Followed {
  public:
    /// `place`: how much of it was shown. The standard input stays as it is.
    void begin(FILE* in, const char* name) {
        name_ = name;
        is_input_ = in == stdin;
        place_ = is_input_ ? 0 : ftello(in);
        // The caller closes its own; by its name it could already be another file.
        file_ = is_input_ ? stdin : fdopen(dup(fileno(in)), "r");
    }
    /// Shows what was added, under the name if `title` is told. False: nothing was.
    bool show_more(bool by_name, bool with_title) {
        if (!is_input_) find_again(by_name);
        if (file_ == nullptr) return false;
        if (!is_input_) fseeko(file_, place_, SEEK_SET);
        clearerr(file_);
        const int first = getc(file_);
        if (first == EOF) return false;
        if (with_title) show_title(name_);
        putchar(first);
        show_rest(file_);
        if (!is_input_) place_ = ftello(file_);
        return true;
    }

  private:
    /// From the start again for what was cut short, or is another file of that name.
    void find_again(bool by_name) {
        struct stat there, here;
        if (by_name && stat(name_, &there) == 0 &&
            (file_ == nullptr || fstat(fileno(file_), &here) != 0 || there.st_ino != here.st_ino)) {
            if (file_ != nullptr) fclose(file_);
            file_ = fopen(name_, "r");
            place_ = 0;
        }
        if (file_ != nullptr && fstat(fileno(file_), &here) == 0 && here.st_size < place_)
            place_ = 0;
    }

    const char* name_ = "";
    FILE* file_ = nullptr;
    off_t place_ = 0;
    bool is_input_ = false;
};

/// Never comes back, unless what it writes cannot be written.
void follow(std::span<Followed> files, bool by_name, bool with_titles) {
    constexpr timespec kPause{0, 200'000'000};
    size_t last = files.size() - 1;
    while (fflush(stdout) == 0 && ferror(stdout) == 0) {
        for (size_t i = 0; i < files.size(); ++i)
            if (files[i].show_more(by_name, with_titles && i != last)) last = i;
        nanosleep(&kPause, nullptr);
    }
}

}  // namespace

int main(int argc, char** argv) {
    Amount amount;
    take_old_amount(argc, argv, amount, true);
    const Options options(argc, argv, "n:c:fFqv", "[-n [+]LINES | -c [+]BYTES] [-fFqv] [FILE]...",
                          1, "lines=n bytes=c follow=f quiet=q silent=q verbose=v");
    choose_amount(options, amount);
    const bool follows = options.has('f') || options.has('F');
    const size_t most = options.operands().size() + 1;
    auto* const followed = static_cast<Followed*>(need_memory(calloc(most, sizeof(Followed))));
    size_t count = 0;
    const int result = for_each_titled(options, [&](FILE* in, const char* name) {
        const int shown = show(in, amount);
        // A pipe that has ended gets nothing more.
        struct stat told;
        const bool is_pipe = fstat(fileno(in), &told) == 0 && S_ISFIFO(told.st_mode);
        if (!is_pipe) followed[count++].begin(in, name);
        return shown;
    });
    if (follows && count > 0) follow({followed, count}, options.has('F'), has_titles(options));
    free(followed);
    return finish(result);
}
