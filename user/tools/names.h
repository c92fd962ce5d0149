// The names in a directory, in order.
#pragma once

#include "user/tools/list.h"

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

    [[nodiscard]] char** begin() const { return names_.all().data(); }
    [[nodiscard]] char** end() const { return begin() + names_.all().size(); }

  private:
    List<char*> names_;
};

}  // namespace quire::tools
