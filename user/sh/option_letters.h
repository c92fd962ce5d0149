// The options of a built-in command, letter by letter, as getopt(3) reads them: -ab is -a -b, and
// what follows -- is an operand, whatever it looks like.
//
//     OptionLetters letters(arguments);
//     while (const char letter = letters.next()) ...
//     for (const char* const name : letters.operands()) ...
#pragma once

#include <string_view>

#include "user/sh/shell.h"

namespace quire::shell {

class OptionLetters {
  public:
    explicit OptionLetters(Arguments arguments) : rest_(arguments.subspan(1)) {}

    /// The next letter; '\0': there is no more, and not to be asked again.
    char next() {
        if (*letters_ == '\0' && !take_word()) return '\0';
        return *letters_++;
    }
    /// What belongs to the last letter: the rest of its word, or the next one. nullptr: nothing.
    const char* value() {
        const char* value = letters_;
        letters_ = "";
        if (*value != '\0') return value;
        if (rest_.empty()) return nullptr;
        value = rest_[0];
        rest_ = rest_.subspan(1);
        return value;
    }
    /// What follows the options.
    [[nodiscard]] Arguments operands() const { return rest_; }

  private:
    /// False: the next word is no option.
    bool take_word() {
        const std::string_view word = rest_.empty() ? "" : rest_[0];
        if (word.size() < 2 || word[0] != '-') return false;
        letters_ = word == "--" ? "" : rest_[0] + 1;
        rest_ = rest_.subspan(1);
        return *letters_ != '\0';
    }

    Arguments rest_;
    const char* letters_ = "";
};

}  // namespace quire::shell
