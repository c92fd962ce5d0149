// The names in a directory, in order.
#pragma once

#include <stddef.h>

namespace quire::tools {

/// A list of texts of its own, which grows.
class Names {
  public:
    Names() = default;
    ~Names();
    Names(const Names&) = delete;
    Names& operator=(const Names&) = delete;

    void add(const char* name);
    /// All names of the directory but "." and ".."; false, and errno, if it cannot be read.
    bool read(const char* folder);
    /// By the order of characters.
    void sort();

    [[nodiscard]] size_t count() const { return count_; }
    [[nodiscard]] const char* operator[](size_t number) const { return names_[number]; }
    [[nodiscard]] char** begin() const { return names_; }
    [[nodiscard]] char** end() const { return names_ + count_; }

  private:
    char** names_ = nullptr;
    size_t count_ = 0;
    size_t room_ = 0;
};

}  // namespace quire::tools
