// Formatted output of programs, gathered and written in one piece.
#pragma once

#include <array>
#include <cstdarg>
#include <cstddef>
#include <string_view>

namespace quire {

/// Text on its way to a file; written when it is full, at flush(), and at the end.
class Output {
  public:
    explicit Output(int file) : file_(file) {}
    ~Output() { flush(); }
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    [[gnu::format(printf, 2, 3)]] void print(const char* format, ...);
    void print_arguments(const char* format, std::va_list arguments);
    void put(const char* text, std::size_t bytes);
    void put(std::string_view text) { put(text.data(), text.size()); }
    /// Whether everything until now went out. Text that the file did not take is dropped.
    bool flush();

  private:
    static constexpr std::size_t kRoom = 512;
    int file_;
    bool failed_ = false;
    std::size_t used_ = 0;
    std::array<char, kRoom> room_;
};

/// 0, or -errno of the first text that the standard output did not take since this was last asked.
[[nodiscard]] long take_output_error();

/// One piece of text for the standard output, and for the standard error output.
[[gnu::format(printf, 1, 2)]] void say(const char* format, ...);
[[gnu::format(printf, 1, 2)]] void complain(const char* format, ...);

/// Writes all of it. Returns 0 or -errno.
long write_all(int file, const char* text, std::size_t bytes);

/// What -errno means, as strerror(3) says it; "error N" where it has no word here.
[[nodiscard]] const char* error_text(long result);

}  // namespace quire
