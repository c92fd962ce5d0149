// Reads the names in a folder, without "." and "..".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace quire {

class Directory {
  public:
    /// is_open() says whether it could be opened, error() why not.
    explicit Directory(const char* path);
    ~Directory();
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;

    [[nodiscard]] bool is_open() const { return file_ >= 0; }
    /// 0, or -errno of opening or reading.
    [[nodiscard]] long error() const { return error_; }
    /// The next name, valid until the next call; nullptr: no more, or an error.
    [[nodiscard]] const char* next();

  private:
    alignas(8) std::array<char, 2048> entries_;
    long file_;
    long error_ = 0;
    std::size_t used_ = 0;
    std::size_t next_ = 0;
};

}  // namespace quire
