// The terminal while a line is typed: its modes, and the names of files behind the Tab key.
#pragma once

#include <string_view>

#include "kernel/abi/termios.h"
#include "user/sh/line_editor.h"
#include "user/sh/shell.h"

namespace quire::shell {

class Terminal final : private Screen {
  public:
    explicit Terminal(Shell& shell) : shell_(shell), history_(shell.store()) {}

    enum class Outcome : std::uint8_t { Line, End, Interrupted };

    /// Shows the prompt and lets a person type a line, which is valid until the next call. The
    /// modes of the terminal are as they were afterwards.
    Outcome read_line(std::string_view prompt, std::string_view& line);

  private:
    void write(std::string_view text) override;
    std::string_view complete(std::string_view before_cursor) override;
    bool list(std::string_view before_cursor, std::size_t columns) override;

    /// The word that ends at the cursor, without its quotes, and what it may become.
    struct Target {
        std::string_view word;
        bool is_command;
        Field* found;
    };
    Target target_of(std::string_view before_cursor);
    Field* candidates(std::string_view word, bool is_command);
    Outcome feed();

    Shell& shell_;
    History history_;
    LineEditor editor_{*this, history_};
};

}  // namespace quire::shell
