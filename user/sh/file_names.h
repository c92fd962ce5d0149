// Patterns of file names: *.txt, /proc/[0-9]*/maps.
#pragma once

#include <cstddef>
#include <string_view>

#include "user/arena.h"

namespace quire::shell {

struct Field {
    char* text = nullptr;
    Field* next = nullptr;
};

/// Where names of files come from: the kernel, or a test.
class Names {
  public:
    /// Calls `found` with the name of each entry of `folder`; nothing if it cannot.
    virtual void list(const char* folder, void (*found)(void* context, std::string_view name),
                      void* context) = 0;
    [[nodiscard]] virtual bool exists(const char* path) = 0;

  protected:
    ~Names() = default;
};

/// A text without the backslashes that quote.
[[nodiscard]] char* without_backslashes(std::string_view pattern, Arena& arena);

/// The paths that fit, in order; nullptr: none does.
[[nodiscard]] Field* files_like(std::string_view pattern, Arena& arena, Names& names);

}  // namespace quire::shell
