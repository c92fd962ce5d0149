// tail [-n [+]LINES | -c [+]BYTES] [-fqv] [FILE]...: how each file ends: 10 lines, or so many, or
// from line +5 on. -f: waits, and shows what is added to the (last) file.
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "user/tools/ends.h"

using namespace quire::tools;

namespace {

/// The last bytes of what goes in, as many as make the amount; a ring that grows while it must.
class Ending {
  public:
    explicit Ending(const Amount& amount) : amount_(amount) {}
    ~Ending() { free(bytes_); }
    Ending(const Ending&) = delete;
    Ending& operator=(const Ending&) = delete;

    void add(char byte) {
        if (amount_.count == 0) return;
        if (!amount_.of_bytes && last_ == '\n' && lines_ == amount_.count) drop_line();
        if (amount_.of_bytes && used_ == static_cast<size_t>(amount_.count)) ++first_, --used_;
        if (used_ == room_) grow();
        bytes_[(first_ + used_++) & (room_ - 1)] = byte;
        if (last_ == '\n' || used_ == 1) ++lines_;
        last_ = byte;
    }
    void show() const {
        for (size_t i = 0; i < used_; ++i)
            putchar(bytes_[(first_ + i) & (room_ - 1)]);
    }

  private:
    void drop_line() {
        while (used_ > 0) {
            --used_;
            if (bytes_[first_++ & (room_ - 1)] == '\n') break;
        }
        --lines_;
    }
    void grow() {
        const size_t wanted = room_ == 0 ? 4096 : 2 * room_;
        auto* const larger = static_cast<char*>(need_memory(malloc(wanted)));
        for (size_t i = 0; i < used_; ++i)
            larger[i] = bytes_[(first_ + i) & (room_ - 1)];
        free(bytes_);
        bytes_ = larger;
        room_ = wanted;
        first_ = 0;
    }

    Amount amount_;
    char* bytes_ = nullptr;
    size_t room_ = 0;  // a power of two
    size_t first_ = 0;
    size_t used_ = 0;
    long long lines_ = 0;  // that have begun
    char last_ = '\n';
};

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
    Ending ending(amount);
    for (int character = 0; (character = getc(in)) != EOF;)
        ending.add(static_cast<char>(character));
    ending.show();
    return 0;
}

/// Never comes back, unless nobody reads what it writes.
void follow(FILE* in) {
    constexpr timespec kPause{0, 200'000'000};
    while (fflush(stdout) == 0) {
        show_rest(in);
        clearerr(in);
        nanosleep(&kPause, nullptr);
    }
}

}  // namespace

int main(int argc, char** argv) {
    Amount amount;
    take_old_amount(argc, argv, amount);
    const Options options(argc, argv, "n:c:fqv", "[-n [+]LINES | -c [+]BYTES] [-fqv] [FILE]...");
    choose_amount(options, amount);
    size_t left = options.operands().size();
    return finish(for_each_titled(options, [&](FILE* in, const char*) {
        const int result = show(in, amount);
        if (--left == 0 && options.has('f')) follow(in);
        return result;
    }));
}
