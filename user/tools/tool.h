// What every tool of user/bin does alike: read its options, complain, read its inputs.
//
//     int main(int argc, char** argv) {
//         const Options options(argc, argv, "n:v", "[-v] [-n COUNT] [FILE]...");
//         return for_each_input(options.operands(), [&](FILE* in, const char* name) { ... });
//     }
#pragma once

#include <stddef.h>
#include <stdio.h>

#include <span>

#include "user/tools/main.h"

namespace quire::tools {

using Operands = std::span<char*>;

/// The last part of argv[0].
const char* tool_name();

/// "cp: what: No such file or directory" (errno) on the standard error output. Returns 1.
int complain(const char* what);
/// "cp: what: why". Returns 1.
int complain(const char* what, const char* why);

/// Whether everything has been written, else a complaint: 0 or 1. The last thing a tool does.
int finish(int result);

class Options {
  public:
    /// Reads them as getopt(3) does. For one that is not in `letters` it tells the usage, which
    /// begins behind the tool's name, and ends the program with the code `bad_use`; so it does for
    /// more than 64. --help tells it, too, and is no mistake. `names`: words that mean letters,
    /// "lines=n all=a color=": --lines=3, --lines 3, --all; what has no letter means nothing.
    Options(int argc, char** argv, const char* letters, const char* usage, int bad_use = 1,
            const char* names = "");

    [[nodiscard]] bool has(char letter) const { return find(letter) != nullptr; }
    /// What was given with it the last time; `otherwise` if it was not given.
    [[nodiscard]] const char* value(char letter, const char* otherwise = nullptr) const;
    /// handle(text) for all that was given with it, in order.
    template <typename Handle>
    void for_each_value(char letter, Handle handle) const {
        for (size_t i = 0; i < given_count_; ++i)
            if (given_[i].letter == letter) handle(given_[i].value);
    }
    /// The same as a number that is not below 0, and at most LONG_MAX; ends the program if it is
    /// none.
    [[nodiscard]] long number(char letter, long otherwise) const;
    /// Which of the letters came last; '\0' if none did.
    [[nodiscard]] char last_of(const char* letters) const;
    [[nodiscard]] Operands operands() const { return operands_; }
    /// Tells the usage, as --help does, and ends the program.
    [[noreturn]] void show() const;
    /// Tells it as a complaint and ends the program.
    [[noreturn]] void refuse() const;
    /// refuse() unless there are so many operands.
    void need(size_t at_least, size_t at_most = static_cast<size_t>(-1)) const;

  private:
    struct Given {
        char letter;
        const char* value;
    };
    static constexpr size_t kMost = 64;
    /// Replaces words by letters. Returns how many arguments there are now.
    int shorten(int argc, char** argv, const char* letters, const char* names) const;
    /// argv[at], "--name" or "--name=value". False: it means nothing, and is to go.
    bool shorten_word(char*& word, const char* names) const;
    /// The last one, or nullptr.
    [[nodiscard]] const Given* find(char letter) const;

    const char* usage_;
    int bad_use_;
    Given given_[kMost];
    size_t given_count_ = 0;
    Operands operands_;
};

/// A number of decimal digits, and a size that may end in b (512), k, M or G; -1: it is none. A
/// size that is too large is the largest.
long long parse_number(const char* text);
long long parse_size(const char* text);

/// Opens a file for reading, "-" is the standard input; complains and returns nullptr if it cannot.
FILE* open_input(const char* name);
/// Closes it, and complains if it could not be read: 0 or 1. Of the standard input whatever comes
/// next finds what was not used.
int close_input(FILE* file, const char* name);

/// handle(FILE*, name) for each file, or for the standard input as "-" if there is none. 0, or 1
/// when one could not be read, or handle() has returned something else than 0.
template <typename Handle>
int for_each_input(Operands names, Handle handle) {
    static char standard_input[] = "-";
    static char* only[] = {standard_input};
    int result = 0;
    for (const char* name : names.empty() ? Operands(only) : names) {
        FILE* const file = open_input(name);
        if (file == nullptr) {
            result = 1;
            continue;
        }
        if (handle(file, name) != 0) result = 1;
        result |= close_input(file, name);
    }
    return result;
}

/// The rights that new files do not get, umask(2).
mode_t file_mask();

/// Whether it is a folder, or a link to one.
bool is_folder(const char* path);

/// "folder/name" in memory of malloc's, which is the caller's; ends the program if there is none.
char* join_path(const char* folder, const char* name);
/// Memory, or the end of the program with a complaint.
void* need_memory(void* memory);

}  // namespace quire::tools
