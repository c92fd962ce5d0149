// The lines that the shell reads from its own input, one at a time.
//
// A byte at a time: what follows the line may be for the program that the line starts. At a
// terminal the line is edited.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "user/sh/calls.h"
#include "user/sh/lexer.h"
#include "user/sh/shell.h"
#include "user/sh/terminal.h"

namespace quire::shell {

class Input final : public Source {
  public:
    explicit Input(Shell& shell)
        : shell_(shell),
          is_typed_(shell.is_interactive() && sys::is_terminal(sys::kInput)),
          terminal_(shell) {}

    /// What was read before is done with.
    void begin();
    std::string_view next_line() override;
    /// All that was read since begin().
    [[nodiscard]] std::string_view text() const { return {text_.data(), used_}; }
    /// ^C: what was read since begin() is to be forgotten.
    [[nodiscard]] bool was_interrupted() const { return interrupted_; }

  private:
    static constexpr std::size_t kMostText = 65536;  // of one command

    std::string_view prompt();
    bool type_line();
    bool read_line();
    bool refuse();

    Shell& shell_;
    bool is_typed_;  // by a person: the line is edited
    Terminal terminal_;
    std::size_t used_ = 0;
    bool interrupted_ = false;
    bool ended_ = false;
    std::array<char, kMostText> text_;
};

}  // namespace quire::shell
